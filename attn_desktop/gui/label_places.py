"""Where labels beside points go, so that none lies on another or on a point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Bounds = tuple[float, float, float, float]

#: The sides of a point: x to the right, y downwards.
SIDES = np.array([(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)], float)
#: A corner comes this much nearer than a side, for a disc leaves room there.
CORNER = 0.7
#: How far off a label may be moved, in heights, if it must be somewhere; it then needs a line.
FURTHER = (1.0, 2.0, 3.5)


def boxes(centres: Floats, half: Floats | float) -> Floats:
    """Squares (N, 4) around points (N, 2), as left, top, right, bottom."""
    half = np.broadcast_to(np.asarray(half, dtype=np.float64), len(centres))[:, None]
    return np.hstack([centres - half, centres + half])


def clashes(one: Floats, other: Floats) -> Flags:
    """Which boxes (N, 4) overlap any of the other boxes (M, 4): (N,). Those of NaN never do."""
    a, b = one[:, None, :], other[None, :, :]
    apart = (a[..., 0] < b[..., 2]) & (b[..., 0] < a[..., 2])
    return np.asarray((apart & (a[..., 1] < b[..., 3]) & (b[..., 1] < a[..., 3])).any(axis=1))


def place_labels(
    points: Floats,
    radii: Floats,
    sizes: Floats,
    taken: Floats,
    bounds: Bounds,
    gap: float,
    must: Flags,
) -> Floats:
    """Boxes (N, 4) of labels beside points (N, 2), greedily from the first on; NaN: left out.

    Labels prefer the side away from the middle of `bounds`. sizes: (N, 2) widths and heights.
    taken: (M, 4) boxes to keep clear of. gap: between the rim of a point and its label. must:
    (N,) labels that may move further away. All in pixels.
    """
    placed = np.full((len(points), 4), np.nan)
    busy = np.concatenate([taken, placed])
    centre = np.array([bounds[0] + bounds[2], bounds[1] + bounds[3]]) / 2
    for i, point in enumerate(points):
        if not np.isfinite(point).all():
            continue
        away = (SIDES @ (point - centre)) / np.linalg.norm(SIDES, axis=1)
        sides = SIDES[np.argsort(-away, kind="stable")]
        near = np.where(np.abs(sides).sum(axis=1) > 1, CORNER, 1.0) * (radii[i] + gap)
        further = FURTHER if must[i] else ()
        distances = [near, *(near + step * sizes[i, 1] for step in further)]
        middles = np.concatenate(
            [point + sides * (distance[:, None] + sizes[i] / 2) for distance in distances]
        )
        tried = np.hstack([middles - sizes[i] / 2, middles + sizes[i] / 2])
        inside = (tried[:, :2] >= bounds[:2]).all(axis=1) & (tried[:, 2:] <= bounds[2:]).all(axis=1)
        free = np.flatnonzero(inside & ~clashes(tried, busy[: len(taken) + i]))
        if len(free):
            placed[i] = busy[len(taken) + i] = tried[free[0]]
    return placed


@dataclass(frozen=True, eq=False)
class CalmLabels:
    """Labels of points that keep their places while now this one and now that one matters.

    points: (N, 2). sizes: (N, 2) of the labels. resting: (N, 4) their boxes when none matters.
    """

    points: Floats
    sizes: Floats
    bounds: Bounds
    gap: float
    resting: Floats

    @classmethod
    def at_rest(
        cls,
        points: Floats,
        radius: float,
        sizes: Floats,
        taken: Floats,
        bounds: Bounds,
        gap: float,
    ) -> CalmLabels:
        """Place all labels beside equal points, keeping clear of the boxes taken."""
        count = len(points)
        placed = place_labels(
            points, np.full(count, radius), sizes, taken, bounds, gap, np.zeros(count, np.bool_)
        )
        return cls(points, sizes, bounds, gap, placed)

    def arrange(
        self, first: NDArray[np.int64], radii: Floats, taken: Floats, must: Flags
    ) -> Floats:
        """Boxes (N, 4): those of `first` are placed anew, in that order; others rest or give way.

        radii: (N,) of the points now; must: (N,) may move away from its point.
        """
        labels = self.resting.copy()
        labels[clashes(labels, taken)] = np.nan
        labels[first] = np.nan
        now = place_labels(
            self.points[first],
            radii[first],
            self.sizes[first],
            taken,
            self.bounds,
            self.gap,
            must[first],
        )
        labels[clashes(labels, now)] = np.nan
        labels[first] = now
        return labels

    def left_out(self, labels: Floats) -> int:
        """How many points in view have no label."""
        inside = (self.points >= self.bounds[:2]).all(axis=1)
        inside &= (self.points <= self.bounds[2:]).all(axis=1)
        return int((inside & np.isnan(labels[:, 0])).sum())
