"""Scenes of steps that were edited, made as the engine makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from attn_desktop.analysis.alpha_edits import edit_alpha
from attn_desktop.gui.scene import Scene
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import AttentionRecord


def with_edits(scene: Scene, *edits: Edit) -> Scene:
    """The same scene with α of the step at the playhead edited; the rest is as it was."""
    step = scene.step
    assert step is not None
    assert step.cross is not None
    cross = step.cross
    alpha = np.empty_like(cross.alpha)
    for row in np.ndindex(alpha.shape[:-1]):
        stages = edit_alpha(edits, cross.alpha[row], cross.mask[row], cross.window[row])
        alpha[row] = stages[-1].alpha
    record = replace(cross, alpha=alpha, unedited=cross.alpha.copy())
    return _with_cross(replace(scene), record, edits)


def with_alpha(scene: Scene, alpha: Sequence[float]) -> Scene:
    """The same scene with this α at the step at the playhead, in all layers and heads."""
    step = scene.step
    assert step is not None
    assert step.cross is not None
    row = np.array(alpha, dtype=np.float32)
    record = replace(step.cross, alpha=np.broadcast_to(row, step.cross.alpha.shape).copy())
    return _with_cross(scene, record, ())


def with_mask(scene: Scene, mask: Sequence[int]) -> Scene:
    """The same scene with these positions masked at the playhead, where α is 0 then."""
    step = scene.step
    assert step is not None
    assert step.cross is not None
    allowed = np.broadcast_to(np.array(mask, dtype=np.bool_), step.cross.alpha.shape).copy()
    alpha = np.where(allowed, step.cross.alpha, 0)
    alpha = (alpha / alpha.sum(axis=-1, keepdims=True)).astype(np.float32)
    return _with_cross(scene, replace(step.cross, mask=allowed, alpha=alpha), ())


def with_context_added(scene: Scene, dimension: int, value: float) -> Scene:
    """The scene with a number added to one dimension of every c_t of the step at the playhead."""
    step = scene.step
    assert step is not None
    readings = {}
    for name, reading in step.readings.items():
        context = reading.context.copy()
        context[dimension] += value
        readings[name] = replace(reading, context=context)
    edit = Edit("context", "add", (dimension,), (value,))
    steps = list(scene.steps)
    steps[scene.t - 1] = replace(step, readings=readings, edits=(edit,))
    return replace(scene, steps=tuple(steps))


def _with_cross(scene: Scene, cross: AttentionRecord, edits: Sequence[Edit]) -> Scene:
    step = scene.step
    assert step is not None
    steps = list(scene.steps)
    steps[scene.t - 1] = replace(step, attention={"cross": cross}, edits=tuple(edits))
    return replace(scene, steps=tuple(steps))
