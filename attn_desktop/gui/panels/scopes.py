"""The scopes of a step side by side: where each looks, what it cuts off, and what if elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from attn_desktop.analysis.scope_bench import (
    GLOBAL,
    KIND,
    PREDICTIVE,
    USUAL_HALF_WIDTH,
    ScopeBench,
    scope_bench,
)
from attn_desktop.analysis.weighing import Window
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.gui.alpha_edit import problem_of, sentence
from attn_desktop.gui.bench_panel import BenchPanel
from attn_desktop.gui.intents import AskProbe, Hover, MakeEdit, SwitchMode
from attn_desktop.gui.panel import Change, Panel, Table
from attn_desktop.gui.raster import alpha_ends
from attn_desktop.gui.region_map import map_ratio
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.scope_controls import WindowControls
from attn_desktop.gui.scope_painting import ScopePainter, Shown
from attn_desktop.gui.scope_places import (
    LABELS,
    Grip,
    ScopePlaces,
    dragged,
    lay_out,
    lay_out_maps,
)
from attn_desktop.gui.scope_words import about_spot, lane_text, table
from attn_desktop.gui.small_plots import SourceLabels
from attn_desktop.gui.theme import Theme
from attn_desktop.trace.edits import Edit

#: Height, at normal type, from which on there are fields.
LOW = 150
SWITCH, EDIT = "decode on", "decode with it"


class ScopesPanel(BenchPanel):
    """α in each scope. Drag a window, then click its button to decode the step with it."""

    name = "scopes"
    title = "Scope"
    about = (
        "The scopes on the same energies e_tj of this step. global: every position; local-m:\n"
        "p_t ± D around p_t = min(t, S); local-p: p_t = S·sigmoid(v_pᵀ tanh(W_p s)), α times the\n"
        "dashed exp(−(j − p_t)² / 2σ²), σ = D/2, cut at ±D and made to sum to 1 again (Luong et "
        "al. 2015).\n"
        "Bars: α in the scope; lines: α without a window, of which the shaded part is cut off;\n"
        "in the lane of the global scope: e_tj, from the least to the largest.\n"
        "Over a picture maps of its regions, in full colour at the largest α of all lanes; p_t is\n"
        "a row and a column, + its place; square: p_t ± D; dotted: the regions within; dashed: σ\n"
        "from p_t, where the Gaussian is exp(−½).\n"
        "Drag p_t (the line, the +) or an end of the bracket (a side of the square) to move or\n"
        "widen a window, or type both;\n"
        "double-click a lane for the model's own window. What it would be is shown at once.\n"
        "“decode on” decodes this step again in that scope; with a window that was moved, it\n"
        "decodes it with the α shown, an edit: a branch that undo takes back."
    )
    controls: WindowControls

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._bench: ScopeBench | None = None
        self._shown: Shown | None = None
        self._places: ScopePlaces | None = None
        #: The windows that were moved at this step, by scope; what is dragged; what fields change.
        self._moved: dict[str, Window] = {}
        self._held: tuple[int, Grip] | None = None
        self._chosen = ""
        self._at: tuple[object, ...] = ()
        self.controls = WindowControls(theme, self)
        self.controls.changed.connect(self._typed)
        self.controls.reset.connect(self._as_model)

    # -- what is shown --------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene, step = self.scene, self.scene.step
        if change.source:
            self.controls.set_theme(self.theme)
            self.labels = SourceLabels.of(scene, self.theme)
        if change.steps or change.place:
            self._bench = None
            if scene.run is not None and step is not None and scene.reveals(Phase.ENERGIES):
                self._bench = scope_bench(scene.run, step, scene.probe(KIND))
            at = (scene.run, None if step is None else step.node)
            if at != self._at:
                self._at, self._held = at, None
                self._moved.clear()
                self._chosen = ""
        super().draw(change)

    def look(self) -> None:
        """Work out what every window lets through."""
        scene, step, bench = self.scene, self.scene.step, self._bench
        self._places = self._shown = None
        if bench is not None and scene.run is not None and step is not None:
            windows = {lane.name: self._moved.get(lane.name, lane.window) for lane in bench.lanes}
            known = {lane.name for lane in bench.lanes if lane.known} | self._moved.keys()
            if self._chosen not in windows:
                local = [name for name in windows if name != GLOBAL]
                self._chosen = step.mode.scope if step.mode.scope in local else local[0]
            self._shown = Shown(
                bench=bench,
                windows=windows,
                moved=frozenset(self._moved),
                scoped={
                    name: bench.scoped(window) if name in known else None
                    for name, window in windows.items()
                },
                whole=bench.scoped(None),
                own=step.mode.scope,
                offers={name: self._offer(name) for name in windows},
                chosen=self._chosen,
                with_windows=scene.reveals(Phase.WINDOW),
                with_alpha=scene.reveals(Phase.ALPHA),
                picture=self.pictures.of(scene.run),
            )

    def _offer(self, name: str) -> str:
        """What the button of a lane says; empty where it would change nothing."""
        step = self.scene.step
        if step is None or self.bare or not self.scene.reveals(Phase.ALPHA):
            return ""
        if name in self._moved:
            return EDIT
        if (step.mode.scope, step.edits) == (name, ()):
            return ""
        return SWITCH

    def missing(self) -> AskProbe | None:
        """What only the model has of this step."""
        scene, step = self.scene, self.scene.step
        if step is None or step.cross is None or scene.probe(KIND) is not None:
            return None
        return AskProbe(KIND, scene.t)

    def heading(self) -> str:
        return f"Scope at step {self.scene.t}" if self.scene.t else self.title

    def caption(self) -> str:
        self.flush()
        step, shown = self.scene.step, self._shown
        if step is None or shown is None:
            return ""
        parts = []
        if self.scene.source.across > 1 and shown.with_alpha:
            parts.append(alpha_ends(self.painter().end, self.theme))
        parts.append(step.mode.score)
        if step.edits:
            parts.append("without the edits of this step")
        if any(lane.assumed for lane in shown.bench.lanes):
            parts.append(f"D = {USUAL_HALF_WIDTH:g} assumed: the model has not been asked")
        return " · ".join(parts)

    def table(self) -> Table:
        self.flush()
        shown = self._shown
        return Table((), ()) if shown is None else table(shown, self.scene.source)

    # -- where things are -----------------------------------------------------------------

    def places(self) -> ScopePlaces:
        """Lanes for the present size; there must be something to show."""
        assert self._shown is not None
        if self._places is None:
            area, axis = self.below_controls(), self.scene.source
            count = len(self._shown.bench.lanes)
            if axis.across == 1:
                wanted = self.labels.height(LABELS * area.height())
                self._places = lay_out(area, axis, count, wanted, self.theme)
            else:
                ratio = map_ratio(axis, self._shown.picture)
                self._places = lay_out_maps(area, axis, count, ratio, self.theme)
        return self._places

    def painter(self) -> ScopePainter:
        """Where the parts of each lane are; there must be something to show."""
        shown = self._shown
        assert shown is not None
        texts = [lane_text(shown, lane) for lane in shown.bench.lanes]
        return ScopePainter(shown, self.places(), self.theme, texts)

    def place_controls(self) -> None:
        shown = self._shown
        window = None if shown is None else shown.windows[self._chosen]
        if window is not None:
            moved = self._chosen in self._moved
            self.controls.show_window(self._chosen, window, self.scene.source.size, moved)
        high = self.controls.height_for(self.room_across)
        seen = shown is not None and shown.with_windows and window is not None
        self.set_controls(seen, high, LOW)
        self._places = None

    def _refresh(self) -> None:
        self.look()
        self.place_controls()
        self.update()

    # -- painting -------------------------------------------------------------------------

    def take_view(self, panel: Panel) -> None:
        assert isinstance(panel, ScopesPanel)
        self._moved = dict(panel._moved)
        self._refresh()

    def paint(self, painter: QPainter) -> None:
        scene, step = self.scene, self.scene.step
        if scene.run is None:
            self.paint_blank(painter, "Encode a sentence to see where each scope looks.")
        elif step is None:
            self.paint_blank(painter, "Step (F10) to see the scopes on the first energies.")
        elif self._shown is None:
            self.paint_blank(
                painter,
                "This mode has no attention, so there is nothing that a scope could limit. "
                "Choose a score in the bar above.",
            )
        else:
            lit = frozenset(scene.source.columns(self.light.all_source))
            held = None if self._held is None else self._held[0]
            self.painter().paint(painter, self.labels, lit, self._on_button(), held)

    # -- moving windows -------------------------------------------------------------------

    def _move(self, name: str, window: Window) -> None:
        self._moved[name], self._chosen = window, name
        self._refresh()
        self.captioned.emit()

    def _typed(self, window: Window) -> None:
        self.flush()
        if self._shown is not None:
            self._move(self._chosen, window)

    def _as_model(self) -> None:
        self.flush()
        self._moved.pop(self._chosen, None)
        self._refresh()

    def _decode(self, index: int) -> None:
        """Decode the step with the window of a lane."""
        shown, step = self._shown, self.scene.step
        if shown is None or step is None:
            return
        name = shown.name(index)
        scoped = shown.scoped[name]
        if name not in self._moved:
            self.ask(SwitchMode(Mode(step.mode.score, name, step.mode.weighting)))
        elif scoped is not None:
            try:
                intent = MakeEdit((Edit("alpha", "set", values=tuple(scoped.alpha.tolist())),))
                problem = problem_of(self.scene, intent)
            except InputError as error:
                problem = str(error)
            if problem:
                self.said.emit(sentence(problem))
            else:
                self.ask(intent)

    # -- pointer --------------------------------------------------------------------------

    def _lane(self) -> int | None:
        """The lane under the pointer."""
        if self._shown is None or self.pointer is None:
            return None
        return self.places().at(self.pointer)

    def _on_button(self) -> int | None:
        lane = self._lane()
        if lane is None or self.pointer is None:
            return None
        button = self.painter().button(lane)
        return lane if button is not None and button.contains(self.pointer) else None

    def _drag(self, lane: int, grip: Grip, at: QPointF) -> None:
        assert self._shown is not None
        assert self.scene.run is not None
        name, grid = self._shown.name(lane), self.scene.run.grid
        to = self.painter().place(lane, at)
        if grid is not None and len(to) == 1:
            to = (*to, 1.0)  # the one column of a grid that is drawn as a sequence
        known = [own.half_width for own in self._shown.windows.values() if own is not None]
        half_width = known[0] if known else USUAL_HALF_WIDTH
        fallback = Window(to, half_width, name == PREDICTIVE, grid)
        self._move(name, dragged(self._shown.windows[name] or fallback, grip, to))
        about = self._shown.bench.lanes[lane]
        self.said.emit(about_spot(self._shown, about, self.scene.source, None))

    def _point(self) -> None:
        lane = self._lane()
        shape, lit, said = Qt.CursorShape.ArrowCursor, frozenset[int](), ""
        if lane is not None and self._shown is not None and self.pointer is not None:
            column = self.painter().column(lane, self.pointer)
            about = self._shown.bench.lanes[lane]
            said = about_spot(self._shown, about, self.scene.source, column)
            if self._on_button() is not None:
                shape = Qt.CursorShape.PointingHandCursor
            else:
                shape = self.painter().cursor(lane, self.pointer) or shape
            if column is not None:
                lit = frozenset(self.scene.source.positions(column))
        if self.cursor().shape() != shape:
            self.setCursor(shape)
        self.ask(Hover(source=lit))
        self.said.emit(said)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self.pointer = event.position()
        if self._held is not None and self._shown is not None:
            self._drag(*self._held, event.position())
        else:
            self._point()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self.pointer, self._held = event.position(), None
        lane = self._lane()
        if event.button() != Qt.MouseButton.LeftButton or lane is None or self._shown is None:
            return
        grip, button = self.painter().grip(lane, self.pointer), self._on_button()
        column = self.painter().column(lane, self.pointer)
        if self._shown.windows[self._shown.name(lane)] is not None:
            self._chosen = self._shown.name(lane)
        if button is not None:
            self._decode(button)
        elif grip is not None:
            self._held = (lane, grip)
        elif column is not None:
            self.toggle_source(self.scene.source.positions(column))
        self._refresh()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.flush()
        lane = self._lane()
        if event.button() == Qt.MouseButton.LeftButton and lane is not None and self._shown:
            self._chosen = self._shown.name(lane)
            self._as_model()
