"""A vector before and after an edit, as lines over its dimensions."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.gui.line_plot import SMALL, Line, LinePlot
from attn_desktop.gui.span import Span
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.vector_edit import Floats


class VectorPreview(QWidget):
    """Grey and dashed before, strong after."""

    def __init__(self, before: Floats, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._before = theme, before
        self._after: Floats | None = None

    def show_after(self, after: Floats | None) -> None:
        """Show another outcome; None where there is none."""
        self._after = after
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(420), self._theme.px(150))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(200), self._theme.px(90))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            self._paint(painter)
        finally:
            painter.end()  # a painter that outlives its event takes the process with it

    def _paint(self, painter: QPainter) -> None:
        theme = self._theme
        painter.fillRect(self.rect(), theme.colour("card"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not len(self._before):
            return
        dim, text = theme.colour("dim"), theme.colour("text")
        lines = [Line("before", self._before, dim, dim, dashed=True)]
        if self._after is not None:
            lines.append(Line("after", self._after, text, text, strong=True))
        reach = max(_reach(line.values) for line in lines) or 1.0
        metrics = QFontMetricsF(theme.font(SMALL))
        gutter = metrics.horizontalAdvance(f"−{reach:.2g}") + theme.px(10)
        high, space = metrics.height(), theme.px(4)
        area = QRectF(self.rect()).adjusted(gutter, high + 2 * space, -space, -high - space)
        plot = LinePlot(area, Span.whole(len(self._before)), reach, theme)
        plot.paint_axes(painter)
        plot.paint_lines(painter, lines)
        legend = QRectF(area.left(), space / 2, area.width(), high)
        plot.paint_legend(painter, lines, legend, "", "dimension")


def _reach(values: Floats) -> float:
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
