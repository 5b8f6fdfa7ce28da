"""Breakpoints and watches worked out on the branch shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from attn_desktop.analysis.conditions import Condition, ConditionError, parse
from attn_desktop.gui.scene import Stop, Watch
from attn_desktop.trace.annotations import Breakpoint
from attn_desktop.trace.records import RunRecord, StepRecord

NOTHING = np.zeros(0)

parse_once = lru_cache(maxsize=256)(parse)


def at_step(condition: str, t: int) -> bool:
    """Whether a condition holds at step t whatever happens there, however it is spaced."""
    try:
        return parse_once(condition).canonical == f"t == {t}"
    except ConditionError:
        return False


def points_of(stops: Iterable[Stop]) -> tuple[Breakpoint, ...]:
    """The breakpoints of a scene, as they are kept."""
    return tuple(Breakpoint(stop.condition, stop.enabled, stop.hits) for stop in stops)


def toggled(stops: Iterable[Stop], t: int) -> tuple[Breakpoint, ...]:
    """The breakpoints with one at step t more, or without those that are there already."""
    points = points_of(stops)
    left = tuple(point for point in points if not at_step(point.condition, t))
    return left if len(left) < len(points) else (*left, Breakpoint(f"t == {t}"))


class Marks:
    """What was worked out last, so that a scene of the same steps costs nothing."""

    def __init__(self) -> None:
        self._steps: tuple[StepRecord, ...] = ()
        self._run: RunRecord | None = None
        self._stops: dict[Breakpoint, Stop] = {}
        self._watches: dict[str, Watch] = {}

    def stops(
        self, run: RunRecord, steps: tuple[StepRecord, ...], breakpoints: Sequence[Breakpoint]
    ) -> tuple[Stop, ...]:
        """Where each breakpoint holds."""
        self._begin(run, steps)
        for point in breakpoints:
            if point not in self._stops:
                self._stops[point] = _stop(run, steps, point)
        return tuple(self._stops[point] for point in breakpoints)

    def watches(
        self, run: RunRecord, steps: tuple[StepRecord, ...], watches: Sequence[str]
    ) -> tuple[Watch, ...]:
        """The value of each watched expression at each step."""
        self._begin(run, steps)
        for text in watches:
            if text not in self._watches:
                self._watches[text] = _watch(run, steps, text)
        return tuple(self._watches[text] for text in watches)

    def _begin(self, run: RunRecord, steps: tuple[StepRecord, ...]) -> None:
        if run is not self._run or steps is not self._steps:
            self._run, self._steps = run, steps
            self._stops.clear()
            self._watches.clear()


def _stop(run: RunRecord, steps: Sequence[StepRecord], point: Breakpoint) -> Stop:
    try:
        condition = _checked(point.condition, run)
    except ConditionError as error:
        return Stop(point.condition, point.enabled, point.hits, (), str(error))
    places = np.flatnonzero(condition.holds(run, steps)) + 1
    return Stop(point.condition, point.enabled, point.hits, tuple(places.tolist()))


def _watch(run: RunRecord, steps: Sequence[StepRecord], text: str) -> Watch:
    try:
        condition = _checked(text, run)
    except ConditionError as error:
        return Watch(text, np.full(len(steps), np.nan), problem=str(error))
    return Watch(text, condition.over(run, steps), condition.is_boolean)


def _checked(text: str, run: RunRecord) -> Condition:
    condition = parse_once(text)
    condition.check(run)
    return condition
