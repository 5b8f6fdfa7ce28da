"""The score bench: every score of the checkpoint on the same state and the same annotations."""

from __future__ import annotations

from itertools import chain

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.analysis.score_bench import (
    KIND,
    Lens,
    ScoreBench,
    known_scores,
    score_bench,
)
from attn_desktop.common.mode import Mode
from attn_desktop.gui.bench_panel import BenchPanel
from attn_desktop.gui.intents import AskProbe, Hover, SwitchMode
from attn_desktop.gui.painting import focus_frame
from attn_desktop.gui.panel import NEIGHBOURS, Change, Panel, Table
from attn_desktop.gui.raster import alpha_ends
from attn_desktop.gui.region_map import map_ratio
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.score_controls import LensControls
from attn_desktop.gui.score_layout import LABELS, BenchPlaces, lay_out, lay_out_maps
from attn_desktop.gui.score_maps import painter_of
from attn_desktop.gui.score_painting import BenchPainter, Known, Shown
from attn_desktop.gui.score_words import about_row, about_spot, table
from attn_desktop.gui.small_plots import SMALL, SourceLabels
from attn_desktop.gui.text_field import ENTER
from attn_desktop.gui.theme import Theme

#: Height, at normal type, from which on there are sliders.
LOW = 130
NOTCH = 120
MISSING = (
    "The other scores are not recorded at this step. The model computes them as soon as its engine "
    "is ready."
)


