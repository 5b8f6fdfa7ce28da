"""Rows of numbers with bars: where the columns of a block stand, and how they are painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from attn_desktop.gui.formula_markup import ROLES
from attn_desktop.gui.formula_page import Block, Column
from attn_desktop.gui.formula_text import Typesetter
from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.theme import Theme

#: Size of rows, of their heads and of what is left over.
SIZE, HEAD = 0.95, 0.8
#: Gap between columns, least width of words and of bars, widest bars, at normal type.
GAP, LEAST_WORD, LEAST_BAR, MOST_BAR = 14, 44, 48, 460
#: Room of the mark in front of a row.
MARK = 8


@dataclass(frozen=True)
class _Placed:
    column: Column
    texts: list[str]
    left: float
    right: float


class RowBlock:
    """A block in an area: its head, a row a line, and what the others come to.

    area: from the top of the head on; as many rows as there is room for. pitch: height of a row;
    size: of its type.
    """

    def __init__(
        self, type_: Typesetter, block: Block, area: QRectF, pitch: float, size: float = SIZE
    ) -> None:
        self.block, self._type, self._area, self._pitch = block, type_, area, pitch
        self._size = size
        self.head = head_height(type_)
        lines = int((area.height() - self.head + 0.5) / pitch)
        self.rows, self.hidden = block.shown(max(0, lines))
        self._bars: tuple[float, float] | None = None
        self._columns = self._place()

    @property
    def bottom(self) -> float:
        """Where the last line ends."""
        lines = len(self.rows) + (1 if self.hidden else 0)
        return self._area.top() + self.head + lines * self._pitch

    def box(self, line: int) -> QRectF:
        """A line, counted from the first row shown."""
        top = self._area.top() + self.head + line * self._pitch
        return QRectF(self._area.left(), top, self._area.width(), self._pitch)

    def at(self, place: QPointF) -> int | None:
        """The row at a place."""
        lines = range(len(self.rows))
        return next((self.rows[line] for line in lines if self.box(line).contains(place)), None)

    # -- columns ----------------------------------------------------------------------------

    def _place(self) -> list[_Placed]:
        theme, block = self._type.theme, self.block
        gap, room = theme.px(GAP), self._area.width() - theme.px(MARK)
        columns = list(block.columns)
        texts = {id(column): column.written(self.rows) for column in columns}
        widths = {id(column): self._wanted(column, texts[id(column)]) for column in columns}
        bar = theme.px(LEAST_BAR) + gap if block.bars is not None else 0.0

        def needed() -> float:
            return sum(widths[id(column)] + gap for column in columns) - gap

        def shrink_words(beside: float) -> None:
            for column in columns:
                over = needed() + beside - room
                if column.numbers is None and not column.math and over > 0:
                    least = min(widths[id(column)], float(theme.px(LEAST_WORD)))
                    widths[id(column)] = max(least, widths[id(column)] - over)

        shrink_words(bar)
        while needed() + bar > room and len(columns) > 2 and min(c.keep for c in columns) < 3:
            columns.remove(min(reversed(columns), key=lambda column: column.keep))
        if needed() + bar > room:
            bar = 0.0
        while needed() > room and len(columns) > 1:
            columns.remove(min(reversed(columns), key=lambda column: column.keep))
        # What gave way has made room for words again.
        widths = {id(column): self._wanted(column, texts[id(column)]) for column in columns}
        shrink_words(bar)
        placed, x = [], self._area.left() + theme.px(MARK)
        for column in columns:
            wide = min(widths[id(column)], max(0.0, room))
            placed.append(_Placed(column, texts[id(column)], x, x + wide))
            x += wide + gap
        if bar:
            right = min(self._area.right(), x + theme.px(MOST_BAR))
            self._bars = (x, right)
        return placed

    def _wanted(self, column: Column, texts: Sequence[str]) -> float:
        head = self._type.extent(column.head, HEAD).width
        if column.math:
            return max([head, *(self._type.extent(text, self._size).width for text in texts)]) + 1
        bold = column.role in ROLES
        wide = max((self._type.width(text, self._size, bold) for text in texts), default=0.0)
        return max(head, wide) + 1

    # -- painting ---------------------------------------------------------------------------

    def paint(self, painter: QPainter, pointed: int | None, lit: frozenset[int]) -> None:
        """Heads, rows, bars. pointed: row under the pointer; lit: source positions."""
        type_, theme = self._type, self._type.theme
        if not self.rows and not self.hidden:
            return
        base = self._area.top() + self.head - theme.px(5)
        for placed in self._columns:
            wide = type_.extent(placed.column.head, HEAD).width
            x = placed.left if _is_word(placed.column) else placed.right - wide
            type_.paint(painter, QPointF(x, base), placed.column.head, HEAD, "dim")
        painter.setPen(QPen(theme.colour("border"), 1))
        line = round(self._area.top() + self.head - theme.px(1)) + 0.5
        painter.drawLine(QLineF(self._area.left(), line, self._area.right(), line))
        span = self._span()
        for place, row in enumerate(self.rows):
            self._paint_row(painter, place, row, row == pointed, lit, span)
        if self.hidden:
            self._paint_rest(painter)

    def _paint_row(
        self,
        painter: QPainter,
        place: int,
        row: int,
        pointed: bool,
        lit: frozenset[int],
        span: tuple[float, float],
    ) -> None:
        type_, theme, box = self._type, self._type.theme, self.box(place)
        marked = row in self.block.marked
        if pointed or marked or (self.block.positions and row in lit):
            fill_rounded(painter, box.adjusted(0, 1, 0, -1), theme.px(3), theme.colour("faint"))
        if marked:
            tick = QRectF(box.left(), box.top() + 1, theme.px(3), box.height() - 2)
            fill_rounded(
                painter, tick, theme.px(1), theme.hue(ROLES.get(self.block.mark, "source"))
            )
        base = box.center().y() + _sink(type_, self._size)
        for placed in self._columns:
            column, text = placed.column, placed.texts[place]
            if column.math:
                type_.paint(painter, QPointF(placed.left, base), text, self._size, column.role)
                continue
            bold = marked and column.role in ROLES
            font = type_.font(self._size, bold)
            painter.setFont(font)
            painter.setPen(_ink(theme, column.role))
            wide = placed.right - placed.left
            if column.numbers is None:
                shown = elided(text, font, wide)
                painter.drawText(QPointF(placed.left, base), shown)
            else:
                x = placed.right - type_.width(text, self._size, bold)
                painter.drawText(QPointF(x, base), text)
        self._paint_bar(painter, row, box, span)

    def _span(self) -> tuple[float, float]:
        """What the left and the right end of the bars stand for."""
        block = self.block
        if block.bars is None:
            return 0.0, 1.0
        values = block.bars[self.rows]
        values = values[np.isfinite(values)]
        low = min(0.0, float(values.min(initial=0.0)))
        high = max(0.0, float(values.max(initial=0.0)))
        if block.full is not None:
            low, high = (-block.full if low < 0 else 0.0), block.full
        return low, high if high > low else low + 1.0

    def _paint_bar(
        self, painter: QPainter, row: int, box: QRectF, span: tuple[float, float]
    ) -> None:
        block, theme = self.block, self._type.theme
        if block.bars is None or self._bars is None:
            return
        value, (left, right) = float(block.bars[row]), self._bars
        if not math.isfinite(value):
            return
        scale = (right - left) / (span[1] - span[0])
        zero = left - span[0] * scale
        if span[0] < 0:
            painter.setPen(QPen(theme.colour("border"), 1))
            painter.drawLine(QLineF(zero, box.top(), zero, box.bottom()))
        if not value:
            return
        end = min(right, max(left, zero + value * scale))
        high = min(theme.px(10) * self._size / SIZE, box.height() * 0.55)
        bar = QRectF(min(zero, end), box.center().y() - high / 2, max(1.0, abs(end - zero)), high)
        fill_rounded(painter, bar, min(theme.px(2), bar.width() / 2), self._hue(value))

    def _hue(self, value: float) -> QColor:
        theme, role = self._type.theme, self.block.role
        if role is None:
            return QColor(*theme.diverging_lut()[0 if value < 0 else -1].tolist())
        return theme.hue(ROLES[role]) if role in ROLES else theme.colour("dim", 0.55)

    def _paint_rest(self, painter: QPainter) -> None:
        type_, box = self._type, self.box(len(self.rows))
        font = type_.font(self._size)
        painter.setFont(font)
        painter.setPen(type_.theme.colour("dim"))
        left = box.left() + type_.theme.px(MARK)
        text = elided(self.block.rest(self.hidden), font, box.right() - left)
        painter.drawText(
            QRectF(left, box.top(), box.right() - left, box.height()),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            text,
        )


def head_height(type_: Typesetter) -> float:
    """What the heads of columns take."""
    return type_.line_height(HEAD) + type_.theme.px(7)


def _is_word(column: Column) -> bool:
    return column.numbers is None


def _ink(theme: Theme, role: str) -> QColor:
    return theme.ink(ROLES[role]) if role in ROLES else theme.colour(role)


def _sink(type_: Typesetter, size: float) -> float:
    """From the middle of a line down to its baseline."""
    extent = type_.extent("x", size)
    return (extent.ascent - extent.descent) / 2
