"""The numbers of a step that only the model has: what the probe `arithmetic` found, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.gui.scene import Scene
from attn_desktop.trace.records import ProbeRecord

Floats = NDArray[np.float64]

KIND = "arithmetic"


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """What `decoding/arithmetic.py` says of a step; None where it does not.

    position: the j of `left` and `right`, whose products sum to e_tj. factors: their names.
    projected: whether s and h go through projections first. center: x and sigmoid(x) of p_t, on a
    grid of its row and its column; empty where p_t is not predicted.
    logits, shares: by token id. draw: u, and drawn_range: where on the running sum of the shares
    the token lies. settings: how it was chosen.
    """

    position: int | None = None
    left: Floats | None = None
    right: Floats | None = None
    factors: tuple[str, str] = ("left", "right")
    formula: str = ""
    projected: bool = False
    center: tuple[tuple[float, float], ...] = ()
    log_sum_exp: float | None = None
    logits: Mapping[int, float] = field(default_factory=dict)
    shares: Mapping[int, float] = field(default_factory=dict)
    draw: float | None = None
    drawn_range: tuple[float, float] | None = None
    choice: Mapping[str, Any] = field(default_factory=dict)


def arithmetic(scene: Scene, position: int) -> Arithmetic | None:
    """What is known of the step at the playhead, best of all for source position `position`."""
    if scene.step is None:
        return None
    held = [probe for probe in scene.probes.get(scene.step.node, ()) if probe.kind == KIND]
    if not held:
        return None
    of_position = [probe for probe in held if probe.settings.get("position") == position]
    return _read((of_position or held)[-1])


def _read(probe: ProbeRecord) -> Arithmetic:
    """A probe as it came; what is not as it should be is as good as not there."""
    told = probe.settings
    left, right = _vector(probe, "left"), _vector(probe, "right")
    position = told.get("position")
    if left is None or right is None or len(left) != len(right) or not isinstance(position, int):
        left = right = position = None
    names = told.get("factors")
    factors = ("left", "right")
    if isinstance(names, list | tuple) and len(names) == 2:
        factors = (str(names[0]), str(names[1]))
    logits, parts = _vector(probe, "center_logit"), _vector(probe, "center_share")
    centers: tuple[tuple[float, float], ...] = ()
    if logits is not None and parts is not None and len(logits) == len(parts):
        centers = tuple(zip(logits.tolist(), parts.tolist(), strict=True))
    bounds, choice = _vector(probe, "chosen_range"), told.get("choice")
    return Arithmetic(
        position=position,
        left=left,
        right=right,
        factors=factors,
        formula=str(told.get("score_formula", "")),
        projected=bool(told.get("projected")),
        center=centers,
        log_sum_exp=_number(probe, "log_sum_exp"),
        logits=_by_token(probe, "logits"),
        shares=_by_token(probe, "shares"),
        draw=_number(probe, "draw"),
        drawn_range=None
        if bounds is None or len(bounds) != 2
        else (float(bounds[0]), float(bounds[1])),
        choice=choice if isinstance(choice, Mapping) else {},
    )


def _vector(probe: ProbeRecord, name: str) -> Floats | None:
    values = probe.arrays.get(name)
    if values is None or values.ndim != 1 or values.dtype.kind not in "fiu":
        return None
    return values.astype(np.float64)


def _number(probe: ProbeRecord, name: str) -> float | None:
    values = _vector(probe, name)
    return None if values is None or len(values) != 1 else float(values[0])


def _by_token(probe: ProbeRecord, name: str) -> dict[int, float]:
    ids, values = _vector(probe, "top_ids"), _vector(probe, name)
    if ids is None or values is None:
        return {}
    pairs = zip(ids.astype(np.int64).tolist(), values.tolist(), strict=False)
    return dict(pairs)
