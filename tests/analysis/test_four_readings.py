"""The four readings: from the probe, from the step alone, and from files that lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from attn_desktop.analysis.four_readings import NAMES, NamedReading, four_readings
from attn_desktop.analysis.labels import candidate_label
from attn_desktop.gui.scene import Scene
from attn_desktop.trace.records import ProbeRecord, StepRecord
from tests.toy_records import FIXED
from tests.toy_scenes import toy_readings, toy_scene

SCENE = toy_scene(t=3, source=7)


def parts(scene: Scene = SCENE) -> tuple[StepRecord, ProbeRecord]:
    assert scene.step is not None
    return scene.step, toy_readings(scene.step)


def read(step: StepRecord, probe: ProbeRecord | None) -> dict[str, NamedReading]:
    assert SCENE.run is not None
    return {reading.name: reading for reading in four_readings(SCENE.run, step, probe)}


def test_a_probe_tells_of_all_four() -> None:
    step, probe = parts()
    found = read(step, probe)
    assert tuple(found) == NAMES
    for row, name in enumerate(NAMES):
        told = found[name].prediction
        assert told is not None
        assert told.token == candidate_label(step, probe.settings["top_tokens"][row][0])
        assert told.p == pytest.approx(np.exp(probe.arrays["top_log_probs"][row, 0]))
        assert told.p_chosen == pytest.approx(np.exp(probe.arrays["log_prob"][row]))
        assert told.entropy == probe.arrays["entropy"][row]
        others = [other for other in NAMES if other != name]
        assert list(told.js) == list(told.kl) == others
        for other in others:
            assert told.js[other] == probe.arrays["js"][row, NAMES.index(other)]
            assert told.kl[other] == probe.arrays["kl"][row, NAMES.index(other)]


def test_contexts_are_the_average_the_drawn_and_the_largest() -> None:
    step, probe = parts()
    assert SCENE.run is not None
    assert step.cross is not None
    found, alpha = read(step, probe), step.cross.alpha[0, 0]
    soft, drawn, largest = (found[name].context for name in NAMES[:3])
    assert soft == pytest.approx(alpha @ SCENE.run.states, abs=1e-5)
    assert drawn == pytest.approx(SCENE.run.states[step.cross.sampled[0, 0]])
    assert largest == pytest.approx(SCENE.run.states[alpha.argmax()])
    assert found["expected"].context is None
    assert found["soft"].positions == found["expected"].positions == ()
    assert found["sampled"].positions == (step.cross.sampled[0, 0],)
    assert found["argmax"].positions == (alpha.argmax(),)


def test_without_a_probe_the_step_tells_of_two() -> None:
    step, _ = parts()
    found = read(step, None)
    for name, weighting in (("soft", "soft"), ("sampled", "hard")):
        told, held = found[name].prediction, step.readings[weighting]
        assert told is not None
        assert told.p == pytest.approx(np.exp(held.top_log_probs[0]))
        assert told.p_chosen == pytest.approx(np.exp(held.log_prob))
        assert told.entropy == held.entropy
        assert not told.js
        assert not told.kl
    assert found["argmax"].prediction is None
    assert found["expected"].prediction is None
    assert found["argmax"].context is not None


def array(name: str, value: Any) -> Callable[[ProbeRecord], ProbeRecord]:
    """A probe with another array of that name."""
    return lambda probe: replace(probe, arrays={**probe.arrays, name: value})


def setting(name: str, value: Any) -> Callable[[ProbeRecord], ProbeRecord]:
    """A probe with another setting of that name."""
    return lambda probe: replace(probe, settings={**probe.settings, name: value})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda probe: replace(probe, arrays={}),
        lambda probe: replace(probe, settings={}),
        array("js", np.zeros((4, 3))),
        array("kl", np.zeros(4)),
        array("entropy", np.zeros((0,))),
        array("log_prob", np.array(["a", "b", "c", "d"])),
        array("top_log_probs", np.zeros((4, 0))),
        array("top_log_probs", np.zeros((3, 10))),
        setting("readings", ["soft", "hard"]),
        setting("readings", None),
        setting("top_tokens", "soft"),
        setting("top_tokens", [["a"], ["b"], ["c"]]),
        setting("top_tokens", [["a"], ["b"], ["c"], []]),
        setting("top_tokens", [["a"], ["b"], ["c"], [4]]),
        setting("top_tokens", [["a"], ["b"], ["c"], "d"]),
    ],
)
def test_a_malformed_probe_counts_as_none(spoil: Callable[[ProbeRecord], ProbeRecord]) -> None:
    step, probe = parts()
    found = read(step, spoil(probe))
    assert found["argmax"].prediction is None
    assert found["soft"].prediction == read(step, None)["soft"].prediction


def test_without_attention_there_is_nothing_to_read_in_four_ways() -> None:
    scene = toy_scene(mode=FIXED)
    assert scene.run is not None
    assert four_readings(scene.run, scene.steps[0], None) == ()


def test_heads_are_averaged_and_every_draw_counts() -> None:
    scene = toy_scene(layers=2, heads=3, source=9, t=2)
    assert scene.run is not None
    assert scene.step is not None
    assert scene.step.cross is not None
    found = four_readings(scene.run, scene.step, None)
    assert found[2].positions == (scene.step.cross.alpha.mean(axis=(0, 1)).argmax(),)
    assert found[1].positions == tuple(np.unique(scene.step.cross.sampled))
