"""What stands among the bars of α: the scope of a local mode, and what hard attention drew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.gui.axes import shortened
from attn_desktop.gui.plot_panel import diamonds
from attn_desktop.gui.step_attention import Center, Floats, StepAttention, column_places
from attn_desktop.gui.theme import Theme

#: Type of labels, relative to the window's.
SMALL = 0.85
#: Half a diagonal of the mark of a draw, its distance from a bar and from its label, in pixels.
MARK, APART = 6, 3
#: Pixels that a line from a mark to a label beside it is long.
LEADER = 12
#: Pixels that the bracket of a scope is above 1, and that its ends hang down.
BRACKET, HOOK = 5, 3
#: Places at which the Gaussian is worked out.
SAMPLES = 241


@dataclass(frozen=True)
class Frame:
    """What is seen of a plot. left, top: of its range; across, down: pixels a unit.

    In pixels x goes from the left of the view, y downwards from its top.
    """

    left: float
    top: float
    across: float
    down: float
    width: float

    @classmethod
    def of(cls, view: Any) -> Frame:
        """The present one of a `PointerBox`."""
        (left, _), (_, top) = view.viewRange()
        across, down = view.pixels()
        return cls(left, top, across, down, view.width())

    def x(self, value: float) -> float:
        """The pixel of a place along the source."""
        return (value - self.left) * self.across

    def y(self, value: float) -> float:
        """The pixel of a height."""
        return (self.top - value) * self.down

    def place(self, x: float, y: float) -> QPointF:
        """What is at a pixel."""
        return QPointF(self.left + x / self.across, self.top - y / self.down)


class PlotLabel:
    """A line of type in a plot, on the card's colour, so that nothing runs through it."""

    def __init__(self) -> None:
        self.item = pg.TextItem()
        self.item.textItem.document().setDocumentMargin(1)

    def set_theme(self, theme: Theme, ink: QColor) -> None:
        self.item.setFont(theme.font(SMALL))
        self.item.setColor(ink)
        self.item.fill = pg.mkBrush(theme.colour("card"))

    def size(self) -> tuple[float, float]:
        """Width and height in pixels."""
        box: QRectF = self.item.boundingRect()
        return box.width(), box.height()

    def put(self, frame: Frame, x: float, y: float) -> None:
        """With its upper left corner at a pixel."""
        self.item.setPos(frame.place(x, y))


class ScopeMark:
    """p_t as a line, ±D as a bracket above 1, the Gaussian of local-p as a curve."""

    def __init__(self, theme: Theme) -> None:
        self.lines, self.gaussian = QGraphicsPathItem(), QGraphicsPathItem()
        self.label = PlotLabel()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        dim = theme.colour("dim")
        self.lines.setPen(pg.mkPen(dim, width=1))
        self.gaussian.setPen(pg.mkPen(dim, width=1, style=Qt.PenStyle.DashLine))
        self.label.set_theme(theme, dim)

    def place(self, shown: StepAttention, frame: Frame) -> float:
        """Show the scope of a step, if it has one; the pixel y above which all room is taken."""
        center = shown.center
        self.label.item.setVisible(center is not None)
        lines, curve = QPainterPath(), QPainterPath()
        if center is not None:
            middle, reach = center.p - 0.5, center.reach
            ends = column_places(shown.axis, np.array([middle - reach, middle, middle + reach]))
            left, x, right = ends.tolist()
            y, hook = 1 + BRACKET / frame.down, HOOK / frame.down
            lines.moveTo(x, 0)
            lines.lineTo(x, y)
            lines.moveTo(left, y - hook)
            lines.lineTo(left, y)
            lines.lineTo(right, y)
            lines.lineTo(right, y - hook)
            if center.gaussian and reach > 0:
                curve = gaussian_curve(shown.axis, center)
            self.label.item.setText(f"p_t {center.p:.2f} ± {reach:g}")
            width = self.label.size()[0]
            self.label.put(frame, _within(frame.x(x) - width / 2, width, frame), 0.0)
        self.lines.setPath(lines)
        self.gaussian.setPath(curve)
        return 0.0 if center is None else frame.y(1.0)


