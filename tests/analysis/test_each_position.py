"""What each position would say: read from a probe, in order, and from files that lie."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from attn_desktop.analysis.each_position import (
    ORDERS,
    EachPosition,
    each_position,
    expected_reading,
    in_order,
    soft_p,
)
from attn_desktop.analysis.labels import candidate_label
from attn_desktop.gui.scene import Scene
from attn_desktop.trace.records import ProbeRecord
from tests.toy_each import toy_each_position
from tests.toy_records import FIXED
from tests.toy_scenes import spoiled, toy_scene

SCENE = toy_scene(t=3, source=7, probes=True)


def probe_of(scene: Scene = SCENE) -> ProbeRecord:
    assert scene.run is not None
    assert scene.step is not None
    return toy_each_position(scene.run, scene.step)


def read(probe: ProbeRecord | None, scene: Scene = SCENE) -> EachPosition | None:
    assert scene.run is not None
    assert scene.step is not None
    return each_position(scene.run, scene.step, probe)


def found() -> EachPosition:
    each = read(probe_of())
    assert each is not None
    return each


def test_it_holds_what_the_probe_and_the_step_say() -> None:
    each, probe = found(), probe_of()
    assert SCENE.step is not None
    assert SCENE.step.cross is not None
    assert len(each) == 7
    assert each.alpha == pytest.approx(SCENE.step.cross.alpha[0, 0])
    for name in ("top_ids", "top_log_probs", "log_prob", "entropy", "js"):
        assert getattr(each, name) == pytest.approx(probe.arrays[name])
    for labels, tokens in zip(each.top_labels, probe.settings["top_tokens"], strict=True):
        assert list(labels) == [candidate_label(SCENE.step, token) for token in tokens]


def test_the_sum_over_positions_is_weighed_by_alpha() -> None:
    each = found()
    terms = zip(each.alpha.tolist(), each.log_prob.tolist(), strict=True)
    assert each.expected == pytest.approx(math.fsum(a * math.exp(lp) for a, lp in terms))
    unseen = replace(each, alpha=np.array([1.0, *[0.0] * 6]), log_prob=np.full(7, -np.inf))
    assert unseen.expected == 0


def test_orders_are_by_the_largest_number_and_stable() -> None:
    each = found()
    assert in_order(each, "source") == list(range(7))
    for order, numbers in (
        ("alpha", each.alpha),
        ("token", each.top_log_probs[:, 0]),
        ("chosen", each.log_prob),
        ("js", each.js),
    ):
        assert in_order(each, order) == sorted(range(7), key=lambda j: (-numbers[j], j))
    js = each.js.copy()
    js[2] = np.nan
    assert in_order(replace(each, js=js), "js")[-1] == 2
    assert set(ORDERS) == {"source", "alpha", "token", "chosen", "js"}


def test_masked_positions_and_those_outside_the_window_are_told_apart() -> None:
    scene = toy_scene(t=2, source=12, mode=replace(SCENE.steps[0].mode, scope="local-m"))
    assert scene.run is not None
    mask = scene.run.mask.copy()
    mask[0] = False
    each = read(probe_of(scene), replace(scene, run=replace(scene.run, mask=mask)))
    assert each is not None
    assert each.masked.tolist() == [True, *[False] * 11]
    assert each.outside[8]
    assert not each.outside[1]


def test_the_expected_reading_comes_from_the_readings() -> None:
    assert SCENE.run is not None
    assert SCENE.step is not None
    readings = SCENE.probe("readings")
    assert readings is not None
    expected = expected_reading(SCENE.run, SCENE.step, readings)
    assert expected == pytest.approx(np.exp(readings.arrays["log_prob"][3]))
    assert expected_reading(SCENE.run, SCENE.step, None) is None
    assert soft_p(SCENE.step) == pytest.approx(np.exp(SCENE.step.readings["soft"].log_prob))


def array(name: str, value: Any) -> Callable[[ProbeRecord], ProbeRecord]:
    """A probe with another array of that name."""
    return lambda probe: replace(probe, arrays={**probe.arrays, name: value})


def setting(name: str, value: Any) -> Callable[[ProbeRecord], ProbeRecord]:
    """A probe with another setting of that name."""
    return lambda probe: replace(probe, settings={**probe.settings, name: value})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda probe: replace(probe, kind="readings"),
        lambda probe: replace(probe, arrays={}),
        lambda probe: replace(probe, settings={}),
        array("js", np.zeros(6)),
        array("log_prob", np.zeros((7, 1))),
        array("entropy", np.array(["a"] * 7)),
        array("top_ids", np.zeros((7, 4))),
        array("top_ids", np.full((7, 4), -1)),
        array("top_ids", np.zeros((7, 0), dtype=np.int64)),
        array("top_log_probs", np.zeros((7, 3))),
        setting("token_id", "3"),
        setting("top_tokens", "soft"),
        setting("top_tokens", [["a"] * 4] * 6),
        setting("top_tokens", [["a"] * 3] * 7),
        setting("top_tokens", [["a", "b", "c", 4]] * 7),
    ],
)
def test_a_probe_that_is_not_sound_counts_as_none(
    spoil: Callable[[ProbeRecord], ProbeRecord],
) -> None:
    assert read(probe_of()) is not None
    assert read(spoil(probe_of())) is None


def test_without_a_probe_or_attention_there_is_nothing() -> None:
    assert read(None) is None
    none = toy_scene(mode=FIXED, source=7)
    assert none.run is not None
    assert each_position(none.run, none.steps[0], probe_of()) is None


def test_alpha_that_is_no_number_is_kept_out_of_the_sum() -> None:
    scene = spoiled(SCENE, names=["alpha"])
    each = read(probe_of(scene), scene)
    assert each is not None
    assert each.expected == 0
