"""How marks of a timeline are painted: dots in its gutter, lanes below its cells, a dashed line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from attn_desktop.gui.note_rows import paint_star
from attn_desktop.gui.painting import elided
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.timeline_cells import Cells
from attn_desktop.gui.timeline_marks import EDITED, FORCED, MOST, NOTES, TimelineMarks, apart
from attn_desktop.gui.timeline_places import GAP, Areas, middle

#: Half of a mark in pixels at normal type, at least; and the radius of a breakpoint.
LEAST, DOT = 2.5, 4.5
#: Type of the names of lanes.
SMALLEST = 0.66


@dataclass(frozen=True, eq=False)
class MarkPainter:
    """Paints what is marked. Many steps may be, so that pens are chosen once for all of them."""

    theme: Theme
    cells: Cells
    areas: Areas
    marks: TimelineMarks

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """All marks of steps that are in view."""
        near = self.cells.near
        seen = {t: self.marks.stops_at(scene, t) for t in self.marks.stops if t in near}
        on = {t for t, stops in seen.items() if any(stop.enabled for stop in stops)}
        self.paint_dots(painter, sorted(on), True)
        self.paint_dots(painter, [t for t, stops in seen.items() if stops and t not in on], False)
        places = self._places()
        radius = self._radius()
        self._paint_triangles(painter, list(places.get(EDITED, {}).values()), radius)
        self._paint_squares(painter, list(places.get(FORCED, {}).values()), radius)
        for t, at in places.get(NOTES, {}).items():
            if self.marks.notes[t].bookmarked:
                size = (radius + 1) / self.theme.scale
                paint_star(painter, at, self.theme, filled=True, size=size)
            else:
                self._paint_page(painter, at, radius)
        if self.marks.parting is not None and self.marks.parting[0] in near:
            self._paint_parting(painter, self.marks.parting[0])

    def paint_dots(
        self, painter: QPainter, steps: Sequence[int], filled: bool, opacity: float = 1.0
    ) -> None:
        """Breakpoints in the gutter, hollow where they are off. opacity: less for a proposal."""
        theme, gutter = self.theme, self.areas.gutter
        hue = theme.hue("breakpoint", opacity)
        radius = min(theme.scale * DOT, gutter.height() / 2 - 1, self._across()) - 0.5
        painter.setPen(QPen(hue, theme.px(1)))
        painter.setBrush(hue if filled else Qt.BrushStyle.NoBrush)
        y = gutter.center().y()
        for t in steps:
            painter.drawEllipse(QPointF(middle(theme, self.cells, t), y), radius, radius)

    def paint_names(self, painter: QPainter) -> None:
        """What each lane holds, at the left of it."""
        theme, lanes = self.theme, self.marks.lanes(self.theme, self.cells)
        names = list(self.marks.steps) if lanes == len(self.marks.steps) else ["marks"]
        painter.setPen(theme.colour("dim"))
        painter.setFont(theme.font(SMALLEST))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        box = QRectF(self.areas.marks)
        box.setRight(self.cells.left - theme.px(GAP))
        box.setHeight(self.areas.marks.height() / max(1, lanes))
        for name in names if lanes else ():
            text = elided(name, painter.font(), box.width())
            painter.drawText(box, flags | Qt.TextFlag.TextDontClip, text)
            box.translate(0, box.height())

    # -- where marks are ----------------------------------------------------------------------

    def _places(self) -> dict[str, dict[int, QPointF]]:
        """The middles of the marks of each kind: beside each other, or each kind in its lane."""
        kinds, cells, box = self.marks.steps, self.cells, self.areas.marks
        lanes, step = self.marks.lanes(self.theme, cells), apart(self.theme)
        high, top, names = box.height() / max(1, lanes), box.top(), list(kinds)
        places: dict[str, dict[int, QPointF]] = {kind: {} for kind in kinds}
        left, pitch, steps = middle(self.theme, cells, 0), cells.pitch, list(kinds.values())
        for t in cells.near:
            there = [index for index, marked in enumerate(steps) if t in marked]
            x = left + t * pitch
            for place, index in enumerate(there):
                aside = (place - (len(there) - 1) / 2) * step if lanes == 1 else 0.0
                y = top + (0.5 if lanes == 1 else index + 0.5) * high
                places[names[index]][t] = QPointF(x + aside, y)
        return places

    def _across(self) -> float:
        """Half of a mark: narrow cells have small ones, which may then touch each other."""
        return max(self.theme.scale * LEAST, self.cells.pitch / 2 - 1)

    def _radius(self) -> float:
        lanes = max(1, self.marks.lanes(self.theme, self.cells))
        down = self.areas.marks.height() / lanes / 2 - 0.5
        return min(self.theme.scale * MOST, self._across(), down)

    # -- what they look like ------------------------------------------------------------------

    def _paint_triangles(self, painter: QPainter, places: Sequence[QPointF], radius: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.colour("text"))
        across, down = QPointF(radius, 0), QPointF(0, radius)
        for at in places:
            painter.drawPolygon(QPolygonF([at + down - across, at - down, at + down + across]))

    def _paint_squares(self, painter: QPainter, places: Sequence[QPointF], radius: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.ink("target"))
        half = 0.8 * radius
        boxes = [QRectF(at.x() - half, at.y() - half, 2 * half, 2 * half) for at in places]
        painter.drawRects(boxes)

    def _paint_page(self, painter: QPainter, at: QPointF, radius: float) -> None:
        """A note: a sheet with two lines on it."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.colour("dim"))
        box = QRectF(at.x() - 0.8 * radius, at.y() - radius, 1.6 * radius, 2 * radius)
        painter.drawRect(box)
        for line in (1, 2):
            y = box.top() + line * box.height() / 3
            stroke = QRectF(box.left() + 0.3 * radius, y - 0.5, box.width() - 0.6 * radius, 1)
            painter.fillRect(stroke, self.theme.colour("card"))

    def _paint_parting(self, painter: QPainter, t: int) -> None:
        """Before the first step that differs from the baseline."""
        gap = self.theme.px(GAP) / 2 if self.cells.cards else 0
        x = round(self.cells.x(t) - gap) + 0.5
        pen = QPen(self.theme.colour("text"), 1)
        pen.setDashPattern([3.0, 2.0])
        painter.setPen(pen)
        areas = self.areas
        painter.drawLine(QPointF(x, areas.gutter.top()), QPointF(x, areas.steps.bottom()))
