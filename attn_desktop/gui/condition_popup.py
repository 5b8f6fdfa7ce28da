"""What may be typed next, in a list below the text cursor that leaves the keyboard where it is."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPalette
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from attn_desktop.analysis.conditions import Completion
from attn_desktop.gui.painting import fill_rounded
from attn_desktop.gui.row_list import SMALL, Row, RowList, line_height, write
from attn_desktop.gui.theme import Theme

#: Most rows at once, and the width of the list in pixels at normal type.
ROWS, WIDTH = 8, 400
#: Pixels at normal type: at both sides of a row, between a name and its help, above and below.
EDGE, GAP, PAD = 8, 10, 3
#: Pixels of the line around all.
FRAME = 1
#: Largest share of a row that a name takes while it has help.
MOST_NAME = 0.6


class CompletionPopup(QFrame):
    """taken: a candidate was clicked.

    A window of its own, so that it may be wider than the panel; as a tooltip it takes no focus.
    """

    taken = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.ToolTip | Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setObjectName("completions")
        self.framed = False
        self.candidates: tuple[Completion, ...] = ()
        #: Which one Enter takes; None where it takes none.
        self.at: int | None = None
        self.list = RowList(self)
        self.list.setAccessibleName("What may be typed next")
        self.list.setUniformItemSizes(True)
        self.list.chosen.connect(self._clicked)
        # As low as one row; by itself a list asks for more.
        self.list.setMinimumHeight(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Show the same in other colours or sizes."""
        self.theme = theme
        colours = self.list.palette()
        colours.setColor(QPalette.ColorRole.Base, theme.colour("card"))
        self.list.setPalette(colours)
        line = f"{FRAME}px solid {theme.border}"
        self.setStyleSheet(f"#completions {{ background: {theme.card}; border: {line}; }}")

    def offer(self, candidates: Sequence[Completion], chosen: bool, cursor: QRect) -> None:
        """Show candidates at the cursor, whose place is in the pixels of the screen.

        chosen: whether Enter takes the first of them.
        """
        self.candidates, self.at = tuple(candidates), 0 if chosen else None
        rows = [
            Row(at, f"{one.label}: {one.help}", f"<p>{html.escape(one.help)}</p>", True)
            for at, one in enumerate(self.candidates)
        ]
        room = self.screen().availableGeometry()
        high = min(ROWS, len(rows)) * self.row_height(0) + 2 * FRAME
        wide = min(self._width(), self.theme.px(WIDTH), room.width())
        place = QRect(cursor.left(), cursor.bottom() + 2, wide, high)
        if place.bottom() > room.bottom():
            place.moveBottom(cursor.top() - 2)
        place.moveRight(min(place.right(), room.right()))
        place.moveLeft(max(place.left(), room.left()))
        self.setGeometry(place)
        self.list.show_rows(rows)
        self.list.scrollToTop()
        self.show()

    def _width(self) -> int:
        """Pixels in which every row has all its words."""
        theme, px = self.theme, self.theme.px
        name, small = QFontMetricsF(theme.font()), QFontMetricsF(theme.font(SMALL))
        words = max(
            name.horizontalAdvance(one.label) + small.horizontalAdvance(one.help)
            for one in self.candidates
        )
        bar = self.list.verticalScrollBar().sizeHint().width()
        beside = bar if len(self.candidates) > ROWS else 0
        return math.ceil(words) + 2 * px(EDGE) + px(GAP) + 2 + beside + 2 * FRAME

    def move_by(self, rows: int) -> None:
        """Choose another one, around the ends."""
        count = len(self.candidates)
        start = self.at if self.at is not None else (-1 if rows > 0 else count)
        # A page stops at the ends.
        self.at = (start + rows) % count if abs(rows) == 1 else max(0, min(count - 1, start + rows))
        self.list.bring(self.at)
        self.list.viewport().update()

    def _clicked(self, number: int) -> None:
        self.taken.emit(self.candidates[number])

    # -- as what paints the rows ------------------------------------------------------------

    def current(self) -> int | None:
        return self.at

    def row_height(self, number: int) -> int:
        return round(line_height(self.theme.font())) + 2 * self.theme.px(PAD)

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        theme, px, one = self.theme, self.theme.px, self.candidates[number]
        if number == self.at:
            hue = theme.hue("source", 0.25 if theme.dark else 0.16)
            fill_rounded(painter, area.adjusted(px(2), px(1), -px(2), -px(1)), px(4), hue)
        line = area.adjusted(px(EDGE), 0, -px(EDGE), 0)
        needed = QFontMetricsF(theme.font()).horizontalAdvance(one.label) + 1
        most = line.width() * (MOST_NAME if one.help else 1.0)
        name = QRectF(line.left(), line.top(), min(needed, most), line.height())
        write(painter, name, theme.font(), theme.colour("text"), one.label)
        line.setLeft(name.right() + px(GAP))
        write(painter, line, theme.font(SMALL), theme.colour("dim"), one.help)
