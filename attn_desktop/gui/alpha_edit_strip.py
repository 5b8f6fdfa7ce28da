"""The strip of buttons above the bars of α while they are edited, and what it says."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from attn_desktop.gui.alpha_edit_actions import EDITS, EditSpec, edit_specs
from attn_desktop.gui.alpha_edit_copy import CopyMenu
from attn_desktop.gui.elided_label import ElidedLabel
from attn_desktop.gui.flow_layout import FlowLayout
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.tool_buttons import tool_button_style

SMALL = 0.85
#: Pixels between two buttons.
GAP = 3
COPY_TIP = "α of another step or branch in place of this one's, by position"
LASTING_TIP = (
    "Off: an edit is made in this step only.\nOn: at every step that is decoded after it too."
)
#: Words and glyphs of the buttons that are not in the table.
COPY, LASTING = ("copy from ▾", "copy ▾"), ("from here on", "t →")


class AlphaEditStrip(QWidget):
    """wanted: an intent, once a button is pressed."""

    wanted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("alpha-edit")
        self._scene, self._positions = Scene(), frozenset[int]()
        self._specs: dict[str, EditSpec] = {}
        self._texts: dict[QToolButton, tuple[str, str]] = {}
        self.tools = {kind.name: self._button(kind.word, kind.glyph) for kind in EDITS if kind.word}
        for name, button in self.tools.items():
            button.setObjectName(name)
            button.clicked.connect(lambda _=False, name=name: self._press(name))
        self.copy, self.lasting = self._button(*COPY), self._button(*LASTING)
        self.copy.setObjectName("copy")
        self.copy.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.copy.setToolTip(COPY_TIP)
        self.copy_menu = CopyMenu(self)
        self.copy_menu.wanted.connect(self.wanted)
        self.copy_menu.refused.connect(lambda why_not: self.say(why_not, problem=True))
        self.copy.setMenu(self.copy_menu)
        self.lasting.setObjectName("lasting")
        self.lasting.setCheckable(True)
        self.lasting.setToolTip(LASTING_TIP)
        self.lasting.toggled.connect(self._refresh)
        self.note = ElidedLabel()
        self._buttons = QWidget()
        flow = FlowLayout(GAP, self._buttons)
        for button in self._texts:
            flow.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._buttons)
        layout.addWidget(self.note)
        self.set_theme(theme)

    def _button(self, word: str, glyph: str) -> QToolButton:
        button = QToolButton()
        # A click leaves the keys to the bars.
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._texts[button] = (word, glyph)
        return button

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self._theme = theme
        self._buttons.setStyleSheet(tool_button_style(theme))
        for button in self._texts:
            button.setFont(theme.font(SMALL))
        self.note.setFont(theme.font(SMALL))
        self.say("")
        self._fit()

    def show_step(self, scene: Scene, brushed: Iterable[int]) -> None:
        """Offer what can be done to the step at the playhead, at the brushed positions."""
        self._scene, self._positions = scene, frozenset(brushed)
        self._refresh()

    def say(self, text: str, problem: bool = False) -> None:
        """Write below the buttons; problem: in the colour of one."""
        theme = self._theme
        self.note.setStyleSheet(f"color: {theme.warning if problem else theme.dim};")
        self.note.set_full_text(text)
        self.note.setToolTip(text)

    def _refresh(self, *_: object) -> None:
        lasting = self.lasting.isChecked()
        for spec in edit_specs(self._scene, self._positions, lasting):
            self._specs[spec.name] = spec
            if spec.name in self.tools:
                button = self.tools[spec.name]
                button.setEnabled(spec.intent is not None)
                button.setToolTip(spec.tip)
        self.copy_menu.show_step(self._scene, lasting)

    def _press(self, name: str) -> None:
        intent = self._specs[name].intent
        if intent is not None:
            self.wanted.emit(intent)

    # -- room -----------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Words where all fit into one row, else glyphs, in as many rows as they need."""
        self._write(0)
        wide = sum(button.sizeHint().width() + GAP for button in self._texts) - GAP
        if wide > self.contentsRect().width():
            self._write(1)

    def _write(self, which: int) -> None:
        for button, texts in self._texts.items():
            button.setText(texts[which])
