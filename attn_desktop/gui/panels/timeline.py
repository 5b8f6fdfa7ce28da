"""The timeline: a cell a step, from which any step is a press away, and what α has covered."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from attn_desktop.common.mode import HARD
from attn_desktop.gui.branch_tree import parting
from attn_desktop.gui.coverage_strip import paint_strip, strip_box
from attn_desktop.gui.intents import GoTo, Hover, SetBreakpoints
from attn_desktop.gui.layer import Layer
from attn_desktop.gui.marks import toggled
from attn_desktop.gui.panel import Change, PaintedPanel, Table
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.timeline_cells import Cells, place_cells
from attn_desktop.gui.timeline_figures import TimelineFigures
from attn_desktop.gui.timeline_marks import TimelineMarks
from attn_desktop.gui.timeline_picture import TimelinePicture
from attn_desktop.gui.timeline_places import GAP, MARGIN, Areas, place_areas, row_height
from attn_desktop.gui.timeline_tips import (
    APART,
    GUTTER_HINT,
    step_line,
    step_tip,
    watch_line,
    watch_tip,
)
from attn_desktop.gui.timeline_watches import (
    WatchRow,
    label_room,
    label_width,
    more_text,
    watch_rows,
)

#: One notch of a wheel, in Qt's eighths of a degree.
NOTCH = 120


class TimelinePanel(PaintedPanel):
    """Every step at a glance. Press or drag to go there; the wheel goes a step on or back."""

    name = "timeline"
    title = "Timeline"
    about = (
        "A cell a step. Green (pink if its weighting is hard): H(α_t) = −Σ_j α_tj log α_tj, full\n"
        "at log n for n allowed positions. Grey: −log p of the token. Below: α_t over the source,\n"
        "white is 1; over a picture a map of its regions, white the largest α of the step.\n"
        "◇: a branch parts there. Coverage: Σ α_tj of the steps so far.\n"
        "● above a cell: a breakpoint holds there, ○ if it is off; click there to set one at the\n"
        "step or take it away. ▲ an edited step, ■ a forced token, ▤ a note, ★ a bookmark.\n"
        "Dashed line: the first difference from the baseline. Below: the watches, a curve from\n"
        "the least to the largest value, or filled where true; gaps are unknown.\n"
        "Press or drag to go to a step; the wheel goes one on or back, over names of watches it\n"
        "scrolls them."
    )
    natural = (1200, 120)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._figures = TimelineFigures()
        self._marks = TimelineMarks()
        self._parted: dict[int, bool] = {}
        self._layer = Layer()
        self._label = 0.0
        self._above = 0
        self._rows: tuple[object, list[WatchRow]] = (None, [])
        self._proposed: int | None = None
        self._held: float | None = None
        self._asked: int | None = None
        self._turned = 0

    # -- numbers ----------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene = self.scene
        if change.steps and scene.run is not None:
            self._layer.clear()
            self._figures.measure(scene)
        self._marks.measure(scene)
        self._label = label_width(self.theme, scene)
        self._parted = {
            branch.parted: branch.mode.weighting == HARD for branch in parting(scene.branches)
        }
        super().draw(change)

    def caption(self) -> str:
        if self.scene.run is None:
            return ""
        count = len(self.scene.steps)
        place = f"t {self.scene.t} of {count}" if count else ""
        cells = self.cells()
        bars = "entropy of α · −log p" if cells.cards else "↑ entropy of α · ↓ −log p"
        areas = self._areas(cells)
        hidden = more_text(self.scene, areas, self._first_watch(areas))
        branch = "◇ branch" if self._parted else ""
        return " · ".join(
            filter(None, (place, hidden, bars, branch, self._marks.parted(self.scene)))
        )

    def table(self) -> Table:
        self.flush()
        if self.scene.run is None:
            return Table((), ())
        scene = self.scene
        rows: list[tuple[str | float | int, ...]] = [
            (
                step.t,
                token,
                float(spread),
                step.active.entropy,
                step.log_prob,
                step.seed,
                str(step.mode),
                step.chosen_by,
                *(float(watch.values[step.t - 1]) for watch in scene.watches),
            )
            for step, token, spread in zip(
                scene.steps, scene.tokens, self._figures.entropy, strict=True
            )
        ]
        figures = ("entropy_alpha", "entropy_y", "log_prob")
        watches = (watch.expression for watch in scene.watches)
        return Table(("t", "token", *figures, "seed", "mode", "chosen_by", *watches), rows)

    # -- where things are -------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        more = len(self.scene.watches) * row_height(self.theme)
        return QSize(hint.width(), hint.height() + round(more))

    def cells(self) -> Cells:
        """The cells for the present size and place."""
        px, scene = self.theme.px, self.scene
        label = label_room(self.theme, self._label, self.width())
        left, right = px(MARGIN) + label + px(GAP), self.width() - px(MARGIN)
        return place_cells(left, right, len(scene.steps), scene.t, self.theme.scale, self._held)

    def _areas(self, cells: Cells) -> Areas:
        lanes, watches = self._marks.lanes(self.theme, cells), len(self.scene.watches)
        return place_areas(self.theme, self.width(), self.height(), cells, lanes, watches)

    def covered_box(self) -> QRectF:
        """The bars of coverage."""
        cells = self.cells()
        area = self._areas(cells).coverage
        return strip_box(self.theme, area, cells.left, len(self.scene.source))

    def _watch_rows(self, areas: Areas) -> list[WatchRow]:
        """The watches that have a row, as long as they are the same."""
        scene, first = self.scene, self._first_watch(areas)
        key = (areas, first, scene.watches, self._unknown())
        if self._rows[0] != key:
            self._rows = (key, watch_rows(scene, areas, first))
        return self._rows[1]

    def _unknown(self) -> object:
        """Which step is not complete, and how far it is."""
        scene = self.scene
        return None if scene.knows(scene.t, Phase.TOKEN) else (scene.t, scene.phase)

    def _first_watch(self, areas: Areas) -> int:
        """How many watches are scrolled out of view above those that have a row."""
        return max(0, min(self._above, len(self.scene.watches) - areas.rows)) if areas.rows else 0

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
        areas = self._areas(cells)
        first = self._first_watch(areas)
        picture = TimelinePicture(
            self.theme,
            scene,
            self.light,
            cells,
            areas,
            self._figures,
            self._marks,
            self._watch_rows(areas),
            first,
            self._parted,
        )
        key = (cells, self._unknown(), scene.complete, self._marks.look(), scene.watches, first)
        self._layer.paint(painter, self.size(), key, picture.paint_still)
        picture.paint_place(painter)
        if self._proposed is not None and self._proposed <= cells.steps:
            picture.paint_proposal(painter, self._proposed)
        lit = scene.source.columns(self.light.all_source)
        covered = self._figures.covered(scene)
        paint_strip(painter, self.theme, areas.coverage, self.covered_box(), covered, lit)

    # -- pointer ----------------------------------------------------------------------------

    def _step_at(self, at: QPointF) -> int | None:
        """The step whose cell, mark or values are at a place, 0 for `start`."""
        cells = self.cells()
        areas = self._areas(cells)
        if self.scene.run is None or at.y() > areas.steps.bottom():
            return None
        if at.x() < cells.left:
            return 0 if at.y() <= areas.cells.bottom() else None
        return cells.at(at.x()) if at.x() < cells.x(cells.steps + 1) else None

    def _gutter_at(self, at: QPointF) -> int | None:
        """The step where a press sets a breakpoint or takes it away."""
        in_gutter = self._areas(self.cells()).gutter.contains(at)
        return self._step_at(at) if in_gutter else None

    def _row_at(self, at: QPointF) -> WatchRow | None:
        """The watch at a place, its name included."""
        rows = self._watch_rows(self._areas(self.cells()))
        return next((row for row in rows if row.box.contains(at)), None)

    def _scrolls_at(self, at: QPointF) -> bool:
        """Whether the names of watches are at a place, and there are more of them."""
        cells = self.cells()
        areas = self._areas(cells)
        named = areas.watches.united(areas.more)
        named.setRight(cells.left)
        inside = named.contains(at) or areas.more.contains(at)
        return inside and 0 < areas.rows < len(self.scene.watches)

    def _scroll(self, rows: int) -> None:
        """Show watches further down, or up."""
        areas = self._areas(self.cells())
        self._above = self._first_watch(areas) + rows
        self._above = self._first_watch(areas)
        self.captioned.emit()
        self.update()

    def _covered_at(self, at: QPointF) -> int | None:
        """The source column whose coverage is at a place."""
        if self.scene.run is None:
            return None
        box, count = self.covered_box(), len(self.scene.source)
        if not box.contains(at):
            return None
        return min(count - 1, int((at.x() - box.left()) / box.width() * count))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if event.button() != Qt.MouseButton.LeftButton:
            return
        t, stop = self._step_at(at), self._gutter_at(at)
        areas = self._areas(self.cells())
        if stop is not None:
            self.ask(SetBreakpoints(toggled(self.scene.breakpoints, stop)))
        elif areas.more.contains(at) and self._scrolls_at(at):
            end = self._first_watch(areas) + areas.rows >= len(self.scene.watches)
            self._scroll(-len(self.scene.watches) if end else areas.rows)
        elif t is not None:
            # Cells stay where they are while the pointer is down, or they would run away from it.
            self._held, self._asked = self.cells().offset, t
            self.ask(GoTo(t))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        at = event.position()
        if self._asked is not None:
            self._drag(at)
            return
        self._propose(self._gutter_at(at))
        t, column, row = self._step_at(at), self._covered_at(at), self._row_at(at)
        if column is not None:
            self.ask(Hover(source=frozenset(self.scene.source.positions(column))))
            self.said.emit(self._about_column(column))
            return
        self.ask(Hover(target=frozenset({t}) if t else frozenset()))
        if row is not None:
            self.said.emit(watch_line(self.scene, row, t or 0))
        elif t is not None:
            hint = f"{APART}{GUTTER_HINT}" if self._proposed else ""
            self.said.emit(step_line(self.scene, self._figures, self._marks, t) + hint)
        else:
            self.said.emit("")

    def _propose(self, t: int | None) -> None:
        """Show where a press would set a breakpoint."""
        if t != self._proposed:
            self._proposed = t
            hand = Qt.CursorShape.ArrowCursor if t is None else Qt.CursorShape.PointingHandCursor
            self.setCursor(hand)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._propose(None)
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self.flush()
            QToolTip.showText(event.globalPos(), self.tip(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def tip(self, at: QPointF) -> str:
        """All that is known of what is at a place, as rich text; empty where that is nothing."""
        t, row = self._step_at(at), self._row_at(at)
        if t is not None:
            return step_tip(self.scene, self._figures, self._marks, t)
        return "" if row is None else watch_tip(self.scene, row)

    def _drag(self, at: QPointF) -> None:
        cells = self.cells()
        # Left of the cells is `start`, but first come the steps that are out of view there.
        t = 0 if at.x() < cells.left and cells.offset <= 0 else cells.at(at.x())
        if t != self._asked:
            self._asked = t
            self.ask(GoTo(t))
        self.said.emit(step_line(self.scene, self._figures, self._marks, t))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = self._asked = None
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._turned += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._turned / NOTCH)
        self._turned -= notches * NOTCH
        event.accept()
        if self._scrolls_at(event.position()):
            self._scroll(-notches)
            return
        t = min(max(self.scene.t - notches, 0), len(self.scene.steps))
        if t != self.scene.t:
            self.ask(GoTo(t))

    def _about_column(self, column: int) -> str:
        value = self._figures.covered(self.scene)[column]
        label = self.scene.source.labels[column]
        return f"coverage of “{label}” up to t {self.scene.t}: Σ α = {value:.3f}"
