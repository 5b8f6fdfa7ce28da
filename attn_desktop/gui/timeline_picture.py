"""How a timeline is painted: what stays while the playhead moves, and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from attn_desktop.gui.painting import diamond, fill_rounded
from attn_desktop.gui.picture_grid import CellGrid
from attn_desktop.gui.scene import Light, Scene
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.timeline_card import (
    CardPlaces,
    card_places,
    map_images,
    map_place,
    paint_card,
    paint_frame,
    strip_images,
)
from attn_desktop.gui.timeline_cells import WIDEST, Cells
from attn_desktop.gui.timeline_columns import (
    ColumnPlaces,
    column_places,
    paint_columns,
    paint_numbers,
    paint_tokens,
)
from attn_desktop.gui.timeline_figures import TimelineFigures
from attn_desktop.gui.timeline_mark_painting import MarkPainter
from attn_desktop.gui.timeline_marks import TimelineMarks
from attn_desktop.gui.timeline_places import GAP, NUMBER, START, Areas, cell_width
from attn_desktop.gui.timeline_watches import WatchRow, more_text, paint_rows, paint_values

#: Half a diagonal of the mark of a branch, and how far its middle is from the end of the cell.
DIAMOND, MARK_UP = 3.5, 8
#: How strongly the step at the playhead and steps that are lit are tinted.
HERE, LIT = 0.25, 0.2
#: How strongly a breakpoint is seen that a press would set.
PROPOSED = 0.35


@dataclass(frozen=True, eq=False)
class TimelinePicture:
    """What is to be painted where.

    rows: the watches that have a row. first: how many are above those. branches: at which steps
    others part, and whether they are hard.
    """

    theme: Theme
    scene: Scene
    light: Light
    cells: Cells
    areas: Areas
    figures: TimelineFigures
    marks: TimelineMarks
    rows: Sequence[WatchRow]
    first: int
    branches: Mapping[int, bool]

    def paint_still(self, painter: QPainter) -> None:
        """All that stays while the playhead moves."""
        theme, cells, areas = self.theme, self.cells, self.areas
        start = self._start_box()
        paint_frame(painter, theme, start)
        painter.setPen(theme.colour("dim"))
        painter.setFont(theme.font(0.8))
        painter.drawText(start, Qt.AlignmentFlag.AlignCenter, "start")
        marks = MarkPainter(theme, cells, areas, self.marks)
        marks.paint_names(painter)
        if not areas.more.isEmpty():
            painter.setFont(theme.font(NUMBER))
            text = more_text(self.scene, areas, self.first)
            painter.drawText(areas.more, Qt.AlignmentFlag.AlignLeft, text)
        painter.save()
        self._clip(painter)
        if cells.cards:
            self._paint_cards(painter)
        else:
            self._paint_columns(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        marks.paint(painter, self.scene)
        painter.restore()
        paint_rows(painter, theme, cells, areas, self.rows)

    def paint_proposal(self, painter: QPainter, t: int) -> None:
        """A breakpoint that a press would set."""
        marks = MarkPainter(self.theme, self.cells, self.areas, self.marks)
        marks.paint_dots(painter, [t], True, PROPOSED)

    def paint_place(self, painter: QPainter) -> None:
        """What is lit, what comes later, and the frame around the step at the playhead."""
        theme, cells, scene = self.theme, self.cells, self.scene
        top, bottom = self._ends()
        painter.save()
        self._clip(painter)
        self._veil_later(painter)
        for t in self.light.all_target:
            if 0 < t <= cells.steps:
                lit = QRectF(cells.x(t), top, cell_width(theme, cells), bottom - top)
                fill_rounded(painter, lit, theme.px(4), theme.hue("target", LIT))
                self._tint_watches(painter, t, LIT / 2)
        if scene.t:
            self._tint_watches(painter, scene.t, HERE)
        if cells.cards:
            self._paint_lit_columns(painter)
        self._paint_branches(painter)
        painter.restore()
        self._paint_frame(painter)
        hovered = [t for t in self.light.target if t <= cells.steps]
        shown = hovered[0] if len(hovered) == 1 else scene.t
        paint_values(painter, theme, cells, self.rows, shown)
        if not cells.cards:
            self._paint_tokens(painter)

    # -- what stays -------------------------------------------------------------------------

    def _paint_cards(self, painter: QPainter) -> None:
        cells, places = self.cells, self._places()
        strips = self._strips(places.strip.width())
        steps = range(1, cells.steps + 1)
        for look in self.figures.looks(self.scene, self.theme, steps, strips):
            painter.save()
            painter.translate(round(cells.x(look.t)), 0)
            paint_card(painter, self.theme, places, look)
            painter.restore()
        few = cells.pitch >= WIDEST * self.theme.scale - 0.5
        if few and not self.scene.complete:
            self._paint_empty(painter, places.box)

    def _strips(self, width: int) -> list[QImage]:
        """α of every step: over words a strip of this width, over a picture a small map."""
        scene, alpha = self.scene, self.figures.alpha
        if scene.run is None or scene.run.grid is None:
            return strip_images(self.theme, alpha, width)
        return map_images(self.theme, alpha, scene.run.grid)

    def _paint_empty(self, painter: QPainter, box: QRectF) -> None:
        """Outlines of steps to come."""
        painter.setPen(QPen(self.theme.colour("faint"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        cells, radius = self.cells, self.theme.px(4)
        t = cells.steps + 1
        while cells.x(t) + box.width() <= cells.right + 1:
            placed = box.translated(round(cells.x(t)), 0).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(placed, radius, radius)
            t += 1

    def _paint_columns(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        cells, places = self.cells, self._column_places()
        looks = self.figures.looks(self.scene, self.theme, cells.near)
        paint_columns(painter, self.theme, cells, places, looks)
        paint_numbers(painter, self.theme, cells, places)

    # -- what goes with the playhead and the light --------------------------------------------

    def _veil_later(self, painter: QPainter) -> None:
        """Steps after the playhead are paler."""
        cells, left = self.cells, self.cells.x(self.scene.t + 1)
        later = cells.x(cells.steps + 1) - left
        if later <= 0:
            return
        top, bottom = self._ends()
        if cells.cards:
            # α keeps its colours: under a veil black would look like grey.
            bottom = self._places().strip.top()
        veil, watches = self.theme.colour("card", 0.5), self.areas.watches
        painter.fillRect(QRectF(left, top, later, bottom - top), veil)
        painter.fillRect(QRectF(left, watches.top(), later, watches.height()), veil)

    def _tint_watches(self, painter: QPainter, t: int, opacity: float) -> None:
        watches, width = self.areas.watches, cell_width(self.theme, self.cells)
        box = QRectF(self.cells.x(t), watches.top(), width, watches.height())
        painter.fillRect(box, self.theme.hue("target", opacity))

    def _paint_lit_columns(self, painter: QPainter) -> None:
        """A line below the lit positions of each strip, or a frame around lit regions."""
        cells, strip, run = self.cells, self._places().strip, self.scene.run
        columns = self.scene.source.columns(self.light.all_source)
        if not columns or not strip.height():
            return
        if run is not None and run.grid is not None:
            self._paint_lit_regions(painter, strip, run.grid, columns)
            return
        pitch, hue = strip.width() / len(self.scene.source), self.theme.hue("source")
        for t in range(1, cells.steps + 1):
            for column in columns:
                x = round(cells.x(t)) + strip.left() + column * pitch
                line = QRectF(x, strip.bottom() + 2, max(pitch - 1, 1), self.theme.px(2))
                painter.fillRect(line, hue)

    def _paint_lit_regions(
        self, painter: QPainter, strip: QRect, grid: tuple[int, int], regions: Sequence[int]
    ) -> None:
        rows, across = grid
        regular = QRectF(map_place(strip, across, rows))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.theme.hue("source"), self.theme.px(1)))
        for t in range(1, self.cells.steps + 1):
            area = regular.translated(round(self.cells.x(t)), 0)
            painter.drawPath(CellGrid(area, rows, across).outline(regions))

    def _paint_branches(self, painter: QPainter) -> None:
        """Where another branch parts: pink if it is hard."""
        px, cells, bottom = self.theme.px, self.cells, self._ends()[1]
        width = cell_width(self.theme, cells)
        painter.setBrush(self.theme.colour("card"))
        for t, hard in self.branches.items():
            x = cells.x(t) + (width - px(10) if cells.cards else width / 2)
            hue = self.theme.hue("hard") if hard else self.theme.colour("dim")
            painter.setPen(QPen(hue, px(1.4)))
            painter.drawPolygon(diamond(QPointF(x, bottom - px(MARK_UP)), px(DIAMOND)))

    def _paint_frame(self, painter: QPainter) -> None:
        """Around the step at the playhead."""
        px, cells, t = self.theme.px, self.cells, self.scene.t
        here = self._start_box()
        if t:
            top, bottom = self._ends()
            width = cell_width(self.theme, cells)
            here = QRectF(round(cells.x(t)), top, width, bottom - top)
            here = here if cells.cards else here.adjusted(-1, 0, 1, 0)
        painter.setPen(QPen(self.theme.colour("accent"), px(1.5)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = px(4) if cells.cards or not t else px(2)
        painter.drawRoundedRect(here.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)

    def _paint_tokens(self, painter: QPainter) -> None:
        scene, light, cells = self.scene, self.light, self.cells
        tokens = [scene.label(t) for t in range(1, cells.steps + 1)]
        wanted = (scene.t, *sorted(light.target), *sorted(light.brushed_target))
        top = self.areas.cells.top()
        paint_tokens(painter, self.theme, cells, top, tokens, wanted, scene.t + 1)

    # -- where things are -------------------------------------------------------------------

    def _clip(self, painter: QPainter) -> None:
        left, right = self.cells.left - 2, self.cells.right + 2
        painter.setClipRect(QRectF(left, 0, right - left, self.areas.coverage.bottom()))

    def _start_box(self) -> QRectF:
        px, area = self.theme.px, self.areas.cells
        return QRectF(self.cells.left - px(GAP) - px(START), area.top(), px(START), area.height())

    def _ends(self) -> tuple[float, float]:
        """y between which cells are framed."""
        area = self.areas.cells
        if self.cells.cards:
            return area.top(), area.bottom()
        places = self._column_places()
        return places.top, places.low

    def _places(self) -> CardPlaces:
        area = self.areas.cells
        return card_places(
            self.theme, cell_width(self.theme, self.cells), area.top(), area.height()
        )

    def _column_places(self) -> ColumnPlaces:
        return column_places(self.theme, self.areas.cells.top(), self.areas.cells.bottom())
