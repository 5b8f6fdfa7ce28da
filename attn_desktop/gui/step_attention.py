"""What is known of the attention of the step at the playhead, per column of the source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.common.mode import HARD
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.trace.records import StepRecord

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Center:
    """The middle of a local scope. p: p_t, 1-based; reach: D, both in positions.

    gaussian: whether α was multiplied by a Gaussian around p_t.
    """

    p: float
    reach: float
    gaussian: bool


@dataclass(frozen=True, eq=False)
class StepAttention:
    """One step, averaged over layers and heads; None where it is not known yet.

    energies: (G,) e; of joined pieces log Σ exp e, whose softmax is the sum of their α.
    inside: (G,) whether any position is within mask and window. alpha: (G,); unedited: (G,) α as
    the model made it, where an edit changed it.
    drawn: the positions (from 0) that hard attention drew, one for each layer and head; u: the
    random number of a single draw. is_hard: whether the drawn position gave the context.
    """

    axis: SourceAxis
    energies: Floats | None = None
    inside: NDArray[np.bool_] | None = None
    alpha: Floats | None = None
    drawn: tuple[int, ...] = ()
    u: float | None = None
    is_hard: bool = False
    center: Center | None = None
    unedited: Floats | None = None


def step_attention(scene: Scene) -> StepAttention:
    """The attention of the step at the playhead as far as its phase reveals it."""
    axis, step = scene.source, scene.step
    if step is None or step.cross is None:
        return StepAttention(axis)
    cross = step.cross
    inside: NDArray[np.bool_] | None = None
    alpha: Floats | None = None
    unedited: Floats | None = None
    center: Center | None = None
    if scene.reveals(Phase.WINDOW):
        inside = axis.any(np.logical_or.reduce(cross.mask & cross.window, axis=(0, 1)))
        # A row and a column of a grid have no place on an axis of positions.
        place = cross.center if cross.center is not None and cross.center.ndim == 2 else None
        if place is not None and np.isfinite(place).all():
            center = Center(
                float(place.mean()), cross.half_width or 0.0, step.mode.scope == "local-p"
            )
    if scene.reveals(Phase.ALPHA):
        alpha = scene.alpha[scene.t - 1]
        if cross.unedited is not None:
            unedited = np.asarray(axis.sum(cross.unedited.mean(axis=(0, 1), dtype=np.float64)))
    known = scene.reveals(Phase.CONTEXT)
    return StepAttention(
        axis,
        energies=mean_energies(axis, cross.energies),
        inside=inside,
        alpha=alpha,
        drawn=tuple(np.unique(cross.sampled).tolist()) if known else (),
        u=float(cross.draw.flat[0]) if known and cross.draw.size == 1 else None,
        is_hard=step.mode.weighting == HARD,
        center=center,
        unedited=unedited,
    )


def mean_energies(axis: SourceAxis, energies: NDArray[np.floating[Any]]) -> Floats:
    """e of each column, averaged over layers and heads: (layers, heads, S) to (G,)."""
    with np.errstate(invalid="ignore"):  # numbers that are not finite stay so
        columns = axis.log_sum_exp(energies.astype(np.float64))
        mean: Floats = columns.mean(axis=(0, 1))
    return mean


def energy_ends(axis: SourceAxis, step: StepRecord) -> tuple[float, float]:
    """Least and greatest finite e of a step; (∞, −∞) where there is none."""
    if step.cross is None:
        return math.inf, -math.inf
    values = mean_energies(axis, step.cross.energies)
    values = values[np.isfinite(values)]
    return float(values.min(initial=math.inf)), float(values.max(initial=-math.inf))


def energy_span(ends: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Least and greatest e of all steps, always some way apart; (0, 0) without any."""
    low = min((least for least, _ in ends), default=math.inf)
    high = max((most for _, most in ends), default=-math.inf)
    if low > high:
        return 0.0, 0.0
    apart = high - low > 1e-6 * max(abs(low), abs(high))
    around = 0.5 * max(1.0, abs(high))
    return (low, high) if apart else (low - around, high + around)


def column_places(axis: SourceAxis, places: Floats) -> Floats:
    """From 0..S along positions to 0..G along columns; within a column in proportion."""
    edges = np.append(axis.starts, axis.size)
    return np.interp(places, edges, np.arange(len(axis) + 1)).astype(np.float64)
