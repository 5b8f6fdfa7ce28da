"""A row of the list of breakpoints and watches: what it asks, what it comes to, and over which t.

All rows share one axis over the steps of the branch, so that what coincides stands below itself.
"""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from attn_desktop.gui.condition_strips import StepAxis, Strip
from attn_desktop.gui.condition_words import (
    count_text,
    hits_text,
    holding,
    now_text,
    where_text,
    why_none,
)
from attn_desktop.gui.note_rows import wrapped
from attn_desktop.gui.numbers import UNKNOWN
from attn_desktop.gui.painting import fill_rounded, focus_frame
from attn_desktop.gui.row_list import SMALL, Row, line_height, write
from attn_desktop.gui.scene import HIDDEN, Scene, Stop, Watch
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.timeline_watches import Floats, known_values

Kind = Literal["breakpoint", "watch"]
BREAKPOINT: Kind = "breakpoint"
WATCH: Kind = "watch"
#: Pixels at normal type: the column of the mark, the right edge, above and below, between words.
MARK, EDGE, PAD, GAP = 22, 8, 3, 6
#: Height of the marks of a breakpoint and of the line of a watch; the radius of a dot.
MARKS, LINE, DOT = 12, 24, 4.5
#: Room at the right of both for numbers, and the width below which there is none.
SIDE, NARROW = 46, 150
#: Lines that are shown of why something cannot be evaluated.
MOST_LINES = 2
#: Opacity of the row of a condition that holds at the playhead.
TINT = 0.14


@dataclass(frozen=True, eq=False)
class ConditionRow(Row):
    """A condition as it was written. place: which one of its kind in the scene.

    problem: why it cannot be evaluated on this run. steps: where it is known to hold.
    """

    kind: Kind
    place: int
    text: str
    problem: str
    steps: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class StopRow(ConditionRow):
    """A breakpoint."""

    stop: Stop


@dataclass(frozen=True, eq=False)
class WatchRow(ConditionRow):
    """A watch. values: (T,), NaN where not known. now: its value at the playhead."""

    watch: Watch
    values: Floats
    now: str


def condition_rows(scene: Scene) -> tuple[ConditionRow, ...]:
    """The breakpoints, then the watches, in the order in which they were written."""
    # Two of the same words are told apart by which of them they are.
    seen: Counter[tuple[Kind, str]] = Counter()
    rows: list[ConditionRow] = []
    for place, stop in enumerate(scene.breakpoints):
        kind = (BREAKPOINT, stop.condition)
        rows.append(_stop_row(scene, stop, place, (*kind, seen[kind])))
        seen[kind] += 1
    for place, watch in enumerate(scene.watches):
        kind = (WATCH, watch.expression)
        rows.append(_watch_row(scene, watch, place, (*kind, seen[kind])))
        seen[kind] += 1
    return tuple(rows)


def _stop_row(scene: Scene, stop: Stop, place: int, key: Hashable) -> StopRow:
    text, steps = stop.condition, holding(stop, scene)
    where = f"holds at {count_text(steps, scene)} steps" if scene.steps else "no steps yet"
    told = stop.problem or (f"{where}: {where_text(steps)}" if steps else where)
    parts = [told, f"runs stopped here: {stop.hits}", "" if stop.enabled else "disabled"]
    words, tip = f"{text}: {'; '.join(filter(None, parts))}", _tip(text, parts)
    return StopRow(key, words, tip, True, BREAKPOINT, place, text, stop.problem, steps, stop)


def _watch_row(scene: Scene, watch: Watch, place: int, key: Hashable) -> WatchRow:
    text, values, now = watch.expression, known_values(scene, watch), now_text(watch, scene)
    told = watch.problem
    if now == HIDDEN:
        told = f"known once y_{scene.t} is"
    elif now == UNKNOWN:
        told = why_none(text, scene, scene.t)
    elif now:
        told = f"{now} at t = {scene.t}"
    words, tip = f"{text}: {told}" if told else text, _tip(text, [told])
    steps = tuple((np.flatnonzero(values > 0) + 1).tolist()) if watch.boolean else ()
    about = (WATCH, place, text, watch.problem, steps)
    return WatchRow(key, words, tip, True, *about, watch, values, now)


def _tip(text: str, lines: list[str]) -> str:
    told = "".join(f"<br>{html.escape(line)}" for line in lines if line)
    return f"<p><b>{html.escape(text)}</b>{told}</p>"


class Spot(NamedTuple):
    """What is at a place in a row. count: at how many steps it holds. t: of a step."""

    part: Literal["mark", "words", "step", "count"]
    t: int = 0


