"""What a timeline says of a step: in a line, and at length in a tooltip."""

from __future__ import annotations

from html import escape

from attn_desktop.gui.scene import Scene
from attn_desktop.gui.timeline_figures import TimelineFigures
from attn_desktop.gui.timeline_marks import TimelineMarks
from attn_desktop.gui.timeline_watches import WatchRow, value_at

#: How figures are set apart in a line.
APART = "   "
GUTTER_HINT = "click: a breakpoint at this step, or none"


def step_line(scene: Scene, figures: TimelineFigures, marks: TimelineMarks, t: int) -> str:
    """Numbers and marks of a step in one line."""
    lines = [figures.about(scene, t), *marks.said(scene, t)]
    return APART.join(" ".join(line.split("\n")) for line in lines)


def watch_line(scene: Scene, row: WatchRow, t: int) -> str:
    """The value of a watch at a step, and between which it lies; of no step only these."""
    watch = row.watch
    parts = [f"t {t} “{scene.label(t)}”"] if t else []
    name = " ".join(watch.expression.split())
    if watch.problem:
        return APART.join([*parts, name, " ".join(watch.problem.split())])
    parts.append(f"{name} = {value_at(scene, watch, t)}" if t else name)
    if watch.boolean:
        parts.append(f"true at {row.ends[0]} steps")
    elif row.ends:
        parts.append(" … ".join(reversed(row.ends)))
    return APART.join(parts)


def step_tip(scene: Scene, figures: TimelineFigures, marks: TimelineMarks, t: int) -> str:
    """Everything of a step as rich text, a line each: numbers, marks, watches."""
    first, *numbers = figures.about(scene, t).split(APART)
    lines = [f"<b>{escape(first)}</b>", *map(escape, [*numbers, *marks.said(scene, t)])]
    if t:
        lines += [
            f"{escape(watch.expression)} = {escape(value_at(scene, watch, t))}"
            for watch in scene.watches
            if not watch.problem
        ]
    return _tip(lines)


def watch_tip(scene: Scene, row: WatchRow) -> str:
    """A watch as rich text: the whole expression and what it comes to."""
    name, *rest = watch_line(scene, row, 0).split(APART)
    return _tip([f"<b>{escape(name)}</b>", *map(escape, rest)])


def _tip(lines: list[str]) -> str:
    """Lines of rich text as a tooltip that keeps its breaks and wraps what is too long."""
    return f'<div style="white-space: pre-wrap;">{"<br>".join(lines)}</div>'
