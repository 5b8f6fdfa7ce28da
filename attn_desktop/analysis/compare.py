"""Two branches step by step: Δα, Δ log p, how far apart their vectors are, where they part.

Every difference is that of the branch shown (the modified one) minus that of the baseline, at the
same step t. Row t − 1 of every array is step t; there are as many rows as the longer one has steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.coverage import alpha_matrix
from attn_desktop.trace.records import StepRecord

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Above what rounding in float32 does to numbers that are the same, below what can be read.
ROUNDING = 1e-5
#: In the order in which a step computes them: what differs first made the others differ.
QUANTITIES = ("α", "c", "s", "token")
ALPHA, CONTEXT, STATE, TOKEN = QUANTITIES


@dataclass(frozen=True, eq=False)
class Comparison:
    """NaN stands where a number is missing: past the end of a branch, without attention, or where
    arrays have different sizes.

    steps, baseline_steps: how many each has. delta_alpha: (T, S) α_modified − α_baseline, averaged
    over layers and heads. token_differs: (T,) also where one of them ended before.
    log_prob, baseline_log_prob: (T,) of each one's own token, in nats.
    context_distance, state_distance: (T,) ‖c_modified − c_baseline‖ and the same of s, of the
    readings that gave the next state.
    firsts: for each of `QUANTITIES` that differs at all, the first t at which it does; of two
    inputs only for the token.
    """

    steps: int
    baseline_steps: int
    delta_alpha: Floats
    token_differs: Flags
    log_prob: Floats
    baseline_log_prob: Floats
    context_distance: Floats
    state_distance: Floats
    firsts: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.log_prob)

    @property
    def delta_log_prob(self) -> Floats:
        """(T,) log p_modified − log p_baseline; NaN where only one has a token, or ∞ − ∞."""
        return _minus(self.log_prob, self.baseline_log_prob)

    @property
    def first_token(self) -> int | None:
        """First t at which the tokens differ."""
        return self.firsts.get(TOKEN)

    @property
    def first_alpha(self) -> int | None:
        """First t at which α differs by more than rounding."""
        return self.firsts.get(ALPHA)

    @property
    def parting(self) -> tuple[int, str] | None:
        """First t at which anything differs, and what; None where nothing does."""
        found = [(self.firsts[name], name) for name in QUANTITIES if name in self.firsts]
        # The first of several at the same t is the one that is computed first.
        return min(found, key=lambda each: each[0], default=None)

    @cached_property
    def differences(self) -> tuple[int, ...]:
        """Where to look: the parting, and every stretch of steps with other tokens, its first t."""
        begins = self.token_differs & ~np.append(False, self.token_differs[:-1])
        found = set((np.flatnonzero(begins) + 1).tolist())
        return tuple(sorted(found if self.parting is None else found | {self.parting[0]}))

    @property
    def totals(self) -> tuple[float, float]:
        """Σ_t log p of both, each over all of its own steps."""
        return (
            float(self.log_prob[: self.steps].sum()),
            float(self.baseline_log_prob[: self.baseline_steps].sum()),
        )


def largest_change(delta: Floats) -> Floats:
    """max_j |Δα_tj|: (T, S) to (T,), NaN without a number."""
    return np.asarray(np.fmax.reduce(np.abs(delta), axis=-1, initial=0.0)) * _known(delta)


def variation(delta: Floats) -> Floats:
    """Σ_j |Δα_tj| / 2, the total variation distance of two α: (T, S) to (T,), from 0 to 1."""
    return np.asarray(np.abs(delta).sum(axis=-1) / 2) * _known(delta)


def compare(
    steps: Sequence[StepRecord], baseline_steps: Sequence[StepRecord], same_input: bool = True
) -> Comparison:
    """Compare a branch with a baseline.

    same_input: whether both decode the same input. Where they do not, everything inside the steps
    differs from the start, and only the tokens tell where they part.
    Where the two sources have different lengths α is not compared: `delta_alpha` is NaN, as wide
    as the source of `steps`.
    """
    count, short = max(len(steps), len(baseline_steps)), min(len(steps), len(baseline_steps))
    pairs = list(zip(steps, baseline_steps, strict=False))
    # Steps that both share need no look: nothing in them differs.
    shared = next((row for row, (one, other) in enumerate(pairs) if one is not other), short)
    apart = pairs[shared:]
    firsts: dict[str, int] = {}

    delta, alpha_differs = _delta_alpha(steps, baseline_steps, shared, count)
    _note_first(firsts, ALPHA, alpha_differs)
    distances = {}
    for name, vectors in (
        (CONTEXT, [(one.active.context, other.active.context) for one, other in apart]),
        (STATE, [(one.active.state, other.active.state) for one, other in apart]),
    ):
        distances[name], differs = np.full(count, np.nan), np.zeros(count, dtype=np.bool_)
        distances[name][:shared] = 0.0
        distances[name][shared:short], differs[shared:short] = _distances(vectors)
        _note_first(firsts, name, differs)
    token_differs = np.zeros(count, dtype=np.bool_)
    token_differs[shared:short] = [one.token_id != other.token_id for one, other in apart]
    # Where the shorter one has not ended it may still say what the longer one says.
    shorter = min(steps, baseline_steps, key=len)
    token_differs[short:] = bool(shorter) and shorter[-1].is_end
    _note_first(firsts, TOKEN, token_differs)
    return Comparison(
        steps=len(steps),
        baseline_steps=len(baseline_steps),
        delta_alpha=delta,
        token_differs=token_differs,
        log_prob=_log_probs(steps, count),
        baseline_log_prob=_log_probs(baseline_steps, count),
        context_distance=distances[CONTEXT],
        state_distance=distances[STATE],
        firsts=firsts if same_input else {k: t for k, t in firsts.items() if k == TOKEN},
    )


def _delta_alpha(
    steps: Sequence[StepRecord], baseline_steps: Sequence[StepRecord], shared: int, count: int
) -> tuple[Floats, Flags]:
    """Δα, and in which rows it is more than rounding."""
    sizes = [size for size in map(_source_size, (steps, baseline_steps)) if size is not None]
    size = sizes[0] if sizes else 0
    delta = np.full((count, size), np.nan)
    differs = np.zeros(count, dtype=np.bool_)
    if len(set(sizes)) != 1:
        return delta, differs
    short = min(len(steps), len(baseline_steps))
    one = alpha_matrix(steps[:short], size)
    other = alpha_matrix(baseline_steps[shared:short], size)
    delta[:shared] = np.where(np.isnan(one[:shared]), np.nan, 0.0)
    delta[shared:short] = _minus(one[shared:], other)
    differs[shared:short] = _unlike(one[shared:], other).any(axis=1)
    return delta, differs


def _source_size(steps: Sequence[StepRecord]) -> int | None:
    """S, None where no step has attention."""
    sizes = (step.cross.alpha.shape[-1] for step in steps if step.cross is not None)
    return next(sizes, None)


def _distances(
    pairs: Sequence[tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]],
) -> tuple[Floats, Flags]:
    """‖one − other‖ of each pair, and whether they differ by more than rounding."""
    if not pairs or any(one.shape != other.shape for one, other in pairs):
        return np.full(len(pairs), np.nan), np.zeros(len(pairs), dtype=np.bool_)
    one, other = (np.stack(each).astype(np.float64) for each in zip(*pairs, strict=True))
    with np.errstate(invalid="ignore", over="ignore"):
        distances: Floats = np.linalg.norm(_minus(one, other), axis=1)
    return distances, np.asarray(_unlike(one, other).any(axis=1))


def _unlike(one: Floats, other: Floats) -> Flags:
    """Where numbers differ by more than rounding; NaN and ∞ are like themselves."""
    with np.errstate(invalid="ignore"):
        close = np.abs(one - other) <= ROUNDING * np.maximum(1.0, np.abs(other))
    like = close | (one == other) | (np.isnan(one) & np.isnan(other))
    return np.asarray(~like)


def _minus(one: Floats, other: Floats) -> Floats:
    with np.errstate(invalid="ignore"):  # ∞ − ∞
        return one - other


def _known(delta: Floats) -> Floats:
    """1 for rows with a number, NaN for others, and where there is no column."""
    return np.where(np.isnan(delta).all(axis=-1), np.nan, 1.0)


def _log_probs(steps: Sequence[StepRecord], count: int) -> Floats:
    values = np.full(count, np.nan)
    values[: len(steps)] = [step.log_prob for step in steps]
    return values


def _note_first(firsts: dict[str, int], name: str, differs: Flags) -> None:
    if differs.any():
        firsts[name] = int(differs.argmax()) + 1
