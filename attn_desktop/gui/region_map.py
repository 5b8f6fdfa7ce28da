"""α over the regions of a picture as a small map, where there is no picture below it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.gui.picture_grid import CellGrid
from attn_desktop.gui.picture_image import fitted
from attn_desktop.gui.raster import Floats, alpha_colours, image
from attn_desktop.gui.theme import Theme


@dataclass(frozen=True)
class RegionMap:
    """cells: where the regions are."""

    cells: CellGrid

    @classmethod
    def of(cls, axis: SourceAxis, room: QRectF) -> RegionMap | None:
        """At the left of a room, each region a square; None where the source is no picture."""
        if axis.across == 1:
            return None
        rows = len(axis) // axis.across
        area = fitted(axis.across / rows, room)
        area.moveLeft(round(room.left()))
        return cls(CellGrid(area, rows, axis.across))

    def position(self, at: QPointF) -> int | None:
        """The region at a place."""
        return self.cells.position(at)

    def paint(
        self,
        painter: QPainter,
        alpha: Floats | None,
        end: float,
        inside: Collection[int],
        lit: Collection[int],
        theme: Theme,
    ) -> None:
        """alpha: (S,), None where it is not known. end: that of the last colour.

        inside: the regions of a window, which a line runs around unless they are all.
        """
        cells, shape = self.cells, (self.cells.rows, self.cells.columns)
        painter.fillRect(cells.area, theme.colour("faint"))
        if alpha is not None:
            values = np.asarray(alpha, dtype=np.float64).reshape(shape)
            painter.drawImage(cells.area, image(alpha_colours(values / end, theme)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawRect(cells.area)
        if len(inside) < shape[0] * shape[1]:
            painter.setPen(QPen(theme.hue("target"), theme.px(1.5)))
            painter.drawPath(cells.outline(inside))
        if lit:
            painter.setPen(QPen(theme.hue("source"), theme.px(1.5)))
            painter.drawPath(cells.outline(lit))
