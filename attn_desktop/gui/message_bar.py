"""A line over the panels that says what went wrong, or what is being done about it.

It lies over them instead of moving them: nothing may slip from under the pointer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QWidget,
)

from attn_desktop.gui.theme import Theme

NOTE_MS = 6000
MAX_CHARACTERS = 400
MARGIN = 8
#: What is on a button, and what it does.
Action: TypeAlias = tuple[str, Callable[[], None]]
MOST_ACTIONS = 2


class MessageBar(QFrame):
    """Hidden until something is said. A warning stays until it is closed, a note goes by itself.

    parent: the window. above: what it stands below.
    """

    def __init__(self, theme: Theme, parent: QWidget, above: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self._window, self._above = parent, above
        for widget in (parent, above):
            widget.installEventFilter(self)
        for dock in parent.findChildren(QDockWidget):  # one that comes to the fore covers this
            dock.visibilityChanged.connect(self._come_to_the_fore)
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = [QPushButton() for _ in range(MOST_ACTIONS)]
        self._actions: tuple[Action, ...] = ()
        for index, button in enumerate(self._buttons):
            button.clicked.connect(partial(self._clicked, index))
        close = QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        close.setToolTip("Close this message")
        close.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addWidget(self._label, 1)
        for button in self._buttons:
            layout.addWidget(button)
        layout.addWidget(close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.clear)
        self._warns = False
        self.set_theme(theme)
        self.hide()

    def _come_to_the_fore(self, _visible: bool) -> None:
        self.raise_()

    @property
    def text(self) -> str:
        """What it says; empty while it is hidden."""
        return "" if self.isHidden() else self._label.text()

    def warn(self, text: str, *actions: Action) -> None:
        """Say what went wrong, with buttons for what can be done about it: two at most."""
        self._say(text, True, actions)

    def note(self, text: str) -> None:
        """Say something that needs no answer; never in place of a warning."""
        if not (self._warns and self.isVisible()):
            self._say(text, False)
            self._timer.start(NOTE_MS)

    def clear(self) -> None:
        """Say nothing more."""
        self._timer.stop()
        self._warns = False
        focused = self.window().focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            self.window().setFocus()  # Qt would go on to the next control, be it a text field
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        edge = theme.warning if self._warns else theme.hues["source"]
        self.setStyleSheet(
            f"#messages {{ background: {theme.card}; border: 1px solid {theme.border};"
            f" border-left: 4px solid {edge}; border-radius: 4px; }}"
        )

    def _say(self, text: str, warns: bool, actions: tuple[Action, ...] = ()) -> None:
        self._timer.stop()
        self._warns = warns
        self._label.setText(text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…")
        self._actions = actions
        for index, button in enumerate(self._buttons):
            button.setText(actions[index][0] if index < len(actions) else "")
            button.setVisible(index < len(actions))
        self.set_theme(self._theme)
        self.show()
        self._place()

    def _place(self) -> None:
        corner = self._above.mapTo(self._window, QPoint(0, self._above.height()))
        width = self._window.width() - 2 * MARGIN
        height = self.heightForWidth(width)
        self.setGeometry(MARGIN, corner.y() + MARGIN, width, height)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _clicked(self, index: int) -> None:
        _, act = self._actions[index]
        self.clear()
        act()
