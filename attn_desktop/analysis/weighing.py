"""From energies to α once more, in numpy: what `attention` computes, for the window's previews.

The engine's numbers are what was recorded; these say what they would be with another window or
temperature. Positions are 1-based inside the formulas, as in Luong et al. 2015, section 3.2.
Shapes: S source positions; where … stands, any number of layers and heads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Below it, D counts as 0; as in `attention/scopes.py`.
SMALLEST_HALF_WIDTH = 1e-6


@dataclass(frozen=True)
class Window:
    """Where a local scope looks. center: p_t, 1-based, on a grid its row and column; half_width: D.

    gaussian: whether α is multiplied by exp(−(j − p_t)² / 2σ²), σ = D/2, too, on a grid along
    both. grid: (rows, columns) where positions are the regions of a picture, row by row.
    """

    center: tuple[float, ...]
    half_width: float
    gaussian: bool = False
    grid: tuple[int, int] | None = None

    def inside(self, mask: Flags) -> Flags:
        """|j − p_t| ≤ D, and always the real position nearest to p_t, so that α exists: (S,)."""
        if self.grid is None:
            return self._within(self._distances(len(mask))[0], mask)
        rows, columns = (
            self._within(distance, np.ones(len(distance), dtype=np.bool_))
            for distance in self._distances(len(mask))
        )
        return np.logical_and.outer(rows, columns).ravel()

    def log_prior(self, size: int) -> Floats:
        """What is added to the energies, (S,): −(j − p_t)² / 2σ², 0 without a Gaussian.

        For σ → 0 it is 0 too: the window lets one position through, and a square would overflow.
        """
        if not self.gaussian or self.half_width < SMALLEST_HALF_WIDTH:
            return np.zeros(size)
        sigma = self.half_width / 2
        with np.errstate(over="ignore"):
            squares = [(distance / sigma) ** 2 for distance in self._distances(size)]
        prior: Floats = -(squares[0] if self.grid is None else np.add.outer(*squares).ravel()) / 2
        return prior

    def _distances(self, size: int) -> list[Floats]:
        """|j − p_t| along each axis."""
        lengths = (size,) if self.grid is None else self.grid
        return [
            np.abs(np.arange(1, length + 1, dtype=np.float64) - center)
            for length, center in zip(lengths, self.center, strict=True)
        ]

    def _within(self, distance: Floats, real: Flags) -> Flags:
        nearest = distance[real].min(initial=np.inf)
        return np.asarray(distance <= max(nearest, self.half_width))


def weigh(
    energies: NDArray[Any], allowed: Flags, log_prior: Floats | None = None, temperature: float = 1
) -> Floats:
    """α: softmax of e/τ + log prior, (…, S), over the allowed positions, exactly 0 elsewhere.

    temperature: τ ≥ 0; 0 is its limit, all of α on the largest energy, shared where several are
    equally large. Each row must allow a position. Numbers that are not finite stay so.
    """
    values = np.where(allowed, energies, -np.inf).astype(np.float64)
    with np.errstate(all="ignore"):
        # Relative to the largest, which no temperature can then carry out of range.
        values = values - values.max(axis=-1, keepdims=True)
        values = values / temperature if temperature > 0 else np.where(values < 0, -np.inf, values)
        if log_prior is not None:
            values = values + log_prior
            values = values - values.max(axis=-1, keepdims=True)
        weights = np.exp(values)
        alpha: Floats = weights / weights.sum(axis=-1, keepdims=True)
    return alpha


def drawn(alpha: Floats, u: float) -> int:
    """k: the first position at which the running sum of α (S,) exceeds u, in [0, 1), of its whole.

    The last one with any α for want of such; 0 where α is no number.
    """
    sums = np.cumsum(alpha)
    if not np.isfinite(sums[-1]) or not sums[-1] > 0:
        return 0
    last = int(np.flatnonzero(alpha > 0)[-1])
    return min(int(np.searchsorted(sums, u * sums[-1], side="right")), last)
