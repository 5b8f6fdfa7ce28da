"""The alignment matrix: a row a step, a column a source position, white where α is strong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsRectItem, QWidget

from attn_desktop.gui.intents import Brush, GoTo, Hover
from attn_desktop.gui.panel import Change, Table
from attn_desktop.gui.plot_panel import LabelAxis, PlotPanel, bare_plot
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.theme import Theme


class AlignmentPanel(PlotPanel):
    """α of every step so far. Click a row to go to its step, drag over columns to brush them."""

    name = "alignment"
    title = "Alignment"
    about = (
        "α_tj = softmax_j(e_tj): how much step t looks at source position j.\n"
        "One row a step, one column a source position; white is 1, black is 0. Rows sum to 1.\n"
        "Click a row to go to its step, drag to brush. Several layers and heads are averaged."
    )
    natural = (380, 300)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._columns, self._rows = LabelAxis("top"), LabelAxis("left")
        self.plot = bare_plot({"top": self._columns, "left": self._rows})
        self.plot.showAxis("top")
        self.plot.hideAxis("bottom")
        self.plot.invertY(True)
        self.canvas.addItem(self.plot)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._later, self._here = QGraphicsRectItem(), QGraphicsRectItem()
        for item in (self._image, self._later, self._here):
            self.plot.addItem(item)
        self._alpha = np.zeros((0, 0))
        view = self.source_view
        view.moved.connect(self._moved)
        view.clicked.connect(self._clicked)
        view.dragged.connect(self._dragged)

    @property
    def source_view(self) -> Any:
        """The view whose x axis is the source, for linking with other panels."""
        return self.plot.getViewBox()

    def draw(self, change: Change) -> None:
        scene = self.scene
        self.say_blank("" if scene.run else "Encode a sentence to see where each step looks.")
        if scene.run is None:
            return
        if change.source:
            self.paint_canvas()
            self._columns.set_labels(scene.source.labels, self.theme, "source")
            self._image.setLookupTable(self.theme.alpha_lut())
            self._later.setPen(pg.mkPen(None))
            self._later.setBrush(self.theme.colour("card", 0.35))
            self._here.setPen(pg.mkPen(self.theme.hue("target"), width=self.theme.px(2)))
        if change.steps:
            self._alpha = self._matrix()
            self._rows.set_labels(scene.tokens, self.theme, "target")
        if change.steps or change.place:
            self._show_matrix()
        rows = {t - 1 for t in self.light.all_target} | ({scene.t - 1} if scene.t else set())
        self._rows.set_lit(frozenset(rows))
        self._columns.set_lit(frozenset(scene.source.columns(self.light.all_source)))

    def _matrix(self) -> NDArray[np.float64]:
        """α of all steps, (T, G); rows without attention are NaN."""
        scene = self.scene
        matrix = np.full((len(scene.steps), len(scene.source)), np.nan)
        for row, step in enumerate(scene.steps):
            if step.cross is not None:
                matrix[row] = scene.source.sum(step.cross.alpha.mean(axis=(0, 1)))
        return matrix

    def _show_matrix(self) -> None:
        scene = self.scene
        count, width = self._alpha.shape
        shown = self._alpha
        if scene.t and not scene.reveals(Phase.ALPHA):
            shown = shown.copy()
            shown[scene.t - 1] = np.nan
        self._image.setVisible(count > 0)
        if count:
            lut = self.theme.alpha_lut()
            colours = lut[np.rint(np.nan_to_num(shown) * 255).clip(0, 255).astype(np.uint8)]
            faint = self.theme.colour("faint")
            colours[np.isnan(shown)] = (faint.red(), faint.green(), faint.blue())
            self._image.setImage(colours, levels=(0, 255))
            self._image.setRect(QRectF(0, 0, width, count))
        self._later.setRect(QRectF(0, scene.t, width, max(0, count - scene.t)))
        self._here.setVisible(scene.t > 0)
        self._here.setRect(QRectF(0, scene.t - 1, width, 1))
        rows = max(count, 1)
        self.source_view.setLimits(xMin=0, xMax=width, yMin=0, yMax=rows)
        self.plot.setRange(QRectF(0, 0, width, rows), padding=0)

    def caption(self) -> str:
        if self.scene.run is None:
            return ""
        low, high = ("black 0", "white 1") if self.theme.alpha_map == "grey" else ("dark 0", "bright 1")
        return f"α  {low} · {high}"

    def table(self) -> Table:
        if self.scene.run is None:
            return Table((), ())
        rows = [
            (t + 1, token, *self._alpha[t].tolist()) for t, token in enumerate(self.scene.tokens)
        ]
        return Table(("t", "token", *self.scene.source.labels), rows)

    # -- pointer --------------------------------------------------------------------------

    def _cell(self, at: QPointF) -> tuple[int, int] | None:
        row, column = int(np.floor(at.y())), int(np.floor(at.x()))
        inside = 0 <= row < self._alpha.shape[0] and 0 <= column < self._alpha.shape[1]
        return (row, column) if inside else None

    def _moved(self, at: QPointF | None) -> None:
        cell = None if at is None else self._cell(at)
        if cell is None:
            self.ask(Hover())
            self.said.emit("")
            return
        row, column = cell
        axis, value = self.scene.source, self._alpha[row, column]
        self.ask(Hover(frozenset(axis.positions(column)), frozenset({row + 1})))
        token, word = self.scene.tokens[row], axis.labels[column]
        alpha = "no attention" if np.isnan(value) else f"α = {value:.4f}"
        self.said.emit(f"t {row + 1} “{token}” ← “{word}”  {alpha}")

    def _clicked(self, at: QPointF) -> None:
        cell = self._cell(at)
        if cell is not None:
            self.ask(GoTo(cell[0] + 1))

    def _dragged(self, area: QRectF) -> None:
        rows, columns = self._alpha.shape
        covered = range(max(0, int(area.left())), min(columns, int(np.ceil(area.right()))))
        steps = range(max(0, int(area.top())), min(rows, int(np.ceil(area.bottom()))))
        positions = {p for column in covered for p in self.scene.source.positions(column)}
        self.ask(Brush(frozenset(positions), frozenset(row + 1 for row in steps)))
