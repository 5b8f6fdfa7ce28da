"""Where the columns stand in a list of source positions: label, α, tokens, log p of y_t, JS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.theme import Theme

#: Margin beside a row, gaps between columns and tokens, length of a bar, at normal type.
EDGE, GAP, NARROW_GAP, APART, BAR = 8, 10, 7, 9, 36
#: Share of the width that labels have at most, the width below which there are no bars, and the
#: least room for tokens that is left beside numbers.
LABELS, BARS_FROM, LEAST_TOKENS = 0.2, 470, 64
#: What a column is put in order by, as in `analysis.each_position.ORDERS`.
SOURCE, ALPHA, TOKEN, CHOSEN, JS = "source", "alpha", "token", "chosen", "js"

Span = tuple[float, float]


@dataclass(frozen=True)
class EachColumns:
    """x ranges of the columns that there are. bar: length of a bar of 1, 0 where none has room."""

    spans: dict[str, Span]
    bar: float

    def area(self, name: str, row: QRectF) -> QRectF:
        """A column in a row; empty where there is no such column."""
        left, right = self.spans.get(name, (0.0, 0.0))
        return QRectF(left, row.top(), max(0.0, right - left), row.height())

    def at(self, x: float) -> str | None:
        """The column at a pixel."""
        found = (name for name, (left, right) in self.spans.items() if left <= x <= right)
        return next(found, None)


def lay_out(labels: Sequence[str], width: float, theme: Theme) -> EachColumns:
    """Columns for all rows: numbers have what they need, tokens what is left.

    Where that is too little, JS is left out, then log p of y_t.
    """
    px, wide = theme.px, width >= theme.px(BARS_FROM)
    bold, small = QFontMetricsF(theme.font(bold=True)), QFontMetricsF(theme.font(SMALL, bold=True))
    left, right, gap = float(px(EDGE)), width - px(EDGE), px(GAP if wide else NARROW_GAP)
    bar = float(px(BAR)) if wide else 0.0
    beside = bar + px(4) if wide else 0.0
    longest = max((bold.horizontalAdvance(label) for label in labels), default=0.0)
    label = min(longest + px(2), LABELS * width)
    number = small.horizontalAdvance("<0.001")
    words = max(small.horizontalAdvance(text) for text in ("masked", "outside"))
    spans = {SOURCE: (left, left + label)}
    end = left + label + gap + max(number, words) + beside
    spans[ALPHA] = (left + label + gap, end)
    chosen = small.horizontalAdvance("log p(y) ▾") if wide else number
    for name, column in ((JS, number + beside), (CHOSEN, chosen)):
        others = chosen + gap if name == JS else 0.0
        if right - column - gap - others - end - gap >= px(LEAST_TOKENS):
            spans[name] = (right - column, right)
            right -= column + gap
    spans[TOKEN] = (end + gap, max(end + gap, right))
    return EachColumns(spans, bar)
