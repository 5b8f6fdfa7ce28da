"""Matrices of numbers as images, with no more cells than there are pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF
from PySide6.QtGui import QImage, QImageWriter, QPainter

from attn_desktop.gui.numbers import level_text
from attn_desktop.gui.theme import Theme

Floats = NDArray[np.float64]
Colours = NDArray[np.uint8]

#: Share of the numbers that the colours tell apart; larger ones have the full colour.
COLOURED = 0.99


@dataclass(frozen=True, eq=False)
class Peaks:
    """A matrix with one cell for each block of `rows` × `columns` numbers.

    values: of each block, the number of largest magnitude, so that no peak is lost; NaN where
    a block holds no number.
    """

    values: Floats
    rows: int
    columns: int


def peaks(values: Floats, high: int, wide: int) -> Peaks:
    """Merge blocks of a matrix until it has at most `high` rows and `wide` columns."""
    blocks = tuple(
        max(1, math.ceil(count / max(1, room)))
        for count, room in zip(values.shape, (high, wide), strict=True)
    )
    for axis, block in enumerate(blocks):
        if block > 1:
            starts = np.arange(0, values.shape[axis], block)
            most = np.fmax.reduceat(values, starts, axis=axis)
            least = np.fmin.reduceat(values, starts, axis=axis)
            values = np.where(most >= -least, most, least)
    return Peaks(values, *blocks)


def colour_limit(values: Floats) -> float:
    """The magnitude at which colours end: few numbers are larger, and most differ in colour."""
    sizes = np.abs(values[np.isfinite(values)])
    return (float(np.quantile(sizes, COLOURED)) if sizes.size else 0.0) or 1.0


def signed_image(values: Floats, limit: float, theme: Theme) -> QImage:
    """A pixel a number, in the diverging colours from −limit to limit; NaN in the faint colour."""
    return image(signed_colours(values, limit, theme))


def signed_colours(values: Floats, limit: float, theme: Theme) -> Colours:
    """Signed numbers (T, G) in the diverging colours, (T, G, 3); NaN in the faint colour."""
    places = np.nan_to_num(values / limit, posinf=1.0, neginf=-1.0).clip(-1, 1)
    return _coloured(values, (places + 1) / 2, theme.diverging_lut(), theme)


def alpha_colours(values: Floats, theme: Theme) -> Colours:
    """α (T, G) in its colours, (T, G, 3); NaN in the faint colour."""
    places = np.nan_to_num(values, posinf=1.0).clip(0, 1)
    return _coloured(values, places, theme.alpha_lut(), theme)


def alpha_ends(end: float, theme: Theme) -> str:
    """What the ends of the colours of α mean. end: the α of the last one."""
    dark, bright = ("black", "white") if theme.alpha_map == "grey" else ("dark", "bright")
    return f"α  {dark} 0 · {bright} {level_text(end)}"


def _coloured(values: Floats, places: Floats, lut: Colours, theme: Theme) -> Colours:
    """Colours at places from 0 to 1; faint where there is no number."""
    colours = lut[np.rint(places * 255).astype(np.uint8)]
    faint = theme.colour("faint")
    colours[np.isnan(values)] = (faint.red(), faint.green(), faint.blue())
    return colours


def image(colours: Colours) -> QImage:
    """A pixel a colour, (rows, columns, 3)."""
    high, wide, _ = colours.shape
    data = np.ascontiguousarray(colours).tobytes()
    # A copy, since a QImage does not keep the memory alive that it shows.
    return QImage(data, wide, high, 3 * wide, QImage.Format.Format_RGB888).copy()


def png_bytes(image: QImage) -> bytes:
    """An image as the bytes of a PNG file."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(data.data())


def paint_cells(
    painter: QPainter, area: QRectF, cells: Peaks, image: QImage, shape: tuple[int, ...]
) -> None:
    """An image of cells over an area. shape: rows and columns before they were merged."""
    # The last cell may stand for fewer numbers than the others, and is cut accordingly.
    high = image.height() * cells.rows / shape[0] * area.height()
    wide = image.width() * cells.columns / shape[1] * area.width()
    painter.save()
    painter.setClipRect(area)
    painter.drawImage(QRectF(area.left(), area.top(), wide, high), image)
    painter.restore()
