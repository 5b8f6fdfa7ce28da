"""Formulas measured and painted, in the type and the colours of a theme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from attn_desktop.gui.formula_markup import ROLES, Piece, parse
from attn_desktop.gui.theme import Theme

#: Size of scripts and of what stands in a fraction, relative to the line's.
SCRIPT, PART = 0.7, 0.82
#: How far scripts are moved, and gap at the bar of a fraction, in heights of the line's type.
DOWN, UP, GAP = 0.17, 0.33, 0.06
#: Where the bar of a fraction is, above the baseline.
AXIS = 0.27
#: Measures that are kept.
MOST_HELD = 5_000


@dataclass(frozen=True)
class Extent:
    """What a line takes, in pixels: width, height above the baseline and depth below it."""

    width: float = 0.0
    ascent: float = 0.0
    descent: float = 0.0

    @property
    def height(self) -> float:
        """From the top of the highest to the bottom of the lowest piece."""
        return self.ascent + self.descent

    def beside(self, other: Extent) -> Extent:
        """Two lines one after the other on the same baseline."""
        return Extent(
            self.width + other.width,
            max(self.ascent, other.ascent),
            max(self.descent, other.descent),
        )


@dataclass
class Typesetter:
    """Measures and paints formulas in the type and the colours of a theme."""

    theme: Theme
    _fonts: dict[tuple[float, bool, bool], tuple[QFont, QFontMetricsF]] = field(
        default_factory=dict
    )
    _widths: dict[tuple[float, bool, bool, str], float] = field(default_factory=dict)
    _extents: dict[tuple[int, float], tuple[Piece, Extent]] = field(default_factory=dict)

    def extent(self, markup: str, size: float = 1.0) -> Extent:
        """What a formula takes on one line; size: relative to the window's type."""
        return self._row(parse(markup), size)

    def paint(
        self, painter: QPainter, at: QPointF, markup: str, size: float = 1.0, role: str = "text"
    ) -> None:
        """Paint a formula from a point of its baseline on. role: of what has no own colour."""
        self.paint_row(painter, at, parse(markup), size, role)

    def lines(self, markup: str, size: float, room: float) -> list[tuple[Piece, ...]]:
        """The formula cut at its breaks so that no line is wider than `room`, if that can be."""
        parts: list[list[Piece]] = [[]]
        for piece in parse(markup):
            parts.append([]) if piece.breaks else parts[-1].append(piece)
        lines: list[list[Piece]] = []
        for part in parts:
            if lines and self._row([*lines[-1], *part], size).width <= room:
                lines[-1] += part
            else:
                lines.append(_without_space(part))
        return [tuple(line) for line in lines]

    def row_extent(self, pieces: Sequence[Piece], size: float) -> Extent:
        """What one of `lines` takes."""
        return self._row(pieces, size)

    def paint_row(
        self,
        painter: QPainter,
        at: QPointF,
        pieces: Sequence[Piece],
        size: float,
        role: str = "text",
    ) -> None:
        """Paint one of `lines`."""
        self._paint_row(painter, at.x(), at.y(), pieces, size, role)

    def font(self, size: float, bold: bool = False, italic: bool = False) -> QFont:
        """The window's type in a relative size."""
        return self._type(size, bold, italic)[0]

    def line_height(self, size: float) -> float:
        """Height of a line of plain text."""
        return self._type(size, False, False)[1].height()

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """Width of plain text."""
        return self._width(size, bold, False, text)

    def _type(self, size: float, bold: bool, italic: bool) -> tuple[QFont, QFontMetricsF]:
        key = (size, bold, italic)
        if key not in self._fonts:
            font = self.theme.font(size, bold)
            font.setItalic(italic)
            self._fonts[key] = (font, QFontMetricsF(font))
        return self._fonts[key]

    def _width(self, size: float, bold: bool, italic: bool, text: str) -> float:
        key = (size, bold, italic, text)
        if key not in self._widths:
            if len(self._widths) > MOST_HELD:
                self._widths.clear()
            self._widths[key] = self._type(size, bold, italic)[1].horizontalAdvance(text)
        return self._widths[key]

    def _row(self, pieces: Sequence[Piece], size: float) -> Extent:
        total = Extent()
        for piece in pieces:
            total = total.beside(self._piece(piece, size))
        return total

    def _piece(self, piece: Piece, size: float) -> Extent:
        key = (id(piece), size)
        held = self._extents.get(key)
        # The piece is held with its extent, so that its id is not another's meanwhile.
        if held is None or held[0] is not piece:
            if len(self._extents) > MOST_HELD:
                self._extents.clear()
            self._extents[key] = held = (piece, self._measured(piece, size))
        return held[1]

    def _measured(self, piece: Piece, size: float) -> Extent:
        metrics = self._type(size, piece.style.bold, piece.italic)[1]
        em = metrics.height()
        if piece.over is not None:
            top, bottom = (self._row(part, size * PART) for part in piece.over)
            return Extent(
                max(top.width, bottom.width) + 0.3 * em,
                AXIS * em + GAP * em + top.height,
                GAP * em + bottom.height - AXIS * em,
            )
        own = Extent(
            self._width(size, piece.style.bold, piece.italic, piece.text),
            metrics.ascent(),
            metrics.descent(),
        )
        if not piece.below and not piece.above:
            return own
        below, above = (self._row(part, size * SCRIPT) for part in (piece.below, piece.above))
        return Extent(
            own.width + max(below.width, above.width),
            max(own.ascent, above.ascent + UP * em if piece.above else 0.0),
            max(own.descent, below.descent + DOWN * em if piece.below else 0.0),
        )

    def _paint_row(
        self,
        painter: QPainter,
        x: float,
        y: float,
        pieces: Sequence[Piece],
        size: float,
        role: str,
    ) -> None:
        for piece in pieces:
            self._paint_piece(painter, x, y, piece, size, role)
            x += self._piece(piece, size).width

    def _paint_piece(
        self, painter: QPainter, x: float, y: float, piece: Piece, size: float, role: str
    ) -> None:
        font, metrics = self._type(size, piece.style.bold, piece.italic)
        em, own = metrics.height(), self._colour(piece.style.role, role)
        if piece.over is not None:
            top, bottom = (self._row(part, size * PART) for part in piece.over)
            wide = self._piece(piece, size).width
            bar = y - AXIS * em
            # The bar is as thick as a stroke of the type.
            painter.setPen(QPen(own, max(1.0, em / 18)))
            painter.drawLine(QLineF(x + 0.07 * em, bar, x + wide - 0.07 * em, bar))
            for part, extent, base in (
                (piece.over[0], top, bar - GAP * em - top.descent),
                (piece.over[1], bottom, bar + GAP * em + bottom.ascent),
            ):
                start = x + (wide - extent.width) / 2
                self._paint_row(painter, start, base, part, size * PART, role)
            return
        painter.setFont(font)
        painter.setPen(own)
        painter.drawText(QPointF(x, y), piece.text)
        x += self._width(size, piece.style.bold, piece.italic, piece.text)
        self._paint_row(painter, x, y + DOWN * em, piece.below, size * SCRIPT, role)
        self._paint_row(painter, x, y - UP * em, piece.above, size * SCRIPT, role)

    def _colour(self, own: str, role: str) -> QColor:
        name = role if own == "text" else own
        return self.theme.ink(ROLES[name]) if name in ROLES else self.theme.colour(name)


def _without_space(part: list[Piece]) -> list[Piece]:
    """The beginning of a line without the spaces that set it apart from what was before."""
    while part and not part[0].text.strip() and part[0].over is None and not part[0].below:
        part = part[1:]
    return part
