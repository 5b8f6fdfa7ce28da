"""Beam search with length and coverage penalty (Wu et al. 2016, equation 14).

score(Y) = log p(Y) / lp(Y) + cp(Y),  lp(Y) = ((5 + |Y|) / 6)^α,
cp(Y) = β Σ_j log min(Σ_t α_tj, 1), with |Y| counting the end token. Hypotheses of one step have
one length, so pruning compares log p; the penalties order what has ended. β counts only with
attention.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.decoding import draws
from attn_desktop.decoding.choosers import log_probabilities
from attn_desktop.decoding.corpus import Output, step_limit
from attn_desktop.families.base import Family, Prepared
from attn_desktop.families.cells import State


@dataclass(frozen=True)
class BeamSettings:
    """width: hypotheses kept a step. length_penalty: α ≥ 0. coverage_penalty: β ≥ 0.

    max_steps: None for `step_limit` of the input. seed: of hard attention's draws.
    reading: the context that is used, `soft`, `hard` or `argmax`; None for the mode's weighting.
    """

    width: int = 5
    length_penalty: float = 0.6
    coverage_penalty: float = 0.0
    max_steps: int | None = None
    seed: int = 0
    reading: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.width <= 1000:
            raise InputError(f"beam width must be from 1 to 1000, not {self.width}")
        for name in ("length_penalty", "coverage_penalty"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise InputError(f"{name} must be finite and at least 0, not {value}")


@dataclass(frozen=True)
class Hypothesis:
    """An output that has ended or was cut off, and its score in its terms."""

    tokens: tuple[int, ...]
    log_prob: float
    length_divisor: float
    coverage_term: float
    ended: bool

    @property
    def score(self) -> float:
        """log p / lp + cp."""
        return self.log_prob / self.length_divisor + self.coverage_term


@dataclass
class _Live:
    """Hypotheses being extended: (W,) sums, (W, S) coverage, W token lists, states of W rows."""

    tokens: list[list[int]]
    log_probs: Tensor
    coverage: Tensor
    state: State


def length_divisor(length: int, alpha: float) -> float:
    """lp(Y) = ((5 + |Y|) / 6)^α."""
    return float(((5 + length) / 6) ** alpha)


@torch.inference_mode()
def beam_search(
    model: Family, prepared: Prepared, mode: Mode, settings: BeamSettings
) -> list[Hypothesis]:
    """The hypotheses that ended (or were cut off at the last step), best score first.

    Stops when no live hypothesis could still beat the best that ended.
    """
    model.check_mode(mode)
    memory = model.encode([prepared.ids])
    live = _Live(
        [[model.start_id]],
        torch.zeros(1, dtype=torch.float64),
        torch.zeros(1, len(prepared.ids), dtype=torch.float64),
        model.start(memory),
    )
    finished: list[Hypothesis] = []
    weighting = settings.reading or mode.weighting
    limit = step_limit(len(prepared.ids), settings.max_steps)
    for t in range(1, limit + 1):
        rows = memory.rows(torch.zeros(len(live.tokens), dtype=torch.int64, device=model.device))
        previous = model.embed(
            torch.tensor([tokens[-1] for tokens in live.tokens], device=model.device)
        )
        draw = torch.from_numpy(draws.uniform(settings.seed, draws.ATTENTION, t)).to(model.device)
        stepped = model.step(
            rows, live.state, previous, mode, t, draw.expand(len(previous)), (weighting,)
        )
        (reading,) = stepped.readings.values()  # without attention the one reading is `soft`
        logits = model.readout(reading.state.hidden, reading.context, previous)
        totals = live.log_probs.unsqueeze(1) + (
            log_probabilities(logits, model.never_chosen).double().cpu()
        )
        coverage = live.coverage
        if stepped.attended.alpha is not None:
            coverage = coverage + stepped.attended.alpha.double().cpu()
        best, flat = torch.topk(totals.flatten(), min(settings.width, totals.numel()))
        parents, tokens = flat // totals.shape[1], flat % totals.shape[1]
        going_on = []
        for place, (parent, token) in enumerate(
            zip(parents.tolist(), tokens.tolist(), strict=True)
        ):
            if best[place] == -torch.inf:
                continue
            if token == model.end_id or t == limit:
                finished.append(
                    _finish(
                        [*live.tokens[parent][1:], token],
                        float(best[place]),
                        coverage[parent] if mode.attends else None,
                        token == model.end_id,
                        settings,
                    )
                )
            else:
                going_on.append(place)
        if not going_on:
            break
        kept = torch.tensor(going_on)
        live = _Live(
            [[*live.tokens[int(parents[i])], int(tokens[i])] for i in going_on],
            best[kept],
            coverage[parents[kept]],
            reading.state.rows(parents[kept].to(model.device)),
        )
        if _settled(finished, live, settings, limit):
            break
    return sorted(finished, key=lambda hypothesis: -hypothesis.score)


def beam_output(hypothesis: Hypothesis) -> Output:
    """A hypothesis as `decode_corpus` gives it, without the end token."""
    tokens = hypothesis.tokens[:-1] if hypothesis.ended else hypothesis.tokens
    return Output(tokens, hypothesis.log_prob, hypothesis.ended)


def _finish(
    tokens: list[int],
    log_prob: float,
    coverage: Tensor | None,
    ended: bool,
    settings: BeamSettings,
) -> Hypothesis:
    term = 0.0
    if coverage is not None and settings.coverage_penalty > 0:
        # A position that was never looked at has log 0; the smallest float keeps it comparable.
        floor = np.finfo(np.float64).tiny
        term = settings.coverage_penalty * float(coverage.clamp(floor, 1.0).log().sum())
    return Hypothesis(
        tuple(tokens), log_prob, length_divisor(len(tokens), settings.length_penalty), term, ended
    )


def _settled(finished: list[Hypothesis], live: _Live, settings: BeamSettings, limit: int) -> bool:
    """Whether nothing live can win: log p only falls, the divisor is at most lp(limit), cp ≤ 0."""
    if not finished:
        return False
    bound = float(live.log_probs.max()) / length_divisor(limit, settings.length_penalty)
    return max(hypothesis.score for hypothesis in finished) >= bound
