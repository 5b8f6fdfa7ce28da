"""The row of settings above the gradients: what is asked of the engine, and what is looked at."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFontMetrics, QWheelEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from attn_desktop.analysis.gradients import (
    BASELINES,
    FEWEST_REPEATS,
    MOST_REPEATS,
    MOST_SAMPLES,
    OPTIMAL,
    REPEATS,
    SAMPLES,
    Asked,
)
from attn_desktop.analysis.labels import candidate_label
from attn_desktop.gui.flow_layout import FlowLayout
from attn_desktop.gui.numbers import typed
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.transport import MAX_SPIN
from attn_desktop.trace.records import StepRecord

#: Type of the controls, relative to the window's, and pixels between them.
SMALL, GAP = 0.88, 4
#: What there is to see, where not all of it fits: name, word and tooltip.
PARTS = (
    ("bars", "∇", "Gradients of each source position"),
    ("variance", "variance", "Variance of an estimate against the number of samples K"),
    ("sweep", "why", "Why the drawn k has no gradient: k and J while one energy moves"),
)
COMPUTE_TIP = "Try every position and draw estimates (Enter)"
BASELINE_TIPS = {
    "none": "b = 0",
    "constant": "the same b for every sample, from the field b",
    "moving": "moving average of the rewards of earlier samples",
    "optimal": "b* = Σ α ‖∇ log α‖² r / Σ α ‖∇ log α‖², the fixed b of least variance",
}


class _Spin(QSpinBox):
    """Turned by the wheel only while it has the keyboard, or else scrolling by would change it."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class _Combo(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class GradientSettings(QWidget):
    """wanted: what is to be computed, `Asked`. changed: something else is asked or looked at.

    samples, repeats, seed, constant, token: what is asked for. baseline, count: which estimate is
    shown. parts: what is shown where not everything fits. unfold: shows fields that are folded.
    """

    wanted = Signal(object)
    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.samples = self._spin("K ", 1, MOST_SAMPLES, SAMPLES)
        self.samples.setToolTip("K: the most samples of an estimate")
        self.repeats = self._spin("× ", FEWEST_REPEATS, MOST_REPEATS, REPEATS)
        self.repeats.setToolTip("Repeats: how many estimates are made, to measure their spread")
        self.seed = self._spin("seed ", 0, MAX_SPIN, 0)
        self.seed.setToolTip("Seed of the drawn positions: the same seed draws the same")
        self.constant = QLineEdit()
        self.constant.setObjectName("constant")
        self.constant.setPlaceholderText("b = mean r")
        self.constant.setToolTip(
            "b of the constant baseline, in nats, and where the moving one starts.\n"
            "Empty: the mean of r_k over the positions that may be looked at."
        )
        self.token, self.baseline, self.count = _Combo(), _Combo(), _Combo()
        self.token.setToolTip("y of r_k = log p(y | h_k): the token taken, or another likely one")
        for name in BASELINES:
            self.baseline.addItem(f"b {name}")
            self.baseline.setItemData(
                self.baseline.count() - 1, BASELINE_TIPS[name], Qt.ItemDataRole.ToolTipRole
            )
        self.baseline.setCurrentIndex(BASELINES.index(OPTIMAL))
        self.baseline.setToolTip("Baseline of the estimate shown")
        self.count.setToolTip("Samples K of the estimate shown; or click in the variance")
        self.compute = QToolButton()
        self.badge, self.problem_label = QLabel("hard untrained"), QLabel()
        self.badge.setObjectName("badge")
        self.badge.setToolTip(
            "The checkpoint never learnt to draw positions with this score and scope: the numbers "
            "are what the formulas give, but no weights were fitted to them."
        )
        self.parts, self.unfold = QButtonGroup(self), QToolButton()
        self.unfold.setText("⋯")
        self.unfold.setAccessibleName("Settings")
        self.unfold.setToolTip("Settings: what is computed, and which estimate is shown")
        self.unfold.setCheckable(True)
        self._folded = self._counted = self._untrained = False
        self._flow = FlowLayout(GAP, self)
        self._controls: tuple[QWidget, ...] = (
            # First, so that they stay where they are when fields come and go.
            *self._part_buttons(),
            self.unfold,
            self.samples,
            self.repeats,
            self.seed,
            self.constant,
            self.token,
            self.compute,
            self.baseline,
            self.count,
            self.badge,
            self.problem_label,
        )
        for control in self._controls:
            self._flow.addWidget(control)
        self._step: StepRecord | None = None
        for spin in (self.samples, self.repeats, self.seed):
            spin.valueChanged.connect(self.changed)
            spin.lineEdit().returnPressed.connect(self._ask)
        self.constant.textChanged.connect(self.changed)
        self.constant.returnPressed.connect(self._ask)
        for box, characters in ((self.token, 6), (self.baseline, 7), (self.count, 7)):
            # What stands beside it shall not move when its texts change.
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(characters)
            box.currentIndexChanged.connect(self.changed)
        self.compute.clicked.connect(self._ask)
        self.unfold.toggled.connect(self.changed)
        for control in (self.compute, self.token, self.baseline, self.count, self.unfold):
            # A click leaves the keys to the window.
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_theme(theme)

    def _spin(self, prefix: str, low: int, high: int, value: int) -> QSpinBox:
        spin = _Spin()
        spin.setObjectName(prefix.strip())
        spin.setPrefix(prefix)
        spin.setRange(low, high)
        spin.setValue(value)
        spin.setKeyboardTracking(False)
        spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # Typed, or turned by ↑ ↓ and the wheel: arrows would take the room of a field.
        spin.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        return spin

    def _part_buttons(self) -> list[QToolButton]:
        buttons = []
        for index, (name, word, tip) in enumerate(PARTS):
            button = QToolButton()
            button.setObjectName(name)
            button.setText(word)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setChecked(not index)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.parts.addButton(button, index)
            buttons.append(button)
        self.parts.idToggled.connect(self._part_chosen)
        return buttons

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        hue, pad = theme.hues["source"], theme.px(4)
        self.setStyleSheet(
            f"QToolButton {{ background: {theme.raised}; color: {theme.text};"
            f" border: 1px solid {theme.border}; border-radius: {pad}px;"
            f" padding: {theme.px(2)}px {theme.px(5)}px; }}"
            f"QToolButton:hover {{ border-color: {theme.dim}; }}"
            f"QToolButton:focus {{ border-color: {hue}; }}"
            f"QToolButton:checked {{ border-color: {hue}; color: {theme.inks['source']}; }}"
            f"QToolButton:disabled {{ color: {theme.dim}; background: {theme.card};"
            f" border-color: {theme.faint}; }}"
            f"QLabel {{ color: {theme.warning}; }}"
            f"#badge {{ border: 1px solid {theme.warning}; border-radius: {pad}px;"
            f" padding: {theme.px(1)}px {pad}px; }}"
        )
        font = theme.font(SMALL)
        # All of one height; what Qt finds right differs by control, and from before it is shown.
        high = QFontMetrics(font).height() + theme.px(8)
        for control in self._controls:
            control.setFont(font)
            control.setFixedHeight(high)
        for spin in (self.samples, self.repeats, self.seed):
            # Below a style sheet Qt does not hand a new font on to what a control is made of.
            spin.lineEdit().setFont(font)
        self.compute.setFont(theme.font(SMALL, bold=True))
        self.badge.setFont(theme.font(0.8, bold=True))
        self.problem_label.setFont(theme.font(SMALL))
        for control, text in (
            (self.samples, f"K {MOST_SAMPLES}"),
            (self.repeats, f"× {MOST_REPEATS}"),
            # A seed may have ten digits, which few have.
            (self.seed, "seed 9999"),
            (self.constant, self.constant.placeholderText()),
        ):
            control.setFixedWidth(QFontMetrics(font).horizontalAdvance(text) + theme.px(16))
        self._flow.invalidate()

    # -- what is asked ----------------------------------------------------------------------

    def asked(self) -> Asked | None:
        """The settings as they stand; None where b is no number."""
        text = self.constant.text().strip()
        constant = typed(text) if text else None
        if constant is not None and not math.isfinite(constant):
            return None
        return Asked(
            self.samples.value(),
            self.repeats.value(),
            self.seed.value(),
            self.token.currentData(),
            constant,
        )

    def problem(self) -> str:
        """Why it cannot be asked; empty where it can."""
        asked = self.asked()
        if asked is None:
            text = self.constant.text().strip()
            return f"b must be a number of nats, such as −2.5, or empty, not “{text}”"
        return asked.problem()

    def _ask(self) -> None:
        if self.compute.isEnabled():
            self.unfold.setChecked(False)
            self.wanted.emit(self.asked())

    def show_step(self, step: StepRecord | None) -> None:
        """Offer the tokens of a step, its own one first."""
        if step is self._step:
            return
        self._step = step
        blocker = QSignalBlocker(self.token)
        self.token.clear()
        if step is not None:
            self.token.addItem(f"y = {candidate_label(step, step.token)}", None)
            reading = step.active
            for token_id, token in zip(reading.top_ids.tolist(), reading.top_tokens, strict=False):
                if token_id != step.token_id:
                    self.token.addItem(f"y = {candidate_label(step, token)}", token_id)
        blocker.unblock()

    def show_counts(self, counts: tuple[int, ...]) -> None:
        """Offer the numbers of samples of a record; the one chosen stays, or else the largest.

        Without any there is nothing to choose from, nor a baseline.
        """
        self._counted = bool(counts)
        self._show_fields()
        if not counts:
            return
        held = [self.count.itemData(index) for index in range(self.count.count())]
        if held == list(counts):
            return
        chosen = self.count.currentData()
        blocker = QSignalBlocker(self.count)
        self.count.clear()
        for count in counts:
            self.count.addItem(f"at K {count}", count)
        self.count.setCurrentIndex(counts.index(chosen) if chosen in counts else len(counts) - 1)
        blocker.unblock()

    def show_state(self, computing: bool, stale: bool, trained: bool) -> None:
        """computing: whether the engine is at it. stale: whether there is anything to ask for.

        trained: whether the checkpoint has learnt to draw in this mode.
        """
        problem = self.problem()
        self.compute.setText("computing …" if computing else "Compute")
        self.compute.setEnabled(stale and not computing and not problem)
        self.compute.setToolTip(problem or COMPUTE_TIP)
        self.problem_label.setText(problem)
        self.problem_label.setVisible(bool(problem))
        self._untrained = not trained
        self._show_fields()

    # -- what is looked at ------------------------------------------------------------------

    @property
    def part(self) -> str:
        """The part shown where not all fit, of `PARTS`."""
        return PARTS[self.parts.checkedId()][0]

    def _part_chosen(self, _: int, chosen: bool) -> None:
        if chosen:
            self.changed.emit()

    @property
    def note(self) -> str:
        """What the badge says while it is folded away; empty where there is none."""
        return self.badge.text() if self._untrained and self.badge.isHidden() else ""

    @property
    def unfolded(self) -> bool:
        """Whether fields are seen in place of what they are about."""
        return self._folded and self.unfold.isChecked()

    def show_parts(self, offered: bool, folded: bool) -> None:
        """Offer to choose a part, or not. folded: whether fields are seen only when asked for."""
        self._folded = folded
        for button in self.parts.buttons():
            button.setVisible(offered)
        self.unfold.setVisible(folded)
        self._show_fields()

    def _show_fields(self) -> None:
        seen = not self._folded or self.unfold.isChecked()
        for field in (self.samples, self.repeats, self.seed, self.constant, self.token):
            field.setVisible(seen)
        for box in (self.baseline, self.count):
            box.setVisible(seen and self._counted)
        self.badge.setVisible(seen and self._untrained)
