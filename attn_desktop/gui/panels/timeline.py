"""The timeline: a cell a step, from which any step is a press away, and what α has covered."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.common.mode import HARD
from attn_desktop.gui.coverage_strip import paint_strip, strip_box
from attn_desktop.gui.intents import GoTo, Hover
from attn_desktop.gui.layer import Layer
from attn_desktop.gui.painting import diamond, fill_rounded
from attn_desktop.gui.panel import Change, PaintedPanel, Table
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.timeline_card import (
    CardPlaces,
    card_places,
    paint_card,
    paint_frame,
    strip_images,
)
from attn_desktop.gui.timeline_cells import WIDEST, Cells, place_cells
from attn_desktop.gui.timeline_columns import (
    column_places,
    paint_columns,
    paint_numbers,
    paint_tokens,
)
from attn_desktop.gui.timeline_figures import TimelineFigures

#: One notch of a wheel, in Qt's eighths of a degree.
NOTCH = 120
MARGIN, GAP, START = 6, 6, 46
#: Half a diagonal of the mark of a branch, and how far its middle is from the end of the cell.
DIAMOND, MARK_UP = 3.5, 8
TALLEST_CARD = 120


class TimelinePanel(PaintedPanel):
    """Every step at a glance. Press or drag to go there; the wheel goes a step on or back."""

    name = "timeline"
    title = "Timeline"
    about = (
        "A cell a step. Green (pink if its weighting is hard): H(α_t) = −Σ_j α_tj log α_tj, full\n"
        "at log n for n allowed positions. Grey: −log p of the token. Below: α_t over the source,\n"
        "white is 1. ◇: a branch parts there. Coverage: Σ α_tj of the steps so far.\n"
        "Press or drag to go to a step; the wheel goes one on or back."
    )
    natural = (1200, 120)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._figures = TimelineFigures()
        self._parted: dict[int, bool] = {}
        self._layer = Layer()
        self._held: float | None = None
        self._asked: int | None = None
        self._turned = 0

    # -- numbers ----------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene = self.scene
        if change.steps and scene.run is not None:
            self._layer.clear()
            self._figures.measure(scene)
        # The first branch of all parts from none.
        others = [branch for branch in scene.branches if branch.parted == 1][1:]
        others += [branch for branch in scene.branches if branch.parted > 1]
        self._parted = {
            branch.parted: branch.mode.weighting == HARD
            for branch in others
            if branch.parted <= len(scene.steps)
        }
        super().draw(change)

    def caption(self) -> str:
        if self.scene.run is None:
            return ""
        count = len(self.scene.steps)
        place = f"t {self.scene.t} of {count}" if count else ""
        bars = "entropy of α · −log p" if self.cells().cards else "↑ entropy of α · ↓ −log p"
        return " · ".join(filter(None, (place, bars, "◇ branch" if self._parted else "")))

    def table(self) -> Table:
        self.flush()
        if self.scene.run is None:
            return Table((), ())
        scene = self.scene
        rows = [
            (
                step.t,
                token,
                float(spread),
                step.active.entropy,
                step.log_prob,
                step.seed,
                str(step.mode),
                step.chosen_by,
            )
            for step, token, spread in zip(
                scene.steps, scene.tokens, self._figures.entropy, strict=True
            )
        ]
        figures = ("entropy_alpha", "entropy_y", "log_prob")
        return Table(("t", "token", *figures, "seed", "mode", "chosen_by"), rows)

    # -- where things are -------------------------------------------------------------------

    def cells(self) -> Cells:
        """The cells for the present size and place."""
        px, scene = self.theme.px, self.scene
        left, right = px(MARGIN) + px(START) + px(GAP), self.width() - px(MARGIN)
        return place_cells(left, right, len(scene.steps), scene.t, self.theme.scale, self._held)

    def _areas(self, cells: Cells) -> tuple[QRectF, QRectF]:
        """Of the cells, that of `start` included, and of the coverage with its label."""
        px = self.theme.px
        low = min(max(0.14 * self.height(), px(10)), px(32))
        high = max(self.height() - 2.0 * px(MARGIN) - px(5) - low, 1.0)
        if cells.cards:
            high = min(high, px(TALLEST_CARD))
        left, width = px(MARGIN), self.width() - 2 * px(MARGIN)
        return QRectF(left, left, width, high), QRectF(left, left + high + px(5), width, low)

    def covered_box(self) -> QRectF:
        """The bars of coverage."""
        cells = self.cells()
        return strip_box(self.theme, self._areas(cells)[1], cells.left, len(self.scene.source))

    def _places(self, cells: Cells, area: QRectF) -> CardPlaces:
        width = cells.pitch - self.theme.px(GAP)
        return card_places(self.theme, width, area.top(), area.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.captioned.emit()

    # -- painting ---------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        scene = self.scene
        if scene.run is None:
            self.paint_blank(painter, "Every step of the output gets a cell here.")
            return
        cells = self.cells()
        area = self._areas(cells)[0]
        unknown = None if scene.knows(scene.t, Phase.TOKEN) else (scene.t, scene.phase)
        key = (cells, unknown, scene.complete)
        self._layer.paint(
            painter, self.size(), key, lambda inner: self._paint_cells(inner, cells, area)
        )
        self._paint_place(painter, cells, area)
        if not cells.cards:
            self._paint_tokens(painter, cells, area)
        lit = scene.source.columns(self.light.all_source)
        strip = self._areas(cells)[1]
        covered = self._figures.covered(scene)
        paint_strip(painter, self.theme, strip, self.covered_box(), covered, lit)

    def _clip(self, painter: QPainter, cells: Cells) -> None:
        width = cells.right - cells.left
        painter.setClipRect(QRectF(cells.left - 2, 0, width + 4, self.height()))

    def _paint_cells(self, painter: QPainter, cells: Cells, area: QRectF) -> None:
        """All that stays while the playhead moves."""
        px = self.theme.px
        start = QRectF(area.left(), area.top(), px(START), area.height())
        paint_frame(painter, self.theme, start)
        painter.setPen(self.theme.colour("dim"))
        painter.setFont(self.theme.font(0.8))
        painter.drawText(start, Qt.AlignmentFlag.AlignCenter, "start")
        painter.save()
        self._clip(painter, cells)
        if cells.cards:
            self._paint_cards(painter, cells, area)
        else:
            self._paint_columns(painter, cells, area)
        painter.restore()

    def _paint_cards(self, painter: QPainter, cells: Cells, area: QRectF) -> None:
        places = self._places(cells, area)
        strips = strip_images(self.theme, self._figures.alpha, places.strip.width())
        for t in range(1, cells.steps + 1):
            painter.save()
            painter.translate(round(cells.x(t)), 0)
            look = self._figures.look(self.scene, self.theme, t, strips[t - 1])
            paint_card(painter, self.theme, places, look)
            painter.restore()
        few = cells.pitch >= WIDEST * self.theme.scale - 0.5
        if few and not self.scene.complete:
            self._paint_empty(painter, cells, places.box)

    def _paint_empty(self, painter: QPainter, cells: Cells, box: QRectF) -> None:
        """Outlines of steps to come."""
        painter.setPen(QPen(self.theme.colour("faint"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        t, radius = cells.steps + 1, self.theme.px(4)
        while cells.x(t) + box.width() <= cells.right + 1:
            placed = box.translated(round(cells.x(t)), 0).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(placed, radius, radius)
            t += 1

    def _paint_columns(self, painter: QPainter, cells: Cells, area: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        places = column_places(self.theme, area.top(), area.bottom())
        shown = range(max(1, cells.first - 1), min(cells.steps, cells.last + 1) + 1)
        looks = (self._figures.look(self.scene, self.theme, t) for t in shown)
        paint_columns(painter, self.theme, cells, places, looks)
        paint_numbers(painter, self.theme, cells, places)

    def _paint_place(self, painter: QPainter, cells: Cells, area: QRectF) -> None:
        """What is lit, what comes later, and the frame around the step at the playhead."""
        px, scene = self.theme.px, self.scene
        width, top, bottom = cells.pitch - px(GAP), area.top(), area.bottom()
        if not cells.cards:
            places = column_places(self.theme, area.top(), area.bottom())
            width, top, bottom = cells.pitch, places.top, places.low
        painter.save()
        self._clip(painter, cells)
        later = cells.x(cells.steps + 1) - cells.x(scene.t + 1)
        if later > 0:
            # α keeps its colours: under a veil black would look like grey.
            strip = self._places(cells, area).strip if cells.cards else None
            end = strip.top() if strip else bottom
            box = QRectF(cells.x(scene.t + 1), top, later, end - top)
            painter.fillRect(box, self.theme.colour("card", 0.5))
        for t in self.light.all_target:
            if 0 < t <= cells.steps:
                lit = QRectF(cells.x(t), top, width, bottom - top)
                fill_rounded(painter, lit, px(4), self.theme.hue("target", 0.2))
        if cells.cards:
            self._paint_lit_columns(painter, cells, area)
        self._paint_marks(painter, cells, width, bottom)
        painter.restore()
        here = QRectF(area.left(), area.top(), px(START), area.height())
        if scene.t:
            here = QRectF(round(cells.x(scene.t)), top, width, bottom - top)
            here = here if cells.cards else here.adjusted(-1, 0, 1, 0)
        painter.setPen(QPen(self.theme.colour("accent"), px(1.5)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = px(4) if cells.cards or not scene.t else px(2)
        painter.drawRoundedRect(here.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)

    def _paint_marks(self, painter: QPainter, cells: Cells, width: float, bottom: float) -> None:
        """Where another branch parts: pink if it is hard."""
        px = self.theme.px
        painter.setBrush(self.theme.colour("card"))
        for t, hard in self._parted.items():
            x = cells.x(t) + (width - px(10) if cells.cards else width / 2)
            hue = self.theme.hue("hard") if hard else self.theme.colour("dim")
            painter.setPen(QPen(hue, px(1.4)))
            painter.drawPolygon(diamond(QPointF(x, bottom - px(MARK_UP)), px(DIAMOND)))

    def _paint_lit_columns(self, painter: QPainter, cells: Cells, area: QRectF) -> None:
        """A line below the lit positions of each strip."""
        columns = self.scene.source.columns(self.light.all_source)
        strip = self._places(cells, area).strip
        if not columns or not strip.height():
            return
        pitch, hue = strip.width() / len(self.scene.source), self.theme.hue("source")
        for t in range(1, cells.steps + 1):
            for column in columns:
                x = round(cells.x(t)) + strip.left() + column * pitch
                line = QRectF(x, strip.bottom() + 2, max(pitch - 1, 1), self.theme.px(2))
                painter.fillRect(line, hue)

    def _paint_tokens(self, painter: QPainter, cells: Cells, area: QRectF) -> None:
        scene, light = self.scene, self.light
        tokens = [scene.label(t) for t in range(1, cells.steps + 1)]
        wanted = (scene.t, *sorted(light.target), *sorted(light.brushed_target))
        paint_tokens(painter, self.theme, cells, area.top(), tokens, wanted, scene.t + 1)

    # -- pointer ----------------------------------------------------------------------------

    def _step_at(self, at: QPointF) -> int | None:
        """The step whose cell is at a place, 0 for `start`."""
        cells = self.cells()
        if self.scene.run is None or at.y() > self._areas(cells)[0].bottom():
            return None
        if at.x() < cells.left:
            return 0
        return cells.at(at.x()) if at.x() < cells.x(cells.steps + 1) else None

    def _covered_at(self, at: QPointF) -> int | None:
        """The source column whose coverage is at a place."""
        if self.scene.run is None:
            return None
        box, count = self.covered_box(), len(self.scene.source)
        if not box.contains(at):
            return None
        return min(count - 1, int((at.x() - box.left()) / box.width() * count))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        t = self._step_at(event.position())
        if t is not None and event.button() == Qt.MouseButton.LeftButton:
            # Cells stay where they are while the pointer is down, or they would run away from it.
            self._held, self._asked = self.cells().offset, t
            self.ask(GoTo(t))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        at = event.position()
        if self._asked is not None:
            self._drag(at)
            return
        t, column = self._step_at(at), self._covered_at(at)
        if column is not None:
            self.ask(Hover(source=frozenset(self.scene.source.positions(column))))
            self.said.emit(self._about_column(column))
        elif t is not None:
            self.ask(Hover(target=frozenset({t}) if t else frozenset()))
            self.said.emit(self._figures.about(self.scene, t))
        else:
            self.ask(Hover())
            self.said.emit("")

    def _drag(self, at: QPointF) -> None:
        cells = self.cells()
        # Left of the cells is `start`, but first come the steps that are out of view there.
        t = 0 if at.x() < cells.left and cells.offset <= 0 else cells.at(at.x())
        if t != self._asked:
            self._asked = t
            self.ask(GoTo(t))
        self.said.emit(self._figures.about(self.scene, t))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = self._asked = None
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._turned += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._turned / NOTCH)
        self._turned -= notches * NOTCH
        t = min(max(self.scene.t - notches, 0), len(self.scene.steps))
        if t != self.scene.t:
            self.ask(GoTo(t))
        event.accept()

    def _about_column(self, column: int) -> str:
        value = self._figures.covered(self.scene)[column]
        label = self.scene.source.labels[column]
        return f"coverage of “{label}” up to t {self.scene.t}: Σ α = {value:.3f}"
