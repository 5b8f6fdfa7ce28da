"""A part of a painted panel that stays the same while the playhead moves."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPixmap

from attn_desktop.gui.painting import is_screen


class Layer:
    """What takes long to paint, kept as an image for the screen; files get the drawing itself."""

    def __init__(self) -> None:
        self._kept: tuple[object, QPixmap] | None = None

    def clear(self) -> None:
        """Paint it anew the next time."""
        self._kept = None

    def paint(
        self, painter: QPainter, size: QSize, key: object, draw: Callable[[QPainter], None]
    ) -> None:
        """Paint what `draw` draws into an area of `size`; `key`: all that it depends on."""
        if not is_screen(painter):
            draw(painter)
            return
        scale = painter.deviceTransform().m11()
        key = (size, scale, key)
        if self._kept is None or self._kept[0] != key:
            pixmap = QPixmap(size * scale)
            pixmap.setDevicePixelRatio(scale)
            pixmap.fill(Qt.GlobalColor.transparent)
            inner = QPainter(pixmap)
            inner.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw(inner)
            inner.end()
            self._kept = (key, pixmap)
        painter.drawPixmap(0, 0, self._kept[1])
