"""The likeliest next tokens of a step, as both readings see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from attn_desktop.analysis.labels import candidate_label
from attn_desktop.common.mode import HARD, SOFT
from attn_desktop.trace.records import Reading, StepRecord


@dataclass(frozen=True)
class Candidate:
    """A token that may come next. p: by reading, NaN where it was not recorded."""

    token_id: int
    label: str
    p: Mapping[str, float]
    chosen: bool


@dataclass(frozen=True)
class Candidates:
    """rows: likeliest first. bounds: by reading, what a p that was not recorded is at most."""

    names: tuple[str, ...]
    rows: tuple[Candidate, ...]
    bounds: Mapping[str, float]

    def first(self, count: int) -> tuple[Candidate, ...]:
        """The likeliest `count`, of which the last makes room for the chosen one if need be."""
        head, tail = self.rows[:count], self.rows[count:]
        missed = [row for row in tail if row.chosen]
        return (*head[: max(0, count - 1)], *missed) if missed else head

    def other(self, shown: Sequence[Candidate]) -> dict[str, float]:
        """By reading, the probability of all tokens but those shown; NaN if none is known."""
        return {name: _remaining([row.p[name] for row in shown]) for name in self.names}


def candidates(step: StepRecord, with_chosen: bool) -> Candidates:
    """The likeliest tokens of each reading, in the order of the active one.

    with_chosen: whether y_t is known already; it is then among them however unlikely it is.
    """
    names = tuple(name for name in (SOFT, HARD) if name in step.readings)
    p = {name: _recorded(step.readings[name]) for name in names}
    tokens = {
        int(token_id): token
        for name in names
        for token_id, token in zip(
            step.readings[name].top_ids, step.readings[name].top_tokens, strict=False
        )
    }
    bounds = {name: min(p[name].values(), default=1.0) for name in names}
    if with_chosen:
        tokens.setdefault(step.token_id, step.token)
        for name in names:
            p[name].setdefault(step.token_id, probability(step.readings[name].log_prob))
    active = step.mode.weighting
    order = (active, *(name for name in names if name != active))
    rows = [
        Candidate(
            token_id,
            candidate_label(step, token),
            {name: p[name].get(token_id, float("nan")) for name in names},
            with_chosen and token_id == step.token_id,
        )
        for token_id, token in tokens.items()
    ]
    rows.sort(key=lambda row: [-np.nan_to_num(row.p[name], nan=-1.0) for name in order])
    return Candidates(names, tuple(rows), bounds)


def probability(log_p: float) -> float:
    """exp(log p), which a number that is none does not upset."""
    with np.errstate(over="ignore"):
        return float(np.exp(np.float64(log_p)))


def _recorded(reading: Reading) -> dict[int, float]:
    return {
        int(token_id): probability(log_p)
        for token_id, log_p in zip(reading.top_ids, reading.top_log_probs, strict=False)
    }


def _remaining(shown: Sequence[float]) -> float:
    known = [p for p in shown if np.isfinite(p)]
    return max(0.0, 1.0 - sum(known)) if known else float("nan")
