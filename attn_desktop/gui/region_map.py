"""α, or another number, over the regions of a picture as a small map."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.gui.picture_grid import CellGrid
from attn_desktop.gui.picture_image import PictureImage, fitted
from attn_desktop.gui.picture_overlay import paint_overlay
from attn_desktop.gui.raster import Floats, alpha_colours, image, signed_image
from attn_desktop.gui.theme import Theme

#: Of α over the picture, which it dims where there is little of it.
OPACITY = 0.75
#: Pixels at normal type of a line around regions.
LINE = 1.5


@dataclass(frozen=True, eq=False)
class RegionMap:
    """cells: where the regions are. picture: what lies below α; None where it is not known."""

    cells: CellGrid
    picture: PictureImage | None = None

    @classmethod
    def of(
        cls, axis: SourceAxis, room: QRectF, picture: PictureImage | None = None
    ) -> RegionMap | None:
        """At the left of a room, in the proportions of the picture, or with squares for want of
        one; None where the source is no picture.
        """
        if axis.across == 1:
            return None
        area = fitted(map_ratio(axis, picture), room)
        area.moveLeft(round(room.left()))
        return cls(CellGrid(area, len(axis) // axis.across, axis.across), picture)

    def position(self, at: QPointF) -> int | None:
        """The region at a place."""
        return self.cells.position(at)

    # -- painting -------------------------------------------------------------------------

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
        area = self.cells.area
        if self.picture is None:
            painter.fillRect(area, theme.colour("faint"))
        else:
            self.picture.paint(painter, area)
        if alpha is not None:
            opacity = 1.0 if self.picture is None else OPACITY
            overlay = image(alpha_colours(self._by_cell(alpha) / end, theme))
            paint_overlay(painter, area, overlay, False, opacity)
        self._paint_lines(painter, inside, lit, theme)

    def paint_signed(
        self,
        painter: QPainter,
        values: Floats | None,
        limit: float,
        inside: Collection[int],
        lit: Collection[int],
        theme: Theme,
    ) -> None:
        """As `paint`, for signed numbers that are told apart from −limit to limit."""
        painter.fillRect(self.cells.area, theme.colour("faint"))
        if values is not None:
            cells = signed_image(self._by_cell(values), limit, theme)
            painter.drawImage(self.cells.area, cells)
        self._paint_lines(painter, inside, lit, theme)

    def frame(self, painter: QPainter, position: int, colour: QColor, theme: Theme) -> None:
        """A line around one region."""
        path = QPainterPath()
        path.addRect(self.cells.cell(position))
        self._line(painter, path, colour, theme)

    def _by_cell(self, values: Floats) -> Floats:
        shape = (self.cells.rows, self.cells.columns)
        return np.asarray(values, dtype=np.float64).reshape(shape)

    def _paint_lines(
        self, painter: QPainter, inside: Collection[int], lit: Collection[int], theme: Theme
    ) -> None:
        cells = self.cells
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawRect(cells.area)
        if len(inside) < cells.rows * cells.columns:
            self._line(painter, cells.outline(inside), theme.hue("target"), theme)
        if lit:
            self._line(painter, cells.outline(lit), theme.hue("source"), theme)

    def _line(self, painter: QPainter, path: QPainterPath, colour: QColor, theme: Theme) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, theme.px(LINE)))
        painter.drawPath(path)


def map_ratio(axis: SourceAxis, picture: PictureImage | None) -> float:
    """Of the width of a map to its height."""
    if picture is not None:
        return picture.ratio
    return axis.across * axis.across / len(axis)
