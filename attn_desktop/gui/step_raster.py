"""Signed vectors of many steps as a raster: a row a step, a column a dimension."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen

from attn_desktop.gui.line_plot import SMALL, write_left_of
from attn_desktop.gui.raster import Peaks, colour_limit, paint_cells, peaks, signed_image
from attn_desktop.gui.span import Span
from attn_desktop.gui.theme import Theme

Floats = NDArray[np.float64]

#: Steps between two numbers in the margin, where there is room.
EVERY = 5


class StepRaster:
    """values: (T, H). limit: the magnitude at which colours end."""

    def __init__(self, values: Floats, theme: Theme) -> None:
        self.values = values
        self.limit = colour_limit(values)
        self._theme = theme
        self._merged: tuple[object, Peaks, QImage] | None = None

    def cells(self, span: Span, area: QRectF, ratio: float) -> Peaks:
        """The dimensions seen in no more cells than there are pixels, `ratio` a unit."""
        return self._cells(span, area, ratio)[0]

    def _cells(self, span: Span, area: QRectF, ratio: float) -> tuple[Peaks, QImage]:
        high, wide = int(area.height() * ratio), int(area.width() * ratio)
        key = (span, high, wide)
        if self._merged is None or self._merged[0] != key:
            found = peaks(self.values[:, span.first : span.last], high, wide)
            image = signed_image(found.values, self.limit, self._theme)
            self._merged = key, found, image
        return self._merged[1:]

    def paint(
        self,
        painter: QPainter,
        span: Span,
        area: QRectF,
        ratio: float,
        t: int,
        known: bool,
        lit: Iterable[int],
    ) -> None:
        """The steps up to t and, pale, those after it; frames around t and the steps that are lit.

        known: whether the row of t has been computed.
        """
        theme, count = self._theme, len(self.values)
        cells, image = self._cells(span, area, ratio)
        paint_cells(painter, area, cells, image, (count, len(span)))
        later = QRectF(area)
        later.setTop(area.top() + t / count * area.height())
        painter.fillRect(later, theme.colour("card", 0.35))
        if t and not known:
            painter.fillRect(self.row(area, t), theme.colour("faint"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawRect(area)
        painter.setPen(QPen(theme.hue("target", 0.7), theme.px(1)))
        for other in lit:
            if 1 <= other <= count and other != t:
                painter.drawRect(self.row(area, other))
        if t:
            painter.setPen(QPen(theme.hue("target"), theme.px(2)))
            painter.drawRect(self.row(area, t))

    def paint_numbers(self, painter: QPainter, area: QRectF, t: int, lit: Iterable[int]) -> None:
        """Step numbers left of it: t and lit ones first, others where there is room."""
        theme, count = self._theme, len(self.values)
        painter.setFont(theme.font(SMALL))
        cap = QFontMetricsF(painter.font()).capHeight()
        first = [step for step in (t, *sorted(lit)) if 1 <= step <= count]
        taken: list[float] = []
        for step in (*first, 1, count, *range(EVERY, count, EVERY)):
            middle = self.row(area, step).center().y()
            if all(abs(middle - other) >= cap + theme.px(4) for other in taken):
                taken.append(middle)
                painter.setPen(theme.ink("target") if step in first else theme.colour("dim"))
                write_left_of(painter, area.left() - theme.px(5), middle + cap / 2, str(step))

    def row(self, area: QRectF, t: int) -> QRectF:
        """The row of step t, at least as high as a frame that can be seen."""
        pitch = area.height() / len(self.values)
        row = QRectF(area.left(), area.top() + (t - 1) * pitch, area.width(), pitch)
        spare = max(0.0, self._theme.px(3) - pitch) / 2
        return row.adjusted(0, -spare, 0, spare)

    def step_at(self, area: QRectF, at: QPointF) -> int | None:
        """The step whose row is at a place."""
        if not area.contains(at):
            return None
        count = len(self.values)
        return min(count, 1 + int((at.y() - area.top()) / area.height() * count))
