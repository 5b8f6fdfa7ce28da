"""Ribbons between two rows, hundreds of them in a few milliseconds.

A ribbon is a line of a given thickness along the cubic Bézier curve that leaves the upper row and
meets the lower one upright, with both control points half way down. In files it is that stroke,
for which Qt takes a fifth of a millisecond or more. On the screen many are worked out together: in
a row of pixels all are at the same parameter of their curves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from attn_desktop.gui.painting import is_screen

Floats = NDArray[np.float64]

#: Up to so many, strokes are as fast.
FEW = 12
#: Rows of pixels worked out together: few, so that their numbers stay in the processor's cache.
BAND = 16
#: Parameters t of the curve with y and x there, each from 0 to 1.
_T = np.linspace(0.0, 1.0, 257)
_DOWN = 1.5 * _T * (1 - _T) + _T**3
_ACROSS = 3 * _T**2 - 2 * _T**3
#: dx/dy there, for a ribbon that goes as far across as down.
_SLOPE = 6 * _T * (1 - _T) / (1.5 - 3 * _T + 3 * _T**2)
STEEPEST = float(_SLOPE.max())


def paint_ribbons(
    painter: QPainter, ribbons: Floats, top: float, bottom: float, colour: QColor
) -> None:
    """Paint ribbons (N, 3): x at `top`, x at `bottom`, thickness. Where they cross, both show."""
    if len(ribbons) > FEW and is_screen(painter):
        _paint_image(painter, ribbons, top, bottom, colour)
        return
    middle = (top + bottom) / 2
    for above, below, thickness in ribbons.tolist():
        path = QPainterPath(QPointF(above, top))
        path.cubicTo(above, middle, below, middle, below, bottom)
        pen = QPen(colour, thickness)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.strokePath(path, pen)


def _paint_image(
    painter: QPainter, ribbons: Floats, top: float, bottom: float, colour: QColor
) -> None:
    """The same as an image, a pixel of it a pixel of the screen."""
    scale = painter.deviceTransform().m11()
    first = round(top * scale)
    high = max(round(bottom * scale) - first, 1)
    above, below, thickness = ribbons.T * scale
    # Edges at their flattest reach as far to either side as this.
    spare = np.hypot(1.0, (below - above) / high * STEEPEST) * (thickness + 2)
    left = int((np.minimum(above, below) - spare).min()) - 1
    wide = int((np.maximum(above, below) + spare).max()) + 2 - left
    moved = np.stack([above - left, below - left, thickness])
    shades = _shades(colour)
    pixels = np.empty((high, wide), dtype=np.uint32)
    for start in range(0, high, BAND):
        rows = (np.arange(start, min(start + BAND, high)) + 0.5) / high
        pixels[start : start + BAND] = shades[_opacity(moved, rows, high, wide, colour.alphaF())]
    data = pixels.tobytes()
    image = QImage(data, wide, high, 4 * wide, QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(QRectF(left / scale, first / scale, wide / scale, high / scale), image)


def _opacity(
    ribbons: Floats, rows: Floats, high: int, wide: int, opacity: float
) -> NDArray[np.uint8]:
    """Of each pixel, from 0 to 255, in rows (R,) at shares of the height: (R, wide).

    ribbons: (3, N), as for `paint_ribbons`, in pixels.
    """
    above, below, thickness = ribbons
    t = np.interp(rows, _DOWN, _T)[:, None]
    middles = above + (below - above) * np.interp(t, _T, _ACROSS) + 0.5
    slopes = np.abs(below - above) / high * np.interp(t, _T, _SLOPE)
    halves = thickness / 2 * np.hypot(1.0, slopes)
    # What a sloping edge covers of a row of pixels grows over as many pixels as it goes across.
    rims = np.maximum(slopes, 1.0)
    # The share of each pixel that a ribbon covers is made of four straight lines over x, and so its
    # second difference of four impulses. Their sums over all ribbons are what is left transparent,
    # in logarithms: a share c of opacity a lets (1 - a)^c through.
    weights = np.log1p(-min(opacity, 0.995)) / rims
    middles += (np.arange(len(rows)) * wide)[:, None]
    inner, outer = halves - rims / 2, halves + rims / 2
    places = np.stack([middles - outer, middles - inner, middles + inner, middles + outer])
    whole = places.astype(np.int64)
    places -= whole
    weights = np.stack([weights, -weights, -weights, weights]).ravel()
    later = places.ravel() * weights
    through = np.bincount(whole.ravel(), weights - later, len(rows) * wide)
    through[1:] += np.bincount(whole.ravel(), later, len(rows) * wide)[:-1]
    through = through.reshape(len(rows), wide)
    for _ in range(2):
        np.cumsum(through, axis=1, out=through)
    seen = np.exp(np.minimum(through, 0.0).astype(np.float32))
    return (255.5 - 255 * seen).astype(np.uint8)


def _shades(colour: QColor) -> NDArray[np.uint32]:
    """The hue with each opacity of 0 to 255, premultiplied, as Qt packs it."""
    opacity = np.arange(256)
    channels = [
        (opacity * value + 127) // 255 for value in (colour.red(), colour.green(), colour.blue())
    ]
    packed = opacity << 24 | channels[0] << 16 | channels[1] << 8 | channels[2]
    return packed.astype(np.uint32)
