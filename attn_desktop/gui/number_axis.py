"""An axis that paints itself: a few round numbers at the left or right of a plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from attn_desktop.gui.axes import OwnAxis
from attn_desktop.gui.theme import Theme


class NumberAxis(OwnAxis):
    """A few numbers at the left or right of a plot, under the symbol of what they measure."""

    def __init__(self, orientation: str, symbol: str) -> None:
        super().__init__(orientation)
        self._symbol = symbol
        self._ticks: Sequence[tuple[float, str]] = ()
        self._colour = QColor()

    def set_ticks(
        self,
        ticks: Sequence[tuple[float, str]],
        theme: Theme,
        colour: QColor | None = None,
        beside: float = 0.0,
    ) -> None:
        """Show numbers at these values of the view; the first ones matter most.

        beside: pixels that are left free beside the symbol.
        """
        self._theme, self._ticks = theme, ticks
        self._colour = colour or theme.colour("dim")
        metrics = QFontMetricsF(self._font(theme))
        texts = [self._symbol, *(text for _, text in ticks)]
        width = max(metrics.horizontalAdvance(text) for text in texts)
        width = max(width, metrics.horizontalAdvance(self._symbol) + beside)
        self.setWidth(math.ceil(width + theme.px(9)))
        self._draw_again()

    def headroom(self, theme: Theme) -> float:
        """Pixels that the symbol needs above the topmost number."""
        return QFontMetricsF(self._font(theme)).height() * 1.6

    def _font(self, theme: Theme) -> QFont:
        return theme.font(0.85)

    def paint_labels(self, painter: QPainter, view: Any, theme: Theme) -> None:
        painter.setFont(self._font(theme))
        painter.setPen(self._colour)
        height = painter.fontMetrics().height()
        left = self.orientation == "left"
        # The row may be wider than the axis: what belongs to the view stands next to it.
        gap, width = theme.px(5), self.size().width()
        box = QRectF(0 if left else gap, 0, width - gap, height)
        side = Qt.AlignmentFlag.AlignRight if left else Qt.AlignmentFlag.AlignLeft
        flags = side | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box, flags, self._symbol)
        taken = [height / 2]
        for value, text in self._ticks:
            y = self._place(view, value)
            if all(abs(y - other) >= height * 0.95 for other in taken):
                painter.drawText(box.translated(0, y - height / 2), flags, text)
                taken.append(y)


def round_numbers(low: float, high: float, most: int) -> list[float]:
    """About `most` numbers, at least two, that are 1, 2 or 5 times a power of ten, in low..high.

    None unless low < high, both finite.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return []
    coarse = (high - low) / max(1, most)
    power = 10.0 ** math.floor(math.log10(coarse))
    steps = [power * m for m in (10, 5, 2, 1, 0.5, 0.2, 0.1)]
    wide = [step for step in steps if step >= coarse * (1 - 1e-9)]
    for step in [wide[-1], *steps[len(wide) :]]:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last > first:
            break
    return [index * step for index in range(first, last + 1)]
