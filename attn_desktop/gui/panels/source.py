"""The source: the sentence to decode, in a field that lights the words that are lit elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.analysis.pieces import group_words
from attn_desktop.gui.intents import EncodeText
from attn_desktop.gui.panel import Change, Panel, Table
from attn_desktop.gui.theme import Theme

#: Far above the longest text that a model takes; a paste beyond it would only block the field.
MAX_CHARACTERS = 20_000
#: Plain keys that belong to a text field, whatever they do in the window.
EDITING = {
    Qt.Key.Key_Space,
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_BracketLeft,
    Qt.Key.Key_BracketRight,
    Qt.Key.Key_Escape,
}


class SourcePanel(Panel):
    """Enter encodes, Shift+Enter breaks the line, Escape gives the keys back to the window."""

    name = "source"
    title = "Source"
    about = (
        "x_1 … x_S: the text that is encoded to annotations h_j, one for each piece.\n"
        "Enter encodes it, Shift+Enter breaks the line, Escape leaves the field."
    )
    natural = (230, 150)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.field = _Field()
        self.field.setAccessibleName("Source text")
        self.field.setPlaceholderText("Write a sentence to decode.")
        self.field.setToolTip("The source text. Enter encodes it (Ctrl+L comes here, Esc leaves).")
        self.field.submitted.connect(self.submit)
        self.field.refused.connect(self.set_error)
        self.field.textChanged.connect(self._edited)
        self.button = QPushButton("Encode")
        self.button.setToolTip("Encode this text and start over with it (Enter in the field)")
        self.button.clicked.connect(self.submit)
        self.samples = QToolButton()
        self.samples.setText("Samples")
        self.samples.setToolTip("Sentences to try")
        self.samples.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.samples.setMenu(QMenu(self.samples))
        self.samples.hide()
        self._counts, self._error = QLabel(), QLabel()
        self._counts.setWordWrap(True)
        self._error.setWordWrap(True)
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.hide()
        for button in (self.button, self.samples):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addWidget(self.samples)
        row.addStretch(1)
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self.field, 1)
        self._layout.addWidget(self._error)
        self._layout.addLayout(row)
        self._layout.addWidget(self._counts)
        self._filling = False
        self._last_text: str | None = None

    # -- what the window tells it ---------------------------------------------------------

    def set_error(self, text: str) -> None:
        """Say below the field what is wrong with its text; empty to say nothing."""
        self._error.setText(text[:1].upper() + text[1:])
        self._error.setVisible(bool(text))

    def set_busy(self, busy: bool) -> None:
        """Whether a text is being encoded."""
        self.button.setEnabled(not busy)
        self.button.setText("Encoding…" if busy else "Encode")

    def set_samples(self, samples: tuple[str, ...]) -> None:
        """Offer sentences to try."""
        menu = self.samples.menu()
        menu.clear()
        for text in samples:
            action = menu.addAction(text.replace("&", "&&"))
            action.triggered.connect(self._sampler(text))
        self.samples.setVisible(bool(samples))

    def edit(self) -> None:
        """Take the keyboard, with the whole text selected."""
        self.window().activateWindow()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def submit(self) -> None:
        """Ask for the text of the field to be encoded."""
        self.set_error("")
        self.ask(EncodeText(self.field.toPlainText()))

    @property
    def edited(self) -> bool:
        """Whether the field holds another text than the run."""
        run = self.scene.run
        return self.field.toPlainText() != ("" if run is None else run.text)

    # -- drawing --------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene, theme = self.scene, self.theme
        if change.source:
            self.field.setFont(theme.font(1.05))
            self._error.setStyleSheet(f"color: {theme.warning};")
            self._counts.setStyleSheet(f"color: {theme.dim};")
            self._counts.setFont(theme.font(0.9))
            self._layout.setContentsMargins(*[theme.px(6)] * 4)
            self._layout.setSpacing(theme.px(6))
        if change.source and scene.run is not None and scene.run.text != self._last_text:
            self._last_text = scene.run.text
            self._filling = True
            self.field.setPlainText(scene.run.text)
            self._filling = False
            self.set_error("")
        self._show_counts()
        self._show_light()

    def caption(self) -> str:
        return "edited" if self.scene.run is not None and self.edited else ""

    def table(self) -> Table:
        run = self.scene.run
        if run is None:
            return Table((), ())
        rows = [
            (j, piece, int(run.words[j]), int(run.spans[j, 0]), int(run.spans[j, 1]))
            for j, piece in enumerate(run.source)
        ]
        return Table(("position", "piece", "word", "start", "end"), rows)

    def _show_counts(self) -> None:
        run = self.scene.run
        if run is None:
            self._counts.setText("")
            return
        words = sum(1 for word in group_words(run) if run.words[word.positions[0]] >= 0)
        pieces = sum(1 for word in run.words.tolist() if word >= 0)
        self._counts.setText(f"{words} words · {pieces} pieces and </s>")

    def _show_light(self) -> None:
        """Mark in the text what is lit, as long as it is the text of the run."""
        run, marks = self.scene.run, []
        if run is not None and not self.edited:
            for position in sorted(self.light.all_source):
                if position < len(run.source):
                    marks.append(self._mark(*map(int, run.spans[position])))
        self.field.setExtraSelections(marks)

    def _mark(self, start: int, end: int) -> QTextEdit.ExtraSelection:
        text = self.field.toPlainText()
        cursor = QTextCursor(self.field.document())
        # Qt counts in UTF-16: characters beyond the basic plane are two.
        cursor.setPosition(_utf16(text[:start]))
        cursor.setPosition(_utf16(text[:end]), QTextCursor.MoveMode.KeepAnchor)
        mark = QTextEdit.ExtraSelection()
        look = QTextCharFormat()
        look.setBackground(self.theme.hue("source", 0.3))
        mark.format, mark.cursor = look, cursor
        return mark

    def _edited(self) -> None:
        if not self._filling:
            self._show_light()
            self.captioned.emit()

    def _sampler(self, text: str) -> Callable[[], None]:
        def use() -> None:
            self.field.setPlainText(text)
            self.submit()

        return use


class _Field(QPlainTextEdit):
    """submitted: Enter was pressed. refused: why a paste or drop is not taken."""

    submitted = Signal()
    refused = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)

    def event(self, event: QEvent) -> bool:
        # A key that edits is no shortcut of the window while the field has the focus.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.ShiftModifier,
                Qt.KeyboardModifier.KeypadModifier,
            )
            undo = event.matches(QKeySequence.StandardKey.Undo)
            redo = event.matches(QKeySequence.StandardKey.Redo)
            if (plain and event.key() in EDITING) or undo or redo:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.submitted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        length = len(source.text()) if source.hasText() else 0
        if length + len(self.toPlainText()) > MAX_CHARACTERS:
            self.refused.emit(
                f"that would be {length + len(self.toPlainText()):,} characters; "
                f"the longest text is {MAX_CHARACTERS:,}"
            )
            return
        super().insertFromMimeData(source)


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
