"""Where vectors lie: principal components of a cloud of points, and the hull around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """The directions in which a cloud of S points in H dimensions varies most, largest first.

    mean: (H,). components: (K, H), orthonormal, or zero where the cloud has fewer than K
    directions. coordinates: (S, K) of the points, NaN for those with a number that is not finite.
    ratios: (K,) share of each component in the whole variance; 0 where nothing varies.
    """

    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    coordinates: NDArray[np.float64]
    ratios: NDArray[np.float64]

    def project(self, points: Floats) -> NDArray[np.float64]:
        """Coordinates of other points in the same components: (…, H) to (…, K).

        An affine map: what lies in a convex hull stays in the hull of the projections.
        """
        points = np.asarray(points, dtype=np.float64)
        finite = np.isfinite(points).all(axis=-1, keepdims=True)
        projected = (np.where(finite, points, 0.0) - self.mean) @ self.components.T
        return np.where(finite, projected, np.nan)


def principal_components(points: Floats, count: int = 2) -> PrincipalComponents:
    """The first `count` principal components of points (S, H) (Pearson 1901).

    From the singular values of the centred points. Signs, which the decomposition leaves open, are
    chosen such that the entry of largest magnitude of each component is positive. Points with a
    number that is not finite are left out.
    """
    points = np.asarray(points, dtype=np.float64)
    sound = points[np.isfinite(points).all(axis=1)]
    hidden = points.shape[1]
    mean = sound.mean(axis=0) if len(sound) else np.zeros(hidden)
    components, ratios = np.zeros((count, hidden)), np.zeros(count)
    if len(sound):
        _, sizes, directions = np.linalg.svd(sound - mean, full_matrices=False)
        # What is left of equal points after centring is rounding, not a direction.
        scale = np.abs(sound).max(initial=0.0) * np.sqrt(sound.size)
        kept = directions[:count][sizes[:count] > np.finfo(np.float64).eps * scale]
        largest = np.take_along_axis(kept, np.abs(kept).argmax(axis=1)[:, None], axis=1)
        components[: len(kept)] = kept * np.sign(largest)
        if len(kept):
            ratios[: len(kept)] = sizes[: len(kept)] ** 2 / (sizes**2).sum()
    found = PrincipalComponents(mean, components, np.zeros((0, count)), ratios)
    return PrincipalComponents(mean, components, found.project(points), ratios)


def convex_hull(points: Floats) -> NDArray[np.int64]:
    """Indices of the corners of the convex hull of points (N, 2), by Andrew's chain (1979).

    Anticlockwise (y upwards) from the leftmost, lowest one. Of equal points the first counts;
    points on an edge are no corners: a line gives its two ends, a single point itself. Points that
    are not finite are left out.
    """
    points = np.asarray(points, dtype=np.float64)
    sound = np.flatnonzero(np.isfinite(points).all(axis=1))
    order = sound[np.lexsort((sound, points[sound, 1], points[sound, 0]))]
    places = [(float(x), float(y)) for x, y in points[order]]
    # Equal points are neighbours in this order.
    distinct = [i for i in range(len(places)) if i == 0 or places[i] != places[i - 1]]
    if len(distinct) < 3:
        return order[distinct]
    lower = _chain(places, distinct)
    upper = _chain(places, distinct[::-1])
    return order[lower[:-1] + upper[:-1]]


def _chain(places: list[tuple[float, float]], order: list[int]) -> list[int]:
    """The corners passed on the right hand on the way through `order`, both ends included."""
    corners: list[int] = []
    for i in order:
        while len(corners) >= 2 and _turn(places[corners[-2]], places[corners[-1]], places[i]) <= 0:
            corners.pop()
        corners.append(i)
    return corners


def _turn(
    first: tuple[float, float], second: tuple[float, float], third: tuple[float, float]
) -> float:
    """Positive where the way over the three points turns left, 0 where it goes straight on."""
    return (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (
        third[0] - first[0]
    )
