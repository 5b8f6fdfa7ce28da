"""The branches: every way that was decoded from the same source, as a list to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QLabel,
    QListView,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from attn_desktop.gui.intents import ShowBranch
from attn_desktop.gui.painting import elided
from attn_desktop.gui.panel import Change, Panel, Table
from attn_desktop.gui.scene import Branch
from attn_desktop.gui.theme import Theme

BRANCH = Qt.ItemDataRole.UserRole
AnyIndex = QModelIndex | QPersistentModelIndex
ALONE = (
    "One branch so far. Change the mode, the seed or a token at any step: "
    "what follows becomes a branch."
)


class BranchesPanel(Panel):
    """Click a branch to show it; the playhead stays at its step."""

    name = "branches"
    title = "Branches"
    about = (
        "Every change of mode, seed or token decodes y_t, y_{t+1}, … again as a branch beside the "
        "others.\nClick one to show it; the playhead stays at its step."
    )
    natural = (230, 200)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._model = _Branches()
        self.list = QListView()
        self.list.setAccessibleName("Branches")
        self.list.setModel(self._model)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setMouseTracking(True)
        self._delegate = _Delegate(theme, self.list)
        self.list.setItemDelegate(self._delegate)
        self.list.clicked.connect(self._chosen)
        self.list.activated.connect(self._chosen)
        self.list.entered.connect(self._say)
        self._alone = QLabel(ALONE)
        self._alone.setWordWrap(True)
        self._alone.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._alone)

    def draw(self, change: Change) -> None:
        branches = self.scene.branches
        if change.source:
            self._delegate.theme = self.theme
            self._alone.setFont(self.theme.font())
            self._alone.setMargin(self.theme.px(12))
            self._alone.setStyleSheet(f"color: {self.theme.dim};")
            self.list.setStyleSheet(f"QListView {{ background: {self.theme.card}; }}")
            self._model.layoutChanged.emit()
        self._stack.setCurrentWidget(self.list if len(branches) > 1 else self._alone)
        if branches != self._model.branches:
            self._model.show(branches)
            for row, branch in enumerate(branches):
                if branch.shown:
                    self.list.setCurrentIndex(self._model.index(row))

    def caption(self) -> str:
        count = len(self.scene.branches)
        return f"{count} branches" if count > 1 else ""

    def table(self) -> Table:
        rows = [
            (b.about, b.parted, b.steps, str(b.mode), b.text, b.complete, b.shown)
            for b in self.scene.branches
        ]
        columns = ("branch", "parted at t", "steps", "mode", "text", "complete", "shown")
        return Table(columns, rows)

    def _chosen(self, index: QModelIndex) -> None:
        branch: Branch = index.data(BRANCH)
        if not branch.shown:
            self.ask(ShowBranch(branch.leaf))

    def _say(self, index: QModelIndex) -> None:
        branch: Branch = index.data(BRANCH)
        end = "" if branch.complete else " (not ended)"
        self.said.emit(f"{branch.about}: {branch.text}{end} · {branch.steps} steps · {branch.mode}")


class _Branches(QAbstractListModel):
    """The branches of the scene, one a row."""

    def __init__(self) -> None:
        super().__init__()
        self.branches: Sequence[Branch] = ()

    def show(self, branches: Sequence[Branch]) -> None:
        """Hold these branches and no others."""
        self.beginResetModel()
        self.branches = branches
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() else len(self.branches)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        branch = self.branches[index.row()]
        if role == BRANCH:
            return branch
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return f"{branch.about}\n{branch.text}"
        return None


class _Delegate(QStyledItemDelegate):
    """A row: a circle on the rail, what makes the branch differ, and what it says."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(80, self.theme.px(42))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        theme, branch = self.theme, index.data(BRANCH)
        area: QRect = option.rect
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, theme.colour("raised"))
        last = index.row() == index.model().rowCount() - 1
        self._paint_rail(painter, area, branch.shown, index.row() == 0, last)
        left = area.left() + theme.px(30)
        width = area.right() - theme.px(8) - left
        half = area.height() // 2
        font = theme.font(bold=branch.shown)
        painter.setFont(font)
        hard = branch.mode.weighting == "hard"
        painter.setPen(theme.ink("hard") if hard else theme.colour("text"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        top = QRect(left, area.top(), width, half + theme.px(2))
        painter.drawText(top, flags, elided(branch.about, font, width))
        small = theme.font(0.85)
        painter.setFont(small)
        painter.setPen(theme.colour("dim"))
        below = QRect(left, area.top() + half - theme.px(2), width, half)
        text = branch.text + ("" if branch.complete else " …")
        painter.drawText(below, flags, elided(text, small, width))
        painter.restore()

    def _paint_rail(
        self, painter: QPainter, area: QRect, shown: bool, first: bool, last: bool
    ) -> None:
        theme = self.theme
        centre = QPointF(area.left() + theme.px(14), area.top() + area.height() * 0.32)
        painter.setPen(QPen(theme.colour("border"), theme.px(1)))
        if not first:
            painter.drawLine(QPointF(centre.x(), area.top()), centre)
        if not last:
            painter.drawLine(centre, QPointF(centre.x(), area.bottom() + 1))
        hue = theme.hue("target") if shown else theme.colour("dim")
        painter.setPen(QPen(hue, theme.px(2)))
        painter.setBrush(hue if shown else theme.colour("card"))
        painter.drawEllipse(centre, theme.px(5), theme.px(5))
