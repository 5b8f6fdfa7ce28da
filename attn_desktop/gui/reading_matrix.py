"""How far the distributions of the readings are apart: a small matrix of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from attn_desktop.analysis.four_readings import MOST_JS, NamedReading, Prediction
from attn_desktop.gui.numbers import UNKNOWN, short_text
from attn_desktop.gui.painting import write_in, write_longest
from attn_desktop.gui.reading_rows import MARGIN, SMALL
from attn_desktop.gui.theme import Role, Theme

#: What is where, the longest first: below the diagonal, above it, on it.
TITLES = (
    "◣ Jensen–Shannon, nats   ◥ total variation   ╲ entropy H, nats",
    "◣ JS, nats   ◥ TV, total variation   ╲ H, nats",
    "◣ JS, nats   ◥ TV   ╲ H, nats",
    "◣ JS  ◥ TV  ╲ H",
)
#: Opacity of the ground of a cell at its largest; share of the width for the names of the rows.
STRONGEST, NAMES = 0.55, 0.24


@dataclass(frozen=True, eq=False)
class DivergenceMatrix:
    """Readings against each other in an area: JS below the diagonal, TV above it, H on it."""

    readings: Sequence[NamedReading]
    roles: dict[str, Role]
    area: QRectF
    theme: Theme

    @property
    def _inner(self) -> QRectF:
        margin = self.theme.px(MARGIN)
        return self.area.adjusted(margin, margin / 2, -margin, -margin / 2)

    @property
    def _line(self) -> float:
        return self._inner.height() / (len(self.readings) + 2)

    def cell(self, row: int, column: int) -> QRectF:
        """A cell; row or column −1 are the names."""
        inner, line = self._inner, self._line
        names = NAMES * inner.width()
        wide = (inner.width() - names) / len(self.readings)
        left = inner.left() + (names + column * wide if column >= 0 else 0.0)
        top = inner.top() + (row + 2) * line
        return QRectF(left, top, wide if column >= 0 else names, line)

    def at(self, place: QPointF) -> tuple[int, int] | None:
        """Row and column of the cell at a place."""
        every = range(len(self.readings))
        cells = ((row, column) for row in every for column in every)
        return next((at for at in cells if self.cell(*at).contains(place)), None)

    def about(self, row: int, column: int) -> str:
        """All that is known of two readings, for the status line."""
        one, other = self.readings[row], self.readings[column]
        told = one.prediction
        if told is None:
            return f"{one.name}: not recorded"
        if row == column:
            return f"H({one.name}) = {told.entropy:.4f} nats"
        parts = [f"JS({one.name}, {other.name}) = {told.js[other.name]:.4f} nats"]
        if other.name in told.tv:
            parts.append(f"TV = {told.tv[other.name]:.4f}")
        parts.append(f"KL({one.name}‖{other.name}) = {told.kl[other.name]:.4f} nats")
        if other.prediction is not None:
            back = other.prediction.kl[one.name]
            parts.append(f"KL({other.name}‖{one.name}) = {back:.4f} nats")
        return "   ".join(parts)

    def paint(self, painter: QPainter, pointed: tuple[int, int] | None) -> None:
        """pointed: the cell under the pointer."""
        theme, inner = self.theme, self._inner
        painter.setFont(theme.font(SMALL))
        painter.setPen(theme.colour("dim"))
        title = QRectF(inner.left(), inner.top(), inner.width(), self._line)
        write_longest(painter, title, TITLES)
        for index, reading in enumerate(self.readings):
            painter.setPen(theme.ink(self.roles[reading.name]))
            write_in(painter, self.cell(index, -1), reading.name)
            head = self.cell(-1, index)
            write_longest(
                painter,
                head,
                (reading.name, f"{reading.name[:4]}.", reading.name[:1]),
                Qt.AlignmentFlag.AlignHCenter,
            )
            for column in range(len(self.readings)):
                self._paint_cell(painter, index, column, (index, column) == pointed)

    def _paint_cell(self, painter: QPainter, row: int, column: int, pointed: bool) -> None:
        theme, box = self.theme, self.cell(row, column).adjusted(0.5, 0.5, -0.5, -0.5)
        told = self.readings[row].prediction
        text, part = UNKNOWN, 0.0
        if told is not None:
            text, part = self._number(told, row, column)
        painter.fillRect(box, theme.colour("faint" if pointed else "raised"))
        if part > 0:
            painter.fillRect(box, theme.hue("hard", STRONGEST * min(part, 1.0)))
        painter.setFont(theme.font(SMALL))
        painter.setPen(theme.colour("dim" if row == column else "text"))
        write_in(painter, box, text, Qt.AlignmentFlag.AlignHCenter)

    def _number(self, told: Prediction, row: int, column: int) -> tuple[str, float]:
        """What a cell says, and which part of the most that it can be."""
        other = self.readings[column].name
        if row == column:
            return short_text(told.entropy), 0.0
        if row > column:
            js = told.js.get(other, float("nan"))
            return short_text(js), js / MOST_JS
        tv = told.tv.get(other, float("nan"))
        return short_text(tv), tv
