"""The contexts of a step by name: one for each reading, or the fixed one."""

from __future__ import annotations

from attn_desktop.common.mode import HARD, SOFT
from attn_desktop.trace.records import FloatArray, StepRecord

#: What stands for the context of a step without attention.
FIXED = "fixed"
NAMES = (SOFT, HARD, FIXED)


def contexts(step: StepRecord) -> dict[str, FloatArray]:
    """c of each reading, (H,), soft before hard; without attention the same for all steps."""
    if not step.mode.attends:
        return {FIXED: step.active.context}
    return {name: step.readings[name].context for name in NAMES if name in step.readings}
