"""A dialog that edits c_t or s_t of the step shown: adds to it, replaces it or sets it to 0."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.common.errors import InputError
from attn_desktop.gui.alpha_edit import sentence
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.vector_edit import (
    VECTORS,
    changes,
    check_range,
    edited,
    largest,
    read_dimensions,
    read_number,
    vector_edit,
    vector_of,
    why_not_vector,
)
from attn_desktop.gui.vector_preview import VectorPreview
from attn_desktop.gui.vector_values import ValueRow
from attn_desktop.trace.edits import Edit

#: What buttons say of each way, and their tooltips.
WAYS = {
    "add": ("add v", "{0} + v in the chosen dimensions"),
    "replace": ("replace by v", "v in place of {0} in the chosen dimensions"),
    "zero": ("set to 0", "0 in place of {0} in the chosen dimensions"),
}
FEW = 8


class VectorDialog(QDialog):
    """`edits()` and `lasting()` say what was chosen, once it was accepted.

    target: `context` or `state`, of the step at the playhead of `scene`.
    """

    def __init__(
        self, target: str, scene: Scene, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._target = target
        self._symbol = f"{VECTORS[target]}_{scene.t}"
        self._blocked = why_not_vector(scene, target)
        known = scene.step if not self._blocked else None
        self._before = np.zeros(0) if known is None else vector_of(known, target)
        self._size = len(self._before)
        self._dtype = np.dtype(np.float64) if known is None else known.active.state.dtype
        self._edit: Edit | None = None
        self.setWindowTitle(f"Edit the {target} {self._symbol}")
        self.ways = {
            how: _radio(text, tip.format(self._symbol)) for how, (text, tip) in WAYS.items()
        }
        self.all = _radio(f"all {self._size}", "Every dimension")
        self.some = _radio("the", "Those whose numbers are farthest from 0")
        self.these = _radio("these", "By their numbers, from 0, such as 3, 7-12")
        self.count, self.list = QSpinBox(), QLineEdit()
        self.count.setRange(1, max(1, self._size))
        self.count.setValue(min(FEW, max(1, self._size)))
        self.count.setSuffix(" largest")
        self.list.setPlaceholderText("3, 7-12")
        self.list.setAccessibleName("Dimensions")
        self.values, self.factor = ValueRow(scene, self._size), QLineEdit("1")
        self.factor.setToolTip("What v is multiplied by")
        self.later = QCheckBox("from here on")
        self.later.setToolTip("Also at every step that is decoded after this one")
        self.problem, self.outcome = QLabel(), QLabel()
        for label in (self.problem, self.outcome):
            label.setWordWrap(True)
        self.problem.setStyleSheet(f"color: {theme.warning};")
        self.preview = VectorPreview(self._before, theme)
        standard = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        self.ok = self.buttons.button(standard.Ok)
        self._groups = [QButtonGroup(self), QButtonGroup(self)]
        self._lay_out()
        self.ways["add"].setChecked(True)
        self.all.setChecked(True)
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        for button in self.ways.values():
            self._groups[0].addButton(button)
        for button in (self.all, self.some, self.these):
            self._groups[1].addButton(button)
        form = QFormLayout()
        form.addRow("Do", _row(*self.ways.values()))
        form.addRow("Dimensions", _row(self.all, self.some, self.count, self.these, self.list))
        form.addRow("v", self.values)
        form.addRow("times", self.factor)
        form.addRow("", self.later)
        form.addRow("", self.problem)
        note = QLabel("Both readings, soft and hard, are edited alike; shown is the one in use.")
        note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.preview, 1)
        layout.addWidget(self.outcome)
        layout.addWidget(note)
        layout.addWidget(self.buttons)

    def _connect(self) -> None:
        for group in self._groups:
            group.buttonToggled.connect(self._refresh)
        self.count.valueChanged.connect(lambda: self._turn_to(self.some))
        self.list.textEdited.connect(lambda: self._turn_to(self.these))
        self.values.changed.connect(self._refresh)
        self.factor.textChanged.connect(self._refresh)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _turn_to(self, button: QRadioButton) -> None:
        """Writing into a field means what is left of it."""
        button.setChecked(True)
        self._refresh()

    # -- what was chosen ------------------------------------------------------------------

    def edits(self) -> tuple[Edit, ...]:
        """What to do to the step; none as long as something cannot be read."""
        return () if self._edit is None else (self._edit,)

    def lasting(self) -> bool:
        """Whether to do it at every later step too."""
        return self.later.isChecked()

    @property
    def how(self) -> str:
        """The way that is chosen, one of `WAYS`."""
        return next(how for how, button in self.ways.items() if button.isChecked())

    def _dimensions(self) -> tuple[int, ...] | None:
        if self.some.isChecked():
            return largest(self._before, self.count.value())
        if self.these.isChecked():
            return read_dimensions(self.list.text(), self._size)
        return None

    def _made(self) -> Edit:
        if self._blocked:
            raise InputError(self._blocked)
        if self.how == "zero":
            return vector_edit(self._target, self.how, self._dimensions(), None)
        factor = read_number(self.factor.text(), "times")
        values = self.values.values()
        return vector_edit(self._target, self.how, self._dimensions(), values, factor)

    def _refresh(self, *_: object) -> None:
        for part in (self.values, self.factor):
            part.setEnabled(self.how != "zero")
        self._edit, problem = None, ""
        try:
            edit = self._made()
            check_range(edit, self._dtype)
            self._edit = edit
        except InputError as error:
            problem = sentence(str(error).removesuffix("."))
        after = None if self._edit is None else edited(self._before, self._edit)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.ok.setEnabled(self._edit is not None)
        self.preview.show_after(after)
        self.outcome.setText("" if after is None else changes(self._before, after, self._symbol))


def _radio(text: str, tip: str) -> QRadioButton:
    button = QRadioButton(text)
    button.setToolTip(tip)
    return button


def _row(*widgets: QWidget) -> QLayout:
    layout = QHBoxLayout()
    for widget in widgets:
        layout.addWidget(widget, int(isinstance(widget, QLineEdit)))
    if not isinstance(widgets[-1], QLineEdit):
        layout.addStretch(1)
    return layout
