"""Gradients through hard attention, from a `gradients` probe: what is drawn and said of them.

The drawn k is a step function of an energy e_j; what has a gradient is the expectation
J(e) = Σ_k α_k r_k, r_k = log p(y | h_k). A record holds ∇J by enumeration, REINFORCE estimates of
it with four baselines, and the gradient of the soft path, log p(y | Σ_k α_k h_k).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.analysis.probe_checks import fits
from attn_desktop.analysis.weighing import drawn
from attn_desktop.trace.numbers import is_finite, is_whole
from attn_desktop.trace.records import ProbeRecord, StepRecord

KIND = "gradients"
NONE, CONSTANT, MOVING, OPTIMAL = "none", "constant", "moving", "optimal"
#: What is subtracted from r, the order of every first axis of four.
BASELINES = (NONE, CONSTANT, MOVING, OPTIMAL)

#: Largest number of samples of an estimate, of repeats, and of both multiplied; fewest repeats
#: that have a spread.
MOST_SAMPLES, MOST_REPEATS, MOST_DRAWS, FEWEST_REPEATS = 10_000, 1000, 1_000_000, 2
SAMPLES, REPEATS = 1000, 100

#: Arrays of the probe and their shapes: S source positions, C numbers of samples, G words.
DESCRIPTION: dict[str, tuple[tuple[int | str, ...], str]] = {
    "log_probs": (("S",), "r_k = log p(y | h_k)"),
    "exact": (("S",), "∂J/∂e_j = α_j (r_j − J)"),
    "soft": (("S",), "∂ log p(y | Σ_k α_k h_k) / ∂e_j"),
    "soft_log_prob": ((1,), "log p(y | Σ_k α_k h_k)"),
    "counts": (("C",), "K, ascending"),
    "baseline": ((4, "C"), "E b, averaged over K samples"),
    "analytic": ((4, "C"), "trace of the covariance of an estimate of K samples, by enumeration"),
    "estimate": ((4, "C", "S"), "the first of the repeated estimates"),
    "mean": ((4, "C", "S"), "their mean"),
    "spread": ((4, "C", "S"), "their standard deviation: the standard error of one"),
    "word_spread": ((4, "C", "G"), "the same of sums over the pieces of each word"),
}
#: How far an energy is moved, either way, to see what follows, and in how many steps.
REACH, SWEEP_STEPS = 6.0, 240

Floats = NDArray[np.float64]


def sample_counts(most: int) -> tuple[int, ...]:
    """Numbers of samples at which estimates are read off: 1, 2, 5, 10 … and `most` itself."""
    powers = range(len(str(most)))
    series = (m * 10**power for power in powers for m in (1, 2, 5))
    return (*(count for count in series if count < most), most)


def is_sound(record: ProbeRecord, source_length: int) -> bool:
    """Whether a record, which may come from any file, can be read here.

    source_length: S of the run. Numbers may be NaN or infinite, as those of a broken model are.
    """
    settings, arrays = record.settings, record.arrays
    if (
        record.kind != KIND
        or settings.get("baselines") != list(BASELINES)
        or not all(is_whole(settings.get(name)) for name in ("samples", "repeats", "seed"))
        or not is_whole(settings.get("token_id"))
        or not isinstance(settings.get("token"), str)
        or not (settings.get("constant") is None or is_finite(settings["constant"]))
    ):
        return False
    counts = arrays.get("counts")
    if counts is None or not fits(counts, (None,), "iu") or not len(counts):
        return False
    sizes: dict[str, int | None] = {"S": source_length, "C": len(counts), "G": None}
    for name, (shape, _) in DESCRIPTION.items():
        wanted = [sizes[length] if isinstance(length, str) else length for length in shape]
        if not fits(arrays.get(name), wanted, "fiu"):
            return False
    return bool(
        counts[0] >= 1
        and counts[-1] <= MOST_SAMPLES
        and (np.diff(counts.astype(np.int64)) > 0).all()
    )


@dataclass(frozen=True)
class Asked:
    """What a probe is asked for. token: an id, None for the step's own. constant: b of the
    constant baseline, None for the mean of r over the positions that may be looked at.
    """

    samples: int = SAMPLES
    repeats: int = REPEATS
    seed: int = 0
    token: int | None = None
    constant: float | None = None

    def problem(self) -> str:
        """What is wrong with the numbers and what would be right; empty where nothing is."""
        for name, low, high in (
            ("samples", 1, MOST_SAMPLES),
            ("repeats", FEWEST_REPEATS, MOST_REPEATS),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                return f"{name} must be from {low:,} to {high:,}, not {value:,}"
        if self.samples * self.repeats > MOST_DRAWS:
            most = MOST_DRAWS // self.samples
            return (
                f"{self.samples:,} samples × {self.repeats:,} repeats are more than "
                f"{MOST_DRAWS:,} draws; with so many samples there may be {most:,} repeats"
            )
        return ""


@dataclass(frozen=True, eq=False)
class Gradients:
    """A sound record, beside the α of its step, renormalised in float64."""

    record: ProbeRecord
    alpha: Floats

    def array(self, name: str) -> Floats:
        """An array of the record, named in `DESCRIPTION`."""
        return self.record.arrays[name].astype(np.float64)

    @property
    def token(self) -> str:
        """The piece y that r is the log-likelihood of."""
        return str(self.record.settings["token"])

    @property
    def edited(self) -> bool:
        """Whether α is one that an edit made."""
        return bool(self.record.settings.get("edited"))

    @property
    def counts(self) -> tuple[int, ...]:
        """K, ascending."""
        return tuple(self.record.arrays["counts"].tolist())

    @property
    def expected(self) -> float:
        """J = Σ_k α_k r_k, in nats."""
        return float(expected_reward(self.alpha, self.array("log_probs")))

    @property
    def log_marginal(self) -> float:
        """log Σ_k α_k p(y | h_k), in nats, of which J is a lower bound (Jensen)."""
        seen = self.alpha > 0
        with np.errstate(all="ignore"):
            logs = np.log(self.alpha[seen]) + self.array("log_probs")[seen]
            return float(np.logaddexp.reduce(logs)) if len(logs) else math.nan

    @property
    def empirical(self) -> Floats:
        """Measured trace of the covariance of the repeated estimates: (4, C)."""
        with np.errstate(all="ignore"):
            return np.asarray((self.array("spread") ** 2).sum(axis=2))

    def whiskers(self, baseline: int, count: int, axis: SourceAxis) -> Floats:
        """Standard error of one estimate for each column of the source: (G,); NaN if unknown."""
        spread = self.array("word_spread" if axis.words else "spread")[baseline, count]
        return spread if len(spread) == len(axis) else np.full(len(axis), math.nan)

    def soft_against_exact(self) -> tuple[float, float]:
        """Cosine of the soft path's gradient with ∇J, and ‖soft‖ / ‖∇J‖; NaN where undefined."""
        return compare_gradients(self.array("soft"), self.array("exact"))


