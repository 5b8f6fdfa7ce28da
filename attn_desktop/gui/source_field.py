"""The field for a source text: parts of it can be marked, and pictures are handed on."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit

from attn_desktop.gui.picture_files import has_picture, picture_in
from attn_desktop.gui.text_field import TextField, utf16_length


class SourceField(TextField):
    """pictured: an `OpenPicture`, `OpenGallery` or `OpenDocument` that was pasted or dropped."""

    pictured = Signal(object)

    def mark(self, spans: Iterable[tuple[int, int]], colour: QColor) -> None:
        """Put a colour behind the characters from start to end of each span."""
        text, marks = self.text(), []
        for start, end in spans:
            cursor = QTextCursor(self.document())
            cursor.setPosition(utf16_length(text[:start]))
            cursor.setPosition(utf16_length(text[:end]), QTextCursor.MoveMode.KeepAnchor)
            mark, look = QTextEdit.ExtraSelection(), QTextCharFormat()
            look.setBackground(colour)
            mark.format, mark.cursor = look, cursor
            marks.append(mark)
        self.setExtraSelections(marks)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return has_picture(source) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        found = picture_in(source) if has_picture(source) else None
        if found is None:
            super().insertFromMimeData(source)
        else:
            self.pictured.emit(found)
