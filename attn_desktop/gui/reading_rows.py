"""Where the readings of a step stand in a panel: a row each, with columns as there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF

from attn_desktop.gui.theme import Theme

#: Type of what is not a name, relative to the window's.
SMALL = 0.88
#: Heights of rows, margin around all, gap between columns, at normal type.
LEAST_ROW, MOST_ROW, MARGIN, GAP = 18, 60, 8, 10
#: Least width of a strip; of a bar of p = 1 beside a strip, and without one; gap after bars.
LEAST_STRIP, LEAST_BAR, SHORT_BAR, AFTER = 24, 56, 16, 6
#: Room from which p of the token taken has a column of its own, and how wide that may be.
WIDE, MOST_CHOSEN = 180, 90
#: Fewer rows than these would compare nothing.
LEAST_ROWS = 2

Span = tuple[float, float]


@dataclass(frozen=True)
class ReadingRows:
    """x ranges of the columns; a header, `chosen` and `js` where there is room.

    area: of all of it. count: how many rows there are.
    """

    area: QRectF
    top: float
    header: float
    pitch: float
    count: int
    name: Span
    strip: Span
    bar: Span
    right: float
    chosen: Span | None
    js: Span | None

    def box(self, index: int) -> QRectF:
        """The row of a reading."""
        top = self.top + index * self.pitch
        return QRectF(self.area.left(), top, self.area.width(), self.pitch)

    def at(self, place: QPointF) -> int | None:
        """The row at a place."""
        return next((row for row in range(self.count) if self.box(row).contains(place)), None)


def lay_out(
    names: Sequence[str],
    said: Sequence[str],
    chosen_header: str,
    theme: Theme,
    area: QRectF,
    with_js: bool = False,
) -> ReadingRows:
    """Columns and rows in an area; fewer rows where it is very low.

    names: of all readings that there may be. said: what stands after the bar of each reading.
    with_js: whether there is a column for the divergence from soft, where there is room.
    """
    px = theme.px
    small = QFontMetricsF(theme.font(SMALL))
    bold = QFontMetricsF(theme.font(bold=True))
    least = max(px(LEAST_ROW), bold.height())
    margin, gap, count = px(MARGIN), px(GAP), len(said)
    header = small.height() + px(4)
    if area.height() - margin < header + count * least:
        header = 0.0
    room = area.height() - margin - header
    rows = min(count, max(LEAST_ROWS, int(room / least)))
    pitch = min(px(MOST_ROW), room / max(1, rows))
    right = area.right() - margin
    number = small.horizontalAdvance("<0.001") + 1
    longest = max(bold.horizontalAdvance(name) for name in names)
    start = area.left() + margin
    name = (start, start + max(0.0, min(longest, right - start - gap - number)))
    # What it would say comes before how sure it is, and that before what it looked at.
    # Those that differ from soft are bold.
    widest = QFontMetricsF(theme.font(SMALL, bold=True)).horizontalAdvance
    label = max(map(widest, said), default=0.0) + 1
    needed = label + px(AFTER) + px(SHORT_BAR) + gap
    chosen = js = None
    if header and with_js and right - name[1] - number - gap > needed + number:
        js = (right - number, right)
        right -= number + gap
    if header and right - name[1] > max(px(WIDE), needed):
        wide = small.horizontalAdvance(chosen_header) + 1
        wide = max(number, min(wide, px(MOST_CHOSEN)))
        chosen = (right - wide, right)
        right -= wide + gap
    left = name[1] + gap
    room = max(0.0, right - left)
    after, label = px(AFTER), min(label, room)
    strip = min(room * 0.5, room - label - after - px(LEAST_BAR) - gap)
    strip_end = left + strip if strip >= px(LEAST_STRIP) else left
    start = strip_end + gap if strip_end > left else left
    end = right - label - after
    bar = (start, end) if end - start >= px(SHORT_BAR) else (start, start)
    top = area.top() + px(MARGIN) / 2 + header
    strips = (left, strip_end)
    return ReadingRows(area, top, header, pitch, rows, name, strips, bar, right, chosen, js)
