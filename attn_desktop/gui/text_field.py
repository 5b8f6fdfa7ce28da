"""A text field inside a window whose keys step and play: it keeps the keys that edit."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QPlainTextEdit

from attn_desktop.gui.theme import Theme

#: Far above the longest text that a model takes; a paste beyond it would only block the field.
MAX_CHARACTERS = 20_000
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
OTHER_KEYS = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
SCRUBBING = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End}
ENTER = {Qt.Key.Key_Return, Qt.Key.Key_Enter}
#: Keys that belong to a text field whatever they do in the window, some only with Ctrl.
EDITING = ENTER | {
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_Delete,
    Qt.Key.Key_Escape,
}
EDITING_CONTROL = {
    Qt.Key.Key_A,
    Qt.Key.Key_C,
    Qt.Key.Key_V,
    Qt.Key.Key_X,
    Qt.Key.Key_Y,
    Qt.Key.Key_Z,
}


class TextField(QPlainTextEdit):
    """submitted: Enter was pressed. refused: why a paste or drop is not taken.

    pointed: the character under the pointer, −1 if there is none.
    """

    submitted = Signal()
    refused = Signal(str)
    pointed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.viewport().setMouseTracking(True)

    def set_colours(self, theme: Theme) -> None:
        """The colours of a theme, with the border that tells where the keyboard is."""
        self.setStyleSheet(
            f"QPlainTextEdit {{ background: {theme.raised}; color: {theme.text};"
            f" border: 1px solid {theme.border}; border-radius: {theme.px(4)}px; }}"
            f"QPlainTextEdit:focus {{ border-color: {theme.hues['source']}; }}"
        )

    def text(self) -> str:
        """What is written; unlike `toPlainText`, with spaces that do not break kept as they are."""
        raw: str = self.document().toRawText()
        return raw.replace("\u2029", "\n").replace("\u2028", "\n")

    def lines(self) -> int:
        """As how many lines the text is shown, at least one."""
        # Of a text without line feeds too, Qt counts the lines that it takes here.
        return max(1, int(self.document().size().height()))

    def height_of(self, lines: int) -> int:
        """Pixels that so many lines take, with what is around them."""
        metrics = QFontMetricsF(self.font())
        # As Qt lays lines out: it rounds both parts up.
        line = math.ceil(metrics.ascent()) + math.ceil(metrics.descent())
        margin = math.ceil(self.document().documentMargin())
        return lines * line + 2 * margin + 2 * self.frameWidth() + 2

    def event(self, event: QEvent) -> bool:
        # A key that edits is no shortcut of the window while the field has the focus.
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent):
            if _scrubs(event) and self.document().isEmpty():
                event.ignore()  # there is no text to move in: the keys of the window
                return True
            if _edits(event):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = event.key(), bool(event.modifiers() & SHIFT)
        control = bool(event.modifiers() & CONTROL)
        if key in ENTER and not shift:
            if not event.isAutoRepeat():
                self.submitted.emit()
        elif key in ENTER:
            self.textCursor().insertText("\n")
            self.ensureCursorVisible()
        elif key == Qt.Key.Key_Escape:
            # With no widget to return to, Qt would put the focus back here after a dialog.
            self.window().setFocus()
        elif control and (key == Qt.Key.Key_Y or (shift and key == Qt.Key.Key_Z)):
            self.redo()
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.pointed.emit(self._character(event.position().toPoint()))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.pointed.emit(-1)
        return super().viewportEvent(event)

    def _character(self, at: QPoint) -> int:
        """The character that is drawn at a place, −1 beside the text."""
        cursor = self.cursorForPosition(at)
        edge = self.cursorRect(cursor)
        place = cursor.position() - (at.x() < edge.center().x())
        inside = edge.top() <= at.y() <= edge.bottom()
        # Left of the first character of a line the one before it is the end of another line.
        beside = at.x() < edge.center().x() and cursor.positionInBlock() == 0
        beside = beside or (at.x() >= edge.center().x() and cursor.atBlockEnd())
        if not inside or beside:
            return -1
        raw = self.document().toRawText().encode("utf-16-le", "surrogatepass")
        return len(raw[: 2 * place].decode("utf-16-le", "replace"))

    def insertFromMimeData(self, source: QMimeData) -> None:
        kept = len(self.text()) - len(self.textCursor().selectedText())
        length = kept + (len(source.text()) if source.hasText() else 0)
        if length > MAX_CHARACTERS:
            self.refused.emit(too_long(length))
        else:
            super().insertFromMimeData(source)


def _scrubs(event: QKeyEvent) -> bool:
    """Whether a key press moves the playhead, where no text has the focus."""
    # Keys of a keypad, such as arrows on some systems, come with a modifier of their own.
    return not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier and event.key() in SCRUBBING


def _edits(event: QKeyEvent) -> bool:
    """Whether a key press means the text and not the window."""
    held, text = event.modifiers(), event.text()
    if held & CONTROL and not held & OTHER_KEYS and event.key() in EDITING_CONTROL:
        return True
    if not held & OTHER_KEYS and event.key() in EDITING:
        return True
    # AltGr, which types characters, comes as Ctrl and Alt together on Windows.
    both = CONTROL | Qt.KeyboardModifier.AltModifier
    typing = not held & (CONTROL | OTHER_KEYS) or held & both == both
    return bool(typing and text and text.isprintable())


def too_long(length: int) -> str:
    """Why a text of so many characters is not taken."""
    return f"{length:,} characters; the longest is {MAX_CHARACTERS:,}"


def utf16_length(text: str) -> int:
    """How long Qt counts a text: characters beyond the basic plane are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
