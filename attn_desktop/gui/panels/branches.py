"""The branches: every way that was decoded from the same source, as a list to choose from."""

from __future__ import annotations

import html
from bisect import bisect
from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import (
    QLabel,
    QListView,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from attn_desktop.common.mode import HARD
from attn_desktop.gui.intents import Hover, ShowBranch
from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.panel import NEIGHBOURS, Change, Panel, Table
from attn_desktop.gui.scene import Branch
from attn_desktop.gui.theme import Theme

#: Roles under which a row has its branch, and where its text begins to be its own.
BRANCH, OWN = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
AnyIndex = QModelIndex | QPersistentModelIndex
ALONE = (
    "One branch so far. Change the mode, the seed or a token at any step: "
    "what follows becomes a branch."
)
NO_RUN = "Encode a sentence; every way to decode it is listed here."
#: Type of a branch's text, relative to the window's.
SMALL = 0.85
#: Pixels at normal type: x of the rail, how far other branches are from it, radius of a circle.
RAIL, INDENT, RADIUS = 14, 16, 5


class BranchesPanel(Panel):
    """Click a branch to show it, or go up and down; the playhead stays at its step."""

    name = "branches"
    title = "Branches"
    of_mode = False
    about = (
        "Every change of mode, seed or token decodes y_t, y_{t+1}, … again as a branch beside the "
        "others.\nClick one to show it (↑ and ↓ show the next); the playhead stays at its step.\n"
        "Filled: the one shown. Pink: hard weighting. Pointing at one lights the step where it "
        "parts."
    )
    natural = (230, 200)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        # The panel has the focus and not the list, so that ← and → still scrub after a click.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._model, self.list = _Branches(), QListView()
        self.list.setAccessibleName("Branches")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.list.setModel(self._model)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setMouseTracking(True)
        self._delegate = _Delegate(theme, self.list)
        self.list.setItemDelegate(self._delegate)
        self.list.clicked.connect(self._choose)
        self.list.entered.connect(self._point)
        self.list.viewportEntered.connect(self._point)
        self._alone = QLabel()
        self._alone.setWordWrap(True)
        self._alone.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout(self)
        for widget in (self.list, self._alone):
            self._stack.addWidget(widget)

    # -- drawing --------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        branches = self.scene.branches
        if change.source:
            self._paint_theme()
        self._alone.setText(NO_RUN if self.scene.run is None else ALONE)
        self._stack.setCurrentWidget(self.list if len(branches) > 1 else self._alone)
        if branches != self._model.branches:
            self._model.show(branches)
            for row in (row for row, branch in enumerate(branches) if branch.shown):
                self.list.scrollTo(self._model.index(row))
        if change.light:
            self._delegate.lit = self.light.all_target
            self.list.viewport().update()

    def _paint_theme(self) -> None:
        theme, alone = self.theme, self._alone
        self._delegate.theme = theme
        colours = self.list.palette()
        colours.setColor(QPalette.ColorRole.Base, theme.colour("card"))
        colours.setColor(QPalette.ColorRole.WindowText, theme.colour("dim"))
        self.list.setPalette(colours)
        alone.setPalette(colours)
        alone.setFont(theme.font())
        alone.setMargin(theme.px(12))
        # Rows have another height now.
        self.list.doItemsLayout()

    def caption(self) -> str:
        count = len(self.scene.branches)
        return f"{count} branches" if count > 1 else ""

    def table(self) -> Table:
        rows = [
            (b.about, b.parted, b.steps, str(b.mode), b.text, b.complete, b.shown)
            for b in self.scene.branches
        ]
        return Table(("branch", "parted at t", "steps", "mode", "text", "complete", "shown"), rows)

    # -- pointer and keys -----------------------------------------------------------------

    def _choose(self, index: QModelIndex) -> None:
        leaf = index.data(BRANCH).leaf
        # Of the scene, which may be another by now and drawn only later.
        if any(branch.leaf == leaf and not branch.shown for branch in self.scene.branches):
            self.ask(ShowBranch(leaf))

    def _point(self, index: QModelIndex | None = None) -> None:
        """Say what is under the pointer; None below the rows."""
        row, branches = -1 if index is None else index.row(), self.scene.branches
        if not 0 <= row < len(branches):
            self.list.viewport().unsetCursor()
            self.ask(Hover())
            self.said.emit("")
            return
        branch = branches[row]
        shape = Qt.CursorShape.ArrowCursor if branch.shown else Qt.CursorShape.PointingHandCursor
        self.list.viewport().setCursor(shape)
        parts = row > 0 and branch.parted <= len(self.scene.steps)
        self.ask(Hover(target=frozenset({branch.parted} if parts else ())))
        end = "" if branch.complete else " (not ended)"
        self.said.emit(f"{branch.about}: {branch.text}{end} · {branch.steps} steps · {branch.mode}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        branches = self.scene.branches
        shown = next((row for row, branch in enumerate(branches) if branch.shown), None)
        by = NEIGHBOURS.get(Qt.Key(event.key()))
        if by is None or shown is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif 0 <= shown + by < len(branches):
            self.ask(ShowBranch(branches[shown + by].leaf))

    def frame(self, framed: bool) -> None:
        self._delegate.framed = framed
        self.list.viewport().update()


class _Branches(QAbstractListModel):
    """The branches of the scene, one a row."""

    def __init__(self) -> None:
        super().__init__()
        self.branches: tuple[Branch, ...] = ()
        self._own: list[int] = []

    def show(self, branches: tuple[Branch, ...]) -> None:
        """Hold these branches and no others."""
        self.beginResetModel()
        self.branches = branches
        self._own = _own_from([branch.text for branch in branches])
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() else len(self.branches)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        branch = self.branches[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{branch.about}\n{branch.text}"
        if role == Qt.ItemDataRole.ToolTipRole:
            # Rich text, so that tokens like <b> are shown and long outputs are wrapped.
            return f"<b>{html.escape(branch.about)}</b><br>{html.escape(branch.text)}"
        return {int(BRANCH): branch, int(OWN): self._own[index.row()]}.get(role)


class _Delegate(QStyledItemDelegate):
    """A row: a circle at the rail, what makes the branch differ, and what it says.

    lit: steps; branches that part there are tinted. framed: whether the one shown has a frame.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.lit: frozenset[int] = frozenset()
        self.framed = False

    def _heights(self) -> list[float]:
        return [QFontMetricsF(self.theme.font(size)).height() for size in (1.0, SMALL)]

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(80, round(sum(self._heights())) + self.theme.px(10))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        theme, px = self.theme, self.theme.px
        branch: Branch = index.data(BRANCH)
        area: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        around = QRectF(area).adjusted(px(2), px(1), -px(2), -px(1))
        if option.state & QStyle.StateFlag.State_MouseOver:
            fill_rounded(painter, around, px(4), theme.colour("faint"))
        if branch.shown and self.framed:
            painter.setPen(QPen(theme.hue("source"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(around.adjusted(0.5, 0.5, -0.5, -0.5), px(4), px(4))
        high, low = self._heights()
        top = area.top() + (area.height() - high - low) / 2
        centre = QPointF(area.left() + px(RAIL), top + high / 2)
        if index.row() > 0:
            centre.setX(centre.x() + px(INDENT))
        last = index.row() == index.model().rowCount() - 1
        self._paint_rail(painter, area, centre, index.row() == 0, last)
        self._paint_circle(painter, centre, branch, index.row() > 0 and branch.parted in self.lit)
        left = centre.x() + px(RADIUS) + px(7)
        room = max(0.0, area.right() - px(6) - left)
        hard = branch.mode.weighting == HARD
        painter.setPen(theme.ink("hard") if hard else theme.colour("text"))
        line = QRectF(left, top, room, high)
        self._write(painter, line, theme.font(bold=branch.shown), branch.about)
        painter.setPen(theme.colour("dim"))
        text, font = branch.text, theme.font(SMALL)
        if index.data(OWN) and QFontMetricsF(font).horizontalAdvance(text) > room:
            text = f"… {text[index.data(OWN) :]}"
        line = QRectF(left, top + high, room, low)
        self._write(painter, line, font, text if branch.complete else f"{text} …")
        painter.restore()

    def _write(self, painter: QPainter, area: QRectF, font: QFont, text: str) -> None:
        painter.setFont(font)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(area, flags, elided(text, font, area.width()))

    def _paint_rail(
        self, painter: QPainter, area: QRect, centre: QPointF, first: bool, last: bool
    ) -> None:
        x, y = area.left() + self.theme.px(RAIL), centre.y()
        painter.setPen(QPen(self.theme.colour("border"), self.theme.px(1.5)))
        painter.drawLine(QPointF(x, y if first else area.top()), QPointF(x, y))
        painter.drawLine(QPointF(x, y), centre)
        if not last:
            painter.drawLine(QPointF(x, y), QPointF(x, area.bottom() + 1))

    def _paint_circle(self, painter: QPainter, centre: QPointF, branch: Branch, lit: bool) -> None:
        theme, target = self.theme, self.theme.hue("target")
        rim = theme.hue("hard") if branch.mode.weighting == HARD else theme.colour("dim")
        painter.setPen(QPen(target if branch.shown else rim, theme.px(1.7)))
        # First the card's colour: the rail shall not show through a tint.
        tint = [theme.hue("target", 0.45)] if lit else []
        for fill in [target] if branch.shown else [theme.colour("card"), *tint]:
            painter.setBrush(fill)
            painter.drawEllipse(centre, theme.px(RADIUS), theme.px(RADIUS))


def _own_from(texts: Sequence[str]) -> list[int]:
    """Where each text begins to say what none before it says, a word earlier for orientation."""
    before: list[str] = []
    starts = []
    for text in texts:
        at = bisect(before, text)
        # Of all texts those next to it in order have most in common with it.
        shared = max((_shared(text, other) for other in before[max(0, at - 1) : at + 1]), default=0)
        word = text.rfind(" ", 0, shared)
        starts.append(text.rfind(" ", 0, max(word, 0)) + 1)
        before.insert(at, text)
    return starts


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
