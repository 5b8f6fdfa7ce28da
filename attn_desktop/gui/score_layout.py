"""Where the scores of a step stand in a panel: two lines each, words above and plots below."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF

from attn_desktop.gui.small_plots import SMALL, button_width
from attn_desktop.gui.theme import Theme

#: Margin around all, gaps between columns and rows, least and largest height of the plots of a
#: row, at normal type.
MARGIN, GAP, APART, LEAST_PLOT, MOST_PLOT = 8, 10, 3, 12, 110
#: Share of the width that the context has; of a cell of the matrix the least, the most and the
#: share of the width that all of them have at most.
CONTEXT, LEAST_CELL, MOST_CELL, MATRIX = 0.2, 6, 26, 0.3
#: Most of the height that the labels of the source may take.
LABELS = 0.2
#: What the button of a row says where there is room, and where there is little.
DECODE, SHORT = "decode on", "▸"
#: Width of the panel from which on there is room.
WIDE = 330


@dataclass(frozen=True)
class BenchPlaces:
    """first, count: the rows seen, of `total`. head: height of the line of words of a row.

    energies, alpha, context, matrix: x ranges of the columns. titles: y of what names them.
    """

    area: QRectF
    total: int
    first: int
    count: int
    top: float
    pitch: float
    head: float
    titles: QRectF
    labels: float
    energies: tuple[float, float]
    alpha: tuple[float, float]
    context: tuple[float, float]
    matrix: tuple[float, float]
    button: float
    text: str

    def row(self, index: int) -> QRectF:
        """Both lines of a row."""
        top = self.top + (index - self.first) * self.pitch
        return QRectF(self.area.left(), top, self.area.width(), self.pitch)

    def words(self, index: int) -> QRectF:
        """The line of words of a row."""
        row = self.row(index)
        return QRectF(row.left(), row.top(), row.width(), self.head)

    def button_box(self, index: int) -> QRectF:
        """Where a row is clicked to decode on with its score."""
        words = self.words(index)
        return QRectF(words.right() - self.button, words.top(), self.button, words.height())

    def plot(self, index: int, across: tuple[float, float]) -> QRectF:
        """The part of the lower line of a row that is in a column."""
        row = self.row(index)
        top = row.top() + self.head + 1
        high = max(1.0, self.pitch - self.head - self.area_gap)
        return QRectF(across[0], top, max(1.0, across[1] - across[0]), high)

    @property
    def area_gap(self) -> float:
        """Pixels between two rows."""
        return min(float(APART), self.pitch / 8)

    def cell(self, index: int, other: int) -> QRectF:
        """What tells how alike two scores are."""
        box = self.plot(index, self.matrix)
        side = box.width() / max(1, self.total)
        return QRectF(box.left() + other * side, box.top(), side, box.height())

    def at(self, place: QPointF) -> int | None:
        """The row at a place."""
        rows = range(self.first, self.first + self.count)
        return next((index for index in rows if self.row(index).contains(place)), None)


def lay_out(area: QRectF, total: int, first: int, label_height: float, theme: Theme) -> BenchPlaces:
    """As many rows as there is room for, from `first` on or from before if all fit then.

    area: what the rows and the labels below them have. label_height: what the labels want.
    """
    px, small = theme.px, QFontMetricsF(theme.font(SMALL))
    area = area.adjusted(px(MARGIN), px(2), -px(MARGIN), -px(2))
    title = small.height()
    head = max(small.height(), QFontMetricsF(theme.font(bold=True)).height()) + 1
    labels = min(label_height, LABELS * area.height())
    if labels < small.height():
        labels = 0.0
    room = max(1.0, area.height() - title - labels)
    count = max(1, min(total, int(room / (head + px(LEAST_PLOT) + APART))))
    pitch = min(room / count, head + px(MOST_PLOT))
    first = max(0, min(first, total - count))
    wide = area.width() >= px(WIDE)
    text = DECODE if wide else SHORT
    gap = px(GAP if wide else GAP / 2)
    cell = min(px(MOST_CELL), max(px(LEAST_CELL), MATRIX * area.width() / max(1, total)))
    cell = min(cell, MATRIX * area.width() / max(1, total), max(pitch - head, px(LEAST_CELL)))
    matrix = (area.right() - (cell * total if total > 1 else 0.0), area.right())
    left, right = area.left(), matrix[0] - (gap if total > 1 else 0)
    context = (right - CONTEXT * area.width(), right)
    middle = (left + context[0] - gap) / 2
    return BenchPlaces(
        area=area,
        total=total,
        first=first,
        count=count,
        top=area.top() + title,
        pitch=pitch,
        head=head,
        titles=QRectF(area.left(), area.top(), area.width(), title),
        labels=labels,
        energies=(left, middle - gap / 2),
        alpha=(middle + gap / 2, context[0] - gap),
        context=context,
        matrix=matrix,
        button=button_width(text, theme),
        text=text,
    )
