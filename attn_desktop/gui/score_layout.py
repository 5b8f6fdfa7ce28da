"""Where the scores of a step stand in a panel: two lines each, words above and plots below."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF

from attn_desktop.gui.bench_tiles import MARGIN, Tiles, best_across, tile_width, words_height
from attn_desktop.gui.small_plots import SMALL, button_width
from attn_desktop.gui.theme import Theme

#: Gaps between columns and rows, least and largest height of the plots of a
#: row, at normal type.
GAP, APART, LEAST_PLOT, MOST_PLOT = 10, 3, 12, 110
#: Share of the width that the context has; of a cell of the matrix the least, the most and the
#: share of the width that all of them have at most.
CONTEXT, LEAST_CELL, MOST_CELL, MATRIX = 0.2, 6, 26, 0.3
#: Most of the height that the labels of the source may take.
LABELS = 0.2
#: What the button of a row says where there is room, and where there is little.
DECODE, SHORT = "decode on", "▸"
#: Width of the panel from which on there is room.
WIDE = 330
#: Over a picture, at normal type: least and largest height of a map, the height below which e has
#: none if that makes α larger; of rows side by side the least width, which their words need, and
#: room between two.
LEAST_MAP, MOST_MAP, BOTH, LEAST_ROW, BETWEEN = 24, 320, 56, 230, 20
#: Least and largest width of what stands beside the maps, and the most of a row that the least is.
LEAST_BESIDE, MOST_BESIDE, BESIDE = 80, 220, 0.3


@dataclass(frozen=True)
class BenchPlaces:
    """first, count: the rows seen, of `total`. head: height of the line of words of a row.

    tiles: where the rows are. energies, alpha, context, matrix: x ranges of the columns in the
    first of them. stacked: whether the context is above the matrix. titles: y of what names them.
    """

    area: QRectF
    total: int
    first: int
    count: int
    tiles: Tiles
    head: float
    titles: QRectF
    labels: float
    energies: tuple[float, float]
    alpha: tuple[float, float]
    context: tuple[float, float]
    matrix: tuple[float, float]
    button: float
    text: str
    stacked: bool = False

    def row(self, index: int) -> QRectF:
        """Both lines of a row."""
        return self.tiles.box(index - self.first)

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
        left, top = row.left() + across[0] - self.area.left(), row.top() + self.head + 1
        high = max(1.0, row.height() - self.head - self.area_gap)
        return QRectF(left, top, max(1.0, across[1] - across[0]), high)

    @property
    def area_gap(self) -> float:
        """Pixels between two rows."""
        return min(float(APART), self.tiles.pitch / 8)

    def context_box(self, index: int) -> QRectF:
        """Where c of a row is."""
        box = self.plot(index, self.context)
        if self.stacked and self.total > 1:
            box.setHeight(box.height() / 2 - 1)
        return box

    def cell(self, index: int, other: int) -> QRectF:
        """What tells how alike two scores are."""
        box = self.plot(index, self.matrix)
        if self.stacked:
            box.setTop(box.top() + box.height() / 2 + 1)
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
    px = theme.px
    area, title, head = _lines(area, theme)
    small = QFontMetricsF(theme.font(SMALL))
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
        tiles=Tiles(area.adjusted(0, title, 0, 0), 1, pitch),
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


def lay_out_maps(area: QRectF, total: int, first: int, ratio: float, theme: Theme) -> BenchPlaces:
    """Over a picture: as many rows side by side as makes their maps largest.

    ratio: of the width of a map to its height. Where there is little room only α has one.
    """
    px = theme.px
    area, title, head = _lines(area, theme)
    gap, above, least = px(GAP / 2), head + 1 + APART, px(LEAST_MAP)
    room = max(1.0, area.height() - title)

    def high(across: int, rows: int, maps: int) -> float:
        wide = tile_width(area.width(), across, px(BETWEEN))
        if across > 1 and wide < px(LEAST_ROW):
            return 0.0
        beside = min(px(LEAST_BESIDE), BESIDE * wide)
        return min(room / rows - above, ((wide - beside) / maps - gap) / ratio, px(MOST_MAP))

    def sized(maps: int) -> tuple[int, float]:
        across, size = best_across(total, lambda across, rows: high(across, rows, maps))
        if size < least:
            # Not all can be seen: the others are scrolled to.
            fitting = (n for n in range(total, 0, -1) if high(n, 1, maps) >= least)
            across, rows = next(fitting, 1), max(1, int(room / (above + least)))
            size = high(across, rows, maps)
        return across, max(1.0, float(int(size)))

    maps, (across, size) = 2, sized(2)
    if size < px(BOTH) and sized(1)[1] > size:
        maps, (across, size) = 1, sized(1)
    tiles = Tiles(area.adjusted(0, title, 0, 0), across, above + size, px(BETWEEN))
    count = max(1, min(total, across * int(room / tiles.pitch)))
    left, wide = area.left(), size * ratio
    start = left if maps == 1 else left + wide + gap
    besides = start + wide + gap
    beside = (besides, min(left + tiles.wide, besides + px(MOST_BESIDE)))
    text = DECODE if tiles.wide >= px(WIDE) else SHORT
    return BenchPlaces(
        area=area,
        total=total,
        first=max(0, min(first, total - count)),
        count=count,
        tiles=tiles,
        head=head,
        titles=QRectF(left, area.top(), area.width(), title),
        labels=0.0,
        energies=(left, left + wide if maps == 2 else left),
        alpha=(start, start + wide),
        context=beside,
        matrix=beside,
        button=button_width(text, theme),
        text=text,
        stacked=True,
    )


def _lines(area: QRectF, theme: Theme) -> tuple[QRectF, float, float]:
    """What is inside the margins; height of the titles, and of the line of words of a row."""
    px, small = theme.px, QFontMetricsF(theme.font(SMALL)).height()
    inner = area.adjusted(px(MARGIN), px(2), -px(MARGIN), -px(2))
    return inner, small, words_height(theme)
