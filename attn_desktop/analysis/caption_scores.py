"""Two numbers for each of many outputs, to sort them by: how sure, and how widely it looked."""

from __future__ import annotations

import math
from collections.abc import Sequence


def confidence(log_probs: Sequence[float]) -> float:
    """Mean of log p(y_t) over the T tokens of an output, in nats: 0 for certainty.

    Its exponential is the geometric mean of their probabilities, so outputs of different lengths
    compare. NaN without tokens.
    """
    return math.fsum(log_probs) / len(log_probs) if log_probs else math.nan


def spread(entropies: Sequence[float], positions: int) -> float:
    """Mean over T steps of H(α_t) / log S: 0 for one position at every step, 1 for equal weights.

    entropies: H(α_t) in nats. positions: S. NaN without attention, and where S is 1, since there
    is nothing to choose from.
    """
    if not entropies or positions < 2:
        return math.nan
    return math.fsum(entropies) / len(entropies) / math.log(positions)
