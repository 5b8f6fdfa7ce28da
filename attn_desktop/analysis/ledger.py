"""The context vector as a ledger: what each source position pays into c_t, with its sign.

Soft: c_t = Σ_j α_tj h_j (Bahdanau et al. 2015, equation 5), so position j pays α_tj h_j; hard: the
drawn h_k pays everything. What an edit of c_t adds is an entry of its own, so that all entries
together are the recorded context. Shapes: S source positions, G columns of them, H size of h_j.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.common.mode import HARD
from attn_desktop.trace.records import RunRecord, StepRecord

Floats = NDArray[np.float64]

#: How far Σ_j α_j h_j[d] may be from the recorded c_t[d], relative to Σ_j |α_j h_j[d]|, by what the
#: model computes with: several hundred times the rounding of one number.
TOLERANCES = {"float64": 1e-12, "float32": 1e-5, "float16": 1e-2, "bfloat16": 5e-2}
LEAST_TOLERANCE = 1e-5


@dataclass(frozen=True, eq=False)
class Ledger:
    """What the columns of the source pay into the context of one step.

    weights: (G,) Σ α_j of each, or 1 for the drawn position; entries: (G, H) Σ α_j h_j of each;
    context: (H,) c_t as it was recorded. edited: whether an edit changed it. single: the positions
    that alone make up a hard context, () for a soft one. tolerance: see `TOLERANCES`.
    """

    weights: Floats
    entries: Floats
    context: Floats
    edited: bool
    single: tuple[int, ...]
    tolerance: float

    @cached_property
    def total(self) -> Floats:
        """Σ_j α_j h_j, (H,): what the context is before any edit."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(self.entries.sum(axis=0))

    @cached_property
    def rest(self) -> Floats:
        """c_t − Σ_j α_j h_j, (H,): what an edit made of it, or else rounding."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(self.context - self.total)

    @cached_property
    def norms(self) -> Floats:
        """‖α_j h_j‖ of each column, (G,)."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(np.linalg.norm(self.entries, axis=1))

    @cached_property
    def shares(self) -> Floats:
        """⟨α_j h_j, c_t⟩ / ‖c_t‖² of each column and, last, of the rest: (G + 1,), summing to 1.

        Positive where an entry points along c_t, negative where against it; NaN where c_t is 0.
        """
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            along = np.vstack([self.entries, self.rest]) @ self.context
            return np.asarray(along / (self.context @ self.context))

    @property
    def largest(self) -> int:
        """The dimension in which c_t is largest; the first of equal ones."""
        sizes = np.nan_to_num(np.abs(self.context), nan=-1.0)
        return int(sizes.argmax()) if sizes.size else 0

    def holds(self, dimension: int) -> bool:
        """Whether Σ_j α_j h_j[d] is the recorded c_t[d], up to rounding."""
        entries, recorded = self.entries[:, dimension], float(self.context[dimension])
        if not (np.isfinite(entries).all() and np.isfinite(recorded)):
            return False
        most = self.tolerance * float(np.abs(entries).sum())
        return abs(float(self.rest[dimension])) <= most


def ledger(run: RunRecord, step: StepRecord, axis: SourceAxis) -> Ledger | None:
    """What each column of `axis` pays into the context that gave the next state.

    None without attention, whose context is no sum over the source. Of several layers and heads
    those of the last layer's first one.
    """
    cross = step.cross
    if cross is None:
        return None
    single: tuple[int, ...] = ()
    weights = cross.alpha[-1, 0].astype(np.float64)
    if step.mode.weighting == HARD:
        single = (int(cross.sampled[-1, 0]),)
        weights = np.zeros(len(run.source))
        weights[list(single)] = 1.0
    states = run.states.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        # 0 · ∞ is no number, but what has no weight pays nothing.
        paid = np.where(weights[:, None] == 0, 0.0, weights[:, None] * states)
        entries = np.ascontiguousarray(axis.sum(paid.T).T, dtype=np.float64)
    return Ledger(
        weights=axis.sum(weights).astype(np.float64),
        entries=entries,
        context=step.active.context.astype(np.float64),
        edited=any(edit.target == "context" for edit in step.edits),
        single=single,
        tolerance=TOLERANCES.get(run.dtype, LEAST_TOLERANCE),
    )
