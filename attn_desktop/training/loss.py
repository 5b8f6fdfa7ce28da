"""What a batch costs: cross-entropy through the unrolled `step`, and REINFORCE for hard attention.

Shapes: B rows, T target positions, S source positions, R rows that count (no padding).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from attn_desktop.attention.estimators import BASELINE_DECAY
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.families.base import Family
from attn_desktop.training.data import Batch

#: Readout rows computed at once: keeps a buffer of rows × vocabulary inside the allocator's reach.
ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class HardSettings:
    """REINFORCE for hard attention (Xu et al. 2015, section 4.1).

    reward_weight: λ_r of the score-function term. entropy_weight: λ_e of the entropy of α.
    reward_decay: weight of the next token's reward relative to this one's; a position drawn at
    step t chiefly decides y_t, so later rewards are mostly noise.
    baseline_decay: of the moving average of rewards.
    """

    reward_weight: float = 1.0
    entropy_weight: float = 0.01
    reward_decay: float = 0.5
    baseline_decay: float = BASELINE_DECAY


@dataclass
class Baselines:
    """Moving averages of the reward, one per hard mode, kept with the training state."""

    values: dict[str, float] = field(default_factory=dict)

    def update(self, mode: Mode, reward: float, decay: float) -> float:
        """The baseline to subtract now; then move it towards this batch's mean reward."""
        current = self.values.get(str(mode), reward)
        self.values[str(mode)] = decay * current + (1 - decay) * reward
        return current


@dataclass(frozen=True)
class Unrolled:
    """A batch run through `step` with the true tokens.

    states: (T, B, N). contexts: (T, B, H). previous: (T, B, E). targets, real: (T, B).
    log_alpha, entropy: (T, B) log α of the drawn position and entropy of α at hard steps, 0 at
    others. hard_steps: T of them True where the mode was hard. looked: (B, S) Σ_t α_tj over the
    steps that count; None where no step had attention. pointed: log of the share of α where a step
    should look, of the steps of which that is said; empty without any.
    """

    states: Tensor
    contexts: Tensor
    previous: Tensor
    targets: Tensor
    real: Tensor
    log_alpha: Tensor
    entropy: Tensor
    hard_steps: list[bool]
    looked: Tensor | None
    pointed: Tensor


def unroll(model: Family, batch: Batch, modes: list[Mode]) -> Unrolled:
    """Teacher forcing: step through the targets, step t in `modes[min(t, len) - 1]`."""
    device = model.device
    memory = model.encode(batch.sources)
    targets = torch.nn.utils.rnn.pad_sequence(
        [torch.from_numpy(ids) for ids in batch.targets], padding_value=-1
    ).to(device)
    real = targets >= 0
    start = torch.full((1, targets.shape[1]), model.start_id, device=device)
    previous = model.embed(torch.cat([start, targets[:-1].clamp(min=0)]))
    state = model.start(memory)
    states, contexts, log_alphas, entropies, hard_steps, pointed = [], [], [], [], [], []
    where = None if batch.where is None else torch.from_numpy(batch.where).to(device)
    looked: Tensor | None = None
    for t in range(1, len(targets) + 1):
        mode = modes[min(t, len(modes)) - 1]
        draw = torch.rand(targets.shape[1], device=device)
        stepped = model.step(memory, state, previous[t - 1], mode, t, draw, (mode.weighting,))
        reading = stepped.readings[mode.weighting]
        state = reading.state
        states.append(state.hidden)
        contexts.append(reading.context)
        hard_steps.append(mode.weighting == HARD)
        alpha, sampled = stepped.attended.alpha, stepped.attended.sampled
        if alpha is not None:
            counted = alpha * real[t - 1].unsqueeze(1)
            looked = counted if looked is None else looked + counted
            if where is not None:
                told = where[:, t - 1].any(dim=1)
                there = (alpha[told] * where[told, t - 1]).sum(dim=1)
                pointed.append(there.clamp(min=1e-10).log())
        if mode.weighting == HARD:
            assert alpha is not None and sampled is not None
            logs = alpha.clamp(min=1e-10).log()
            log_alphas.append(logs.gather(1, sampled.unsqueeze(1)).squeeze(1))
            entropies.append(-(alpha * logs).sum(1))
        else:
            log_alphas.append(state.hidden.new_zeros(targets.shape[1]))
            entropies.append(state.hidden.new_zeros(targets.shape[1]))
    return Unrolled(
        torch.stack(states),
        torch.stack(contexts),
        previous,
        targets,
        real,
        torch.stack(log_alphas),
        torch.stack(entropies),
        hard_steps,
        looked,
        torch.cat(pointed) if pointed else previous.new_zeros(0),
    )


