"""Vectors as lines over a long axis, painted by hand: fast for thousands of entries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen

from attn_desktop.gui.painting import draw_line
from attn_desktop.gui.span import Span
from attn_desktop.gui.theme import Theme

#: Type of numbers along axes and of legends, relative to the window's.
SMALL = 0.82
#: Least pixels from entry to entry at which a strong line is wide; closer ones would merge.
WIDE_FROM = 1.5


@dataclass(frozen=True, eq=False)
class Line:
    """One vector. strong: the one that counts. filled: to 0, for a part of another line."""

    label: str
    values: NDArray[np.float64]
    hue: QColor
    ink: QColor
    strong: bool = False
    dashed: bool = False
    filled: bool = False

    def pen(self, width: float) -> QPen:
        """For the sample of the line in a legend."""
        pen = QPen(self.hue, width)
        if self.dashed:
            pen.setDashPattern([4.0, 2.0])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        return pen


@dataclass(frozen=True)
class LinePlot:
    """Where lines go: the entries of `span` across `area`, −reach … reach from bottom to top."""

    area: QRectF
    span: Span
    reach: float
    theme: Theme

    def point(self, entry: int, value: float) -> QPointF:
        """The pixel of a number."""
        x = self.span.middle(entry, self.area.left(), self.area.width())
        return QPointF(x, self.area.center().y() - value / self.reach * self.area.height() / 2)

    def path(self, values: NDArray[np.float64]) -> QPainterPath:
        """A line over the entries seen, with gaps where a number is not finite."""
        seen = values[self.span.first : self.span.last]
        x = self.area.left() + (np.arange(len(seen)) + 0.5) * (self.area.width() / len(seen))
        y = self.area.center().y() - seen / self.reach * (self.area.height() / 2)
        path: Any = pg.arrayToQPath(x, y, connect="finite")
        assert isinstance(path, QPainterPath)
        return path

    def paint_axes(self, painter: QPainter) -> None:
        """The line of 0, the ends of the values at the left, round entries below."""
        area, theme, middle = self.area, self.theme, self.area.center().y()
        painter.setFont(theme.font(SMALL))
        metrics = QFontMetricsF(painter.font())
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawLine(QLineF(area.left(), middle, area.right(), middle))
        painter.setPen(theme.colour("dim"))
        cap, edge = metrics.capHeight(), area.left() - theme.px(5)
        write_left_of(painter, edge, area.top() + cap, f"+{self.reach:.2g}")
        write_left_of(painter, edge, middle + cap / 2, "0")
        write_left_of(painter, edge, area.bottom(), f"−{self.reach:.2g}")
        baseline = area.bottom() + theme.px(2) + metrics.ascent()
        needed = 2 * metrics.horizontalAdvance(str(self.span.last)) + theme.px(8)
        for entry in self.span.ticks(area.width(), needed):
            width = metrics.horizontalAdvance(str(entry))
            left = self.point(entry, 0.0).x() - width / 2
            left = max(area.left(), min(left, area.right() - width))
            painter.drawText(QPointF(left, baseline), str(entry))

    def paint_lines(self, painter: QPainter, lines: Sequence[Line]) -> None:
        """Filled ones below, strong ones on top."""
        painter.save()
        painter.setClipRect(self.area)
        wide = self.area.width() >= WIDE_FROM * len(self.span)
        for line in sorted(lines, key=lambda line: (not line.filled, line.strong)):
            if line.filled:
                self._fill(painter, line)
            width = 1 + 0.6 * self.theme.scale if line.strong and wide else 1.0
            draw_line(painter, self.path(line.values), line.hue, width, line.dashed)
        painter.restore()

    def _fill(self, painter: QPainter, line: Line) -> None:
        path = self.path(np.where(np.isfinite(line.values), line.values, 0.0))
        path.lineTo(self.point(self.span.last - 1, 0.0))
        path.lineTo(self.point(self.span.first, 0.0))
        tint = QColor(line.hue)
        tint.setAlphaF(0.4)
        painter.fillPath(path, tint)

    def paint_pointed(self, painter: QPainter, lines: Sequence[Line], x: float) -> None:
        """A line through the entry at pixel x, and a dot on each line there."""
        entry = self.span.entry(x, self.area.left(), self.area.width())
        if entry is None:
            return
        middle = self.point(entry, 0.0).x()
        painter.setPen(QPen(self.theme.colour("dim", 0.6), 1))
        painter.drawLine(QLineF(middle, self.area.top(), middle, self.area.bottom()))
        painter.setPen(QPen(self.theme.colour("card"), 1))
        for line in lines:
            if math.isfinite(line.values[entry]):
                painter.setBrush(line.hue)
                radius = self.theme.px(3)
                painter.drawEllipse(self.point(entry, line.values[entry]), radius, radius)

    def paint_legend(
        self, painter: QPainter, lines: Sequence[Line], area: QRectF, blank: str, axis: str
    ) -> None:
        """What each line is, strong ones bold; `blank` where there is none. axis: what x counts."""
        theme, x = self.theme, area.left()
        painter.setFont(theme.font(SMALL))
        baseline = area.top() + QFontMetricsF(painter.font()).ascent()
        if not lines:
            painter.setPen(theme.colour("dim"))
            painter.drawText(QPointF(x, baseline), blank)
            x += QFontMetricsF(painter.font()).horizontalAdvance(blank)
        for line in sorted(lines, key=lambda line: line.filled):
            font = theme.font(SMALL, bold=line.strong)
            metrics = QFontMetricsF(font)
            left = x + theme.px(21)
            text = metrics.elidedText(line.label, Qt.TextElideMode.ElideRight, area.right() - left)
            pen = line.pen(theme.scale * (3 if line.filled else 1.5))
            middle = baseline - metrics.xHeight() / 2
            painter.setPen(pen)
            painter.drawLine(QLineF(x, middle, x + theme.px(16), middle))
            painter.setPen(line.ink)
            painter.setFont(font)
            painter.drawText(QPointF(left, baseline), text)
            x = left + metrics.horizontalAdvance(text) + theme.px(12)
        painter.setFont(theme.font(SMALL))
        if x + QFontMetricsF(painter.font()).horizontalAdvance(axis) < area.right():
            painter.setPen(theme.colour("dim"))
            write_left_of(painter, area.right(), baseline, axis)


def write_left_of(painter: QPainter, edge: float, baseline: float, text: str) -> None:
    """A text that ends at pixel `edge`."""
    width = QFontMetricsF(painter.font()).horizontalAdvance(text)
    painter.drawText(QPointF(edge - width, baseline), text)
