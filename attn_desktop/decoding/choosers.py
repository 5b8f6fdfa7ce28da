"""From logits to the next token: greedy, sampled or forced.

Shapes: B rows, V target vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from attn_desktop.attention.weighting import sample_position
from attn_desktop.common.errors import InputError
from attn_desktop.trace.run_tree import Choice


def log_probabilities(logits: Tensor, never_chosen: tuple[int, ...]) -> Tensor:
    """log p(y) over the tokens that may be chosen, −inf for the others: (B, V) to (B, V).

    Padding and start markers were never targets, so a trained model gives them next to nothing;
    leaving them out makes the probabilities of what can be chosen sum to 1. Overwrites these
    logits, since a copy of them would cost as much as the softmax.
    """
    logits.index_fill_(1, _index(never_chosen, logits.device), -torch.inf)
    return torch.log_softmax(logits, dim=1)


@cache
def _index(tokens: tuple[int, ...], device: torch.device) -> Tensor:
    # Kept for later calls of any kind; one made in inference mode could take part in no gradient.
    with torch.inference_mode(False):
        return torch.tensor(tokens, dtype=torch.int64, device=device)


def choose(log_probs: Tensor, choice: Choice, draw: Callable[[], Tensor]) -> Tensor:
    """Token ids (B,) by `choice`: `greedy` or `sampled`.

    draw: called where chance decides, for (B,) u in [0, 1).
    """
    if choice.how == "greedy":
        return _likeliest(log_probs)
    if choice.how == "sampled":
        return sample_token(log_probs, choice, draw())
    raise InputError(f"a {choice.how} token is given, not chosen")


def _likeliest(log_probs: Tensor) -> Tensor:
    """The first of the largest in every row; on the CPU by numpy, which is 15 times faster."""
    if log_probs.is_cpu:
        return torch.from_numpy(log_probs.numpy().argmax(axis=1))
    return log_probs.argmax(dim=1)


def sample_token(log_probs: Tensor, choice: Choice, draw: Tensor) -> Tensor:
    """Inverse CDF over what `tempered` makes of log p (B, V), by u (B,): (B,)."""
    probabilities, order = tempered(log_probs, choice)
    rank = sample_position(probabilities, draw)
    return order.gather(1, rank.unsqueeze(1)).squeeze(1)


def tempered(log_probs: Tensor, choice: Choice) -> tuple[Tensor, Tensor]:
    """What tokens are drawn from: probabilities and token ids (B, V), likeliest first.

    Temperature first, then top-k, then top-p (Holtzman et al. 2020) over what is left; the
    likeliest token always stays. The sum of those left may be below 1. Computed in float64, so
    that u alone decides.
    """
    ordered, order = torch.sort(log_probs.double(), dim=1, descending=True)
    # Relative to the likeliest, which no temperature can then carry out of range.
    ordered = (ordered - ordered[:, :1]) / choice.temperature
    if choice.top_k is not None:
        ordered[:, choice.top_k :] = -torch.inf
    probabilities = torch.softmax(ordered, dim=1)
    if choice.top_p is not None:
        before = probabilities.cumsum(dim=1) - probabilities
        probabilities = probabilities.masked_fill(before >= choice.top_p, 0.0)
    return probabilities, order
