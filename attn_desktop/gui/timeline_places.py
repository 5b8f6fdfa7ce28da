"""What is where in a timeline: gutter, cells, marks, watches and coverage below each other."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from attn_desktop.gui.theme import Theme
from attn_desktop.gui.timeline_cells import Cells

#: Pixels at normal type: around everything, between cells, of the cell of `start`.
MARGIN, GAP, START = 6, 6, 46
#: Of the gutter for breakpoints, and of a lane of marks.
GUTTER, LANE = 13, 10
TALLEST_CARD = 120
#: What is left to the cells before a watch gets a row.
LEAST_CELLS = 62
#: Type of the name of a watch, and of its numbers.
NAME, NUMBER = 0.8, 0.72


@dataclass(frozen=True)
class Areas:
    """From the left margin to the right one, but for the gutter, which begins at the cells.

    cells: that of `start` included. marks: of so many lanes; empty without marks. watches: `rows`
    of them fit, each `row` pixels high; `more` is the line about the others.
    """

    gutter: QRectF
    cells: QRectF
    marks: QRectF
    watches: QRectF
    rows: int
    row: float
    more: QRectF
    coverage: QRectF

    @property
    def steps(self) -> QRectF:
        """All that stands in columns of steps, but for the gutter."""
        return self.cells.united(self.marks).united(self.watches)


def place_areas(
    theme: Theme, width: float, height: float, cells: Cells, lanes: int, watches: int
) -> Areas:
    """Areas for so many lanes of marks and as many of the watches as fit."""
    px = theme.px
    gutter, lane = min(px(GUTTER), 0.11 * height), min(px(LANE), 0.08 * height)
    row, line = row_height(theme), _line_height(theme, NUMBER)
    low = min(max(0.14 * (height - watches * row), px(10)), px(32))
    top, gap = gutter + 1, px(5)
    room = max(height - top - lanes * lane - gap - low - px(MARGIN), 1.0)
    rows, more = watches, 0.0
    if watches * row > room - px(LEAST_CELLS):
        rows = max(0, int((room - px(LEAST_CELLS) - line) / row))
        more = line if room - px(LEAST_CELLS) >= line else 0.0
    high = room - rows * row - more
    if cells.cards and high > px(TALLEST_CARD):
        row += min(row, (high - px(TALLEST_CARD)) / rows) if rows else 0
        high = px(TALLEST_CARD)
    boxes, y = [], top
    for tall in (high, lanes * lane, rows * row, more):
        boxes.append(QRectF(px(MARGIN), y, width - 2 * px(MARGIN), tall))
        y += tall
    gutter_box = QRectF(cells.left, 0, cells.right - cells.left, gutter)
    coverage = QRectF(px(MARGIN), y + gap, width - 2 * px(MARGIN), low)
    return Areas(gutter_box, boxes[0], boxes[1], boxes[2], rows, row, boxes[3], coverage)


def row_height(theme: Theme) -> float:
    """Pixels of a watch at least: its name above its number."""
    return round(_line_height(theme, NAME) + _line_height(theme, NUMBER)) + theme.px(5)


def cell_width(theme: Theme, cells: Cells) -> float:
    """Pixels of a cell itself; cards stand apart, columns do not."""
    return cells.pitch - (theme.px(GAP) if cells.cards else 0)


def middle(theme: Theme, cells: Cells, t: int) -> float:
    """x of the middle of the cell of step t."""
    return cells.x(t) + cell_width(theme, cells) / 2


def _line_height(theme: Theme, relative: float) -> float:
    return QFontMetricsF(theme.font(relative)).height()
