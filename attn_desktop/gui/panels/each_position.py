"""Each position alone: what every source position would say if c_t were just its h_j."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QActionGroup, QKeyEvent, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QWidget

from attn_desktop.analysis.each_position import (
    KIND,
    each_position,
    expected_reading,
    in_order,
    soft_p,
)
from attn_desktop.analysis.labels import source_axis
from attn_desktop.gui.alpha_edit_actions import EditSpec, edit_specs
from attn_desktop.gui.each_header import ORDERS, EachHeader
from attn_desktop.gui.each_layout import ALPHA, SOURCE, lay_out
from attn_desktop.gui.each_rows import EachRows
from attn_desktop.gui.elided_label import ElidedLabel
from attn_desktop.gui.formula_page import agrees, share
from attn_desktop.gui.glance import Glance
from attn_desktop.gui.intents import AskProbe, Force, Hover
from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.panel import Change, Table
from attn_desktop.gui.row_list import SMALL, Row, line_height
from attn_desktop.gui.row_panel import RowPanel
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.text_field import ENTER
from attn_desktop.gui.theme import Theme

#: Height of a row beside its line of type, at normal type; of the panel from which on the sum is
#: told below the rows.
ROW, LOW = 6, 110
PIN = "look-only"


class EachPositionPanel(RowPanel):
    """A row for every source position. Click a token to take it, α to look only there."""

    name = "each-position"
    title = "Each position alone"
    short = "Alone"
    about = (
        "What each source position would say on its own: p(y_t | h_j), the state advanced with "
        "c = h_j in place of c_t.\n"
        "Beside it α_tj, log p of the token taken, and the Jensen–Shannon divergence JS from what "
        "soft attention says, from 0 to log 2 = 0.69 nats (Lin 1991).\n"
        "Σ_j α_tj p(y_t | h_j) is the expected reading (Xu et al. 2015, equation 10).\n"
        "Click a token to take it instead, a number of α to look only there (both are branches), "
        "a row to brush it, a column's name to put the rows in that order.\n"
        "Keys: ↑ ↓ a row, Enter takes its likeliest token, Escape lets go; right click for more."
    )
    of_mode = True
    natural = (440, 260)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._look: EachRows | None = None
        #: What somebody put the rows in order by.
        self._order: str | None = None
        self._positions: list[int] = []
        self._listed: Sequence[Row] = ()
        #: The position that a key came to.
        self._chosen_position: int | None = None
        self._glance = Glance(self, self._missing)
        self.header, self.note = EachHeader(theme, self), ElidedLabel()
        self.header.ordered.connect(self.put_in_order)
        self.header.said.connect(self.said)
        self.note.setContentsMargins(8, 0, 8, 0)
        self.column.insertWidget(0, self.header)
        self.column.addWidget(self.note)

    # -- what is shown --------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        if change.source or change.steps or change.place:
            self._chosen_position = None
            self._read()
        super().draw(change)
        self.header.setVisible(self._look is not None)
        self._say_sum()
        self._glance.look()

    def _read(self) -> None:
        """What the probe of this step says, put in order."""
        scene, step = self.scene, self.scene.step
        found = None
        if scene.run is not None and step is not None and scene.reveals(Phase.LOGITS):
            found = each_position(scene.run, step, scene.probe(KIND))
        self._look = None
        if found is not None and scene.run is not None and step is not None:
            labels = source_axis(scene.run).labels
            self._look = EachRows(
                found,
                labels,
                lay_out(labels, self._width(), self.theme),
                step.token_id if scene.reveals(Phase.TOKEN) else None,
                self.theme,
            )
        self._arrange()

    def _width(self) -> float:
        """Of the rows; what is right of them scrolls."""
        return self.width() - self.list.verticalScrollBar().sizeHint().width()

    def _arrange(self) -> None:
        """The rows in their order."""
        look = self._look
        if look is None:
            self._positions, self._listed = [], ()
        else:
            self._positions = in_order(look.each, self._shown_order)
            self._listed = [Row(j, look.about(j), look.tip(j), True) for j in self._positions]
        columns = None if look is None else look.columns
        self.header.show_columns(columns, self._shown_order, self.theme)

    @property
    def _shown_order(self) -> str:
        """As chosen; else that of a text, and of the many regions of a picture the largest α."""
        run = self.scene.run
        return self._order or (SOURCE if run is None or run.grid is None else ALPHA)

    def put_in_order(self, order: str) -> None:
        """Put the rows in the order of a column, its largest number first."""
        self.flush()
        self._order = order
        self._arrange()
        super().draw(Change(source=False, steps=False, place=True, light=False))

    def _say_sum(self) -> None:
        """Σ_j α_j p(y_t | h_j) beside the expected reading, as it was recorded."""
        scene, step, look = self.scene, self.scene.step, self._look
        self.note.setFont(self.theme.font(SMALL))
        known = look is not None and look.token_id is not None
        self.note.setVisible(known and self.height() >= self.theme.px(LOW))
        if not known or look is None or step is None or scene.run is None:
            self.note.set_full_text("")
            return
        total = look.each.expected
        recorded = expected_reading(scene.run, step, scene.probe("readings"))
        text = f"Σ_j α_j p(y|h_j) = {share(total)}"
        if recorded is None:
            text += ", the expected reading"
        else:
            held = agrees(total, recorded, 1.0)
            text += f", expected {share(recorded)} {'✓' if held else '≠'}"
        soft = soft_p(step)
        if soft is not None:
            text += f", soft {share(soft)}"
        self.note.set_full_text(text)
        self.note.setToolTip(
            f"y = “{scene.tokens[scene.t - 1]}”: the probability of it as each position alone "
            "gives it, weighed by α, is the expected reading; soft averages the h_j first."
        )

    def paint_theme(self) -> None:
        super().paint_theme()
        self.note.setStyleSheet(f"color: {self.theme.dim};")

    def _missing(self) -> AskProbe | None:
        """What only the model has of this step."""
        scene, step = self.scene, self.scene.step
        if step is None or step.cross is None or self._look is not None:
            return None
        return AskProbe(KIND, scene.t)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._glance.look()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._look is not None:
            self._read()
            self.list.viewport().update()
        self._say_sum()

    def heading(self) -> str:
        return f"Each h_j alone at step {self.scene.t}" if self.scene.t else self.title

    def caption(self) -> str:
        self.flush()
        if self._look is None:
            return ""
        return f"JS ≤ {short_text(float(self._look.each.js.max()))} nats"

    def table(self) -> Table:
        self.flush()
        look = self._look
        if look is None:
            return Table((), ())
        each, unknown = look.each, float("nan")
        rows = [
            (
                j + 1,
                look.labels[j],
                float(each.alpha[j]),
                each.top_labels[j][0],
                float(each.top_log_probs[j, 0]),
                unknown if look.token_id is None else float(each.log_prob[j]),
                float(each.js[j]),
                float(each.entropy[j]),
            )
            for j in self._positions
        ]
        columns = ("j", "label", "alpha", "token", "log p", "log p of chosen", "js", "H")
        return Table(columns, rows)

    # -- rows -----------------------------------------------------------------------------

    def rows(self) -> Sequence[Row]:
        return self._listed

    def blank(self) -> str:
        scene, step = self.scene, self.scene.step
        if scene.run is None:
            return "Encode a sentence to see what each of its words would say alone."
        if step is None:
            return "Step (F10) to see what each source position would say alone."
        if step.cross is None:
            return (
                "Without attention there is no position to look at alone: c is the same fixed "
                "vector at every step."
            )
        if not scene.reveals(Phase.LOGITS):
            return f"p(y_{scene.t} | h_j) is computed after s_{scene.t}. F11: next phase."
        if self._look is None:
            return (
                "What each position would say alone is not recorded at this step, only the model "
                "knows it: it comes as soon as the model of this file is loaded (in the tool bar)."
            )
        return ""

    def current(self) -> int | None:
        if self._chosen_position not in self._positions:
            return None
        return self._positions.index(self._chosen_position)

    def row_height(self, number: int) -> int:
        return round(line_height(self.theme.font(bold=True))) + self.theme.px(ROW)

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        if self._look is None or number >= len(self._positions):
            return
        at = self.list.pointer if pointed else None
        lit = self.light.all_source
        self._look.paint(painter, area, self._positions[number], lit, at)

    # -- pointer and keys -----------------------------------------------------------------

    def choose(self, number: int, at: QPointF | None) -> None:
        look, j = self._look, self._positions[number]
        if look is None:
            return
        if at is None:
            self._chosen_position = j
            self.brush_source((j,))
            self.said.emit(look.about(j))
            self.show_current()
            return
        row = self.list.place(number)
        chip = look.chip_at(j, row, at)
        if chip is not None:
            self._take(j, chip.rank)
        elif look.looks_at(row, at):
            self._pin(j)
        else:
            self.toggle_source((j,))

    def _take(self, j: int, rank: int) -> None:
        look, step = self._look, self.scene.step
        if look is None or step is None:
            return
        token = int(look.each.top_ids[j, rank])
        if token != step.token_id:
            self.ask(Force(token, look.each.top_labels[j][rank]))

    def _pin_spec(self, j: int) -> EditSpec:
        """Looking only at a position, or why that cannot be had."""
        return next(spec for spec in edit_specs(self.scene, (j,)) if spec.name == PIN)

    def _pin(self, j: int) -> None:
        spec = self._pin_spec(j)
        if spec.intent is not None:
            self.ask(spec.intent)
        else:
            self.said.emit(spec.why_not)

    def point(self, number: int, at: QPointF) -> tuple[str, Hover]:
        look, j = self._look, self._positions[number]
        if look is None:
            return "", Hover()
        row, said = self.list.place(number), look.about(j)
        chip = look.chip_at(j, row, at)
        if chip is not None and look.each.top_ids[j, chip.rank] != self._own():
            label = look.each.top_labels[j][chip.rank]
            said = f"click to take “{label}” instead (a branch)   {said}"
        elif look.looks_at(row, at):
            spec = self._pin_spec(j)
            said = spec.why_not or f"click to look only at “{look.labels[j]}” (a branch)   {said}"
        return said, Hover(source=frozenset({j}))

    def _own(self) -> int | None:
        return None if self.scene.step is None else self.scene.step.token_id

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        current, key = self.current(), Qt.Key(event.key())
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and current is not None and key in ENTER:
            self._take(self._positions[current], 0)
        elif plain and current is not None and key == Qt.Key.Key_Escape:
            self._chosen_position = None
            self.brush_source(())
            self.list.viewport().update()
        else:
            super().keyPressEvent(event)

    def fill_menu(self, menu: QMenu, number: int) -> None:
        look, j = self._look, self._positions[number]
        if look is None:
            return
        for rank, label in enumerate(look.each.top_labels[j]):
            action = menu.addAction(f"Take “{label.replace('&', '&&')}” instead")
            action.setEnabled(int(look.each.top_ids[j, rank]) != self._own())
            action.triggered.connect(lambda _=False, rank=rank: self._take(j, rank))
        menu.addSeparator()
        spec = self._pin_spec(j)
        action = menu.addAction(spec.kind.text)
        action.setToolTip(spec.tip)
        action.setEnabled(spec.intent is not None)
        action.triggered.connect(lambda: self._pin(j))
        menu.addSeparator()
        group = QActionGroup(menu)
        for order, words in ORDERS.items():
            action = group.addAction(menu.addAction(f"In order: {words}"))
            action.setCheckable(True)
            action.setChecked(order == self._shown_order)
            action.triggered.connect(lambda _=False, order=order: self.put_in_order(order))
