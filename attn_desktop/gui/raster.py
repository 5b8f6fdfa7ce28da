"""Matrices of signed numbers as images, with no more cells than there are pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from attn_desktop.gui.theme import Theme

Floats = NDArray[np.float64]

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
    lut = theme.diverging_lut()
    places = np.nan_to_num(values / limit, posinf=1.0, neginf=-1.0).clip(-1, 1)
    colours = lut[np.rint((places + 1) * 127.5).astype(np.uint8)]
    faint = theme.colour("faint")
    colours[np.isnan(values)] = (faint.red(), faint.green(), faint.blue())
    high, wide, _ = colours.shape
    data = np.ascontiguousarray(colours).tobytes()
    # A copy, since a QImage does not keep the memory alive that it shows.
    return QImage(data, wide, high, 3 * wide, QImage.Format.Format_RGB888).copy()
