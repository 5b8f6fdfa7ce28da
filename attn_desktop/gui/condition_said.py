"""What the rows of breakpoints and watches say in the status line, and in a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attn_desktop.gui.condition_rows import ConditionRow, StopRow, WatchRow
from attn_desktop.gui.panel import Table
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.timeline_watches import value_at

COLUMNS = ("kind", "expression", "enabled", "hits", "t", "token", "value", "problem")


def said_of(row: ConditionRow, part: str) -> str:
    """What there is to say of a row, with what a click on a part of it does."""
    if part == "mark" and isinstance(row, StopRow):
        return f"click to {'disable' if row.stop.enabled else 'enable'} {row.text}"
    if part == "count":
        return f"{row.words}; click to go to the next of these steps"
    return row.words


def said_at(row: ConditionRow, scene: Scene, t: int) -> str:
    """What a row comes to at a step, to which a click goes."""
    place = f"t = {t} “{scene.label(t)}”"
    if not isinstance(row, WatchRow):
        return f"{row.text} holds at {place}; click to go there"
    known = scene.knows(t, Phase.TOKEN)
    value = f"= {value_at(scene, row.watch, t)}" if known else "is not known yet"
    return f"{row.text} {value} at {place}; click to go there"


def condition_table(rows: Sequence[ConditionRow], scene: Scene) -> Table:
    """A line for each row and step, true and false as 1 and 0, NaN where it is not known.

    What cannot be evaluated, or has no step yet, has one line with t = 0.
    """
    lines: list[tuple[str | float | int, ...]] = []
    for row in rows:
        if isinstance(row, StopRow):
            settings = (row.stop.enabled, row.stop.hits)
            values = [float(step.t in row.steps) for step in scene.steps]
        else:
            settings = (True, 0)
            values = row.values.tolist() if isinstance(row, WatchRow) else []
        about = (str(row.kind), row.text, *settings)
        if row.problem or not values:
            lines.append((*about, 0, "", math.nan, row.problem))
            continue
        for t, value in enumerate(values, start=1):
            known = scene.knows(t, Phase.TOKEN)
            lines.append((*about, t, scene.label(t), value if known else math.nan, ""))
    return Table(COLUMNS, lines)
