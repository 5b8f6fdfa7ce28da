"""Where the draws of rollouts fell: a row a step, a column a source position, α above them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.analysis.rollout_numbers import Floats
from attn_desktop.gui.line_plot import write_left_of
from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.raster import Peaks, alpha_colours, image, paint_cells, peaks
from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.small_plots import SmallPlot, SourceLabels
from attn_desktop.gui.theme import Theme

#: Pixels at normal type: largest cell, highest and lowest row of α, gap below it, margin.
CELL, ALPHA_HIGH, ALPHA_LOW, GAP, MARGIN = 72, 22, 8, 4, 6
#: Most of the height that labels may take.
LABEL_SHARE = 0.36


@dataclass(frozen=True, eq=False)
class MapShown:
    """alpha: (G,) of the first step, and shares: (T, G) of the draws, by column of `axis`.

    start: the step before the first one. end: number of the last colour. lit, place: columns that
    stand out, step at the playhead.
    """

    axis: SourceAxis
    alpha: Floats
    shares: Floats
    start: int
    end: float = 1.0
    lit: frozenset[int] = frozenset()
    place: int = 0


class RolloutMap(QWidget):
    """pointed: step (0 for α, None beside) and column (None beside). clicked: a column."""

    pointed = Signal(object, object)
    clicked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: MapShown | None = None
        self._labels = SourceLabels((), theme)
        self._merged: tuple[object, tuple[Peaks, QImage], tuple[Peaks, QImage]] | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def show_map(self, theme: Theme, shown: MapShown | None) -> None:
        """Draw this; None for nothing."""
        before, self._shown = self._shown, shown
        labels = () if shown is None else shown.axis.labels
        if theme != self._theme or before is None or labels != before.axis.labels:
            self._labels = SourceLabels(labels, theme, 1 if shown is None else shown.axis.across)
        same = before is not None and shown is not None and before.shares is shown.shares
        if theme != self._theme or not same:
            self._merged = None
        self._theme = theme
        self.update()

    @property
    def shown(self) -> MapShown | None:
        """What is drawn."""
        return self._shown

    # -- where things are -------------------------------------------------------------------

    def _areas(self, shown: MapShown) -> tuple[QRectF, QRectF, float]:
        """The row of α, the map, and the height of the labels below."""
        theme = self._theme
        small = QFontMetricsF(theme.font(SMALL))
        left = theme.px(MARGIN) + small.horizontalAdvance(str(shown.start + len(shown.shares)))
        left = max(left, theme.px(MARGIN) + small.horizontalAdvance("α")) + theme.px(5)
        labels = self._labels.height(LABEL_SHARE * self.height())
        wide = min(self.width() - left - theme.px(MARGIN), len(shown.axis) * theme.px(CELL))
        room = self.height() - labels - 1
        high = min(theme.px(ALPHA_HIGH), max(theme.px(ALPHA_LOW), room / (len(shown.shares) + 2)))
        top = QRectF(round(left), 1, max(round(wide), 1), round(high))
        below = top.bottom() + theme.px(GAP)
        rest = min(room - below, len(shown.shares) * theme.px(CELL))
        return top, QRectF(top.left(), below, top.width(), max(round(rest), 1)), labels

    def _cell(self, at: QPointF) -> tuple[int | None, int | None]:
        """Step, 0 for α, and column at a place; None beside them."""
        if self._shown is None:
            return None, None
        top, area, _ = self._areas(self._shown)
        column = SmallPlot(QRectF(top.left(), 0, top.width(), self.height()), len(self._shown.axis))
        step = None
        if top.contains(at):
            step = 0
        elif area.contains(at):
            row = int((at.y() - area.top()) / area.height() * len(self._shown.shares))
            step = self._shown.start + 1 + min(row, len(self._shown.shares) - 1)
        return step, column.column(at)

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(240), self._theme.px(180))

    # -- painting ---------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), self._theme.colour("card"))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self._shown is not None:
                self._paint(painter, self._shown)
        finally:
            painter.end()

    def _images(
        self, shown: MapShown, top: QRectF, area: QRectF
    ) -> tuple[tuple[Peaks, QImage], tuple[Peaks, QImage]]:
        """α and the map in no more cells than there are pixels."""
        ratio = self.devicePixelRatioF()
        size = (int(area.height() * ratio), int(area.width() * ratio))
        if self._merged is None or self._merged[0] != size:
            both = []
            for values, high in ((shown.alpha[None], 1), (shown.shares, size[0])):
                cells = peaks(values, high, size[1])
                both.append((cells, image(alpha_colours(cells.values / shown.end, self._theme))))
            self._merged = size, both[0], both[1]
        return self._merged[1], self._merged[2]

    def _paint(self, painter: QPainter, shown: MapShown) -> None:
        theme = self._theme
        top, area, labels = self._areas(shown)
        shapes = ((1, len(shown.axis)), shown.shares.shape)
        images = self._images(shown, top, area)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for where, (cells, colours), shape in zip((top, area), images, shapes, strict=True):
            paint_cells(painter, where, cells, colours, shape)
            painter.setPen(QPen(theme.colour("border"), 1))
            painter.drawRect(where)
        plot = SmallPlot(area, len(shown.axis))
        painter.setPen(QPen(theme.hue("source"), theme.px(1.5)))
        for column in shown.lit:
            across = QRectF(plot.x(column), top.top(), plot.pitch, area.bottom() - top.top())
            painter.drawRect(across)
        self._paint_steps(painter, shown, top, area)
        self._labels.paint(painter, plot, labels, shown.lit)

    def _paint_steps(self, painter: QPainter, shown: MapShown, top: QRectF, area: QRectF) -> None:
        """α and step numbers at the left, as many as there is room for; a frame at the playhead."""
        theme, count = self._theme, len(shown.shares)
        painter.setFont(theme.font(SMALL))
        metrics = QFontMetricsF(painter.font())
        edge, cap = area.left() - theme.px(5), metrics.capHeight()
        painter.setPen(theme.colour("dim"))
        write_left_of(painter, edge, top.center().y() + cap / 2, "α")
        pitch = area.height() / count
        stride = max(1, math.ceil(0.95 * metrics.height() / pitch))
        here = shown.place - shown.start - 1
        rows = [row for row in range(0, count, stride) if abs(row - here) >= stride]
        for row in [*rows, here]:
            if 0 <= row < count:
                painter.setPen(theme.ink("target") if row == here else theme.colour("dim"))
                middle = area.top() + (row + 0.5) * pitch
                write_left_of(painter, edge, middle + cap / 2, str(shown.start + 1 + row))
        if 0 <= here < count:
            painter.setPen(QPen(theme.hue("target"), theme.px(2)))
            painter.drawRect(QRectF(area.left(), area.top() + here * pitch, area.width(), pitch))

    # -- pointer ----------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointed.emit(*self._cell(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        _, column = self._cell(event.position())
        if event.button() == Qt.MouseButton.LeftButton and column is not None:
            self.clicked.emit(column)
        super().mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(None, None)
        super().leaveEvent(event)


def about_cell(shown: MapShown, step: int | None, column: int | None) -> str:
    """What is under the pointer, for the status line."""
    if column is None:
        return ""
    name = f"“{shown.axis.labels[column]}”"
    first = f"α of step {shown.start + 1} {short_text(float(shown.alpha[column]))}"
    if not step:
        drawn = short_text(float(shown.shares[0, column]))
        return f"{name}   {first}, drawn by {drawn} of the rollouts"
    share = short_text(float(shown.shares[step - shown.start - 1, column]))
    return f"step {step} {name}   drawn by {share} of the rollouts under way   {first}"
