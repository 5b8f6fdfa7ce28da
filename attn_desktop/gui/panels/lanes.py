"""The lanes: the source above, the target below, ribbons between them as thick as α."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.common.mode import HARD
from attn_desktop.gui.intents import Brush, GoTo, Hover
from attn_desktop.gui.lane_columns import ELSEWHERE, LaneColumns, lane_columns
from attn_desktop.gui.lane_labels import paint_label, paint_more
from attn_desktop.gui.lane_rows import LaneLabels, LaneRows
from attn_desktop.gui.layer import Layer
from attn_desktop.gui.painting import diamond
from attn_desktop.gui.panel import Change, PaintedPanel, Table
from attn_desktop.gui.ribbons import paint_ribbons
from attn_desktop.gui.scene import HIDDEN, Phase
from attn_desktop.gui.theme import Theme

#: Ribbons of less α are not drawn; the caption tells what they add up to.
LEAST_ALPHA = 0.02
#: So many steps before and after the playhead say which part of a long source is shown.
NEAR = 3
#: Ribbons of less than so many pixels are as thin as a line.
LEAST_THICKNESS = 1.3
THICKEST, DIAMOND = 14, 6


class LanesPanel(PaintedPanel):
    """α as ribbons. Click a target word to go to its step, a source word to brush it."""

    name = "lanes"
    title = "Lanes"
    about = (
        "Ribbons as thick as α_tj: how much step t (below) looks at source position j (above).\n"
        "Green: the step at the playhead, pink if its weighting is hard, with ◆ at the sampled k.\n"
        f"α below {LEAST_ALPHA} is added up as “other”. Several layers and heads are averaged.\n"
        f"Of a picture the regions that are looked at most; all others are “{ELSEWHERE}”.\n"
        "Click a target word to go to its step, a source word to keep it lit.\n"
        "The wheel moves a row that is too long."
    )
    natural = (760, 180)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._columns: LaneColumns | None = None
        self._brushed: frozenset[int] = frozenset()
        #: (T, lanes); `_weights` with 0 for what is not a number.
        self._alpha = np.zeros((0, 0))
        self._weights = self._alpha
        self._rows: LaneRows | None = None
        self._layer = Layer()
        self._labels = LaneLabels(theme)
        self._scroll: dict[bool, float] = {}

    def draw(self, change: Change) -> None:
        scene = self.scene
        brushed = self.light.brushed_source
        of_grid = scene.run is not None and scene.run.grid is not None
        anew = change.steps or (of_grid and brushed != self._brushed)
        if anew and scene.run is not None:
            self._columns, self._brushed = lane_columns(scene, brushed), brushed
            labels = (self._columns.labels, scene.tokens)
            self._labels = LaneLabels(self.theme, *labels, before=self._labels)
            self._layer.clear()
            self._alpha = self._columns.alpha
            self._weights = np.where(np.isfinite(self._alpha), self._alpha, 0.0)
        if anew or change.place:
            self._scroll.clear()
            self._rows = None
        super().draw(change)

    def caption(self) -> str:
        self.flush()
        step = self.scene.step
        if step is None or not self.scene.reveals(Phase.ALPHA):
            return "ribbons as thick as α" if self.scene.run else ""
        if step.cross is None:
            return "no attention"
        weights = self._weights[self.scene.t - 1]
        other = float(weights[weights < LEAST_ALPHA].sum())
        return f"ribbons as thick as α · other {other:.2f}"

    def table(self) -> Table:
        self.flush()
        if self.scene.run is None:
            return Table((), ())
        labels = self.scene.source.labels
        rows = [
            (step.t, token, label, float(weight))
            for step, token, weights in zip(
                self.scene.steps, self.scene.tokens, self.scene.alpha, strict=True
            )
            if step.cross is not None
            for label, weight in zip(labels, weights, strict=True)
        ]
        return Table(("t", "token", "source", "alpha"), rows)

    # -- where things are -------------------------------------------------------------------

    def rows(self) -> LaneRows:
        """Both rows for the present size, place and scrolling."""
        if self._rows is None:
            width, height = self.width(), self.height()
            middles, best = (self._looked_at(), self.scene.t - 1), self._best(self.scene.t - 1)
            grows = not self.scene.complete
            self._rows = self._labels.lay_out(width, height, middles, best, self._scroll, grows)
        return self._rows

    def _looked_at(self) -> int:
        """The column that steps near the playhead look at most: the source is centred on it.

        A median of several, so that the row does not jump with every single step.
        """
        low, high = max(0, self.scene.t - 1 - NEAR), self.scene.t + NEAR
        near = range(low, min(high, len(self.scene.steps)))
        best = [column for index in near if (column := self._best(index)) is not None]
        return int(np.median(best)) if best else 0

    def _best(self, index: int) -> int | None:
        """The column that step index + 1 looks at most, None if that is not known."""
        if index < 0 or not self._knows(index + 1) or not self._weights[index].any():
            return None
        return int(self._weights[index].argmax())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._rows = None
        super().resizeEvent(event)

    # -- ribbons ----------------------------------------------------------------------------

    def ribbons(self, index: int, rows: LaneRows) -> list[tuple[float, float]]:
        """(x above, α) of the ribbons of step index + 1; those to behind an edge are one."""
        weights = np.where(self._weights[index] < LEAST_ALPHA, 0.0, self._weights[index])
        first, last = rows.source.first, rows.source.last
        found = [
            (float(rows.source.centres[first + j]), float(weights[first + j]))
            for j in np.flatnonzero(weights[first:last])
        ]
        if first and (weight := weights[:first].sum()):
            found.append((float(rows.source.centres[0]), float(weight)))
        if rows.source.after and (weight := weights[last:].sum()):
            found.append((float(rows.source.centres[-1]), float(weight)))
        return found

    def _thickness(self, alpha: float) -> float:
        # Qt draws lines of one pixel many times faster than those that are a little wider.
        thickness = self.theme.px(THICKEST) * min(alpha, 1.0)
        return thickness if thickness > LEAST_THICKNESS else 1.0

    def _paint_quiet(self, painter: QPainter, rows: LaneRows) -> None:
        """All steps in view, whatever the playhead."""
        found = [
            (above, float(rows.target.centres[index]), alpha)
            for index in range(rows.target.first, rows.target.last)
            if self._knows(index + 1)
            for above, alpha in self.ribbons(index, rows)
        ]
        self._paint(painter, rows, found, self.theme.colour("dim", 0.24))

    def _paint_ribbons(self, painter: QPainter, rows: LaneRows) -> None:
        scene = self.scene
        unknown = 0 if self._knows(scene.t) else scene.t
        key = (unknown, rows.source.scroll, rows.target.scroll)
        self._layer.paint(painter, self.size(), key, lambda inner: self._paint_quiet(inner, rows))
        for lane in self._lit():
            self._paint_lit(painter, rows, lane)
        for t in sorted(self.light.all_target):
            if t != scene.t and 0 < t <= len(scene.steps):
                self._paint_step(painter, rows, t, 0.5)
        if scene.reveals(Phase.ALPHA):
            self._paint_step(painter, rows, scene.t, 0.85)

    def _paint(
        self,
        painter: QPainter,
        rows: LaneRows,
        found: Sequence[tuple[float, float, float]],
        colour: QColor,
    ) -> None:
        """Ribbons: x above, x below, α."""
        ribbons = [(above, below, self._thickness(alpha)) for above, below, alpha in found]
        places = np.array(ribbons, dtype=np.float64).reshape(-1, 3)
        paint_ribbons(painter, places, rows.top, rows.bottom, colour)

    def _lit(self) -> list[int]:
        """The lanes that are lit."""
        columns = self.scene.source.columns(self.light.all_source)
        return [] if self._columns is None else self._columns.lanes(columns)

    def _paint_lit(self, painter: QPainter, rows: LaneRows, lane: int) -> None:
        """Ribbons of a lit lane to all steps; those of steps behind an edge are one."""
        if self._columns is None or self._columns.column(lane) is None:
            return  # of all regions elsewhere only some are lit
        above, hue = float(rows.source.centres[lane]), self.theme.hue("source", 0.5)
        ends: dict[float, float] = {}
        weights = self._weights[:, lane]
        for index in np.flatnonzero(weights >= LEAST_ALPHA).tolist():
            if self._knows(index + 1):
                below = float(rows.target.centres[index])
                ends[below] = ends.get(below, 0.0) + float(weights[index])
        self._paint(painter, rows, [(above, below, alpha) for below, alpha in ends.items()], hue)

    def _paint_step(self, painter: QPainter, rows: LaneRows, t: int, opacity: float) -> None:
        step = self.scene.steps[t - 1]
        if step.cross is None:
            return
        hard = step.mode.weighting == HARD
        hue = self.theme.hue("hard" if hard else "soft", opacity)
        below = float(rows.target.centres[t - 1])
        found = [(above, below, alpha) for above, alpha in self.ribbons(t - 1, rows)]
        self._paint(painter, rows, found, hue)
        if hard:
            radius = self.theme.px(DIAMOND)
            painter.setPen(QPen(self.theme.colour("card"), self.theme.px(1)))
            painter.setBrush(self.theme.hue("hard"))
            assert self._columns is not None
            drawn = frozenset(step.cross.sampled.ravel().tolist())
            for lane in self._columns.lanes(self.scene.source.columns(drawn)):
                x = float(rows.source.centres[lane])
                painter.drawPolygon(diamond(QPointF(x, rows.top + radius), radius))

    def _knows(self, t: int) -> bool:
        """Whether α of a step may be shown."""
        return self.scene.knows(t, Phase.ALPHA)

    # -- labels -----------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        if self.scene.run is None:
            self.paint_blank(painter, "Encode a sentence to see what each token looks at.")
            return
        rows = self.rows()
        if self.scene.steps and not any(step.cross for step in self.scene.steps):
            self.paint_blank(painter, "no attention: every step is given the same context")
        self._paint_ribbons(painter, rows)
        self._paint_source(painter, rows)
        self._paint_target(painter, rows)

    def _paint_source(self, painter: QPainter, rows: LaneRows) -> None:
        lit = set(self._lit())
        ink, pill = self.theme.ink("source"), self.theme.hue("source", 0.25)
        for lane in range(rows.source.first, rows.source.last):
            shown = pill if lane in lit else None
            text = rows.source_texts[lane]
            paint_label(painter, self.theme, rows, True, lane, text, ink, shown)
        paint_more(painter, self.theme, rows, True, lit)

    def _paint_target(self, painter: QPainter, rows: LaneRows) -> None:
        scene = self.scene
        if not scene.steps:
            painter.setFont(self.theme.font(0.9))
            painter.setPen(self.theme.colour("dim"))
            box = QRectF(0, rows.bottom, self.width(), rows.top)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "no token yet")
            return
        lit = {t - 1 for t in self.light.all_target} | ({scene.t - 1} if scene.t else set())
        ink, later = self.theme.ink("target"), self.theme.ink("target")
        later.setAlphaF(0.5)
        for index in range(rows.target.first, rows.target.last):
            here = index == scene.t - 1
            known = scene.knows(index + 1, Phase.TOKEN)
            text = rows.target_texts[index] if known else HIDDEN
            pill = self.theme.hue("target", 0.32 if here else 0.18) if index in lit else None
            colour = later if index >= scene.t and index not in lit else ink
            paint_label(painter, self.theme, rows, False, index, text, colour, pill)
        paint_more(painter, self.theme, rows, False, lit)

    # -- pointer ----------------------------------------------------------------------------

    def _label_at(self, at: QPointF) -> tuple[bool, int] | None:
        """Whether it is a source label, and which."""
        self.flush()
        if self.scene.run is None:
            return None
        rows = self.rows()
        if rows.top < at.y() < rows.bottom:
            return None
        source = at.y() <= rows.top
        index = rows.row(source).at(at.x())
        return None if index is None else (source, index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._label_at(event.position())
        if found is None:
            self.ask(Hover())
            self.said.emit("")
        elif found[0]:
            self.ask(Hover(source=self._positions(found[1])))
            self.said.emit(self._about_source(found[1]))
        else:
            self.ask(Hover(target=frozenset({found[1] + 1})))
            self.said.emit(self._about_step(found[1] + 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._label_at(event.position())
        if found is None or event.button() != Qt.MouseButton.LeftButton:
            return
        source, index = found
        if not source:
            self.ask(GoTo(index + 1))
            return
        positions = self._positions(index)
        again = positions == self.light.brushed_source
        self.ask(Brush() if again else Brush(source=positions))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.flush()
        if self.scene.run is None:
            return
        rows = self.rows()
        source = event.position().y() < (rows.top + rows.bottom) / 2
        row = rows.row(source)
        turned = event.angleDelta().x() or event.angleDelta().y()
        if row.most_scroll:
            self._scroll[source] = min(max(row.scroll - turned / 2, 0.0), row.most_scroll)
            self._rows = None
            self.update()
        event.accept()

    def _positions(self, lane: int) -> frozenset[int]:
        """The source positions of a lane; none for that of all others, which are too many."""
        column = None if self._columns is None else self._columns.column(lane)
        return frozenset(() if column is None else self.scene.source.positions(column))

    def _about_source(self, lane: int) -> str:
        scene, columns = self.scene, self._columns
        column = None if columns is None else columns.column(lane)
        text = ELSEWHERE
        if column is not None:
            text = f"source {column + 1} “{scene.source.labels[column]}”"
        if scene.step is None or not self._knows(scene.t):
            return text
        if scene.step.cross is None:
            return f"{text}   no attention at t {scene.t}"
        return f"{text}   α = {self._alpha[scene.t - 1, lane]:.4f} at t {scene.t}"

    def _about_step(self, t: int) -> str:
        scene = self.scene
        text = f"t {t} “{scene.label(t)}”"
        if not self._knows(t):
            return text
        if scene.steps[t - 1].cross is None:
            return f"{text}   no attention"
        weights = self._weights[t - 1]
        order = np.argsort(-weights)[:3].tolist()
        best = [lane for lane in order if weights[lane] >= LEAST_ALPHA]
        labels = () if self._columns is None else self._columns.labels
        looks = ", ".join(f"“{labels[lane]}” {weights[lane]:.2f}" for lane in best)
        return f"{text}   ← {looks}" if looks else text
