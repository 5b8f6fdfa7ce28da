"""The row above the rollouts: how many, their seed and tokens, a button, what is looked at."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from attn_desktop.analysis.rollouts import MOST, RolloutSettings
from attn_desktop.common.errors import InputError
from attn_desktop.gui.flow_layout import FlowLayout
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.tool_buttons import run_button_style
from attn_desktop.gui.transport import MAX_SPIN

#: Type of the controls, relative to the window's, and pixels between them.
SMALL, GAP = 0.88, 4
#: Characters of a number that somebody types.
DIGITS = 9
#: Most steps that can be asked for; beyond, outputs are cut off anyway.
MOST_STEPS = 2000
#: What there is to see, where not all of it fits: name, word and tooltip.
PARTS = (
    ("sentences", "sentences", "What the rollouts say, and how many of them"),
    ("tokens", "tokens", "Which tokens they take at each step"),
    ("draws", "draws", "Where the draws fell at each step"),
    ("mean", "mean c", "How the mean of c_hard comes to c_soft at the first step"),
)
STOP = "Stop"


class RolloutSettingsRow(QWidget):
    """wanted: to begin. stopped: to end what is under way. changed: something else is asked for.

    part_changed: something else is looked at.
    """

    wanted = Signal()
    stopped = Signal()
    changed = Signal()
    part_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._busy = False
        self.count, self.seed, self.steps = QLineEdit("200"), QSpinBox(), QSpinBox()
        self.count.setMaxLength(DIGITS)
        self.count.setAccessibleName("Number of rollouts")
        self.count.setToolTip(f"N: how many continuations, from 1 to {MOST:,}")
        self.seed.setRange(0, MAX_SPIN)
        self.seed.setPrefix("seed ")
        self.seed.setToolTip(
            f"Rollout i, from 0, draws with the seed {MOST:,} · seed + i: stepping on with that "
            "seed in hard mode is that rollout"
        )
        self.steps.setRange(0, MOST_STEPS)
        self.steps.setSpecialValueText("to the end")
        self.steps.setSuffix(" steps")
        self.steps.setToolTip("Most steps of a rollout; at its least: until outputs are cut off")
        self.how, self.temperature = QComboBox(), QDoubleSpinBox()
        self.how.addItem("likeliest token", "greedy")
        self.how.addItem("drawn token", "sampled")
        self.how.setToolTip(
            "Likeliest: ŷ_t = argmax p(y | h_k), so that only positions are drawn.\n"
            "Drawn: ŷ_t ~ p(y | h_k)^(1/T) as well; this takes longer."
        )
        self.temperature.setRange(0.01, 100)
        self.temperature.setSingleStep(0.1)
        self.temperature.setValue(1.0)
        self.temperature.setPrefix("T ")
        self.temperature.setToolTip("T divides the logits: below 1 sharper, above 1 flatter")
        self.button, self.progress, self.problem = QToolButton(), QLabel(), QLabel()
        self.button.setObjectName("run")
        self.badge = QLabel("hard mode untrained")
        self.badge.setObjectName("badge")
        self.badge.setToolTip(
            "The checkpoint never learnt to draw positions with this score and scope: the rollouts "
            "are what the formulas give, but no weights were fitted to them."
        )
        self.parts = QComboBox()
        self.parts.setAccessibleName("What is shown")
        for index, (_, word, tip) in enumerate(PARTS):
            self.parts.addItem(word)
            self.parts.setItemData(index, tip, Qt.ItemDataRole.ToolTipRole)
        self.parts.setToolTip("What is shown; all of it where there is more room")
        self._flow = FlowLayout(GAP, self)
        self._controls: tuple[QWidget, ...] = (
            self.count,
            self.seed,
            self.how,
            self.temperature,
            self.steps,
            self.button,
            self.progress,
            self.badge,
            self.parts,
            self.problem,
        )
        for control in self._controls:
            self._flow.addWidget(control)
        for spin in (self.seed, self.steps, self.temperature):
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(self._edited)
            spin.lineEdit().returnPressed.connect(self._enter)
        self.count.textChanged.connect(self._edited)
        self.count.returnPressed.connect(self._enter)
        self.how.currentIndexChanged.connect(self._edited)
        self.parts.currentIndexChanged.connect(self._part_chosen)
        self.button.clicked.connect(self._press)
        for control in (self.button, self.how, self.parts):
            # A click leaves the keys to the panel.
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self.setStyleSheet(
            f"{run_button_style(theme)}"
            f"#problem, #badge {{ color: {theme.warning}; }}"
            f"#badge {{ border: 1px solid {theme.warning}; border-radius: 4px; padding: 0 4px; }}"
        )
        self.problem.setObjectName("problem")
        for control in self._controls:
            control.setFont(theme.font(SMALL))
        for spin in (self.seed, self.steps, self.temperature):
            # Below a style sheet it does not take over a second type of its spin box.
            spin.lineEdit().setFont(theme.font(SMALL))
        self.badge.setFont(theme.font(0.8, bold=True))
        # Of one height; a spin box does not forget the one that it had in another type.
        high = self.button.sizeHint().height()
        for field, text in (
            (self.count, "1,000"),
            (self.seed, "seed 99999"),
            (self.temperature, "T 99.99"),
            (self.steps, "2000 steps"),
        ):
            spare = theme.px(14 if field is self.count else 30)
            field.setFixedSize(field.fontMetrics().horizontalAdvance(text) + spare, high)
        for control in (self.how, self.parts, self.progress, self.badge, self.problem):
            control.setFixedHeight(high)
        self._flow.invalidate()

    # -- what is asked ----------------------------------------------------------------------

    def asked(self) -> RolloutSettings:
        """The settings as they stand; InputError, saying why, for what cannot be."""
        sampled = self.how.currentData() == "sampled"
        return RolloutSettings(
            count=_whole(self.count.text()),
            seed=self.seed.value(),
            how=self.how.currentData(),
            temperature=round(self.temperature.value(), 2) if sampled else 1.0,
            steps=self.steps.value() or None,
        )

    def why_not(self) -> str:
        """What is wrong with the settings; empty where nothing is."""
        try:
            self.asked()
        except InputError as error:
            return str(error)
        return ""

    def show_state(
        self, busy: bool, where: str, why_not: str, progress: str, trained: bool
    ) -> None:
        """busy: whether rollouts are under way. where: after which step the next ones would begin.

        why_not: why they cannot be begun, apart from the settings; empty where they can.
        trained: whether the checkpoint has learnt to draw in the mode that they would be in.
        """
        self._busy = busy
        problem = self.why_not()
        self.button.setText(STOP if busy else f"Run {where}")
        self.button.setEnabled(busy or not (why_not or problem))
        tip = f"Draw so many continuations {where} (Enter)"
        self.button.setToolTip("Stop; what was found stays" if busy else problem or why_not or tip)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.progress.setText(progress)
        self.progress.setVisible(bool(progress))
        self.badge.setVisible(not trained)
        self.temperature.setVisible(self.how.currentData() == "sampled")

    def _edited(self, *_: object) -> None:
        self.changed.emit()

    def _press(self) -> None:
        (self.stopped if self._busy else self.wanted).emit()

    def _enter(self) -> None:
        if not self._busy and self.button.isEnabled():
            self.wanted.emit()

    # -- what is looked at ------------------------------------------------------------------

    @property
    def part(self) -> str:
        """The part shown where not all fit, of `PARTS`."""
        return PARTS[self.parts.currentIndex()][0]

    def _part_chosen(self, _: int) -> None:
        self.part_changed.emit()

    def show_parts(self, offered: bool) -> None:
        """Offer to choose a part, or not."""
        self.parts.setVisible(offered)


def _whole(text: str) -> Any:
    """A whole number as somebody typed it; what is none stays a text, for the message about it."""
    try:
        return int(text.strip().replace(",", "").replace("\u202f", ""))
    except ValueError:
        return text
