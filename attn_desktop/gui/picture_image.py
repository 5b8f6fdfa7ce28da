"""The picture of a run as Qt paints it, scaled once for each size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from attn_desktop.gui.painting import is_screen
from attn_desktop.gui.raster import image
from attn_desktop.trace.records import RunRecord


class PictureImage:
    """pixels: (height, width, 3) uint8, as in a `RunRecord`."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels
        self.image: QImage = image(pixels)
        self._scaled: tuple[object, QPixmap] | None = None

    @property
    def ratio(self) -> float:
        """Of its width to its height."""
        return self.image.width() / self.image.height()

    def fitted(self, room: QRectF) -> QRectF:
        """Where it goes into a room: whole, its sides in proportion, in the middle."""
        return fitted(self.ratio, room)

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Paint it over an area of whole pixels; a file gets all that there is of it."""
        scale = painter.deviceTransform().m11()
        size = (area.size() * scale).toSize()
        if not is_screen(painter) or size.isEmpty():
            painter.drawImage(area, self.image)
            return
        if self._scaled is None or self._scaled[0] != (size, scale):
            self._scaled = ((size, scale), self._scaled_to(size, scale))
        painter.drawPixmap(area.topLeft(), self._scaled[1])

    def _scaled_to(self, size: QSize, scale: float) -> QPixmap:
        keep, smooth = Qt.AspectRatioMode, Qt.TransformationMode
        scaled = self.image.scaled(size, keep.IgnoreAspectRatio, smooth.SmoothTransformation)
        pixmap = QPixmap.fromImage(scaled)
        pixmap.setDevicePixelRatio(scale)
        return pixmap


class Pictures:
    """Keeps the image of the run that was shown last, so that stepping makes none anew."""

    def __init__(self) -> None:
        self._held: PictureImage | None = None

    def of(self, run: RunRecord | None) -> PictureImage | None:
        """The picture of a run, None where it has none."""
        pixels: NDArray[Any] | None = None if run is None else run.picture
        if pixels is None or 0 in pixels.shape:
            self._held = None
        elif self._held is None or self._held.pixels is not pixels:
            self._held = PictureImage(pixels)
        return self._held


def fitted(ratio: float, room: QRectF) -> QRectF:
    """The largest area of a ratio of width to height in the middle of a room, in whole pixels."""
    wide = min(room.width(), room.height() * ratio)
    wide, high = max(1, round(wide)), max(1, round(wide / ratio))
    left = room.left() + (room.width() - wide) / 2
    return QRectF(round(left), round(room.top() + (room.height() - high) / 2), wide, high)
