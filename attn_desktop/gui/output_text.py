"""The output of a branch as running text on few lines, what comes after the playhead pale."""

from __future__ import annotations

import html
import math

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QSizePolicy

from attn_desktop.gui.theme import Theme, faded

TITLE = "Output"
MOST_LINES = 3
#: Type of the title, relative to the window's.
SMALL = 0.8


class OutputText(QLabel):
    """Takes up to three lines, as there is room; the tooltip has all of a text that is cut.

    The title stands in front of the first line and is not selected with the text.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._text, self._known = "", 0
        self._title = QLabel(TITLE, self)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Show the same in other colours or sizes."""
        self._theme = theme
        self.setFont(theme.font())
        self._title.setFont(theme.font(SMALL))
        self._title.setStyleSheet(f"color: {theme.dim};")
        self._title.adjustSize()
        ascents = [QFontMetricsF(theme.font(size)).ascent() for size in (1.0, SMALL)]
        self._title.move(QPoint(0, round(ascents[0] - ascents[1])))
        self._fit()

    def set_output(self, text: str, known: str) -> None:
        """All of a branch's output, and how it begins up to the playhead."""
        # Half of a character that several pieces spell is not how it begins.
        while not text.startswith(known):
            known = known[:-1]
        if (text, len(known)) != (self._text, self._known):
            self._text, self._known = text, len(known)
            self.setVisible(bool(text))
            self._fit()

    def hasHeightForWidth(self) -> bool:
        return False  # or else all lines would have to have room

    def sizeHint(self) -> QSize:
        return QSize(self._title.width(), self._high(min(len(self._lines()), MOST_LINES)))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._title.width(), self._high(1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
        self._fit()

    def _high(self, lines: int) -> int:
        return lines * math.ceil(QFontMetricsF(self.font()).lineSpacing())

    def _indent(self) -> int:
        return self._title.width() + self._theme.px(6)

    def _lines(self) -> list[int]:
        """Where each line of the whole text begins at the present width."""
        layout, option = QTextLayout(self._text, self.font()), QTextOption()
        starts: list[int] = []
        option.setWrapMode(QTextOption.WrapMode.WordWrap)
        layout.setTextOption(option)
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(1.0, self.width() - 1 - (0 if starts else self._indent())))
            starts.append(line.textStart())
        layout.endLayout()
        return starts

    def _fit(self) -> None:
        """Show as much as there is room for."""
        starts, shown = self._lines(), self._text
        room = min(self.height() // self._high(1), MOST_LINES)
        self._title.setVisible(room > 0)
        if not room:
            shown = ""
        elif len(starts) > room:
            last = starts[room - 1]
            width = self.width() - 1 - (self._indent() if room == 1 else 0)
            right = Qt.TextElideMode.ElideRight
            shown = shown[:last] + self.fontMetrics().elidedText(shown[last:], right, width)
        ink = self._theme.ink("target")
        parts = ((shown[: self._known], ink), (shown[self._known :], faded(ink.name(), 0.5)))
        colours = "".join(_span(text, colour) for text, colour in parts if text)
        self.setText(f'<p style="text-indent: {self._indent()}px;">{colours}</p>')
        self.setToolTip(f"<p>{html.escape(self._text)}</p>" if shown != self._text else "")


def _span(text: str, ink: QColor) -> str:
    rgba = f"rgba({ink.red()}, {ink.green()}, {ink.blue()}, {ink.alpha()})"
    return f'<span style="color: {rgba};">{html.escape(text)}</span>'
