"""Gradients through the drawn position of one step: by enumeration, by REINFORCE, by the soft path.

Every source position is tried once, which gives r_k = log p(y | h_k) and with it all that can be
said exactly; the estimates then need no model any more. Shapes: S source positions, G words,
C numbers of samples, R repeats, K samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attn_desktop.analysis.gradients import BASELINES, KIND, Asked, sample_counts
from attn_desktop.analysis.labels import source_axis
from attn_desktop.attention.attend import Intervention
from attn_desktop.attention.estimators import (
    BASELINE_DECAY,
    estimates,
    exact_gradient,
    moving_baselines,
    moving_moments,
    optimal_baseline,
    soft_gradient,
    variance,
)
from attn_desktop.attention.weighting import sample_positions
from attn_desktop.common.errors import InputError
from attn_desktop.decoding import draws
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import PROBES
from attn_desktop.decoding.readings import context_log_probs
from attn_desktop.decoding.repeat import step_again
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.trace.records import ProbeRecord, StepRecord
from attn_desktop.trace.run_tree import MAX_SEED, Node

_Arrays = dict[str, NDArray[Any]]


def probe_gradients(
    positions: Positions, path: Sequence[Node], settings: Mapping[str, Any]
) -> Iterator[ProbeRecord]:
    """∇J of the step that `path` ends in, with estimates of it; for a step of either weighting.

    settings: fields of `Asked`, each of which may be left out. Of an edited step α is as edited,
    and the gradients are by shifts of its energies; edits of context and state are made to every
    try. A picked position is none: all are tried.

    The record's settings: `samples`, `repeats`, `seed`, `constant` as asked; `token_id` and
    `token`, its label; `baselines`, their names; `decay` of the moving one; `edited`: whether α
    is. Its arrays: `analysis.gradients.DESCRIPTION`.
    """
    asked = _read(settings)
    if not path:
        raise InputError("there is no gradient before the first step; go to a step")
    stepper, node = positions.stepper, path[-1]
    if not node.mode.attends:
        raise InputError(
            f"step {node.t} has no attention, thus no energies to have a gradient by; choose a "
            "step with a score"
        )
    before = positions.after(path[:-1])
    step = step_again(stepper, before, node)
    assert step.cross is not None
    token = _token(stepper, node.token_id if asked.token is None else asked.token)
    alpha = torch.tensor(step.cross.alpha[0, 0], dtype=torch.float64)
    alpha = alpha / alpha.sum()
    change = stepper.intervention(node.mode, node.edits)
    rewards = _rewards(stepper, before, change, token)
    allowed = torch.tensor(step.cross.mask[0, 0] & step.cross.window[0, 0])
    constant = float(rewards[allowed].mean()) if asked.constant is None else asked.constant
    value, soft = _soft(stepper, before, change, token, alpha)
    yield ProbeRecord(
        node=node.id,
        kind=KIND,
        settings={
            "samples": asked.samples,
            "repeats": asked.repeats,
            "seed": asked.seed,
            "constant": asked.constant,
            "token_id": token,
            "token": stepper.model.token_label(token),
            "baselines": list(BASELINES),
            "decay": BASELINE_DECAY,
            "edited": step.cross.unedited is not None,
        },
        arrays={
            "log_probs": rewards.numpy(),
            "exact": exact_gradient(alpha, rewards).numpy(),
            "soft": soft.numpy(),
            "soft_log_prob": value.reshape(1).numpy(),
            **_sampled(stepper, step, asked, alpha, rewards, constant),
        },
    )


def _read(settings: Mapping[str, Any]) -> Asked:
    """Settings as they came from outside; InputError, naming it, for one that cannot be."""
    valid = [field.name for field in fields(Asked)]
    for name in settings:
        if name not in valid:
            raise InputError(
                f"unknown setting {name!r} of gradients; valid are: {', '.join(valid)}"
            )
    try:
        asked = msgspec.convert(dict(settings), Asked)
    except msgspec.ValidationError as error:
        raise InputError(f"settings of gradients: {error}") from None
    problem = asked.problem()
    if problem:
        raise InputError(problem)
    if not 0 <= asked.seed <= MAX_SEED:
        raise InputError(f"seed must be from 0 to {MAX_SEED}, not {asked.seed}")
    if asked.constant is not None and not np.isfinite(asked.constant):
        raise InputError(f"constant must be a finite number of nats, not {asked.constant}")
    return asked


def _token(stepper: Stepper, token: int) -> int:
    """The id of y, checked; InputError for one that no step can have chosen."""
    label = stepper.model.token_label(token)
    if token in stepper.model.never_chosen:
        raise InputError(f"{label} cannot be an output token")
    return token


@torch.inference_mode()
def _rewards(stepper: Stepper, before: Position, change: Intervention, token: int) -> Tensor:
    """r_k = log p(y | h_k) of every position, tried in one batch: (S,)."""
    states = stepper.memory.states[0]
    contexts = states if change.context is None else change.context(states)
    return context_log_probs(stepper, before, change, contexts)[:, token].double().cpu()


def _soft(
    stepper: Stepper, before: Position, change: Intervention, token: int, alpha: Tensor
) -> tuple[Tensor, Tensor]:
    """log p(y | Σ_k α_k h_k) () and its gradient by the energies (S,)."""

    def log_prob(context: Tensor) -> Tensor:
        context = context if change.context is None else change.context(context)
        return context_log_probs(stepper, before, change, context)[0, token]

    # What was encoded without gradients may not be part of one; a copy may.
    states = stepper.memory.states[0].clone()
    value, gradient = soft_gradient(log_prob, alpha.to(states.device), states)
    return value.double().cpu(), gradient.cpu()


def _sampled(
    stepper: Stepper,
    step: StepRecord,
    asked: Asked,
    alpha: Tensor,
    rewards: Tensor,
    constant: float,
) -> _Arrays:
    """Everything that is estimated or said of estimates, with each baseline."""
    counts = sample_counts(asked.samples)
    # A repeat counts as a layer: its draws are the same however many samples and repeats follow.
    drawn = np.stack(
        [
            draws.uniform(asked.seed, draws.GRADIENTS, step.t, asked.samples, layer=repeat)
            for repeat in range(asked.repeats)
        ]
    )
    picked = sample_positions(alpha.unsqueeze(0), torch.from_numpy(drawn).reshape(1, -1))
    picked = picked.reshape(drawn.shape)
    best = float(optimal_baseline(alpha, rewards))
    moving = moving_baselines(rewards[picked], constant)
    # As they are subtracted, with E b and E b²; in the order of `BASELINES`.
    baselines: tuple[tuple[Tensor | float, tuple[Tensor, Tensor]], ...] = (
        (0.0, _fixed(0.0, len(counts))),
        (constant, _fixed(constant, len(counts))),
        (moving, moving_moments(alpha, rewards, constant, counts, BASELINE_DECAY)),
        (best, _fixed(best, len(counts))),
    )
    words = source_axis(stepper.run, words=True).starts
    numbers = torch.tensor(counts)
    found: dict[str, list[NDArray[Any]]] = {}
    for baseline, (first, second) in baselines:
        each = estimates(alpha, rewards, picked, baseline, counts).numpy()  # (C, R, S)
        analytic = variance(alpha, rewards, first, second).sum(dim=-1) / numbers
        for name, values in (
            ("baseline", first.numpy()),
            ("analytic", analytic.numpy()),
            ("estimate", each[:, 0]),
            ("mean", each.mean(axis=1)),
            ("spread", each.std(axis=1, ddof=1)),
            ("word_spread", np.add.reduceat(each, words, axis=2).std(axis=1, ddof=1)),
        ):
            found.setdefault(name, []).append(values)
    stacked = {name: np.stack(values) for name, values in found.items()}
    return {"counts": np.array(counts), **stacked}


def _fixed(value: float, count: int) -> tuple[Tensor, Tensor]:
    """E b and E b² of a baseline that is always the same."""
    first = torch.full((count,), value, dtype=torch.float64)
    return first, first**2


PROBES.add(KIND, probe_gradients)
