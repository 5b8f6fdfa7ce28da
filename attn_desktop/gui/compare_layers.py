"""The drawing of the map of two branches, in a plot whose rows go down: what lies over what."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem, QGraphicsRectItem

from attn_desktop.gui.alpha_marks import PlotLabel
from attn_desktop.gui.cell_frames import column_frames, row_frames
from attn_desktop.gui.compare_hatch import hatched
from attn_desktop.gui.compare_map import CompareMap
from attn_desktop.gui.compare_words import parting_text
from attn_desktop.gui.raster import alpha_colours, peaks, signed_colours
from attn_desktop.gui.theme import Theme

#: Cells from this size on are set apart by lines.
LINED = 14
#: Pixels between two lines of hatching.
HATCH = 7


class CompareLayers:
    """Cells, hatching, frames and the line where two branches part."""

    def __init__(self, plot: Any, theme: Theme) -> None:
        self._view: Any = plot.getViewBox()
        self._theme = theme
        self.image = pg.ImageItem(axisOrder="row-major")
        self.gap, self.unknown = QGraphicsRectItem(), QGraphicsRectItem()
        self.lines = QGraphicsPathItem()
        self.ground, self.hatch = QGraphicsPathItem(), QGraphicsPathItem()
        self.edge, self.here = QGraphicsRectItem(), QGraphicsRectItem()
        self.lit_columns, self.lit_rows = QGraphicsPathItem(), QGraphicsPathItem()
        #: The line with the card's colour around it: cells may be as dark as itself.
        self.parting, self.around_parting = QGraphicsPathItem(), QGraphicsPathItem()
        self.parting_label = PlotLabel()
        #: Of the two largest areas that are hatched.
        self.reasons = (PlotLabel(), PlotLabel())
        for item in (
            self.image,
            self.gap,
            self.unknown,
            self.lines,
            self.ground,
            self.hatch,
            self.edge,
            self.lit_columns,
            self.lit_rows,
            self.here,
            self.around_parting,
            self.parting,
            *(label.item for label in self.reasons),
            self.parting_label.item,
        ):
            plot.addItem(item)
        self._parts: tuple[int | None, str] = (None, "")
        #: Most rows and columns of the image that is shown.
        self._cells: tuple[int, int] | None = None
        #: Map and view that are hatched, and rows and columns that are set apart by lines.
        self._hatched: tuple[object, ...] | None = None
        self._ruled: tuple[int, ...] | None = None

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._cells = self._hatched = None
        for item, colour in ((self.unknown, "faint"), (self.ground, "raised"), (self.gap, "card")):
            edge = theme.colour("border") if item is self.ground else None
            item.setPen(pg.mkPen(edge))
            item.setBrush(theme.colour(colour))
        for line, pen in (
            (self.edge, pg.mkPen(theme.colour("border"), width=1)),
            (self.hatch, pg.mkPen(theme.colour("border"), width=1)),
            (self.lines, pg.mkPen(theme.colour("faint"), width=1)),
            (self.lit_rows, pg.mkPen(theme.hue("target"), width=1)),
            (self.lit_columns, pg.mkPen(theme.hue("source"), width=theme.px(1.5))),
            (self.around_parting, pg.mkPen(theme.colour("card"), width=theme.px(3.5))),
            (self.parting, pg.mkPen(theme.colour("text"), width=theme.px(1.5))),
            (self.here, pg.mkPen(theme.hue("target"), width=theme.px(2))),
        ):
            line.setPen(pen)
        for label in self.reasons:
            label.set_theme(theme, theme.colour("dim"))
            label.item.setAnchor((0.5, 0.5))
        self.parting_label.set_theme(theme, theme.colour("text"))
        self.parting_label.item.setAnchor((1, 1))

    def show_map(self, shown: CompareMap) -> None:
        """Another map; `arrange` draws what of it depends on the size of cells."""
        count, width = shown.values.shape
        self._cells = None
        self.gap.setVisible(not shown.signed)
        self.gap.setRect(QRectF(shown.own, 0, shown.first - shown.own, count))
        self.edge.setRect(QRectF(0, 0, width, count))

    def show_place(
        self, shown: CompareMap, t: int, alpha_known: bool, parts: tuple[int | None, str]
    ) -> None:
        """The step at the playhead, and where they part: t, and in what."""
        self._parts = parts
        width = shown.values.shape[1]
        self.here.setVisible(t > 0)
        self.here.setRect(QRectF(0, t - 1, width, 1))
        self.unknown.setVisible(t > 0 and not alpha_known)
        self.unknown.setRect(QRectF(0, t - 1, width if shown.signed else shown.own, 1))

    def show_light(self, shown: CompareMap, rows: Iterable[int], columns: Iterable[int]) -> None:
        """Frames around rows and columns."""
        count, width = shown.values.shape
        self.lit_rows.setPath(row_frames(rows, width))
        self.lit_columns.setPath(column_frames(columns, count))

    def arrange(self, shown: CompareMap, ratio: float) -> None:
        """What depends on the size of a cell and on what is in view. ratio: pixels a unit."""
        across, down = self._view.pixels()
        self._show_image(shown, across * ratio, down * ratio)
        self.lines.setVisible(min(across, down) > self._theme.px(LINED))
        if self.lines.isVisible() and self._ruled != shown.values.shape:
            self._ruled = shown.values.shape
            self.lines.setPath(_grid(*shown.values.shape))
        self._show_missing(shown, across, down)
        self._show_parting(shown, across, down)

    def _show_image(self, shown: CompareMap, across: float, down: float) -> None:
        """Cells in their colours; of those smaller than a pixel the largest difference."""
        count, width = shown.values.shape
        most = (min(count, round(count * down)), min(width, round(width * across)))
        if most == self._cells:
            return
        self._cells = most
        cells = peaks(shown.values, *most)
        if shown.signed:
            colours = signed_colours(cells.values, shown.end, self._theme)
        else:
            colours = alpha_colours(cells.values / shown.end, self._theme)
        self.image.setImage(colours, levels=(0, 255))
        # The last cell may stand for fewer columns than the others; the view ends with them.
        high, wide = cells.values.shape
        self.image.setRect(QRectF(0, 0, wide * cells.columns, high * cells.rows))

    def _show_missing(self, shown: CompareMap, across: float, down: float) -> None:
        """Hatch what there is nothing to compare in, and say why where there is room."""
        view = self._view.viewRect()
        key = (shown, view, across, down)
        if key == self._hatched:
            return
        self._hatched = key
        areas = [(area.intersected(view), why) for area, why in shown.missing]
        areas = [(area, why) for area, why in areas if not area.isEmpty()]
        areas.sort(key=lambda each: -each[0].height())
        ground, hatch = QPainterPath(), QPainterPath()
        for area, _ in areas:
            ground.addRect(area)
            hatch.addPath(hatched(area, across, down, self._theme.px(HATCH)))
        self.ground.setPath(ground)
        self.hatch.setPath(hatch)
        for label, found in zip_longest(self.reasons, areas[: len(self.reasons)]):
            label.item.setVisible(False)
            if found is not None:
                area, why = found
                label.item.setText(why)
                wide, high = label.size()
                fits = area.width() * across > 1.1 * wide and area.height() * down > 0.9 * high
                label.item.setVisible(fits)
                label.item.setPos(area.center())

    def _show_parting(self, shown: CompareMap, across: float, down: float) -> None:
        """The line above the first row that differs, and on it what it is, where there is room."""
        (t, how), label, view = self._parts, self.parting_label, self._view.viewRect()
        line = QPainterPath()
        label.item.setVisible(False)
        if t is not None:
            line.moveTo(0, t - 1)
            line.lineTo(shown.values.shape[1], t - 1)
            label.item.setText(parting_text(t, how))
            wide, high = label.size()
            fits = (t - 1 - view.top()) * down >= high and view.width() * across > 1.6 * wide
            # It covers the ends of rows before, in which nothing differs; α itself is not covered.
            if shown.signed and fits and t - 1 <= view.bottom():
                label.item.setVisible(True)
                label.item.setPos(QPointF(view.right(), t - 1))
        self.parting.setPath(line)
        self.around_parting.setPath(line)


def _grid(count: int, width: int) -> QPainterPath:
    lines = QPainterPath()
    for x in range(1, width):
        lines.moveTo(x, 0)
        lines.lineTo(x, count)
    for y in range(1, count):
        lines.moveTo(0, y)
        lines.lineTo(width, y)
    return lines
