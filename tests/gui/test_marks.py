"""Breakpoints at a step: set, taken away, and told from conditions that look at what happens."""

from __future__ import annotations

import pytest

from attn_desktop.gui.marks import Marks, at_step, toggled
from attn_desktop.gui.scene import Stop
from attn_desktop.trace.annotations import Breakpoint
from tests.toy_scenes import toy_scene


def test_a_step_without_a_breakpoint_gets_one_after_the_others() -> None:
    stops = (Stop("log_prob < -3", enabled=False, hits=2), Stop("t == 13", enabled=True, hits=0))
    assert toggled(stops, 3) == (
        Breakpoint("log_prob < -3", enabled=False, hits=2),
        Breakpoint("t == 13"),
        Breakpoint("t == 3"),
    )
    assert toggled((), 1) == (Breakpoint("t == 1"),)


@pytest.mark.parametrize("written", ["t == 3", "t==3", " ( t ==  3 ) "])
def test_a_breakpoint_of_that_step_goes_however_it_is_written(written: str) -> None:
    others = Breakpoint("t == 30"), Breakpoint("nonsense +")
    stops = tuple(Stop(point.condition, True, 0) for point in others)
    assert toggled((*stops, Stop(written, False, 4)), 3) == others
    assert toggled(toggled_stops(stops, 3), 3) == others


def toggled_stops(stops: tuple[Stop, ...], t: int) -> tuple[Stop, ...]:
    """As a scene has them afterwards."""
    scene = toy_scene(steps=5)
    assert scene.run is not None
    return Marks().stops(scene.run, scene.steps, toggled(stops, t))


def test_only_a_step_by_its_number_holds_whatever_happens_there() -> None:
    assert at_step("t==4", 4)
    assert not at_step("t == 4", 3)
    assert not at_step("t > 3", 4)
    assert not at_step("p > 0.1", 4)
    assert not at_step("t ==", 4)
