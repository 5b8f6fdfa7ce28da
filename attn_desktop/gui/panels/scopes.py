"""The scopes of a step side by side: where each looks, what it cuts off, and what if elsewhere."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QResizeEvent, QShowEvent
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
from attn_desktop.gui.glance import Glance
from attn_desktop.gui.intents import AskProbe, Hover, MakeEdit, SwitchMode
from attn_desktop.gui.panel import Change, PaintedPanel, Panel, Table
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.scope_controls import WindowControls
from attn_desktop.gui.scope_painting import ScopePainter, Shown
from attn_desktop.gui.scope_places import (
    LABELS,
    Grip,
    ScopePlaces,
    dragged,
    lay_out,
    position_at,
)
from attn_desktop.gui.scope_words import about_spot, lane_text, table
from attn_desktop.gui.small_plots import SourceLabels
from attn_desktop.gui.theme import Theme
from attn_desktop.trace.edits import Edit

#: Height, at normal type, from which on there are fields; margin around them.
LOW, MARGIN = 150, 8
#: Width from which on a button says what it does.
WIDE = 330
SWITCH, EDIT, SHORT = "decode on", "decode with it", "▸"


class ScopesPanel(PaintedPanel):
    """α in each scope. Drag a window, then click its button to decode the step with it."""

    name = "scopes"
    title = "Scope"
    about = (
        "The scopes on the same energies e_tj of this step. global: every position; local-m:\n"
        "p_t ± D around p_t = min(t, S); local-p: p_t = S·sigmoid(v_pᵀ tanh(W_p s)), α times the\n"
        "dashed exp(−(j − p_t)² / 2σ²), σ = D/2, cut at ±D and made to sum to 1 again (Luong et "
        "al. 2015).\n"
        "Bars: α in the scope; lines: α without a window, of which the shaded part is cut off;\n"
        "of a picture as a map, white at the largest of all lanes, a line around the window;\n"
        "in the lane of the global scope: e_tj, from the least to the largest.\n"
        "Drag p_t (the line) or an end of the bracket to move or widen a window, or type both;\n"
        "double-click a lane for the model's own window. What it would be is shown at once.\n"
        "“decode on” decodes this step again in that scope; with a window that was moved, it\n"
        "decodes it with the α shown, an edit: a branch that undo takes back."
    )
    of_mode = False
    natural = (380, 320)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._bench: ScopeBench | None = None
        self._shown: Shown | None = None
        self._labels = SourceLabels((), theme)
        self._places: ScopePlaces | None = None
        self._pointer: QPointF | None = None
        #: The windows that were moved at this step, by scope; what is dragged; what fields change.
        self._moved: dict[str, Window] = {}
        self._held: tuple[int, Grip] | None = None
        self._chosen = ""
        self._at: tuple[object, ...] = ()
        #: Whether it is painted into a picture, which has neither fields nor buttons.
        self._bare = False
        self._glance = Glance(self, self._missing)
        self.controls = WindowControls(theme, self)
        self.controls.changed.connect(self._typed)
        self.controls.reset.connect(self._as_model)

    # -- what is shown --------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene, step = self.scene, self.scene.step
        if change.source:
            self.controls.set_theme(self.theme)
            self._labels = SourceLabels.of(scene, self.theme)
        if change.steps or change.place:
            self._bench = None
            if scene.run is not None and step is not None and scene.reveals(Phase.ENERGIES):
                self._bench = scope_bench(scene.run, step, scene.probe(KIND))
            at = (scene.run, None if step is None else step.node)
            if at != self._at:
                self._at, self._held = at, None
                self._moved.clear()
                self._chosen = ""
        self._look()
        self._glance.look()
        super().draw(change)

    def _look(self) -> None:
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
            )
        self._place_controls()

    def _offer(self, name: str) -> str:
        """What the button of a lane says; empty where it would change nothing."""
        step, wide = self.scene.step, self.width() >= self.theme.px(WIDE)
        if step is None or self._bare or not self.scene.reveals(Phase.ALPHA):
            return ""
        if name in self._moved:
            return EDIT if wide else SHORT
        if (step.mode.scope, step.edits) == (name, ()):
            return ""
        return SWITCH if wide else SHORT

    def _missing(self) -> AskProbe | None:
        """What only the model has of this step."""
        scene, step = self.scene, self.scene.step
        if step is None or step.cross is None or scene.probe(KIND) is not None:
            return None
        return AskProbe(KIND, scene.t)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._glance.look()

    def heading(self) -> str:
        return f"Scope at step {self.scene.t}" if self.scene.t else self.title

    def caption(self) -> str:
        self.flush()
        step, shown = self.scene.step, self._shown
        if step is None or shown is None:
            return ""
        parts = [step.mode.score]
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
            area = QRectF(self.rect())
            if not self.controls.isHidden():
                area.setTop(self.controls.geometry().bottom() + self.theme.px(2))
            wanted = self._labels.height(LABELS * area.height())
            count = len(self._shown.bench.lanes)
            self._places = lay_out(area, self.scene.source, count, wanted, self.theme)
        return self._places

    def painter(self) -> ScopePainter:
        """Where the parts of each lane are; there must be something to show."""
        shown = self._shown
        assert shown is not None
        texts = [lane_text(shown, lane) for lane in shown.bench.lanes]
        return ScopePainter(shown, self.places(), self.theme, texts)

    def _place_controls(self) -> None:
        """Fields above the lanes, where there is room for both and a window to change."""
        shown, margin = self._shown, self.theme.px(MARGIN)
        window = None if shown is None else shown.windows[self._chosen]
        width = max(1, self.width() - 2 * margin)
        high = self.controls.height_for(width)
        placed = window is not None and window.grid is None
        room = self.height() >= self.theme.px(LOW) + high
        seen = shown is not None and shown.with_windows and not self._bare
        self.controls.setVisible(placed and room and seen)
        self.controls.setGeometry(QRect(margin, 2, width, high))
        if window is not None and placed:
            moved = self._chosen in self._moved
            self.controls.show_window(self._chosen, window, self.scene.source.size, moved)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._look()

    # -- painting -------------------------------------------------------------------------

    def take_view(self, panel: Panel) -> None:
        assert isinstance(panel, ScopesPanel)
        self._moved = dict(panel._moved)
        self._look()

    def render(self, *target: Any, **options: Any) -> None:
        """Paint into a picture."""
        self._strip(True)
        try:
            super().render(*target, **options)
        finally:
            self._strip(False)

    def _strip(self, bare: bool) -> None:
        self._bare = bare
        self._look()

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
            self.painter().paint(painter, self._labels, lit, self._on_button(), held)

    # -- moving windows -------------------------------------------------------------------

    def _move(self, name: str, window: Window) -> None:
        self._moved[name], self._chosen = window, name
        self._look()
        self.captioned.emit()
        self.update()

    def _typed(self, window: Window) -> None:
        self.flush()
        if self._shown is not None:
            self._move(self._chosen, window)

    def _as_model(self) -> None:
        self.flush()
        self._moved.pop(self._chosen, None)
        self._look()
        self.update()

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
        if self._shown is None or self._pointer is None:
            return None
        return self.places().at(self._pointer)

    def _on_button(self) -> int | None:
        lane = self._lane()
        if lane is None or self._pointer is None:
            return None
        button = self.painter().button(lane)
        return lane if button is not None and button.contains(self._pointer) else None

    def _grip(self, lane: int) -> Grip | None:
        """What a press would take hold of. A window that is not known is put where it is."""
        assert self._shown is not None
        assert self._pointer is not None
        name, painter = self._shown.name(lane), self.painter()
        if self._shown.scoped[name] is None and self.scene.run is not None:
            inside = painter.plot(lane).area.contains(self._pointer)
            placeable = inside and self.scene.run.grid is None and self._shown.with_windows
            return "center" if placeable else None
        return painter.grip(lane, self._pointer)

    def _drag(self, lane: int, grip: Grip, x: float) -> None:
        assert self._shown is not None
        name = self._shown.name(lane)
        to = position_at(self.scene.source, self.painter().plot(lane), x)
        known = [own.half_width for own in self._shown.windows.values() if own is not None]
        fallback = Window((to,), known[0] if known else USUAL_HALF_WIDTH, name == PREDICTIVE)
        self._move(name, dragged(self._shown.windows[name] or fallback, grip, to))
        about = self._shown.bench.lanes[lane]
        self.said.emit(about_spot(self._shown, about, self.scene.source, None))

    def _point(self) -> None:
        lane = self._lane()
        shape, lit, said = Qt.CursorShape.ArrowCursor, frozenset[int](), ""
        if lane is not None and self._shown is not None and self._pointer is not None:
            column = self.painter().column(lane, self._pointer)
            about = self._shown.bench.lanes[lane]
            said = about_spot(self._shown, about, self.scene.source, column)
            if self._on_button() is not None:
                shape = Qt.CursorShape.PointingHandCursor
            elif self._grip(lane) is not None:
                shape = Qt.CursorShape.SizeHorCursor
            if column is not None:
                lit = frozenset(self.scene.source.positions(column))
        if self.cursor().shape() != shape:
            self.setCursor(shape)
        self.ask(Hover(source=lit))
        self.said.emit(said)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer = event.position()
        if self._held is not None and self._shown is not None:
            self._drag(*self._held, event.position().x())
        else:
            self._point()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer, self._held = event.position(), None
        lane = self._lane()
        if event.button() != Qt.MouseButton.LeftButton or lane is None or self._shown is None:
            return
        grip, button = self._grip(lane), self._on_button()
        column = self.painter().column(lane, self._pointer)
        if self._shown.windows[self._shown.name(lane)] is not None:
            self._chosen = self._shown.name(lane)
        if button is not None:
            self._decode(button)
        elif grip is not None:
            self._held = (lane, grip)
        elif column is not None:
            self.toggle_source(self.scene.source.positions(column))
        self._look()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.flush()
        lane = self._lane()
        if event.button() == Qt.MouseButton.LeftButton and lane is not None and self._shown:
            self._chosen = self._shown.name(lane)
            self._as_model()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
        super().leaveEvent(event)
