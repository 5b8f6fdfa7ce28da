"""Gradients through a choice that has none: exact, estimated from samples, and the soft path's.

Hard attention draws k ~ α and reads h_k. The drawn k is a step function of the energies, so what
is climbed is an expectation, J(e) = Σ_k α_k r_k with r_k = log p(y | h_k), which bounds
log Σ_k α_k p(y | h_k) from below (Xu et al. 2015, equations 10 and 11). All gradients here are by
the energies e, with α ∝ exp(e_j) times whatever does not depend on e: a mask, a window or the
Gaussian of local-p.

Shapes: S source positions, R repeats, K samples of each, C numbers of samples at which an
estimate is read off; H size of the annotations. Rewards r and gradients are float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from attn_desktop.attention.weighting import soft_context

#: Weight of the past in a moving average of rewards, in training as in the laboratory.
BASELINE_DECAY = 0.95


def expected_reward(alpha: Tensor, rewards: Tensor) -> Tensor:
    """J = Σ_k α_k r_k of (S,) each: ()."""
    return (alpha * rewards).sum()


def exact_gradient(alpha: Tensor, rewards: Tensor) -> Tensor:
    """∂J/∂e_j = α_j (r_j − J), by enumeration of all positions: (S,)."""
    return alpha * (rewards - expected_reward(alpha, rewards))


def score_functions(alpha: Tensor) -> Tensor:
    """∇_e log α_k = onehot(k) − α in row k: (S, S)."""
    return torch.eye(len(alpha), dtype=alpha.dtype, device=alpha.device) - alpha


def squared_scores(alpha: Tensor) -> Tensor:
    """‖∇_e log α_k‖² = 1 − 2 α_k + Σ_j α_j² of every k: (S,)."""
    return 1 - 2 * alpha + (alpha * alpha).sum()


def optimal_baseline(alpha: Tensor, rewards: Tensor) -> Tensor:
    """The fixed b of least variance, Σ_k α_k ‖∇ log α_k‖² r_k / Σ_k α_k ‖∇ log α_k‖²: ().

    Of all scalars that no sample decides about (Weaver and Tao 2001; Greensmith et al. 2004,
    theorem 8). Where α is a single position every b is as good, and it is J.
    """
    weights = alpha * squared_scores(alpha)
    total = weights.sum()
    if total <= 0:
        return expected_reward(alpha, rewards)
    return (weights * rewards).sum() / total


def variance(alpha: Tensor, rewards: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Variance of (r_k − b) ∇_e log α_k in the direction of each energy, k ~ α: (…, S).

    first, second: (…) E b and E b² of a baseline that does not depend on k; of a fixed one b and
    b². Its sum over S is the trace of the covariance.
    """
    scores = score_functions(alpha)
    first, second = first.unsqueeze(-1), second.unsqueeze(-1)
    squares = rewards**2 - 2 * rewards * first + second  # (…, S) E (r_k − b)²
    raw = (alpha * squares) @ (scores * scores)
    return (raw - exact_gradient(alpha, rewards) ** 2).clamp(min=0.0)


def moving_baselines(rewards: Tensor, start: float, decay: float = BASELINE_DECAY) -> Tensor:
    """b of every sample, from the rewards (R, K) of those before it alone: (R, K).

    b_1 = start, b_{i+1} = decay · b_i + (1 − decay) · r_i. The reward of a sample has no part in
    its own baseline, or else the estimate would be biased.
    """
    baselines = torch.empty_like(rewards)
    current = torch.full_like(rewards[:, 0], start)
    for i in range(rewards.shape[1]):
        baselines[:, i] = current
        current = decay * current + (1 - decay) * rewards[:, i]
    return baselines


def moving_moments(
    alpha: Tensor, rewards: Tensor, start: float, counts: Sequence[int], decay: float
) -> tuple[Tensor, Tensor]:
    """E b and E b² of `moving_baselines`, each averaged over the first samples: (C,) and (C,).

    With them `variance` is that of the mean of so many samples, times their number: given the
    samples before it, a term has the mean ∇J whatever its baseline is, so terms do not covary.
    """
    mean = float(expected_reward(alpha, rewards))
    spread = float((alpha * (rewards - mean) ** 2).sum())
    i = torch.arange(max(counts), dtype=torch.float64)
    first = mean + (start - mean) * decay**i
    own = spread * (1 - decay) / (1 + decay) * (1 - decay ** (2 * i))  # Var b_{i+1}
    numbers = torch.tensor(list(counts))
    averages = [moment.cumsum(0)[numbers - 1] / numbers for moment in (first, first**2 + own)]
    return averages[0], averages[1]


def estimates(
    alpha: Tensor,
    rewards: Tensor,
    positions: Tensor,
    baselines: Tensor | float,
    counts: Sequence[int],
) -> Tensor:
    """REINFORCE: g = (1/K) Σ_i (r_{k_i} − b_i) ∇_e log α_{k_i} (Williams 1992): (C, R, S).

    positions: (R, K) k_i. baselines: b or (R, K) b_i. counts: so many of the first samples, in
    ascending order, each at most K.
    """
    repeats, size = len(positions), len(alpha)
    advantages = rewards[positions] - baselines
    cells = positions + size * torch.arange(repeats).unsqueeze(1)
    total = torch.zeros(repeats, size, dtype=advantages.dtype)
    found, done = [], 0
    for count in counts:
        more = slice(done, count)
        added = torch.bincount(
            cells[:, more].flatten(), advantages[:, more].flatten(), repeats * size
        )
        total = total + added.reshape(repeats, size)
        # Σ_i a_i (onehot(k_i) − α): the advantages where they fell, less α times their sum.
        found.append((total - alpha * total.sum(dim=1, keepdim=True)) / count)
        done = count
    return torch.stack(found)


def soft_gradient(
    log_prob: Callable[[Tensor], Tensor], alpha: Tensor, states: Tensor
) -> tuple[Tensor, Tensor]:
    """log p(y | Σ_k α_k h_k) () and its gradient by the energies (S,), by autograd.

    log_prob: from a context (1, H) to the log-likelihood; states: (S, H) h_k. Another quantity
    than ∇J: the likelihood of the mean, where J is the mean of the likelihoods.
    """
    with torch.enable_grad():
        # Shifts of the energies, at 0: exp(log α_j + d_j), normalised, is α there.
        shifts = torch.zeros_like(alpha, requires_grad=True)
        weights = torch.softmax(alpha.log() + shifts, dim=0)
        context = soft_context(weights.unsqueeze(0).to(states.dtype), states.unsqueeze(0))
        value = log_prob(context)
        (gradient,) = torch.autograd.grad(value, shifts)
    return value.detach(), gradient
