"""What conditions come to over the steps of a branch: marks where they hold, lines of values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from attn_desktop.gui.painting import draw_way, fill_rounded
from attn_desktop.gui.row_list import SMALL, write
from attn_desktop.gui.scene import Watch
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.timeline_watches import Floats
from attn_desktop.gui.timeline_watches import WatchRow as Curve

#: Type of the ends of a line, relative to the window's.
TINY = 0.72
#: Pixels at normal type: widest mark, room above and below bars, radius of dots, and the pitch of
#: the steps from which on each has one.
WIDEST, MARGIN, DOT, DOTTED_FROM = 5, 3, 1.6, 8
#: Strength of the ground of a step that is lit.
LIT = 0.3


@dataclass(frozen=True)
class StepAxis:
    """The steps t of a branch, evenly from `left` to `right`."""

    left: float
    right: float
    steps: int

    @property
    def pitch(self) -> float:
        """Pixels from a step to the next."""
        return (self.right - self.left) / max(1, self.steps)

    def x(self, t: int) -> float:
        """The middle of a step."""
        return self.left + (t - 0.5) * self.pitch

    def at(self, x: float) -> int | None:
        """The step at an x."""
        if not self.steps or not self.left <= x < self.right:
            return None
        return min(self.steps, int((x - self.left) / self.pitch) + 1)


@dataclass(frozen=True)
class Strip:
    """Paints into `area`, whose left and right ends are those of the axis.

    side: pixels at its right for numbers, 0 for none. t: of the playhead.
    """

    area: QRectF
    axis: StepAxis
    side: float
    t: int
    theme: Theme

    def paint_place(self, painter: QPainter, lit: frozenset[int]) -> None:
        """The steps that are lit, and the one at the playhead."""
        theme, area, axis = self.theme, self.area, self.axis
        for t in lit:
            if 0 < t <= axis.steps:
                wide = max(axis.pitch, 2.0)
                box = QRectF(axis.x(t) - wide / 2, area.top(), wide, area.height())
                painter.fillRect(box, theme.hue("target", LIT))
        painter.setPen(QPen(theme.colour("border"), 1))
        low = round(area.bottom()) - 0.5
        painter.drawLine(QLineF(area.left(), low, area.right(), low))
        if self.t:
            x = axis.x(self.t)
            painter.setPen(QPen(theme.colour("accent"), theme.px(1.5)))
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))

    def paint_marks(self, painter: QPainter, steps: tuple[int, ...], hue: QColor) -> None:
        """A mark at each of these steps, and how many they are."""
        px, area = self.theme.px, self.area
        high = area.height() - px(4)
        wide = min(max(2.0, self.axis.pitch - 1), px(WIDEST))
        box = QRectF(0, area.center().y() - high / 2, wide, high)
        if wide < px(WIDEST):
            self._paint_boxes(painter, np.array(steps), box, hue)
        for t in steps if wide == px(WIDEST) else ():
            box.moveLeft(self.axis.x(t) - wide / 2)
            fill_rounded(painter, box, px(2), hue)
        self._write_side(painter, area, f"{len(steps)} of {self.axis.steps}", SMALL)

    def paint_values(
        self, painter: QPainter, watch: Watch, values: Floats, lit: frozenset[int]
    ) -> None:
        """The values (T,) of a watch as far as known: a line, or bars where it is true."""
        theme, curve = self.theme, Curve(watch, self.area, values)
        if np.isnan(values).all():
            text = "unknown at every step"
            write(painter, self.area, theme.font(SMALL), theme.colour("dim"), text)
            return
        self.paint_place(painter, lit)
        if watch.boolean:
            self._paint_truths(painter, values)
        else:
            x = self.axis.left + (np.arange(len(values)) + 0.5) * self.axis.pitch
            places = np.stack([x, curve.y(values)], axis=1)
            draw_way(painter, places, theme.ink("expected"))
            self._paint_points(painter, places)
        box = QRectF(self.area)
        box.setHeight(self.area.height() / max(1, len(curve.ends)))
        for text in curve.ends:
            self._write_side(painter, box, text, SMALL if len(curve.ends) == 1 else TINY)
            box.translate(0, box.height())

    def _paint_truths(self, painter: QPainter, values: Floats) -> None:
        """High where it is true, low where it is false, nothing where it is unknown."""
        theme, area = self.theme, self.area
        bottom, wide = area.bottom() - theme.px(MARGIN), max(1.0, self.axis.pitch - 1)
        for truth, high in ((0.0, theme.px(2)), (1.0, area.height() - 2 * theme.px(MARGIN))):
            box = QRectF(0, bottom - high, wide, high)
            steps = np.flatnonzero(values == truth) + 1
            self._paint_boxes(painter, steps, box, theme.ink("expected"))
            self._paint_boxes(painter, steps[steps == self.t], box, theme.colour("accent"))

    def _paint_boxes(
        self, painter: QPainter, steps: NDArray[np.int64], box: QRectF, hue: QColor
    ) -> None:
        """A box at each of these steps, as high and wide as `box`; of those in a pixel one."""
        lefts = self.axis.left + (steps - 0.5) * self.axis.pitch - box.width() / 2
        if self.axis.pitch < 1:
            lefts = np.unique(np.round(lefts))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(hue)
        painter.drawRects([box.translated(left, 0) for left in lefts.tolist()])

    def _paint_points(self, painter: QPainter, places: Floats) -> None:
        """Dots where there is room, where a value has no neighbour, and at the playhead."""
        there = np.asarray(np.isfinite(places).all(axis=1))
        near = np.zeros(len(there), dtype=np.bool_)
        near[1:] |= there[:-1]
        near[:-1] |= there[1:]
        roomy = self.axis.pitch >= self.theme.px(DOTTED_FROM)
        radius = DOT * self.theme.scale
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.ink("expected"))
        for index in np.flatnonzero(there if roomy else there & ~near).tolist():
            painter.drawEllipse(QPointF(*places[index].tolist()), radius, radius)
        if self.t and there[self.t - 1]:
            painter.setBrush(self.theme.colour("accent"))
            painter.drawEllipse(QPointF(*places[self.t - 1].tolist()), 2 * radius, 2 * radius)

    def _write_side(self, painter: QPainter, beside: QRectF, text: str, size: float) -> None:
        """At the right of a strip, if there is room."""
        if not self.side:
            return
        box = QRectF(self.area.right(), beside.top(), self.side, beside.height())
        painter.setFont(self._fitting(text, size, self.side - self.theme.px(4)))
        painter.setPen(self.theme.colour("dim"))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _fitting(self, text: str, size: float, room: float) -> QFont:
        """Type of a size, smaller where a text has no room in it."""
        font = self.theme.font(size)
        needed = QFontMetricsF(font).horizontalAdvance(text)
        return font if needed <= room else self.theme.font(size * room / needed)
