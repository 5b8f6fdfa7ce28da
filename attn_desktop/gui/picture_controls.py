"""How α is laid over a picture, as buttons above it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.picture_overlay import SCALES, OverlayLook
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.tool_buttons import tool_button_style

SMALL = 0.85
#: Pixels at normal type: of the slider, and between two controls.
SLIDER, GAP = 84, 4
SCALE_WORDS = {"step": "0 – {} step", "output": "0 – {} output", "one": "0 – 1"}
SCALE_TIP = (
    "Which α has the full colour: the largest of the step shown, the largest of all steps of the\n"
    "output, or 1. A click changes it."
)


class PictureControls(QWidget):
    """changed: the `OverlayLook` that is wanted now."""

    changed = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = OverlayLook()
        self._end = 1.0
        self.smooth = self._toggle(
            "smooth", "Bilinear between the centres of the regions, or cells"
        )
        self.grid = self._toggle("grid", "Lines between the regions h_j stands for")
        self.scale = self._button("", SCALE_TIP)
        self.scale.clicked.connect(self._next_scale)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setAccessibleName("Opacity of α")
        self.opacity.setToolTip("Opacity of α over the picture")
        self.opacity.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._name = QLabel("α")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for widget in (self.smooth, self.grid, self.scale, self._name, self.opacity):
            row.addWidget(widget)
        row.addStretch(1)
        self.smooth.toggled.connect(self._smooth)
        self.grid.toggled.connect(self._grid)
        self.opacity.valueChanged.connect(self._opacity)
        self.set_theme(theme)
        self.show_look(self.look)

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _toggle(self, text: str, tip: str) -> QToolButton:
        button = self._button(text, tip)
        button.setCheckable(True)
        return button

    def show_look(self, look: OverlayLook) -> None:
        """Show a look that somebody else chose."""
        self.look = look
        self.smooth.setChecked(look.smooth)
        self.grid.setChecked(look.grid)
        self.opacity.setValue(round(100 * look.opacity))
        self._write_scale()

    def show_end(self, end: float) -> None:
        """Say which α has the full colour."""
        self._end = end
        self._write_scale()

    def _write_scale(self) -> None:
        self.scale.setText(SCALE_WORDS[self.look.scale].format(short_text(self._end)))

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self.setStyleSheet(tool_button_style(theme))
        for widget in (self.smooth, self.grid, self.scale, self._name):
            widget.setFont(theme.font(SMALL))
        self._name.setStyleSheet(f"color: {theme.dim};")
        self.opacity.setMaximumWidth(theme.px(SLIDER))

    def _smooth(self, smooth: bool) -> None:
        self._change(smooth=smooth)

    def _grid(self, grid: bool) -> None:
        self._change(grid=grid)

    def _opacity(self, percent: int) -> None:
        self._change(opacity=percent / 100)

    def _next_scale(self) -> None:
        self._change(scale=SCALES[(SCALES.index(self.look.scale) + 1) % len(SCALES)])

    def _change(self, **changes: bool | float | str) -> None:
        look = replace(self.look, **changes)  # type: ignore[arg-type]  # each of its field's type
        if look != self.look:
            self.show_look(look)
            self.changed.emit(look)
