"""The field in which a condition is written: it offers what may come next and marks what is wrong.

Columns count characters; Qt counts in UTF-16, in which some characters are two.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, QRect, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHideEvent,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QTextEdit

from attn_desktop.analysis.conditions import Completion, complete
from attn_desktop.gui.condition_popup import ROWS, CompletionPopup
from attn_desktop.gui.text_field import CONTROL, ENTER, TextField, utf16_length
from attn_desktop.gui.theme import Theme
from attn_desktop.trace.records import RunRecord

#: Lines as which a long condition is shown at most.
MOST_LINES = 3
#: After these something is offered before it is typed: what they open has few beginnings.
OPENING = ("(", "[", ",", '"', "'", "=")
MOVES = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: 1 - ROWS,
    Qt.Key.Key_PageDown: ROWS - 1,
}


class ConditionField(TextField):
    """submitted: Enter, and watched: Ctrl+Enter, with nothing offered. escaped, left: Escape, and
    the keyboard went elsewhere.

    Tab or Enter takes what is offered, ↑ and ↓ choose it, Escape puts it away, Ctrl+Space asks
    for it.
    """

    watched = Signal()
    escaped = Signal()
    left = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._run: RunRecord | None = None
        self._tokens: Sequence[str] = ()
        self._start = 0
        self.popup = CompletionPopup(theme, self)
        self.popup.taken.connect(self._take)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self._fit)

    # -- what it is given -------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Show the same in other colours or sizes."""
        self._theme = theme
        self.popup.set_theme(theme)
        self.set_colours(theme)
        self.setFont(theme.font())
        # What stands there while it is empty; with a style sheet Qt does not hand the font on.
        self.viewport().setFont(theme.font())
        self._fit()

    def set_words(self, run: RunRecord | None, tokens: Sequence[str]) -> None:
        """Offer the words of this source and these target tokens."""
        self._run, self._tokens = run, tokens

    def mark(self, column: int, end: int) -> None:
        """Underline what is wrong; where something is missing, what it is missing after."""
        text = self.text()
        column = min(column, len(text), max(0, end - 1))
        cursor = self._cursor(column, min(end, len(text)))
        look = QTextCharFormat()
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        look.setUnderlineColor(self._theme.colour("warning"))
        selection = QTextEdit.ExtraSelection()
        selection.cursor, selection.format = cursor, look
        self.setExtraSelections([selection])

    def unmark(self) -> None:
        """Underline nothing."""
        self.setExtraSelections([])

    def insert(self, text: str) -> None:
        """Write at the cursor, as if it were typed, and take the keyboard."""
        self.textCursor().insertText(text)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- what is written --------------------------------------------------------------------

    def place(self) -> int:
        """How many characters are before the cursor."""
        raw = self.text().encode("utf-16-le", "surrogatepass")
        return len(raw[: 2 * self.textCursor().position()].decode("utf-16-le", "replace"))

    def _cursor(self, start: int, end: int) -> QTextCursor:
        """Around the characters from `start` up to `end`."""
        text, cursor = self.text(), QTextCursor(self.document())
        cursor.setPosition(utf16_length(text[:start]))
        cursor.setPosition(utf16_length(text[:end]), QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def insertFromMimeData(self, source: QMimeData) -> None:
        line = QMimeData()
        line.setText(" ".join(source.text().splitlines()))
        super().insertFromMimeData(line)

    # -- what is offered --------------------------------------------------------------------

    def offer(self, asked: bool = False) -> None:
        """Show what may come next; asked: even if nothing of it has been typed."""
        text, place = self.text(), self.place()
        self._start, found = complete(text, place, self._run, self._tokens)
        typed = text[self._start : place]
        exact = any(one.text.strip() == typed for one in found)
        opened = text[: self._start].rstrip().endswith(OPENING)
        if not found or (exact and len(found) == 1) or not (typed or asked or opened):
            self.popup.hide()
            return
        # What is typed in full already is not to be taken for the beginning of something else.
        chosen = bool(typed) and not exact
        self.popup.offer(found, chosen, self._place_of(self._start))

    def _place_of(self, column: int) -> QRect:
        """Where a character is on the screen."""
        edge = self.cursorRect(self._cursor(column, column))
        return QRect(self.viewport().mapToGlobal(edge.topLeft()), edge.size())

    def _take(self, one: Completion) -> None:
        """Write a candidate in place of what was typed of it."""
        cursor = self._cursor(self._start, self.place())
        # On its own in the undo history, whatever was typed before and is typed after it.
        cursor.beginEditBlock()
        cursor.insertText(one.text)
        cursor.endEditBlock()
        self.setTextCursor(cursor)
        self.offer()

    def _offered(self) -> Completion | None:
        """What Enter takes."""
        popup = self.popup
        if popup.isVisible() and popup.at is not None:
            return popup.candidates[popup.at]
        return None

    # -- keys -------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        # Tab would go to the next control before it is a key press.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            plain = event.key() == Qt.Key.Key_Tab and not event.modifiers()
            if plain and self.popup.isVisible():
                self._take(self._offered() or self.popup.candidates[0])
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        offered = self._offered()
        if key in ENTER:
            if offered is not None and not held:
                self._take(offered)
            elif not event.isAutoRepeat():
                self.popup.hide()
                (self.watched if held & CONTROL else self.submitted).emit()
        elif key == Qt.Key.Key_Escape:
            if self.popup.isVisible():
                self.popup.hide()
            else:
                self.escaped.emit()
        elif key in MOVES and self.popup.isVisible():
            self.popup.move_by(MOVES[key])
        elif key == Qt.Key.Key_Space and held & CONTROL:
            self.offer(asked=True)
        else:
            before, place = self.text(), self.place()
            super().keyPressEvent(event)
            self._typed(before, place)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        before, place = self.text(), self.place()
        super().inputMethodEvent(event)
        self._typed(before, place)

    def _typed(self, before: str, place: int) -> None:
        if self.text() != before:
            self.offer()
        elif self.place() != place:
            self.popup.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.popup.hide()
        super().mousePressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.popup.hide()
        # Its own menu only borrows the keyboard.
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.popup.hide()

    # -- size -------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Make it as high as its text."""
        self.setFixedHeight(self.height_of(min(MOST_LINES, self.lines())))
