"""Two branches compared: Δα as a map, Δ log p beside it, the step at the playhead below it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from attn_desktop.analysis.compare import compare
from attn_desktop.gui.axes import LabelAxis
from attn_desktop.gui.compare_axes import DeltaBars, TokenAxis
from attn_desktop.gui.compare_chooser import BranchChooser
from attn_desktop.gui.compare_header import CompareHeader
from attn_desktop.gui.compare_layers import CompareLayers
from attn_desktop.gui.compare_map import compare_map
from attn_desktop.gui.compare_strip import StepStrip
from attn_desktop.gui.compare_words import (
    Compared,
    about_cell,
    both_steps,
    caption,
    table,
)
from attn_desktop.gui.intents import Brush, Compare, GoTo, Hover, ShowBranch
from attn_desktop.gui.panel import NEIGHBOURS, Change, Table
from attn_desktop.gui.plot_panel import PlotPanel
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.theme import Theme

NO_RUN = "Encode a sentence; then compare ways to decode it."
#: Largest cell, so that one step or one position does not fill the panel.
CELL_WIDTH, CELL_HEIGHT = 96, 56


class ComparePanel(PlotPanel):
    """The branch shown against a baseline, step by step. Click a row to go to its step."""

    name = "compare"
    title = "Compare"
    about = (
        "The branch shown (modified, left) against a baseline (right), at the same step t.\n"
        "Map: Δα_tj = α_tj modified − α_tj baseline, from −1 to 1, over\n"
        "a picture as far as any is. Orange: the modified branch\n"
        "looks more at source position j; violet: the baseline does; hatched: there is no α to "
        "compare.\n"
        "Bars at the right: Δ log p(y_t), each branch's own token. Tinted tokens differ. The line\n"
        "is where they part, and in what first: α, c, s or the token.\n"
        "Below: both α_t of this step, ‖Δc_t‖, ‖Δs_t‖, and p of what each chose.\n"
        "Click a row to go to its step; ↑ ↓ the step before and after, F the first difference,\n"
        "D and Shift+D the next and the last one. Several layers and heads are averaged."
    )
    natural = (440, 340)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self._columns = LabelAxis("top")
        self._left, self._right = TokenAxis("left"), TokenAxis("right")
        self._strip, self._bars = StepStrip(), DeltaBars()
        axes = {
            "top": self._columns,
            "left": self._left,
            "right": self._right,
            "bottom": self._strip,
        }
        super().__init__(theme, axes, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.invertY(True)
        self.plot.layout.addItem(self._bars, 2, 3)
        self._bars.linkToView(self.source_view)
        self._layers = CompareLayers(self.plot, theme)
        self._header, self._chooser = CompareHeader(), BranchChooser(theme)
        self._header.swapped.connect(self._swap)
        self._header.ended.connect(lambda: self.ask(Compare(None)))
        self._header.jumped.connect(self._go_to_first)
        self._chooser.chosen.connect(self._choose)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(0, self._header)
        layout.addWidget(self._chooser, 1)
        self._compared: Compared | None = None
        #: The row whose token is not known in the labels that are shown; None where none are.
        self._hidden_token: tuple[int | None] | None = None
        self._extent: tuple[object, int] | None = None
        self.source_view.sigRangeChanged.connect(self._arrange)
        self.source_view.sigResized.connect(self._arrange)
        #: Whether there is no run, and whether two branches are compared.
        self._parts = (True, False)
        self._show_parts(*self._parts, anew=True)
        # In a window of its own, keys go to the map before one goes to a button.
        self.setFocus()

    # -- drawing --------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene = self.scene
        if change.source:
            self._paint_theme()
        held = None if self._compared is None else self._compared.baseline
        if change.steps or scene.baseline is not held:
            self._compare()
        compared = self._compared
        self._show_parts(scene.run is None, compared is not None, anew=change.source)
        if compared is None:
            self._chooser.show_branches(scene.branches)
            return
        about = next((branch.about for branch in scene.branches if branch.shown), "this branch")
        self._header.show_branches(about, compared.baseline.about, can_swap=bool(scene.steps))
        self._show_place(compared)
        self._show_light(compared)
        self._arrange()

    def _show_parts(self, blank: bool, comparing: bool, anew: bool) -> None:
        """The comparison, the choice of a baseline, or that there is nothing to compare yet."""
        if (blank, comparing) == self._parts and not anew:
            return
        self._parts = (blank, comparing)
        self.say_blank(NO_RUN if blank else "")
        self.canvas.setVisible(comparing)
        self._header.setVisible(comparing)
        self._chooser.setVisible(not blank and not comparing)

    def _compare(self) -> None:
        """Work out all that stays while the playhead moves."""
        scene, baseline = self.scene, self.scene.baseline
        self._compared = self._hidden_token = None
        if scene.run is None or baseline is None:
            return
        same_input = baseline.run is scene.run
        numbers = compare(scene.steps, baseline.steps, same_input)
        shown = compare_map(scene, baseline, numbers)
        compared = Compared(baseline, numbers, shown)
        self._compared = compared
        self._columns.set_labels(shown.labels, self.theme, "source", scene.source.across)
        self._right.set_labels(compared.tokens(scene)[1], self.theme, "target")
        self._bars.set_values(numbers.delta_log_prob, self.theme)
        self._take_room()
        self._show_extent(compared)

    def _paint_theme(self) -> None:
        theme = self.theme
        self.paint_canvas()
        self._header.set_theme(theme)
        self._chooser.set_theme(theme)
        self.plot.layout.setContentsMargins(0, 0, 0, theme.px(3))
        self._layers.set_theme(theme)

    def _take_room(self) -> None:
        """Give what stands beside the map its share of the canvas."""
        self._bars.take(self.width(), self.theme)
        self._strip.take(self.width(), self.height(), self.theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._take_room()

    def _show_extent(self, compared: Compared) -> None:
        """All rows and columns; what the user zoomed to stays while the columns are the same."""
        count, width = compared.map.values.shape
        columns = (self.scene.run, width)
        self.source_view.setMaximumSize(
            width * self.theme.px(CELL_WIDTH), count * self.theme.px(CELL_HEIGHT)
        )
        self.source_view.show_whole(QRectF(0, 0, width, count), anew=columns != self._extent)
        self._extent = columns
        self._layers.show_map(compared.map)

    def _show_place(self, compared: Compared) -> None:
        scene = self.scene
        hidden = None if not scene.t or scene.reveals(Phase.TOKEN) else scene.t - 1
        if self._hidden_token != (hidden,):
            self._hidden_token = (hidden,)
            self._left.set_labels(compared.tokens(scene)[0], self.theme, "target")
            marked = compared.marked(scene)
            for axis, count in (
                (self._left, len(scene.steps)),
                (self._right, len(compared.baseline.tokens)),
            ):
                axis.set_marked(frozenset(row for row in marked if row < count))
        self._left.set_known(scene.t)
        self._right.set_known(scene.t)
        self._bars.set_place(scene.t, hidden)
        parts = compared.parting(scene)
        self._header.show_parting(*parts)
        self._layers.show_place(compared.map, scene.t, scene.reveals(Phase.ALPHA), parts)
        if scene.t:
            self.source_view.bring_row(scene.t - 1)

    def _show_light(self, compared: Compared) -> None:
        scene, count = self.scene, len(compared.numbers)
        rows = {t - 1 for t in self.light.all_target if t <= count}
        columns = scene.source.columns(self.light.all_source)
        here = {scene.t - 1} if scene.t else set()
        for axis in (self._left, self._right):
            axis.set_lit(frozenset(rows | here))
        self._columns.set_lit(frozenset(columns))
        self._layers.show_light(compared.map, rows - here, columns)

    def _arrange(self, *_: object) -> None:
        """What depends on the size of a cell and on what is in view."""
        compared, scene = self._compared, self.scene
        if compared is None:
            return
        self._layers.arrange(compared.map, self.devicePixelRatioF())
        outside = None
        if scene.t and compared.map.signed:
            change = np.abs(compared.map.values[scene.t - 1]) / 2
            outside = self.source_view.sum_outside(change)
        self._strip.show_step(both_steps(scene, compared, outside), self.theme)

    # -- words ----------------------------------------------------------------------------

    def caption(self) -> str:
        return "" if self._compared is None else caption(self._compared)

    def table(self) -> Table:
        self.flush()
        return Table((), ()) if self._compared is None else table(self.scene, self._compared)

    # -- pointer and keys -----------------------------------------------------------------

    def _cell(self, at: QPointF) -> tuple[int | None, int | None]:
        """Row and column at a place; None for one beside them."""
        self.flush()
        if self._compared is None:
            return None, None
        count, width = self._compared.map.values.shape
        row, column = int(np.floor(at.y())), int(np.floor(at.x()))
        return row if 0 <= row < count else None, column if 0 <= column < width else None

    def _positions(self, column: int | None) -> frozenset[int]:
        """The positions of the source shown that a column stands for."""
        if self._compared is None or column is None:
            return frozenset()
        own = self._compared.map.source_column(column)
        return frozenset(() if own is None else self.scene.source.positions(own))

    def _has_step(self, row: int | None) -> bool:
        return row is not None and row < len(self.scene.steps)

    def pointed(self, at: QPointF | None) -> None:
        row, column = (None, None) if at is None else self._cell(at)
        target = frozenset({row + 1}) if row is not None and self._has_step(row) else frozenset()
        self.ask(Hover(self._positions(column), target))
        compared = self._compared
        self.said.emit("" if compared is None else about_cell(self.scene, compared, row, column))

    def clicked(self, at: QPointF) -> None:
        row, column = self._cell(at)
        if row is not None and self._has_step(row):
            self.ask(GoTo(row + 1))
        elif row is None and at.y() < 0 and self._positions(column):
            self.toggle_source(self._positions(column))

    def dragged(self, area: QRectF) -> None:
        self.flush()
        if self._compared is None:
            return
        count, width = self._compared.map.values.shape
        columns = range(max(0, int(area.left())), min(width, int(np.ceil(area.right()))))
        rows = range(max(0, int(area.top())), min(count, int(np.ceil(area.bottom()))))
        positions = frozenset(p for column in columns for p in self._positions(column))
        self.ask(Brush(positions, frozenset(row + 1 for row in rows if self._has_step(row))))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        compared, key, scene = self._compared, Qt.Key(event.key()), self.scene
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        others = event.modifiers() & ~(
            Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
        )
        if compared is None or others:
            super().keyPressEvent(event)
        elif key in NEIGHBOURS and not shift:
            self._go(scene.t + NEIGHBOURS[key])
        elif key == Qt.Key.Key_F and not shift:
            self._go_to_first()
        elif key == Qt.Key.Key_D:
            self._go_to_next(-1 if shift else 1)
        else:
            super().keyPressEvent(event)

    def _go(self, t: int) -> None:
        if 0 <= t <= len(self.scene.steps) and t != self.scene.t:
            self.ask(GoTo(t))

    def _go_to_first(self) -> None:
        self.flush()
        if self._compared is not None and self._compared.numbers.parting is not None:
            self._go(min(self._compared.numbers.parting[0], len(self.scene.steps)))

    def _go_to_next(self, by: int) -> None:
        """To the next difference, from the last one on to the first; by −1: the other way."""
        assert self._compared is not None
        places = [t for t in self._compared.numbers.differences if t <= len(self.scene.steps)]
        if places:
            at = (
                bisect_right(places, self.scene.t)
                if by > 0
                else (bisect_left(places, self.scene.t) - 1)
            )
            self._go(places[at % len(places)])

    def _swap(self) -> None:
        """Show the baseline, with what was shown as its baseline."""
        baseline, steps = self.scene.baseline, self.scene.steps
        if baseline is not None and steps:
            self.ask(ShowBranch(baseline.leaf))
            self.ask(Compare(steps[-1].node))

    def _choose(self, leaf: int) -> None:
        # Of the scene, which may be another by now and drawn only later.
        if any(branch.leaf == leaf and not branch.shown for branch in self.scene.branches):
            self.ask(Compare(leaf))
