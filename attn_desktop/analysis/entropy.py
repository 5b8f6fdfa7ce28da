"""Entropies in nats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def entropy(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """−Σ_j p_j log p_j over the last axis: (…, S) to (…), in nats, with 0 · log 0 = 0.

    From 0 for all weight on one position to log S for equal weights. Computed in float64.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    # log 1 = 0 stands in for log 0, whose product with p = 0 would not be a number.
    logs = np.log(np.where(p > 0, p, 1.0))
    # + 0.0 turns the -0.0 of a single 1 into 0.0.
    total: NDArray[np.float64] = -(p * logs).sum(axis=-1) + 0.0
    return total
