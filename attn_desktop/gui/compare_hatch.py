"""Hatching: what there is nothing to say about, told apart from a 0."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainterPath


def hatched(area: QRectF, across: float, down: float, apart: float) -> QPainterPath:
    """Lines that rise to the right at 45° on the screen, all over an area of a plot.

    across, down: pixels a unit; apart: pixels from line to line along a row. The y axis points
    down.
    """
    path = QPainterPath()
    wide, high = area.width() * across, area.height() * down
    # A line is where x + y (in pixels) is a multiple of `apart`, so that areas next to each
    # other, and one area as it is moved, have the same lines.
    offset = area.left() * across + area.top() * down
    first = math.floor(offset / apart) + 1
    last = math.ceil((offset + wide + high) / apart)
    for index in range(first, last):
        along = index * apart - offset
        start_x, start_y = max(0.0, along - high), min(high, along)
        end_x, end_y = min(wide, along), max(0.0, along - wide)
        path.moveTo(area.left() + start_x / across, area.top() + start_y / down)
        path.lineTo(area.left() + end_x / across, area.top() + end_y / down)
    return path
