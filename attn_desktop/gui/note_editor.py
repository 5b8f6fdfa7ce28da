"""Where a note is written: about one step, kept when its field is left, restored by Escape."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextCursor,
)
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QLabel, QSizePolicy, QWidget

from attn_desktop.gui.elided_label import ElidedLabel
from attn_desktop.gui.note_rows import paint_star
from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.text_field import CONTROL, ENTER, TextField
from attn_desktop.gui.theme import Theme
from attn_desktop.trace.annotations import MAX_TEXT
from attn_desktop.trace.records import RunRecord

#: Lines of the field at least, and at most as it grows with its text.
FEWEST_LINES, MOST_LINES = 2, 6
UNSAVED, ADRIFT = "Ctrl+Enter keeps it", "not kept yet"
NO_STEP = "Go to a step to write about it."


@dataclass(frozen=True)
class Subject:
    """The step that a note is about, and what is written about it already."""

    node: int
    t: int
    token: str
    text: str
    bookmarked: bool


class NoteField(TextField):
    """Enter breaks the line, Ctrl+Enter submits. restored: Escape. left: the keyboard went."""

    restored = Signal()
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER and event.modifiers() & CONTROL:
            if not event.isAutoRepeat():
                self.submitted.emit()
        elif event.key() in ENTER:
            self.insertPlainText("\n")
            self.ensureCursorVisible()
        elif event.key() == Qt.Key.Key_Escape:
            self.restored.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        # Its own menu only borrows the keyboard.
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit()


class StarButton(QAbstractButton):
    """Whether the step is bookmarked."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.setCheckable(True)
        self.setAccessibleName("Bookmark")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip("Bookmark this step, or no longer (Ctrl+F2)")

    def sizeHint(self) -> QSize:
        return QSize(self.theme.px(20), self.theme.px(18))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = QPointF(self.rect().center()) + QPointF(0.5, 0.5)
        if self.isEnabled():
            paint_star(painter, centre, self.theme, self.isChecked(), self.underMouse())
        if self.hasFocus():
            painter.setPen(QPen(self.theme.hue("source"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 3, 3)
        painter.end()


class NoteEditor(QWidget):
    """kept: node, text and bookmark, to be written. refused: why they are not. done: keys may go.

    What is written belongs to its step: it is kept when the keyboard or the playhead goes away.
    Should the source be replaced meanwhile it stays in the field, to be kept by hand or dropped.
    """

    kept = Signal(int, str, bool)
    refused = Signal(str)
    done = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._run: RunRecord | None = None
        self._subject: Subject | None = None
        self._adrift = False
        self._room = math.inf
        self.field = NoteField()
        self.field.setAccessibleName("Note")
        self.field.setToolTip(
            "What there is to say about this step. Ctrl+Enter keeps it, as leaving the field does; "
            "Escape restores what was there. Empty: no note."
        )
        self.field.submitted.connect(self._submit)
        self.field.restored.connect(self._restore)
        self.field.left.connect(self._leave)
        self.field.refused.connect(self.refused)
        self.field.textChanged.connect(self._edited)
        self.star = StarButton(theme)
        self.star.clicked.connect(self._toggle)
        self.about, self.state = ElidedLabel(), QLabel()
        self.field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._grid = QGridLayout(self)
        self._grid.addWidget(self.about, 0, 0)
        self._grid.addWidget(self.state, 0, 1)
        self._grid.addWidget(self.star, 0, 2)
        self._grid.addWidget(self.field, 1, 0, 1, 3)
        self._grid.setColumnStretch(0, 1)
        self.set_theme(theme)
        self._tell()

    # -- what it is given -------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Show the same in other colours or sizes."""
        self._theme = self.star.theme = theme
        px, field = theme.px, self.field
        field.set_colours(theme)
        field.setFont(theme.font())
        # What stands there while it is empty; with a style sheet Qt does not hand the font on.
        field.viewport().setFont(theme.font())
        self.about.setFont(theme.font(SMALL, bold=True))
        self.state.setFont(theme.font(SMALL))
        self.state.setStyleSheet(f"color: {theme.dim};")
        self._grid.setContentsMargins(px(6), px(3), px(6), px(6))
        self._grid.setHorizontalSpacing(px(4))
        self._grid.setVerticalSpacing(px(2))
        self.star.updateGeometry()
        self._tell()
        self.fit()

    def show_step(self, run: RunRecord | None, subject: Subject | None) -> None:
        """Write about this step from now on; None: before the first one."""
        before, unsaved = self._subject, self._unsaved()
        moved = before is None or subject is None or before.node != subject.node
        if unsaved and run is not self._run:
            self._adrift = True
        elif unsaved and moved and not self._adrift:
            self._adrift = not self._keep()
        self._run, self._subject = run, subject
        if not self._adrift and (moved or not unsaved):
            self._fill()
        self._tell()

    def edit(self) -> None:
        """Take the keyboard, behind what is written."""
        if self._subject is None:
            self.refused.emit(NO_STEP)
            return
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.moveCursor(QTextCursor.MoveOperation.End)

    def fit(self, room: float | None = None) -> None:
        """Make the field as high as its text. room: pixels that all of this may take at most."""
        self._room = self._room if room is None else room
        field = self.field
        frame = field.height_of(0)
        margins = self._grid.contentsMargins()
        beside = margins.top() + self.star.sizeHint().height() + margins.bottom()
        fitting = (self._room - beside - frame) / (field.height_of(1) - frame)
        lines = max(FEWEST_LINES, min(field.lines(), int(min(MOST_LINES, fitting))))
        field.setFixedHeight(field.height_of(lines))

    # -- keeping ----------------------------------------------------------------------------

    def _text(self) -> str:
        """What would be kept. A half of a character that a paste may hold cannot be saved."""
        return self.field.text().encode("utf-8", "replace").decode().strip()

    def _unsaved(self) -> bool:
        return self._adrift or self._text() != ("" if self._subject is None else self._subject.text)

    def _keep(self, bookmarked: bool | None = None) -> bool:
        """Ask for what is written to be kept, unless it is already; whether all is well."""
        text, subject = self._text(), self._subject
        if subject is None:
            self.refused.emit(NO_STEP)
            return False
        if len(text) > MAX_TEXT:
            self.refused.emit(f"{len(text):,} characters; a note has at most {MAX_TEXT:,}")
            return False
        star = subject.bookmarked if bookmarked is None else bookmarked
        now = replace(subject, text=text, bookmarked=star)
        self._adrift = False
        if now != subject:
            self._subject = now
            self.kept.emit(now.node, text, star)
        self._tell()
        return True

    def _submit(self) -> None:
        if self._keep():
            self.done.emit()

    def _leave(self) -> None:
        # Adrift, it would be written about a step that nobody meant.
        if not self._adrift and self._unsaved() and self._subject is not None:
            self._keep()

    def _restore(self) -> None:
        self._adrift = False
        self._fill()
        self._tell()
        self.done.emit()

    def _toggle(self) -> None:
        if self._subject is not None and not self._keep(not self._subject.bookmarked):
            self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(self._theme.colour("border"), 1))
        painter.drawLine(QPointF(0, 0.5), QPointF(self.width(), 0.5))
        painter.end()

    # -- what is seen -----------------------------------------------------------------------

    def _fill(self) -> None:
        text = "" if self._subject is None else self._subject.text
        if self.field.text() != text:
            self.field.setPlainText(text)

    def _edited(self) -> None:
        self.fit()
        self._tell()

    def _tell(self) -> None:
        """Which step it is about, and whether there is something to keep."""
        theme, subject, unsaved = self._theme, self._subject, self._unsaved()
        ink = theme.dim if subject is None else theme.inks["target"]
        self.about.setStyleSheet(f"color: {ink};")
        self.about.set_full_text(NO_STEP if subject is None else f"t={subject.t}  {subject.token}")
        self.state.setText((ADRIFT if self._adrift else UNSAVED) if unsaved else "")
        self.state.setVisible(unsaved)
        self.field.setEnabled(subject is not None or unsaved)
        self.field.setPlaceholderText("" if subject is None else "Write about this step (F2)")
        self.star.setEnabled(subject is not None)
        self.star.setChecked(subject is not None and subject.bookmarked)
        self.star.update()
