"""The draw of hard attention on the cumulative α: u in [0, 1) falls into the part of one position.

Inverse CDF: k is the first position with α_1 + … + α_k > u.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.analysis.weighing import drawn
from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.painting import elided, write_in, write_longest
from attn_desktop.gui.reading_places import BAR, MARK
from attn_desktop.gui.reading_rows import SMALL
from attn_desktop.gui.theme import Theme
from attn_desktop.trace.records import AttentionRecord

Floats = NDArray[np.float64]

#: Opacity of the parts of the bar, by turns, so that neighbours are told apart.
SHADES = (0.3, 0.5)
#: Least pixels of a part with a label.
LABELLED = 16


@dataclass(frozen=True, eq=False)
class Draw:
    """One draw. alpha: (S,); u: what was drawn; k: the position taken.

    Of several layers and heads it is the one of the last layer's first head.
    """

    alpha: Floats
    u: float
    k: int
    axis: SourceAxis

    @classmethod
    def of(cls, cross: AttentionRecord, axis: SourceAxis) -> Draw:
        """That of a step."""
        alpha = np.nan_to_num(cross.alpha[-1, 0].astype(np.float64)).clip(0, None)
        return cls(alpha, float(cross.draw[-1, 0]), int(cross.sampled[-1, 0]), axis)

    @property
    def by_draw(self) -> bool:
        """Whether u picked k; an edit may have picked another position."""
        return bool(self.alpha.sum() > 0) and drawn(self.alpha, self.u) == self.k

    @cached_property
    def ends(self) -> Floats:
        """Where the part of each position ends, from 0 to 1, (S,)."""
        running = np.cumsum(self.alpha)
        return running / running[-1] if len(running) and running[-1] > 0 else running

    def part(self, column: int) -> tuple[float, float]:
        """From where to where on the cumulative α a column lies."""
        positions = self.axis.positions(column)
        first = float(self.ends[positions[0] - 1]) if positions[0] else 0.0
        return first, float(self.ends[positions[-1]])

    def column(self, place: float) -> int | None:
        """The column whose part holds a place from 0 to 1."""
        if not 0 <= place < 1 or not self.ends.any():
            return None
        position = int(np.searchsorted(self.ends, place, side="right"))
        return self.axis.column(min(position, len(self.ends) - 1))

    def said(self) -> tuple[str, ...]:
        """How k came about, the longest first."""
        label = self.axis.labels[self.axis.column(self.k)]
        # Counted from 1, as the panel of α does.
        name = f"k = {self.k + 1} “{label}”"
        u = f"u = {self.u:.3f}"
        if not self.by_draw:
            return (f"{name}, picked by an edit ({u})", f"{name}, by an edit", name)
        first = float(self.ends[self.k - 1]) if self.k else 0.0
        low, high = f"{first:.3f}", f"{float(self.ends[self.k]):.3f}"
        long = f"{u} → {name}: Σ_(j<k) α_j = {low} ≤ u < {high} = Σ_(j≤k) α_j"
        return (long, f"{u} → {name}: {low} ≤ u < {high}", f"{u} → {name}", f"{u} → “{label}”")

    def about(self, column: int) -> str:
        """A part of the bar in the status line."""
        first, last = self.part(column)
        here = first <= self.u < last and self.by_draw
        return (
            f"“{self.axis.labels[column]}”: from {first:.3f} to {last:.3f} of the cumulative α, "
            f"α = {short_text(last - first)}; u = {self.u:.3f} falls "
            f"{'here' if here else 'elsewhere'}"
        )


@dataclass(frozen=True, eq=False)
class DrawBar:
    """A draw in an area: a line that says it, and below it the bar from 0 to 1."""

    draw: Draw
    area: QRectF
    theme: Theme

    @property
    def bar(self) -> QRectF:
        """The bar, between its ends 0 and 1."""
        beside = QFontMetricsF(self.theme.font(SMALL)).horizontalAdvance("0") + self.theme.px(4)
        high = self.theme.px(BAR)
        top = self.area.bottom() - self.theme.px(MARK) - high
        return QRectF(
            self.area.left() + beside, top, max(1.0, self.area.width() - 2 * beside), high
        )

    def x(self, place: float) -> float:
        """The pixel of a place from 0 to 1."""
        return self.bar.left() + place * self.bar.width()

    def column(self, at: QPointF) -> int | None:
        """The column whose part is at a place of the bar."""
        bar = self.bar
        if not bar.contains(at):
            return None
        return self.draw.column((at.x() - bar.left()) / bar.width())

    def paint(self, painter: QPainter, lit: frozenset[int]) -> None:
        """lit: columns that stand out."""
        theme, draw, bar = self.theme, self.draw, self.bar
        painter.setFont(theme.font(SMALL))
        painter.setPen(theme.ink("hard"))
        line = QRectF(self.area.left(), self.area.top(), self.area.width(), 0)
        line.setBottom(bar.top() - theme.px(2))
        write_longest(painter, line, draw.said())
        painter.setPen(theme.colour("dim"))
        ends = QRectF(self.area.left(), bar.top(), self.area.width(), bar.height())
        write_in(painter, ends, "0")
        write_in(painter, ends, "1", Qt.AlignmentFlag.AlignRight)
        taken = draw.axis.column(draw.k)
        for column in range(len(draw.axis)):
            first, last = (self.x(place) for place in draw.part(column))
            if last - first >= 0.25 or column == taken:
                box = QRectF(first, bar.top(), max(last - first, 1.0), bar.height())
                self._paint_part(painter, column, box, column == taken, column in lit)
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        self._paint_mark(painter)

    def _paint_part(
        self, painter: QPainter, column: int, box: QRectF, taken: bool, lit: bool
    ) -> None:
        theme = self.theme
        fill = theme.hue("hard", 0.7) if taken else theme.hue("soft", SHADES[column % 2])
        painter.fillRect(box, fill)
        if lit:
            painter.setPen(QPen(theme.ink("source"), theme.px(2)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(1, 1, -1, -1))
        room = box.width() - theme.px(4)
        if room >= theme.px(LABELLED):
            painter.setFont(theme.font(SMALL, bold=taken))
            painter.setPen(theme.colour("text"))
            label = elided(self.draw.axis.labels[column], painter.font(), room)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label)

    def _paint_mark(self, painter: QPainter) -> None:
        """▲ below where u is; hollow where it did not pick k."""
        theme, bar = self.theme, self.bar
        x, size = self.x(self.draw.u), self.theme.px(MARK)
        painter.setPen(QPen(theme.colour("text"), theme.px(1.5)))
        painter.drawLine(QPointF(x, bar.top()), QPointF(x, bar.bottom()))
        painter.setBrush(theme.colour("text") if self.draw.by_draw else Qt.BrushStyle.NoBrush)
        tip, low = QPointF(x, bar.bottom()), bar.bottom() + size - 1
        half = size * 0.7
        painter.drawPolygon(QPolygonF([tip, QPointF(x - half, low), QPointF(x + half, low)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
