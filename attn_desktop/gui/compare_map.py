"""What the map of two branches shows: Δα where their sources fit, else α of each side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from attn_desktop.analysis.compare import Comparison
from attn_desktop.analysis.labels import source_axis
from attn_desktop.gui.scene import Baseline, Scene

Floats = NDArray[np.float64]

BY_POSITION = "other source, compared by position"
APART = "sources of other lengths: α of each"


@dataclass(frozen=True, eq=False)
class CompareMap:
    """values: (T, C) Δα, or, where the sources have different lengths, α of both with an empty
    column between them. signed: which of the two.

    labels: of the columns. own: how many of them, from the first on, are of the source shown;
    first: the first one of the baseline, 0 where they share columns.
    alpha, baseline_alpha: (T', C) α of each at its own steps; NaN in the columns of the other.
    missing: rows, as (x, y, width, height), in which there is nothing to compare, and why.
    note: what else one must know of it. end: the magnitude at which colours end, less than 1 over
    the regions of a picture.
    """

    values: Floats
    signed: bool
    labels: tuple[str, ...]
    own: int
    first: int
    alpha: Floats
    baseline_alpha: Floats
    missing: tuple[tuple[QRectF, str], ...]
    note: str = ""
    end: float = 1.0

    def source_column(self, column: int) -> int | None:
        """The column of the source shown; None for one of another source."""
        return column if column < self.own else None


def compare_map(scene: Scene, baseline: Baseline, comparison: Comparison) -> CompareMap:
    """The map of a scene with a run."""
    axis, own, count = scene.source, len(scene.source), len(comparison)
    fits = len(baseline.run.source) == axis.size
    other_axis = axis if fits else source_axis(baseline.run, scene.words)
    other = np.asarray(other_axis.sum(baseline.alpha), dtype=np.float64)
    longer = "modified" if comparison.steps > comparison.baseline_steps else "baseline"
    short = min(comparison.steps, comparison.baseline_steps)
    rest = count - short
    if fits:
        delta = comparison.delta_alpha
        # Without attention in either branch it has no columns.
        delta = delta if delta.shape[1] == axis.size else np.full((count, axis.size), np.nan)
        values = np.asarray(axis.sum(delta), dtype=np.float64)
        missing = [(QRectF(0, short, own, rest), f"only {longer}")] if rest else []
        missing += _without_attention(scene.alpha[:short], other[:short])
        note = "" if baseline.run is scene.run else BY_POSITION
        end = axis.alpha_end(np.abs(values))
        return CompareMap(
            values, True, axis.labels, own, 0, scene.alpha, other, tuple(missing), note, end
        )
    first = own + 1
    wide = first + len(other_axis)
    mine, theirs = _widened(scene.alpha, 0, wide), _widened(other, first, wide)
    values = np.full((count, wide), np.nan)
    values[: len(mine), :own] = mine[:, :own]
    values[: len(theirs), first:] = theirs[:, first:]
    empty = QRectF(first, short, wide - first, rest)
    if longer == "baseline":
        empty = QRectF(0, short, own, rest)
    missing = [(empty, f"only {longer}")] if rest else []
    labels = (*axis.labels, "", *other_axis.labels)
    end = axis.alpha_end(values)
    return CompareMap(values, False, labels, own, first, mine, theirs, tuple(missing), APART, end)


def _widened(alpha: Floats, first: int, wide: int) -> Floats:
    """Columns from `first` on out of `wide`."""
    result = np.full((len(alpha), wide), np.nan)
    result[:, first : first + alpha.shape[1]] = alpha
    return result


def _without_attention(alpha: Floats, baseline_alpha: Floats) -> list[tuple[QRectF, str]]:
    """Stretches of rows in which a branch has no α, and which it is."""
    none = [np.isnan(each).all(axis=1) for each in (alpha, baseline_alpha)]
    found = []
    for name, rows in (
        ("no attention", none[0] & none[1]),
        ("modified: no attention", none[0] & ~none[1]),
        ("baseline: no attention", none[1] & ~none[0]),
    ):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]]).astype(int)))
        for first, last in edges.reshape(-1, 2).tolist():
            found.append((QRectF(0, first, alpha.shape[1], last - first), name))
    return found
