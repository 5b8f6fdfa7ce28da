"""Edits of c_t and s_t: what may be edited, from what vectors, and what comes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.common.errors import InputError
from attn_desktop.gui.numbers import typed
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import StepRecord

Floats = NDArray[np.float64]
#: Targets of edits, and what papers call them.
VECTORS = {"context": "c", "state": "s"}
KNOWN_FROM = {"context": Phase.CONTEXT, "state": Phase.STATE}
#: Most dimensions that are written out.
SHOWN = 3
_PART = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?")


def why_not_vector(scene: Scene, target: str) -> str:
    """Why c_t or s_t of the step at the playhead cannot be edited; empty where it can."""
    symbol = VECTORS[target]
    if scene.run is None:
        return f"There is no {symbol} yet: encode a sentence first."
    if not scene.t:
        return f"No {symbol} was computed before the first step. F10: step."
    if not scene.reveals(KNOWN_FROM[target]):
        return f"{symbol}_{scene.t} has not been computed. F11: next phase."
    return ""


def vector_of(step: StepRecord, target: str) -> Floats:
    """c_t (H,) or s_t (N,) in the reading that is used."""
    reading = step.active
    return (reading.context if target == "context" else reading.state).astype(np.float64)


def read_dimensions(text: str, size: int) -> tuple[int, ...]:
    """Dimensions as they are typed, such as `3, 7-12`, counted from 0.

    InputError names what cannot be read or is not there.
    """
    found: dict[int, None] = {}
    parts = [part.strip() for part in text.split(",")]
    if parts[-1:] == [""]:
        del parts[-1]
    for part in parts:
        match = _PART.fullmatch(part)
        if match is None:
            raise InputError(f"“{part}” is no dimension; write them as 3, 7-12")
        first, last = (int(digits) for digits in (match[1], match[2] or match[1]))
        if first > last:
            raise InputError(f"“{part}” ends before it begins; write {last}-{first}")
        if last >= size:
            raise InputError(f"there is no dimension {last}; they go from 0 to {size - 1}")
        for dimension in range(first, last + 1):
            if dimension in found:
                raise InputError(f"dimension {dimension} is given twice")
            found[dimension] = None
    if not found:
        raise InputError("write at least one dimension, such as 3, 7-12")
    return tuple(found)


def largest(vector: Floats, count: int) -> tuple[int, ...]:
    """The dimensions that are farthest from 0, in their order; of equal ones the first."""
    order = np.argsort(-np.nan_to_num(np.abs(vector)), kind="stable")
    return tuple(sorted(order[:count].tolist()))


def read_number(text: str, name: str) -> float:
    """A number as it is typed; InputError unless it is finite."""
    value = typed(text)
    if not math.isfinite(value):
        raise InputError(f"{name}: “{text.strip()}” is not a number")
    return value


def vector_edit(
    target: str,
    how: str,
    dimensions: Sequence[int] | None,
    values: Floats | float | None,
    factor: float = 1.0,
) -> Edit:
    """The edit of some dimensions, or of all where `dimensions` is None.

    values: a number for all of them, or a whole vector; None where the way takes none. factor: of
    the values. InputError where it cannot be.
    """
    positions = () if dimensions is None else tuple(dimensions)
    if values is None:
        return Edit(target, how, positions)
    if isinstance(values, float):
        return Edit(target, how, positions, (values * factor,))
    with np.errstate(all="ignore"):
        scaled = np.asarray(values, dtype=np.float64) * factor
    taken = scaled if dimensions is None else scaled[list(positions)]
    return Edit(target, how, positions, tuple(taken.tolist()))


def check_range(edit: Edit, dtype: np.dtype[Any]) -> None:
    """InputError for a value that would be infinite among the numbers of the model."""
    limit = float(np.finfo(dtype).max)
    for value in edit.values:
        if abs(value) > limit:
            raise InputError(f"{value:g} is more than a number of the model holds, {limit:.2g}")


def edited(vector: Floats, edit: Edit) -> Floats:
    """The vector after an edit."""
    after = vector.copy()
    dimensions: Any = list(edit.positions) if edit.positions else slice(None)
    values = np.array(edit.values or (0.0,))
    with np.errstate(all="ignore"):  # numbers of a broken model may be anything
        after[dimensions] = after[dimensions] + values if edit.how == "add" else values
    return after


def fitting(name: str, vector: NDArray[Any], size: int) -> Floats:
    """A vector that values are taken from; InputError unless it is as long and all numbers."""
    if len(vector) != size:
        raise InputError(f"{name} has {len(vector)} dimensions, not {size}")
    if not np.isfinite(vector).all():
        raise InputError(f"{name} holds what is not a number")
    return vector.astype(np.float64)


def changes(before: Floats, after: Floats, symbol: str) -> str:
    """Norms before and after, and the dimensions that change most."""
    with np.errstate(all="ignore"):
        moved = np.nan_to_num(np.abs(after - before))
        norms = [f"{np.linalg.norm(vector):.4g}" for vector in (before, after)]
    order = [d for d in np.argsort(-moved, kind="stable")[:SHOWN].tolist() if moved[d] > 0]
    text = f"‖{symbol}‖ {norms[0]} → {norms[1]}"
    if not order:
        return f"{text} · nothing changes"
    parts = [f"{symbol}[{d}] {before[d]:.3g} → {after[d]:.3g}" for d in order]
    return f"{text} · most: {', '.join(parts)}".replace("-", "−")
