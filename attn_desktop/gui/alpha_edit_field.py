"""A small field over a bar of α, to type its weight."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from attn_desktop.gui.text_field import ENTER
from attn_desktop.gui.theme import Theme

SIZE = (64, 22)


class WeightField(QLineEdit):
    """typed: a text, with Enter. closed: it was left, by Escape or a click elsewhere."""

    typed = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._around = parent
        self.setObjectName("weight")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setToolTip("The weight of this bar, from 0; Enter sets it, Escape leaves it")
        self.hide()

    def open_at(self, middle: QPoint, text: str, theme: Theme) -> None:
        """Show it around a pixel of its parent, with a number to write over."""
        self.setFont(theme.font(0.9))
        self.resize(*(theme.px(length) for length in SIZE))
        room = self._around.rect()
        left = min(middle.x() - self.width() // 2, room.right() - self.width())
        top = min(middle.y() - self.height() // 2, room.bottom() - self.height())
        self.move(max(room.left(), left), max(room.top(), top))
        self.setText(text)
        self.selectAll()
        self.show()
        self.raise_()
        self.setFocus()

    def event(self, event: QEvent) -> bool:
        # Escape leaves the field; in the window it stops what runs.
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.typed.emit(self.text())
        elif event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (
            Qt.FocusReason.PopupFocusReason,
            Qt.FocusReason.ActiveWindowFocusReason,
        ):
            self.closed.emit()
