"""What to ask for when a breakpoint or a watch is to be added, changed, switched or removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from attn_desktop.gui.condition_rows import BREAKPOINT, ConditionRow, Kind, StopRow
from attn_desktop.gui.condition_words import same
from attn_desktop.gui.intents import SetBreakpoints, SetWatches
from attn_desktop.gui.marks import points_of
from attn_desktop.gui.scene import Scene
from attn_desktop.trace.annotations import Breakpoint

Asked: TypeAlias = SetBreakpoints | SetWatches


def _expressions(scene: Scene) -> list[str]:
    return [watch.expression for watch in scene.watches]


def is_known(scene: Scene, kind: Kind, text: str, old: ConditionRow | None = None) -> bool:
    """Whether there is such a condition already, besides the row that is to be changed."""
    known = _expressions(scene)
    if kind == BREAKPOINT:
        known = [stop.condition for stop in scene.breakpoints]
    others = [other for place, other in enumerate(known) if old is None or place != old.place]
    return any(same(text, other) for other in others)


def written(scene: Scene, kind: Kind, text: str, old: ConditionRow | None = None) -> Asked:
    """A new condition of a kind, in place of an old one of this kind if there is one.

    A breakpoint that asks something else has stopped nothing yet.
    """
    if kind == BREAKPOINT:
        points = list(points_of(scene.breakpoints))
        if old is None:
            points.append(Breakpoint(text))
        elif points[old.place].condition != text:
            points[old.place] = replace(points[old.place], condition=text, hits=0)
        return SetBreakpoints(tuple(points))
    expressions = _expressions(scene)
    place = len(expressions) if old is None else old.place
    expressions[place : place + 1] = [text]
    return SetWatches(tuple(expressions))


def switched(scene: Scene, rows: Sequence[ConditionRow], enabled: bool) -> Asked:
    """Have the breakpoints among some rows stop runs, or no longer."""
    places = {row.place for row in rows if isinstance(row, StopRow)}
    return SetBreakpoints(
        tuple(
            replace(point, enabled=enabled) if place in places else point
            for place, point in enumerate(points_of(scene.breakpoints))
        )
    )


def removed(scene: Scene, rows: Sequence[ConditionRow], kind: Kind) -> Asked:
    """Have no longer those of a kind among some rows."""
    places = {row.place for row in rows if row.kind == kind}
    if kind == BREAKPOINT:
        points = points_of(scene.breakpoints)
        left = [point for place, point in enumerate(points) if place not in places]
        return SetBreakpoints(tuple(left))
    return SetWatches(
        tuple(text for place, text in enumerate(_expressions(scene)) if place not in places)
    )


def changes_nothing(scene: Scene, asked: Asked) -> bool:
    """Whether the scene is as it is asked for."""
    if isinstance(asked, SetBreakpoints):
        return asked.breakpoints == points_of(scene.breakpoints)
    return asked.watches == tuple(_expressions(scene))
