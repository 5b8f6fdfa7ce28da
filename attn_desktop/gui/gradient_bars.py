"""Three bars a source position: ∇J exactly, as estimated, and the soft path's gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from attn_desktop.analysis.gradients import Floats, Gradients
from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.gui.formula_page import number_text
from attn_desktop.gui.plot_panel import bands
from attn_desktop.gui.theme import Role, Theme

#: The bars of a column from left to right, and their hues: J is the expectation, the estimate
#: comes from hard draws.
KINDS: dict[str, Role] = {"exact": "expected", "estimate": "hard", "soft": "soft"}
#: Share of a column that its bars fill together, and the most pixels that one takes.
SHARE, WIDEST = 0.84, 22
#: Below so many pixels a bar has an outline, since it may cover no pixel.
DENSE = 2.0


@dataclass(frozen=True, eq=False)
class BarValues:
    """What is drawn of a record: (G,) by kind, and the standard error of the estimate (G,)."""

    values: dict[str, Floats]
    error: Floats

    @classmethod
    def of(cls, found: Gradients, axis: SourceAxis, baseline: int, count: int) -> BarValues:
        """Of a record, by column: pieces of a word together, as if all their energies moved."""
        return cls(
            {
                "exact": np.asarray(axis.sum(found.array("exact"))),
                "estimate": np.asarray(axis.sum(found.array("estimate")[baseline, count])),
                "soft": np.asarray(axis.sum(found.array("soft"))),
            },
            found.whiskers(baseline, count, axis),
        )

    def extent(self) -> tuple[float, float]:
        """Lowest and highest of all, whiskers and 0 included, with some room."""
        error, estimate = np.nan_to_num(self.error), self.values["estimate"]
        every = np.concatenate([*self.values.values(), estimate - error, estimate + error])
        finite = every[np.isfinite(every)]
        low, high = min(finite.min(initial=0.0), 0.0), max(finite.max(initial=0.0), 0.0)
        room = 0.06 * (high - low) or 1.0
        return float(low - room), float(high + room)

    def about(self, column: int) -> str:
        """The numbers of a column in words."""
        every = (*self.values.values(), self.error)
        exact, estimate, soft, error = (number_text(float(values[column])) for values in every)
        return f"∂J/∂e = {exact}   estimate {estimate} ± {error}   soft {soft}"


class GradientBars:
    """The items of the plot."""

    def __init__(self, plot: Any) -> None:
        self._view = plot.getViewBox()
        self._lit, self._zero, self._whiskers = (QGraphicsPathItem() for _ in range(3))
        self._bars = {kind: QGraphicsPathItem() for kind in KINDS}
        for item in (self._lit, self._zero, *self._bars.values(), self._whiskers):
            plot.addItem(item)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._lit.setPen(pg.mkPen(None))
        self._lit.setBrush(theme.hue("source", 0.18))
        self._zero.setPen(pg.mkPen(theme.colour("dim"), width=1))
        self._whiskers.setPen(pg.mkPen(theme.colour("text"), width=theme.px(1.4)))
        for kind, role in KINDS.items():
            self._bars[kind].setBrush(theme.hue(role))

    def place(self, shown: BarValues, lit: Sequence[int]) -> None:
        """Draw for the present range of the view. lit: columns that stand out."""
        theme, count = self._theme, len(shown.error)
        across, (low, high) = self._view.pixels()[0], self._view.viewRange()[1]
        self._lit.setPath(bands([column for column in lit if column < count], low, high))
        zero = QPainterPath()
        zero.moveTo(0, 0)
        zero.lineTo(count, 0)
        self._zero.setPath(zero)
        wide = min(SHARE / len(KINDS), theme.px(WIDEST) / across)
        dense = wide * across < DENSE
        for place, (kind, values) in enumerate(shown.values.items()):
            left = 0.5 + (place - len(KINDS) / 2) * wide
            path = QPainterPath()
            for column in np.flatnonzero(np.isfinite(values) & (values != 0)).tolist():
                value = float(values[column])
                path.addRect(QRectF(column + left, min(0.0, value), wide, abs(value)))
            hue = theme.hue(KINDS[kind])
            self._bars[kind].setPen(pg.mkPen(hue, width=1) if dense else pg.mkPen(None))
            self._bars[kind].setPath(path)
        self._place_whiskers(shown, wide)

    def _place_whiskers(self, shown: BarValues, wide: float) -> None:
        path, half = QPainterPath(), wide / 3
        for column, (value, error) in enumerate(
            zip(shown.values["estimate"].tolist(), shown.error.tolist(), strict=True)
        ):
            if not (math.isfinite(value) and error > 0 and math.isfinite(error)):
                continue
            x = column + 0.5
            for y in (value - error, value + error):
                path.moveTo(x - half, y)
                path.lineTo(x + half, y)
            path.moveTo(x, value - error)
            path.lineTo(x, value + error)
        self._whiskers.setPath(path)
