"""From α to a context: soft (the expectation) and hard (one drawn position).

Shapes: B rows, S source positions, H size of the annotations.
"""

from __future__ import annotations

import torch
from torch import Tensor


def soft_context(alpha: Tensor, states: Tensor) -> Tensor:
    """c_t = Σ_j α_tj h_j: (B, S) and (B, S, H) to (B, H) (Bahdanau et al. 2015, equation 5)."""
    return torch.bmm(alpha.unsqueeze(1), states).squeeze(1)


def hard_context(position: Tensor, states: Tensor) -> Tensor:
    """c_t = h_k: (B,) and (B, S, H) to (B, H) (Xu et al. 2015, equation 9)."""
    index = position.view(-1, 1, 1).expand(-1, 1, states.shape[2])
    return states.gather(1, index).squeeze(1)


def sample_position(weights: Tensor, draw: Tensor) -> Tensor:
    """k ~ Categorical(weights) by inverse CDF of the given u in [0, 1): (B, S), (B,) to (B,).

    Summed in float64, so that a position with weight 0 is never drawn and u alone decides. Of
    weights that are NaN the last position is taken: where to look can no longer be said, but a
    state that has become NaN must be there to be seen.
    """
    return sample_positions(weights, draw.unsqueeze(1)).squeeze(1)


def sample_positions(weights: Tensor, draws: Tensor) -> Tensor:
    """As `sample_position`, many for each row: (B, S), (B, K) to (B, K)."""
    cdf = weights.double().cumsum(dim=1)
    total = cdf[:, -1:].contiguous()
    # The last position with a weight above 0; none of them is found for NaN.
    last = torch.searchsorted(cdf, total).clamp_(max=cdf.shape[1] - 1)
    return torch.minimum(torch.searchsorted(cdf, draws.double() * total, right=True), last)
