"""A list in the colours of the theme, whose rows a panel paints."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from attn_desktop.gui.painting import elided, fill_rounded, focus_frame
from attn_desktop.gui.theme import Theme

#: Type of what stands below or behind the name of a row, relative to the window's.
SMALL = 0.85
#: Where no row is.
NOWHERE = -1
AnyIndex = QModelIndex | QPersistentModelIndex
LEFT = Qt.MouseButton.LeftButton


@dataclass(frozen=True)
class Row:
    """key: which thing it is, however the list has changed. words: for those who hear it.

    tip: its tooltip, as rich text. live: whether a click on it may do something.
    """

    key: Hashable
    words: str
    tip: str
    live: bool


class RowArtist(Protocol):
    """Who paints the rows. framed: whether the current one shows that keys go here."""

    theme: Theme
    framed: bool

    def current(self) -> int | None:
        """The row from which keys go up and down."""

    def row_height(self, number: int) -> int:
        """Pixels."""

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        """Paint a row on the card; pointed: whether the pointer is over it."""


class RowList(QListView):
    """chosen: a row was clicked, and where. pointed: the row under the pointer, or `NOWHERE`.

    Places are those of its viewport. pointer: where the mouse is, None elsewhere.
    """

    chosen = Signal(int, QPointF)
    pointed = Signal(int, QPointF)

    #: Pixels that a row asks for; one below the other they get all that there are.
    row_width = 80

    def __init__(self, artist: RowArtist) -> None:
        super().__init__()
        self.pointer: QPointF | None = None
        self._pressed = NOWHERE
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMouseTracking(True)
        self._model = _Model()
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(artist, self))

    def show_rows(self, rows: Sequence[Row]) -> None:
        """List these rows and no others, each in its height."""
        self._model.show(rows)
        self.doItemsLayout()

    def place(self, number: int) -> QRectF:
        """Where a row is."""
        return QRectF(self.visualRect(self._model.index(number)))

    def bring(self, number: int) -> None:
        """Bring a row into view."""
        self.scrollTo(self._model.index(number))

    def row_at(self, at: QPointF) -> int:
        """The row at a place, or `NOWHERE`."""
        return self.indexAt(at.toPoint()).row()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._pressed = self.row_at(event.position()) if event.button() == LEFT else NOWHERE

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # The first click has done what there was to do; its second half does nothing.
        super().mouseDoubleClickEvent(event)
        self._pressed = NOWHERE

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() != LEFT:
            return
        number, self._pressed = self._pressed, NOWHERE
        if number != NOWHERE and number == self.row_at(event.position()):
            self.chosen.emit(number, event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.pointer = event.position()
        self.pointed.emit(self.row_at(event.position()), event.position())

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.pointer = None
            self.pointed.emit(NOWHERE, QPointF())
        return super().viewportEvent(event)


class _Model(QAbstractListModel):
    """Rows by their place, so that a list that grows keeps its place."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[Row] = ()

    def show(self, rows: Sequence[Row]) -> None:
        """Hold these rows and no others."""
        before, after = len(self._rows), len(rows)
        if after > before:
            self.beginInsertRows(QModelIndex(), before, after - 1)
            self._rows = rows
            self.endInsertRows()
        elif after < before:
            self.beginRemoveRows(QModelIndex(), after, before - 1)
            self._rows = rows
            self.endRemoveRows()
        self._rows = rows
        if rows:
            self.dataChanged.emit(self.index(0), self.index(after - 1))

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        return {
            int(Qt.ItemDataRole.DisplayRole): row.words,
            int(Qt.ItemDataRole.ToolTipRole): row.tip,
        }.get(role)


class _Delegate(QStyledItemDelegate):
    """Has the artist paint the rows."""

    def __init__(self, artist: RowArtist, parent: RowList) -> None:
        super().__init__(parent)
        self._artist, self._list = artist, parent

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(self._list.row_width, self._artist.row_height(index.row()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        artist, px, number = self._artist, self._artist.theme.px, index.row()
        area = QRectF(option.rect)
        pointed = bool(option.state & QStyle.StateFlag.State_MouseOver)
        around = area.adjusted(px(2), px(1), -px(2), -px(1))
        painter.save()
        try:
            # A file has no windows that cut off what is beyond the rim of the list.
            painter.setClipRect(self._list.viewport().rect(), Qt.ClipOperation.IntersectClip)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if pointed:
                fill_rounded(painter, around, px(4), artist.theme.colour("faint"))
            if artist.framed and number == artist.current():
                focus_frame(painter, around, artist.theme)
            artist.paint_row(painter, area, number, pointed)
        finally:
            painter.restore()


def write(painter: QPainter, area: QRectF, font: QFont, ink: QColor, text: str) -> float:
    """Write a line from the left, elided where it has no room; how many pixels it took."""
    shown = elided(text, font, max(0.0, area.width()))
    painter.setFont(font)
    painter.setPen(ink)
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    return QFontMetricsF(font).horizontalAdvance(shown)


def line_height(font: QFont) -> float:
    """Of one line of a type, in pixels."""
    return QFontMetricsF(font).height()
