"""The source: what is decoded. A sentence, in a field that lights the words that are lit elsewhere,
or a picture, or a picture with a question about it: whatever the model takes.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.analysis.pieces import escape_unsafe, output_text
from attn_desktop.gui.intents import ChoosePicture, EncodeText, Hover, NewScene
from attn_desktop.gui.output_text import OutputText
from attn_desktop.gui.panel import Change, Panel, Table
from attn_desktop.gui.picture_image import Pictures
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.source_field import SourceField
from attn_desktop.gui.source_picture import SourcePicture
from attn_desktop.gui.source_wording import QUESTION, SENTENCE, Wording, unlearnt
from attn_desktop.gui.text_field import MAX_CHARACTERS, too_long
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.tool_buttons import push_button_style

#: Characters of a sample in the menu.
SAMPLE_CHARACTERS = 60
UNSENT = "edited · Enter encodes it"
#: Lines of the field that are in sight at least.
LINES = 2
SAME_TEXT = "that is what is there already; change it first, to see both side by side"
NO_TEXT = "this model takes a picture and no text, so there is none to decode beside it"


class SourcePanel(Panel):
    """Enter encodes, Shift+Enter breaks the line, Escape gives the keys back to the window."""

    name = "source"
    title = "Source"
    of_mode = False
    about = (
        "x_1 … x_S: the text that is encoded to annotations h_j, one for each piece;\n"
        "or a picture, with one h_j for each region. Drop or paste a picture anywhere.\n"
        "Enter encodes it, Shift+Enter breaks the line, Escape leaves the field.\n"
        "Point at a word to light it everywhere.\n"
        "Output: what the branch shown says; after the playhead it is pale."
    )
    natural = (230, 180)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.field = SourceField()
        self.field.setToolTip("What to encode. Enter encodes it (Ctrl+L comes here, Esc leaves).")
        self.field.submitted.connect(self.submit)
        self.field.refused.connect(self.set_error)
        self.field.pointed.connect(self._point)
        self.field.pictured.connect(self.ask)
        self.field.textChanged.connect(self._edited)
        self.button = QPushButton()
        self.button.clicked.connect(lambda: self.submit())
        self.beside = QPushButton("What if")
        self.beside.setToolTip("Decode this text beside what is there, and compare the two")
        self.beside.clicked.connect(lambda: self.submit(beside=True))
        self.samples = QPushButton()
        self.samples.setMenu(QMenu(self.samples))
        self.samples.menu().setToolTipsVisible(True)
        self.picture = SourcePicture(theme)
        self.picture.open_wanted.connect(self._choose_picture)
        self.picture.scene_wanted.connect(self._want_scene)
        self._counts, self._error = QLabel(), QLabel()
        self._error.setWordWrap(True)
        for label in (self._counts, self._error):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._error.hide()
        row = QHBoxLayout()
        for button in (self.button, self.beside, self.samples):
            row.addWidget(button)
        row.addStretch(1)
        for button in self._buttons():
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._layout = QVBoxLayout(self)
        # How low the panel may be, its dock asks; nothing else is to resize it with the type.
        self._layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._layout.addWidget(self.picture, 2)
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
        self._sentences: tuple[str, ...] = ()
        self._questions: tuple[tuple[str, str], ...] = ()
        self._captions: tuple[str, ...] = ()
        self._pictures, self._busy = Pictures(), False
        self._takes: tuple[str, ...] = ()
        self._take(("text",))
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
        """Whether something is being encoded."""
        self._busy = busy
        for button in (self.button, *self.picture.buttons):
            button.setEnabled(not busy)
        self.button.setText("Encoding…" if busy else self._wording.verb)
        self.beside.setEnabled(not busy and self.scene.run is not None)

    def set_samples(self, samples: tuple[str, ...]) -> None:
        """Offer sentences to try."""
        self._sentences = samples
        self._fill_menu()

    def set_scene_words(
        self, questions: tuple[tuple[str, str], ...], captions: tuple[str, ...]
    ) -> None:
        """Offer questions about the picture, with their true answers as far as they are known.

        captions: some that are true of it.
        """
        self._questions, self._captions = questions, captions
        self._fill_menu()
        self.picture.show_picture(self._pictures.of(self.scene.run), captions)

    def set_seed(self, seed: int) -> None:
        """Propose this scene as the next one."""
        self.picture.seed.setValue(seed)

    def unsent(self) -> str:
        """What is written and was not encoded yet; empty for nothing."""
        return self.field.text().strip() if self._unsent else ""

    @property
    def _wording(self) -> Wording:
        return QUESTION if "question" in self._takes else SENTENCE

    def _buttons(self) -> tuple[QPushButton, ...]:
        return (self.button, self.beside, self.samples, *self.picture.buttons)

    def _take(self, takes: tuple[str, ...]) -> None:
        """Show what a model that takes this can be given."""
        if takes == self._takes:
            return
        self._takes = takes
        words = self._wording
        self.field.setAccessibleName(words.name)
        self.field.setPlaceholderText(words.prompt)
        self.button.setToolTip(words.tip)
        self.samples.setText(words.menu)
        self.samples.setToolTip(words.offers)
        for widget in (self.field, self.button, self.beside):
            widget.setVisible(takes != ("picture",))
        self.picture.setVisible("picture" in takes)
        self.set_busy(self._busy)
        self._fill_menu()

    def _fill_menu(self) -> None:
        asks = self._wording is QUESTION
        offered = self._questions if asks else tuple((text, "") for text in self._sentences)
        menu = self.samples.menu()
        menu.clear()
        for text, answer in offered:
            short = text[:SAMPLE_CHARACTERS] + ("…" if len(text) > SAMPLE_CHARACTERS else "")
            action = menu.addAction(short.replace("&", "&&"))
            action.setToolTip(f"The true answer: {answer}" if answer else text)
            action.triggered.connect(partial(self._use_sample, text))
        self.samples.setVisible(bool(offered) and self._takes != ("picture",))

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
        if self._takes == ("picture",):
            self.set_error(NO_TEXT)
        elif not text.strip():
            self.set_error(self._wording.empty)
        elif beside and self.scene.run is not None and self._shows_run():
            self.set_error(SAME_TEXT)
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
            self._take(("text",) if run is None else run.model.takes)
            self.picture.show_picture(self._pictures.of(run), self._captions)
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
        theme, px, style = self.theme, self.theme.px, push_button_style(self.theme)
        self.field.set_colours(theme)
        self.field.setFont(theme.font(1.05))
        self.field.setMinimumHeight(self.field.height_of(LINES))
        self.picture.set_theme(theme)
        for button in self._buttons():
            button.setStyleSheet(style)
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
        """How long the source is that was encoded; nothing of one that is still being written.

        Words that the model never learnt are named instead.
        """
        run = self.scene.run
        lost = "" if run is None else escape_unsafe(unlearnt(run.unknown))
        self._counts.setText(UNSENT if self._unsent else lost or self._count())
        # The title says how many regions there are; below it is little room.
        told = run is not None and (run.grid is None or self._unsent or bool(lost))
        self._counts.setVisible(told)

    def _show_output(self, anew: bool) -> None:
        """What the branch says; anew: its steps have changed."""
        scene = self.scene
        if anew:
            self._pieces = [step.token for step in scene.steps]
            self._output = self._spelt(len(self._pieces))
        known = scene.t if scene.knows(scene.t, Phase.TOKEN) else scene.t - 1
        whole = known == len(self._pieces)
        # An answer is there as a whole or not at all; those before it were on the way.
        partly = scene.run is None or not scene.run.model.answers
        self.output.set_output(self._output, self._spelt(known) if whole or partly else "")

    def _spelt(self, count: int) -> str:
        """What the first steps of the branch say."""
        run = self.scene.run
        return "" if run is None else escape_unsafe(output_text(run.model, self._pieces[:count]))

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().expandedTo(self._layout.minimumSize())

    def caption(self) -> str:
        if self._unsent:
            return "edited"
        run = self.scene.run
        if run is not None and run.grid is not None and run.scene is not None:
            return f"scene {run.scene} · {run.grid[0]} × {run.grid[1]}"
        return self._count().rpartition(" · ")[2]

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
        hidden = self._takes == ("picture",)
        self._set_unsent(self.scene.run is not None and not hidden and not self._shows_run())
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
        run, text = self.scene.run, self.field.text()
        marks: list[tuple[int, int]] = []
        if run is not None and text == run.text:
            for position in sorted(self.light.all_source):
                start, end = run.spans[position].tolist() if position < len(run.source) else (0, 0)
                # The space before a word belongs to its first piece.
                start += len(text[start:end]) - len(text[start:end].lstrip())
                if start < end:
                    marks.append((start, end))
        self.field.mark(marks, self.theme.hue("source", 0.3))

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

    def _choose_picture(self) -> None:
        self.ask(ChoosePicture())

    def _want_scene(self, seed: int) -> None:
        self.ask(NewScene(seed))

    def _use_sample(self, text: str, _checked: bool = False) -> None:
        self.field.setPlainText(text)
        self.submit()
