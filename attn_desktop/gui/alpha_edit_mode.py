"""Editing α by hand: bars that are dragged, typed or nudged, and the buttons above them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QToolButton, QWidget

from attn_desktop.common.errors import InputError
from attn_desktop.gui.alpha_edit import (
    Weights,
    problem_of,
    read_weight,
    sentence,
    weights_of,
    why_not_alpha,
)
from attn_desktop.gui.alpha_edit_field import WeightField
from attn_desktop.gui.alpha_edit_marks import EditMarks
from attn_desktop.gui.alpha_edit_strip import AlphaEditStrip
from attn_desktop.gui.alpha_marks import Frame
from attn_desktop.gui.icons import icon
from attn_desktop.gui.intents import MakeEdit
from attn_desktop.gui.scene import Light, Scene
from attn_desktop.gui.step_attention import Floats, StepAttention
from attn_desktop.gui.text_field import ENTER
from attn_desktop.gui.theme import Theme

#: Pixels from the top of a bar within which it is taken hold of; side of the button; its margin.
REACH, BUTTON, MARGIN = 9, 20, 2
#: What an arrow key adds to a weight.
NUDGE = 0.05
#: How long weights stay on show for the step that is decoded with them, in milliseconds.
PATIENCE_MS = 1500
SIDES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
STEPS = {Qt.Key.Key_Up: NUDGE, Qt.Key.Key_Down: -NUDGE}
HINT = "Drag the top of a bar; double-click: type; keys: ↑ ↓ Enter"
OUTLINE = "Dashed: the model's own α. "


class EditMode(QObject):
    """Whether α is being edited, and with what weights.

    wanted: an intent. said: for the status line. moved: something is to be drawn anew.
    toggled: whether it is on from now on.
    """

    wanted = Signal(object)
    said = Signal(str)
    moved = Signal()
    toggled = Signal(bool)

    def __init__(self, theme: Theme, panel: QWidget) -> None:
        super().__init__(panel)
        self._panel, self._theme = panel, theme
        self._scene, self._brushed = Scene(), frozenset[int]()
        #: What the pointer or the keys have made of α; None where nothing is changed.
        self.weights: Weights | None = None
        #: The column that keys change.
        self.chosen: int | None = None
        self._held: int | None = None
        self._dropped = False
        self.marks = EditMarks()
        self.strip = AlphaEditStrip(theme, panel)
        self.strip.wanted.connect(self.wanted)
        self.strip.hide()
        self.field = WeightField(panel)
        self.field.typed.connect(self._typed)
        self.field.closed.connect(self._close_field)
        self.pencil = QToolButton(panel)
        self.pencil.setObjectName("pencil")
        self.pencil.setCheckable(True)
        self.pencil.setAutoRaise(True)
        # By keyboard it is an action of the window.
        self.pencil.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.pencil.setToolTip("Edit α: drag its bars, or mask, pin, sharpen and shift it")
        self.pencil.setAccessibleName("Edit α")
        self.pencil.toggled.connect(self.set_active)
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(PATIENCE_MS)
        self._waiting.timeout.connect(self._drop)
        self.set_theme(theme)

    # -- what it is given -----------------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether bars can be dragged now."""
        return self.pencil.isChecked()

    def set_active(self, active: bool) -> None:
        """Begin or end editing; weights that were not applied are dropped."""
        self.pencil.setChecked(active)
        if self.strip.isVisibleTo(self._panel) == active:
            return
        self.strip.setVisible(active)
        self._forget()
        if active:
            self.strip.show_step(self._scene, self._brushed)
            self._hint()
        self.moved.emit()
        self.toggled.emit(active)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.strip.set_theme(theme)
        self.marks.set_theme(theme)
        side = theme.px(BUTTON)
        self.pencil.setFixedSize(side, side)
        self.pencil.setIcon(icon("edit", theme))
        self.pencil.setIconSize(QSize(side - 6, side - 6))
        self.pencil.setStyleSheet(
            f"QToolButton {{ border: 1px solid transparent; border-radius: {theme.px(4)}px; }}"
            f"QToolButton:hover {{ background: {theme.faint}; }}"
            f"QToolButton:checked {{ background: {theme.faint};"
            f" border-color: {theme.hues['source']}; }}"
        )
        self.strip.setContentsMargins(0, 0, side, 0)
        self.place()
        self._hint()

    def place(self) -> None:
        """Put the button into the corner of the panel."""
        self.pencil.move(self._panel.width() - self.pencil.width() - MARGIN, MARGIN)
        self.pencil.raise_()

    def show_step(self, scene: Scene, light: Light) -> None:
        """Edit the step at the playhead; what was dragged of another one is dropped."""
        before, brushed = self._scene, light.brushed_source
        if scene is before and brushed == self._brushed:
            return
        self._scene, self._brushed = scene, brushed
        if _place(scene) != _place(before):
            self._forget()
        if self.active:
            self.strip.show_step(scene, brushed)
            if self.weights is None:
                self._hint()

    def preview(self, shown: StepAttention) -> StepAttention:
        """What is to be drawn in place of the step: α of the weights."""
        if self.weights is None:
            return shown
        alpha = self.weights.alpha
        if alpha is None:
            alpha = np.zeros(shown.axis.size)
        return replace(shown, alpha=np.asarray(shown.axis.sum(alpha)))

    def place_marks(self, frame: Frame, half: float) -> None:
        """Draw handles and outlines. half: of a bar's width."""
        self.marks.place(self._heights(), self.weights is not None, self.chosen, frame, half)

    @contextmanager
    def put_away(self) -> Iterator[None]:
        """Without buttons and handles, for a picture of the panel."""
        layout, active = self._panel.layout(), self.active
        assert layout is not None
        self.pencil.hide()
        self.strip.hide()
        self.marks.set_visible(False)
        layout.activate()
        try:
            yield
        finally:
            self.pencil.show()
            self.strip.setVisible(active)
            self.marks.set_visible(True)
            layout.activate()

    def caption(self) -> str:
        """The sum of weights that are not applied yet."""
        return "" if self.weights is None else _sums(self.weights)

    # -- pointer --------------------------------------------------------------------------

    def hits(self, at: QPointF, frame: Frame) -> int | None:
        """The column whose top is at a place of the view."""
        heights, column = self._heights(), int(np.floor(at.x()))
        if heights is None or not 0 <= column < len(heights):
            return None
        away = abs(at.y() - heights[column]) * frame.down
        return column if away <= self._theme.px(REACH) else None

    def pull(self, start: QPointF, here: QPointF, first: bool, last: bool, frame: Frame) -> bool:
        """Drag the top of a bar; whether it is one that is dragged."""
        if first:
            self._drop()
            self._held, self._dropped = self.hits(start, frame), False
            if self._held is not None:
                self.chosen = self._held
        column = self._held
        if column is None:
            return False
        if last:
            self._held = None
        if not self._dropped:
            self._lift(column, min(max(here.y(), 0.0), 1.0))
            if last:
                self._apply()
        return True

    def choose(self, column: int | None) -> None:
        """Let keys change this column."""
        if column != self.chosen:
            self.chosen = column
            self.moved.emit()

    def type_at(self, column: int, middle: QPoint) -> None:
        """Ask for the weight of a column, in a field around a pixel of the panel."""
        heights = self._heights()
        if heights is not None:
            self._drop()
            self.choose(column)
            self.field.open_at(middle, f"{heights[column]:.3g}", self._theme)

    # -- keys -----------------------------------------------------------------------------

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key means the bars and not the window."""
        key = event.key()
        if not self.active or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        changing = self.weights is not None or self._held is not None
        if key == Qt.Key.Key_Escape:
            return changing or self.chosen is not None
        if key in ENTER:
            return changing
        if key in SIDES:
            return self.chosen is not None
        return key in STEPS and self._heights() is not None

    def press(self, event: QKeyEvent) -> None:
        """Do what a key that is taken means."""
        key = Qt.Key(event.key())
        heights = self._heights()
        if key == Qt.Key.Key_Escape:
            self._escape()
        elif key in ENTER:
            self._apply()
        elif heights is None:
            return
        elif key in SIDES:
            assert self.chosen is not None
            self.choose(max(0, min(self.chosen + SIDES[key], len(heights) - 1)))
            self._tell(self.chosen)
        elif self.chosen is None:
            self.choose(int(heights.argmax()))
            self._tell(int(heights.argmax()))
        else:
            self._lift(self.chosen, min(max(heights[self.chosen] + STEPS[key], 0.0), 1.0))

    def _escape(self) -> None:
        if self._held is not None:
            self._dropped = True
        elif self.weights is None:
            self.choose(None)
        self._drop()

    # -- weights --------------------------------------------------------------------------

    def _heights(self) -> Floats | None:
        """(G,) where the tops of the bars are; None where they cannot be dragged."""
        if not self.active or why_not_alpha(self._scene):
            return None
        return (self.weights or weights_of(self._scene)).columns

    def _lift(self, column: int, weight: float) -> None:
        if self._waiting.isActive():
            self._drop()
        before = self.weights or weights_of(self._scene)
        self.weights = before.lifted(column, weight)
        if before.allows(column):
            self.strip.say(_sums(self.weights), problem=self.weights.alpha is None)
        else:
            self.strip.say(f"“{before.axis.labels[column]}” is masked; α cannot be put there", True)
        self._tell(column)
        self.moved.emit()

    def _tell(self, column: int) -> None:
        """Say weight and α of a column."""
        weights = self.weights or weights_of(self._scene)
        text = f"“{weights.axis.labels[column]}” weight {weights.columns[column]:.2f}"
        alpha = weights.alpha
        if alpha is not None:
            text += f" → α = {weights.axis.sum(alpha)[column]:.4f}"
        self.said.emit(text)

    def _typed(self, text: str) -> None:
        column = self.chosen
        if column is None or why_not_alpha(self._scene):
            self._close_field()
            return
        try:
            weight = read_weight(text)
        except InputError as error:
            self._refuse(str(error))
            self.field.selectAll()
            return
        self._close_field()
        self._lift(column, weight)
        self._apply()

    def _apply(self) -> None:
        """Ask for the weights, unless they are those that there are or none that there can be."""
        weights = self.weights
        if weights is None or self._waiting.isActive():
            return
        try:
            intent = MakeEdit((weights.edit(),), self.strip.lasting.isChecked())
            problem = problem_of(self._scene, intent)
        except InputError as error:
            problem = str(error)
        if problem:
            self._drop()
            self._refuse(problem)
        elif np.array_equal(weights.values, weights_of(self._scene).values):
            self._drop()
        else:
            self._waiting.start()
            self.wanted.emit(intent)

    def _refuse(self, problem: str) -> None:
        self.strip.say(sentence(problem), problem=True)
        self.said.emit(sentence(problem))

    def _drop(self) -> None:
        """Show α again as it is."""
        self._waiting.stop()
        if self.weights is not None:
            self.weights = None
            self._hint()
            self.moved.emit()

    def _forget(self) -> None:
        self._drop()
        self._dropped = self._held is not None
        self.chosen = None
        self._close_field()

    def _close_field(self) -> None:
        if self.field.isVisible():
            had_focus = self.field.hasFocus()
            self.field.hide()
            if had_focus:
                self._panel.setFocus()
            self._hint()

    def _hint(self) -> None:
        step = self._scene.step
        blocked = why_not_alpha(self._scene)
        edited = step is not None and step.cross is not None and step.cross.unedited is not None
        self.strip.say(blocked or (OUTLINE if edited else "") + HINT)


def _place(scene: Scene) -> tuple[object, ...]:
    return (scene.step, scene.t, scene.phase, scene.words, scene.run)


def _sums(weights: Weights) -> str:
    """What the weights add up to, and that they are divided by it."""
    if weights.alpha is None:
        return "Σ raw 0: leave a bar above 0"
    return f"Σ raw {weights.total:.2f} → ÷ {weights.total:.2f}"