class _Likelihood(torch.autograd.Function):
    """log p of the targets and label-smoothed likelihood from logits, with one R × V buffer.

    The gradient of the smoothed likelihood is (1 − ε) onehot + ε / V − softmax; the log p are for
    reading only and carry none. Composed from library calls this costs three buffers more.
    """

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, targets: Tensor, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        logs = torch.log_softmax(logits, dim=1)
        chosen = logs.gather(1, targets.unsqueeze(1)).squeeze(1)
        ctx.logs, ctx.targets, ctx.smoothing = logs, targets, smoothing
        ctx.mark_non_differentiable(chosen)
        return (1 - smoothing) * chosen + smoothing * logs.mean(dim=1), chosen

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor, None, None]:
        rows = gradient.unsqueeze(1)
        result = ctx.logs.exp_().mul_(-rows).add_(rows * (ctx.smoothing / ctx.logs.shape[1]))
        result.scatter_add_(1, ctx.targets.unsqueeze(1), rows * (1 - ctx.smoothing))
        ctx.logs = None  # overwritten: a second backward must fail, not err
        return result, None, None


def token_likelihoods(
    model: Family, unrolled: Unrolled, smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Smoothed likelihood, with gradient, and plain log p(y_t) of the R tokens that count."""
    index = unrolled.real.flatten().nonzero().squeeze(1)
    states, contexts, previous = (
        tensor.flatten(0, 1).index_select(0, index)
        for tensor in (unrolled.states, unrolled.contexts, unrolled.previous)
    )
    likelihoods, log_probs = [], []
    parts = (states, contexts, previous, unrolled.targets.flatten()[index])
    chunks = (torch.split(part, ROWS_AT_ONCE) for part in parts)
    for *read, targets in zip(*chunks, strict=True):
        logits = model.readout(*read)
        likelihood, plain = _Likelihood.apply(logits, targets, smoothing)  # type: ignore[no-untyped-call]
        likelihoods.append(likelihood)
        log_probs.append(plain)
    return torch.cat(likelihoods), torch.cat(log_probs)


def batch_loss(
    model: Family,
    batch: Batch,
    modes: list[Mode],
    smoothing: float,
    hard: HardSettings,
    baselines: Baselines,
    coverage_weight: float = 0.0,
    pointing_weight: float = 0.0,
) -> tuple[Tensor, float]:
    """The loss per token to descend, and the plain mean of −log p(y_t) for the log.

    Cross-entropy with label smoothing (Szegedy et al. 2016), and the doubly stochastic term
    λ Σ_j (1 − Σ_t α_tj)² of each output, λ = coverage_weight (Xu et al. 2015, equation 14), which
    asks for a look at everything; and −λ log Σ_j α_tj over the positions where a step should look,
    of those steps of which `Batch.where` says so, λ = pointing_weight (attention supervision, Liu
    et al. 2017, Attention correctness in neural image captioning). At hard steps the drawn context
    gives the likelihood its gradient, and α gets the REINFORCE gradient
    λ_r (R_t − b) ∇ log α_k + λ_e ∇ H(α), R_t the decayed sum of log p from y_t on.
    """
    unrolled = unroll(model, batch, modes)
    likelihood, log_probs = token_likelihoods(model, unrolled, smoothing)
    loss = -likelihood.mean()
    if any(unrolled.hard_steps):
        loss = loss - _reinforce(unrolled, log_probs, modes, hard, baselines)
    if coverage_weight and unrolled.looked is not None:
        missed = (1 - unrolled.looked).square().sum()
        loss = loss + coverage_weight * missed / unrolled.real.sum()
    if pointing_weight and len(unrolled.pointed):
        loss = loss - pointing_weight * unrolled.pointed.mean()
    return loss, -float(log_probs.mean())


def _reinforce(
    unrolled: Unrolled,
    log_probs: Tensor,
    modes: list[Mode],
    hard: HardSettings,
    baselines: Baselines,
) -> Tensor:
    """The term whose gradient is the REINFORCE estimate, per token."""
    rewards = torch.zeros_like(unrolled.log_alpha)
    rewards[unrolled.real] = log_probs
    for t in range(len(rewards) - 2, -1, -1):
        rewards[t] += hard.reward_decay * rewards[t + 1]
    hard_rows = torch.tensor(unrolled.hard_steps, device=rewards.device)
    counted = unrolled.real & hard_rows.unsqueeze(1)
    mode = next(mode for mode in modes if mode.weighting == HARD)
    baseline = baselines.update(mode, float(rewards[counted].mean()), hard.baseline_decay)
    advantage = rewards[counted] - baseline
    score = (advantage * unrolled.log_alpha[counted]).sum()
    entropy = unrolled.entropy[counted].sum()
    return (hard.reward_weight * score + hard.entropy_weight * entropy) / unrolled.real.sum()