class DrawMark:
    """◆ above the bars of what was drawn, with its name where it is one position."""

    def __init__(self, theme: Theme) -> None:
        self.marks, self.leader = QGraphicsPathItem(), QGraphicsPathItem()
        self.label = PlotLabel()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.marks.setPen(pg.mkPen(theme.hue("hard"), width=theme.px(1.5)))
        self.leader.setPen(pg.mkPen(theme.hue("hard"), width=1))
        self.label.set_theme(theme, theme.ink("hard"))

    def headroom(self) -> float:
        """Pixels above 1 with which there is room for mark and name of a bar of 1."""
        return self._theme.px(MARK) + APART + self.label.size()[1] + 1

    def place(
        self,
        shown: StepAttention,
        frame: Frame,
        bar_half: float,
        highest: float,
        end: float = 1.0,
    ) -> None:
        """Mark what was drawn. bar_half: of a bar's width; highest: y where a name may begin.

        end: of the scale of α.
        """
        theme, half = self._theme, self._theme.px(MARK)
        columns = shown.axis.columns(frozenset(shown.drawn))
        places = []
        for column in columns:
            bar = 0.0 if shown.alpha is None else float(np.nan_to_num(shown.alpha[column]))
            places.append(QPointF(column + 0.5, min(bar + (half + APART) / frame.down, end)))
        self.marks.setBrush(theme.hue("hard") if shown.is_hard else theme.colour("card"))
        self.marks.setPath(diamonds(places, half / frame.across, half / frame.down))
        leader = QPainterPath()
        named = len(shown.drawn) == 1 and 0 <= frame.x(places[0].x()) <= frame.width
        if named:
            (word,) = shortened([shown.axis.labels[columns[0]]], theme.font(SMALL))
            self.label.item.setText(f"k={shown.drawn[0] + 1} “{word}”")
            named = self.label.size()[0] <= frame.width
        if named:
            on_bar = places[0].y() == end
            leader = self._name(shown, frame, places[0], bar_half if on_bar else 0.0, highest)
        self.label.item.setVisible(named)
        self.leader.setPath(leader)

    def _name(
        self,
        shown: StepAttention,
        frame: Frame,
        mark: QPointF,
        bar_half: float,
        highest: float,
    ) -> QPainterPath:
        """Put the name above the mark and all bars there, or else beside it; the line to it."""
        half, (width, height) = self._theme.px(MARK), self.label.size()
        x, y = frame.x(mark.x()), frame.y(mark.y())
        line = QPainterPath()
        left = _within(x - width / 2, width, frame)
        others = shown.alpha.copy() if shown.alpha is not None else np.zeros(len(shown.axis))
        others[int(mark.x())] = 0.0
        near = y - half - APART
        bottom = min(near, _top_of(others, frame, left, left + width) - APART)
        if bottom - height >= highest - 1:
            self.label.put(frame, left, bottom - height)
            if near - bottom > 1:
                line.moveTo(frame.place(x, y - half))
                line.lineTo(frame.place(x, bottom))
            return line
        # Where the mark stands on its bar and not above it, beside the bar too.
        gap = max(half, bar_half) + LEADER
        sides = [(x + gap, x + gap), (x - gap - width, x - gap)]
        fitting = [side for side in sides if side[0] >= 0 and side[0] + width <= frame.width]
        # Of the sides with room, the one with the lower bars, and above them.
        left, end = max(
            fitting or sides[:1], key=lambda side: _top_of(others, frame, side[0], side[0] + width)
        )
        low = _top_of(others, frame, left, left + width) - APART
        top = max(min(y - height / 2, low - height), highest)
        left = _within(left, width, frame)
        self.label.put(frame, left, top)
        line.moveTo(frame.place(x + (half if end > x else -half), y))
        line.lineTo(frame.place(end, top + height / 2))
        return line


def _within(left: float, width: float, frame: Frame) -> float:
    """The nearest place at which something so wide is inside the view."""
    return min(max(left, 0.0), max(frame.width - width, 0.0))


def _top_of(alpha: Floats, frame: Frame, left: float, right: float) -> float:
    """y of the highest bar between two pixels."""
    first = max(0, int(frame.place(left, 0.0).x()))
    last = max(0, int(np.ceil(frame.place(right, 0.0).x())))
    return frame.y(float(np.nan_to_num(alpha[first:last]).max(initial=0.0)))


def gaussian_curve(axis: SourceAxis, center: Center) -> QPainterPath:
    """exp(−(j − p_t)² / 2σ²) with σ = D/2 (Luong et al. 2015, equation 10), cut at ±D.

    Along columns, from 0 to 1.
    """
    away = np.linspace(-center.reach, center.reach, SAMPLES)
    places = center.p - 0.5 + away
    inside = (0 <= places) & (places <= axis.size)
    heights = np.exp(-(away**2) / (2 * (center.reach / 2) ** 2))
    path: Any = pg.arrayToQPath(column_places(axis, places[inside]), heights[inside])
    assert isinstance(path, QPainterPath)
    return path
