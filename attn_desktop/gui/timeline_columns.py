"""Many steps of a timeline as narrow columns: two bars that stand, and tokens where they fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from attn_desktop.gui.theme import Theme
from attn_desktop.gui.timeline_card import StepLook
from attn_desktop.gui.timeline_cells import Cells

WIDEST_BAR = 14
ELLIPSIS = "…"
#: Steps between two numbers below columns: the least of these for which they have room.
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

Span = tuple[float, float]


@dataclass(frozen=True)
class ColumnPlaces:
    """y of the tokens, of the highest bar, of the line that both bars start at, of the lowest.

    bottom: y at which the numbers end; there are none where that is `low` itself.
    """

    tokens: float
    top: float
    middle: float
    low: float
    bottom: float


def column_places(theme: Theme, top: float, bottom: float) -> ColumnPlaces:
    """Places for columns between two y."""
    bars = top + QFontMetricsF(theme.font(0.9, bold=True)).height() + theme.px(2)
    tick = QFontMetricsF(theme.font(0.72)).height()
    low = bottom - tick if bottom - bars > 2.5 * tick else bottom
    return ColumnPlaces(top, bars, round(bars + 0.55 * (low - bars)), low, bottom)


def paint_columns(
    painter: QPainter, theme: Theme, cells: Cells, places: ColumnPlaces, looks: Iterable[StepLook]
) -> None:
    """The first bar of each step upwards, the second downwards from a common line."""
    gap = 1 if cells.pitch < theme.px(12) else theme.px(2)
    width = min(cells.pitch - gap, theme.px(WIDEST_BAR))
    middle = round(places.middle)
    rooms = (middle - places.top, places.low - middle - 2)
    for look in looks:
        left = cells.x(look.t) + (cells.pitch - width) / 2
        x, wide = round(left), max(1, round(left + width) - round(left))
        for bar, room, upwards in zip(look.bars, rooms, (True, False), strict=True):
            if bar is not None:
                high = round(bar[0] * room)
                y = middle - high if upwards else middle + 1
                painter.fillRect(QRect(x, y, wide, high), bar[1])
    line = QRectF(cells.left, middle, cells.right - cells.left, 1)
    painter.fillRect(line, theme.colour("border"))


def paint_numbers(painter: QPainter, theme: Theme, cells: Cells, places: ColumnPlaces) -> None:
    """t below the columns, as many as fit."""
    if places.low >= places.bottom:
        return
    font = theme.font(0.72)
    metrics = QFontMetricsF(font)
    room = metrics.horizontalAdvance("0000")
    every = next((n for n in TICKS if n * cells.pitch >= room), TICKS[-1])
    painter.setFont(font)
    painter.setPen(theme.colour("dim"))
    for t in range(cells.first, cells.last + 1):
        if t % every == 0 or (t == 1 and every >= 5):
            middle, half = cells.x(t) + cells.pitch / 2, metrics.horizontalAdvance(str(t)) / 2
            if cells.left - 2 <= middle - half and middle + half <= cells.right + 2:
                box = QRectF(middle - room, places.low, 2 * room, metrics.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(t))


def paint_tokens(
    painter: QPainter,
    theme: Theme,
    cells: Cells,
    y: float,
    tokens: Sequence[str],
    wanted: Iterable[int],
    later: int,
) -> None:
    """Tokens above columns: those of the steps `wanted`, in this order, then others, cut to fit.

    later: from this step on they are dimmed.
    """
    taken = _paint_outside(painter, theme, cells, y)
    bold, normal, small = theme.font(0.9, bold=True), theme.font(0.9), theme.font(0.75)
    # Made once: there may be hundreds of tokens, and a painter waits for all of them.
    of_bold, of_normal, of_small = map(QFontMetricsF, (bold, normal, small))
    height = of_bold.height()
    first = [t for t in dict.fromkeys(wanted) if cells.first <= t <= cells.last]
    rest = [t for t in range(cells.first, cells.last + 1) if t not in first]
    gap = theme.px(4)
    narrow = cells.pitch < of_normal.averageCharWidth() + gap
    for t in first if narrow else [*first, *rest]:
        token = tokens[t - 1]
        font, metrics = (bold, of_bold) if t in first else (normal, of_normal)
        width = metrics.horizontalAdvance(token) + gap
        if t not in first and width > cells.pitch:
            font, room = small, cells.pitch - gap
            token = of_small.elidedText(token, Qt.TextElideMode.ElideRight, room)
            if token == ELLIPSIS:
                continue
            width = of_small.horizontalAdvance(token) + gap
        left = _free_place(cells.x(t) + (cells.pitch - width) / 2, width, taken, cells)
        if left is None:
            continue
        taken.append((left, left + width))
        ink = theme.ink("target")
        ink.setAlphaF(0.5 if t >= later and t not in first else 1.0)
        painter.setFont(font)
        painter.setPen(ink)
        box = QRectF(left, y, width, height)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, token)


def _paint_outside(painter: QPainter, theme: Theme, cells: Cells, y: float) -> list[Span]:
    """How many steps are out of view at either end; the places that this takes."""
    font = theme.font(0.72)
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(theme.colour("dim"))
    taken = []
    for count, form, at_left in (
        (cells.first - 1, "‹ {} more", True),
        (cells.steps - cells.last, "{} more ›", False),
    ):
        if count > 0:
            text = form.format(count)
            width = metrics.horizontalAdvance(text) + theme.px(4)
            left = cells.left if at_left else cells.right - width
            box = QRectF(left, y, width, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
            taken.append((left, left + width))
    return taken


def _free_place(left: float, width: float, taken: list[Span], cells: Cells) -> float | None:
    """The nearest x that is free for something so wide, None if there is none close by."""
    left = min(max(left, cells.left), cells.right - width)
    near = [left, *(end for _, end in taken), *(start - width for start, _ in taken)]
    for x in sorted(near, key=lambda place: abs(place - left)):
        inside = cells.left <= x and x + width <= cells.right and abs(x - left) <= width
        if inside and all(x >= end or x + width <= start for start, end in taken):
            return x
    return None
