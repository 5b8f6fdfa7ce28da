"""Whether attention over a picture points at what a word names: the pointing game.

A grid of m × n regions covers the whole picture, row by row. Boxes are (left, top, right, bottom)
in shares of the picture's width and height, from its upper left corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[float, float, float, float]


def regions_in(boxes: NDArray[np.floating[Any]], grid: tuple[int, int]) -> NDArray[np.bool_]:
    """Which regions have their centre in which box: (…, m · n) of boxes (…, 4).

    An edge belongs to the box. A box of NaN has none.
    """
    y, x = ((np.arange(count) + 0.5) / count for count in grid)
    x0, y0, x1, y1 = np.moveaxis(np.asarray(boxes), -1, 0)[..., np.newaxis]
    across = (x0 <= x) & (x <= x1)
    down = (y0 <= y) & (y <= y1)
    inside = down[..., :, np.newaxis] & across[..., np.newaxis, :]
    return np.asarray(inside.reshape(*inside.shape[:-2], grid[0] * grid[1]))


def points_into(position: int, grid: tuple[int, int], boxes: Sequence[Box]) -> bool:
    """Whether the centre of a region lies in one of the boxes.

    With the strongest region of α it is the pointing game (Zhang et al. 2016, Top-down neural
    attention by excitation backprop, section 4.2), without a margin around the box.
    """
    return bool(regions_in(np.reshape(boxes, (-1, 4)), grid)[:, position].any())


def mass_inside(
    alpha: NDArray[np.floating[Any]], grid: tuple[int, int], boxes: Sequence[Box]
) -> float:
    """The share of α (S,) that lies in the boxes; a region cut by an edge counts in part."""
    inside = np.zeros(grid)
    for x0, y0, x1, y1 in _apart(boxes):
        columns = _overlap(x0, x1, grid[1])
        rows = _overlap(y0, y1, grid[0])
        inside += np.outer(rows, columns)
    total = float(alpha.sum())
    return float((alpha.reshape(grid) * inside).sum()) / total if total else 0.0


def _overlap(low: float, high: float, count: int) -> NDArray[np.float64]:
    """Which share of each of `count` equal parts of 0 to 1 lies between low and high."""
    edges = np.arange(count + 1) / count
    inside = np.minimum(edges[1:], high) - np.maximum(edges[:-1], low)
    return np.asarray(np.maximum(inside, 0) * count)


def _apart(boxes: Sequence[Box]) -> list[Box]:
    """The same area in boxes that do not overlap."""
    xs = sorted({x for box in boxes for x in (box[0], box[2])})
    ys = sorted({y for box in boxes for y in (box[1], box[3])})
    return [
        (x0, y0, x1, y1)
        for x0, x1 in pairwise(xs)
        for y0, y1 in pairwise(ys)
        if any(b[0] <= x0 and x1 <= b[2] and b[1] <= y0 and y1 <= b[3] for b in boxes)
    ]
