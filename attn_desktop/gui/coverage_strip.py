"""Σ_t α_tj of each source position as a row of bars."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from attn_desktop.gui.raster import peaks
from attn_desktop.gui.theme import Theme

LABEL = "coverage"
WIDEST = 24


def strip_box(theme: Theme, area: QRectF, left: float, columns: int) -> QRectF:
    """The bars within an area: right of their label, at least from `left` on, left of a scale."""
    metrics = QFontMetricsF(theme.font(0.8))
    left = max(left, area.left() + metrics.horizontalAdvance(LABEL) + theme.px(6))
    right = area.right() - metrics.horizontalAdvance("to 00.0") - theme.px(6)
    width = max(1.0, min(right - left, columns * theme.px(WIDEST)))
    return QRectF(left, area.top(), width, area.height())


def paint_strip(
    painter: QPainter,
    theme: Theme,
    area: QRectF,
    box: QRectF,
    covered: NDArray[np.float64],
    lit: Iterable[int],
) -> None:
    """Bars from 0 to the largest of `covered` (G,), but at least to 1, which a line marks.

    lit: columns that stand out.
    """
    most = max(1.0, float(covered.max(initial=0.0)))
    middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    painter.setFont(theme.font(0.8))
    painter.setPen(theme.colour("dim"))
    painter.drawText(area, middle | Qt.TextFlag.TextDontClip, LABEL)
    scale = QRectF(box.right() + theme.px(6), area.top(), area.width(), area.height())
    painter.drawText(scale, middle | Qt.TextFlag.TextDontClip, f"to {most:.1f}")
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.fillRect(box, theme.colour("raised"))
    merged = peaks(covered[None], 1, max(1, int(box.width())))
    pitch = box.width() / len(covered) * merged.columns
    gap = 1 if pitch >= 4 else 0
    stand_out = {column // merged.columns for column in lit}
    hue, ground = theme.hue("source"), theme.hue("source", 0.3)
    for index, value in enumerate(merged.values[0].tolist()):
        left = round(box.left() + index * pitch)
        right = round(min(box.left() + (index + 1) * pitch, box.right()))
        wide, high = max(1, right - left - gap), round(value / most * (box.height() - 1))
        if index in stand_out:
            painter.fillRect(QRectF(left, box.top(), wide, box.height()), ground)
        if high:
            painter.fillRect(QRectF(left, box.bottom() - high, wide, high), hue)
    line = QRectF(box.left(), box.bottom() - box.height() / most, box.width(), 1)
    painter.fillRect(line, theme.colour("border"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
