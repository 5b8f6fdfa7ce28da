"""What edits do, in plain Python floats, one position at a time: what tests compare with.

Written from `Edit`'s own words and not from the code that makes them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from attn_desktop.trace.edits import Edit


def plain_alpha(
    edits: Sequence[Edit], alpha: Sequence[float], window: Sequence[bool] | None = None
) -> list[float]:
    """α after the edits of it, each made to sum to 1. window: where scope and mask let it be."""
    current = [float(value) for value in alpha]
    inside = [True] * len(current) if window is None else list(window)
    for edit in edits:
        if edit.target == "alpha":
            raw = _raw(edit, current, inside)
            total = math.fsum(raw)
            assert total > 0
            current = [value / total for value in raw]
    return current


def _raw(edit: Edit, alpha: list[float], inside: list[bool]) -> list[float]:
    raw = [0.0] * len(alpha)
    kept = math.fsum(alpha[j] for j in edit.positions)
    for j in range(len(alpha)):
        if edit.how == "set":
            raw[j] = edit.values[j]
        elif edit.how == "mask":
            raw[j] = 0.0 if j in edit.positions else alpha[j]
        elif edit.how == "pin":
            if j in edit.positions:
                raw[j] = alpha[j] if kept > 0 else 1.0
        elif edit.how == "power":
            # x^p over its largest, as exp(p log x): what any number raised to p is.
            log = math.log(alpha[j] / max(alpha)) if alpha[j] > 0 else -math.inf
            raw[j] = math.exp(edit.values[0] * log)
        elif edit.how == "shift":
            before = j - int(edit.values[0])
            raw[j] = alpha[before] if 0 <= before < len(alpha) else 0.0
        else:
            assert edit.how == "uniform"
            raw[j] = 1.0 if inside[j] else 0.0
    return raw


def plain_vector(edits: Sequence[Edit], target: str, vector: Sequence[float]) -> list[float]:
    """c_t or s_t after the edits of it."""
    changed = [float(value) for value in vector]
    for edit in edits:
        if edit.target != target:
            continue
        dimensions = edit.positions or range(len(changed))
        for place, dimension in enumerate(dimensions):
            value = 0.0
            if edit.how != "zero":
                value = edit.values[place if len(edit.values) > 1 else 0]
            changed[dimension] = changed[dimension] + value if edit.how == "add" else value
    return changed


def plain_position(edits: Sequence[Edit], drawn: int) -> int:
    """k after the edits of it: the position picked last, or else the one drawn."""
    for edit in edits:
        if edit.target == "position":
            (drawn,) = edit.positions
    return drawn
