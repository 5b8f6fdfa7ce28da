"""Why hard attention has no gradient, and what is done: ∇J, its estimates, and the soft path's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QVBoxLayout, QWidget

from attn_desktop.analysis.gradients import (
    BASELINES,
    KIND,
    Asked,
    Gradients,
    alpha_of,
    matches,
    read,
    sweep,
)
from attn_desktop.analysis.labels import candidate_label, source_axis
from attn_desktop.common.mode import HARD
from attn_desktop.gui.axes import LabelAxis
from attn_desktop.gui.formula_page import number_text
from attn_desktop.gui.formula_step import chosen_position
from attn_desktop.gui.gradient_bars import BarValues, GradientBars
from attn_desktop.gui.gradient_charts import GradientCharts, Shown
from attn_desktop.gui.gradient_formulas import GradientFormulas, lines
from attn_desktop.gui.gradient_settings import GradientSettings
from attn_desktop.gui.intents import AskProbe, Hover
from attn_desktop.gui.number_axis import NumberAxis, round_numbers
from attn_desktop.gui.panel import Change, Table
from attn_desktop.gui.plot_panel import PlotPanel
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.theme import Theme

INVITATION = (
    "Compute tries every position once, r_k = log p(y | h_k), and then draws estimates of the "
    "gradient of J = Σ_k α_k r_k."
)
#: Sizes at normal type from which settings and formulas are shown, and all parts side by side, in
#: one row of three, or one below the other.
SET, FORMULAS = (150, 110), (200, 150)
BESIDE, ROW, BELOW = (620, 300), (880, 130), (300, 620)
#: Shares of bars and charts beside each other; of the height that formulas may take, and height
#: at normal type below which it is the smaller one.
SHARES, FORMULA_SHARE, LEAST_SHARE, LOW = (11, 9), 0.34, 0.12, 300
#: Where one part is seen: height below which fields are folded, and below which bars go without
#: their legend; width below which the heading is short.
FOLDED, LEGEND, NARROW = 360, 190, 480


class GradientsPanel(PlotPanel):
    """The gradient of one step by the energies. Click a bar to brush its column."""

    name = "gradients"
    title = "Gradients through the draw"
    short = "Gradients"
    about = (
        "Hard attention draws k ~ α and reads h_k. With u fixed, k is a step function of an energy "
        "e_j: its derivative is 0, or there is none (lower right; hover or brush j).\n"
        "What is climbed instead is J(e) = Σ_k α_k r_k, r_k = log p(y | h_k), a lower bound of "
        "log Σ_k α_k p(y | h_k) (Xu et al. 2015, equations 10 and 11).\n"
        "Grey: ∂J/∂e_j = α_j (r_j − J), by trying all positions. Pink: REINFORCE from K draws, "
        "ĝ = (1/K) Σ_i (r_ki − b) ∇ log α_ki (Williams 1992), ± one standard error.\n"
        "b: none, a constant, a moving average of earlier rewards, or the fixed b of least "
        "variance (Weaver and Tao 2001; Greensmith et al. 2004).\n"
        "Green: the soft path's gradient, of log p(y | Σ_k α_k h_k): another quantity; the cosine "
        "says how far it agrees.\n"
        "Click a K in the variance to see that estimate."
    )
    natural = (760, 480)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self._columns, self._left = LabelAxis("bottom"), NumberAxis("left", "∂/∂e")
        super().__init__(theme, {"bottom": self._columns, "left": self._left}, parent)
        self._bars = GradientBars(self.plot)
        self._settings, self._formulas = GradientSettings(theme), GradientFormulas(theme)
        self._charts, self._hint = GradientCharts(theme), QLabel(INVITATION)
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.removeWidget(self.canvas)
        layout.setContentsMargins(4, 3, 4, 4)
        layout.setSpacing(2)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for widget, share in ((self.canvas, 0), (self._hint, 0), (self._charts, 1)):
            self._body.addWidget(widget, SHARES[share])
        layout.addWidget(self._settings)
        layout.addWidget(self._formulas)
        layout.addLayout(self._body, 1)
        self._found: Gradients | None = None
        self._values: BarValues | None = None
        self._position = 0
        self._extent: tuple[object, int] | None = None
        self.source_view.setMouseEnabled(x=True, y=False)
        self.source_view.sigXRangeChanged.connect(self._place_bars)
        self.source_view.sigResized.connect(self._fit)
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._settings.wanted.connect(self._compute)
        self._settings.changed.connect(self._redraw)
        self._charts.said.connect(self.said)
        self._charts.count_chosen.connect(self._settings.count.setCurrentIndex)
        # In a window of its own, no key goes to a field before somebody chose one.
        self.setFocus()

    # -- drawing --------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene, reason = self.scene, self._reason()
        if not (change.source or change.steps or change.place):
            self._show_light()
            return
        if change.source:
            self._paint_theme()
            if scene.run is not None:
                axis = scene.source
                self._columns.set_labels(axis.labels, self.theme, "source", axis.across)
        self.say_blank(reason)
        step = None if reason else scene.step
        self._settings.show_step(step)
        self._found = self._values = None
        if step is None or scene.run is None:
            self._arrange()
            return
        self._position = chosen_position(scene, self.light)
        self._found = self._newest()
        self._settings.show_counts(() if self._found is None else self._found.counts)
        if self._found is not None:
            self._values = BarValues.of(self._found, scene.source, *self._chosen())
        hard = replace(step.mode, weighting=HARD)
        self._settings.show_state(
            computing=scene.probing == KIND,
            stale=self._found is None or not self._is_current(self._found),
            trained=hard in scene.run.model.trained_modes,
        )
        self._columns.set_lit(frozenset(scene.source.columns(self.light.all_source)))
        self._arrange()
        self._fit()

    def _show_light(self) -> None:
        """Light columns, and write out another position if it is another."""
        scene = self.scene
        if self._reason():
            return
        self._columns.set_lit(frozenset(scene.source.columns(self.light.all_source)))
        self._place_bars()
        position = chosen_position(scene, self.light)
        if position != self._position:
            self._position = position
            self._arrange()

    def _reason(self) -> str:
        """Why there is nothing to see; empty where there is."""
        scene, step = self.scene, self.scene.step
        if scene.run is None:
            return "Encode a sentence to see how a drawn position is learnt."
        if step is None:
            return "Step (F10) to see the gradients of the first step."
        if step.cross is None:
            return "This mode has no attention: nothing is drawn, and c has no energies."
        if not scene.reveals(Phase.TOKEN):
            return f"Gradients are of log p(y_{scene.t}), which is chosen last. F11: next phase."
        return ""

    def _newest(self) -> Gradients | None:
        """What was computed for the settings as they stand, or else last."""
        scene, step = self.scene, self.scene.step
        assert scene.run is not None and step is not None
        size = len(scene.run.source)
        held = [read(probe, step, size) for probe in scene.probes.get(step.node, ())]
        sound = [found for found in held if found is not None]
        current = [found for found in sound if self._is_current(found)]
        return (current or sound)[-1] if sound else None

    def _is_current(self, found: Gradients) -> bool:
        asked, step = self._settings.asked(), self.scene.step
        assert step is not None
        return asked is not None and matches(found.record, asked, step.token_id)

    def _chosen(self) -> tuple[int, int]:
        """Indices of the baseline and of the number of samples that are shown."""
        return self._settings.baseline.currentIndex(), self._settings.count.currentIndex()

    def _paint_theme(self) -> None:
        theme = self.theme
        self.paint_canvas()
        self._settings.set_theme(theme)
        self._bars.set_theme(theme)
        self._hint.setFont(theme.font())
        self._hint.setStyleSheet(f"color: {theme.dim}; background: {theme.card};")

    def _redraw(self) -> None:
        self.draw(Change(source=False, steps=False, place=True, light=False))
        self.captioned.emit()

    # -- room -----------------------------------------------------------------------------

    def _parts(self) -> tuple[frozenset[str], str]:
        """What there is room for, and how: `beside`, `row`, `below` or `one`."""
        size, px = self.size(), self.theme.px
        for way, (wide, high) in (("beside", BESIDE), ("row", ROW), ("below", BELOW)):
            if size.width() >= px(wide) and size.height() >= px(high):
                return frozenset({"bars", "variance", "sweep"}), way
        return frozenset(() if self._settings.unfolded else (self._settings.part,)), "one"

    def _arrange(self) -> None:
        """Show what there is to see and room for."""
        px, blank = self.theme.px, bool(self._reason())
        way, low = self._parts()[1], self.height() < px(FOLDED)
        self._settings.show_parts(way == "one", folded=way == "one" and low)
        parts = self._parts()[0]
        self._settings.setVisible(not blank and self._has_room(SET))
        legend = way != "one" or (bool(parts) and self.height() >= px(LEGEND))
        self._formulas.setVisible(not blank and legend and self._has_room(FORMULAS))
        self._hint.setMargin(px(4 if low else 12))
        bars = "bars" in parts and not blank
        charts = tuple(part for part in ("variance", "sweep") if part in parts and not blank)
        self.canvas.setVisible(bars and self._values is not None)
        self._hint.setVisible(bars and self._values is None)
        self._charts.setVisible(bool(charts))
        if blank:
            return
        below = QBoxLayout.Direction.TopToBottom
        self._body.setDirection(below if way == "below" else QBoxLayout.Direction.LeftToRight)
        self._body.setStretchFactor(self._charts, SHARES[0] + 2 if way == "row" else SHARES[1])
        stacked = way in ("beside", "one") or self.width() < px(BESIDE[0])
        self._show_charts(charts, stacked)

    def _has_room(self, least: tuple[int, int]) -> bool:
        return self.width() >= self.theme.px(least[0]) and self.height() >= self.theme.px(least[1])

    def _show_charts(self, parts: tuple[str, ...], stacked: bool) -> None:
        scene, step, found = self.scene, self.scene.step, self._found
        assert scene.run is not None and step is not None and step.cross is not None
        baseline, count = self._chosen()
        # Positions, not words: k is one of them, and so is j.
        position, labels = self._position, source_axis(scene.run).labels
        token = "" if found is None else candidate_label(step, found.token)
        said = lines(found, token, position, labels[position], baseline, count)
        low = self.height() < self.theme.px(LOW)
        most = self.height() * (LEAST_SHARE if low else FORMULA_SHARE)
        self._formulas.show_lines(self.theme, said, self.width() - 8, most)
        draw = float(step.cross.draw[0, 0])
        rewards = None if found is None else found.array("log_probs")
        moved = sweep(alpha_of(step), draw, position, rewards)
        shown = Shown(found, moved, labels, position, draw, baseline, count)
        self._charts.show_state(self.theme, shown, parts, stacked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._drawn is not None and self._drawn[0] is self.scene:
            self._arrange()
            self.captioned.emit()

    def _fit(self, *_: object) -> None:
        """Range and numbers of the axis, which depend on the room that there is."""
        values, view = self._values, self.source_view
        if values is None:
            return
        low, high = values.extent()
        # Room above for the symbol of the axis.
        height, headroom = max(view.height(), 1.0), self._left.headroom(self.theme)
        high += (high - low) * min(headroom / height, 0.5)
        count = len(values.error)
        extent = (self.scene.run, count)
        view.show_whole(QRectF(0, low, count, high - low), anew=extent != self._extent)
        view.setYRange(low, high, padding=0)
        self._extent = extent
        numbers = round_numbers(low, high, max(1, min(6, int(height / (2 * headroom)))))
        self._left.set_ticks([(value, number_text(value)) for value in numbers], self.theme)
        self._place_bars()

    def _place_bars(self, *_: object) -> None:
        if self._values is not None:
            self._bars.place(self._values, self.scene.source.columns(self.light.all_source))

    # -- asking ---------------------------------------------------------------------------

    def _compute(self, asked: Asked) -> None:
        self.flush()
        if self.scene.step is not None and not self._reason():
            settings = {name: value for name, value in asdict(asked).items() if value is not None}
            self.ask(AskProbe(KIND, self.scene.t, settings))

    # -- words ----------------------------------------------------------------------------

    def heading(self) -> str:
        title = self.short if self.width() < self.theme.px(NARROW) else self.title
        return f"{title} of step {self.scene.t}" if self.scene.t else title

    def caption(self) -> str:
        self.flush()
        found, note = self._found, self._settings.note
        if found is None:
            return note
        cosine, ratio = found.soft_against_exact()
        parts = [
            *([note] if note else ()),
            f"J {number_text(found.expected)} nats",
            f"soft path: cos {number_text(cosine)}, × {number_text(ratio)}",
        ]
        if not self._is_current(found):
            parts.append("of other settings")
        return " · ".join(parts)

    def table(self) -> Table:
        self.flush()
        found = self._found
        if found is None:
            return Table((), ())
        axis, (baseline, count) = self.scene.source, self._chosen()
        columns: Sequence[Any] = (
            found.alpha,
            found.array("log_probs"),
            found.array("exact"),
            found.array("estimate")[baseline, count],
            found.array("spread")[baseline, count],
            found.array("mean")[baseline, count],
            found.array("soft"),
        )
        name = f"{BASELINES[baseline]} K={found.counts[count]}"
        rows: list[tuple[str | float | int, ...]] = [
            (j + 1, axis.labels[axis.column(j)], *(float(values[j]) for values in columns))
            for j in range(axis.size)
        ]
        return Table(
            (
                "j",
                "source",
                "α",
                "r",
                "∂J/∂e",
                f"estimate {name}",
                "standard error",
                "mean of repeats",
                "soft path",
            ),
            rows,
        )

    # -- pointer --------------------------------------------------------------------------

    def _column(self, at: QPointF) -> int | None:
        self.flush()
        column = int(np.floor(at.x()))
        inside = self._values is not None and 0 <= column < len(self._values.error)
        return column if inside else None

    def pointed(self, at: QPointF | None) -> None:
        column = None if at is None else self._column(at)
        if column is None or self._values is None:
            self.ask(Hover())
            self.said.emit("")
            return
        self.ask(Hover(frozenset(self.scene.source.positions(column))))
        self.said.emit(f"“{self.scene.source.labels[column]}”   {self._values.about(column)}")

    def clicked(self, at: QPointF) -> None:
        column = self._column(at)
        if column is not None:
            self.toggle_source(self.scene.source.positions(column))

    def dragged(self, area: QRectF) -> None:
        self.flush()
        count = 0 if self._values is None else len(self._values.error)
        covered = range(max(0, int(area.left())), min(count, int(np.ceil(area.right()))))
        self.brush_source(p for column in covered for p in self.scene.source.positions(column))

    @contextmanager
    def put_away(self) -> Iterator[None]:
        shown, layout = self._settings.isVisible(), self.layout()
        unfold = self._settings.unfold
        unfolded = unfold.isChecked()
        assert layout is not None
        unfold.setChecked(False)
        self._settings.setVisible(False)
        layout.activate()
        try:
            yield
        finally:
            unfold.setChecked(unfolded)
            self._settings.setVisible(shown)
            layout.activate()
