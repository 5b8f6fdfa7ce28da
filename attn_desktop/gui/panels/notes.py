"""The notes: what a reader wrote about steps, and bookmarks to go back to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from attn_desktop.gui.intents import GoToNode, Hover, SetNote
from attn_desktop.gui.note_editor import NoteEditor, Subject
from attn_desktop.gui.note_rows import NotePainter, NoteRow, note_rows, where
from attn_desktop.gui.panel import Change, Table
from attn_desktop.gui.row_panel import RowPanel
from attn_desktop.gui.scene import NoteMark
from attn_desktop.gui.text_field import ENTER
from attn_desktop.gui.theme import Theme

EMPTY = "No notes yet. F2 writes one, Ctrl+F2 sets a bookmark."
NO_RUN = "Encode a sentence; what you write about its steps is listed here."
#: How much of the height the field below the list may take as its text grows.
FIELD_SHARE = 0.5
#: Characters of a note in the status line.
SAID_CHARACTERS = 120


class NotesPanel(RowPanel):
    """Click a note to go to its step, its star to bookmark it; write below the list."""

    name = "notes"
    title = "Notes"
    about = (
        "What you write about steps t, in their order, of all branches; saved with the document.\n"
        "Click one to go to its step (↑ and ↓ go to the next), ★ to bookmark it or no longer.\n"
        "Below: the note about the step shown. F2 or Enter writes, Ctrl+Enter keeps it, Escape "
        "restores what was there; without text and bookmark there is no note."
    )
    natural = (230, 220)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._painter = NotePainter(theme)
        self._seen: tuple[NoteMark, ...] = ()
        self._listed: tuple[NoteRow, ...] = ()
        self.editor = NoteEditor(theme)
        self.editor.kept.connect(self._set)
        self.editor.refused.connect(self.said)
        self.editor.done.connect(lambda: self.setFocus(Qt.FocusReason.OtherFocusReason))
        self.column.addWidget(self.editor)
        # In a window of its own, keys shall not go to the star before one goes there.
        self.setFocus()

    def edit(self) -> None:
        """Take the keyboard to write about the step at the playhead."""
        self.flush()
        self.window().activateWindow()
        self.editor.edit()

    # -- rows -------------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene, step = self.scene, self.scene.step
        self._painter.theme = self.theme
        self.editor.setVisible(scene.run is not None)
        if change.source:
            self.editor.set_theme(self.theme)
        if change.place or change.steps:
            subject = None
            if step is not None:
                note = scene.note(scene.t)
                text, star = ("", False) if note is None else (note.text, note.bookmarked)
                subject = Subject(step.node, scene.t, scene.label(scene.t), text, star)
            self.editor.show_step(scene.run, subject)
        super().draw(change)

    def rows(self) -> Sequence[NoteRow]:
        if self.scene.notes != self._seen:
            self._seen = self.scene.notes
            self._listed = note_rows(self.scene)
        return self._listed

    def blank(self) -> str:
        if self.scene.run is None:
            return NO_RUN
        return "" if self.scene.notes else EMPTY

    def current(self) -> int | None:
        step = self.scene.step
        if step is None:
            return None
        return next((at for at, row in enumerate(self._listed) if row.key == step.node), None)

    def row_height(self, number: int) -> int:
        return self._painter.height(self._listed[number], self.list.viewport().width())

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        pointer = self.list.pointer if pointed else None
        row, current = self._listed[number], number == self.current()
        self._painter.paint(painter, area, row, current, pointer)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.editor.fit(FIELD_SHARE * self.height())

    def caption(self) -> str:
        count = len(self.scene.notes)
        return f"{count} note{'' if count == 1 else 's'}" if count else ""

    def table(self) -> Table:
        self.flush()
        columns = ("t", "token", "branch", "note", "bookmarked", "on the branch shown")
        rows = [
            (mark.t, mark.token, mark.about, mark.note.text, mark.note.bookmarked, mark.here)
            for mark in (row.mark for row in self.rows())
        ]
        return Table(columns, rows)

    # -- what is asked for ------------------------------------------------------------------

    def _set(self, node: int, text: str, bookmarked: bool) -> None:
        self.ask(SetNote(node, text, bookmarked))

    def choose(self, number: int, at: QPointF | None) -> None:
        note = self._listed[number].mark.note
        if at is not None and self._on_star(number, at):
            self._set(note.node, note.text, not note.bookmarked)
        elif number != self.current():
            self.ask(GoToNode(note.node))

    def point(self, number: int, at: QPointF) -> tuple[str, Hover]:
        mark = self._listed[number].mark
        hover = Hover(target=frozenset({mark.t} if mark.here else ()))
        name = " ".join(filter(None, (f"step {mark.t} “{mark.token}”", where(mark))))
        if self._on_star(number, at):
            how = "take the bookmark away from" if mark.note.bookmarked else "bookmark"
            return f"click to {how} {name}", hover
        text = " ".join(mark.note.text.split())
        short = text if len(text) <= SAID_CHARACTERS else f"{text[: SAID_CHARACTERS - 1]}…"
        return f"{name}: {short}" if short else f"{name}: bookmarked", hover

    def _on_star(self, number: int, at: QPointF) -> bool:
        return self._painter.star(self.list.place(number)).contains(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.edit()
        else:
            super().keyPressEvent(event)

    def fill_menu(self, menu: QMenu, number: int) -> None:
        note = self._listed[number].mark.note
        go = menu.addAction("&Go to its step")
        go.setEnabled(number != self.current())
        go.triggered.connect(lambda: self.ask(GoToNode(note.node)))
        star = menu.addAction("Take the &bookmark away" if note.bookmarked else "&Bookmark")
        star.triggered.connect(lambda: self._set(note.node, note.text, not note.bookmarked))
        delete = menu.addAction("&Delete the note")
        delete.triggered.connect(lambda: self._set(note.node, "", False))
