"""Rollouts: many seeded hard continuations from the playhead, and what they say together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from attn_desktop.analysis.pieces import escape_unsafe, output_text
from attn_desktop.analysis.rollouts import KIND, RolloutSettings
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui.intents import AskProbe, GoOn, GoTo, Hover, StopProbe
from attn_desktop.gui.panel import NEIGHBOURS, Change, Panel, Table, without
from attn_desktop.gui.rollout_map import MapShown, RolloutMap, about_cell
from attn_desktop.gui.rollout_mean import RolloutMean
from attn_desktop.gui.rollout_parts import Parts, fitting
from attn_desktop.gui.rollout_rows import SentenceRows, TokenRows, row_of
from attn_desktop.gui.rollout_settings import PARTS, RolloutSettingsRow
from attn_desktop.gui.rollout_shown import Finder, Shown
from attn_desktop.gui.rollout_words import caption, table, titles
from attn_desktop.gui.row_list import RowList
from attn_desktop.gui.text_field import ENTER
from attn_desktop.gui.theme import Theme

NO_RUN = "Encode a sentence; then draw many hard continuations of it."
INVITATION = (
    "Run draws many continuations in hard mode, each with a seed of its own: how often which "
    "sentence comes, where the draws fall, and how their mean context comes to the soft one."
)
NO_ATTENTION = "This mode has no attention: nothing is drawn. Choose a score first."
#: Size at normal type from which on the settings are shown.
SET = (150, 110)


class RolloutsPanel(Panel):
    """Click a sentence to step along the first rollout that says it: a branch."""

    name = "rollouts"
    title = "Rollouts"
    about = (
        "N hard continuations of the step at the playhead (of an output that has ended: from its "
        "start), which differ by their seed only: k ~ α_t, c_t = h_k.\n"
        "Rollout i, from 0, draws with the seed 1,000 · seed + i. Click a sentence to step along "
        "the first rollout that says it, with its seed: the same draws, the same tokens y_t.\n"
        "Tokens: what the rollouts take at each step, framed what the branch shown took.\n"
        "Draws: the share that fell on each source position, below α of the first step.\n"
        "Mean: ‖(1/N) Σ_i h_{k_i} − Σ_j α_j h_j‖ at the first step against N. Its square is "
        "tr(Σ)/N in expectation, Σ = Σ_k α_k h_k h_kᵀ − c cᵀ, so it falls as 1/√N; in 95 % of "
        "repetitions it is in the tinted band, by an approximation that holds for large N.\n"
        "Keys: ↑ ↓ a sentence, Enter steps along it."
    )
    of_mode = False
    natural = (640, 460)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._finder = Finder()
        self._shown: Shown | None = None
        self.settings = RolloutSettingsRow(theme)
        self.settings.wanted.connect(self.run)
        self.settings.stopped.connect(lambda: self.ask(StopProbe()))
        self.settings.changed.connect(self._redraw)
        self.settings.part_changed.connect(self._arrange)
        self._sentences, self._tokens = SentenceRows(theme), TokenRows(theme)
        self.sentences, self.tokens = RowList(self._sentences), RowList(self._tokens)
        self.sentences.setAccessibleName("Sentences")
        self.tokens.setAccessibleName("Tokens of each step")
        self.sentences.chosen.connect(self._take)
        self.sentences.pointed.connect(self._point_sentence)
        self.tokens.chosen.connect(self._go)
        self.tokens.pointed.connect(self._point_step)
        self.map, self.mean = RolloutMap(theme), RolloutMean(theme)
        self.map.pointed.connect(self._point_cell)
        self.map.clicked.connect(self._brush)
        self.mean.said.connect(self.said)
        self._blank = QLabel(self)
        self._blank.setWordWrap(True)
        self._blank.setAlignment(Qt.AlignmentFlag.AlignCenter)
        views = (self.sentences, self.tokens, self.map, self.mean)
        names = (name for name, _, _ in PARTS)
        self._parts = Parts(dict(zip(names, views, strict=True)))
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.settings)
        self._column.addWidget(self._blank, 1)
        self._column.addWidget(self._parts, 1)

    # -- drawing --------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        if change.source:
            self._paint_theme()
        scene = self.scene
        before, self._shown = self._shown, self._finder.find(scene, self._asked())
        shown = self._shown
        if shown is not before or change.source:
            self.sentences.show_rows(
                [] if shown is None else self._sentences.show(shown.sentences, shown.t > 0)
            )
            self.tokens.show_rows([] if shown is None else self._tokens.show(shown.steps))
        self._show_place()
        if shown is not None:
            self._parts.set_titles(titles(shown))
        self._show_settings()
        self._arrange()

    def _paint_theme(self) -> None:
        theme = self.theme
        self._column.setContentsMargins(theme.px(4), 0, theme.px(4), theme.px(2))
        self._column.setSpacing(theme.px(4))
        self.settings.set_theme(theme)
        self._sentences.theme = self._tokens.theme = theme
        colours = self.palette()
        colours.setColor(QPalette.ColorRole.Base, theme.colour("card"))
        colours.setColor(QPalette.ColorRole.WindowText, theme.colour("dim"))
        for widget in (self.sentences, self.tokens, self._blank):
            widget.setPalette(colours)
        self._blank.setFont(theme.font())
        self._parts.set_theme(theme)

    def _show_place(self) -> None:
        """What depends on the playhead and on what is lit."""
        scene, shown, tokens = self.scene, self._shown, self._tokens
        tokens.place, tokens.lit = scene.t, self.light.all_target
        tokens.taken = {step.t: step.token_id for step in scene.steps}
        self._sentences.shown = None
        if shown is None or scene.run is None:
            self.map.show_map(self.theme, None)
            self.mean.show_mean(self.theme, None)
            return
        after = scene.steps[shown.t :]
        if after:
            said = escape_unsafe(output_text(scene.run.model, [step.token for step in after]))
            self._sentences.shown = row_of(shown.sentences, said, scene.complete)
        for listed in (self.sentences, self.tokens):
            listed.viewport().update()
        axis = scene.source
        alpha = np.asarray(axis.sum(shown.record.arrays["alpha"]), dtype=np.float64)
        draws = np.asarray(axis.sum(shown.draws), dtype=np.float64)
        end = axis.alpha_end(np.append(alpha, draws))
        lit = frozenset(axis.columns(self.light.all_source))
        self.map.show_map(self.theme, MapShown(axis, alpha, draws, shown.t, end, lit, scene.t))
        self.mean.show_mean(self.theme, shown.mean)

    # -- asking ---------------------------------------------------------------------------

    def _asked(self) -> RolloutSettings | None:
        """The settings as they stand; None where they cannot be."""
        try:
            return self.settings.asked()
        except InputError:
            return None

    def _start(self) -> int:
        """The step after which new rollouts begin: an output that has ended is begun anew."""
        step = self.scene.step
        return 0 if step is None or step.is_end else self.scene.t

    def _mode(self) -> Mode:
        """In which the step is decoded after which they begin; at the start that of the first."""
        steps, run, start = self.scene.steps, self.scene.run, self._start()
        if steps:
            return steps[max(0, start - 1)].mode
        trained = () if run is None else run.model.trained_modes
        return next(iter(trained), Mode())

    def why_not(self) -> str:
        """Why rollouts cannot be begun; empty where they can."""
        scene, shown = self.scene, self._shown
        if scene.run is None:
            return NO_RUN
        if not self._mode().attends:
            return NO_ATTENTION
        if scene.cut_off and self._start() == len(scene.steps):
            return "The output was cut off here; go back to a step before."
        same = shown is not None and shown.whole and shown.t == self._start()
        if (
            same
            and shown is not None
            and (shown.asked, shown.mode) == (self._asked(), self._hard())
        ):
            return "These are the rollouts shown; change a setting to draw others."
        return ""

    def _hard(self) -> Mode:
        """The mode of new rollouts, where there is attention."""
        return replace(self._mode(), weighting=HARD)

    def _show_settings(self) -> None:
        scene, shown, start = self.scene, self._shown, self._start()
        busy = scene.probing == KIND
        progress = ""
        if shown is not None and not shown.whole:
            progress = f"{shown.done:,} of {shown.asked.count:,}"
        mode, run = self._mode(), scene.run
        trained = run is None or not mode.attends or self._hard() in run.model.trained_modes
        where = f"after step {start}" if start else "from the start"
        self.settings.show_state(busy, where, self.why_not(), progress, trained)

    def run(self) -> None:
        """Draw rollouts with the settings of the fields, where that can be."""
        self.flush()
        asked = self._asked()
        if asked is not None and not self.why_not():
            settings: dict[str, Any] = {**asdict(asked), "mode": str(self._hard())}
            self.ask(AskProbe(KIND, self._start(), settings))

    def _redraw(self) -> None:
        self.draw(Change(source=False, steps=False, place=True, light=False))
        self.captioned.emit()

    # -- room -----------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Show what there is to see and room for."""
        blank = self._blank_text()
        across = fitting(self.size(), self.theme)
        least = self.theme.px(SET[0]), self.theme.px(SET[1])
        room = self.width() >= least[0] and self.height() >= least[1]
        self.settings.setVisible(room and self.scene.run is not None)
        self.settings.show_parts(not blank and not across)
        self._blank.setText(blank)
        self._blank.setVisible(bool(blank))
        self._parts.setVisible(not blank)
        self._parts.place(across, self.settings.part)

    def _blank_text(self) -> str:
        if self.scene.run is None:
            return NO_RUN
        if self._shown is not None:
            return ""
        if self._finder.problem:
            return self._finder.problem
        if self.scene.probing == KIND:
            return "Drawing …"
        return INVITATION if self._mode().attends else NO_ATTENTION

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._drawn is not None and self._drawn[0] is self.scene:
            self._arrange()

    @contextmanager
    def put_away(self) -> Iterator[None]:
        with without(self.settings, self._column):
            yield

    # -- words ----------------------------------------------------------------------------

    def heading(self) -> str:
        self.flush()
        shown = self._shown
        return f"{self.title} after step {shown.t}" if shown is not None and shown.t else self.title

    def caption(self) -> str:
        self.flush()
        return "" if self._shown is None else caption(self._shown)

    def table(self) -> Table:
        self.flush()
        return table(self._shown)

    # -- pointer and keys -----------------------------------------------------------------

    def _take(self, number: int, _: QPointF | None = None) -> None:
        """Step along the first rollout that says a sentence."""
        self.flush()
        shown = self._shown
        if shown is None or not 0 <= number < len(shown.sentences):
            return
        sentence = shown.sentences[number]
        choice = shown.choice(sentence.row)
        name = f"rollout {sentence.row} of seed {shown.asked.seed}"
        self.ask(GoOn(shown.record.node, sentence.steps, shown.mode, choice, name))

    def _point_sentence(self, number: int, _: QPointF) -> None:
        self.flush()
        inside = self._shown is not None and 0 <= number < len(self._shown.sentences)
        self.said.emit(self._sentences.about(number) if inside else "")

    def _steps(self, t: int | None) -> frozenset[int]:
        """The step of the branch shown with this number, if it has one."""
        return frozenset({t} if t and t <= len(self.scene.steps) else ())

    def _point_step(self, number: int, _: QPointF) -> None:
        self.flush()
        inside = self._shown is not None and 0 <= number < len(self._tokens.steps)
        step = self._tokens.steps[number] if inside else None
        self.ask(Hover(target=self._steps(None if step is None else step.t)))
        self.said.emit("" if step is None else self._tokens.about(step))

    def _go(self, number: int, _: QPointF) -> None:
        self.flush()
        if self._shown is not None and 0 <= number < len(self._tokens.steps):
            for t in self._steps(self._tokens.steps[number].t):
                self.ask(GoTo(t))

    def _point_cell(self, step: int | None, column: int | None) -> None:
        self.flush()
        shown = self.map.shown
        if shown is None or column is None or column >= len(shown.axis):
            self.ask(Hover())
            self.said.emit("")
            return
        source = frozenset(shown.axis.positions(column))
        self.ask(Hover(source, self._steps(step)))
        self.said.emit(about_cell(shown, step, column))

    def _brush(self, column: int) -> None:
        self.flush()
        if self._shown is not None and column < len(self.scene.source):
            self.toggle_source(self.scene.source.positions(column))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        key, rows = Qt.Key(event.key()), self._sentences
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if held or not rows.sentences or self._shown is None:
            super().keyPressEvent(event)
        elif key in NEIGHBOURS:
            self._choose(NEIGHBOURS[key])
        elif key in ENTER and rows.chosen is not None:
            self._take(rows.chosen)
        else:
            super().keyPressEvent(event)

    def _choose(self, by: int) -> None:
        rows, last = self._sentences, len(self._sentences.sentences) - 1
        start = 0 if by > 0 else last
        rows.chosen = start if rows.chosen is None else min(max(rows.chosen + by, 0), last)
        rows.framed = True
        self.sentences.bring(rows.chosen)
        self.sentences.viewport().update()
        self.said.emit(rows.about(rows.chosen))

    def frame(self, framed: bool) -> None:
        self._sentences.framed = framed
        self.sentences.viewport().update()
