"""Shapes that several painted panels draw."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPaintEngine,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
)

from attn_desktop.gui.theme import Theme


def diamond(centre: QPointF, radius: float) -> QPolygonF:
    """The mark of a sampled position and of a branch."""
    x, y = centre.x(), centre.y()
    return QPolygonF(
        [
            QPointF(x, y - radius),
            QPointF(x + radius, y),
            QPointF(x, y + radius),
            QPointF(x - radius, y),
        ]
    )


def fill_rounded(painter: QPainter, box: QRectF, radius: float, colour: QColor) -> None:
    """A pill or card without an outline."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(box, radius, radius)


def focus_frame(painter: QPainter, box: QRectF, theme: Theme) -> None:
    """Around what has the keyboard, as fields and buttons show it."""
    painter.setPen(QPen(theme.hue("source"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), theme.px(4), theme.px(4))


def elided(text: str, font: QFont, room: float) -> str:
    """Text cut to `room` pixels, with … in place of what is missing."""
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)


def is_screen(painter: QPainter) -> bool:
    """Whether pixels are painted; what goes into a file keeps its shape."""
    return painter.paintEngine().type() == QPaintEngine.Type.Raster


def draw_line(
    painter: QPainter, path: QPainterPath, colour: QColor, width: float = 1.0, dashed: bool = False
) -> None:
    """A line with many turns, in an opaque colour.

    On the screen it is made of strokes one pixel wide, side by side along both axes: Qt draws
    those a hundred times faster than wider ones, which on a screen of many pixels all lines are.
    """
    fine = min(width, 1 / painter.deviceTransform().m11()) if is_screen(painter) else width
    pen = QPen(colour, fine)
    if dashed:
        pen.setDashPattern([4 / fine, 2 / fine])  # in widths of the pen
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    more = math.ceil(width / fine - 1 - 1e-6)
    for index in range(1, more + 1):
        aside = (width - fine) * index / more
        painter.drawPath(path.translated(aside, 0))
        painter.drawPath(path.translated(0, aside))


def draw_way(painter: QPainter, places: NDArray[np.float64], colour: QColor) -> None:
    """A thin line through places (N, 2), with gaps where they are not finite; it may be pale."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if not is_screen(painter):
        painter.setPen(QPen(colour, 1))
        painter.drawPath(pg.arrayToQPath(places[:, 0], places[:, 1], connect="finite"))
        return
    # Qt draws pieces one by one many times faster than a line of them that is wider than a pixel.
    pen = QPen(colour, 1)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    ends = np.hstack([places[:-1], places[1:]])
    painter.drawLines([QLineF(*end) for end in ends[np.isfinite(ends).all(axis=1)].tolist()])


def write_in(
    painter: QPainter,
    area: QRectF,
    text: str,
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """A text in the middle of the height of an area, cut to its width."""
    flags = side | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(area, flags, elided(text, painter.font(), area.width()))


def write_longest(
    painter: QPainter,
    area: QRectF,
    texts: Sequence[str],
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """The first of several texts, the longest first, that fits into an area; else the last, cut."""
    metrics = QFontMetricsF(painter.font())
    fitting = (text for text in texts if metrics.horizontalAdvance(text) <= area.width())
    write_in(painter, area, next(fitting, texts[-1]), side)
