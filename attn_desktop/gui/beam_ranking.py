"""The n-best list of a beam search: rank, score and text of what has ended, best first."""

from __future__ import annotations

import html
from dataclasses import dataclass
from itertools import takewhile

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPalette
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from attn_desktop.analysis.beam_tree import Fate, n_best, number
from attn_desktop.gui.beam_card import Hypothesis
from attn_desktop.gui.beam_painting import MARK, paint_end
from attn_desktop.gui.beam_searches import Search
from attn_desktop.gui.row_list import NOWHERE, SMALL, Row, RowList, line_height, write
from attn_desktop.gui.theme import Theme

HEADING, NONE_YET = "n-best: rank, score, text", "n-best: nothing has ended yet"
#: Around and between the columns, at normal type.
EDGE, GAP = 6, 6


@dataclass(frozen=True)
class RankedRow(Row):
    """hypothesis: a row of the record. parts: the character from which it differs from the best."""

    hypothesis: int
    place: int
    score: str
    text: str
    fate: Fate
    parts: int


class BeamRanking(QWidget):
    """pointed: a hypothesis, −1 for none. chosen, taken: one was clicked, once and twice."""

    pointed = Signal(int)
    chosen = Signal(int)
    taken = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.framed = False
        self._rows: tuple[RankedRow, ...] = ()
        self._chosen: int | None = None
        self.heading = QLabel(HEADING)
        self.list = RowList(self)
        self.list.setAccessibleName("n-best list")
        self.list.chosen.connect(self._choose)
        self.list.pointed.connect(self._point)
        self.list.doubleClicked.connect(self._take)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.heading)
        column.addWidget(self.list, 1)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self.theme = theme
        colours = self.palette()
        colours.setColor(QPalette.ColorRole.Base, theme.colour("card"))
        colours.setColor(QPalette.ColorRole.WindowText, theme.colour("dim"))
        for widget in (self.heading, self.list):
            widget.setPalette(colours)
        self.heading.setFont(theme.font(SMALL))
        self.heading.setContentsMargins(theme.px(EDGE), 0, 0, 0)
        self.list.show_rows(self._rows)

    def show_search(self, search: Search) -> None:
        """List what has ended."""
        ranking = [Hypothesis(search, row) for row in n_best(search.record)]
        best = ranking[0].text if ranking else ""
        self._rows = tuple(_ranked(found, place, best) for place, found in enumerate(ranking, 1))
        self.heading.setText(HEADING if self._rows else NONE_YET)
        self.list.show_rows(self._rows)

    def mark(self, hypothesis: int | None) -> None:
        """Let the row of a hypothesis stand out, if it has one."""
        if hypothesis != self._chosen:
            self._chosen = hypothesis
            current = self.current()
            if current is not None:
                self.list.bring(current)
            self.list.viewport().update()

    # -- what a `RowArtist` has -------------------------------------------------------------

    def current(self) -> int | None:
        """The row of the hypothesis that is chosen."""
        found = (n for n, row in enumerate(self._rows) if row.hypothesis == self._chosen)
        return next(found, None)

    def row_height(self, number: int) -> int:
        """Pixels."""
        return round(line_height(self.theme.font(SMALL))) + self.theme.px(5)

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        """Rank, score, text and the mark of its end."""
        theme, px, row = self.theme, self.theme.px, self._rows[number]
        best, chosen = number == 0, number == self.current()
        font = theme.font(SMALL, bold=chosen)
        ink = theme.ink("target") if best else theme.colour("text")
        wide = QFontMetricsF(theme.font(SMALL, bold=True)).horizontalAdvance
        line = area.adjusted(px(EDGE), 0, -px(EDGE), 0)
        for text, sample in ((str(row.place), "00"), (row.score, "−00.00")):
            room = max(wide(sample), wide(text))
            painter.setFont(font)
            painter.setPen(ink if text == row.score else theme.colour("dim"))
            box = QRectF(line.left(), line.top(), room, line.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
            line.setLeft(line.left() + room + px(GAP))
        half = MARK * theme.scale
        line.setRight(line.right() - 2 * half - px(4))
        shown = row.text
        if row.parts and wide(shown) > line.width():
            shown = f"… {shown[row.parts :]}"
        used = write(painter, line, font, ink, shown)
        centre = QPointF(line.left() + used + half + px(4), area.center().y())
        paint_end(painter, theme, centre, half, row.fate, best)

    # -- pointer ----------------------------------------------------------------------------

    def _hypothesis(self, number: int) -> int:
        return self._rows[number].hypothesis if 0 <= number < len(self._rows) else NOWHERE

    def _choose(self, number: int) -> None:
        if self._hypothesis(number) != NOWHERE:
            self.chosen.emit(self._hypothesis(number))

    def _point(self, number: int) -> None:
        self.pointed.emit(self._hypothesis(number))

    def _take(self) -> None:
        number = self.list.currentIndex().row()
        if self._hypothesis(number) != NOWHERE:
            self.taken.emit(self._hypothesis(number))


def _ranked(hypothesis: Hypothesis, place: int, best: str) -> RankedRow:
    arrays = hypothesis.search.record.arrays
    score, text = number(float(arrays["score"][hypothesis.row])), hypothesis.text
    return RankedRow(
        hypothesis.row,
        f"{place}: {text}, score {score}",
        f"<b>{html.escape(text)}</b><br>{html.escape(hypothesis.terms)}",
        True,
        hypothesis.row,
        place,
        score,
        text,
        Fate(int(arrays["fate"][hypothesis.row])),
        # Of the best itself all is shown from its beginning.
        0 if place == 1 else _parting(best, text),
    )


def _parting(one: str, other: str) -> int:
    """The character with which the first word begins that two texts do not share."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return other.rfind(" ", 0, same) + 1
