"""The picture that is decoded, with α of the step at the playhead over its regions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from attn_desktop.analysis.region_names import short_names
from attn_desktop.gui.edit_menu import EditMenu, opens_menu
from attn_desktop.gui.intents import GoTo, Hover
from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.panel import Change, PaintedPanel, Panel, Table
from attn_desktop.gui.picture_controls import PictureControls
from attn_desktop.gui.picture_grid import CellGrid
from attn_desktop.gui.picture_image import Pictures, fitted
from attn_desktop.gui.picture_marks import (
    drawn_positions,
    paint_brushed,
    paint_drawn,
    paint_field,
    paint_lines,
    paint_name,
    paint_scope,
    stroke,
)
from attn_desktop.gui.picture_overlay import colour_end, overlay_image, paint_overlay, step_map
from attn_desktop.gui.picture_words import WordLine, looked
from attn_desktop.gui.raster import Floats, alpha_ends
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.theme import Theme

NO_RUN = (
    "Open a picture: drop one here, paste it (Ctrl+V), or choose File ▸ Open a picture…\n"
    "Click a region then to brush it, drag to brush several."
)
NO_PICTURE = (
    "The model read a text. Drop a picture here, or choose a model that takes one: File ▸ Model…"
)
#: Pixels at normal type: around everything, and from which size on there is room for controls.
MARGIN, ROOM = 4, (240, 160)
#: Rectangles or runs of regions that are named where several are lit.
NAMED = 1
LEFT = Qt.MouseButton.LeftButton


class PicturePanel(PaintedPanel):
    """Click a region to brush it, drag to brush all that a rectangle touches."""

    name = "picture"
    title = "Picture"
    about = (
        "The picture as the model sees all of it, in m × n regions; h_j is the annotation of one.\n"
        "Over it α_tj of the step at the playhead, in full colour at the largest one.\n"
        "Pink frame: the region k that hard attention drew; dashed where Σ_j α_tj h_j was the\n"
        "context all the same. Dotted: the window of a local scope, + its centre p_t.\n"
        "Point at a region to light it everywhere; dashed blue: all that its h_j depends on.\n"
        "Click it to brush it, drag to brush several, right-click for what-ifs such as “Do not\n"
        "look here”. Below: which words looked there, and with how much of their α."
    )
    natural = (380, 380)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.controls = PictureControls(theme, self)
        self.controls.changed.connect(self._look_changed)
        self.controls.hide()
        self._pictures, self._words = Pictures(), WordLine()
        self._alpha: Floats | None = None
        self._overlay: tuple[Floats, object, QImage] | None = None
        self._end = 1.0
        self._pressed: QPointF | None = None
        self._band: QRectF | None = None
        self._bare = False

    # -- drawing --------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene = self.scene
        if change.source:
            self.controls.set_theme(self.theme)
            self._pressed = self._band = None
        if change.steps or change.place:
            self._alpha = step_map(scene, scene.t)
            self._show_end()
        self._arrange()
        super().draw(change)

    def _look_changed(self, _look: object) -> None:
        self.flush()
        self._show_end()
        self.update()
        self.captioned.emit()

    def _show_end(self) -> None:
        self._end = colour_end(self.scene, self.scene.t, self.controls.look.scale)
        self.controls.show_end(self._end)

    def _arrange(self) -> None:
        """Show the controls where there is something to lay over, and room for them."""
        wide, high = (self.theme.px(side) for side in ROOM)
        room = self.width() >= wide and self.height() >= high
        self.controls.setVisible(room and self._has_grid and not self._bare)
        margin = self.theme.px(MARGIN)
        height = self.controls.sizeHint().height()
        self.controls.setGeometry(margin, 0, self.width() - 2 * margin, height)

    @property
    def _has_grid(self) -> bool:
        return self.scene.run is not None and self.scene.run.grid is not None

    def cells(self) -> CellGrid | None:
        """Where the regions are; None where there are none."""
        run, margin = self.scene.run, self.theme.px(MARGIN)
        if run is None or run.grid is None:
            return None
        top = self.controls.geometry().bottom() if not self.controls.isHidden() else 0
        room = QRectF(self.rect()).adjusted(margin, top + margin, -margin, -margin)
        room.setBottom(room.bottom() - self._words.height(self.theme) - margin)
        if room.width() < 1 or room.height() < 1:
            return None
        picture = self._pictures.of(run)
        rows, columns = run.grid
        area = fitted(columns / rows, room) if picture is None else picture.fitted(room)
        return CellGrid(area, rows, columns)

    def paint(self, painter: QPainter) -> None:
        self._words.clear()
        if not self._has_grid:
            self.paint_blank(painter, NO_RUN if self.scene.run is None else NO_PICTURE)
            return
        cells = self.cells()
        if cells is None:
            return
        scene, theme, look = self.scene, self.theme, self.controls.look
        picture = self._pictures.of(scene.run)
        painter.save()
        painter.setClipRect(cells.area)
        if picture is None:
            painter.fillRect(cells.area, theme.colour("faint"))
        else:
            picture.paint(painter, cells.area)
        if self._alpha is not None:
            overlay = self._overlay_of(self._alpha)
            paint_overlay(painter, cells.area, overlay, look.smooth, look.opacity)
        if look.grid:
            paint_lines(painter, cells)
        paint_scope(painter, cells, scene, theme)
        self._paint_lit(painter, cells)
        painter.restore()
        self._paint_words(painter, cells)

    def _overlay_of(self, alpha: Floats) -> QImage:
        """Made once for each step, however often it is painted."""
        smooth, held = self.controls.look.smooth, self._overlay
        key = (self._end, smooth, self.theme)
        if held is None or held[0] is not alpha or held[1] != key:
            held = (alpha, key, overlay_image(alpha, self._end, smooth, self.theme))
            self._overlay = held
        return held[2]

    def _paint_lit(self, painter: QPainter, cells: CellGrid) -> None:
        scene, theme = self.scene, self.theme
        size = scene.source.size
        brushed = [position for position in self.light.brushed_source if position < size]
        if brushed:
            paint_brushed(painter, cells, brushed, theme)
        if drawn_positions(scene):
            paint_drawn(painter, cells, scene, theme)
        hovered = sorted(position for position in self.light.source if position < size)
        assert scene.run is not None
        share = scene.run.receptive_field if len(hovered) == 1 else None
        for position in hovered:
            paint_field(painter, cells, position, share, theme)
        if len(hovered) == 1:
            paint_name(painter, cells, hovered[0], self._about(hovered[0]), theme)
        if self._band is not None:
            path = QPainterPath()
            path.addRect(self._band)
            stroke(painter, path, theme.hue("source"), theme, Qt.PenStyle.DashLine)

    def _paint_words(self, painter: QPainter, cells: CellGrid) -> None:
        """Which words looked at what is lit; else where the step shown looked most."""
        scene, margin = self.scene, self.theme.px(MARGIN)
        high = self._words.height(self.theme)
        area = QRectF(margin, self.height() - margin - high, self.width() - 2 * margin, high)
        size = scene.source.size
        lit = sorted(position for position in self.light.all_source if position < size)
        steps = self.light.all_target | {scene.t}
        if not scene.steps:
            self._words.paint(painter, area, self.theme, "no word yet", [], ())
        elif lit:
            name = short_names([scene.source.labels[position] for position in lit], NAMED)
            words = looked(scene, lit)
            about = f"{name} ←" if words else f"{name}: no word looked there"
            self._words.paint(painter, area, self.theme, about, words, steps)
        else:
            self._words.paint(painter, area, self.theme, self._strongest(), [], ())

    def _strongest(self) -> str:
        """Where the step shown looks most."""
        scene, alpha = self.scene, self._alpha
        if not scene.t:
            return "before the first word"
        if alpha is None:
            known = scene.reveals(Phase.ALPHA)
            return "no attention at this step" if known else "α not computed yet"
        flat = alpha.ravel()
        order = sorted(range(flat.size), key=lambda position: -flat[position])[:3]
        found = ", ".join(
            f"{scene.source.labels[position]} {short_text(float(flat[position]))}"
            for position in order
        )
        return f"“{scene.label(scene.t)}” looks most at {found}"

    # -- words ----------------------------------------------------------------------------

    def heading(self) -> str:
        scene = self.scene
        if not self._has_grid or scene.step is None or not scene.reveals(Phase.TOKEN):
            return self.title
        return f"{self.title} — “{scene.tokens[scene.t - 1]}”"

    def caption(self) -> str:
        self.flush()
        if self.scene.run is None or self.scene.run.grid is None:
            return ""
        rows, columns = self.scene.run.grid
        if self._alpha is None:
            return f"{rows} × {columns} regions"
        return alpha_ends(self._end, self.theme)

    def table(self) -> Table:
        self.flush()
        run = self.scene.run
        if run is None or run.grid is None or self._alpha is None:
            return Table((), ())
        columns = run.grid[1]
        rows = [
            (j // columns + 1, j % columns + 1, label, alpha)
            for j, (label, alpha) in enumerate(
                zip(run.source, self._alpha.ravel().tolist(), strict=True)
            )
        ]
        return Table(("row", "column", "region", "alpha"), rows)

    def _about(self, position: int) -> str:
        """A region in words: row, column, α."""
        assert self.scene.run is not None
        assert self.scene.run.grid is not None
        row, column = divmod(position, self.scene.run.grid[1])
        text = f"r{row + 1} c{column + 1}"
        if self._alpha is None:
            return text
        return f"{text}  α {self._alpha[row, column]:.4f}"

    # -- pointer --------------------------------------------------------------------------

    def _position(self, at: QPointF) -> int | None:
        self.flush()
        cells = self.cells()
        return None if cells is None else cells.position(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at, pressed = event.position(), self._pressed
        if pressed is not None and event.buttons() & LEFT:
            far = (at - pressed).manhattanLength() >= QApplication.startDragDistance()
            if far or self._band is not None:
                self._drag(QRectF(pressed, at).normalized())
                return
        position, word = self._position(at), self._words.step_at(at)
        if position is not None:
            self.ask(Hover(source=frozenset({position})))
            self.said.emit(self._about(position))
        elif word is not None and word.t <= len(self.scene.steps):
            self.ask(Hover(target=frozenset({word.t})))
            self.said.emit(f"t {word.t} “{word.label}”  Σ α = {word.share:.4f} there")
        else:
            self.ask(Hover())
            self.said.emit("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != LEFT:
            super().mousePressEvent(event)
            return
        self.flush()
        word = self._words.step_at(event.position())
        if word is not None and word.t <= len(self.scene.steps):
            self.ask(GoTo(word.t))
        elif self._has_grid:
            self._pressed = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed, band = self._pressed, self._band
        if event.button() != LEFT or pressed is None:
            return
        self._pressed = self._band = None
        position = self._position(pressed)
        if band is None and position is not None:
            self.toggle_source({position})
        self.update()

    def _drag(self, band: QRectF) -> None:
        """Brush what a rectangle touches."""
        self.flush()
        cells = self.cells()
        if cells is None or self._pressed is None:
            return
        self._band = band
        covered = cells.covered(band)
        if covered != self.light.brushed_source:
            self.brush_source(covered)
            names = short_names([self.scene.source.labels[j] for j in covered], NAMED)
            self.said.emit(f"{names}   right-click for “Do not look here” and other what-ifs")
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not opens_menu(event) or not self._has_grid:
            return
        positions = set(self.light.brushed_source)
        position = self._position(QPointF(event.pos()))
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        if position is not None and not by_key and position not in positions:
            positions = {position}
        EditMenu(self.scene, positions, self.ask, self).popup(event.globalPos())

    # -- Qt -------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def take_view(self, panel: Panel) -> None:
        if isinstance(panel, PicturePanel):
            self.controls.show_look(panel.controls.look)
            self._look_changed(None)

    @contextmanager
    def put_away(self) -> Iterator[None]:
        self._bare = True
        self._arrange()
        try:
            yield
        finally:
            self._bare = False
            self._arrange()
