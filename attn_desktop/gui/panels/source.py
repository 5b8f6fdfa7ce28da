"""The source: the sentence to decode, in a field that lights the words that are lit elsewhere."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.analysis.pieces import escape_unsafe, join_pieces
from attn_desktop.gui.intents import EncodeText, Hover
from attn_desktop.gui.output_text import OutputText
from attn_desktop.gui.panel import Change, Panel, Table
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.text_field import MAX_CHARACTERS, TextField, too_long, utf16_length
from attn_desktop.gui.theme import Theme

#: Characters of a sample in the menu.
SAMPLE_CHARACTERS = 60
UNSENT = "edited · Enter encodes it"


class SourcePanel(Panel):
    """Enter encodes, Shift+Enter breaks the line, Escape gives the keys back to the window."""

    name = "source"
    title = "Source"
    of_mode = False
    about = (
        "x_1 … x_S: the text that is encoded to annotations h_j, one for each piece.\n"
        "Enter encodes it, Shift+Enter breaks the line, Escape leaves the field.\n"
        "Point at a word to light it everywhere.\n"
        "Output: what the branch shown says; after the playhead it is pale."
    )
    natural = (230, 180)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.field = TextField()
        self.field.setAccessibleName("Source text")
        self.field.setPlaceholderText("Write a sentence to decode.")
        self.field.setToolTip("The source text. Enter encodes it (Ctrl+L comes here, Esc leaves).")
        self.field.submitted.connect(self.submit)
        self.field.refused.connect(self.set_error)
        self.field.pointed.connect(self._point)
        self.field.textChanged.connect(self._edited)
        self.button = QPushButton("Encode")
        self.button.setToolTip("Encode this text and start over with it (Enter in the field)")
        self.button.clicked.connect(lambda: self.submit())
        self.beside = QPushButton("What if")
        self.beside.setToolTip("Decode this text beside what is there, and compare the two")
        self.beside.clicked.connect(lambda: self.submit(beside=True))
        self.samples = QPushButton("Samples ▾")
        self.samples.setToolTip("Sentences to try")
        self.samples.setMenu(QMenu(self.samples))
        self.samples.hide()
        self._counts, self._error = QLabel(), QLabel()
        self._error.setWordWrap(True)
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.hide()
        row = QHBoxLayout()
        for button in (self.button, self.beside, self.samples):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        row.addStretch(1)
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self.field, 1)
        self._layout.addWidget(self._error)
        self._layout.addLayout(row)
        self._layout.addWidget(self._counts)
        # What is too much goes to the field, which keeps what it needs at least.
        self.field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.output = OutputText(theme)
        self._layout.addWidget(self.output)
        self._pieces: list[str] = []
        self._output = ""
        self._filling, self._unsent = False, False
        self._run_text = self._seen_text = ""
        # In a window of its own, keys shall not go to the field before one goes there.
        self.setFocus()

    # -- what the window tells it ---------------------------------------------------------

    def set_error(self, text: str) -> None:
        """Say below the field what is wrong with its text; empty to say nothing."""
        self._error.setText(text[:1].upper() + text[1:])
        self._error.setVisible(bool(text))
        if text:
            self._note_edits()

    def set_busy(self, busy: bool) -> None:
        """Whether a text is being encoded."""
        self.button.setEnabled(not busy)
        self.button.setText("Encoding…" if busy else "Encode")
        self.beside.setEnabled(not busy and self.scene.run is not None)

    def set_samples(self, samples: tuple[str, ...]) -> None:
        """Offer sentences to try."""
        menu = self.samples.menu()
        menu.clear()
        for text in samples:
            short = text[:SAMPLE_CHARACTERS] + ("…" if len(text) > SAMPLE_CHARACTERS else "")
            action = menu.addAction(short.replace("&", "&&"))
            action.triggered.connect(partial(self._use_sample, text))
        self.samples.setVisible(bool(samples))

    def edit(self) -> None:
        """Take the keyboard, with the whole text selected."""
        self.window().activateWindow()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def submit(self, beside: bool = False) -> None:
        """Ask for the text of the field to be encoded, unless there is none or one is already.

        beside: as a what-if beside the run that is there.
        """
        text = self.field.text()
        if not self.button.isEnabled():
            return
        if not text.strip():
            self.set_error("the text is empty; write a sentence")
        elif len(text) > MAX_CHARACTERS:
            self.set_error(too_long(len(text)))
        else:
            self.set_error("")
            self._set_unsent(False)
            self.ask(EncodeText(text, beside))

    # -- drawing --------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        run = self.scene.run
        if change.source:
            self._paint_theme()
            text = "" if run is None else run.text
            if text != self._run_text:
                self._run_text = text
                self._fill()
            self._show_counts()
            self.beside.setEnabled(run is not None and self.button.isEnabled())
        if change.steps or change.place:
            self._show_output(change.steps)
        if change.source or change.light:
            self._show_light()

    def _paint_theme(self) -> None:
        theme, px = self.theme, self.theme.px
        self.field.setMinimumHeight(px(40))
        edge = f"border: 1px solid {theme.border}; border-radius: {px(4)}px;"
        self.field.set_colours(theme)
        self.field.setFont(theme.font(1.05))
        # Filled when there is something to send; otherwise it only encodes the same again.
        filled = f"background: {theme.dim}; color: {theme.card}; border-color: {theme.dim};"
        for button in (self.button, self.beside, self.samples):
            button.setStyleSheet(
                f"QPushButton {{ background: {theme.raised}; color: {theme.text}; {edge}"
                f" padding: {px(3)}px {px(7)}px; }}"
                f"QPushButton[unsent=true] {{ {filled} }}"
                f"QPushButton:hover, QPushButton:focus {{ border-color: {theme.hues['source']}; }}"
                f"QPushButton:disabled {{ background: {theme.raised}; color: {theme.dim}; }}"
                "QPushButton::menu-indicator { image: none; width: 0; }"
            )
            button.setFont(theme.font(bold=button is self.button))
        for label, ink in ((self._error, theme.warning), (self._counts, theme.dim)):
            label.setStyleSheet(f"color: {ink};")
            label.setFont(theme.font(0.9))
        self.output.set_theme(theme)
        self._layout.setContentsMargins(*[px(6)] * 4)
        self._layout.setSpacing(px(6))

    def _fill(self) -> None:
        """Show the text of the run, unless that would lose what the user wrote meanwhile."""
        if not self._unsent and self.field.text() != self._run_text:
            self._filling = True
            self.field.setPlainText(self._run_text)
            self._filling = False
            self.set_error("")
        self._note_edits()

    def _show_counts(self) -> None:
        """How long the source is that was encoded; nothing of one that is still being written."""
        self._counts.setText(UNSENT if self._unsent else self._count())
        self._counts.setVisible(self.scene.run is not None)

    def _show_output(self, anew: bool) -> None:
        """What the branch says; anew: its steps have changed."""
        scene = self.scene
        if anew:
            self._pieces = [step.token for step in scene.steps]
            self._output = escape_unsafe(join_pieces(self._pieces))
        known = scene.t if scene.knows(scene.t, Phase.TOKEN) else scene.t - 1
        self.output.set_output(self._output, escape_unsafe(join_pieces(self._pieces[:known])))

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().expandedTo(self._layout.minimumSize())

    def caption(self) -> str:
        return "edited" if self._unsent else self._count().rpartition(" · ")[2]

    def table(self) -> Table:
        run = self.scene.run
        if run is None:
            return Table((), ())
        rows = [
            (j, piece, int(run.words[j]), int(run.spans[j, 0]), int(run.spans[j, 1]))
            for j, piece in enumerate(run.source)
        ]
        return Table(("position", "piece", "word", "start", "end"), rows)

    def _count(self) -> str:
        run = self.scene.run
        if run is None:
            return ""
        if run.grid is not None:
            return f"{run.grid[0]} × {run.grid[1]} regions"
        words = run.words[run.words >= 0]
        counted = ((np.unique(words).size, "word"), (words.size, "piece"))
        return " · ".join(f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in counted)

    # -- text and light -------------------------------------------------------------------

    def _edited(self) -> None:
        text = self.field.text()
        # Qt says that a text has changed when a drop of nothing has left it as it was.
        if text != self._seen_text and not self._filling:
            self.set_error("")
            self._note_edits()
        self._seen_text = text

    def _note_edits(self) -> None:
        self._set_unsent(self.scene.run is not None and not self._shows_run())
        self._show_light()

    def _set_unsent(self, unsent: bool) -> None:
        if unsent != self._unsent:
            self._unsent = unsent
            self.button.setProperty("unsent", unsent)
            self.button.style().polish(self.button)
            self._show_counts()
        self.captioned.emit()

    def _shows_run(self) -> bool:
        """Whether the field holds the text of the run; line ends may be written otherwise."""
        return self.field.text().splitlines() == self._run_text.splitlines()

    def _show_light(self) -> None:
        """Mark in the text what is lit, as long as it is the text of the run."""
        run, text, marks = self.scene.run, self.field.text(), []
        if run is not None and text == run.text:
            for position in sorted(self.light.all_source):
                start, end = run.spans[position].tolist() if position < len(run.source) else (0, 0)
                # The space before a word belongs to its first piece.
                start += len(text[start:end]) - len(text[start:end].lstrip())
                if start < end:
                    marks.append(self._mark(utf16_length(text[:start]), utf16_length(text[:end])))
        self.field.setExtraSelections(marks)

    def _mark(self, start: int, end: int) -> QTextEdit.ExtraSelection:
        cursor = QTextCursor(self.field.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        mark, look = QTextEdit.ExtraSelection(), QTextCharFormat()
        look.setBackground(self.theme.hue("source", 0.3))
        mark.format, mark.cursor = look, cursor
        return mark

    def _point(self, at: int) -> None:
        """Light the position that a character belongs to; −1: none."""
        self.flush()
        run = self.scene.run
        found: list[int] = []
        if run is not None and at >= 0 and self.field.text() == run.text:
            found = np.flatnonzero((run.spans[:, 0] <= at) & (at < run.spans[:, 1])).tolist()
        column = self.scene.source.column(found[0]) if found else None
        positions = () if column is None else self.scene.source.positions(column)
        self.ask(Hover(source=frozenset(positions)))
        label = "" if column is None else f"“{self.scene.source.labels[column]}”"
        places = "–".join(str(j + 1) for j in sorted({*positions[:1], *positions[-1:]}))
        self.said.emit(f"{label}  source position {places}" if label else "")

    def _use_sample(self, text: str, _checked: bool = False) -> None:
        self.field.setPlainText(text)
        self.submit()
