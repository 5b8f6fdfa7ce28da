"""Paints one source position of the list: its α, the tokens it would say, y_t, and JS."""

from __future__ import annotations

import html
from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from attn_desktop.analysis.each_position import EachPosition
from attn_desktop.analysis.four_readings import MOST_JS
from attn_desktop.gui.each_layout import ALPHA, APART, CHOSEN, JS, SOURCE, TOKEN, EachColumns
from attn_desktop.gui.formula_page import number_text
from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.painting import elided, fill_rounded, write_in
from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.theme import Theme

#: Decimals of log p.
DECIMALS = 2
RIGHT = Qt.AlignmentFlag.AlignRight


@dataclass(frozen=True)
class Chip:
    """A token of a row that can be clicked: its rank, its box, and how it is written."""

    rank: int
    box: QRectF
    label: str
    log_p: str


@dataclass(frozen=True, eq=False)
class EachRows:
    """What all rows share. labels: of the positions. token_id: of y_t, None while it is hidden."""

    each: EachPosition
    labels: tuple[str, ...]
    columns: EachColumns
    token_id: int | None
    theme: Theme

    # -- words ----------------------------------------------------------------------------

    def weight(self, j: int) -> str:
        """α of a position, or why it has none."""
        if self.each.masked[j]:
            return "masked"
        return "outside" if self.each.outside[j] else short_text(float(self.each.alpha[j]))

    def tokens(self, j: int) -> str:
        """All tokens that were recorded of a position."""
        labels, logs = self.each.top_labels[j], self.each.top_log_probs[j]
        pairs = zip(labels, logs.tolist(), strict=True)
        return ", ".join(f"“{label}” {log_text(log_p)}" for label, log_p in pairs)

    def about(self, j: int) -> str:
        """A position in the status line, counted from 1."""
        each = self.each
        text = f"h_{j + 1} “{self.labels[j]}” alone"
        if self.token_id is not None:
            text += f"   log p(y) {log_text(float(each.log_prob[j]))}"
        return (
            f"{text}   JS to soft {short_text(float(each.js[j]))}, H {each.entropy[j]:.2f} nats"
            f"   α {self.weight(j)}   {self.tokens(j)}"
        )

    def tip(self, j: int) -> str:
        """A tooltip, as rich text."""
        return f"<p>{html.escape(self.about(j))}</p>"

    # -- where things are -----------------------------------------------------------------

    def chips(self, j: int, row: QRectF) -> list[Chip]:
        """The tokens that fit into a row, the likeliest first; of one too long only a part."""
        theme, area = self.theme, self.columns.area(TOKEN, row)
        metrics = QFontMetricsF(theme.font(bold=True))
        small = QFontMetricsF(theme.font(SMALL))
        x, chips = area.left(), list[Chip]()
        for rank, label in enumerate(self.each.top_labels[j]):
            log_p = f" {log_text(float(self.each.top_log_probs[j, rank]))}"
            word, room = metrics.horizontalAdvance(label) + 1, area.right() - x
            wide = word + small.horizontalAdvance(log_p)
            if wide > room and rank:
                break
            if wide > room:
                # Which token it is comes before how likely it is.
                log_p, wide = "", min(word, room)
                label = elided(label, theme.font(bold=True), room)
            chips.append(Chip(rank, QRectF(x, area.top(), wide, area.height()), label, log_p))
            x += wide + theme.px(APART)
        return chips

    def chip_at(self, j: int, row: QRectF, at: QPointF) -> Chip | None:
        """The token at a place in a row."""
        return next((chip for chip in self.chips(j, row) if chip.box.contains(at)), None)

    def looks_at(self, row: QRectF, at: QPointF) -> bool:
        """Whether a place in a row is that of its α."""
        return self.columns.area(ALPHA, row).contains(at)

    # -- painting -------------------------------------------------------------------------

    def paint(
        self, painter: QPainter, row: QRectF, j: int, lit: Collection[int], at: QPointF | None
    ) -> None:
        """A row. at: where the pointer is in it, None where it is elsewhere."""
        theme, columns, small = self.theme, self.columns, self.theme.font(SMALL)
        if j in lit:
            painter.fillRect(
                QRectF(row.left(), row.top(), theme.px(3), row.height()), theme.hue("source")
            )
        has_weight = not (self.each.masked[j] or self.each.outside[j])
        painter.setFont(theme.font(bold=j in lit))
        painter.setPen(theme.ink("source") if has_weight else theme.colour("dim"))
        write_in(painter, columns.area(SOURCE, row), self.labels[j])
        self._paint_number(
            painter, columns.area(ALPHA, row), self.weight(j), self.each.alpha[j], "soft"
        )
        if at is not None and self.looks_at(row, at):
            self._underline(painter, columns.area(ALPHA, row))
        for chip in self.chips(j, row):
            self._paint_chip(painter, chip, j, at)
        painter.setFont(small)
        if self.token_id is not None and CHOSEN in columns.spans:
            painter.setPen(theme.ink("target"))
            log_p = log_text(float(self.each.log_prob[j]))
            write_in(painter, columns.area(CHOSEN, row), log_p, RIGHT)
        if JS not in columns.spans:
            return
        js = float(self.each.js[j])
        self._paint_number(
            painter, columns.area(JS, row), short_text(js), js / MOST_JS, "dim", right=True
        )

    def _paint_number(
        self,
        painter: QPainter,
        area: QRectF,
        text: str,
        part: float,
        hue: str,
        right: bool = False,
    ) -> None:
        """A number with a bar of its part of the most that it can be, where there is room."""
        theme, bar = self.theme, self.columns.bar
        if bar and part > 0:
            wide = max(1.0, min(part, 1.0) * bar)
            high = theme.px(7)
            box = QRectF(area.left(), area.center().y() - high / 2, wide, high)
            colour = theme.hue("soft") if hue == "soft" else theme.colour(hue)
            fill_rounded(painter, box, min(theme.px(2), wide / 2), colour)
        painter.setFont(theme.font(SMALL))
        painter.setPen(theme.colour("text"))
        if bar:
            area = area.adjusted(bar + theme.px(4), 0, 0, 0)
        write_in(painter, area, text, RIGHT if right else Qt.AlignmentFlag.AlignLeft)

    def _paint_chip(self, painter: QPainter, chip: Chip, j: int, at: QPointF | None) -> None:
        theme = self.theme
        own = int(self.each.top_ids[j, chip.rank]) == self.token_id
        painter.setFont(theme.font(bold=own))
        painter.setPen(theme.ink("target") if own else theme.colour("dim" if chip.rank else "text"))
        write_in(painter, chip.box, chip.label)
        painter.setFont(theme.font(SMALL))
        painter.setPen(theme.colour("dim"))
        write_in(painter, chip.box, chip.log_p, RIGHT)
        if at is not None and chip.box.contains(at) and not own:
            self._underline(painter, chip.box)

    def _underline(self, painter: QPainter, box: QRectF) -> None:
        y = box.bottom() - self.theme.px(2)
        painter.fillRect(QRectF(box.left(), y, box.width(), 1), self.theme.hue("source"))


def log_text(log_p: float) -> str:
    """log p in nats with the minus of print; −0 is none."""
    return number_text(log_p, DECIMALS) if round(log_p, DECIMALS) else f"{0:.{DECIMALS}f}"
