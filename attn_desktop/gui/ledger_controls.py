"""The row above the context ledger: which dimension d, and what is seen where not all fits."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QButtonGroup, QSpinBox, QToolButton, QWidget

from attn_desktop.gui.flow_layout import FlowLayout
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.tool_buttons import tool_button_style

#: Type of the controls, relative to the window's, and pixels between them.
SMALL, GAP = 0.85, 4
#: What there is to see where not everything fits: name, word and tooltip.
DIMENSION, OVERVIEW = "dimension", "overview"
PARTS = (
    (DIMENSION, "one d", "α_j h_j[d] of one dimension d, and their running sum"),
    (OVERVIEW, "all d", "‖α_j h_j‖, and which share of ‖c_t‖² each position pays"),
)


class LedgerControls(QWidget):
    """chosen: the dimension d, from 0; None for the one in which c_t is largest. part_changed:
    another part is looked at.
    """

    chosen = Signal(object)
    part_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.dimension = QSpinBox()
        self.dimension.setPrefix("d ")
        self.dimension.setAccessibleName("Dimension d of the context")
        self.dimension.setToolTip("Dimension d of c_t, from 1: type it, or turn the wheel, or ↑ ↓")
        self.dimension.setWrapping(True)
        self.dimension.setKeyboardTracking(False)
        self.dimension.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.dimension.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.dimension.valueChanged.connect(self._type)
        self.largest = QToolButton()
        self.largest.setText("largest")
        self.largest.setToolTip("The d in which c_t is largest, at every step (Escape)")
        self.largest.setCheckable(True)
        self.largest.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.largest.clicked.connect(self._follow)
        self._flow = FlowLayout(GAP, self)
        self._flow.addWidget(self.dimension)
        self._flow.addWidget(self.largest)
        self._parts = QButtonGroup(self)
        for index, (name, word, tip) in enumerate(PARTS):
            button = QToolButton()
            button.setObjectName(name)
            button.setText(word)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setChecked(not index)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._parts.addButton(button, index)
            self._flow.addWidget(button)
        self._parts.idToggled.connect(self._part_toggled)
        self.set_theme(theme)

    @property
    def part(self) -> str:
        """The part that is looked at where not everything fits."""
        return PARTS[self._parts.checkedId()][0]

    def show_dimension(self, dimension: int, size: int, follows: bool) -> None:
        """Say which of `size` dimensions is seen, and whether it follows the largest.

        dimension: from 0; it is written from 1.
        """
        with QSignalBlocker(self.dimension):
            self.dimension.setRange(1, max(1, size))
            self.dimension.setValue(dimension + 1)
        self.largest.setChecked(follows)
        self.setEnabled(size > 0)

    def show_parts(self, shown: bool) -> None:
        """Offer the parts only where they do not all fit."""
        for button in self._parts.buttons():
            button.setVisible(shown)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self.setStyleSheet(tool_button_style(theme))
        font = theme.font(SMALL)
        high = QFontMetrics(font).height() + theme.px(6)
        for control in (self.dimension, self.largest, *self._parts.buttons()):
            control.setFont(font)
            control.setFixedHeight(high)
        # Below a style sheet Qt does not hand a new font on to what a control is made of.
        self.dimension.lineEdit().setFont(font)
        wide = QFontMetrics(font).horizontalAdvance("d 4096") + theme.px(14)
        self.dimension.setFixedWidth(wide)
        self._flow.invalidate()

    def _type(self, number: int) -> None:
        self.chosen.emit(number - 1)

    def _follow(self) -> None:
        self.chosen.emit(None if self.largest.isChecked() else self.dimension.value() - 1)

    def _part_toggled(self, index: int, on: bool) -> None:
        if on:
            self.part_changed.emit()
