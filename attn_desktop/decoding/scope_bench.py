"""The scopes of a step: where each would put its window, and the α that it leaves.

Every scope on the energies of one score. The window draws what it would be with another centre or
width from the same energies, by `analysis/scope_bench.py`. Shapes: P scopes, S source positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from attn_desktop.attention.attend import Attended
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import SOFT
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import PROBES
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Node

KIND = "scopes"


@torch.inference_mode()
def probe_scopes(
    positions: Positions, path: Sequence[Node], settings: Mapping[str, Any]
) -> Iterator[ProbeRecord]:
    """What each scope makes of the energies of the step that `path` ends in.

    settings: none. As the model has it, without the edits of the step.

    The record's settings: `score` and `weighting` of the step; `scopes` (their names, the order of
    every first axis), `formulas`, `sources` and `trained` (whether the checkpoint learnt it with
    this score and weighting); `reach`: how many positions the score can tell apart, None for any
    number.

    Its arrays: `alpha` (P, S), `window` (P, S) bool; `centers` (P, 1) p_t, 1-based, on a grid
    (P, 2), its row and column; `half_widths` (P,) D. Both are NaN for a scope that has none.
    """
    if not path:
        raise InputError("there is no scope before the first step")
    stepper, node = positions.stepper, path[-1]
    if not node.mode.attends:
        raise InputError("this step has no attention, so no scope limits it")
    query, model = stepper.query(positions.after(path[:-1])), stepper.model
    names = list(model.attention.scopes)
    modes = [replace(node.mode, scope=name) for name in names]
    no_draw = torch.zeros(1, device=model.device)
    looks = [
        model.attention(stepper.memory, query, mode, node.t, no_draw, (SOFT,)) for mode in modes
    ]
    kinds = [model.attention.scope(name) for name in names]
    yield ProbeRecord(
        node=node.id,
        kind=KIND,
        settings={
            "score": node.mode.score,
            "weighting": node.mode.weighting,
            "scopes": names,
            "formulas": [kind.formula for kind in kinds],
            "sources": [kind.source for kind in kinds],
            "trained": [model.is_trained(mode) for mode in modes],
            "reach": model.attention.score(node.mode.score).reach,
        },
        arrays={
            "alpha": _rows(looks, "alpha"),
            "window": _rows(looks, "window"),
            "centers": _centers(looks, 1 if stepper.run.grid is None else 2),
            "half_widths": np.array(
                [np.nan if look.half_width is None else look.half_width for look in looks]
            ),
        },
    )


def _rows(looks: Sequence[Attended], name: str) -> NDArray[Any]:
    """(P, S) of something that each look has as (1, S)."""
    rows: NDArray[Any] = torch.cat([getattr(look, name) for look in looks]).cpu().numpy()
    return rows


def _centers(looks: Sequence[Attended], axes: int) -> NDArray[np.float64]:
    centers = np.full((len(looks), axes), np.nan)
    for row, look in enumerate(looks):
        if look.center is not None:
            centers[row] = look.center.flatten().cpu().numpy()
    return centers


PROBES.add(KIND, probe_scopes)
