"""Small plots over the columns of the source, side by side or below each other: bars and labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from attn_desktop.gui.axes import ANGLE_DEG, COSINE, LEANING, SINE, shortened, stride_of
from attn_desktop.gui.cell_frames import runs
from attn_desktop.gui.painting import diamond, elided, fill_rounded
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.theme import Theme

Floats = NDArray[np.floating[Any]]

#: Type of labels below the plots and of what is not a name, relative to the window's.
LABELS, SMALL = 0.74, 0.85
#: Share of a column that its bar fills, the most pixels that it takes; closer ones touch.
BAR_SHARE, BAR_WIDTH, DENSE = 0.7, 30, 4
#: Room beside the text of a button or a tag.
PAD = 5


@dataclass(frozen=True)
class SmallPlot:
    """Columns 0 … `count` across an area, numbers from `low` at its bottom to `high` at its top."""

    area: QRectF
    count: int
    low: float = 0.0
    high: float = 1.0

    @property
    def pitch(self) -> float:
        """Pixels a column."""
        return self.area.width() / max(1, self.count)

    def x(self, place: float) -> float:
        """The pixel of a place along the source, 0 at its start and `count` at its end."""
        return self.area.left() + place * self.pitch

    def place(self, x: float) -> float:
        """What is at a pixel, as in `x`."""
        return (x - self.area.left()) / self.pitch

    def y(self, value: float) -> float:
        """The pixel of a number, those beyond the ends at the ends."""
        part = (value - self.low) / max(self.high - self.low, 1e-300)
        return self.area.bottom() - min(max(part, 0.0), 1.0) * self.area.height()

    def column(self, at: QPointF) -> int | None:
        """The column at a place, None beside the plot."""
        if not self.area.contains(at) or not self.count:
            return None
        return min(int(self.place(at.x())), self.count - 1)

    # -- painting -------------------------------------------------------------------------

    def paint_bands(self, painter: QPainter, columns: Iterable[int], colour: QColor) -> None:
        """Columns from top to bottom, neighbours in one."""
        for first, count in runs(columns):
            left, area = self.x(first), self.area
            band = QRectF(left, area.top(), count * self.pitch, area.height())
            painter.fillRect(band, colour)

    def paint_bars(self, painter: QPainter, values: Floats, colour: QColor, theme: Theme) -> None:
        """A bar a column, from 0; none where there is no number."""
        half = self._half(theme)
        base = self.y(0.0)
        for column in np.flatnonzero(np.isfinite(values) & (values != 0)).tolist():
            y, middle = self.y(values[column]), self.x(column + 0.5)
            painter.fillRect(QRectF(middle - half, min(y, base), 2 * half, abs(base - y)), colour)

    def paint_outlines(self, painter: QPainter, values: Floats, pen: QPen, theme: Theme) -> None:
        """The tops of bars, as lines; none on the line of 0."""
        half, base = self._half(theme), self.y(0.0)
        painter.setPen(pen)
        for column in np.flatnonzero(np.isfinite(values)).tolist():
            y, middle = self.y(values[column]), self.x(column + 0.5)
            if y < base - 1:
                painter.drawLine(QLineF(middle - half, y, middle + half, y))

    def paint_base(self, painter: QPainter, theme: Theme) -> None:
        """The line of 0."""
        painter.setPen(QPen(theme.colour("border"), 1))
        y = self.y(0.0)
        painter.drawLine(QLineF(self.area.left(), y, self.area.right(), y))

    def paint_mark(
        self, painter: QPainter, column: int, value: float, colour: QColor, theme: Theme
    ) -> None:
        """◆ above a bar, inside the plot."""
        radius = min(theme.px(4), self.area.height() / 3)
        y = max(self.y(value) - radius - 1, self.area.top() + radius)
        painter.setPen(QPen(theme.colour("card"), 1))
        painter.setBrush(colour)
        painter.drawPolygon(diamond(QPointF(self.x(column + 0.5), y), radius))

    def _half(self, theme: Theme) -> float:
        """Half of the width of a bar."""
        if self.pitch < theme.px(DENSE):
            return self.pitch / 2
        return min(BAR_SHARE * self.pitch, theme.px(BAR_WIDTH)) / 2


class SourceLabels:
    """Labels of the columns, leaning below a plot; where they would overlap some are left out."""

    def __init__(self, labels: Sequence[str], theme: Theme, across: int = 1) -> None:
        """across: how many make up a row of a grid."""
        self._theme, self._across = theme, across
        self._font, self._bold = theme.font(LABELS), theme.font(LABELS, bold=True)
        self._labels = shortened(labels, self._font)
        metrics = QFontMetricsF(self._bold)
        self._widths = [metrics.horizontalAdvance(label) for label in self._labels]

    @classmethod
    def of(cls, scene: Scene, theme: Theme) -> SourceLabels:
        """Those of a scene; none where nothing is encoded."""
        if scene.run is None:
            return cls((), theme)
        return cls(scene.source.labels, theme, scene.source.across)

    def height(self, most: float) -> float:
        """Pixels that they need below a plot, `most` at most."""
        metrics = QFontMetricsF(self._bold)
        needed = max(self._widths, default=0.0) * SINE + metrics.height()
        return math.ceil(min(needed, max(most, metrics.height())))

    def paint(self, painter: QPainter, plot: SmallPlot, height: float, lit: frozenset[int]) -> None:
        """Below `plot`, `height` pixels high; lit columns are bold and left out last."""
        theme = self._theme
        metrics = QFontMetricsF(self._font)
        stride = stride_of(metrics.height() * LEANING / max(plot.pitch, 1e-6), self._across)
        kept: list[int] = []
        for column in sorted(lit):
            if column < len(self._labels) and (not kept or column - kept[-1] >= stride):
                kept.append(column)
        taken = {near for column in kept for near in range(column - stride + 1, column + stride)}
        regular = range(0, len(self._labels), stride)
        room = (height - metrics.height()) / SINE
        top = plot.area.bottom() + metrics.ascent()
        for column in sorted({*kept, *(index for index in regular if index not in taken)}):
            colour = theme.ink("source")
            if lit and column not in lit:
                colour.setAlphaF(0.8)
            painter.setFont(self._bold if column in lit else self._font)
            painter.setPen(colour)
            foot = plot.x(column + 0.5) + metrics.height() * 0.3
            label = elided(
                self._labels[column],
                painter.font(),
                max(0.0, min(room, (foot - metrics.ascent() * SINE - 1) / COSINE)),
            )
            if label == "…":
                continue
            painter.save()
            painter.translate(foot, top)
            painter.rotate(-ANGLE_DEG)
            width = QFontMetricsF(painter.font()).horizontalAdvance(label)
            painter.drawText(QPointF(-width, 0), label)
            painter.restore()


def paint_tag(painter: QPainter, left: float, middle: float, text: str, theme: Theme) -> float:
    """A frame around a word of warning, from the left around a height; its width."""
    painter.setFont(theme.font(0.74, bold=True))
    metrics = QFontMetricsF(painter.font())
    width = metrics.horizontalAdvance(text) + 2 * theme.px(4)
    box = QRectF(left, middle - metrics.height() / 2, width, metrics.height())
    painter.setPen(QPen(theme.colour("warning"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), theme.px(4), theme.px(4))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    return width


def button_width(text: str, theme: Theme) -> float:
    """Of `paint_button`."""
    return QFontMetricsF(theme.font(SMALL)).horizontalAdvance(text) + 2 * theme.px(PAD)


def paint_button(painter: QPainter, box: QRectF, text: str, theme: Theme, pointed: bool) -> None:
    """Something to click, as buttons beside the panels look."""
    fill_rounded(painter, box, theme.px(4), theme.colour("faint" if pointed else "raised"))
    painter.setPen(QPen(theme.hue("source") if pointed else theme.colour("border"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), theme.px(4), theme.px(4))
    painter.setFont(theme.font(SMALL))
    painter.setPen(theme.colour("text"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
