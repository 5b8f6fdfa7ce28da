"""Every command of the window by name: type some of its letters, press Enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QAction,
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QTextDocumentFragment,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.gui.fuzzy import match
from attn_desktop.gui.theme import Theme

WIDTH, TOP, ROWS = 620, 8, 12
#: Points of a command whose name does not match, but its shortcut or description does.
ELSEWHERE = -100.0
AnyIndex = QModelIndex | QPersistentModelIndex
MOVES = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -(ROWS - 1),
    Qt.Key.Key_PageDown: ROWS - 1,
}


@dataclass(frozen=True)
class Command:
    """One action as it is shown. about: the first line of its tooltip, if that says more."""

    action: QAction
    text: str
    shortcut: str
    about: str


def describe(action: QAction) -> Command:
    """An action in words: without mnemonics, markup and the dots of a menu."""
    text = plain_text(action)
    tip = action.toolTip()
    if tip.lstrip().startswith("<"):
        tip = QTextDocumentFragment.fromHtml(tip).toPlainText()
    shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    about = (tip.strip().splitlines() or [""])[0].strip()
    about = about.removesuffix(f"({shortcut})").strip() if shortcut else about
    same = about.rstrip("….") == text.rstrip("….")
    return Command(action, text, shortcut, "" if same else about)


def plain_text(action: QAction) -> str:
    """The text of an action without the & before its mnemonic."""
    return action.text().replace("&&", "\0").replace("&", "").replace("\0", "&")


class CommandPalette(QFrame):
    """Lies over the top of the window that is its parent until a command is chosen or it is left.

    actions: what can be chosen; separators, submenus and invisible ones are left out. The action
    is triggered after the palette has closed and the focus is back where it was.
    """

    def __init__(self, actions: Sequence[QAction], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._window = theme, parent
        self._commands = [
            describe(action)
            for action in actions
            if action.isVisible() and not action.isSeparator() and action.menu() is None
        ]
        self._focus_before: QWidget | None = None
        self._closing = False
        self.edit = QLineEdit(placeholderText="Type a command")
        self.edit.setAccessibleName("Command")
        self.list = QListView()
        self._rows = _Rows(self)
        self.list.setModel(self._rows)
        self.list.setItemDelegate(_Delegate(theme, self.list))
        self._empty = QLabel("No command has these letters.")
        self._build()
        self.edit.textChanged.connect(self._search)
        self.list.clicked.connect(self._run)
        self._search("")

    def open(self) -> None:
        """Show it and take the keyboard."""
        self._focus_before = QApplication.focusWidget()
        self._place()
        self.show()
        self.raise_()
        self.edit.setFocus(Qt.FocusReason.PopupFocusReason)

    def shown_commands(self) -> list[Command]:
        """What the list shows, best match first."""
        return self._rows.commands

    def _build(self) -> None:
        theme = self._theme
        self.setFont(theme.font())
        self.setAutoFillBackground(True)
        self.setObjectName("palette")
        self.setStyleSheet(
            f"#palette {{ background: {theme.card}; border: 1px solid {theme.border};"
            f" border-radius: {theme.px(8)}px; }}"
            f"QLineEdit {{ background: {theme.raised}; border: 1px solid {theme.border};"
            f" border-radius: {theme.px(5)}px; padding: {theme.px(5)}px {theme.px(8)}px;"
            f" color: {theme.text}; }}"
            f"QListView {{ background: {theme.card}; border: none; outline: none; }}"
            f"QLabel {{ color: {theme.dim}; padding: {theme.px(8)}px; }}"
        )
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.entered.connect(self.list.setCurrentIndex)
        layout = QVBoxLayout(self)
        margin = theme.px(8)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(theme.px(6))
        for widget in (self.edit, self.list, self._empty):
            layout.addWidget(widget)
        self.edit.installEventFilter(self)
        self._window.installEventFilter(self)

    # -- searching ------------------------------------------------------------------------

    def _search(self, query: str) -> None:
        ranked = [
            (score, -row, command)
            for row, command in enumerate(self._commands)
            if (score := _score(query, command)) is not None
        ]
        ranked.sort(key=lambda entry: entry[:2], reverse=True)
        self._rows.show([command for _, _, command in ranked])
        self.list.setVisible(bool(ranked))
        self._empty.setVisible(not ranked)
        if ranked:
            self.list.setCurrentIndex(self._rows.index(0))
            self.list.scrollToTop()
        self._place()

    def _place(self) -> None:
        """At the top centre of the window, as high as its rows but inside."""
        theme, window = self._theme, self._window.rect()
        row = self.list.sizeHintForRow(0)
        rows = max(1, min(ROWS, len(self._rows.commands))) * max(row, 1)
        chrome = self.edit.sizeHint().height() + 2 * theme.px(8) + theme.px(6) + 2
        width = min(theme.px(WIDTH), window.width() - 2 * theme.px(TOP))
        height = min(chrome + (rows if row > 0 else theme.px(40)), window.height() * 4 // 5)
        self.setGeometry((window.width() - width) // 2, theme.px(TOP), width, height)

    # -- choosing -------------------------------------------------------------------------

    def _run(self, index: AnyIndex) -> None:
        if not index.isValid():
            return
        action = self._rows.commands[index.row()].action
        if not action.isEnabled():
            return
        self._close()
        action.trigger()

    def _close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._window.removeEventFilter(self)
        self.hide()
        if self._focus_before is not None and self._focus_before.isVisible():
            self._focus_before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.deleteLater()

    def _move(self, rows: int) -> None:
        count = len(self._rows.commands)
        if count:
            row = self.list.currentIndex().row() + rows
            # Single steps go round, pages stop at the ends.
            row = row % count if abs(rows) == 1 else max(0, min(count - 1, row))
            self.list.setCurrentIndex(self._rows.index(row))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window:
            if event.type() == QEvent.Type.Resize:
                self._place()
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # while one types here, no key is a shortcut of the window
            return True
        if isinstance(event, QFocusEvent) and event.lostFocus():
            own_menu = event.reason() == Qt.FocusReason.PopupFocusReason
            if self.isActiveWindow() and not own_menu:
                self._close()
        return isinstance(event, QKeyEvent) and self._key(event)

    def _key(self, event: QKeyEvent) -> bool:
        """Do what a pressed key asks for; whether it asks for anything but text."""
        if event.type() != QEvent.Type.KeyPress:
            return False
        key = Qt.Key(event.key())
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if key == Qt.Key.Key_Escape or (key == Qt.Key.Key_P and event.modifiers() == both):
            self._close()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentIndex())
        elif key in MOVES:
            self._move(MOVES[key])
        else:
            return key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
        return True


def _score(query: str, command: Command) -> float | None:
    found = match(query, command.text)
    if found is not None:
        return found.score
    words = query.strip().casefold()
    other = f"{command.shortcut}\n{command.about}".casefold()
    return ELSEWHERE if words and words in other else None


class _Rows(QAbstractListModel):
    """The commands that match, one a row."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.commands: list[Command] = []

    def show(self, commands: list[Command]) -> None:
        """Show these and no others."""
        self.beginResetModel()
        self.commands = commands
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self.commands)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        command = self.commands[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return command.text
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return f"{command.about} {command.shortcut}".strip()
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        # A row that cannot be chosen can still be gone past; the delegate shows it grey.
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled


class _Delegate(QStyledItemDelegate):
    """A row: text and description at the left, the shortcut at the right."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        height = QFontMetrics(self._theme.font()).height() + self._theme.px(10)
        return QSize(self._theme.px(120), height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        theme = self._theme
        rows = index.model()
        if not isinstance(rows, _Rows):
            return
        command = rows.commands[index.row()]
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.hue("source", 0.25 if theme.dark else 0.16))
            painter.drawRoundedRect(area, theme.px(5), theme.px(5))
        area = area.adjusted(theme.px(8), 0, -theme.px(8), 0)
        usable = command.action.isEnabled()
        dim = theme.colour("dim", 1.0 if usable else 0.5)
        small = theme.font(0.9)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        used = _write(painter, area, command.shortcut, right, small, dim)
        area.setRight(area.right() - used - (theme.px(12) if used else 0))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        tick = "✓ " if command.action.isChecked() else ""
        ink = theme.colour("text") if usable else dim
        used = _write(painter, area, tick + command.text, left, theme.font(), ink)
        area.setLeft(area.left() + used + theme.px(12))
        _write(painter, area, command.about, left, small, dim)
        painter.restore()


def _write(
    painter: QPainter,
    area: QRect,
    text: str,
    alignment: Qt.AlignmentFlag,
    font: QFont,
    colour: QColor,
) -> int:
    """Write a line into an area, cut with an ellipsis; the width that it took."""
    metrics = QFontMetrics(font)
    cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, area.width()))
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(area, alignment, cut)
    return metrics.horizontalAdvance(cut)
