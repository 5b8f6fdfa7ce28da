"""α over a picture: the map of one step as an image, in cells or smooth between their centres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from attn_desktop.gui.raster import Floats, alpha_colours, image
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.theme import Theme

#: Where the colours of α end: at the largest α of the step, of all steps, or at 1.
SCALES = ("step", "output", "one")
#: Cells of a smooth map along its longer side, at least.
SMOOTH = 112


@dataclass(frozen=True)
class OverlayLook:
    """How α is laid over the picture. opacity: from 0 to 1. scale: one of `SCALES`."""

    smooth: bool = False
    grid: bool = False
    opacity: float = 0.65
    scale: str = "step"


def step_map(scene: Scene, t: int) -> Floats | None:
    """α of step t by row and column, (m, n); None where it is not known or there is none."""
    run = scene.run
    if run is None or run.grid is None or not t or not scene.knows(t, Phase.ALPHA):
        return None
    if scene.steps[t - 1].cross is None:
        return None
    alpha: Floats = scene.alpha[t - 1].reshape(run.grid)
    return alpha


def colour_end(scene: Scene, t: int, scale: str) -> float:
    """The α at which the colours of step t end."""
    if scale == "one":
        return 1.0
    steps = [t] if scale == "step" else range(1, len(scene.steps) + 1)
    found = [alpha for step in steps if (alpha := step_map(scene, step)) is not None]
    return max((largest(alpha) for alpha in found), default=0.0) or 1.0


def largest(alpha: Floats) -> float:
    """The largest of those that are numbers, 0 where none is."""
    return float(alpha[np.isfinite(alpha)].max(initial=0.0))


def overlay_image(alpha: Floats, end: float, smooth: bool, theme: Theme) -> QImage:
    """(m, n) in the colours of α, the last one at `end`: a pixel a cell, or many and smooth.

    NaN in the faint colour, and then in cells.
    """
    values = smoothed(alpha) if smooth and np.isfinite(alpha).all() else alpha
    return image(alpha_colours(values / end, theme))


def paint_overlay(
    painter: QPainter, area: QRectF, overlay: QImage, smooth: bool, opacity: float
) -> None:
    """Lay a map over the area of a picture."""
    painter.save()
    painter.setOpacity(opacity)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(area, overlay)
    painter.restore()


def smoothed(alpha: Floats) -> Floats:
    """Bilinear between the centres of the cells, and level from the outermost ones on."""
    times = max(1, math.ceil(SMOOTH / max(alpha.shape)))
    rows, columns = (_weights(count, times) for count in alpha.shape)
    between: Floats = rows @ alpha @ columns.T
    return between


@cache
def _weights(count: int, times: int) -> Floats:
    """(times · count, count): the shares of the cells in each of the finer ones."""
    places = ((np.arange(times * count) + 0.5) / times - 0.5).clip(0, count - 1)
    weights: Floats = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(count)))
    return weights
