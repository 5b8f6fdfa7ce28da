"""The bar above the panels: model, device, stepping, phases, and how the next step is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.common.mode import HARD, NO_ATTENTION, SOFT, Mode
from attn_desktop.gui.actions import Actions
from attn_desktop.gui.choice_popup import ChoicePopup
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.theme import Theme
from attn_desktop.trace.protocol import Device, Formula
from attn_desktop.trace.run_tree import Choice

#: Pixels between two controls, and more between two groups of them.
SPACE, GAP, MARGIN = 3, 6, 8
MOVES = ("first", "back", "play", "step", "run", "last")
#: How many groups the second row takes: all that say how the next step is decoded.
SECOND_ROW = 3
#: Qt's spin boxes count in 32 bits; seeds beyond can come from files and are shown as they are.
MAX_SPIN = 2**31 - 1

PHASES = {
    Phase.ENERGIES: ("e", "e_tj = score(s_{t-1}, h_j): the energies"),
    Phase.WINDOW: ("mask", "which positions the mask and the scope let through"),
    Phase.ALPHA: ("α", "α_tj = softmax_j(e_tj) inside mask and window"),
    Phase.CONTEXT: ("c", "c_t = Σ_j α_tj h_j (soft), or h_k with k drawn from α_t (hard)"),
    Phase.STATE: ("s", "s_t = f(s_{t-1}, y_{t-1}, c_t): the next decoder state"),
    Phase.LOGITS: ("p", "p(y_t): softmax of the readout of s_t, c_t and y_{t-1}"),
    Phase.TOKEN: ("ŷ", "y_t: the token that is taken"),
}


class Transport(QFrame):
    """model_wanted: open the picker. device_wanted: its name. mode_wanted, choice_wanted: a `Mode`
    and a `Choice`, for the next step. phase_wanted: a `Phase` of the step shown.
    """

    model_wanted = Signal()
    device_wanted = Signal(str)
    mode_wanted = Signal(object)
    choice_wanted = Signal(object)
    phase_wanted = Signal(object)

    def __init__(self, actions: Actions, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transport")
        self._mode, self._choice = Mode(), Choice()
        self._trained: tuple[Mode, ...] | None = None
        self.model = QToolButton()
        self.model.setText("model")
        self.model.setToolTip("The model; click to choose another and read its card (Ctrl+M)")
        self.model.clicked.connect(self.model_wanted)
        self.device = QComboBox()
        self.device.setToolTip("Where the engine computes, from the next step on")
        self.device.activated.connect(self._device_chosen)
        self.memory = QLabel()
        self.memory.setToolTip("Memory in use on the device, of all it has")
        self.score, self.scope = QComboBox(), QComboBox()
        for box, characters in ((self.score, 7), (self.scope, 6)):
            # The name of another model's score must not push the bar out of the window.
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(characters)
        self.score.activated.connect(self._mode_chosen)
        self.scope.activated.connect(self._mode_chosen)
        self.soft, self.hard = self._weighting(SOFT), self._weighting(HARD)
        self._weightings = QButtonGroup(self)
        for button in (self.soft, self.hard):
            self._weightings.addButton(button)
        self.seed = QSpinBox()
        self.seed.setRange(0, MAX_SPIN)
        self.seed.setPrefix("seed ")
        self.seed.setKeyboardTracking(False)
        self.seed.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.seed.setToolTip(
            "Seed of every draw, of positions and of tokens: the same seed draws the same.\n"
            "Applies from the next step on; the dice draw the step shown again."
        )
        self.seed.valueChanged.connect(self._seed_chosen)
        self.choice = QToolButton()
        self.choice.setToolTip("How tokens are chosen: the likeliest, or drawn")
        self.popup = ChoicePopup(self)
        self.popup.chosen.connect(self.choice_wanted)
        self.choice.clicked.connect(lambda: self.popup.open_below(self.choice, self._choice))
        self.moves = [_button(actions, name) for name in MOVES]
        self.redraw, self.palette_button = _button(actions, "redraw"), _button(actions, "palette")
        self.phases = self._phase_buttons()
        self._lay_out()
        self.set_theme(theme)
        self.show_ways(self._mode, self._choice)
        for control in (widget for group in self._groups for widget in group):
            # A click leaves the keys to the window; the seed is typed into.
            if control.focusPolicy() & Qt.FocusPolicy.ClickFocus and control is not self.seed:
                control.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _lay_out(self) -> None:
        self._groups: list[list[QWidget]] = [
            [self.model, self.device, self.memory],
            list(self.moves),
            list(self.phases.values()),
            [self.soft, self.hard],
            [self.score, self.scope],
            [self.seed, self.redraw, self.choice],
        ]
        self._rows = [QHBoxLayout(), QHBoxLayout()]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 6, MARGIN, 6)
        layout.setSpacing(4)
        for row in self._rows:
            row.setSpacing(SPACE)
            layout.addLayout(row)
        self._on_second: int | None = None
        self._fill(0)

    def _fill(self, on_second: int) -> None:
        """Put the last groups into a second row, so many of them."""
        if on_second == self._on_second:
            return
        self._on_second = on_second
        for row in self._rows:
            while row.count():
                row.takeAt(0)
        first = len(self._groups) - on_second
        for groups, row in (
            (self._groups[:first], self._rows[0]),
            (self._groups[first:], self._rows[1]),
        ):
            for group in groups:
                for widget in group:
                    row.addWidget(widget)
                row.addSpacing(GAP)
            row.addStretch(1)
        self._rows[0].addWidget(self.palette_button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In a narrow window the memory gives way, which the list of devices tells too.

        Where that does not suffice, as in presenter mode, there are two rows.
        """
        self.memory.hide()
        widths = [
            sum(_width(widget) + SPACE for widget in group if widget is not self.memory)
            + GAP
            + SPACE
            for group in self._groups
        ]
        room = self.width() - _width(self.palette_button) - 2 * MARGIN - SPACE
        self._fill(0 if sum(widths) <= room else SECOND_ROW)
        free = room - sum(widths[: len(widths) - (self._on_second or 0)])
        self.memory.setVisible(free > self.memory.sizeHint().width())

    def minimumSizeHint(self) -> QSize:
        """The second row may take what does not fit into the first."""
        return QSize(100, super().minimumSizeHint().height())

    def _weighting(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setText(name)
        button.setCheckable(True)
        button.setProperty("role", name)
        button.setToolTip(
            "Soft: c_t = Σ_j α_tj h_j, the expectation"
            if name == SOFT
            else "Hard: c_t = h_k with k ~ Categorical(α_t), one drawn position"
        )
        button.clicked.connect(self._mode_chosen)
        return button

    def _phase_buttons(self) -> dict[Phase, QToolButton]:
        group = QButtonGroup(self)
        buttons = {}
        for phase, (text, tip) in PHASES.items():
            button = QToolButton()
            button.setText(text)
            button.setCheckable(True)
            button.setProperty("role", "phase")
            button.setToolTip(f"{tip}\nF11 / Shift+F11: one phase on / back")
            button.clicked.connect(lambda _=False, phase=phase: self.phase_wanted.emit(phase))
            group.addButton(button)
            buttons[phase] = button
        return buttons

    # -- what it shows --------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours or sizes."""
        self._theme = theme
        side = theme.px(16)
        for button in (*self.moves, self.redraw, self.palette_button):
            button.setIconSize(QSize(side, side))
        self.seed.setFixedWidth(theme.px(96))
        # Of one width, so that nothing moves below the pointer when the word changes.
        words = theme.font()
        self.choice.setMinimumWidth(
            QFontMetrics(words).horizontalAdvance("greedy ▾") + theme.px(16)
        )
        self.memory.setStyleSheet(f"color: {theme.dim};")

    def show_scene(self, scene: Scene) -> None:
        """Show the phase of the step at the playhead."""
        for phase, button in self.phases.items():
            button.setEnabled(scene.t > 0)
            button.setChecked(scene.t > 0 and phase == scene.phase)

    def show_ways(self, mode: Mode, choice: Choice) -> None:
        """Show how the next step is decoded."""
        self._mode, self._choice = mode, choice
        # Without attention there is nothing to weigh: neither is on, which a group does not allow.
        self._weightings.setExclusive(False)
        self.soft.setChecked(mode.attends and mode.weighting == SOFT)
        self.hard.setChecked(mode.attends and mode.weighting == HARD)
        self._weightings.setExclusive(True)
        for control in (self.soft, self.hard, self.scope):
            control.setEnabled(mode.attends)
        _select(self.score, mode.score)
        _select(self.scope, mode.scope)
        self.seed.blockSignals(True)
        self.seed.setValue(min(choice.seed, MAX_SPIN))
        self.seed.blockSignals(False)
        self.choice.setText("drawn ▾" if choice.how == "sampled" else "greedy ▾")
        self._mark_untrained()
        never = "\n* this checkpoint never learnt it"
        self.score.setToolTip(f"score(s, h), how a state is compared with h_j{never}")
        self.scope.setToolTip(f"Scope: the positions that may be looked at{never} with this score")

    def show_model(
        self,
        name: str,
        scores: Sequence[Formula],
        scopes: Sequence[Formula],
        trained: tuple[Mode, ...],
    ) -> None:
        """Show a model and what it can be stepped with."""
        self.model.setText(f"{name} ▾")
        self._trained = trained
        for box, entries in ((self.score, scores), (self.scope, scopes)):
            box.clear()
            for entry in entries:
                box.addItem(entry.name, entry.name)
                tip = f"{entry.formula}\n{entry.source}"
                box.setItemData(box.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.show_ways(self._mode, self._choice)

    def show_devices(self, devices: Sequence[Device], name: str) -> None:
        """Show the devices of the engine's machine, and the one in use with its memory."""
        self.device.clear()
        for device in devices:
            self.device.addItem(device.name, device.name)
            label = Qt.ItemDataRole.ToolTipRole
            about = f"{device.label}\n{_memory(device)}".strip()
            self.device.setItemData(self.device.count() - 1, about, label)
        _select(self.device, name)
        used = next((device for device in devices if device.name == name), None)
        self.memory.setText("" if used is None else _memory(used))
        self._fit()

    def _mark_untrained(self) -> None:
        """Say in the lists and on the button which modes the checkpoint never learnt."""
        trained = self._trained
        if trained is None:
            return
        scores = {mode.score for mode in trained}
        for index in range(self.score.count()):
            name = self.score.itemData(index)
            self.score.setItemText(index, name if name in scores else f"{name} *")
        here = {mode.scope for mode in trained if mode.score == self._mode.score}
        for index in range(self.scope.count()):
            name = self.scope.itemData(index)
            known = name in here or not self._mode.attends
            self.scope.setItemText(index, name if known else f"{name} *")
        for box in (self.score, self.scope):
            box.view().setMinimumWidth(box.view().sizeHintForColumn(0) + 24)

    def choose(self, box: QComboBox, index: int, _checked: bool = False) -> None:
        """Choose a score or a scope as if in its list."""
        box.setCurrentIndex(index)
        self._mode_chosen()

    # -- what the user does ---------------------------------------------------------------

    def _mode_chosen(self) -> None:
        score = self.score.currentData() or self._mode.score
        if score == NO_ATTENTION:
            mode = Mode(NO_ATTENTION)
        else:
            weighting = HARD if self.hard.isChecked() else SOFT
            mode = Mode(score, self.scope.currentData() or "global", weighting)
        if mode != self._mode:
            self.mode_wanted.emit(mode)

    def _seed_chosen(self, seed: int) -> None:
        self.choice_wanted.emit(replace(self._choice, seed=seed))

    def _device_chosen(self) -> None:
        self.device_wanted.emit(self.device.currentData())


def _width(widget: QWidget) -> int:
    wanted = max(widget.sizeHint().width(), widget.minimumWidth())
    return min(wanted, widget.maximumWidth())


def _button(actions: Actions, name: str) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(actions[name])
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setAutoRaise(True)
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return button


def _select(box: QComboBox, data: str) -> None:
    """Show the entry of this name; one that the model lacks is shown all the same."""
    index = box.findData(data)
    if index < 0:
        box.addItem(data, data)
        index = box.count() - 1
    box.setCurrentIndex(index)


def _memory(device: Device) -> str:
    if device.memory_used is None or device.memory_total is None:
        return ""
    return f"{device.memory_used / 2**30:.1f} / {device.memory_total / 2**30:.0f} GiB"
