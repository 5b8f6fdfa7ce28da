"""The line above the positions: what the columns are; a click puts the rows in that order."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from attn_desktop.gui.each_layout import ALPHA, CHOSEN, JS, SOURCE, TOKEN, EachColumns
from attn_desktop.gui.painting import write_longest
from attn_desktop.gui.row_list import SMALL, line_height
from attn_desktop.gui.theme import Theme

#: What a column is called, the longest first, and what its order is called.
NAMES = {
    SOURCE: ("h_j",),
    ALPHA: ("α_j",),
    TOKEN: ("likeliest tokens, log p(· | h_j)", "tokens, log p", "tokens"),
    CHOSEN: ("log p(y)", "log p", "y"),
    JS: ("JS",),
}
ORDERS = {
    SOURCE: "order of the source",
    ALPHA: "largest α_j",
    TOKEN: "surest of its likeliest token",
    CHOSEN: "largest log p(y_t | h_j)",
    JS: "farthest from soft (JS)",
}
MARK = " ▾"


class EachHeader(QWidget):
    """ordered: by which column the rows are to be in order. said: what is under the pointer."""

    ordered = Signal(str)
    said = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._columns: EachColumns | None = None
        self._order = SOURCE
        self._pointed: str | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_columns(self, columns: EachColumns | None, order: str, theme: Theme) -> None:
        """Stand above these columns, of which one gives the order; None: above nothing."""
        self._columns, self._order, self._theme = columns, order, theme
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(1, round(line_height(self._theme.font(SMALL))) + self._theme.px(3))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        try:
            painter.fillRect(self.rect(), theme.colour("card"))
            if self._columns is None:
                return
            area = QRectF(self.rect())
            for name in self._columns.spans:
                texts = NAMES[name]
                own = name == self._order
                painter.setFont(theme.font(SMALL, bold=own))
                strong = own or name == self._pointed
                painter.setPen(theme.colour("text" if strong else "dim"))
                right = name in (CHOSEN, JS)
                side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
                shown = [f"{text}{MARK}" for text in texts] if own else texts
                write_longest(painter, self._columns.area(name, area), shown, side)
        finally:
            painter.end()

    def _at(self, event: QMouseEvent) -> str | None:
        return None if self._columns is None else self._columns.at(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        name = self._at(event)
        if event.button() == Qt.MouseButton.LeftButton and name is not None:
            self.ordered.emit(name)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)
        super().leaveEvent(event)

    def _point(self, name: str | None) -> None:
        self._pointed = name
        hand, arrow = Qt.CursorShape.PointingHandCursor, Qt.CursorShape.ArrowCursor
        self.setCursor(arrow if name is None else hand)
        self.said.emit("" if name is None else f"click to put rows in this order: {ORDERS[name]}")
        self.update()
