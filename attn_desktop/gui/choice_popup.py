"""How tokens are chosen: a small popup with greedy or sampled, temperature, top-k and top-p."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QWidget,
)

from attn_desktop.trace.run_tree import Choice


class ChoicePopup(QDialog):
    """chosen: the new `Choice`, when the user applies it with the button or Enter."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._choice = Choice()
        self.greedy, self.sampled = QRadioButton("the likeliest"), QRadioButton("drawn")
        self.greedy.setToolTip("ŷ_t = argmax p(y)")
        self.sampled.setToolTip("ŷ_t ~ p(y)^(1/T), from the tokens that top-k and top-p leave")
        self.temperature = QDoubleSpinBox()
        self.temperature.setRange(0.01, 100)
        self.temperature.setSingleStep(0.1)
        self.temperature.setToolTip("T divides the logits: below 1 sharper, above 1 flatter")
        self.top_k, self.top_p = QSpinBox(), QDoubleSpinBox()
        self.top_k.setRange(1, 1_000_000)
        self.top_p.setRange(0.01, 1)
        self.top_p.setSingleStep(0.05)
        self.use_top_k, self.use_top_p = QCheckBox("the k likeliest"), QCheckBox("nucleus p")
        self.use_top_p.setToolTip("The smallest set of probability p (Holtzman et al. 2020)")
        how = QHBoxLayout()
        how.addWidget(self.greedy)
        how.addWidget(self.sampled)
        apply = QPushButton("Apply")
        apply.setDefault(True)
        apply.clicked.connect(self._apply)
        layout = QFormLayout(self)
        layout.addRow("Take", how)
        layout.addRow("Temperature T", self.temperature)
        layout.addRow(self.use_top_k, self.top_k)
        layout.addRow(self.use_top_p, self.top_p)
        layout.addRow(apply)
        for box in (self.sampled, self.use_top_k, self.use_top_p):
            box.toggled.connect(self._enable)

    def open_below(self, widget: QWidget, choice: Choice) -> None:
        """Show the settings below a button."""
        self._choice = choice
        (self.sampled if choice.how == "sampled" else self.greedy).setChecked(True)
        self.temperature.setValue(choice.temperature)
        self.use_top_k.setChecked(choice.top_k is not None)
        self.top_k.setValue(choice.top_k or 20)
        self.use_top_p.setChecked(choice.top_p is not None)
        self.top_p.setValue(choice.top_p or 0.9)
        self._enable()
        self.adjustSize()
        place = QRect(widget.mapToGlobal(QPoint(0, widget.height())), self.size())
        screen = widget.screen().availableGeometry()
        place.moveRight(min(place.right(), screen.right()))
        place.moveBottom(min(place.bottom(), screen.bottom()))
        self.move(max(place.left(), screen.left()), place.top())
        self.show()
        (self.temperature if self.sampled.isChecked() else self.greedy).setFocus()

    def _enable(self) -> None:
        drawn = self.sampled.isChecked()
        for widget in (self.temperature, self.use_top_k, self.use_top_p):
            widget.setEnabled(drawn)
        self.top_k.setEnabled(drawn and self.use_top_k.isChecked())
        self.top_p.setEnabled(drawn and self.use_top_p.isChecked())

    def _apply(self) -> None:
        self.hide()
        if not self.sampled.isChecked():
            self.chosen.emit(Choice("greedy", seed=self._choice.seed))
            return
        self.chosen.emit(
            replace(
                self._choice,
                how="sampled",
                temperature=self.temperature.value(),
                top_k=self.top_k.value() if self.use_top_k.isChecked() else None,
                top_p=self.top_p.value() if self.use_top_p.isChecked() else None,
            )
        )
