"""Panels that list something: rows chosen by pointer or by key, or a sentence in their place.

A subclass gives the rows and paints one; the keyboard stays with the panel, so that ← and → still
scrub after a click into the list.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from attn_desktop.gui.edit_menu import opens_menu
from attn_desktop.gui.intents import Hover
from attn_desktop.gui.panel import NEIGHBOURS, Change, Panel
from attn_desktop.gui.row_list import NOWHERE, Row, RowList
from attn_desktop.gui.theme import Theme


class RowPanel(Panel):
    """Rows of the scene below each other, or a sentence in their place.

    What a subclass has below the list goes to `column`.
    """

    of_mode = False

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        #: Whether the current row shows that keys go here.
        self.framed = False
        self._rows: Sequence[Row] = ()
        self._current: int | None = None
        self.list = RowList(self)
        self.list.setAccessibleName(self.title)
        self.list.chosen.connect(self._chosen)
        self.list.pointed.connect(self._pointed)
        self._blank = _Blank()
        self._stack = QStackedWidget()
        for widget in (self.list, self._blank):
            self._stack.addWidget(widget)
        # What is too little goes to the list, which scrolls.
        self._stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addWidget(self._stack, 1)

    # -- what a panel of rows defines -------------------------------------------------------

    def rows(self) -> Sequence[Row]:
        """What the scene has to list: the very same as long as nothing of it has changed."""
        raise NotImplementedError

    def blank(self) -> str:
        """What to say instead of the rows; empty to show them."""
        raise NotImplementedError

    def current(self) -> int | None:
        """The row that is kept in view and from which keys go up and down."""
        raise NotImplementedError

    def row_height(self, number: int) -> int:
        """Pixels."""
        raise NotImplementedError

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        """Paint a row on the card; pointed: whether the pointer is over it."""
        raise NotImplementedError

    def choose(self, number: int, at: QPointF | None) -> None:
        """A row was clicked at a place in the list, or is chosen by key (None)."""
        raise NotImplementedError

    def point(self, number: int, at: QPointF) -> tuple[str, Hover]:
        """What is under the pointer in a row, for the status line, and what it lights."""
        raise NotImplementedError

    def fill_menu(self, menu: QMenu, number: int) -> None:
        """Put into the context menu of a row what can be done with it."""

    # -- drawing ----------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        if change.source:
            self.paint_theme()
        rows, blank = self.rows(), self.blank()
        self._blank.setText(blank)
        self._stack.setCurrentWidget(self._blank if blank else self.list)
        anew = change.source or rows is not self._rows
        if anew:
            self._rows = rows
            self.list.show_rows(rows)
        moved = change.source or self.current() != self._current
        if moved:
            self._current = self.current()
            self.show_current()
        if anew or moved or change.light:
            self.list.viewport().update()

    def paint_theme(self) -> None:
        """Take over colours and sizes."""
        theme = self.theme
        colours = self.list.palette()
        colours.setColor(QPalette.ColorRole.Base, theme.colour("card"))
        colours.setColor(QPalette.ColorRole.WindowText, theme.colour("dim"))
        self.list.setPalette(colours)
        self._blank.setPalette(colours)
        self._blank.setFont(theme.font())
        self._blank.setMargin(theme.px(6))

    def show_current(self) -> None:
        """Bring the current row into view."""
        current = self.current()
        if current is not None:
            self.list.bring(current)

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().expandedTo(self.column.minimumSize())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_current()

    # -- pointer and keys ---------------------------------------------------------------------

    def _now(self, number: int) -> int:
        """Where a row that was seen is by now; `NOWHERE` if it is gone."""
        seen = self._rows[number].key if 0 <= number < len(self._rows) else None
        self.flush()
        if seen is None or self.blank():
            return NOWHERE
        return next((at for at, row in enumerate(self._rows) if row.key == seen), NOWHERE)

    def _chosen(self, number: int, at: QPointF) -> None:
        now = self._now(number)
        if now != NOWHERE and self._rows[now].live:
            self.choose(now, at)

    def _pointed(self, number: int, at: QPointF) -> None:
        now = self._now(number)
        said, hover = ("", Hover()) if now == NOWHERE else self.point(now, at)
        live = now != NOWHERE and self._rows[now].live
        shape = Qt.CursorShape.PointingHandCursor if live else Qt.CursorShape.ArrowCursor
        self.list.viewport().setCursor(shape)
        self.list.viewport().update()
        self.ask(hover)
        self.said.emit(said)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        by, current = NEIGHBOURS.get(Qt.Key(event.key())), self.current()
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if by is None or not plain or not self._rows:
            super().keyPressEvent(event)
            return
        # From nowhere, down goes to the first row and up to the last.
        at = current if current is not None else (-1 if by > 0 else len(self._rows))
        while 0 <= (at := at + by) < len(self._rows):
            if self._rows[at].live:
                self.choose(at, None)
                return

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.flush()
        number = self._asked_of(event)
        if number is None or self.blank() or not opens_menu(event):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        self.fill_menu(menu, number)
        if menu.isEmpty():
            menu.deleteLater()
            return
        below = self.list.viewport().mapToGlobal(self.list.place(number).bottomLeft().toPoint())
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        menu.popup(below if by_key else event.globalPos())

    def _asked_of(self, event: QContextMenuEvent) -> int | None:
        """The row that a context menu is about: by key the current one."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            return self.current()
        under = self.list.indexAt(self.list.viewport().mapFromGlobal(event.globalPos()))
        return under.row() if under.isValid() else None

    def frame(self, framed: bool) -> None:
        self.framed = framed
        self.list.viewport().update()


class _Blank(QLabel):
    """A sentence in the place of the rows, which claims no more room than they do."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def hasHeightForWidth(self) -> bool:
        return False
