"""Watches of a timeline: what is known of them, in words, and where a curve is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from attn_desktop.gui.scene import Phase, Watch
from attn_desktop.gui.timeline_watches import (
    WatchRow,
    known_values,
    range_texts,
    value_at,
    value_range,
    value_text,
)
from tests.gui.watched_scenes import with_annotations
from tests.toy_scenes import toy_scene

NUMBER = Watch("x", np.array([1.0, np.nan, -2.5, np.inf]))
TRUTH = Watch("x > 0", np.array([1.0, 0.0, np.nan, 1.0]), boolean=True)


def test_a_step_that_is_not_complete_has_no_value_yet() -> None:
    scene = with_annotations(toy_scene(steps=4), watches=["log_prob", "log_prob < 0"])
    watch, truth = scene.watches
    log_probs = [step.log_prob for step in scene.steps]
    for phase in Phase:
        shown = scene.at(2, phase)
        values = known_values(shown, watch)
        complete = phase is Phase.TOKEN
        assert math.isnan(values[1]) != complete
        assert np.delete(values, 1) == pytest.approx(np.delete(log_probs, 1))
        assert (value_at(shown, truth, 2) == "–") != complete
        assert value_at(shown, truth, 3) == "true"
        assert range_texts(truth, known_values(shown, truth)) == (
            "4 of 4" if complete else "3 of 3",
        )
    assert not np.isnan(watch.values).any(), "the scene keeps what it has"
    assert np.isfinite(known_values(scene.at(0, Phase.TOKEN), watch)).all()


def test_values_in_words() -> None:
    assert value_text(NUMBER, -0.123456) == "−0.1235"
    assert value_text(NUMBER, 3.0) == "3"
    assert value_text(NUMBER, math.nan) == "–"
    assert value_text(NUMBER, -math.inf) == "−∞"
    assert [value_text(TRUTH, value) for value in (1.0, 0.0, math.nan)] == ["true", "false", "–"]


def test_ranges_are_of_finite_values() -> None:
    assert value_range(NUMBER.values) == (-2.5, 1)
    assert range_texts(NUMBER, NUMBER.values) == ("1", "−2.5")
    assert range_texts(NUMBER, np.array([4.0, 4.0, np.nan])) == ("4",)
    assert range_texts(NUMBER, np.full(3, np.nan)) == ()
    assert range_texts(NUMBER, np.zeros(0)) == ()
    assert range_texts(TRUTH, TRUTH.values) == ("2 of 3",)


def test_a_curve_fills_its_row() -> None:
    row = WatchRow(NUMBER, QRectF(0, 100, 500, 40), NUMBER.values)
    y = row.y(NUMBER.values)
    assert math.isnan(y[1])
    assert (y[0], y[3]) == (104, 104), "infinite ones are at the edge"
    assert y[2] == 135
    assert row.y(np.array([-0.75])) == pytest.approx([119.5]), "half way is in the middle"
    flat = WatchRow(NUMBER, row.box, np.array([4.0, 4.0]))
    assert flat.y(np.array([4.0, np.nan])).tolist()[0] == 119.5
    assert math.isnan(flat.y(np.array([np.nan]))[0])
