"""The context vector: a raster of c_t over the steps, and both readings of this step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.common.mode import HARD, SOFT
from attn_desktop.gui.edit_menu import VectorMenu, opens_menu
from attn_desktop.gui.intents import GoTo, Hover
from attn_desktop.gui.line_plot import SMALL, Line, LinePlot
from attn_desktop.gui.panel import Change, PaintedPanel, Table
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.span import Span
from attn_desktop.gui.step_contexts import FIXED, contexts
from attn_desktop.gui.step_figures import StepFigures
from attn_desktop.gui.step_raster import StepRaster
from attn_desktop.gui.theme import Role, Theme
from attn_desktop.trace.records import StepRecord

Floats = NDArray[np.float64]

#: Tallest row of the raster and least room for the lines below, in pixels at normal type.
ROW_HEIGHT, LINES_HEIGHT = 14, 60


@dataclass(frozen=True, eq=False)
class _Share:
    """What the lit positions give to c_soft: Σ α_j h_j over them. alpha: their Σ α_j."""

    label: str
    alpha: float
    vector: Floats


@dataclass(frozen=True)
class _Places:
    """Where everything is painted, in pixels; lines, legend and ticks are empty where it is low."""

    raster: QRectF
    legend: QRectF
    lines: QRectF
    ticks: QRectF


class ContextPanel(PaintedPanel):
    """c_t of every step so far, and of this step in full. Click a row to go to its step."""

    name = "context"
    title = "Context vector c_t"
    short = "Context"
    about = (
        "What the decoder is told about the source at step t, one number a dimension.\n"
        "soft: c_t = Σ_j α_tj h_j (Bahdanau et al. 2015);\n"
        "hard: c_t = h_k with k drawn from α_t (Xu et al. 2015);\n"
        "no attention: one fixed vector of the whole source, the same for every t.\n"
        "Above, a row a step, in the reading that gave the next state; 1 % of the numbers lie "
        "beyond the ends of the colours. Below, both readings of this step.\n"
        "A lit source position adds its share α_tj h_j, α averaged over layers and heads.\n"
        "The wheel looks closer, the middle button moves, a double click shows all, a right click "
        "edits c_t or s_t."
    )
    natural = (360, 230)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._raster = StepRaster(np.zeros((0, 0)), theme)
        self._reaches = StepFigures(_reach)
        self._reach = 1.0
        self._readings: dict[str, Floats] = {}
        self._share: _Share | None = None
        self._seen = Span.whole(0)
        self._pointer: QPointF | None = None
        self._grip: tuple[float, int] | None = None

    # -- what is shown --------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene = self.scene
        if change.steps:
            size = 0 if scene.run is None else len(scene.run.fixed_context)
            history = np.zeros((len(scene.steps), size))
            for row, step in enumerate(scene.steps):
                history[row] = step.active.context
            self._raster = StepRaster(history, self.theme)
            self._reach = max(self._reaches.of(scene.steps), default=0.0) or 1.0
            if self._seen.size != size or not scene.steps:
                self._seen = Span.whole(size)
        self._readings = _readings(scene)
        self._share = self._lit_share()
        self.update()

    def _lit_share(self) -> _Share | None:
        scene, step = self.scene, self.scene.step
        if scene.run is None or step is None or step.cross is None or not self._readings:
            return None
        lit = sorted(j for j in self.light.all_source if j < len(scene.run.source))
        if not lit:
            return None
        alpha = step.cross.alpha.mean(axis=(0, 1))[lit].astype(np.float64)
        columns = scene.source.columns(frozenset(lit))
        one = f"“{scene.source.labels[columns[0]]}”"
        label = one if len(columns) == 1 else f"{len(lit)} positions"
        with np.errstate(invalid="ignore"):
            return _Share(label, float(alpha.sum()), alpha @ scene.run.states[lit])

    def caption(self) -> str:
        if not self.scene.steps:
            return ""
        parts = []
        if FIXED in self._readings:
            assert self.scene.run is not None
            parts.append(f"fixed context {self.scene.run.model.fixed_expression}")
        if self._share is not None:
            norm = np.linalg.norm(self._share.vector)
            parts.append(f"{self._share.label}: α {self._share.alpha:.2f}, ‖α h‖ {norm:.2f}")
        if SOFT in self._readings and HARD in self._readings:
            with np.errstate(invalid="ignore"):
                distance = np.linalg.norm(self._readings[SOFT] - self._readings[HARD])
            parts.append(f"‖c_soft − c_hard‖ {distance:.2f}")
        parts.append(f"colours ±{self._raster.limit:.2g}")
        return " · ".join(parts)

    def table(self) -> Table:
        self.flush()
        columns = {f"c_{name}": values for name, values in self._readings.items()}
        if self._share is not None:
            columns[f"α h of {self._share.label}"] = self._share.vector
        if not columns:
            return Table((), ())
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        return Table(("dimension", *columns), [(d, *row) for d, row in enumerate(rows)])

    # -- painting -------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        if self.scene.run is None:
            self.paint_blank(painter, "Encode a sentence to see what its context vectors hold.")
            return
        if not self.scene.steps:
            self.paint_blank(painter, "Step to see the first context vector.")
            return
        places, t, lit = self._places(), self.scene.t, self.light.all_target
        seen = (self._seen, places.raster, self.devicePixelRatioF())
        self._raster.paint(painter, *seen, t, bool(self._readings), lit)
        self._raster.paint_numbers(painter, places.raster, t, lit)
        if not places.lines.isEmpty():
            self._paint_step(painter, places)

    def _places(self) -> _Places:
        """The raster above, the lines of this step below; only the raster where it is low."""
        px, count = self.theme.px, len(self.scene.steps)
        metrics = QFontMetricsF(self.theme.font(SMALL))
        labels = (f"−{self._reach:.2g}", str(count))
        gutter = max(metrics.horizontalAdvance(label) for label in labels) + px(10)
        text = metrics.height()
        area = QRectF(self.rect()).adjusted(gutter, px(3), -px(10), -px(4))
        room = area.height() - 2 * text - px(8)
        if room < px(LINES_HEIGHT):
            return _Places(area, QRectF(), QRectF(), QRectF())
        high = min(room * 0.55, count * px(ROW_HEIGHT))
        raster = QRectF(area.left(), area.top(), area.width(), high)
        legend = QRectF(area.left(), raster.bottom() + px(4), area.width(), text)
        ticks = QRectF(area.left(), area.bottom() - text, area.width(), text)
        top = legend.bottom() + px(2)
        lines = QRectF(area.left(), top, area.width(), ticks.top() - px(2) - top)
        return _Places(raster, legend, lines, ticks)

    def _paint_step(self, painter: QPainter, places: _Places) -> None:
        """Both readings of this step, and what is lit of them."""
        plot = LinePlot(places.lines, self._seen, self._reach, self.theme)
        plot.paint_axes(painter)
        lines = self._lines()
        plot.paint_lines(painter, lines)
        if self._pointer is not None:
            plot.paint_pointed(painter, lines, self._pointer.x())
        t = self.scene.t
        blank = f"c_{t} is computed after α" if t else "before the first step"
        plot.paint_legend(painter, lines, places.legend, blank, "dimension")

    def _lines(self) -> list[Line]:
        """Solid for soft, dashed for hard, grey for the fixed context; the active one last."""
        theme, step = self.theme, self.scene.step
        lines = []
        if self._share is not None:
            label = f"α h of {self._share.label}"
            hue, ink = theme.hue("source"), theme.ink("source")
            lines.append(Line(label, self._share.vector, hue, ink, filled=True))
        if FIXED in self._readings:
            hue, ink = theme.colour("dim"), theme.colour("text")
            lines.append(Line(FIXED, self._readings[FIXED], hue, ink, strong=True))
        roles: tuple[Role, ...] = ("soft", "hard")
        for name in roles:
            if name in self._readings:
                strong = step is not None and step.mode.weighting == name
                hue, ink = theme.hue(name), theme.ink(name)
                lines.append(Line(name, self._readings[name], hue, ink, strong, name == HARD))
        return lines

    # -- pointer --------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        if not self.scene.steps:
            return
        at, places = event.position(), self._places()
        if self._grip is not None:
            x, first = self._grip
            moved = (x - at.x()) / places.raster.width() * len(self._seen)
            self._seen = self._seen.moved(first + round(moved))
        self._pointer = at
        t = self._raster.step_at(places.raster, at)
        self.ask(Hover(target=frozenset(() if t is None else {t})))
        inside = t is not None or places.lines.united(places.ticks).contains(at)
        self.said.emit(self._value_at(at.x(), t or self.scene.t, places.raster) if inside else "")
        self.update()

    def _value_at(self, x: float, t: int, raster: QRectF) -> str:
        """The numbers of step t at a pixel; of merged dimensions those of the largest."""
        dimension = self._seen.entry(x, raster.left(), raster.width())
        if dimension is None or not t:
            return ""
        if t == self.scene.t and not self._readings:
            return f"c_{t} is computed after α"
        step, notes = self.scene.steps[t - 1], ""
        cells = self._raster.cells(self._seen, raster, self.devicePixelRatioF())
        if cells.columns > 1:
            block = self._seen.block(dimension, cells.columns)
            sizes = np.abs(self._raster.values[t - 1, block.start : block.stop])
            dimension = block.start + int(np.nan_to_num(sizes, nan=-1.0).argmax())
            notes += f"  largest of dimensions {block.start}–{block.stop - 1}"
        if cells.rows > 1:
            notes += f"  a pixel shows the largest of {cells.rows} steps"
        values = [f"{context[dimension]:.3f} ({name})" for name, context in contexts(step).items()]
        if self._share is not None and t == self.scene.t:
            values.append(f"{self._share.vector[dimension]:.3f} (α h of {self._share.label})")
        return f"c_{t}[{dimension}] = {' '.join(values)}{notes}"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.flush()
        if not self.scene.steps:
            return
        if event.button() == Qt.MouseButton.MiddleButton:
            self._grip = (event.position().x(), self._seen.first)
        elif event.button() == Qt.MouseButton.LeftButton:
            t = self._raster.step_at(self._places().raster, event.position())
            if t is not None:
                self.ask(GoTo(t))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._grip = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.flush()
        if event.button() == Qt.MouseButton.LeftButton:
            self._seen = Span.whole(self._seen.size)
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.flush()
        if self.scene.steps:
            raster = self._places().raster
            part = (event.position().x() - raster.left()) / raster.width()
            self._seen = self._seen.zoomed(event.angleDelta().y() / 120, part)
            self.update()
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if opens_menu(event):
            VectorMenu(self.scene, self.ask, self).popup(event.globalPos())

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
        super().leaveEvent(event)


def _readings(scene: Scene) -> dict[str, Floats]:
    """This step's contexts by name, once they have been computed."""
    step = scene.step
    if step is None or not scene.reveals(Phase.CONTEXT):
        return {}
    return {name: context.astype(np.float64) for name, context in contexts(step).items()}


def _reach(step: StepRecord) -> float:
    """The largest magnitude in any context of a step, for the end of the axis of the lines."""
    found = contexts(step).values()
    return max(float(np.abs(c[np.isfinite(c)]).max(initial=0.0)) for c in found)
