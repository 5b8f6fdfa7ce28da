"""p_t and D of a window as numbers to type, and the way back to the model's own."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QToolButton, QWidget

from attn_desktop.analysis.weighing import Window
from attn_desktop.gui.flow_layout import FlowLayout
from attn_desktop.gui.theme import Theme

SMALL = 0.85
#: Width of a field, gap between the groups, at normal type.
FIELD, GAP = 72, 10
CENTER_TIP = "p_t, the centre of the window: position 1 is the first. Or drag it in the plot."
ROW_TIP, COLUMN_TIP = (
    f"p_t, the centre of the window: its {which} in the grid of regions, from 1. Or drag the + in "
    "the map."
    for which in ("row", "column")
)
WIDTH_TIP = (
    "D, half the width of the window, in positions: what is further from p_t gets no α.\n"
    "0 leaves the position nearest to p_t. local-p has σ = D/2. Or drag an end of the bracket,\n"
    "over a picture a side of the square."
)


class WindowControls(QWidget):
    """changed: the `Window` that somebody wants; reset: the model's own again."""

    changed = Signal(object)
    reset = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._window = Window((1.0,), 0.0)
        self.lane = QLabel()
        #: Along a sequence, or down the rows of a grid; along its columns.
        self.center, self.column = QDoubleSpinBox(), QDoubleSpinBox()
        self.half_width = QDoubleSpinBox()
        self._fields = (self.center, self.column, self.half_width)
        self._names = (QLabel("p_t"), QLabel("column"), QLabel("± D"))
        self.as_model = QToolButton()
        self.as_model.setText("reset")
        self.as_model.setToolTip("The window as the model has it at this step")
        self.as_model.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.as_model.clicked.connect(self.reset)
        self._groups: list[QWidget] = []
        flow = FlowLayout(GAP, self)
        flow.addWidget(self.lane)
        tips = (CENTER_TIP, COLUMN_TIP, WIDTH_TIP)
        for field, name, tip in zip(self._fields, self._names, tips, strict=True):
            field.setDecimals(2)
            field.setSingleStep(0.5)
            field.setKeyboardTracking(False)
            field.setToolTip(tip)
            group = QWidget()
            row = QHBoxLayout(group)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(4)
            row.addWidget(name)
            row.addWidget(field)
            name.setToolTip(tip)
            flow.addWidget(group)
            self._groups.append(group)
            field.valueChanged.connect(self._typed)
        flow.addWidget(self.as_model)
        self.set_theme(theme)

    def show_window(self, lane: str, window: Window, size: int, changed: bool) -> None:
        """Show a window over S positions. changed: whether it is not the model's own."""
        self._window = window
        self.lane.setText(lane)
        # Beyond it nothing changes but the Gaussian, which is flat by then.
        widest = max(10.0 * size, window.half_width)
        lengths = window.grid or (size,)
        self._groups[1].setVisible(window.grid is not None)
        self._names[0].setText("p_t" if window.grid is None else "p_t row")
        for widget in (self._names[0], self.center):
            widget.setToolTip(CENTER_TIP if window.grid is None else ROW_TIP)
        for field, value, most in (
            (self.center, window.center[0], lengths[0] + 0.5),
            (self.column, window.center[-1], lengths[-1] + 0.5),
            (self.half_width, window.half_width, widest),
        ):
            field.blockSignals(True)
            field.setRange(0.0, most)
            field.setValue(value)
            field.blockSignals(False)
        self.as_model.setEnabled(changed)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self.lane.setFont(theme.font(SMALL, bold=True))
        for label in (*self._names, self.lane):
            label.setStyleSheet(f"color: {theme.text};")
        for widget in (*self._names, *self._fields, self.as_model):
            widget.setFont(theme.font(SMALL))
        for field in self._fields:
            field.setFixedWidth(theme.px(FIELD))
        # On one line with what stands beside it.
        self.lane.setFixedHeight(self.center.sizeHint().height())

    def height_for(self, width: int) -> int:
        """Of all in this width."""
        flow = self.layout()
        assert flow is not None
        for widget in (self.lane, *self._groups, self.as_model):
            widget.updateGeometry()  # at once: what is around it remembers how large it was
        return flow.heightForWidth(width)

    def _typed(self, value: float) -> None:
        window, center = self._window, list(self._window.center)
        # What is shown is rounded: only what was typed is taken from its field.
        if self.sender() is self.half_width:
            window = replace(window, half_width=self.half_width.value())
        else:
            center[-1 if self.sender() is self.column else 0] = value
        self.changed.emit(replace(window, center=tuple(center)))
