"""Where the parts of the comparison of soft and hard stand: draw, distance, rows, divergences."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetricsF

from attn_desktop.gui.reading_rows import LEAST_ROW, MARGIN, SMALL
from attn_desktop.gui.theme import Theme

#: Heights of the bar of α, and of the mark of u below it, at normal type.
BAR, MARK = 15, 6
#: Least height of a line of the matrix, and the most; its least and largest width beside the rows,
#: and the share of the width that it has there.
LEAST_LINE, MOST_LINE, LEAST_MATRIX, MATRIX, SHARE = 14, 24, 270, 320, 0.34
#: Width from which on the matrix stands beside the rows.
WIDE = 560


@dataclass(frozen=True)
class ReadingPlaces:
    """Areas of the parts; None for one that has no room."""

    draw: QRectF | None
    distance: QRectF | None
    rows: QRectF
    matrix: QRectF | None


def lay_out(size: QSize, count: int, divergent: bool, theme: Theme) -> ReadingPlaces:
    """Rows first, then the draw, the distance and the matrix, as far as there is room.

    count: of readings. divergent: whether there are divergences to show.
    """
    px = theme.px
    line = QFontMetricsF(theme.font(SMALL)).height()
    area = QRectF(0, 0, size.width(), size.height())
    least = count * max(px(LEAST_ROW), QFontMetricsF(theme.font(bold=True)).height()) + px(MARGIN)
    margin = px(MARGIN)
    matrix = None
    # A title, the names of the columns, and a line each.
    lines = count + 2
    low = max(px(LEAST_LINE), line * 0.95) * lines + margin
    if divergent and area.width() >= px(WIDE) and area.height() >= low:
        wide = max(px(LEAST_MATRIX), min(px(MATRIX), area.width() * SHARE))
        high = min(px(MOST_LINE) * lines + margin, area.height())
        matrix = QRectF(area.right() - wide, area.top(), wide, high)
        area.setRight(matrix.left())
    draw = distance = None
    high = line + px(BAR) + px(MARK) + px(5)
    spare = area.height() - least
    if spare >= high:
        draw = QRectF(area.left() + margin, px(3), area.width() - 2 * margin, high - px(3))
        spare -= high
        area.setTop(high)
    if spare >= line + px(2):
        distance = QRectF(area.left() + margin, area.top(), area.width() - 2 * margin, line)
        spare -= line + px(2)
        area.setTop(distance.bottom() + px(2))
    header = line + px(4)
    if divergent and matrix is None and spare >= low + header:
        taken = min(px(MOST_LINE) * lines + margin, low + (spare - low - header) / 2)
        matrix = QRectF(area.left(), area.bottom() - taken, area.width(), taken)
        area.setBottom(matrix.top())
    return ReadingPlaces(draw, distance, area, matrix)