class ConditionPainter:
    """Paints rows at a width. t: at the playhead. lit: steps that are."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.steps, self.t = 0, 0
        self.lit: frozenset[int] = frozenset()

    # -- where things are -------------------------------------------------------------------

    def height(self, row: ConditionRow, width: float) -> int:
        """Pixels that a row takes in a list of this width."""
        below = self.theme.px(MARKS if isinstance(row, StopRow) else LINE) if self.steps else 0
        problem = self._problem(row, width)
        if problem:
            below = math.ceil(len(problem) * line_height(self.theme.font(SMALL)))
        return math.ceil(line_height(self.theme.font())) + below + 2 * self.theme.px(PAD)

    def mark(self, area: QRectF) -> QRectF:
        """What enables a breakpoint, on the left of its row."""
        high = line_height(self.theme.font()) + 2 * self.theme.px(PAD)
        return QRectF(area.left(), area.top(), self.theme.px(MARK), high)

    def strip(self, area: QRectF) -> QRectF:
        """Below the words of a row: what it comes to at each step."""
        left, top = area.left() + self.theme.px(MARK), self.mark(area).bottom()
        top -= self.theme.px(PAD)
        right = area.right() - self.theme.px(EDGE) - self._side(area.width())
        return QRectF(left, top, max(1.0, right - left), area.bottom() - self.theme.px(PAD) - top)

    def axis(self, area: QRectF) -> StepAxis:
        """Where the steps stand in the strip of a row."""
        strip = self.strip(area)
        return StepAxis(strip.left(), strip.right(), self.steps)

    def _side(self, width: float) -> float:
        return self.theme.px(SIDE) if width >= self.theme.px(NARROW) else 0.0

    def _problem(self, row: ConditionRow, width: float) -> tuple[str, ...]:
        """Why it cannot be evaluated, in the lines that are shown of it."""
        room = max(1.0, width - self.theme.px(MARK) - self.theme.px(EDGE))
        return wrapped(row.problem, self.theme.font(SMALL), room, MOST_LINES)

    def spot(self, area: QRectF, row: ConditionRow, at: QPointF) -> Spot:
        """What is at a place in a row; of the strip of a breakpoint the nearest mark."""
        if isinstance(row, StopRow) and self.mark(area).contains(at):
            return Spot("mark")
        if row.problem or at.y() < self.strip(area).top():
            return Spot("words")
        axis = self.axis(area)
        t = axis.at(at.x())
        if t is not None and isinstance(row, StopRow):
            t = min(row.steps, key=lambda step: abs(axis.x(step) - at.x()), default=None)
        if t is not None:
            return Spot("step", t)
        return Spot("count" if at.x() >= axis.right and row.steps else "words")

    # -- painting ---------------------------------------------------------------------------

    def paint(
        self, painter: QPainter, area: QRectF, row: ConditionRow, chosen: bool, over: bool
    ) -> None:
        """A row. chosen: whether keys are about it. over: whether the pointer is on its mark."""
        theme, px = self.theme, self.theme.px
        box = area.adjusted(px(2), px(1), -px(2), -px(1))
        if isinstance(row, StopRow) and self.t in row.steps:
            fill_rounded(painter, box, px(4), theme.hue("breakpoint", TINT))
            # Two tints above each other would make a grey that says neither.
            if chosen:
                focus_frame(painter, box, theme)
        elif chosen:
            fill_rounded(painter, box, px(4), theme.hue("source", 0.25 if theme.dark else 0.16))
        mark = self.mark(area)
        if isinstance(row, StopRow):
            self._paint_dot(painter, mark, row.stop, over)
        else:
            self._paint_eye(painter, mark)
        line = QRectF(mark.right(), area.top() + px(PAD), 0, line_height(theme.font()))
        line.setRight(max(line.left(), area.right() - px(EDGE)))
        self._paint_words(painter, line, row)
        problem = self._problem(row, area.width())
        if problem:
            line.setTop(line.bottom())
            line.setHeight(line_height(theme.font(SMALL)))
            for text in problem:
                write(painter, line, theme.font(SMALL), theme.colour("warning"), text)
                line.translate(0, line.height())
        elif self.steps:
            self._paint_strip(painter, area, row)

    def _paint_words(self, painter: QPainter, line: QRectF, row: ConditionRow) -> None:
        """The expression, and at the right its hits or its value."""
        theme = self.theme
        if isinstance(row, StopRow):
            right, bold = hits_text(row.stop.hits), False
            ink = theme.colour("text" if row.stop.enabled else "dim")
        elif isinstance(row, WatchRow):
            right, bold, ink = row.now, True, theme.colour("text")
        font = theme.font(bold=True) if bold else theme.font(SMALL)
        taken = min(QFontMetricsF(font).horizontalAdvance(right) + 1, 0.6 * line.width())
        number = QRectF(line.right() - taken, line.top(), taken, line.height())
        write(painter, number, font, theme.colour("text" if bold else "dim"), right)
        gap = theme.px(GAP) if right else 0
        write(painter, line.adjusted(0, 0, -taken - gap, 0), theme.font(), ink, row.text)

    def _paint_dot(self, painter: QPainter, mark: QRectF, stop: Stop, over: bool) -> None:
        """Filled where it stops runs."""
        theme, radius = self.theme, DOT * self.theme.scale
        hue = theme.hue("breakpoint")
        painter.setPen(QPen(theme.colour("text") if over else hue, theme.px(1.5)))
        # One that cannot be evaluated here stops nothing here.
        filled = stop.enabled and not stop.problem
        painter.setBrush(hue if filled else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(mark.center(), radius, radius)
        if stop.enabled and stop.problem:
            painter.setBrush(hue)
            painter.drawEllipse(mark.center(), radius / 3, radius / 3)

    def _paint_eye(self, painter: QPainter, mark: QRectF) -> None:
        theme, radius = self.theme, DOT * self.theme.scale
        painter.setPen(QPen(theme.colour("dim"), theme.px(1.2)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(mark.center(), 1.3 * radius, 0.75 * radius)
        painter.setBrush(theme.colour("dim"))
        painter.drawEllipse(mark.center(), radius / 3, radius / 3)

    def _paint_strip(self, painter: QPainter, area: QRectF, row: ConditionRow) -> None:
        theme, side = self.theme, self._side(area.width())
        strip = Strip(self.strip(area), self.axis(area), side, self.t, theme)
        if isinstance(row, StopRow):
            strip.paint_place(painter, self.lit)
            hue = theme.hue("breakpoint") if row.stop.enabled else theme.colour("dim")
            strip.paint_marks(painter, row.steps, hue)
        elif isinstance(row, WatchRow):
            strip.paint_values(painter, row.watch, row.values, self.lit)
