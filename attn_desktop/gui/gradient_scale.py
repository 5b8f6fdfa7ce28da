"""A small chart painted by hand: two scales, linear or logarithmic, with a few round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from attn_desktop.gui.formula_page import number_text
from attn_desktop.gui.line_plot import SMALL, write_left_of
from attn_desktop.gui.number_axis import round_numbers
from attn_desktop.gui.painting import elided
from attn_desktop.gui.theme import Theme

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """Values low … high along pixels start … end; log: by their logarithm, low being above 0."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    @classmethod
    def around(cls, values: Floats, start: float, end: float, log: bool = False) -> Scale | None:
        """A scale with some room around all finite (log: positive) values; None without any."""
        seen = values[np.isfinite(values) & ((values > 0) | (not log))]
        if not len(seen):
            return None
        low, high = float(seen.min()), float(seen.max())
        if log:
            return cls(low / 1.5, high * 1.5, start, end, log=True)
        room = 0.08 * (high - low) or 0.5 * abs(low) or 1.0
        return cls(low - room, high + room, start, end)

    def at(self, values: Floats) -> Floats:
        """Pixels of values; NaN where there is none."""
        with np.errstate(all="ignore"):
            if self.log:
                part = np.log(values / self.low) / math.log(self.high / self.low)
            else:
                part = (values - self.low) / (self.high - self.low)
        part = np.where(np.isfinite(part), part, math.nan)
        return np.asarray(self.start + part * (self.end - self.start))

    def pixel(self, value: float) -> float:
        """The pixel of one value."""
        return float(self.at(np.array([value]))[0])

    def value(self, pixel: float) -> float:
        """What is at a pixel."""
        part = (pixel - self.start) / (self.end - self.start or 1.0)
        if self.log:
            return float(self.low * (self.high / self.low) ** part)
        return self.low + part * (self.high - self.low)

    def ticks(self, most: int) -> list[float]:
        """Round numbers inside, about `most`; powers of ten of a logarithmic scale."""
        if not self.log:
            return round_numbers(self.low, self.high, most)
        powers = range(math.ceil(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
        stride = max(1, math.ceil(len(powers) / max(1, most)))
        return [10.0**power for power in powers[::stride]]


@dataclass(frozen=True)
class Chart:
    """Two scales on an area of a widget. title: above it. x_name: at the right end of x."""

    area: QRectF
    x: Scale
    y: Scale
    theme: Theme
    title: str = ""
    x_name: str = ""

    def paint_frame(self, painter: QPainter, y_ticks: Sequence[tuple[float, str]] = ()) -> None:
        """Title, grid and numbers. y_ticks: in place of round numbers."""
        theme, area = self.theme, self.area
        painter.setFont(theme.font(SMALL, bold=True))
        metrics = QFontMetricsF(painter.font())
        painter.setPen(theme.colour("text"))
        above = area.top() - theme.px(4) - metrics.descent()
        painter.drawText(
            QPointF(area.left(), above), elided(self.title, painter.font(), area.width())
        )
        painter.setFont(theme.font(SMALL))
        metrics = QFontMetricsF(painter.font())
        high = metrics.height()
        edge, cap = area.left() - theme.px(5), metrics.capHeight()
        rows = y_ticks or [
            (value, _power(value) if self.y.log else number_text(value))
            for value in self.y.ticks(max(1, int(area.height() / (2 * high))))
        ]
        taken: list[float] = []
        for value, text in rows:
            y = self.y.pixel(value)
            if any(abs(y - other) < 0.9 * high for other in taken):
                continue
            taken.append(y)
            painter.setPen(QPen(theme.colour("faint"), 1))
            painter.drawLine(QLineF(area.left(), y, area.right(), y))
            painter.setPen(theme.colour("dim"))
            room = edge - theme.px(2)
            write_left_of(painter, edge, y + cap / 2, elided(text, painter.font(), room))
        self._paint_x(painter, metrics)
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)

    def _paint_x(self, painter: QPainter, metrics: QFontMetricsF) -> None:
        theme, area = self.theme, self.area
        baseline = area.bottom() + theme.px(2) + metrics.ascent()
        painter.setPen(theme.colour("dim"))
        edge = area.right()
        if self.x_name:
            write_left_of(painter, edge, baseline, self.x_name)
            edge -= metrics.horizontalAdvance(self.x_name) + theme.px(6)
        left = area.left() - theme.px(4)
        wide = metrics.horizontalAdvance("−10") * 2
        for value in self.x.ticks(max(1, int(area.width() / wide))):
            text = f"{value:g}".replace("-", "−")
            half = metrics.horizontalAdvance(text) / 2
            x = self.x.pixel(value)
            if x - half >= left and x + half <= edge:
                painter.drawText(QPointF(x - half, baseline), text)
                left = x + half + theme.px(6)


def _power(value: float) -> str:
    """10 to a power, in short."""
    power = round(math.log10(value))
    return f"10{str(power).translate(_RAISED)}" if abs(power) > 2 else f"{value:g}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
