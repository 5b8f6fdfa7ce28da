"""The tree of a beam search in a view that scrolls and zooms: only what is in view is painted."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from attn_desktop.analysis.beam_tree import path
from attn_desktop.gui.beam_layout import BeamLayout
from attn_desktop.gui.beam_painting import BeamPainter, Grid, Marked
from attn_desktop.gui.layer import Layer
from attn_desktop.gui.painting import focus_frame
from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.theme import Theme
from attn_desktop.trace.records import ProbeRecord

#: From one cell to the next at normal type, across and down: at first, at most, at least.
ACROSS, MOST_ACROSS, LEAST_ACROSS = 112.0, 220.0, 6.0
DOWN, MOST_DOWN, LEAST_DOWN = 24.0, 34.0, 4.0
#: Rows are at first no lower than for the smaller type.
FIRST_DOWN = 18.0
#: How much closer one press or notch looks; a notch in Qt's eighths of a degree.
ZOOM, NOTCH = 1.25, 120
#: Around the tree, and pixels of the pointer from which a press is a drag.
MARGIN, DRAG = 6, 4
LEFT = Qt.MouseButton.LeftButton


class BeamView(QAbstractScrollArea):
    """pointed: the hypothesis under the pointer, −1 for none. chosen, taken: one was clicked, once
    and twice.

    The wheel scrolls, with Ctrl it zooms; a drag moves.
    """

    pointed = Signal(int)
    chosen = Signal(int)
    taken = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._record: ProbeRecord | None = None
        self._layout: BeamLayout | None = None
        self._sentence = ""
        #: From cell to cell, as the user has it; None as at first.
        self._pitch: tuple[float, float] | None = None
        self._tree = Layer()
        self._marked = Marked()
        #: What was brought into view last.
        self._brought: int | None = None
        self._lit: frozenset[int] = frozenset()
        self._t = 0
        self._grip: tuple[QPointF, bool] | None = None
        self._framed = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setMouseTracking(True)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.set_theme(theme)

    # -- what it shows ----------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self._theme = theme
        colours = self.palette()
        colours.setColor(QPalette.ColorRole.Window, theme.colour("card"))
        colours.setColor(QPalette.ColorRole.Base, theme.colour("card"))
        self.setPalette(colours)
        self._arrange()

    def say(self, sentence: str) -> None:
        """Show a sentence and no search."""
        self._record = self._layout = None
        self._marked, self._brought, self._sentence = Marked(), None, sentence
        self._arrange()

    def show_search(self, record: ProbeRecord, layout: BeamLayout, anew: bool) -> None:
        """Show a search. anew: not the one so far, grown by some steps.

        What grows is followed, as long as its end is in view.
        """
        bar = self.horizontalScrollBar()
        follows = bar.value() >= bar.maximum()
        if anew:
            self._marked, self._brought, self._pitch = Marked(), None, None
            follows = not record.settings["finished"]
            self.verticalScrollBar().setValue(0)
        self._record, self._layout, self._sentence = record, layout, ""
        self._arrange()
        if follows:
            bar.setValue(bar.maximum())
        elif anew:
            bar.setValue(0)

    def mark(self, marked: Marked, lit: frozenset[int], t: int) -> None:
        """Let hypotheses, steps and the step at the playhead stand out."""
        if (marked, lit, t) != (self._marked, self._lit, self._t):
            self._marked, self._lit, self._t = marked, lit, t
            self.viewport().update()

    def frame(self, framed: bool) -> None:
        """Show whether keys go here."""
        self._framed = framed
        self.viewport().update()

    # -- where things are -------------------------------------------------------------------

    def _head(self) -> float:
        """Height of the line of step numbers."""
        return QFontMetricsF(self._theme.font(SMALL)).height() + self._theme.px(4)

    def _room(self) -> tuple[float, float]:
        """Pixels for columns and rows."""
        margin = 2 * self._theme.px(MARGIN)
        return self.viewport().width() - margin, self.viewport().height() - self._head() - margin

    def pitch(self) -> tuple[float, float]:
        """From one cell to the next, across and down."""
        if self._pitch is not None:
            return self._pitch
        scale, rows = self._theme.scale, self._layout.rows if self._layout else 1
        down = min(max(self._room()[1] / rows, FIRST_DOWN * scale), DOWN * scale)
        return ACROSS * scale, down

    def grid(self) -> Grid:
        """The places as they now are in the viewport."""
        margin, head = self._theme.px(MARGIN), self._head()
        x, y = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        return Grid(margin - x, head + margin - y, *self.pitch())

    def place(self, hypothesis: int) -> QRectF:
        """The cell of a hypothesis in the viewport."""
        assert self._layout is not None
        layout = self._layout
        return self.grid().cell(int(layout.column[hypothesis]), int(layout.row[hypothesis]))

    def bring(self, hypothesis: int) -> None:
        """Scroll no further than needed to have a hypothesis in view."""
        if self._layout is None:
            return
        self._brought = hypothesis
        cell, margin = self.place(hypothesis), self._theme.px(MARGIN)
        for bar, low, high, first, last in (
            (
                self.horizontalScrollBar(),
                cell.left(),
                cell.right() + margin,
                margin,
                self.viewport().width(),
            ),
            (
                self.verticalScrollBar(),
                cell.top(),
                cell.bottom() + margin,
                self._head(),
                self.viewport().height(),
            ),
        ):
            if low < first:
                bar.setValue(round(bar.value() + low - first))
            elif high > last:
                bar.setValue(round(bar.value() + high - last))

    def _arrange(self) -> None:
        """Give the scroll bars their ranges."""
        layout = self._layout
        across, down = self.pitch()
        room = self._room()
        sizes = (layout.columns * across, layout.rows * down) if layout else (0.0, 0.0)
        bars = (self.horizontalScrollBar(), self.verticalScrollBar())
        for bar, size, space, step in zip(bars, sizes, room, (across, down), strict=True):
            bar.setRange(0, max(0, round(size - space)))
            bar.setPageStep(max(1, round(space)))
            bar.setSingleStep(max(1, round(step)))
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()
        # What was asked for stays in view; a line above the tree may have come.
        if self._brought is not None:
            seen = QRectF(QPointF(0, 0), QSizeF(event.oldSize())).adjusted(0, self._head(), 0, 0)
            if seen.contains(self.place(self._brought)):
                self.bring(self._brought)

    # -- zooming ----------------------------------------------------------------------------

    def zoom(self, by: float) -> None:
        """Look closer, or further off where `by` is negative; 0: see all of it."""
        room = QRectF(self.viewport().rect())
        if by:
            self._zoom(by, room.center())
        else:
            self._fit()

    def _fit(self) -> None:
        """As large as all of it can be."""
        if self._layout is not None:
            wide, high = self._room()
            self._set_pitch(wide / self._layout.columns, high / self._layout.rows)

    def _zoom(self, notches: float, at: QPointF) -> None:
        """What is at a pixel stays there."""
        if self._layout is None:
            return
        grid, factor = self.grid(), ZOOM**notches
        column, row = (at.x() - grid.left) / grid.across, (at.y() - grid.top) / grid.down
        self._set_pitch(grid.across * factor, grid.down * factor)
        moved = self.grid()
        bars = (self.horizontalScrollBar(), self.verticalScrollBar())
        away = (
            moved.left + column * moved.across - at.x(),
            moved.top + row * moved.down - at.y(),
        )
        for bar, pixels in zip(bars, away, strict=True):
            bar.setValue(round(bar.value() + pixels))

    def _set_pitch(self, across: float, down: float) -> None:
        scale = self._theme.scale
        self._pitch = (
            min(max(across, LEAST_ACROSS * scale), MOST_ACROSS * scale),
            min(max(down, LEAST_DOWN * scale), MOST_DOWN * scale),
        )
        self._arrange()

    # -- painting ---------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.viewport().rect(), self._theme.colour("card"))
            self._paint(painter, QRectF(self.viewport().rect()))
            if self._framed:
                focus_frame(painter, QRectF(self.viewport().rect()), self._theme)
        finally:
            painter.end()

    def _paint(self, painter: QPainter, area: QRectF) -> None:
        theme = self._theme
        if self._record is None or self._layout is None:
            painter.setFont(theme.font())
            painter.setPen(theme.colour("dim"))
            margin = theme.px(12)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(margin, 2, -margin, -2), flags, self._sentence)
            return
        looked_at = self._marked.chosen if self._marked.pointed is None else self._marked.pointed
        chain = path(self._record, looked_at) if looked_at is not None else []
        grid, head = self.grid(), self._head()
        kept = (theme, self._record, self._layout, grid)
        painter.save()
        painter.setClipRect(area.adjusted(0, head, 0, 0))
        self._tree.paint(
            painter,
            self.viewport().size(),
            kept,
            lambda inner: BeamPainter(inner, *kept).paint(area),
        )
        marks = BeamPainter(painter, *kept)
        marks.paint_marks(self._marked, np.array(chain, dtype=np.int64))
        painter.restore()
        self._paint_head(painter, QRectF(area.left(), 0, area.width(), head), grid)

    def _paint_head(self, painter: QPainter, line: QRectF, grid: Grid) -> None:
        """The number of each step, as far as there is room; those that are lit on their hue."""
        assert self._record is not None
        assert self._layout is not None
        theme, began = self._theme, int(self._record.arrays["t"][0])
        painter.fillRect(line, theme.colour("card"))
        (first, last), _ = grid.seen(line.right(), 0)
        font = theme.font(SMALL)
        metrics = QFontMetricsF(font)
        needed = metrics.horizontalAdvance(str(began + self._layout.columns)) + theme.px(6)
        stride = max(1, int(np.ceil(needed / grid.across)))
        for column in range(max(0, first), min(last, self._layout.columns)):
            t = began + column
            cell = grid.cell(column, 0)
            box = QRectF(cell.left(), line.top(), max(cell.width(), 1.0), line.height())
            lit = t in self._lit or (t == self._t and t > 0)
            if t in self._lit:
                painter.fillRect(box, theme.hue("target", 0.2))
            if column % stride and not lit:
                continue
            font.setBold(t == self._t)
            painter.setFont(font)
            painter.setPen(theme.ink("target") if lit else theme.colour("dim"))
            text = f"t={t}" if grid.across > 2 * needed else str(t)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip
            painter.drawText(box, flags, text)

    # -- pointer ----------------------------------------------------------------------------

    def at(self, at: QPointF) -> int | None:
        """The hypothesis at a place in the viewport."""
        if self._layout is None or at.y() < self._head():
            return None
        grid = self.grid()
        column, row = grid.place(at)
        inside = 0 <= row < self._layout.rows and 0 <= column < self._layout.columns
        return self._layout.at(column, row) if inside else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._grip is not None:
            start, dragged = self._grip
            if dragged or (at - start).manhattanLength() >= DRAG:
                self._grip = at, True
                moved = at - start
                for bar, pixels in (
                    (self.horizontalScrollBar(), moved.x()),
                    (self.verticalScrollBar(), moved.y()),
                ):
                    bar.setValue(round(bar.value() - pixels))
            return
        found = self.at(at)
        shape = Qt.CursorShape.ArrowCursor if found is None else Qt.CursorShape.PointingHandCursor
        self.viewport().setCursor(shape)
        self.pointed.emit(-1 if found is None else found)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (LEFT, Qt.MouseButton.MiddleButton):
            self._grip = event.position(), event.button() != LEFT
        else:
            event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        grip, self._grip = self._grip, None
        found = self.at(event.position())
        if event.button() == LEFT and grip is not None and not grip[1] and found is not None:
            self.chosen.emit(found)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self.at(event.position())
        if event.button() == LEFT and found is not None:
            self.taken.emit(found)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.pointed.emit(-1)
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned, bar = event.angleDelta(), self.verticalScrollBar()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom((turned.y() or turned.x()) / NOTCH, event.position())
        elif turned.x():
            super().wheelEvent(event)
        else:
            sideways = event.modifiers() & Qt.KeyboardModifier.ShiftModifier or not bar.maximum()
            scrolled = self.horizontalScrollBar() if sideways else bar
            scrolled.setValue(round(scrolled.value() - turned.y() / NOTCH * scrolled.singleStep()))
        event.accept()
