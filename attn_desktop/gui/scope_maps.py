"""A window over the regions of a picture: p_t ± D as a square that is moved and widened."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from attn_desktop.analysis.weighing import SMALLEST_HALF_WIDTH, Window
from attn_desktop.gui.picture_grid import CellGrid
from attn_desktop.gui.region_map import LINE
from attn_desktop.gui.scope_places import REACH, Grip
from attn_desktop.gui.theme import Theme

#: Half of the cross at p_t, at normal type.
CROSS = 5


@dataclass(frozen=True)
class GridMarks:
    """A window in the pixels of a map. middle: p_t; box: |r − p_t1| ≤ D and |c − p_t2| ≤ D.

    Both are held inside the map where they are beyond it. sigma: half the axes of where the
    Gaussian is exp(−1/2); None without one.
    """

    cells: CellGrid
    middle: QPointF
    box: QRectF
    sigma: tuple[float, float] | None

    @classmethod
    def of(cls, window: Window, cells: CellGrid) -> GridMarks:
        """Where a window is. Region (r, c), from 1, has its middle at (r − 1/2, c − 1/2)."""
        row, column, reach = *window.center, window.half_width
        area = cells.area
        ends = [
            QPointF(
                min(max(cells.x(column - 0.5 + away), area.left()), area.right()),
                min(max(cells.y(row - 0.5 + away), area.top()), area.bottom()),
            )
            for away in (-reach, 0.0, reach)
        ]
        sigma = None
        if window.gaussian and reach >= SMALLEST_HALF_WIDTH:
            across, down = cells.x(reach / 2) - cells.x(0), cells.y(reach / 2) - cells.y(0)
            sigma = (across, down)
        return cls(cells, ends[1], QRectF(ends[0], ends[2]), sigma)

    def grip(self, at: QPointF, theme: Theme) -> Grip | None:
        """What is taken hold of at a place: the centre before an edge."""
        reach = theme.px(REACH)
        if max(abs(at.x() - self.middle.x()), abs(at.y() - self.middle.y())) <= reach:
            return "center"
        around = self.box.adjusted(-reach, -reach, reach, reach)
        within = self.box.adjusted(reach, reach, -reach, -reach)
        inside = within.isValid() and within.contains(at)
        return "edge" if around.contains(at) and not inside else None

    def cursor(self, at: QPointF, theme: Theme) -> Qt.CursorShape:
        """For the grip at a place."""
        if self.grip(at, theme) == "center":
            return Qt.CursorShape.SizeAllCursor
        box, shapes = self.box, Qt.CursorShape
        aside = min(abs(at.x() - box.left()), abs(at.x() - box.right()))
        above = min(abs(at.y() - box.top()), abs(at.y() - box.bottom()))
        return shapes.SizeHorCursor if aside < above else shapes.SizeVerCursor

    def paint(self, painter: QPainter, inside: Collection[int], held: bool, theme: Theme) -> None:
        """The square, a cross at p_t and the Gaussian dashed; dotted around regions within it."""
        colour, middle = theme.hue("source" if held else "target"), self.middle
        painter.save()
        painter.setClipRect(self.cells.area.adjusted(-2, -2, 2, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DotLine))
        painter.drawPath(self.cells.outline(inside))
        if self.sigma is not None:
            painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
            painter.drawEllipse(middle, *self.sigma)
        painter.setPen(QPen(colour, theme.px(LINE)))
        painter.drawRect(self.box)
        for aside in (QPointF(theme.px(CROSS), 0), QPointF(0, theme.px(CROSS))):
            painter.drawLine(middle - aside, middle + aside)
        painter.restore()


def region_at(cells: CellGrid, at: QPointF) -> tuple[float, float]:
    """The 1-based row and column at a place, fractions included, held inside the map."""
    row, column = cells.place(at)
    return min(max(row, 0.0), cells.rows) + 0.5, min(max(column, 0.0), cells.columns) + 0.5
