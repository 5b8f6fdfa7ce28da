"""From edits, which are plain data, to what they do inside a step.

Shapes: B rows, S source positions, H size of the annotations, N size of the state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from attn_desktop.analysis.alpha_edits import edit_alpha
from attn_desktop.attention.attend import Intervention
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.trace.edits import Edit, check_attends


def intervention_of(mode: Mode, edits: Sequence[Edit]) -> Intervention:
    """What a step has to do otherwise; InputError for an edit of what the mode does not have.

    The edits fit the run already (`check_edits`). Of several picked positions the last counts.
    """
    check_attends(edits, mode.attends)
    kinds: dict[str, list[Edit]] = {}
    for edit in edits:
        kinds.setdefault(edit.target, []).append(edit)
    picked = kinds.get("position")
    return Intervention(
        alpha=_alpha_change(kinds["alpha"]) if "alpha" in kinds else None,
        position=picked[-1].positions[0] if picked else None,
        context=_vector_change(kinds["context"]) if "context" in kinds else None,
        state=_vector_change(kinds["state"]) if "state" in kinds else None,
    )


def _alpha_change(edits: Sequence[Edit]) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    def change(alpha: Tensor, mask: Tensor, window: Tensor) -> Tensor:
        """In float64 by numpy, as the window computes it too; row by row, (B, S)."""
        rows = [
            torch.from_numpy(edit_alpha(edits, a.numpy(), m.numpy(), w.numpy())[-1].alpha)
            for a, m, w in zip(alpha.cpu(), mask.cpu(), window.cpu(), strict=True)
        ]
        return torch.stack(rows).to(alpha)

    return change


def _vector_change(edits: Sequence[Edit]) -> Callable[[Tensor], Tensor]:
    def change(vectors: Tensor) -> Tensor:
        """c_t (B, H) or s_t (B, N) after each edit in turn."""
        changed = vectors.clone()
        for edit in edits:
            _check_range(edit, vectors.dtype)
            dimensions: Tensor | slice = slice(None)
            if edit.positions:
                dimensions = torch.tensor(edit.positions, device=vectors.device)
            values = torch.tensor(edit.values or (0.0,), dtype=vectors.dtype, device=vectors.device)
            if edit.how == "add":
                values = changed[:, dimensions] + values
            changed[:, dimensions] = values
        return changed

    return change


def _check_range(edit: Edit, dtype: torch.dtype) -> None:
    """InputError for a value that would be infinite in what the model computes with."""
    largest = torch.finfo(dtype).max
    for value in edit.values:
        if abs(value) > largest:
            raise InputError(
                f"{edit.name}: {value:g} is more than a number of the model "
                f"({str(dtype).removeprefix('torch.')}) holds, {largest:.2g}"
            )
