"""The next token: the likeliest candidates of this step, under soft and under hard weighting."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.analysis.candidates import Candidate, Candidates, candidates
from attn_desktop.common.mode import HARD
from attn_desktop.gui.candidate_rows import MARGIN, OTHER, SMALL, CandidateRows, lay_out
from attn_desktop.gui.intents import Force
from attn_desktop.gui.numbers import bound_text, short_text
from attn_desktop.gui.painting import elided, fill_rounded, focus_frame
from attn_desktop.gui.panel import NEIGHBOURS, Change, PaintedPanel, Table
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.text_field import ENTER
from attn_desktop.gui.theme import Theme

#: Opacity of the bars of the reading in use, and of the other one; less of it for `other`.
STRONG, QUIET, OTHER_STRENGTH = 0.95, 0.45, 0.4


class NextTokenPanel(PaintedPanel):
    """p of the likeliest next tokens. Click one to take it instead: a branch."""

    name = "next-token"
    title = "Next token"
    about = (
        "p(y_t | y_1 … y_{t−1}, x) of the likeliest tokens: green from the soft context "
        "Σ_j α_tj h_j, pink from the sampled h_k.\n"
        "The weighting in use is opaque and gives the order; ● is the token taken.\n"
        "“other” is what all tokens not shown add up to; <p is a bound where p was not recorded.\n"
        "Click a token to take it instead, as a branch; or ↑ ↓ and Enter, Escape to let go."
    )
    natural = (360, 190)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._candidates: Candidates | None = None
        self._columns: CandidateRows | None = None
        self._pointer: QPointF | None = None
        #: The row that was chosen by key, and whether the panel shows that keys go to it.
        self._row: int | None = None
        self._framed = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def draw(self, change: Change) -> None:
        scene = self.scene
        self._columns = None
        if change.steps or change.place:
            self._row = None
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

    def row_box(self, index: int) -> QRectF:
        """The row of a candidate shown; the one after the last is `other`."""
        return self.columns().box(index)

    def columns(self) -> CandidateRows:
        """Columns and rows for the present size; there must be candidates."""
        if self._columns is None:
            assert self._candidates is not None
            self._columns = lay_out(self._candidates, self._active(), self.theme, self.size())
        return self._columns

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
        if self._framed:
            focus_frame(painter, QRectF(self.rect()), self.theme)

    def _paint_rows(self, painter: QPainter, found: Candidates, columns: CandidateRows) -> None:
        theme, shown = self.theme, self.shown()
        self._paint_header(painter, found, columns)
        pointed = self._pointed()
        for index, row in enumerate(shown):
            if row is pointed:
                box = self.row_box(index).adjusted(theme.px(3), 0, -theme.px(3), 0)
                fill_rounded(painter, box, theme.px(4), theme.colour("faint"))
                if self._row is not None:
                    focus_frame(painter, QRectF(box.toRect()), self.theme)
            ink = theme.ink("target")
            self._paint_label(painter, columns, index, row.label, ink, row.chosen)
            self._paint_values(painter, columns, index, row.p, found.bounds)
        self._paint_label(painter, columns, len(shown), OTHER, theme.colour("dim"), False)
        self._paint_values(painter, columns, len(shown), found.other(shown), {}, OTHER_STRENGTH)

    def _paint_header(self, painter: QPainter, found: Candidates, columns: CandidateRows) -> None:
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
        columns: CandidateRows,
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
        columns: CandidateRows,
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

    # -- pointer and keys -------------------------------------------------------------------

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
        """The row that was chosen by key, or else the one under the pointer; also `other`."""
        if self._candidates is None:
            return None
        if self._row is not None:
            return min(self._row, len(self.shown()) - 1)
        return None if self._pointer is None else self.columns().at(self._pointer)

    def _pointed(self) -> Candidate | None:
        index, shown = self._index(), self.shown()
        return None if index is None or index >= len(shown) else shown[index]

    def _about(self) -> str:
        """What is chosen or pointed at, and how it is taken."""
        index, found, shown = self._index(), self._candidates, self.shown()
        if index is None or found is None:
            return ""
        if index == len(shown):
            return f"all other tokens   {self._values(found.other(shown), {})}"
        row = shown[index]
        text = f"“{row.label}”   {self._values(row.p, found.bounds)}"
        if self._free(row):
            how = "click" if self._row is None else "press Enter"
            return f"{text}   {how} to take “{row.label}” instead (a branch)"
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
        self._choose(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer = event.position()
        self._choose(None)
        if event.button() == Qt.MouseButton.LeftButton:
            self._take()

    def _choose(self, row: int | None) -> None:
        """Choose a row by key, or none, so that the pointer counts."""
        self._row = row
        self._point()
        self.said.emit(self._about())
        self.update()

    def _take(self) -> None:
        row = self._pointed()
        if row is not None and self._free(row):
            self.ask(Force(row.token_id, row.label))

    def event(self, event: QEvent) -> bool:
        # Escape stops what runs, unless there is something to put out here.
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.setAccepted(self._row is not None)
            return self._row is not None
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        key, count = Qt.Key(event.key()), len(self.shown())
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not count:
            super().keyPressEvent(event)
        elif key in NEIGHBOURS:
            first = 0 if NEIGHBOURS[key] > 0 else count - 1
            row = first if self._row is None else self._row + NEIGHBOURS[key]
            self._choose(max(0, min(row, count - 1)))
        elif self._row is not None and key in ENTER:
            self._take()
        elif self._row is not None and key == Qt.Key.Key_Escape:
            self._choose(None)
        else:
            super().keyPressEvent(event)

    def frame(self, framed: bool) -> None:
        self._framed = framed
        if not self.hasFocus():
            self._row = None
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._point()
        self.update()
        super().leaveEvent(event)
