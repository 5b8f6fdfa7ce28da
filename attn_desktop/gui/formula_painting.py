"""A page of arithmetic in a panel: the formula, the same with numbers, its terms and their sum."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from attn_desktop.gui.formula_markup import Piece, parse
from attn_desktop.gui.formula_page import Page
from attn_desktop.gui.formula_rows import SIZE, RowBlock, head_height
from attn_desktop.gui.formula_text import Typesetter
from attn_desktop.gui.painting import fill_rounded

#: Sizes of a formula, largest first; a high panel begins with the first, a low one further on.
FORMULA = (2.0, 1.8, 1.6, 1.45, 1.3, 1.15, 1.0, 0.9, 0.8)
#: Heights at normal type from which formulas may be of the first, second … size.
HIGH = (420, 330, 270, 200)
#: From this size on a formula is rather set smaller than on two lines.
ONE_LINE = 1.15
#: Sizes of the lines with numbers, largest first, and of notes.
LIVE, NOTE = (1.15, 1.0, 0.9, 0.8), 0.85
#: Share of the height that formula and numbers may take, and least and widest row.
SHARE, LEAST_ROW, MOST_ROW = 0.55, 18, 24
#: Size of rows where there is much room for few, and their height.
LARGE, LARGE_ROW = 1.2, 32
#: Height of a panel, at normal type, from which notes are written; below it formula and numbers may
#: have all of it.
NOTED = 130
#: Room above and below formula and numbers, usually and in a low panel.
PAD, LOW_PAD = 8, 3

Line = tuple[tuple[Piece, ...], float]
#: A line below the rows: pieces, size, role, and whether a sum holds.
Tail = tuple[tuple[Piece, ...], float, str, bool | None]


class PageLayout:
    """Where everything of a page is in an area."""

    def __init__(self, type_: Typesetter, page: Page, area: QRectF) -> None:
        self._type, self._page, self._area = type_, page, area
        theme = type_.theme
        self._low, bottom = area.height() < theme.px(NOTED), area.bottom()
        self._pad = theme.px(LOW_PAD if self._low else PAD)
        self._note: tuple[Piece, ...] = ()
        self._note_base = bottom
        if page.note and not self._low:
            self._note = type_.lines(page.note, NOTE, area.width())[0]
            self._note_base = bottom - type_.row_extent(self._note, NOTE).descent
            bottom -= type_.row_extent(self._note, NOTE).height + theme.px(5)
        self._lines = self._formula_lines(area.width() - 2 * theme.px(PAD), area.height())
        high = sum(self._line_height(line) for line in self._lines) + self._pad
        self._band = QRectF(area.left(), area.top(), area.width(), high + self._pad)
        top = self._band.bottom() + theme.px(4)
        self._tail = [] if self._low else self._tail_lines(area.width())
        end = bottom - sum(self._tail_height(line) for line in self._tail)
        self.block = self._place_block(top, end)
        under = top if self.block is None else self.block.bottom
        self._tail_top = min(under + theme.px(2), max(end, top))

    def _tail_lines(self, width: float) -> list[Tail]:
        """Sums, and what is missing, as they stand below the rows."""
        type_, theme = self._type, self._type.theme
        lines: list[Tail] = []
        for check in self._page.checks:
            room = width - theme.px(24)
            fitting = (size for size in LIVE[1:] if type_.extent(check.text, size).width <= room)
            lines.append((parse(check.text), next(fitting, LIVE[-1]), "text", check.holds))
        if self._page.missing:
            rows = type_.lines(f"… {self._page.missing}", NOTE, width - theme.px(16))
            lines += [(row, NOTE, "dim", None) for row in rows]
        return lines

    def _tail_height(self, line: Tail) -> float:
        row, size, _, _ = line
        extent = self._type.row_extent(row, size)
        return max(extent.height, self._type.line_height(size)) + self._type.theme.px(3)

    def _line_height(self, line: Line) -> float:
        extent = self._type.row_extent(*line)
        return max(extent.height, self._type.line_height(line[1])) + self._type.theme.px(3)

    def _formula_lines(self, width: float, height: float) -> list[Line]:
        """The formula and the lines with numbers, as large as they may be; not all if too many.

        The first of the lines is never left out: in a low panel the type gets smaller for it, and
        where that is not enough there is no formula.
        """
        theme, page = self._type.theme, self._page
        first = sum(height < theme.px(least) for least in HIGH)
        roomy = height >= theme.px(HIGH[2])
        most = height - 2 * self._pad if self._low else height * SHARE
        for smaller in range(len(FORMULA) - first):
            sizes = LIVE[0 if roomy else min(1 + smaller, len(LIVE) - 1) :]
            lines = self._formula(FORMULA[first + smaller :], width)
            for live in page.live[:1]:
                lines += self._live(live, sizes, width, roomy)
            used = sum(map(self._line_height, lines))
            if used <= most or not self._low:
                break
        if used > most and self._low:
            # What is left says what is computed, too.
            return self._live(page.live[0], LIVE[-1:], width, roomy) if page.live else lines
        dots: Line = (parse("\\dim{…}"), LIVE[-1])
        for live in page.live[1:]:
            more = self._live(live, sizes, width, roomy)
            used += sum(map(self._line_height, more))
            if used > most:
                room = most - sum(map(self._line_height, lines))
                return [*lines, dots] if not self._low or self._line_height(dots) <= room else lines
            lines += more
        return lines

    def _formula(self, sizes: Sequence[float], width: float) -> list[Line]:
        """The formula in the first of these sizes in which it fits."""
        type_ = self._type
        lines: list[Line] = []
        for size in sizes:
            rows = type_.lines(self._page.formula, size, width)
            widest = max(type_.row_extent(row, size).width for row in rows)
            lines = [(row, size) for row in rows]
            if widest <= width and (len(rows) == 1 or size <= ONE_LINE):
                break
        return lines

    def _live(self, live: str, sizes: Sequence[float], width: float, roomy: bool) -> list[Line]:
        """A line with numbers, or what it is broken into, in the first size in which it fits."""
        type_ = self._type
        lines: list[Line] = []
        for size in sizes:
            rows = type_.lines(live, size, width)
            widest = max(type_.row_extent(row, size).width for row in rows)
            lines = [(row, size) for row in rows]
            # In a low panel a line saved is worth a size.
            if widest <= width and (roomy or len(rows) == 1 or size <= LIVE[2]):
                break
        return lines

    def _place_block(self, top: float, bottom: float) -> RowBlock | None:
        """The rows, larger where there is much room for few."""
        type_, theme, block = self._type, self._type.theme, self._page.block
        if block is None or not block.order:
            return None
        least = max(theme.px(LEAST_ROW), type_.line_height(1.0))
        room = bottom - top - head_height(type_)
        pitch = max(least, room / len(block.order))
        size = LARGE if pitch >= theme.px(LARGE_ROW) else SIZE
        pitch = min(pitch, max(least, theme.px(LARGE_ROW if size == LARGE else MOST_ROW)))
        # What the others come to says nothing where none is seen.
        if room < pitch * min(2, len(block.order)):
            return None
        area = QRectF(self._area.left(), top, self._area.width(), bottom - top)
        return RowBlock(type_, block, area, pitch, size)

    def at(self, place: QPointF) -> int | None:
        """The row at a place."""
        return None if self.block is None else self.block.at(place)

    # -- painting ---------------------------------------------------------------------------

    def paint(self, painter: QPainter, pointed: int | None, lit: frozenset[int]) -> None:
        """Everything. pointed: the row under the pointer; lit: source positions."""
        type_, theme = self._type, self._type.theme
        painter.save()
        painter.setClipRect(self._area)
        fill_rounded(painter, self._band, theme.px(6), theme.colour("raised"))
        y = self._band.top() + self._pad
        for row, size in self._lines:
            extent, high = type_.row_extent(row, size), self._line_height((row, size))
            base = y + (high - extent.height) / 2 + extent.ascent
            # What is too wide in the smallest type is made to fit.
            squeezed = min(1.0, (self._band.width() - 2 * theme.px(PAD)) / max(1.0, extent.width))
            painter.save()
            painter.translate(self._band.center().x(), base)
            painter.scale(squeezed, squeezed)
            type_.paint_row(painter, QPointF(-extent.width / 2, 0), row, size)
            painter.restore()
            y += high
        if self.block is not None:
            self.block.paint(painter, pointed, lit)
        y = self._tail_top
        for line in self._tail:
            self._paint_tail(painter, line, y)
            y += self._tail_height(line)
        note_at = QPointF(self._area.left(), self._note_base)
        type_.paint_row(painter, note_at, self._note, NOTE, "dim")
        painter.restore()

    def _paint_tail(self, painter: QPainter, line: Tail, top: float) -> None:
        type_, theme = self._type, self._type.theme
        row, size, role, holds = line
        extent = type_.row_extent(row, size)
        base = top + (self._tail_height(line) - extent.height) / 2 + extent.ascent
        left = self._area.left() + theme.px(8)
        type_.paint_row(painter, QPointF(left, base), row, size, role)
        if holds is not None:
            painter.setFont(type_.font(size, bold=True))
            painter.setPen(theme.colour("text" if holds else "warning"))
            end = QPointF(left + extent.width + theme.px(6), base)
            painter.drawText(end, "✓" if holds else "!")
