"""Panels made of pyqtgraph plots, and the view that says where the pointer is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainterPath, QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from attn_desktop.gui.axes import LabelAxis
from attn_desktop.gui.panel import Panel
from attn_desktop.gui.theme import Theme

#: Zooming in ends at so many columns or rows.
FEWEST_IN_VIEW = 2


class PlotPanel(Panel):
    """A panel with one plot over source positions, or with a sentence instead: `say_blank`.

    axes: of the plot, by side.
    """

    def __init__(
        self, theme: Theme, axes: dict[str, pg.AxisItem], parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, parent)
        self.canvas = pg.GraphicsLayoutWidget()
        self.canvas.ci.layout.setSpacing(0)
        self.canvas.ci.layout.setContentsMargins(0, 0, 0, 0)
        self.canvas.setFrameShape(pg.GraphicsLayoutWidget.Shape.NoFrame)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        layout.addWidget(self.canvas)
        self._blank = QLabel(self)
        self._blank.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._blank.setWordWrap(True)
        self._blank.hide()
        self.plot = bare_plot(axes)
        for side in ("left", "bottom", "right", "top"):
            self.plot.showAxis(side, side in axes)
        self.canvas.addItem(self.plot)
        view = self.source_view
        view.moved.connect(self.pointed)
        view.clicked.connect(self.clicked)
        view.double_clicked.connect(self.double_clicked)
        view.pulled.connect(self.pulled)

    @property
    def source_view(self) -> Any:
        """The view whose x axis is the source, for linking with other panels."""
        return self.plot.getViewBox()

    # -- pointer, in coordinates of the plot ----------------------------------------------

    def pointed(self, at: QPointF | None) -> None:
        """The pointer is there; None when it left."""

    def clicked(self, at: QPointF) -> None:
        """A click, also on a label beside the plot."""

    def double_clicked(self, at: QPointF) -> None:
        """A double click, after the click that it begins with; here it shows all again."""
        self.source_view.show_all()

    def pulled(self, start: QPointF, here: QPointF, first: bool, last: bool) -> None:
        """The pressed pointer moved there; first, last: whether a drag begins, or ends with it."""
        self.dragged(QRectF(start, here).normalized())

    def dragged(self, area: QRectF) -> None:
        """From where the button was pressed to where the pointer is."""

    def place(self, at: QPoint) -> QPointF:
        """What is at a pixel of the panel, in coordinates of the view."""
        return QPointF(
            self.source_view.mapSceneToView(self.canvas.mapToScene(self.canvas.mapFrom(self, at)))
        )

    # -- what is seen ---------------------------------------------------------------------

    def say_blank(self, text: str) -> None:
        """Say why there is nothing to see, in place of the plots; empty to show them again."""
        self.canvas.setVisible(not text)
        self._blank.setVisible(bool(text))
        self._blank.setText(text)
        if text:
            self._blank.setFont(self.theme.font())
            self._blank.setStyleSheet(f"color: {self.theme.dim}; background: {self.theme.card};")
            self._blank.setMargin(self.theme.px(12))
            self._blank.setGeometry(self.rect())

    def paint_canvas(self) -> None:
        """Give the canvas the colours of the theme; call when `change.source`."""
        self.canvas.setBackground(self.theme.colour("card"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._blank.setGeometry(self.rect())
        for item in self.canvas.scene().items():
            if isinstance(item, LabelAxis):
                item.fit(self.width(), self.height())


class PointerBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no annotations
    """A view that says in its own coordinates where the pointer is, clicks and drags.

    The left button is for pointing; the wheel zooms, the middle button moves what is seen, a
    double click is for showing all of it again. moved: a QPointF, or None when it left. pulled:
    where the button was pressed, where the pointer is, and whether that is the first and the last
    of a drag. Pointing at an axis counts, with a place outside the range.
    """

    moved = Signal(object)
    clicked = Signal(QPointF)
    double_clicked = Signal(QPointF)
    pulled = Signal(QPointF, QPointF, bool, bool)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseMode(pg.ViewBox.PanMode)
        self._whole: QRectF | None = None

    # -- what is in view ------------------------------------------------------------------

    def show_whole(self, whole: QRectF, anew: bool = False) -> None:
        """Bound the view by `whole` and show all of it, unless the user has zoomed.

        anew: zoomed or not.
        """
        keep = [not anew and self.is_zoomed(axis) for axis in (0, 1)]
        self._whole = QRectF(whole)
        self.disableAutoRange()
        self.setLimits(
            xMin=whole.left(),
            xMax=whole.right(),
            yMin=whole.top(),
            yMax=whole.bottom(),
            minXRange=min(FEWEST_IN_VIEW, whole.width()),
            minYRange=min(FEWEST_IN_VIEW, whole.height()),
        )
        if not keep[0]:
            self.setXRange(whole.left(), whole.right(), padding=0)
        if not keep[1]:
            self.setYRange(whole.top(), whole.bottom(), padding=0)

    def show_all(self) -> None:
        """Undo what the user zoomed and moved."""
        if self._whole is None:
            self.autoRange(padding=0)
        else:
            self.show_whole(self._whole, anew=True)

    def is_zoomed(self, axis: int) -> bool:
        """Whether some of the whole is out of view along x (0) or y (1)."""
        if self._whole is None:
            return False
        low, high = self.viewRange()[axis]
        extent = self._whole.width() if axis == 0 else self._whole.height()
        return bool(high - low < extent * (1 - 1e-3))

    def columns_in_view(self, count: int) -> range:
        """Of columns i..i + 1, those whose middle is in view."""
        low, high = self.viewRange()[0]
        return range(max(0, math.ceil(low - 0.5 - 1e-6)), min(count, math.floor(high + 0.5 + 1e-6)))

    def sum_outside(self, values: NDArray[np.floating[Any]]) -> float | None:
        """What columns out of view add up to; None where none is."""
        if not self.is_zoomed(0):
            return None
        seen = self.columns_in_view(len(values))
        return float(values[: seen.start].sum() + values[seen.stop :].sum())

    def bring_row(self, row: int) -> None:
        """Move what is seen up or down until row i..i + 1 is in view."""
        low, high = self.viewRange()[1]
        shift = min(0.0, row - low) + max(0.0, row + 1 - high)
        if shift:
            self.setYRange(low + shift, high + shift, padding=0)

    def pixels(self) -> tuple[float, float]:
        """Width and height of one unit, in pixels; never 0."""
        (left, right), (low, high) = self.viewRange()
        return (
            max(self.width() / max(right - left, 1e-9), 1e-6),
            max(self.height() / max(high - low, 1e-9), 1e-6),
        )

    def linkedViewChanged(self, view: Any, axis: int) -> None:
        # pyqtgraph lines up linked views that overlap on the screen, so that the same place is
        # below the same pixel, and for that shows less or more than the other. All columns of one
        # shall be all columns of the other.
        if self.linksBlocked or view is None:
            return
        view.blockLink(True)
        try:
            low, high = view.viewRange()[axis]
            self.enableAutoRange(axis, False)
            (self.setXRange if axis == self.XAxis else self.setYRange)(low, high, padding=0)
        finally:
            view.blockLink(False)

    # -- pointer --------------------------------------------------------------------------

    def hoverEvent(self, event: Any) -> None:
        if event.isExit():
            self.moved.emit(None)
            return
        # Claimed, so that another item below the pointer does not take drag and click.
        event.acceptDrags(Qt.MouseButton.LeftButton)
        event.acceptClicks(Qt.MouseButton.LeftButton)
        self.moved.emit(self.mapSceneToView(event.scenePos()))

    def mouseClickEvent(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        event.accept()
        done = self.double_clicked if event.double() else self.clicked
        done.emit(self.mapSceneToView(event.scenePos()))

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        start = self.mapSceneToView(event.buttonDownScenePos())
        here = self.mapSceneToView(event.scenePos())
        self.pulled.emit(start, here, event.isStart(), event.isFinish())


def bare_plot(axes: dict[str, pg.AxisItem] | None = None) -> pg.PlotItem:
    """A plot without buttons and menus, whose view is a `PointerBox`."""
    plot = pg.PlotItem(axisItems=axes or {}, viewBox=PointerBox())
    plot.hideButtons()
    plot.setContentsMargins(0, 0, 0, 0)
    # An axis stays next to the view where labels of another need a wider margin.
    for side, edge in (("left", "AlignRight"), ("right", "AlignLeft")):
        axis = plot.getAxis(side)
        plot.layout.setAlignment(axis, Qt.AlignmentFlag[edge])
    return plot


def diamonds(places: list[QPointF], across: float, down: float) -> QPainterPath:
    """Diamonds around places, with half diagonals in units of the view."""
    path = QPainterPath()
    for at in places:
        path.moveTo(at.x() - across, at.y())
        path.lineTo(at.x(), at.y() - down)
        path.lineTo(at.x() + across, at.y())
        path.lineTo(at.x(), at.y() + down)
        path.closeSubpath()
    return path


def bands(columns: Iterable[int], low: float, high: float) -> QPainterPath:
    """Bands behind columns i..i + 1, from `low` to `high` in units of the view."""
    path = QPainterPath()
    for column in columns:
        path.addRect(QRectF(column, low, 1, high - low))
    return path
