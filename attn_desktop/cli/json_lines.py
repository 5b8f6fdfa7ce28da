"""A decoding as JSON: one object a step, one step a line."""

from __future__ import annotations

import json
import math
from typing import Any

from attn_desktop.analysis.entropy import entropy
from attn_desktop.trace.records import RunRecord, StepRecord


def step_line(run: RunRecord, step: StepRecord) -> str:
    """One line of plain ASCII, safe for any terminal and any encoding."""
    return json.dumps(step_object(run, step), allow_nan=False)


def step_object(run: RunRecord, step: StepRecord) -> dict[str, Any]:
    """A step as plain values.

    energies, mask, window, alpha: layers × heads × source. sampled: layers × heads.
    alpha_entropy: mean over layers and heads. Without attention all of them are null but mask,
    which is the source's own. context and log_prob: of the active reading. Entropies are in nats.
    A number that is not finite is written as null.
    """
    cross = step.cross
    mask = run.mask.reshape(1, 1, -1) if cross is None else cross.mask
    return {
        "t": step.t,
        "source": list(run.source),
        "token_in": step.token_in,
        "token": step.token,
        "log_prob": _finite(step.log_prob),
        "token_entropy": _finite(step.active.entropy),
        "alpha_entropy": None if cross is None else _finite(float(entropy(cross.alpha).mean())),
        "energies": None if cross is None else _finite(cross.energies.tolist()),
        "mask": mask.tolist(),
        "window": None if cross is None else cross.window.tolist(),
        "alpha": None if cross is None else _finite(cross.alpha.tolist()),
        "sampled": None if cross is None else cross.sampled.tolist(),
        "context": _finite(step.active.context.tolist()),
    }


def _finite(value: Any) -> Any:
    """Floats, nested in lists or not, with None for those that JSON has no word for."""
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return float(value) if math.isfinite(value) else None
