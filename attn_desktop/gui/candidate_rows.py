"""Where the likeliest tokens stand in a panel: a row each, with labels, bars and numbers."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFontMetricsF

from attn_desktop.analysis.candidates import Candidate, Candidates
from attn_desktop.gui.theme import Theme

#: Type of numbers and headers, relative to the window's.
SMALL = 0.85
#: Least and largest height of a row, margin around all, gap between columns, at normal type.
LEAST_ROW, MOST_ROW, MARGIN, GAP = 20, 30, 8, 8
#: Room of the mark in front of the chosen token.
MARK = 12
#: Least room of labels beside two columns of numbers, what they get before bars do, least bars.
LEAST_LABEL, WIDE_LABEL, LEAST_BAR = 36, 90, 16
OTHER = "other"


@dataclass(frozen=True)
class CandidateRows:
    """shown: the candidates that have a row; the row after the last one is `other`.

    labels: x range; bars: x range of p from 0 to 1; numbers: right edges by reading.
    """

    shown: tuple[Candidate, ...]
    width: float
    top: float
    pitch: float
    labels: tuple[float, float]
    bars: tuple[float, float]
    numbers: dict[str, float]

    def box(self, index: int) -> QRectF:
        """A row."""
        return QRectF(0, self.top + index * self.pitch, self.width, self.pitch)

    def at(self, place: QPointF) -> int | None:
        """The row at a place, counted with `other`."""
        rows = range(len(self.shown) + 1)
        return next((row for row in rows if self.box(row).contains(place)), None)


def lay_out(found: Candidates, active: str, theme: Theme, size: QSize) -> CandidateRows:
    """As many rows as there is room for. active: the reading whose numbers come first."""
    px, small = theme.px, QFontMetricsF(theme.font(SMALL))
    top = px(MARGIN) / 2 + small.height() + px(2)
    least = max(px(LEAST_ROW), QFontMetricsF(theme.font()).height())
    shown = found.first(max(1, int((size.height() - top - px(MARGIN)) / least) - 1))
    pitch = min(px(MOST_ROW), (size.height() - top - px(MARGIN) / 2) / (len(shown) + 1))
    bold = QFontMetricsF(theme.font(bold=True))
    needed = (
        max(bold.horizontalAdvance(text) for text in (OTHER, *(row.label for row in shown))) + 1
    )
    left, right = float(px(MARGIN) + px(MARK)), float(size.width() - px(MARGIN))
    wide = max(small.horizontalAdvance(text) for text in ("<0.001", "soft", "hard")) + px(GAP)
    names = found.names
    if right - len(names) * wide - left < px(LEAST_LABEL):
        names = (active,)
    numbers = {name: right - place * wide for place, name in enumerate(reversed(names))}
    right -= len(names) * wide
    room = right - left
    # Bars only say how large the numbers are: labels come first where there is little room.
    labels = min(needed, max(room * 0.6, min(room, px(WIDE_LABEL))))
    start = left + labels + px(GAP)
    bars = (start, right if right - start >= px(LEAST_BAR) else start)
    return CandidateRows(shown, size.width(), top, pitch, (left, left + labels), bars, numbers)
