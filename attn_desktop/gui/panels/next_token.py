"""The next token: the likeliest candidates of this step, under soft and under hard weighting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.analysis.candidates import Candidate, Candidates, candidates
from attn_desktop.common.mode import HARD
from attn_desktop.gui.intents import Force
from attn_desktop.gui.numbers import bound_text, short_text
from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.panel import Change, PaintedPanel, Table
from attn_desktop.gui.scene import Phase
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
#: Opacity of the bars of the reading in use, and of the other one; less of it for `other`.
STRONG, QUIET, OTHER_STRENGTH = 0.95, 0.45, 0.4


@dataclass(frozen=True)
class _Columns:
    """Where things are. labels: x range; bars: x range of p from 0 to 1; numbers: right edges."""

    shown: tuple[Candidate, ...]
    top: float
    pitch: float
    labels: tuple[float, float]
    bars: tuple[float, float]
    numbers: dict[str, float]


class NextTokenPanel(PaintedPanel):
    """p of the likeliest next tokens. Click one to take it instead: a branch."""

    name = "next-token"
    title = "Next token"
    about = (
        "p(y_t | y_1 … y_{t−1}, x) of the likeliest tokens: green from the soft context "
        "Σ_j α_tj h_j, pink from the sampled h_k.\n"
        "The weighting in use is opaque and gives the order; ● is the token taken.\n"
        "“other” is what all tokens not shown add up to; <p is a bound where p was not recorded.\n"
        "Click a token to take it instead, as a branch."
    )
    natural = (360, 190)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._candidates: Candidates | None = None
        self._columns: _Columns | None = None
        self._pointer: QPointF | None = None

    def draw(self, change: Change) -> None:
        scene = self.scene
        self._columns = None
        if change.steps or change.place:
            known = scene.step is not None and scene.reveals(Phase.LOGITS)
            self._candidates = (
                candidates(scene.step, scene.reveals(Phase.TOKEN))
                if scene.step is not None and known
                else None
            )
        self._point()
        super().draw(change)

    def heading(self) -> str:
        return f"Next token at step {self.scene.t}" if self.scene.t else self.title

    def caption(self) -> str:
        step = self.scene.step
        if step is None or not self.scene.reveals(Phase.LOGITS):
            return ""
        return f"H {step.active.entropy:.2f} nats"

    def table(self) -> Table:
        self.flush()
        if self._candidates is None:
            return Table((), ())
        unknown = float("nan")
        rows = [
            (
                row.label,
                row.token_id,
                row.p.get("soft", unknown),
                row.p.get(HARD, unknown),
                row.chosen,
            )
            for row in self._candidates.rows
        ]
        return Table(("token", "id", "p soft", "p hard", "chosen"), rows)

    # -- where things are -------------------------------------------------------------------

    def shown(self) -> tuple[Candidate, ...]:
        """The candidates that have a row; `other` takes the last one."""
        return () if self._candidates is None else self.columns().shown

    def _fitting(self, found: Candidates) -> tuple[Candidate, ...]:
        room = self.height() - self._header() - self.theme.px(MARGIN)
        return found.first(max(1, int(room / self._least_row()) - 1))

    def row_box(self, index: int) -> QRectF:
        """The row of a candidate shown; the one after the last is `other`."""
        columns = self.columns()
        return QRectF(0, columns.top + index * columns.pitch, self.width(), columns.pitch)

    def _least_row(self) -> float:
        return max(self.theme.px(LEAST_ROW), QFontMetricsF(self.theme.font()).height())

    def _header(self) -> float:
        metrics = QFontMetricsF(self.theme.font(SMALL))
        return self.theme.px(MARGIN) / 2 + metrics.height() + self.theme.px(2)

    def columns(self) -> _Columns:
        """Columns and rows for the present size; there must be candidates."""
        if self._columns is None:
            assert self._candidates is not None
            self._columns = self._lay_out(self._candidates)
        return self._columns

    def _lay_out(self, found: Candidates) -> _Columns:
        px, top, shown = self.theme.px, self._header(), self._fitting(found)
        rows = len(shown) + 1
        pitch = min(px(MOST_ROW), (self.height() - top - px(MARGIN) / 2) / rows)
        bold = QFontMetricsF(self.theme.font(bold=True))
        texts = [OTHER, *(row.label for row in shown)]
        needed = max(bold.horizontalAdvance(text) for text in texts) + 1
        left, right = float(px(MARGIN) + px(MARK)), float(self.width() - px(MARGIN))
        small = QFontMetricsF(self.theme.font(SMALL))
        wide = max(small.horizontalAdvance(text) for text in ("<0.001", "soft", "hard")) + px(GAP)
        names = found.names
        if right - len(names) * wide - left < px(LEAST_LABEL):
            names = (self._active(),)
        numbers = {name: right - place * wide for place, name in enumerate(reversed(names))}
        right -= len(names) * wide
        room = right - left
        # Bars only say how large the numbers are: labels come first where there is little room.
        labels = min(needed, max(room * 0.6, min(room, px(WIDE_LABEL))))
        start = left + labels + px(GAP)
        bars = (start, right if right - start >= px(LEAST_BAR) else start)
        return _Columns(shown, top, pitch, (left, left + labels), bars, numbers)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._columns = None
        super().resizeEvent(event)

    # -- painting ---------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        scene = self.scene
        if scene.run is None:
            self.paint_blank(painter, "Encode a sentence to see which tokens may come next.")
        elif not scene.t:
            self.paint_blank(painter, "Step (F10) to see the first token.")
        elif self._candidates is None:
            t = scene.t
            self.paint_blank(painter, f"p(y_{t}) is computed after s_{t}. F11: next phase.")
        else:
            self._paint_rows(painter, self._candidates, self.columns())

    def _paint_rows(self, painter: QPainter, found: Candidates, columns: _Columns) -> None:
        theme, shown = self.theme, self.shown()
        self._paint_header(painter, found, columns)
        pointed = self._pointed()
        for index, row in enumerate(shown):
            if row is pointed:
                box = self.row_box(index).adjusted(theme.px(3), 0, -theme.px(3), 0)
                fill_rounded(painter, box, theme.px(4), theme.colour("faint"))
            ink = theme.ink("target")
            self._paint_label(painter, columns, index, row.label, ink, row.chosen)
            self._paint_values(painter, columns, index, row.p, found.bounds)
        self._paint_label(painter, columns, len(shown), OTHER, theme.colour("dim"), False)
        self._paint_values(painter, columns, len(shown), found.other(shown), {}, OTHER_STRENGTH)

    def _paint_header(self, painter: QPainter, found: Candidates, columns: _Columns) -> None:
        theme, alone = self.theme, len(found.names) == 1
        for name in columns.numbers:
            painter.setFont(theme.font(SMALL, bold=not alone and name == self._active()))
            painter.setPen(theme.colour("dim") if alone else self._ink(name))
            box = QRectF(0, theme.px(MARGIN) / 2, columns.numbers[name], columns.top)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
            painter.drawText(box, flags, "p" if alone else name)

    def _paint_label(
        self,
        painter: QPainter,
        columns: _Columns,
        index: int,
        text: str,
        ink: QColor,
        chosen: bool,
    ) -> None:
        theme, box = self.theme, self.row_box(index)
        left, right = columns.labels
        font = theme.font(bold=chosen)
        painter.setFont(font)
        painter.setPen(ink)
        area = QRectF(left, box.top(), right - left, box.height())
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, flags, elided(text, font, right - left))
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.hue("target"))
            radius = theme.px(6) / 2
            x = theme.px(MARGIN) + radius
            painter.drawEllipse(QPointF(x, box.center().y()), radius, radius)

    def _paint_values(
        self,
        painter: QPainter,
        columns: _Columns,
        index: int,
        p: Mapping[str, float],
        bounds: Mapping[str, float],
        strength: float = 1.0,
    ) -> None:
        """Bars and numbers of a row. bounds: of those p that were not recorded."""
        theme, box = self.theme, self.row_box(index)
        gap = theme.px(1)
        high = min(theme.px(9), (box.height() - 3 * gap) / 2)
        first = box.center().y() - (len(p) * high + (len(p) - 1) * gap) / 2
        left, right = columns.bars
        painter.setFont(theme.font(SMALL))
        for place, (name, value) in enumerate(p.items()):
            bound = name in bounds and math.isnan(value)
            text = bound_text(bounds[name]) if bound else short_text(value)
            if name in columns.numbers:
                painter.setPen(theme.colour("text" if name == self._active() else "dim"))
                area = QRectF(0, box.top(), columns.numbers[name], box.height())
                flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(area, flags, text)
            if value > 0 and right > left:
                wide = max(1.0, min(value, 1.0) * (right - left))
                bar = QRectF(left, first + place * (high + gap), wide, high)
                fill_rounded(painter, bar, min(theme.px(2), wide / 2), self._hue(name, strength))

    def _active(self) -> str:
        step = self.scene.step
        return "" if step is None else step.mode.weighting

    def _ink(self, name: str) -> QColor:
        return self.theme.ink("hard" if name == HARD else "soft")

    def _hue(self, name: str, strength: float) -> QColor:
        """The reading in use stands out; without attention there is nothing to tell apart."""
        opacity = strength * (STRONG if name == self._active() else QUIET)
        step = self.scene.step
        if step is not None and not step.mode.attends:
            return self.theme.colour("dim", opacity)
        return self.theme.hue("hard" if name == HARD else "soft", opacity)

    # -- pointer ----------------------------------------------------------------------------

    def _point(self) -> None:
        """Follow the pointer, and what has come to lie under it."""
        row = self._pointed()
        free = row is not None and self._free(row)
        shape = Qt.CursorShape.PointingHandCursor if free else Qt.CursorShape.ArrowCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    def _free(self, row: Candidate) -> bool:
        """Whether taking a candidate would change anything."""
        return self.scene.step is not None and row.token_id != self.scene.step.token_id

    def _index(self) -> int | None:
        """The row under the pointer, counted with `other`."""
        if self._pointer is None or self._candidates is None:
            return None
        rows = range(len(self.shown()) + 1)
        return next((row for row in rows if self.row_box(row).contains(self._pointer)), None)

    def _pointed(self) -> Candidate | None:
        index, shown = self._index(), self.shown()
        return None if index is None or index >= len(shown) else shown[index]

    def _about(self) -> str:
        """What the pointer is over, and what a click does."""
        index, found, shown = self._index(), self._candidates, self.shown()
        if index is None or found is None:
            return ""
        if index == len(shown):
            return f"all other tokens   {self._values(found.other(shown), {})}"
        row = shown[index]
        text = f"“{row.label}”   {self._values(row.p, found.bounds)}"
        if self._free(row):
            return f"{text}   click to take “{row.label}” instead (a branch)"
        return f"{text}   taken" if row.chosen else text

    def _values(self, p: Mapping[str, float], bounds: Mapping[str, float]) -> str:
        alone = len(p) == 1
        parts = []
        for name, value in p.items():
            bound = name in bounds and math.isnan(value)
            number = f"{bound_text(bounds[name])}" if bound else f"= {value:.4f}"
            parts.append(f"p {number}" if alone else f"p_{name} {number}")
        return "   ".join(parts)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer = event.position()
        self._point()
        self.said.emit(self._about())
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer = event.position()
        row = self._pointed()
        if row is not None and event.button() == Qt.MouseButton.LeftButton and self._free(row):
            self.ask(Force(row.token_id, row.label))

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._point()
        self.update()
        super().leaveEvent(event)
