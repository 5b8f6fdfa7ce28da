"""The mean of c_hard against the number of rollouts: how far from c_soft, and how far it may be."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from attn_desktop.analysis.rollout_numbers import CONFIDENCE, Floats, MeanContext
from attn_desktop.gui.gradient_scale import Chart, Scale
from attn_desktop.gui.line_plot import SMALL
from attn_desktop.gui.painting import draw_line, elided
from attn_desktop.gui.theme import Theme

#: Pixels at normal type around the plot: left for numbers, right, above, below for numbers.
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 6, 20
#: Decades that are seen below the largest distance, however close a mean came to c_soft.
DECADES = 3.0
SAME = "c_hard is c_soft: all draws fall on positions with the same annotation."
UNKNOWN = "α or the annotations are no numbers, so there is no mean to compare."


class RolloutMean(QWidget):
    """said: what is under the pointer, for the status line."""

    said = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._mean: MeanContext | None = None
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def show_mean(self, theme: Theme, mean: MeanContext | None) -> None:
        """Draw this; None for nothing."""
        self._theme, self._mean = theme, mean
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(240), self._theme.px(160))

    def _chart(self, mean: MeanContext) -> Chart | None:
        """Both scales logarithmic; None where no number is above 0."""
        px = self._theme.px
        area = QRectF(self.rect()).adjusted(px(LEFT), px(TOP), -px(RIGHT), -px(BOTTOM))
        if area.width() < 2 or area.height() < 2:
            return None
        both = np.concatenate([mean.distances, mean.limit])
        top = np.nanmax(both, initial=0.0, where=np.isfinite(both))
        scale = Scale.around(
            np.maximum(both, top * 10**-DECADES), area.bottom(), area.top(), log=True
        )
        if scale is None:
            return None
        count = max(2, len(mean.distances))
        return Chart(
            area, Scale(1, count, area.left(), area.right(), True), scale, self._theme, x_name="N"
        )

    # -- painting ---------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), self._theme.colour("card"))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self._mean is not None:
                self._paint(painter, self._mean)
        finally:
            painter.end()

    def _paint(self, painter: QPainter, mean: MeanContext) -> None:
        theme, chart = self._theme, self._chart(mean)
        if chart is None:
            known = np.isfinite(mean.distances).all()
            painter.setFont(theme.font())
            painter.setPen(theme.colour("dim"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, SAME if known else UNKNOWN)
            return
        chart.paint_frame(painter)
        numbers = np.arange(1.0, len(mean.distances) + 1)
        painter.save()
        painter.setClipRect(chart.area)
        limit = _path(chart, numbers, mean.limit)
        inside = QPainterPath(limit)
        inside.lineTo(chart.area.bottomRight())
        inside.lineTo(chart.area.bottomLeft())
        painter.fillPath(inside, theme.hue("soft", 0.14))
        draw_line(painter, limit, theme.hue("soft"))
        draw_line(painter, _path(chart, numbers, mean.expected), theme.hue("soft"), dashed=True)
        width = 1 + 0.6 * theme.scale
        draw_line(painter, _path(chart, numbers, mean.distances), theme.hue("hard"), width)
        self._paint_pointed(painter, chart, mean)
        painter.restore()
        self._paint_legend(painter, chart.area)

    def _paint_pointed(self, painter: QPainter, chart: Chart, mean: MeanContext) -> None:
        index = self._index(chart, mean)
        if index is None:
            return
        x = chart.x.pixel(index + 1)
        painter.setPen(QPen(self._theme.colour("dim", 0.6), 1))
        painter.drawLine(QLineF(x, chart.area.top(), x, chart.area.bottom()))

    def _paint_legend(self, painter: QPainter, area: QRectF) -> None:
        """What the lines are, in the corner that they leave, as far as there is room."""
        theme = self._theme
        painter.setFont(theme.font(SMALL))
        metrics = QFontMetricsF(painter.font())
        rows: tuple[tuple[str, QColor], ...] = (
            (f"{CONFIDENCE:.0%} below", theme.ink("soft")),
            ("- - expected, ∝ 1/√N", theme.ink("soft")),
            ("‖mean c_hard − c_soft‖", theme.ink("hard")),
        )
        wide = max(metrics.horizontalAdvance(text) for text, _ in rows)
        if area.width() < 1.6 * wide or area.height() < 5 * metrics.height():
            return
        y = area.top() + metrics.height()
        for text, ink in rows:
            painter.setPen(ink)
            right = area.right() - theme.px(6) - wide
            painter.drawText(QPointF(right, y), elided(text, painter.font(), wide))
            y += metrics.height()

    # -- pointer ----------------------------------------------------------------------------

    def _index(self, chart: Chart, mean: MeanContext) -> int | None:
        """Which mean is under the pointer."""
        if self._pointer is None or not chart.area.contains(self._pointer):
            return None
        number = round(chart.x.value(self._pointer.x()))
        return min(max(number, 1), len(mean.distances)) - 1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        mean = self._mean
        chart = None if mean is None else self._chart(mean)
        index = None if mean is None or chart is None else self._index(chart, mean)
        self.said.emit("" if mean is None or index is None else about_mean(mean, index))
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.said.emit("")
        self.update()
        super().leaveEvent(event)


def about_mean(mean: MeanContext, index: int) -> str:
    """The mean of the first index + 1 rollouts in numbers."""
    inside = "inside" if mean.distances[index] <= mean.limit[index] else "outside"
    return (
        f"N {index + 1:,}   ‖mean of c_hard − c_soft‖ {mean.distances[index]:.3g}, "
        f"expected {mean.expected[index]:.3g}, {inside} of {mean.limit[index]:.3g} "
        f"({CONFIDENCE:.0%})"
    )


def _path(chart: Chart, numbers: Floats, values: Floats) -> QPainterPath:
    """A line, with gaps where there is no logarithm."""
    path = pg.arrayToQPath(chart.x.at(numbers), chart.y.at(values), connect="finite")
    assert isinstance(path, QPainterPath)
    return path