def read(record: ProbeRecord | None, step: StepRecord, source_length: int) -> Gradients | None:
    """The gradients of a step; None where there are none, or none that can be read."""
    if record is None or step.cross is None or not is_sound(record, source_length):
        return None
    return Gradients(record, alpha_of(step))


def alpha_of(step: StepRecord) -> Floats:
    """α of a step with attention, summing to 1 in float64 too: (S,)."""
    assert step.cross is not None
    alpha = step.cross.alpha[0, 0].astype(np.float64)
    with np.errstate(all="ignore"):
        return np.asarray(alpha / alpha.sum())


def expected_reward(alpha: Floats, rewards: Floats) -> Floats:
    """J = Σ_k α_k r_k, (…, S) and (S,) to (…); where α = 0 it does not count what r is."""
    with np.errstate(all="ignore"):
        return np.asarray(np.where(alpha == 0, 0.0, alpha * rewards).sum(axis=-1))


def compare_gradients(one: Floats, other: Floats) -> tuple[float, float]:
    """Cosine of two gradients and the ratio of their norms, one to other; NaN for a norm of 0."""
    with np.errstate(all="ignore"):
        norms = float(np.linalg.norm(one)), float(np.linalg.norm(other))
        if not norms[1]:
            return math.nan, math.nan
        cosine = float(one @ other) / (norms[0] * norms[1]) if norms[0] else math.nan
        return cosine, norms[0] / norms[1]


def matches(record: ProbeRecord, asked: Asked, token_id: int) -> bool:
    """Whether a sound record is what one would get for these settings."""
    settings: Mapping[str, Any] = record.settings
    own = (settings["samples"], settings["repeats"], settings["seed"], settings["token_id"])
    wanted = token_id if asked.token is None else asked.token
    return own == (asked.samples, asked.repeats, asked.seed, wanted) and (
        settings["constant"] == asked.constant
    )


# -- why the draw has no gradient -------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Sweep:
    """What follows when one energy is moved by `shifts` (N,), all else and u being as they are.

    drawn: (N,) k. jumps: (M,) shifts at which k changes, within reach, and levels: (M + 1,) what it
    is before, between and after them. alpha: (N,) α of the position. expected: (N,) J, NaN
    without r.
    """

    shifts: Floats
    drawn: NDArray[np.int64]
    jumps: Floats
    levels: NDArray[np.int64]
    alpha: Floats
    expected: Floats


def sweep(
    alpha: Floats, draw: float, position: int, rewards: Floats | None, reach: float = REACH
) -> Sweep:
    """Move e_j of `position`: k(e_j + δ) with u = `draw` fixed, and J(e_j + δ).

    alpha: (S,) at δ = 0, to which moving multiplies exp δ at j before it is normalised. A step of
    k is where the running sum of α passes u, at δ that can be written down (`jumps`).
    """
    shifts = np.linspace(-reach, reach, SWEEP_STEPS + 1)
    jumps = _jumps(alpha, draw, position, reach)
    ends = np.array([-reach, *jumps, reach])
    weights = _moved(alpha, position, shifts)
    expected = np.full(len(shifts), math.nan)
    if rewards is not None:
        expected = np.asarray(expected_reward(weights, rewards))
    middles = _moved(alpha, position, (ends[1:] + ends[:-1]) / 2)
    levels = np.array([drawn(row, draw) for row in middles])
    picked = levels[np.searchsorted(jumps, shifts, side="right")]
    return Sweep(shifts, picked, jumps, levels, weights[:, position], expected)


def _moved(alpha: Floats, position: int, shifts: Floats) -> Floats:
    """α after e_j of a position was moved by each of `shifts` (N,): (N, S)."""
    weights = np.repeat(alpha[None], len(shifts), axis=0)
    with np.errstate(all="ignore"):
        weights[:, position] *= np.exp(shifts)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _jumps(alpha: Floats, draw: float, position: int, reach: float) -> Floats:
    """δ at which u is just the running sum up to some position.

    For i < j the sum is A_i / (1 − α_j + α_j exp δ), from j on 1 − (1 − A_i) / (same); A_i is the
    running sum at δ = 0. Either is solved for exp δ.
    """
    sums = alpha.cumsum()[:-1]
    before = np.arange(len(sums)) < position
    rest = 1 - alpha[position]
    with np.errstate(all="ignore"):
        total = np.where(before, sums / draw, (1 - sums) / (1 - draw))
        found = np.log((total - rest) / alpha[position])
    return np.unique(found[np.isfinite(found) & (np.abs(found) < reach)])
