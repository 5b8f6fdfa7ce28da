"""Choices of many rows at once, and which of them the last bits of a number may have decided.

A row of a batch differs from the same row on its own by rounding: sums have another order. Where
that could have led to another token or position, the choice is called close.

Shapes: R rows, V target vocabulary, K some of it or of the source positions.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attn_desktop.attention.weighting import sample_position
from attn_desktop.decoding.choosers import tempered
from attn_desktop.trace.run_tree import Choice

#: Tokens of a row that are sorted first; few draws fall on others.
LIKELY = 128
#: What a log p or an energy may be off in a batch: more than was found with any model.
SLACK = 1e-5


def likeliest(log_probs: Tensor) -> tuple[Tensor, Tensor]:
    """The likeliest tokens by log p (R, V), and whether each was close: (R,) both."""
    two = torch.topk(log_probs, 2, dim=1)
    return two.indices[:, 0], two.values[:, 0] - two.values[:, 1] < 2 * SLACK


def sample(log_probs: Tensor, choice: Choice, u: Tensor) -> tuple[Tensor, Tensor]:
    """`choosers.sample_token`, and whether another token was as good: (R, V), (R,) to (R,) each.

    Most rows take one of their likeliest tokens, which need not be sorted among all.
    """
    likely, ids = torch.topk(log_probs, min(LIKELY, log_probs.shape[1]), dim=1)
    totals = [
        torch.logsumexp(logs.double() / choice.temperature, dim=1) for logs in (likely, log_probs)
    ]
    share = torch.exp(totals[0] - totals[1])
    rank, close = _rank(likely, choice, u / share, share)
    tokens = ids.gather(1, rank.unsqueeze(1)).squeeze(1)
    beyond = (u >= share).nonzero().squeeze(1)
    if len(beyond):
        order = torch.argsort(log_probs[beyond], dim=1, descending=True)
        ordered = log_probs[beyond].gather(1, order)
        rank, close[beyond] = _rank(ordered, choice, u[beyond], torch.ones_like(share[beyond]))
        tokens[beyond] = order.gather(1, rank.unsqueeze(1)).squeeze(1)
    return tokens, close


def _rank(ordered: Tensor, choice: Choice, draw: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Which of some log p (R, K), the largest first, a draw picks, and whether it was close.

    share: (R,) of the probability that they have together.
    """
    probabilities, _ = tempered(ordered, choice)
    rank = sample_position(probabilities, draw)
    gaps = torch.nn.functional.pad(ordered[:, :-1] - ordered[:, 1:], (1, 1), value=torch.inf)
    swapped = gaps.gather(1, torch.stack([rank, rank + 1], dim=1)) < 2 * SLACK
    return rank, swapped.any(dim=1) | near_edge(probabilities, draw, rank, share)


def near_edge(weights: Tensor, draw: Tensor, picked: Tensor, share: Tensor) -> Tensor:
    """Whether u (R,) may be beyond where the picked one of the weights (R, K) begins or ends.

    share: of all weights that these are, and u is the draw over it. Of a softmax whose logits are
    off by ε at most, F = Σ_{i≤k} p_i is off by 2 ε F (1 − F).
    """
    cdf = torch.nn.functional.pad(weights.double().cumsum(dim=1), (1, 0))
    edges = (cdf / cdf[:, -1:]).gather(1, torch.stack([picked, picked + 1], dim=1))
    edges *= share.unsqueeze(1)
    off = 2 * SLACK * edges * (1 - edges)
    return ((edges - (draw * share).unsqueeze(1)).abs() < off).any(dim=1)
