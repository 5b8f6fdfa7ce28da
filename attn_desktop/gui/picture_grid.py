"""Where the regions of a picture are: a grid of m × n cells over all of it.

Position j is row ⌊j/n⌋ and column j mod n, both from 0; its cell covers [c/n, (c+1)/n] of the width
and [r/m, (r+1)/m] of the height.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath


@dataclass(frozen=True)
class CellGrid:
    """area: of the picture, in pixels. rows, columns: m and n."""

    area: QRectF
    rows: int
    columns: int

    def cell(self, position: int) -> QRectF:
        """Where a region is."""
        row, column = divmod(position, self.columns)
        x, y = self.x(column), self.y(row)
        return QRectF(x, y, self.x(column + 1) - x, self.y(row + 1) - y)

    def x(self, column: float) -> float:
        """The left edge of a column."""
        return self.area.left() + column * self.area.width() / self.columns

    def y(self, row: float) -> float:
        """The upper edge of a row."""
        return self.area.top() + row * self.area.height() / self.rows

    def place(self, at: QPointF) -> tuple[float, float]:
        """Row and column at a place, counted from the upper left corner, with fractions."""
        return (
            (at.y() - self.area.top()) * self.rows / self.area.height(),
            (at.x() - self.area.left()) * self.columns / self.area.width(),
        )

    def position(self, at: QPointF) -> int | None:
        """The region at a place, None beside the picture."""
        if not self.area.contains(at):
            return None
        row, column = map(int, self.place(at))
        return min(row, self.rows - 1) * self.columns + min(column, self.columns - 1)

    def covered(self, box: QRectF) -> frozenset[int]:
        """The regions that a rectangle touches, even one that is a line or a point."""
        box, area = box.normalized(), self.area
        start = QPointF(max(box.left(), area.left()), max(box.top(), area.top()))
        end = QPointF(min(box.right(), area.right()), min(box.bottom(), area.bottom()))
        first, last = self.position(start), self.position(end)
        if first is None or last is None:
            return frozenset()
        top, left = divmod(first, self.columns)
        bottom, right = divmod(last, self.columns)
        return frozenset(
            row * self.columns + column
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        )

    def field(self, position: int, share: float) -> QRectF:
        """What a region depends on: `share` of either side, around its centre, in the picture."""
        wide, high = share * self.area.width(), share * self.area.height()
        centre = self.cell(position).center()
        box = QRectF(centre.x() - wide / 2, centre.y() - high / 2, wide, high)
        return box.intersected(self.area)

    def outline(self, positions: Collection[int]) -> QPainterPath:
        """The edges between these regions and all others, those of the picture included."""
        path, inside = QPainterPath(), set(positions)
        for position in sorted(inside):
            column, box = position % self.columns, self.cell(position)
            sides = (
                (column == 0 or position - 1 not in inside, box.topLeft(), box.bottomLeft()),
                (column == self.columns - 1 or position + 1 not in inside,
                 box.topRight(), box.bottomRight()),
                (position - self.columns not in inside, box.topLeft(), box.topRight()),
                (position + self.columns not in inside, box.bottomLeft(), box.bottomRight()),
            )  # fmt: skip
            for drawn, start, end in sides:
                if drawn:
                    path.moveTo(start)
                    path.lineTo(end)
        return path

    def lines(self) -> QPainterPath:
        """Between the cells."""
        path = QPainterPath()
        for column in range(1, self.columns):
            path.moveTo(self.x(column), self.area.top())
            path.lineTo(self.x(column), self.area.bottom())
        for row in range(1, self.rows):
            path.moveTo(self.area.left(), self.y(row))
            path.lineTo(self.area.right(), self.y(row))
        return path