class ScoresPanel(BenchPanel):
    """A row a score: its energies, α and context. Click “decode on” for a branch with it."""

    name = "scores"
    title = "Score bench"
    short = "Scores"
    about = (
        "All scores of the checkpoint on the same s_{t-1} and the same h_j, in the scope and the\n"
        "weighting of the step: energies e_tj = score(s_{t-1}, h_j), α_tj, context c_t, entropy\n"
        "H(α) in nats, and the token that each would choose next. Shaded: outside mask or window;\n"
        "◆: the position drawn by hard attention. Over a picture maps of its regions: α, in full\n"
        "colour at the largest of all scores, a pink frame around what was drawn, a line around\n"
        "the window; and, with room for it, e less its mean ē: what all e_tj have in common\n"
        "changes no α.\n"
        "Agreement of two scores: 1 − TV, TV = ½ Σ_j |α_j − α′_j| the total variation; 1 is the\n"
        "same α, 0 no position in common. Underlined: both look most at the same position.\n"
        "τ divides the energies in the softmax; √n those of dot and general, n the size of the\n"
        "vectors that are multiplied: sᵀh has variance n where their entries have variance 1, so\n"
        "large n makes the softmax too sharp to learn (Vaswani et al. 2017, section 3.2.1). Both\n"
        "only change what is shown here.\n"
        "“decode on” decodes this step again with that score, and what follows: a branch.\n"
        "Keys: ↑ ↓ a row, Enter decodes on, Escape lets go. “untrained”: never learnt in this mode."
    )
    controls: LensControls

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._plain: ScoreBench | None = None
        self._shown: Shown | None = None
        self._places: BenchPlaces | None = None
        #: The row chosen by key, the first one seen, and whether the panel shows that keys go here.
        self._row: int | None = None
        self._first = 0
        self._framed = False
        self.controls = LensControls(theme, self)
        self.controls.changed.connect(self._lens_changed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # -- what is shown --------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene, step = self.scene, self.scene.step
        if change.source:
            self.controls.set_theme(self.theme)
            self.labels = SourceLabels.of(scene, self.theme)
        if change.steps or change.place:
            self._row = None
            self._plain = None
            if scene.run is not None and step is not None and scene.reveals(Phase.ENERGIES):
                found = score_bench(scene.run, step, scene.probe(KIND))
                self._plain = found if found.rows else None
                self.controls.set_dimension(found.dimension)
        super().draw(change)

    def look(self) -> None:
        """See what there is through the sliders."""
        scene, step, plain = self.scene, self.scene.step, self._plain
        self._places = self._shown = None
        if plain is None or scene.run is None or step is None:
            return
        names = tuple(row.name for row in plain.rows)
        if not plain.whole:
            names = known_scores(chain.from_iterable(scene.probes.values()), step.mode.score)
        self._shown = Shown(
            names=names,
            bench=plain.through(self.controls.lens, scene.run.states),
            plain=plain,
            axis=scene.source,
            own=step.mode.score,
            fixed=not step.edits,
            known=Known(
                scene.reveals(Phase.ALPHA),
                scene.reveals(Phase.CONTEXT),
                scene.reveals(Phase.LOGITS),
            ),
            buttons=not self.bare,
            picture=self.pictures.of(scene.run),
        )

    def _lens_changed(self, lens: Lens) -> None:
        self.flush()
        self.look()
        self.captioned.emit()
        self.update()

    def missing(self) -> AskProbe | None:
        """What only the model has of this step."""
        scene, step = self.scene, self.scene.step
        if step is None or (self._plain is not None and self._plain.whole):
            return None
        return AskProbe(KIND, scene.t)

    def heading(self) -> str:
        return f"Scores at step {self.scene.t}" if self.scene.t else self.title

    def caption(self) -> str:
        self.flush()
        shown = self._shown
        if shown is None:
            return ""
        lens, parts = self.controls.lens, []
        if shown.axis.across > 1 and shown.known.alpha:
            parts.append(alpha_ends(self.painter().end, self.theme))
        if lens.temperature != 1:
            parts.append(f"τ {lens.temperature:.3g}")
        if lens.scaling:
            parts.append(f"÷ √n^{lens.scaling:.2f}")
        parts.append(f"{shown.bench.scope}, {shown.bench.weighting}")
        if not shown.fixed:
            parts.append("without the edits of this step")
        if not shown.bench.whole:
            parts.append("only its own score is recorded")
        return " · ".join(parts)

    def table(self) -> Table:
        self.flush()
        return Table((), ()) if self._shown is None else table(self._shown)

    # -- where things are -----------------------------------------------------------------

    def places(self) -> BenchPlaces:
        """Rows and columns for the present size; there must be something to show."""
        assert self._shown is not None
        if self._places is None:
            area, shown = self.below_controls(), self._shown
            count, first = len(shown.names), self._first
            if shown.axis.across == 1:
                wanted = self.labels.height(LABELS * area.height())
                self._places = lay_out(area, count, first, wanted, self.theme)
            else:
                ratio = map_ratio(shown.axis, shown.picture)
                self._places = lay_out_maps(area, count, first, ratio, self.theme)
        return self._places

    def painter(self) -> BenchPainter:
        """Where the plots of each row are; there must be something to show."""
        assert self._shown is not None
        return painter_of(self._shown, self.places(), self.theme)

    def place_controls(self) -> None:
        high = self.controls.fit(self.room_across)
        self.set_controls(self._shown is not None, high, LOW)
        self._places = None

    # -- painting -------------------------------------------------------------------------

    def take_view(self, panel: Panel) -> None:
        assert isinstance(panel, ScoresPanel)
        self.controls.set_dimension(panel.controls.dimension)
        self.controls.set_lens(panel.controls.lens)

    def paint(self, painter: QPainter) -> None:
        scene, step = self.scene, self.scene.step
        if scene.run is None:
            self.paint_blank(painter, "Encode a sentence to compare the scores of the model.")
        elif step is None:
            self.paint_blank(painter, "Step (F10) to compare the scores on the first state.")
        elif self._shown is None:
            self.paint_blank(
                painter,
                "This step has no attention, and no other score is recorded: "
                "the model computes them when it is there.",
            )
        else:
            lit = frozenset(scene.source.columns(self.light.all_source))
            self.painter().paint(
                painter, self.labels, lit, self._pointed(), self._on_button() is not None
            )
            if len(self._shown.names) == 1 and not self._shown.bench.whole:
                self._paint_missing(painter)
        if self._framed:
            focus_frame(painter, QRectF(self.rect()), self.theme)

    def _paint_missing(self, painter: QPainter) -> None:
        """Below the one row that there is: where the others are."""
        places, theme = self.places(), self.theme
        top = places.row(0).bottom() + places.labels
        area = QRectF(places.area.left(), top, places.area.width(), places.area.bottom() - top)
        painter.setFont(theme.font(SMALL))
        painter.setPen(theme.colour("dim"))
        if area.height() >= painter.fontMetrics().height():
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area, flags, MISSING)

    # -- pointer and keys -----------------------------------------------------------------

    def _pointed(self) -> int | None:
        """The row chosen by key, or else the one under the pointer."""
        if self._shown is None:
            return None
        if self._row is not None:
            return min(self._row, len(self._shown.names) - 1)
        return None if self.pointer is None else self.places().at(self.pointer)

    def _on_button(self) -> int | None:
        """The row whose button is under the pointer."""
        row, shown = self._pointed(), self._shown
        if row is None or shown is None or self.pointer is None or not shown.takes(row):
            return None
        return row if self.places().button_box(row).contains(self.pointer) else None

    def _column(self) -> int | None:
        """The column of the source under the pointer."""
        row = self._pointed()
        if row is None or self.pointer is None or self._row is not None:
            return None
        return self.painter().column(row, self.pointer)

    def _point(self) -> None:
        row, column = self._pointed(), self._column()
        button = self._on_button()
        shape = Qt.CursorShape.ArrowCursor if button is None else Qt.CursorShape.PointingHandCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)
        lit = () if column is None else self.scene.source.positions(column)
        self.ask(Hover(source=frozenset(lit)))
        said = ""
        if row is not None and self._shown is not None:
            at = None if self._row is not None else self.pointer
            said = about_row(self._shown, row)
            if at is not None and button is None:
                said = about_spot(self._shown, self.painter(), self.places(), row, at) or said
        self.said.emit(said)
        self.update()

    def _decode(self, row: int) -> None:
        shown, step = self._shown, self.scene.step
        if shown is None or step is None or not shown.takes(row):
            return
        self.ask(SwitchMode(Mode(shown.names[row], shown.bench.scope, shown.bench.weighting)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self.pointer, self._row = event.position(), None
        self._point()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self.pointer, self._row = event.position(), None
        if event.button() == Qt.MouseButton.LeftButton:
            button, column = self._on_button(), self._column()
            if button is not None:
                self._decode(button)
            elif column is not None:
                self.toggle_source(self.scene.source.positions(column))
        self._point()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.flush()
        event.accept()
        if self._shown is not None:
            self._scroll(self._first - round(event.angleDelta().y() / NOTCH))

    def _scroll(self, first: int) -> None:
        places = self.places()
        self._first = max(0, min(first, places.total - places.count))
        self._places = None
        self.update()

    def event(self, event: QEvent) -> bool:
        # Escape stops what runs, unless there is something to let go of here.
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.setAccepted(self._row is not None)
            return self._row is not None
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        key, shown = Qt.Key(event.key()), self._shown
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or shown is None:
            super().keyPressEvent(event)
        elif key in NEIGHBOURS:
            self._choose(NEIGHBOURS[key], len(shown.names))
        elif self._row is not None and key in ENTER:
            self._decode(self._row)
        elif self._row is not None and key == Qt.Key.Key_Escape:
            self._row = None
            self._point()
        else:
            super().keyPressEvent(event)

    def _choose(self, by: int, count: int) -> None:
        first = 0 if by > 0 else count - 1
        self._row = first if self._row is None else max(0, min(self._row + by, count - 1))
        places = self.places()
        self._scroll(min(max(self._first, self._row - places.count + 1), self._row))
        self._point()

    def frame(self, framed: bool) -> None:
        self._framed = framed
        if not self.hasFocus():
            self._row = None
        self.update()
