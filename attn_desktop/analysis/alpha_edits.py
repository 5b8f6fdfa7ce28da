"""What an edit does to α: computed here for the engine, and for the window while it is dragged.

Every edit is followed by a division by the sum, so that α sums to 1 whatever was done to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.common.errors import InputError
from attn_desktop.trace.edits import Edit

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EditedAlpha:
    """α after one edit. raw: (S,) before it is made to sum to 1; total: Σ_j raw_j."""

    edit: Edit
    raw: Floats
    total: float
    alpha: Floats


def edit_alpha(
    edits: Sequence[Edit],
    alpha: NDArray[Any],
    mask: NDArray[np.bool_],
    window: NDArray[np.bool_],
) -> list[EditedAlpha]:
    """Apply the edits of α in their order, each to what the one before it left, in float64.

    alpha: (S,) as the model computed it; mask, window: (S,) as in `AttentionRecord`. Edits of
    something else are passed over. Raises InputError where nothing would be left of α, or where
    it would lie on a masked position.
    """
    stages: list[EditedAlpha] = []
    current = np.asarray(alpha, dtype=np.float64)
    for edit in edits:
        if edit.target != "alpha":
            continue
        raw = _raw(edit, current, mask & window)
        masked = np.flatnonzero((raw > 0) & ~mask)
        if len(masked):
            raise InputError(f"position {masked[0] + 1} is masked; α cannot be put there")
        total = float(raw.sum())
        if np.isnan(total):
            raise InputError("α is not a number at this step; set it, pin it or make it uniform")
        if not total > 0:
            raise InputError(
                f"{_describe(edit)} would leave no α anywhere: α must sum to 1; "
                "leave a position above 0"
            )
        current = raw / total
        stages.append(EditedAlpha(edit, raw, total, current))
    return stages


def _raw(edit: Edit, alpha: Floats, inside: NDArray[np.bool_]) -> Floats:
    """α after an edit, before it is made to sum to 1."""
    positions = list(edit.positions)
    match edit.how:
        case "set":
            return np.array(edit.values, dtype=np.float64)
        case "mask":
            raw = alpha.copy()
            raw[positions] = 0.0
            return raw
        case "pin":
            raw = np.zeros_like(alpha)
            # Where the model gave them nothing they share α alike.
            raw[positions] = alpha[positions] if alpha[positions].sum() > 0 else 1.0
            return raw
        case "power":
            # Relative to the largest, which no power can then carry out of range.
            return np.asarray((alpha / alpha.max()) ** edit.values[0])
        case "shift":
            return _shifted(alpha, int(edit.values[0]))
        case _:
            return inside.astype(np.float64)


def _shifted(alpha: Floats, by: int) -> Floats:
    """α moved by so many positions; what leaves the source at its ends is lost."""
    raw = np.zeros_like(alpha)
    count = len(alpha)
    if 0 <= by < count:
        raw[by:] = alpha[: count - by]
    elif -count < by < 0:
        raw[:by] = alpha[-by:]
    return raw


def _describe(edit: Edit) -> str:
    if edit.how == "shift":
        return f"shifting α by {edit.values[0]:+g}"
    return {"mask": "masking these positions"}.get(edit.how, f"this edit of α ({edit.how})")
