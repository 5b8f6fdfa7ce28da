"""Hypotheses of a beam search: settings, scores, where one begins and what one step makes of it.

score(Y) = log p(Y) / lp(Y) + cp(Y),  lp(Y) = ((5 + |Y|) / 6)^α,
cp(Y) = β Σ_j log min(Σ_t α_tj, 1), with |Y| counting the end token (Wu et al. 2016, equation 14).
β counts only with attention.

Shapes: W live hypotheses (at most the width), S source positions, C continuations that a step
shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from attn_desktop.attention.weighting import sample_position
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import ARGMAX, WEIGHTINGS, Mode
from attn_desktop.families.cells import State
from attn_desktop.trace.run_tree import check_seed

#: Readings whose context a search can go on with.
READINGS = (*WEIGHTINGS, ARGMAX)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
        check_seed(self.seed)
        if self.reading is not None and self.reading not in READINGS:
            valid = ", ".join(READINGS)
            raise InputError(f"unknown reading {self.reading!r}; valid are: {valid}")

    def read_in(self, mode: Mode) -> str:
        """The reading that gives the next state."""
        return self.reading if self.reading and mode.attends else mode.weighting


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


@dataclass(frozen=True, eq=False)
class Prefix:
    """What a search goes on from: the tokens so far, what they cost and where they lead.

    tokens: ids from t = 1 on. log_prob: of all of them. coverage: (S,) Σ_t α_t, None for zeros.
    state: of one row, None for the start.
    """

    tokens: tuple[int, ...] = ()
    log_prob: float = 0.0
    coverage: Floats | None = None
    state: State | None = None

    def seen(self, source_length: int) -> Floats:
        """Σ_t α_t as one row: (1, S)."""
        if self.coverage is None:
            return np.zeros((1, source_length))
        return self.coverage.reshape(1, source_length)


@dataclass(frozen=True, eq=False)
class Expansion:
    """One step of a search: what each live hypothesis could go on with, and what came of it.

    Continuations (C,) are the likeliest twice the width, and the best of every live hypothesis
    that has none among them; likeliest first. Those that are KEPT are the live hypotheses of the
    next step, in this order.

    parent: (C,) which live hypothesis is continued. token: (C,) with what. log_prob: (C,) of the
    token; total: (C,) of the whole hypothesis. rank: (C,) from 1, among the likeliest twice the
    width of each live hypothesis. margin: (C,) log p that it falls short of the last in the beam,
    0 for those in it. fate: (C,) of `Fate`. length_divisor: lp of all of them.
    coverage_term: (W,) cp of each live hypothesis and what it looked at in this step.
    alpha: (W, S), None without attention; draw: u of the hard position.
    finished: the hypotheses that end here. last: whether the search is over.
    """

    t: int
    parent: Ints
    token: Ints
    log_prob: Floats
    total: Floats
    rank: Ints
    margin: Floats
    fate: NDArray[np.int8]
    length_divisor: float
    coverage_term: Floats
    alpha: Tensor | None
    draw: Tensor
    finished: tuple[Hypothesis, ...]
    last: bool

    def sampled(self) -> Ints | None:
        """The hard position of each live hypothesis: (W,), None without attention."""
        if self.alpha is None:
            return None
        return sample_position(self.alpha, self.draw).cpu().numpy()


def coverage_terms(coverage: Floats, beta: float) -> Floats:
    """cp(Y) = β Σ_j log min(Σ_t α_tj, 1): (…, S) to (…,)."""
    # A position that was never looked at has log 0; the smallest float keeps it comparable.
    floor = np.finfo(np.float64).tiny
    with np.errstate(over="ignore"):
        terms: Floats = beta * np.log(np.clip(coverage, floor, 1.0)).sum(axis=-1)
    return terms
