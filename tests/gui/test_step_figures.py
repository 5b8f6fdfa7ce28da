"""Figures that are worked out once for each step."""

from __future__ import annotations

import gc
import weakref

from attn_desktop.gui.step_figures import StepFigures
from attn_desktop.trace.records import StepRecord
from tests.toy_records import toy_trace


def test_only_steps_that_are_new_are_worked_out() -> None:
    asked: list[int] = []

    def figure(step: StepRecord) -> int:
        asked.append(step.t)
        return 10 * step.t

    steps = toy_trace(5).steps
    figures = StepFigures(figure)
    assert figures.of(steps[:2]) == [10, 20]
    assert figures.of(steps[:4]) == [10, 20, 30, 40]
    assert figures.of(steps[1:]) == [20, 30, 40, 50]
    assert asked == [1, 2, 3, 4, 5]
    assert figures.of(()) == []


def test_equal_steps_of_another_run_are_others() -> None:
    figures = StepFigures(lambda step: id(step))
    one, other = toy_trace(2).steps, toy_trace(2).steps
    assert figures.of(one) == [id(step) for step in one]
    assert figures.of(other) == [id(step) for step in other]


def test_steps_that_are_gone_are_forgotten() -> None:
    figures = StepFigures(lambda step: step.t)
    steps = toy_trace(2).steps
    held = weakref.ref(steps[0])
    figures.of(steps)
    del steps
    figures.of(())
    gc.collect()
    assert held() is None
