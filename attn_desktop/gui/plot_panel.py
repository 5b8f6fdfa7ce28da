"""Panels made of pyqtgraph plots, and the axis that labels source positions or steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from attn_desktop.gui.panel import Panel
from attn_desktop.gui.theme import Theme

ANGLE_DEG = 38
#: Longest label, in average characters; a longer one is cut with an ellipsis.
LABEL_CHARACTERS = 14


class PlotPanel(Panel):
    """A panel whose `canvas` is a pyqtgraph layout; `say_blank` covers it with a sentence."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
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


class PointerBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no annotations
    """A view that says in its own coordinates where the pointer is, clicks and drags.

    The left button is for pointing; the wheel zooms, the middle button moves what is seen, a
    double click shows all of it again. moved: a QPointF, or None when it left. dragged: the
    QRectF from press to pointer.
    """

    moved = Signal(object)
    clicked = Signal(QPointF)
    dragged = Signal(QRectF)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseMode(pg.ViewBox.PanMode)

    def hoverEvent(self, event: Any) -> None:
        if event.isExit():
            self.moved.emit(None)
            return
        # Claimed, so that another item below the pointer does not take drag and click.
        event.acceptDrags(Qt.MouseButton.LeftButton)
        event.acceptClicks(Qt.MouseButton.LeftButton)
        self.moved.emit(self.mapToView(event.pos()))

    def mouseClickEvent(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        event.accept()
        if event.double():
            self.autoRange(padding=0)
        else:
            self.clicked.emit(self.mapToView(event.pos()))

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        start = self.mapToView(event.buttonDownPos())
        self.dragged.emit(QRectF(start, self.mapToView(event.pos())).normalized())


def bare_plot(axes: dict[str, pg.AxisItem] | None = None) -> pg.PlotItem:
    """A plot without buttons and menus, whose view is a `PointerBox`."""
    plot = pg.PlotItem(axisItems=axes or {}, viewBox=PointerBox())
    plot.hideButtons()
    plot.setContentsMargins(0, 0, 0, 0)
    return plot


class LabelAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no annotations
    """Words along an axis, entry i at i + 0.5: upright at the left, leaning at top or bottom.

    Where they would overlap, some are left out, but never a lit one.
    """

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self._labels: Sequence[str] = ()
        self._lit: frozenset[int] = frozenset()
        self._ink, self._dim = QColor("black"), QColor("grey")
        self._font = self.font()
        self._bold = self.font()

    def set_labels(self, labels: Sequence[str], theme: Theme, role: Any) -> None:
        """Show other labels, in the ink of `role`."""
        self._ink, self._dim = theme.ink(role), theme.colour("dim")
        self._font, self._bold = theme.font(0.9), theme.font(0.9, bold=True)
        metrics = QFontMetricsF(self._font)
        room = metrics.averageCharWidth() * LABEL_CHARACTERS
        self._labels = [
            metrics.elidedText(label, Qt.TextElideMode.ElideRight, room) for label in labels
        ]
        longest = max((metrics.horizontalAdvance(label) for label in self._labels), default=0.0)
        if self.orientation in ("top", "bottom"):
            lean = math.sin(math.radians(ANGLE_DEG))
            self.setHeight(math.ceil(longest * lean + metrics.height()) + 4)
        else:
            self.setWidth(math.ceil(longest) + 12)
        self._draw_again()

    def set_lit(self, lit: frozenset[int]) -> None:
        """The entries that stand out."""
        if lit != self._lit:
            self._lit = lit
            self._draw_again()

    def _draw_again(self) -> None:
        self.picture = None
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        view = self.linkedView()
        if view is None or not self._labels:
            return
        metrics = QFontMetricsF(self._font)
        if self.orientation in ("top", "bottom"):
            self._paint_leaning(painter, view, metrics)
        else:
            self._paint_upright(painter, view, metrics)

    def _place(self, view: Any, index: int) -> QPointF:
        """Where entry `index` is, in this axis's own coordinates."""
        at = QPointF(index + 0.5, index + 0.5)
        return QPointF(self.mapFromItem(view, view.mapFromView(at)))

    def _shown(self, view: Any, pitch: float, needed: float) -> list[int]:
        """The entries in view, thinned so that each has `needed` pixels; lit ones stay."""
        low, high = view.viewRange()[0 if self.orientation in ("top", "bottom") else 1]
        first, last = max(0, math.floor(low)), min(len(self._labels), math.ceil(high))
        stride = max(1, math.ceil(needed / max(pitch, 1e-6)))
        near = {index + d for index in self._lit for d in range(1 - stride, stride)}
        return [
            index
            for index in range(first, last)
            if index in self._lit or (index % stride == 0 and index not in near)
        ]

    def _set_ink(self, painter: QPainter, index: int) -> None:
        lit = index in self._lit
        painter.setFont(self._bold if lit else self._font)
        painter.setPen(self._ink if lit or not self._lit else self._faint())

    def _faint(self) -> QColor:
        colour = QColor(self._ink)
        colour.setAlphaF(0.75)
        return colour

    def _paint_leaning(self, painter: QPainter, view: Any, metrics: QFontMetricsF) -> None:
        pitch = abs(self._place(view, 1).x() - self._place(view, 0).x())
        box = self.boundingRect()
        top = self.orientation == "top"
        for index in self._shown(view, pitch, metrics.height() * 1.15):
            x = self._place(view, index).x()
            if not box.left() <= x <= box.right():
                continue
            self._set_ink(painter, index)
            width = painter.fontMetrics().horizontalAdvance(self._labels[index])
            painter.save()
            if top:
                painter.translate(x - metrics.height() * 0.15, box.bottom() - 4)
                painter.rotate(-ANGLE_DEG)
                painter.drawText(QPointF(0, 0), self._labels[index])
            else:
                painter.translate(x + metrics.height() * 0.25, box.top() + metrics.ascent())
                painter.rotate(-ANGLE_DEG)
                painter.drawText(QPointF(-width, 0), self._labels[index])
            painter.restore()

    def _paint_upright(self, painter: QPainter, view: Any, metrics: QFontMetricsF) -> None:
        pitch = abs(self._place(view, 1).y() - self._place(view, 0).y())
        box = self.boundingRect()
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for index in self._shown(view, pitch, metrics.height() * 0.9):
            y = self._place(view, index).y()
            if not box.top() <= y <= box.bottom():
                continue
            self._set_ink(painter, index)
            half = metrics.height()
            painter.drawText(
                QRectF(box.left(), y - half, box.width() - 6, 2 * half), flags, self._labels[index]
            )
