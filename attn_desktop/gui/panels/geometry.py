"""The geometry of the context: the annotations h_j, their hull, and c_t among them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.analysis.geometry import PrincipalComponents, convex_hull, principal_components
from attn_desktop.common.mode import HARD, SOFT
from attn_desktop.gui.axes import shortened
from attn_desktop.gui.cloud_layout import CloudLayout, text_sizes
from attn_desktop.gui.cloud_painting import SMALL, CloudPainter, write
from attn_desktop.gui.intents import GoTo, Hover
from attn_desktop.gui.label_places import CalmLabels, boxes, place_labels
from attn_desktop.gui.panel import Change, PaintedPanel, Table
from attn_desktop.gui.plane import Plane
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.step_contexts import FIXED, NAMES, contexts
from attn_desktop.gui.theme import Theme
from attn_desktop.trace.records import FloatArray, StepRecord

Floats = NDArray[np.float64]

LABELS = {SOFT: "c_soft", HARD: "c_hard", FIXED: "fixed c"}
AXES = "PC1 →  PC2 ↑"
#: Radius of a point with α = 0 and with α = 1, and of c, in pixels.
LEAST, MOST, MARK = 2.4, 11.0, 5.5
#: From this α on, a label makes room for the size of its point.
LARGE_ALPHA = 0.05
#: How near the pointer must come, in pixels, and how much closer than all the wheel goes.
NEAR, CLOSEST = 5.0, 100.0
#: Below this height, in pixels at normal type, the axes are not named.
LOW = 110


class GeometryPanel(PaintedPanel):
    """h_j in two principal components, with c_t. Click a point to brush it, a c to go there."""

    name = "geometry"
    title = "Context geometry"
    short = "Geometry"
    about = (
        "The annotations h_j of this source in their first two principal components (Pearson "
        "1901), both to the same scale; the area of a point grows with α_tj, averaged over layers "
        "and heads.\n"
        "c_soft = Σ_j α_tj h_j lies in the convex hull of the h_j, since α ≥ 0 and Σ_j α_tj = 1; "
        "c_hard = h_k is one of them. So it is in the projection. The green line is the way of "
        "c_soft so far, its last steps stronger: hover a point of it, click to go to its step.\n"
        "Without attention c is one fixed vector: in the same space, but not in the hull.\n"
        "PC1 and PC2 are shares of the variance; the rest is not in the picture.\n"
        "The wheel looks closer, the middle button moves, a double click shows all."
    )
    natural = (360, 230)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._states: FloatArray | None = None
        self._components = principal_components(np.zeros((0, 1)))
        self._hull = np.zeros(0, dtype=np.int64)
        self._contexts: dict[str, Floats] = {}
        self._texts: tuple[str, ...] = ()
        self._labels: tuple[Plane, CalmLabels] | None = None
        self._layout: CloudLayout | None = None
        self._closer: Plane | None = None
        self._grip: QPointF | None = None

    # -- what is shown --------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        run = self.scene.run
        if run is None:
            self._states = self._layout = None
        else:
            if run.states is not self._states:
                self._states, self._closer = run.states, None
                self._components = principal_components(run.states)
                self._hull = convex_hull(self._components.coordinates)
            if change.source:
                self._texts = shortened(self.scene.source.labels, self._font())
                self._labels = None
            if change.steps:
                self._contexts = _projected(self.scene.steps, self._components)
            self._layout = self._arranged()
        self.update()

    def _alpha(self) -> Floats | None:
        """α of this step, (S,), once it has been computed."""
        step = self.scene.step
        if step is None or step.cross is None or not self.scene.reveals(Phase.ALPHA):
            return None
        alpha: Floats = step.cross.alpha.mean(axis=(0, 1)).astype(np.float64)
        return np.nan_to_num(alpha).clip(0, 1)

    def _marks(self) -> dict[str, Floats]:
        """Coordinates of this step's contexts by name, once they have been computed."""
        if not self.scene.reveals(Phase.CONTEXT):
            return {}
        places = {name: found[self.scene.t - 1] for name, found in self._contexts.items()}
        return {name: place for name, place in places.items() if np.isfinite(place).all()}

    def caption(self) -> str:
        if self._layout is None:
            return ""
        first, second = 100 * self._components.ratios
        parts = [f"PC1 {first:.0f} % · PC2 {second:.0f} %" if first else "one place"]
        broken = int(np.isnan(self._components.coordinates[:, 0]).sum())
        for count, what in (
            (self._layout.left_out, "without label"),
            (self._layout.outside, "not in view"),
            (broken, "not finite"),
        ):
            if count:
                parts.append(f"{count} {what}")
        return " · ".join(parts)

    def table(self) -> Table:
        self.flush()
        if self._layout is None:
            return Table((), ())
        axis, alpha = self.scene.source, self._alpha()
        rows: list[tuple[str | float | int, ...]] = [
            (j, axis.labels[axis.column(j)], x, y, "" if alpha is None else float(alpha[j]))
            for j, (x, y) in enumerate(self._components.coordinates.tolist())
        ]
        rows += [("", LABELS[name], *place.tolist(), "") for name, place in self._marks().items()]
        return Table(("position", "label", "PC1", "PC2", "alpha"), rows)

    # -- what goes where ------------------------------------------------------------------

    def _whole(self) -> Plane:
        """All points and contexts of the branch."""
        width, height, px = float(self.width()), float(self.height()), self.theme.px
        margin = (min(px(46), width * 0.14), min(px(22), height * 0.12))
        places = np.concatenate([self._components.coordinates, *self._contexts.values()])
        return Plane.around(places, (width, height), margin)

    def _arranged(self) -> CloudLayout:
        px, plane, alpha = self.theme.px, self._closer or self._whole(), self._alpha()
        points = plane.pixels(self._components.coordinates)
        areas = np.zeros(len(points)) if alpha is None else alpha
        radii = self.theme.scale * np.sqrt(LEAST**2 + areas * (MOST**2 - LEAST**2))
        named = self._marks()
        marks = plane.pixels(np.array(list(named.values())).reshape(-1, 2))
        size = self.theme.scale * MARK
        busy = np.concatenate([boxes(points, 0.8 * radii), boxes(marks, size), self._corner()])
        mark_labels = place_labels(
            marks,
            np.full(len(marks), size),
            text_sizes([LABELS[name] for name in named], self._font()),
            busy,
            self._bounds(),
            px(2),
            np.ones(len(marks), dtype=np.bool_),
        )
        busy = np.concatenate([busy, mark_labels])
        labels, left_out = self._label_boxes(plane, points, radii, areas, busy)
        path = plane.pixels(self._contexts[SOFT])
        path[self.scene.t if named else max(0, self.scene.t - 1) :] = np.nan
        seen = (points >= 0).all(axis=1) & (points <= (plane.width, plane.height)).all(axis=1)
        outside = int((np.isfinite(points[:, 0]) & ~seen).sum())
        return CloudLayout(
            plane, points, radii, labels, marks, size, mark_labels, path, left_out, outside
        )

    def _label_boxes(
        self, plane: Plane, points: Floats, radii: Floats, areas: Floats, busy: Floats
    ) -> tuple[Floats, int]:
        """Boxes (G, 4) of labels that fit, lit ones and large α first, and how many do not."""
        axis = self.scene.source
        if self._labels is None or self._labels[0] != plane:
            least = self.theme.scale * LEAST
            taken = np.concatenate([boxes(points, 0.8 * least), self._corner()])
            sizes, anchors = text_sizes(self._texts, self._font()), points[axis.starts]
            gap = self.theme.px(2)
            placed = CalmLabels.at_rest(anchors, least, sizes, taken, self._bounds(), gap)
            self._labels = plane, placed
        labels = self._labels[1]
        largest = np.maximum.reduceat(areas, axis.starts)
        lit = np.zeros(len(axis), dtype=np.bool_)
        lit[axis.columns(self.light.all_source)] = True
        first = np.flatnonzero(lit | (largest >= LARGE_ALPHA))
        first = first[np.lexsort((-largest[first], ~lit[first]))]
        must = lit | ((largest == largest.max()) & (largest > 0))
        found = labels.arrange(first, radii[axis.starts], busy, must)
        return found, labels.left_out(found)

    def _bounds(self) -> tuple[float, float, float, float]:
        return (2.0, 2.0, self.width() - 2.0, self.height() - 2.0)

    def _font(self) -> QFont:
        """Bold, so that a label keeps its place when it is lit."""
        return self.theme.font(SMALL, bold=True)

    def _corner(self) -> Floats:
        """The box (1, 4) in the lower left that says which way the components go; none if low."""
        if self.height() < self.theme.px(LOW):
            return np.zeros((0, 4))
        width, height = text_sizes([AXES], self._font())[0]
        left, bottom = self.theme.px(6), self.height() - self.theme.px(3)
        return np.array([[left, bottom - height, left + width, bottom]])

    # -- painting -------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        if self._layout is None:
            self.paint_blank(painter, "Encode a sentence to see where its words lie.")
            return
        size = (float(self.width()), float(self.height()))
        if (self._layout.plane.width, self._layout.plane.height) != size:
            closer = self._closer and replace(self._closer, width=size[0], height=size[1])
            self._look(closer)
        layout, names, axis = self._layout, list(self._marks()), self.scene.source
        lit = self.light.all_source
        cloud = CloudPainter(painter, self.theme, layout)
        cloud.paint_hull(self._hull)
        cloud.paint_path()
        cloud.paint_points(lit)
        cloud.paint_marks(names, layout.plane.pixels(self._lit_contexts()))
        cloud.paint_labels(self._texts, axis.starts, axis.columns(lit))
        cloud.paint_mark_labels({name: LABELS[name] for name in names})
        for box in self._corner():
            write(painter, self.theme, AXES, box, self.theme.colour("dim"))

    def _lit_contexts(self) -> Floats:
        """Coordinates (N, 2) of the contexts of lit steps, c_soft where there is attention."""
        scene, places = self.scene, self._contexts[SOFT]
        places = np.where(np.isnan(places), self._contexts[FIXED], places)
        hidden = set() if scene.reveals(Phase.CONTEXT) else {scene.t}
        lit = [t - 1 for t in self.light.all_target - hidden if 1 <= t <= len(places)]
        return places[lit][np.isfinite(places[lit]).all(axis=1)]

    # -- pointer --------------------------------------------------------------------------

    def _under(self, at: QPointF) -> tuple[Hover, str]:
        """What lights up for what is at a pixel, and what to say of it."""
        layout, scale = self._layout, self.theme.scale
        found = None if layout is None else layout.under(at.x(), at.y(), NEAR * scale)
        if found is None:
            return Hover(), ""
        kind, index = found
        if kind == "label":
            return self._of_positions(self.scene.source.positions(index))
        if kind == "point":
            return self._of_positions(range(index, index + 1))
        if kind == "mark":
            return self._of_context(list(self._marks())[index], self.scene.t)
        return self._of_context(SOFT, index + 1)

    def _of_positions(self, positions: range) -> tuple[Hover, str]:
        axis, alpha, j = self.scene.source, self._alpha(), positions[0]
        weight = "" if alpha is None else f"α = {alpha[list(positions)].sum():.4f}  "
        where = _where(self._components.coordinates[j])
        label = axis.labels[axis.column(j)]
        return Hover(source=frozenset(positions)), f"h_{j} “{label}”  {weight}at {where}"

    def _of_context(self, name: str, t: int) -> tuple[Hover, str]:
        scene, where = self.scene, _where(self._contexts[name][t - 1])
        said = f"{LABELS[name]} of t {t} “{scene.label(t)}”  at {where}"
        return Hover(target=frozenset({t})), said

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        at = event.position()
        if self._grip is not None and self._layout is not None:
            moved, self._grip = at - self._grip, at
            self._look(self._layout.plane.moved(moved.x(), moved.y()))
        hover, said = self._under(at)
        self.ask(hover)
        self.said.emit(said)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.flush()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._grip = event.position()
        elif event.button() == Qt.MouseButton.LeftButton and self._layout is not None:
            hover, _ = self._under(event.position())
            if hover.target:
                self.ask(GoTo(min(hover.target)))
            else:
                self._brush(hover.source)

    def _brush(self, positions: frozenset[int]) -> None:
        """Light positions, or put them out where they are lit; all of them where there is none."""
        if positions:
            self.toggle_source(positions)
        elif self.light.brushed_source:
            self.brush_source(())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._grip = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.flush()
        if event.button() == Qt.MouseButton.LeftButton:
            self._look(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()
        self.flush()
        if self._layout is not None:
            at, whole = event.position(), self._whole()
            closer = self._layout.plane.zoomed(event.angleDelta().y() / 120, at.x(), at.y())
            if closer.scale <= whole.scale:
                self._look(None)
            elif closer.scale <= CLOSEST * whole.scale:
                self._look(closer)

    def _look(self, closer: Plane | None) -> None:
        """See a part of the plane, or all of it."""
        self._closer = closer
        if self._layout is not None:
            self._layout = self._arranged()
            self.captioned.emit()
            self.update()


def _projected(steps: tuple[StepRecord, ...], components: PrincipalComponents) -> dict[str, Floats]:
    """Coordinates (T, 2) of every step's contexts by name, NaN where a step has none."""
    found = {name: np.full((len(steps), 2), np.nan) for name in NAMES}
    rows: dict[str, dict[int, FloatArray]] = {name: {} for name in NAMES}
    for row, step in enumerate(steps):
        for name, context in contexts(step).items():
            rows[name][row] = context
    for name, held in rows.items():
        if held:
            found[name][list(held)] = components.project(np.stack(list(held.values())))
    return found


def _where(place: Floats) -> str:
    return f"({place[0]:.3g}, {place[1]:.3g})".replace("-", "−")
