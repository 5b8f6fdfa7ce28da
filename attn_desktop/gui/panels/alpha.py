"""α of the step at the playhead as bars, with the energies, the scope and the draw behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainterPath, QResizeEvent
from PySide6.QtWidgets import QGraphicsPathItem, QVBoxLayout, QWidget

from attn_desktop.analysis.entropy import entropy
from attn_desktop.gui.alpha_edit import edited_sums
from attn_desktop.gui.alpha_edit_marks import OwnMark
from attn_desktop.gui.alpha_edit_mode import EditMode
from attn_desktop.gui.alpha_marks import DrawMark, Frame, ScopeMark
from attn_desktop.gui.alpha_words import about_column, alpha_table
from attn_desktop.gui.axes import LabelAxis
from attn_desktop.gui.edit_menu import EditMenu, opens_menu
from attn_desktop.gui.intents import Hover
from attn_desktop.gui.number_axis import NumberAxis, round_numbers
from attn_desktop.gui.numbers import level_text, short_text
from attn_desktop.gui.panel import Change, Table
from attn_desktop.gui.plot_panel import PlotPanel, bands
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.step_attention import (
    Floats,
    StepAttention,
    energy_ends,
    energy_span,
    step_attention,
)
from attn_desktop.gui.step_figures import StepFigures
from attn_desktop.gui.theme import Theme

#: Where α has numbers and lines, as shares of the end of its scale.
LEVELS = (0.0, 1.0, 0.5)
#: Share of a column that its bar fills, and the most pixels that it takes.
BAR_SHARE, BAR_WIDTH = 0.7, 44
#: Below so many pixels a column, bars touch.
DENSE = 5
#: Pixels from which on the rows of a picture are set apart by lines.
ROWS_APART = 10
#: Pixels of the button for editing that stand beyond the axis.
BESIDE = 4


class AlphaPanel(PlotPanel):
    """α over the source at one step. Click a bar to brush its column, drag to brush several."""

    name = "alpha"
    title = "α"
    about = (
        "Bars: α_tj = exp(e_tj) / Σ_i exp(e_ti) over the positions i inside mask and window;\n"
        "they sum to 1. Ticks, right axis: energies e_tj = score(s_{t-1}, h_j), of joined pieces\n"
        "log Σ exp e_tj.\n"
        "◆ hard sampling: k is the first position with α_t1 + … + α_tk > u, u drawn from [0, 1);\n"
        "filled where h_k was the context, hollow where Σ_j α_tj h_j was.\n"
        "Shaded: outside mask or window. global: every position; local-m: p_t ± D around\n"
        "p_t = min(t, S); local-p: p_t = S·sigmoid(v_pᵀ tanh(W_p s)), α times the dashed\n"
        "exp(−(j − p_t)² / 2σ²), σ = D/2, cut at ±D and made to sum to 1 again.\n"
        "Click a bar to brush it, drag to brush several, turn the wheel to zoom, double-click to\n"
        "see all again, right-click for what-ifs. Several layers and heads are averaged.\n"
        "✎ edits α: drag the top of a bar to a weight w_j from 0 to 1, then α_j = w_j / Σ_i w_i;\n"
        "double-click it to type one; or ↑ ↓ (← → another bar), Enter applies, Escape drops it."
    )
    natural = (380, 300)
    #: Whether bars can be dragged from now on.
    editing_changed = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self._columns = LabelAxis("bottom")
        self._left, self._right = NumberAxis("left", "α"), NumberAxis("right", "e")
        axes = {"bottom": self._columns, "left": self._left, "right": self._right}
        super().__init__(theme, axes, parent)
        self._outside, self._lit = QGraphicsPathItem(), QGraphicsPathItem()
        self._grid, self._bars = QGraphicsPathItem(), QGraphicsPathItem()
        self._energies = QGraphicsPathItem()
        self._scope, self._draw = ScopeMark(theme), DrawMark(theme)
        self._own, self._edit = OwnMark(), EditMode(theme, self)
        for item in (
            self._outside,
            self._lit,
            self._grid,
            self._bars,
            self._own.outline,
            self._scope.lines,
            self._scope.gaussian,
            self._energies,
            self._draw.leader,
            self._draw.marks,
            self._scope.label.item,
            self._draw.label.item,
            self._edit.marks.raw,
            self._edit.marks.handles,
            self._edit.marks.chosen,
        ):
            self.plot.addItem(item)
        self._shown: StepAttention | None = None
        self._lit_columns: list[int] = []
        self._ends: StepFigures[tuple[float, float]]
        self._span, self._alpha_end = (0.0, 0.0), 1.0
        self._extent: tuple[object, int] | None = None
        self.source_view.setMouseEnabled(x=True, y=False)
        self.source_view.sigXRangeChanged.connect(self._arrange)
        self.source_view.sigResized.connect(self._fit)
        # Keys go to the panel, which knows its bars.
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(0, self._edit.strip)
        layout.setStretchFactor(self.canvas, 1)
        self._edit.wanted.connect(self.ask)
        self._edit.said.connect(self.said)
        self._edit.moved.connect(self._arrange)
        self._edit.toggled.connect(self._toggled)

    # -- editing --------------------------------------------------------------------------

    @property
    def editing(self) -> bool:
        """Whether bars can be dragged."""
        return self._edit.active

    def set_editing(self, editing: bool) -> None:
        """Let bars be dragged, or only be looked at and brushed."""
        self._edit.set_active(editing)

    def _toggled(self, editing: bool) -> None:
        # By the keyboard it is reached only where it has keys of its own.
        policy = Qt.FocusPolicy.StrongFocus if editing else Qt.FocusPolicy.ClickFocus
        self.setFocusPolicy(policy)
        if editing and self.isVisible():
            self.setFocus()
        self.flush()
        self._fit()
        self.editing_changed.emit(editing)

    # -- drawing --------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene = self.scene
        self.say_blank(self._reason())
        if change.source:
            self._edit.set_theme(self.theme)
        self._edit.show_step(scene, self.light)
        if scene.run is None:
            self._shown = None
            return
        if change.source:
            self._paint_theme()
            axis = scene.source
            self._columns.set_labels(axis.labels, self.theme, "source", axis.across)
            self._ends = StepFigures(partial(energy_ends, scene.source))
        if change.steps:
            self._span = energy_span(self._ends.of(scene.steps))
            self._alpha_end = scene.alpha_end
        if change.steps or change.place:
            self._shown = step_attention(scene)
        self._lit_columns = scene.source.columns(self.light.all_source)
        self._columns.set_lit(frozenset(self._lit_columns))
        if change.steps:
            self._fit()
        else:
            self._arrange()

    def _reason(self) -> str:
        """Why there are no bars to see; empty where there are."""
        if self.scene.run is None:
            return "Encode a sentence to see α at each step."
        if self.scene.step is not None and self.scene.step.cross is None:
            fixed = self.scene.run.model.fixed_expression
            return f"This mode has no attention: c is {fixed} at every step."
        return ""

    def _paint_theme(self) -> None:
        theme = self.theme
        self.paint_canvas()
        for item, fill in (
            (self._outside, theme.colour("faint")),
            (self._lit, theme.hue("source", 0.18)),
            (self._bars, theme.hue("soft")),
        ):
            item.setPen(pg.mkPen(None))
            item.setBrush(fill)
        self._grid.setPen(pg.mkPen(theme.colour("border"), width=1))
        self._energies.setPen(pg.mkPen(theme.colour("dim"), width=theme.px(2)))
        self._scope.set_theme(theme)
        self._draw.set_theme(theme)
        self._own.set_theme(theme)

    @property
    def _end(self) -> float:
        """The end of the scale of α; 1 while bars can be dragged, as far as a weight goes."""
        return 1.0 if self.editing else self._alpha_end

    def _fit(self, *_: object) -> None:
        """Ranges and numbers of the axes, which depend on the room that there is."""
        shown, view = self._shown, self.source_view
        if shown is None:
            return
        # Room above the end for the symbols of the axes and for what is written there.
        height, headroom = max(view.height(), 1.0), self._left.headroom(self.theme)
        end = self._end
        top = end / (1 - min(max(headroom, self._draw.headroom()) / height, 0.5))
        extent = (self.scene.run, len(shown.axis))
        view.show_whole(QRectF(0, 0, len(shown.axis), top), anew=extent != self._extent)
        view.setYRange(0, top, padding=0)
        self._extent = extent
        numbers = round_numbers(*self._span, max(1, min(5, int(height / (2 * headroom)))))
        places = self._height(np.array(numbers)).tolist()
        ticks = [(y, f"{e:.6g}".replace("-", "−")) for y, e in zip(places, numbers, strict=True)]
        levels = [(end * level, level_text(end * level)) for level in LEVELS]
        self._left.set_ticks(levels, self.theme, self.theme.ink("soft"))
        beside = self._edit.pencil.width() - self.theme.px(BESIDE)
        self._right.set_ticks(ticks, self.theme, beside=beside)
        self._arrange()

    def _height(self, energies: Floats) -> Floats:
        """Where energies are along α: from 4 to 96 % of it, so that the ends can be seen."""
        low, high = self._span
        with np.errstate(invalid="ignore"):
            return self._end * (0.04 + 0.92 * (energies - low) / max(high - low, 1e-300))

    def _arrange(self, *_: object) -> None:
        """Put everything where it belongs in the present range of the view."""
        if self._shown is None:
            return
        shown = self._edit.preview(self._shown)
        frame = Frame.of(self.source_view)
        outside = [] if shown.inside is None else np.flatnonzero(~shown.inside).tolist()
        self._outside.setPath(bands(outside, 0, frame.top))
        lit = [column for column in self._lit_columns if column < len(shown.axis)]
        self._lit.setPath(bands(lit, 0, frame.top))
        dense = frame.across < self.theme.px(DENSE)
        half = 0.5 if dense else min(BAR_SHARE, self.theme.px(BAR_WIDTH) / frame.across) / 2
        bars, ticks, grid = QPainterPath(), QPainterPath(), QPainterPath()
        # A bar narrower than a pixel may cover none; the line around it does.
        pen = pg.mkPen(self.theme.hue("soft"), width=1) if dense else pg.mkPen(None)
        self._bars.setPen(pen)
        if shown.alpha is not None:
            for column in np.flatnonzero(shown.alpha > 0).tolist():
                bars.addRect(QRectF(column + 0.5 - half, 0, 2 * half, shown.alpha[column]))
        if shown.energies is not None:
            heights = self._height(shown.energies)
            for column in np.flatnonzero(np.isfinite(heights)).tolist():
                ticks.moveTo(column + 0.5 - half, heights[column])
                ticks.lineTo(column + 0.5 + half, heights[column])
        for level in LEVELS:
            grid.moveTo(0, self._end * level)
            grid.lineTo(len(shown.axis), self._end * level)
        across = shown.axis.across
        if across > 1 and across * frame.across > self.theme.px(ROWS_APART):
            for place in range(across, len(shown.axis), across):
                grid.moveTo(place, 0)
                grid.lineTo(place, self._end)
        self._bars.setPath(bars)
        self._energies.setPath(ticks)
        self._grid.setPath(grid)
        highest = self._scope.place(shown, frame)
        self._draw.place(shown, frame, half * frame.across, highest, self._end)
        self._own.place(shown.unedited, half)
        self._edit.place_marks(frame, half)
        self.captioned.emit()

    # -- words ----------------------------------------------------------------------------

    def heading(self) -> str:
        scene = self.scene
        if scene.step is None:
            return self.title
        if not scene.reveals(Phase.TOKEN):
            return f"{self.title} at step {scene.t}"
        return f"{self.title} at step {scene.t} — “{scene.tokens[scene.t - 1]}”"

    def caption(self) -> str:
        scene, step = self.scene, self.scene.step
        if scene.run is None or step is None:
            return ""
        if step.cross is None or not scene.reveals(Phase.ALPHA):
            return ""
        alpha, raw = scene.alpha[scene.t - 1], self._edit.caption()
        if raw:
            return raw
        parts = [f"H(α) {entropy(step.cross.alpha).mean():.2f}", f"Σ {alpha.sum():.3f}"]
        sums = edited_sums(scene)
        if sums:
            # What α summed to after each edit, before it was divided by that.
            parts.insert(0, f"edited: Σ {', '.join(map(short_text, sums))} → 1")
        other = self.source_view.sum_outside(alpha)
        if other is not None:
            parts.append(f"other {other:.2f} outside view")
        return " · ".join(parts)

    def table(self) -> Table:
        return alpha_table(self.scene)

    # -- pointer --------------------------------------------------------------------------

    def _column(self, at: QPointF) -> int | None:
        self.flush()
        column = int(np.floor(at.x()))
        inside = self._shown is not None and 0 <= column < len(self._shown.axis)
        return column if inside else None

    def pointed(self, at: QPointF | None) -> None:
        column = None if at is None else self._column(at)
        held = at is not None and self._edit.hits(at, Frame.of(self.source_view)) is not None
        self.canvas.viewport().setCursor(
            Qt.CursorShape.SizeVerCursor if held else Qt.CursorShape.ArrowCursor
        )
        if column is None or self._shown is None:
            self.ask(Hover())
            self.said.emit("")
        else:
            self.ask(Hover(frozenset(self.scene.source.positions(column))))
            self.said.emit(about_column(self.scene, self._shown, column))

    def clicked(self, at: QPointF) -> None:
        column = self._column(at)
        if column is not None:
            self._edit.choose(column if self.editing else None)
            self.toggle_source(self.scene.source.positions(column))

    def double_clicked(self, at: QPointF) -> None:
        column = self._column(at)
        if not self.editing or column is None:
            super().double_clicked(at)
            return
        assert self._shown is not None
        bars = self._edit.preview(self._shown).alpha
        height = 0.0 if bars is None else float(np.nan_to_num(bars[column]))
        top = self.source_view.mapViewToScene(QPointF(column + 0.5, height))
        self._edit.type_at(column, self.canvas.mapTo(self, self.canvas.mapFromScene(top)))

    def pulled(self, start: QPointF, here: QPointF, first: bool, last: bool) -> None:
        self.flush()
        if not self._edit.pull(start, here, first, last, Frame.of(self.source_view)):
            super().pulled(start, here, first, last)

    def dragged(self, area: QRectF) -> None:
        self.flush()
        count = 0 if self._shown is None else len(self._shown.axis)
        covered = range(max(0, int(area.left())), min(count, int(np.ceil(area.right()))))
        self.brush_source(p for column in covered for p in self.scene.source.positions(column))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not opens_menu(event):
            return
        self.flush()
        column = self._column(self.place(event.pos()))
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            column = self._edit.chosen
        positions = set(self.light.brushed_source)
        if column is not None and not positions.intersection(self.scene.source.positions(column)):
            positions = set(self.scene.source.positions(column))
        EditMenu(self.scene, positions, self.ask, self).popup(event.globalPos())

    # -- keys -----------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        # Keys that change bars are no shortcuts of the window as long as there are some to change.
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and self._edit.takes(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        if self._edit.takes(event):
            self._edit.press(event)
        else:
            super().keyPressEvent(event)

    # -- Qt -------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._edit.place()

    @contextmanager
    def put_away(self) -> Iterator[None]:
        with self._edit.put_away():
            yield
