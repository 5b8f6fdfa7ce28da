"""The context ledger: what each source position pays into c_t, in one dimension and in all."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.analysis.ledger import Ledger, ledger
from attn_desktop.gui.formula_page import number
from attn_desktop.gui.intents import Hover
from attn_desktop.gui.ledger_controls import LedgerControls
from attn_desktop.gui.ledger_painting import EDIT, MARGIN, LedgerView, lay_out
from attn_desktop.gui.painting import focus_frame
from attn_desktop.gui.panel import Change, PaintedPanel, Table
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.small_plots import SourceLabels
from attn_desktop.gui.theme import Theme

#: Height, at normal type, from which on there are controls.
LOW = 110
NOTCH = 120
#: Keys that go through the dimensions of the context, as the wheel does.
DIMENSION_KEYS = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}


class LedgerPanel(PaintedPanel):
    """α_j h_j of every source position, with its sign, and that they sum to c_t."""

    name = "ledger"
    title = "Context ledger"
    short = "Ledger"
    about = (
        "What each source position pays into c_t = Σ_j α_tj h_j; with hard weighting c_t = h_k, "
        "and k pays everything.\n"
        "One d: bars α_j h_j[d] of one dimension d with their sign; the line is their running sum, "
        "which ends at c_t[d] (●). ✓: that is what the model recorded, up to rounding (1e−5 of "
        "Σ_j |α_j h_j[d]| in float32).\n"
        "All d: ‖α_j h_j‖, and the share ⟨α_j h_j, c_t⟩ / ‖c_t‖² by which each position moves "
        "along c_t (+) or against it (−); the shares sum to 1.\n"
        "“edit”: what an edit of c_t added to the sum.\n"
        "The wheel or ↑ ↓ choose d, Escape the largest again. Click a bar to brush its position."
    )
    natural = (380, 260)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._ledger: Ledger | None = None
        #: The d that the user chose, from 0; None for the largest.
        self._dimension: int | None = None
        self._labels = SourceLabels((), theme)
        self._view: LedgerView | None = None
        self._pointer: QPointF | None = None
        self._turned = 0
        self._framed = False
        self.controls = LedgerControls(theme, self)
        self.controls.chosen.connect(self.choose)
        self.controls.part_changed.connect(self._relaid)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # -- what is shown --------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene, step = self.scene, self.scene.step
        if change.source:
            self.controls.set_theme(self.theme)
        if change.steps or change.place:
            self._ledger = None
            if scene.run is not None and step is not None and scene.reveals(Phase.CONTEXT):
                self._ledger = ledger(scene.run, step, scene.source)
            edited = self._ledger is not None and self._ledger.edited
            labels = () if scene.run is None else (*scene.source.labels, *([EDIT] * edited))
            across = 1 if scene.run is None else scene.source.across
            self._labels = SourceLabels(labels, self.theme, across)
        self._place()
        super().draw(change)

    def _place(self) -> None:
        """Controls where there is room for them, and the plots below."""
        found, px = self._ledger, self.theme.px
        size = 0 if found is None else found.context.size
        shown = size > 0 and self.height() >= px(LOW)
        width, top = max(1, self.width() - 2 * px(MARGIN)), 0
        self._view = None
        if found is None or not size:
            self.controls.setVisible(False)
            return
        self.controls.show_dimension(self.dimension(), size, self._dimension is None)
        area = QRectF(self.rect())
        # Whether the parts are offered depends on the room below, and that hardly on them.
        for parts in (False, True):
            self.controls.show_parts(parts)
            flow = self.controls.layout()
            assert flow is not None
            high = flow.heightForWidth(width)
            top = px(6) + high if shown else 0
            places = lay_out(
                area.adjusted(0, top, 0, 0), self.controls.part, self._labels, self.theme
            )
            if places.whole:
                break
        self.controls.setGeometry(QRect(px(MARGIN), px(2), width, high))
        self.controls.setVisible(shown)
        self._view = LedgerView(
            found, self.dimension(), self.scene.t, bool(found.single), places, self.theme
        )

    def view(self) -> LedgerView:
        """What is drawn where; there must be a ledger."""
        assert self._view is not None
        return self._view

    def dimension(self) -> int:
        """The d that is seen; there must be a ledger."""
        assert self._ledger is not None
        if self._dimension is None:
            return self._ledger.largest
        return min(self._dimension, self._ledger.context.size - 1)

    def choose(self, dimension: int | None) -> None:
        """See this dimension of c_t, from 0; None: the one in which it is largest."""
        self.flush()
        self._dimension = dimension
        self._relaid()

    def _relaid(self) -> None:
        self._place()
        self.captioned.emit()
        self.update()

    def heading(self) -> str:
        return f"Ledger of c_{self.scene.t}" if self.scene.t else self.title

    def caption(self) -> str:
        self.flush()
        found, step = self._ledger, self.scene.step
        if found is None or step is None:
            return ""
        with np.errstate(invalid="ignore", over="ignore"):
            norm = f"‖c‖ {number(float(np.linalg.norm(found.context)))}"
            if found.edited:
                return f"{norm} · edit {number(float(np.linalg.norm(found.rest)))}"
        return f"{step.mode.weighting} · {norm}"

    def table(self) -> Table:
        self.flush()
        if self._view is None:
            return Table((), ())
        view, axis = self._view, self.scene.source
        numbers = (view.entries(), view.running(), view.norms(), view.shares())
        rows: list[tuple[str | float | int, ...]] = []
        for column in range(view.count):
            name, weight = EDIT, float("nan")
            if column < len(axis):
                name, weight = axis.labels[column], float(view.ledger.weights[column])
            rows.append((name, weight, *(float(held[column]) for held in numbers)))
        d = view.d
        return Table(("source", "α", f"α h[{d}]", "running sum", "‖α h‖", "share of ‖c‖²"), rows)

    # -- painting -------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def paint(self, painter: QPainter) -> None:
        scene, step = self.scene, self.scene.step
        if scene.run is None:
            self.paint_blank(painter, "Encode a sentence to see what its words pay into c_t.")
        elif step is None:
            self.paint_blank(painter, "Step (F10) to see what each word pays into the context.")
        elif step.cross is None:
            self.paint_blank(
                painter,
                f"Without attention c = {scene.run.model.fixed_expression} at every step: it is no "
                "sum over the source, so no position has a part of its own in it.",
            )
        elif self._view is None:
            self.paint_blank(painter, f"c_{scene.t} is computed after α. F11: next phase.")
        else:
            lit = frozenset(scene.source.columns(self.light.all_source))
            self._view.paint(painter, self._labels, lit, self._column())
        if self._framed:
            focus_frame(painter, QRectF(self.rect()), self.theme)

    # -- pointer --------------------------------------------------------------------------

    def _column(self) -> int | None:
        """The column under the pointer."""
        if self._view is None or self._pointer is None:
            return None
        return self._view.column(self._pointer)

    def _positions(self, column: int | None) -> frozenset[int]:
        """The source positions of a column; none of what an edit added."""
        axis = self.scene.source
        if column is None or column >= len(axis):
            return frozenset()
        return frozenset(axis.positions(column))

    def _about(self, column: int) -> str:
        """What a column pays."""
        view, axis = self.view(), self.scene.source
        d, found = view.d, view.ledger
        entry = number(float(view.entries()[column]), signed=True)
        if column >= len(axis):
            said = f"the edit of c_t adds {entry} to c[{d}]"
        else:
            positions = axis.positions(column)
            name, weight = axis.labels[column], number(float(found.weights[column]))
            said = f"“{name}”   α = {weight}, α h[{d}] = {entry}"
            if len(positions) == 1 and self.scene.run is not None:
                own = number(
                    float(self.scene.run.states[positions[0], view.dimension]), signed=True
                )
                said = f"“{name}”   α · h[{d}] = {weight} · {own} = {entry}"
        sums = number(float(view.running()[column]), signed=True)
        share = number(100 * float(view.shares()[column]), signed=True)
        size = number(float(view.norms()[column]))
        return f"{said}   running sum {sums}   ‖α h‖ = {size}   {share} % of ‖c‖²"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer = event.position()
        column = self._column()
        self.ask(Hover(source=self._positions(column) if column is not None else frozenset()))
        self.said.emit("" if column is None else self._about(column))
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer = event.position()
        column = self._column()
        if event.button() == Qt.MouseButton.LeftButton and column is not None:
            positions = self._positions(column)
            if positions:
                self.toggle_source(positions)

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
        super().leaveEvent(event)

    # -- dimensions -----------------------------------------------------------------------

    def _turn(self, by: int) -> None:
        assert self._ledger is not None
        self.choose((self.dimension() + by) % self._ledger.context.size)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.flush()
        if self._view is None:
            self._turned = 0
            event.ignore()
            return
        event.accept()
        self._turned += event.angleDelta().y()
        notches = int(self._turned / NOTCH)
        self._turned -= notches * NOTCH
        if notches:
            self._turn(notches)

    def event(self, event: QEvent) -> bool:
        # Escape stops what runs, unless a dimension is to be let go.
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.setAccepted(self._dimension is not None)
            return self._dimension is not None
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        key = Qt.Key(event.key())
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or self._view is None:
            super().keyPressEvent(event)
        elif key in DIMENSION_KEYS:
            self._turn(DIMENSION_KEYS[key])
        elif key == Qt.Key.Key_Escape and self._dimension is not None:
            self.choose(None)
        else:
            super().keyPressEvent(event)

    def frame(self, framed: bool) -> None:
        self._framed = framed
        self.update()
