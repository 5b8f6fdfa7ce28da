"""The alignment matrix: a row a step, a column a source position, white where α is strong."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QContextMenuEvent, QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem, QGraphicsRectItem, QWidget

from attn_desktop.common.mode import HARD
from attn_desktop.gui.axes import LabelAxis
from attn_desktop.gui.cell_frames import column_frames, row_frames
from attn_desktop.gui.edit_menu import EditMenu, opens_menu
from attn_desktop.gui.intents import Brush, GoTo, Hover
from attn_desktop.gui.panel import Change, Table
from attn_desktop.gui.plot_panel import PlotPanel, diamonds
from attn_desktop.gui.raster import alpha_colours, alpha_ends, peaks
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.theme import Theme

#: Largest cell, so that one step or one position does not fill the panel.
CELL_WIDTH, CELL_HEIGHT = 96, 56
#: Cells from this size on are set apart by lines.
LINED = 14


class AlignmentPanel(PlotPanel):
    """α of every step so far. Click a row to go to its step, drag over columns to brush them."""

    name = "alignment"
    title = "Alignment"
    about = (
        "α_tj = softmax_j(e_tj): how much step t looks at source position j.\n"
        "One row a step, one column a source position; white is 1, black is 0. Rows sum to 1.\n"
        "Of a picture a column a region, row by row; white is the largest α of all steps.\n"
        "◆ marks the position that hard attention drew. Steps after the playhead are pale.\n"
        "Click a row to go to its step, drag to brush, turn the wheel to zoom, double-click to\n"
        "see all again, right-click a cell for what-ifs. Several layers and heads are averaged."
    )
    natural = (380, 300)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self._columns, self._rows = LabelAxis("top"), LabelAxis("left")
        super().__init__(theme, {"top": self._columns, "left": self._rows}, parent)
        self.plot.invertY(True)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._unknown = QGraphicsRectItem()
        self._lines, self._draws = QGraphicsPathItem(), QGraphicsPathItem()
        self._lit_columns, self._lit_rows = QGraphicsPathItem(), QGraphicsPathItem()
        self._edge, self._here = QGraphicsRectItem(), QGraphicsRectItem()
        for item in (
            self._image,
            self._unknown,
            self._lines,
            self._draws,
            self._edge,
            self._lit_columns,
            self._lit_rows,
            self._here,
        ):
            self.plot.addItem(item)
        #: (T, G); rows without attention are NaN.
        self._alpha, self._end = np.zeros((0, 0)), 1.0
        #: Columns of a row of a picture.
        self._across = 1
        #: Most rows and columns of the image that is shown.
        self._cells: tuple[int, int] | None = None
        self._hidden_token: int | None = None
        self._extent: tuple[object, int] | None = None
        self.source_view.sigRangeChanged.connect(self._arrange)
        self.source_view.sigResized.connect(self._arrange)

    # -- drawing --------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene, theme = self.scene, self.theme
        self.say_blank("" if scene.run else "Encode a sentence to see where each step looks.")
        if scene.run is None:
            self._alpha = np.zeros((0, 0))
            return
        if change.source:
            self._paint_theme()
            self._columns.set_labels(scene.source.labels, theme, "source", scene.source.across)
        if change.steps:
            self._alpha, self._end, self._cells = scene.alpha, scene.alpha_end, None
            self._across = scene.source.across
        hidden = None if not scene.t or scene.reveals(Phase.TOKEN) else scene.t - 1
        if change.steps or hidden != self._hidden_token:
            self._hidden_token = hidden
            tokens = [scene.label(step.t) for step in scene.steps]
            self._rows.set_labels(tokens, theme, "target")
        self._show_extent()
        if change.steps or change.place:
            self._show_place()
        self._show_light()
        self._arrange()

    def _paint_theme(self) -> None:
        theme = self.theme
        self.paint_canvas()
        # The label of the last row may be higher than the row.
        self.plot.layout.setContentsMargins(0, 0, 0, theme.px(5))
        for item, colour in (
            (self._unknown, theme.colour("faint")),
            (self._draws, theme.hue("hard")),
        ):
            item.setPen(pg.mkPen(None))
            item.setBrush(colour)
        # White cells at the rim of a white card need an end.
        self._edge.setPen(pg.mkPen(theme.colour("border"), width=1))
        # The playhead stands out by its weight where it meets another lit row.
        self._here.setPen(pg.mkPen(theme.hue("target"), width=theme.px(2)))
        self._lit_rows.setPen(pg.mkPen(theme.hue("target"), width=1))
        self._lit_columns.setPen(pg.mkPen(theme.hue("source"), width=theme.px(1.5)))

    def _show_image(self, across: float, down: float) -> None:
        """Cells in their colours; of those smaller than a pixel the largest α, or none is seen."""
        count, width = self._alpha.shape
        self._image.setVisible(count > 0)
        ratio = self.devicePixelRatioF()
        most = (min(count, round(count * down * ratio)), min(width, round(width * across * ratio)))
        if not count or most == self._cells:
            return
        self._cells = most
        cells = peaks(self._alpha, *most)
        colours = alpha_colours(cells.values / self._end, self.theme)
        self._image.setImage(colours, levels=(0, 255))
        # The last cell may stand for fewer columns than the others; the view ends with them.
        high, wide = cells.values.shape
        self._image.setRect(QRectF(0, 0, wide * cells.columns, high * cells.rows))

    def _show_extent(self) -> None:
        """All rows and columns; what the user zoomed to stays while the columns are the same."""
        count, width = self._alpha.shape
        rows = max(count, 1)
        columns = (self.scene.run, width)
        self.source_view.setMaximumSize(
            width * self.theme.px(CELL_WIDTH), rows * self.theme.px(CELL_HEIGHT)
        )
        self.source_view.show_whole(QRectF(0, 0, width, rows), anew=columns != self._extent)
        self._extent = columns

    def _show_place(self) -> None:
        scene = self.scene
        count, width = self._alpha.shape
        row = QRectF(0, scene.t - 1, width, 1)
        self._edge.setRect(QRectF(0, 0, width, count))
        # What comes later is told by its labels: a veil would turn black cells into grey ones.
        self._rows.set_known(scene.t)
        self._here.setVisible(scene.t > 0)
        self._here.setRect(row)
        self._unknown.setVisible(scene.t > 0 and not scene.reveals(Phase.ALPHA))
        self._unknown.setRect(row)
        if scene.t:
            self.source_view.bring_row(scene.t - 1)

    def _show_light(self) -> None:
        count, width = self._alpha.shape
        rows = {t - 1 for t in self.light.all_target if t <= count}
        columns = self.scene.source.columns(self.light.all_source)
        here = {self.scene.t - 1} if self.scene.t else set()
        self._rows.set_lit(frozenset(rows | here))
        self._columns.set_lit(frozenset(columns))
        self._lit_rows.setPath(row_frames(rows - here, width))
        self._lit_columns.setPath(column_frames(columns, count))

    def _arrange(self, *_: object) -> None:
        """What depends on the size of a cell: lines between cells, and the marks of draws."""
        across, down = self.source_view.pixels()
        self._show_image(across, down)
        self._rule(across, down)
        half = min(self.theme.px(4.5), max(1.5, 0.42 * min(across, down)))
        self._draws.setPath(diamonds(self._drawn_places(), half / across, half / down))
        self.captioned.emit()

    def _rule(self, across: float, down: float) -> None:
        """Lines between cells that are large enough, else between the rows of a picture."""
        count, width = self._alpha.shape
        theme, apart, lines = self.theme, self.theme.px(LINED), QPainterPath()
        row = self._across
        if min(across, down) > apart:
            self._lines.setPen(pg.mkPen(theme.colour("card", 0.8 if theme.dark else 1), width=1))
            for x in range(1, width):
                lines.moveTo(x, 0)
                lines.lineTo(x, count)
            for y in range(1, count):
                lines.moveTo(0, y)
                lines.lineTo(width, y)
        elif row > 1 and row * across > apart:
            # Not in a colour that α could have.
            self._lines.setPen(pg.mkPen(theme.hue("source", 0.6), width=1))
            for x in range(row, width, row):
                lines.moveTo(x, 0)
                lines.lineTo(x, count)
        self._lines.setPath(lines)

    def _drawn_places(self) -> list[QPointF]:
        """Where hard attention drew, in every step of which that is known."""
        scene, places = self.scene, []
        for row, step in enumerate(scene.steps[: len(self._alpha)]):
            hidden = row == scene.t - 1 and not scene.reveals(Phase.CONTEXT)
            if step.mode.weighting != HARD or step.cross is None or hidden:
                continue
            for column in scene.source.columns(frozenset(step.cross.sampled.ravel().tolist())):
                places.append(QPointF(column + 0.5, row + 0.5))
        return places

    def caption(self) -> str:
        scene = self.scene
        if scene.run is None:
            return ""
        if scene.steps and all(step.cross is None for step in scene.steps):
            return "no attention"
        ends = alpha_ends(scene.alpha_end, self.theme)
        other = None
        if scene.step is not None and scene.step.cross is not None and scene.reveals(Phase.ALPHA):
            other = self.source_view.sum_outside(scene.alpha[scene.t - 1])
        return ends + ("" if other is None else f" · other {other:.2f} outside view")

    def table(self) -> Table:
        if self.scene.run is None:
            return Table((), ())
        rows = [
            (t, token, *alpha)
            for t, (token, alpha) in enumerate(
                zip(self.scene.tokens, self.scene.alpha.tolist(), strict=True), start=1
            )
        ]
        return Table(("t", "token", *self.scene.source.labels), rows)

    # -- pointer --------------------------------------------------------------------------

    def _cell(self, at: QPointF) -> tuple[int | None, int | None]:
        """Row and column at a place; None for one beside them, as over the other's labels."""
        self.flush()
        count, width = self._alpha.shape
        row, column = int(np.floor(at.y())), int(np.floor(at.x()))
        return row if 0 <= row < count else None, column if 0 <= column < width else None

    def pointed(self, at: QPointF | None) -> None:
        row, column = (None, None) if at is None else self._cell(at)
        scene = self.scene
        positions = [] if column is None else scene.source.positions(column)
        self.ask(Hover(frozenset(positions), frozenset() if row is None else frozenset({row + 1})))
        said = []
        if row is not None:
            said.append(f"t {row + 1} “{scene.label(row + 1)}”")
        if column is not None:
            said.append(f"“{scene.source.labels[column]}”")
        text = " ← ".join(said)
        if row is not None and column is not None:
            text += f"  {self._alpha_text(row, column)}"
        self.said.emit(text)

    def _alpha_text(self, row: int, column: int) -> str:
        if row == self.scene.t - 1 and not self.scene.reveals(Phase.ALPHA):
            return "α not computed yet"
        if self.scene.steps[row].cross is None:
            return "no attention"
        return f"α = {self._alpha[row, column]:.4f}"

    def clicked(self, at: QPointF) -> None:
        row, column = self._cell(at)
        if row is not None:
            self.ask(GoTo(row + 1))
        elif column is not None and at.y() < 0:
            self.toggle_source(self.scene.source.positions(column))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not opens_menu(event):
            return
        row, column = self._cell(self.place(event.pos()))
        scene, positions = self.scene, set(self.light.brushed_source)
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            row, column = None, None
        if row is not None and row + 1 != scene.t:
            self.ask(GoTo(row + 1))
            scene = scene.at(row + 1, Phase.TOKEN)
        if column is not None and not positions.intersection(scene.source.positions(column)):
            positions = set(scene.source.positions(column))
        EditMenu(scene, positions, self.ask, self).popup(event.globalPos())

    def dragged(self, area: QRectF) -> None:
        self.flush()
        rows, columns = self._alpha.shape
        covered = range(max(0, int(area.left())), min(columns, int(np.ceil(area.right()))))
        steps = range(max(0, int(area.top())), min(rows, int(np.ceil(area.bottom()))))
        positions = {p for column in covered for p in self.scene.source.positions(column)}
        self.ask(Brush(frozenset(positions), frozenset(row + 1 for row in steps)))
