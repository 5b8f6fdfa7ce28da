"""What stands beside the map of two branches: the tokens of each, and Δ log p of every step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from attn_desktop.analysis.compare import ROUNDING
from attn_desktop.gui.axes import LabelAxis, OwnAxis
from attn_desktop.gui.numbers import UNKNOWN
from attn_desktop.gui.painting import fill_rounded
from attn_desktop.gui.raster import peaks
from attn_desktop.gui.theme import Theme

Floats = NDArray[np.float64]

#: Stands for the token of a step that a branch does not have.
MISSING = "–"
#: Share of the canvas that an axis of tokens believes to have: there are two of them.
PART = 0.62
#: Type of numbers, relative to the window's.
SMALL = 0.78
#: Pixels at normal type: bars with their numbers, and bars alone.
WITH_NUMBERS, BARS_ALONE = 92, 46
#: Share of a row that its bar fills, and the most pixels that it takes.
BAR_SHARE, BAR_HEIGHT = 0.62, 12


def side_hue(theme: Theme, modified: bool) -> QColor:
    """The colour of what one branch has more of: those of positive and negative differences."""
    return QColor(theme.diverging[modified])


class TokenAxis(LabelAxis):
    """Tokens at the left or right of a map, on a tint where those of two branches differ."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self._marked: frozenset[int] = frozenset()

    def set_marked(self, marked: frozenset[int]) -> None:
        """The entries whose tokens differ."""
        if marked != self._marked:
            self._marked = marked
            self._draw_again()

    def fit(self, width: float, height: float) -> None:
        super().fit(PART * width, height)

    def _paint_upright(
        self, painter: QPainter, index: int, y: float, metrics: QFontMetricsF
    ) -> None:
        width, right_hand = self.size().width(), self.orientation == "right"
        margin = 6.0
        label = self._cut(index, metrics, width - margin - 1)
        long = metrics.horizontalAdvance(label)
        left = margin if right_hand else width - margin - long
        if index in self._marked and self._theme is not None:
            pen = painter.pen()
            high = metrics.ascent() + metrics.descent() / 2
            box = QRectF(left - 3, y - high / 2, long + 6, high)
            fill_rounded(painter, box, 3, self._theme.hue("target", 0.17 * pen.color().alphaF()))
            painter.setPen(pen)
        height = metrics.height()
        box = QRectF(left, y - height, long + 2, 2 * height)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box, flags, label)


class DeltaBars(OwnAxis):
    """Δ log p of each step, entry i at i + 0.5: a bar to the right where it is positive."""

    def __init__(self) -> None:
        super().__init__("right")
        self._values: Floats = np.zeros(0)
        self._limit = 1.0
        self._hidden: int | None = None
        self._known = 0

    def set_values(self, values: Floats, theme: Theme) -> None:
        """(T,) the differences; NaN for none."""
        self._theme, self._values = theme, values
        sizes = np.abs(values[np.isfinite(values)])
        # Differences in rounding alone shall not look like large ones.
        self._limit = max(float(sizes.max(initial=0.0)), 0.1)
        self._overhang = QFontMetricsF(theme.font(SMALL)).height() + theme.px(4)
        self._draw_again()

    def set_place(self, known: int, hidden: int | None) -> None:
        """known: entries from there on are yet to come; hidden: the one that is not known yet."""
        if (known, hidden) != (self._known, self._hidden):
            self._known, self._hidden = known, hidden
            self._draw_again()

    def take(self, width: float, theme: Theme) -> None:
        """Take as much room beside the map as a canvas of this width can spare."""
        if width < theme.px(290):
            self.setWidth(0)
        else:
            self.setWidth(theme.px(WITH_NUMBERS if width >= theme.px(380) else BARS_ALONE))
        self._draw_again()

    def paint_labels(self, painter: QPainter, view: Any, theme: Theme) -> None:
        width = self.size().width()
        if width < 1:
            return
        painter.setFont(theme.font(SMALL))
        metrics = QFontMetricsF(painter.font())
        low, high = view.viewRange()[1]
        top, pitch = self._place(view, low), abs(self._place(view, 1.5) - self._place(view, 0.5))
        room = max(1, math.floor((high - low) * pitch))
        first, last = max(0, math.floor(low)), min(len(self._values), math.ceil(high))
        values = self._values[first:last].copy()
        if self._hidden is not None and first <= self._hidden < last:
            values[self._hidden - first] = np.nan
        cells = peaks(values[:, None], room, 1)
        merged, step = cells.values[:, 0], cells.rows
        roomy = width >= theme.px(WITH_NUMBERS) - 1 and pitch >= metrics.ascent() * 0.95
        numbers = metrics.horizontalAdvance(difference_text(-99.99)) if roomy else 0.0
        bars = QRectF(theme.px(4), 0, width - numbers - theme.px(8), 0)
        self._paint_head(painter, bars, theme)
        thick = max(1.0, min(BAR_SHARE * pitch * step, theme.px(BAR_HEIGHT)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, thick > 3)
        area = QRectF(0, top, width, room)
        for index, value in enumerate(merged.tolist()):
            entry = first + index * step
            y = self._place(view, entry + step / 2)
            if math.isnan(value) or not area.top() - 1 <= y <= area.bottom() + 1:
                continue
            faded = 0.45 if entry >= self._known else 1.0
            self._paint_bar(painter, bars, y, thick, value, faded)
            if roomy:
                painter.setPen(theme.colour("text" if faded == 1 else "dim"))
                box = QRectF(bars.right(), y - pitch, width - bars.right(), 2 * pitch)
                side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(box, side, difference_text(value))

    def _paint_bar(
        self, painter: QPainter, bars: QRectF, y: float, thick: float, value: float, opacity: float
    ) -> None:
        theme, middle = self._theme, bars.center().x()
        assert theme is not None
        share = max(-1.0, min(1.0, value / self._limit))
        long = share * bars.width() / 2
        colour = side_hue(theme, value > 0)
        colour.setAlphaF(opacity)
        painter.fillRect(QRectF(middle + min(0.0, long), y - thick / 2, abs(long), thick), colour)

    def _paint_head(self, painter: QPainter, bars: QRectF, theme: Theme) -> None:
        """The line of 0 and the name above it."""
        high = self.size().height()
        painter.fillRect(QRectF(bars.center().x() - 0.5, 0, 1, high), theme.colour("border"))
        painter.setPen(theme.colour("dim"))
        metrics = QFontMetricsF(painter.font())
        box = QRectF(0, -metrics.height() - 1, self.size().width(), metrics.height())
        name = "Δ log p" if metrics.horizontalAdvance("Δ log p") <= box.width() else "Δ"
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)


def difference_text(value: float) -> str:
    """`+0.31`, `−1.20`, `≈0` for one that rounds to 0, `0` for none at all."""
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "+∞" if value > 0 else "−∞"
    if abs(value) < 0.005:
        return "0" if abs(value) < ROUNDING else "≈0"
    return f"{value:+.2f}".replace("-", "−")
