"""How the steps of a run look at its source: α of all of them, what it adds up to, how wide it is.

Steps without attention are rows of NaN, which count nothing in a sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.entropy import entropy
from attn_desktop.trace.records import AttentionRecord, StepRecord

Floats = NDArray[np.floating[Any]]


def alpha_matrix(steps: Sequence[StepRecord], size: int) -> NDArray[np.float64]:
    """α_tj of each step over `size` source positions, averaged over layers and heads: (T, S)."""
    matrix = np.full((len(steps), size), np.nan)
    for row, step in enumerate(steps):
        if step.cross is not None:
            alpha = step.cross.alpha
            # A mean of one is many times slower than the one.
            matrix[row] = alpha[0, 0] if alpha.shape[:2] == (1, 1) else alpha.mean(axis=(0, 1))
    return matrix


def coverage(alpha: Floats) -> NDArray[np.float64]:
    """Σ_t α_tj, how much each source position was looked at: (T, S) to (S,) (Tu et al. 2016).

    1 for a position that exactly one step looked at; numbers that are not finite count nothing.
    """
    total: NDArray[np.float64] = np.where(np.isfinite(alpha), alpha, 0.0).sum(
        axis=0, dtype=np.float64
    )
    return total


def widths(attention: AttentionRecord) -> tuple[float, float]:
    """H(α) and the most it could be, log n for n positions inside mask and window, in nats.

    Both are means over layers and heads.
    """
    allowed = (attention.mask & attention.window).sum(axis=-1)
    most = np.log(np.maximum(allowed, 1))
    with np.errstate(invalid="ignore"):  # α that is no number makes none
        spread = entropy(attention.alpha).mean()
    return float(spread), float(most.mean())
