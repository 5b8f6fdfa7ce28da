"""Shapes that several painted panels draw."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPolygonF


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


def elided(text: str, font: QFont, room: float) -> str:
    """Text cut to `room` pixels, with … in place of what is missing."""
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
