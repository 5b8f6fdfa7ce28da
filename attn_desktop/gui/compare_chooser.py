"""Where nothing is compared yet: what comparing is, and the branches to compare with."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPalette
from PySide6.QtWidgets import (
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.scene import Branch
from attn_desktop.gui.theme import Theme

INVITATION = (
    "Choose a branch to compare the one shown with, here or with “compare” in Branches: "
    "how α and log p differ step by step, and where they part."
)
ALONE = (
    "There is one branch so far. Change the mode, the seed, a token or α at any step: "
    "what follows becomes a branch, which can be compared with this one."
)
BRANCH = Qt.ItemDataRole.UserRole
#: Type of a branch's text, relative to the window's.
SMALL = 0.85


class BranchChooser(QWidget):
    """chosen: the last node of a branch to compare with."""

    chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._text, self.list = QLabel(INVITATION), QListWidget()
        self._text.setWordWrap(True)
        self.list.setAccessibleName("Branches to compare with")
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setMouseTracking(True)
        self._rows = _Rows(theme, self.list)
        self.list.setItemDelegate(self._rows)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self.list.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self._text)
        self._layout.addWidget(self.list, 1)
        self._branches: tuple[Branch, ...] | None = None

    def set_theme(self, theme: Theme) -> None:
        colours = self.palette()
        colours.setColor(QPalette.ColorRole.Base, theme.colour("card"))
        colours.setColor(QPalette.ColorRole.WindowText, theme.colour("dim"))
        for widget in (self._text, self.list):
            widget.setPalette(colours)
        self._text.setFont(theme.font())
        self._layout.setContentsMargins(*[theme.px(6)] * 4)
        self._layout.setSpacing(theme.px(6))
        self._rows.theme = theme
        self.list.doItemsLayout()

    def show_branches(self, branches: tuple[Branch, ...]) -> None:
        """Offer all that have been decoded, but the one shown."""
        others = tuple(b for b in branches if not b.shown and b.leaf is not None)
        if others == self._branches:
            return
        self._branches = others
        self._text.setText(INVITATION if others else ALONE)
        self.list.clear()
        for branch in others:
            item = QListWidgetItem(f"{branch.about}: {branch.text}", self.list)
            item.setData(BRANCH, branch)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(BRANCH).leaf)


class _Rows(QStyledItemDelegate):
    """A branch a row: what makes it differ, and below it what it says."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def _heights(self) -> tuple[float, float]:
        high, low = (QFontMetricsF(self.theme.font(size)).height() for size in (1.0, SMALL))
        return high, low

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # type: ignore[override]
        return QSize(60, round(sum(self._heights())) + self.theme.px(8))

    def paint(  # type: ignore[override]
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        theme, px = self.theme, self.theme.px
        branch: Branch = index.data(BRANCH)
        area = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        states = QStyle.StateFlag.State_MouseOver, QStyle.StateFlag.State_HasFocus
        if any(option.state & state for state in states):
            fill_rounded(painter, area.adjusted(0, 1, 0, -1), px(4), theme.colour("faint"))
        high, low = self._heights()
        line = area.adjusted(px(6), px(4), -px(6), 0)
        line.setHeight(high)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        for text, font, colour in (
            (branch.about, theme.font(), "text"),
            (branch.text if branch.complete else f"{branch.text} …", theme.font(SMALL), "dim"),
        ):
            painter.setFont(font)
            painter.setPen(theme.colour(colour))
            painter.drawText(line, flags, elided(text, font, line.width()))
            line.translate(0, high)
            line.setHeight(low)
        painter.restore()
