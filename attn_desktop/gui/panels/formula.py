"""Step by step: the formula of the phase at the playhead, and its arithmetic written out."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from attn_desktop.gui.formula_markup import plain
from attn_desktop.gui.formula_page import Page
from attn_desktop.gui.formula_pages import NAMES, page_of
from attn_desktop.gui.formula_painting import PageLayout
from attn_desktop.gui.formula_probe import KIND
from attn_desktop.gui.formula_step import chosen_position, vector_of
from attn_desktop.gui.formula_strip import HIGH, PhaseStrip
from attn_desktop.gui.formula_text import Typesetter
from attn_desktop.gui.glance import Glance
from attn_desktop.gui.intents import AskProbe, GoTo, Hover
from attn_desktop.gui.painting import focus_frame
from attn_desktop.gui.panel import Change, PaintedPanel, Table
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.theme import Theme

#: Around all, usually and in a low panel; below the strip; height from which a panel is not low and
#: has a strip, at normal type.
MARGIN, LOW_MARGIN, BELOW, STRIPPED = 10, 4, 8, 160
#: Keys that go through the dimensions of a vector, as the wheel does.
DIMENSION_KEYS = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
NOTCH = 120


class FormulaPanel(PaintedPanel):
    """One phase of a step in numbers, for one source position j or one dimension d."""

    name = "formula"
    title = "Step by step"
    short = "Formula"
    about = (
        "What has just been computed, as a formula and in numbers: e_tj, mask and scope, α_tj, "
        "c_t, s_t, p(y_t), y_t.\n"
        "F11 goes one phase on, Shift+F11 one back; click a phase in the strip to go there.\n"
        "Hover or brush a source word, or click its row, to see its arithmetic. Of vectors one "
        "dimension d is shown: the wheel or ↑ ↓ choose another, Escape the largest again.\n"
        "✓: the sum worked out here is the number that the model computed."
    )
    natural = (420, 320)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._type = Typesetter(theme)
        self._page: Page | None = None
        self._layout: PageLayout | None = None
        self._strip: PhaseStrip | None = None
        self._pointer: QPointF | None = None
        self._position = 0
        #: d by phase, where the user chose one.
        self._dimensions: dict[Phase, int] = {}
        self._turned = 0
        self._framed = False
        self._glance = Glance(self, self._missing)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def draw(self, change: Change) -> None:
        scene = self.scene
        if self._type.theme != self.theme:
            self._type = Typesetter(self.theme)
        if scene.run is not None:
            # Pointing at a row here does not change what the rows are about.
            light = self.light if self._pointer is None else replace(self.light, source=frozenset())
            self._position = chosen_position(scene, light)
        self._page = page_of(scene, self._position, self._dimensions.get(scene.phase))
        self._layout = self._strip = None
        self._glance.look()
        super().draw(change)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._glance.look()

    def _missing(self) -> AskProbe | None:
        """What only the model has of this step."""
        scene, step = self.scene, self.scene.step
        if self._page is None or not self._page.needs or step is None:
            return None
        return AskProbe(KIND, scene.t, {"position": self._position})

    def heading(self) -> str:
        scene = self.scene
        return f"Step {scene.t}: {NAMES[scene.phase]}" if scene.t else self.title

    def caption(self) -> str:
        self.flush()
        scene, step = self.scene, self.scene.step
        if step is None:
            return ""
        if scene.phase in (Phase.CONTEXT, Phase.STATE):
            return f"{step.mode.weighting} reading" if step.mode.attends else "no attention"
        if scene.phase is Phase.LOGITS:
            return f"H {step.active.entropy:.2f} nats"
        if scene.phase is Phase.TOKEN:
            return step.chosen_by
        if not step.mode.attends:
            return "no attention"
        return step.mode.scope if scene.phase is Phase.WINDOW else step.mode.score

    def table(self) -> Table:
        self.flush()
        return Table((), ()) if self._page is None else self._page.table()

    # -- where things are -------------------------------------------------------------------

    def strip(self) -> PhaseStrip | None:
        """The phases; None where the panel is too low for them."""
        if self._strip is None and self.height() >= self.theme.px(STRIPPED):
            margin = self.theme.px(MARGIN)
            area = QRectF(margin, margin, self.width() - 2 * margin, self.theme.px(HIGH))
            self._strip = PhaseStrip(self._type, area, self.scene)
        return self._strip

    def layout_of_page(self) -> PageLayout:
        """Where everything of the page is; there must be one."""
        if self._layout is None:
            assert self._page is not None
            margin, px = self.theme.px(MARGIN), self.theme.px
            top = bottom = margin if self.strip() is not None else px(LOW_MARGIN)
            if self.strip() is not None:
                top += px(HIGH) + px(BELOW)
            area = QRectF(margin, top, self.width() - 2 * margin, self.height() - top - bottom)
            self._layout = PageLayout(self._type, self._page, area)
        return self._layout

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._layout = self._strip = None
        super().resizeEvent(event)

    # -- painting ---------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        if self._page is None:
            self.paint_blank(painter, "Encode a sentence to see the arithmetic of each step.")
            return
        strip = self.strip()
        if strip is not None:
            strip.paint(painter, None if self._pointer is None else strip.at(self._pointer))
        self.layout_of_page().paint(painter, self._pointed(), self.light.all_source)
        if self._framed:
            focus_frame(painter, QRectF(self.rect()), self.theme)

    # -- pointer ----------------------------------------------------------------------------

    def _of_source(self) -> bool:
        """Whether rows are source positions."""
        page = self._page
        return page is not None and page.block is not None and page.block.positions

    def _pointed(self) -> int | None:
        """The row under the pointer."""
        if self._pointer is None or self._page is None:
            return None
        return self.layout_of_page().at(self._pointer)

    def _phase(self) -> Phase | None:
        """The phase under the pointer that one can go to."""
        strip = self.strip()
        if strip is None or self._pointer is None or self.scene.step is None:
            return None
        return strip.at(self._pointer)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer = event.position()
        pointed, phase = self._pointed(), self._phase()
        of_source = pointed is not None and self._of_source()
        self.ask(Hover(frozenset({pointed}) if of_source and pointed is not None else frozenset()))
        shape = Qt.CursorShape.ArrowCursor
        if phase is not None or of_source:
            shape = Qt.CursorShape.PointingHandCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)
        self.said.emit(self._about(pointed, phase))
        self.update()

    def _about(self, row: int | None, phase: Phase | None) -> str:
        if phase is not None:
            known = "" if self.scene.reveals(phase) else ", not computed yet"
            return f"{NAMES[phase]}{known}   click to go there"
        if row is None or self._page is None or self._page.block is None:
            return ""
        parts = []
        for column in self._page.block.columns:
            (text,) = column.written([row])
            parts.append(f"{plain(column.head)} {plain(text) if column.math else text}")
        return "   ".join(parts)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer = event.position()
        if event.button() != Qt.MouseButton.LeftButton:
            return
        phase, pointed = self._phase(), self._pointed()
        if phase is not None:
            self.ask(GoTo(self.scene.t, int(phase)))
        elif pointed is not None and self._of_source():
            own = frozenset({pointed})
            self.brush_source(frozenset() if self.light.brushed_source == own else own)

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
        super().leaveEvent(event)

    # -- dimensions -------------------------------------------------------------------------

    def _turn(self, by: int) -> bool:
        """Show another dimension; whether there is any in this phase."""
        vector = vector_of(self.scene)
        if vector is None or not len(vector):
            return False
        phase = self.scene.phase
        step = self._dimensions.get(phase)
        if step is None:
            look = self._page.dimension if self._page is not None else None
            step = look or 0
        self._dimensions[phase] = (step + by) % len(vector)
        self._redraw()
        return True

    def _redraw(self) -> None:
        self.draw(Change(source=False, steps=False, place=True, light=False))
        self.captioned.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.flush()
        self._turned += event.angleDelta().y()
        notches = int(self._turned / NOTCH)
        self._turned -= notches * NOTCH
        if vector_of(self.scene) is None:
            self._turned = 0
            event.ignore()
            return
        event.accept()
        if notches:
            self._turn(notches)

    def event(self, event: QEvent) -> bool:
        # Escape stops what runs, unless a dimension is to be let go.
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            held = self.scene.phase in self._dimensions
            event.setAccepted(held)
            return held
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        key = Qt.Key(event.key())
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif key in DIMENSION_KEYS and self._turn(DIMENSION_KEYS[key]):
            return
        elif key == Qt.Key.Key_Escape and self._dimensions.pop(self.scene.phase, None) is not None:
            self._redraw()
        else:
            super().keyPressEvent(event)

    def frame(self, framed: bool) -> None:
        self._framed = framed
        self.update()
