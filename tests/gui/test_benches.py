"""The score bench and the scopes on a real engine: what they foretell is what a branch brings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import shiboken6
import torch
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.scope_bench import ScopeBench, scope_bench
from attn_desktop.analysis.score_bench import score_bench
from attn_desktop.analysis.weighing import Window
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.families.checkpoint import save_checkpoint
from attn_desktop.gui.intents import AskProbe, Intent, MakeEdit
from attn_desktop.gui.job import Picture
from attn_desktop.gui.panel import Panel
from attn_desktop.gui.panels.scopes import ScopesPanel
from attn_desktop.gui.panels.scores import ScoresPanel
from attn_desktop.gui.probing import Probing
from attn_desktop.gui.what_if import WhatIf
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import ProbeRecord, StepRecord
from tests.attention import reference
from tests.gui import pointer
from tests.gui.desk import Desk
from tests.gui.painted import LIGHT
from tests.toy_seers import toy_captioner, toy_picture

LIMIT, T = 6, 3
PIXELS = toy_picture(3, 30, 44)


class Bench:
    """A decoded input, with what panels ask for done as the window does it."""

    def __init__(self, desk: Desk, qtbot: QtBot) -> None:
        self.desk, self._qtbot = desk, qtbot
        self.what_if = WhatIf(desk.stepping, desk.holder)
        self.probing = Probing(desk.session, desk.holder)
        desk.settle()
        assert desk.session.document is not None
        desk.session.document.limits[0] = LIMIT
        self.asked: list[Intent] = []
        self.panels: list[Panel] = []

    def decode(self, mode: Mode) -> None:
        self.desk.stepping.set_mode(mode)
        self.desk.stepping.run()
        self.desk.settle()
        self.desk.session.go(T)

    def open(self, kind: type[Panel]) -> Panel:
        panel = kind(LIGHT)
        self._qtbot.addWidget(panel)
        panel.wanted.connect(self._want)
        self.desk.playhead.scene_changed.connect(panel.set_scene)
        panel.set_scene(self.desk.scene)
        panel.resize(500, 400)
        panel.show()
        self.panels.append(panel)
        return panel

    def close(self) -> None:
        for panel in self.panels:
            self.desk.playhead.scene_changed.disconnect(panel.set_scene)

    def _want(self, intent: Intent) -> None:
        self.asked.append(intent)
        if isinstance(intent, AskProbe):
            self.probing.ask(intent)

    @property
    def step(self) -> StepRecord:
        step = self.desk.scene.step
        assert step is not None
        return step

    def probe(self, kind: str) -> ProbeRecord:
        self.desk.wait(lambda: self.desk.scene.probe(kind) is not None or bool(self.desk.failures))
        found = self.desk.scene.probe(kind)
        assert found is not None, self.desk.failures
        return found

    def lanes(self) -> ScopeBench:
        """Every scope on the step that is shown, once the model has told what is missing."""
        probe, run = self.probe("scopes"), self.desk.scene.run
        assert run is not None
        lanes = scope_bench(run, self.step, probe)
        assert lanes is not None
        return lanes


@pytest.fixture
def bench(desk: Desk, qtbot: QtBot) -> Iterator[Bench]:
    """Of a sentence."""
    desk.stepping.run_after_encoding = False
    desk.encode()
    with _opened(desk, qtbot) as made:
        yield made


@pytest.fixture
def picture_bench(desk: Desk, qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    """Of a picture."""
    model = toy_captioner()
    with torch.no_grad():
        model.output_bias[model.end_id] = -1000
    save_checkpoint(model, model.config, tmp_path / "captioner")
    desk.stepping.run_after_encoding = False
    desk.session.encode("", model=str(tmp_path / "captioner"), picture=Picture(pixels=PIXELS))
    desk.wait(lambda: desk.scene.run is not None or bool(desk.failures))
    with _opened(desk, qtbot) as made:
        yield made


@contextmanager
def _opened(desk: Desk, qtbot: QtBot) -> Iterator[Bench]:
    made = Bench(desk, qtbot)
    yield made
    made.close()
    for helper in (made.what_if, made.probing):
        shiboken6.delete(helper)


@pytest.mark.parametrize("mode", [Mode("additive"), Mode("dot", "local-p", HARD)], ids=str)
def test_decoding_on_with_a_score_brings_what_the_bench_foretold(bench: Bench, mode: Mode) -> None:
    desk = bench.desk
    bench.decode(mode)
    bench.open(ScoresPanel)
    run, before = desk.scene.run, bench.step
    assert run is not None
    foretold = score_bench(run, before, bench.probe("scores"))
    assert foretold.whole
    before_tokens = [step.token_id for step in desk.scene.steps]
    for row in foretold.rows:
        bench.what_if.switch(foretold.mode(row))
        if row.name == mode.score:
            assert desk.failure() == (f"step {T} is decoded in {mode} already", "note")
            assert bench.step is before
            continue
        desk.settle()
        step = bench.step
        assert (step.t, step.mode) == (T, foretold.mode(row))
        assert step.cross is not None
        assert step.cross.energies[0, 0] == pytest.approx(row.energies, abs=1e-4)
        assert step.cross.alpha[0, 0] == pytest.approx(row.alpha, abs=1e-5)
        assert step.active.context == pytest.approx(row.context, abs=1e-5)
        assert np.exp(step.active.top_log_probs[0]) == pytest.approx(row.tokens[0][1], abs=1e-5)
        assert len(desk.scene.steps) == len(before_tokens)
        assert [own.mode for own in desk.scene.steps[T:]] == [step.mode] * (LIMIT - T)
        desk.session.undo()
        desk.settle()
        assert [own.token_id for own in desk.scene.steps] == before_tokens
        assert desk.scene.t == T


def test_a_step_with_edits_can_be_had_without_them(bench: Bench) -> None:
    mode = Mode("additive")
    bench.decode(mode)
    plain = bench.step
    bench.desk.stepping.again("zero", mode, edits=(Edit("context", "zero"),))
    bench.desk.settle()
    assert bench.step.edits
    bench.what_if.switch(mode)
    bench.desk.settle()
    assert bench.step is plain


def test_before_the_first_step_there_is_no_mode_to_switch(bench: Bench) -> None:
    bench.decode(Mode("additive"))
    bench.desk.session.go(0)
    bench.what_if.switch(Mode("dot"))
    assert bench.desk.failure() == (
        "go to a step first: it can be decoded in another mode there",
        "note",
    )


def test_both_panels_follow_the_playhead_and_keep_one_probe_a_step(bench: Bench) -> None:
    bench.decode(Mode("general"))
    bench.open(ScoresPanel)
    bench.open(ScopesPanel)
    for t in (T, T + 1, 1, T):
        bench.desk.session.go(t)
        for kind in ("scores", "scopes"):
            assert bench.probe(kind).node == bench.step.node
    asked = [intent for intent in bench.asked if isinstance(intent, AskProbe)]
    assert len(asked) == 6
    for held in bench.desk.scene.probes.values():
        assert len([probe for probe in held if probe.kind == "scores"]) <= 1


@pytest.mark.parametrize("scope", ["global", "local-p"])
def test_a_window_that_was_moved_is_the_alpha_of_the_branch(bench: Bench, scope: str) -> None:
    desk = bench.desk
    bench.decode(Mode("dot", scope))
    panel = bench.open(ScopesPanel)
    assert isinstance(panel, ScopesPanel)
    lanes = bench.lanes()
    panel.flush()
    panel.controls.changed.emit(Window((6.25,), 2.5, gaussian=False))
    preview = lanes.scoped(Window((6.25,), 2.5))
    box = panel.painter().button(1 if scope == "global" else 2)
    assert box is not None
    pointer.click(panel, box.center().toPoint())
    intent = bench.asked[-1]
    assert isinstance(intent, MakeEdit)
    before = bench.step
    bench.what_if.edit(intent)
    desk.settle()
    assert bench.step.cross is not None
    assert bench.step.cross.alpha[0, 0] == pytest.approx(preview.alpha, abs=1e-6)
    assert bench.step.mode == before.mode
    desk.session.undo()
    assert bench.step is before


def test_a_scope_as_the_model_has_it_is_the_alpha_of_the_branch(bench: Bench) -> None:
    desk = bench.desk
    bench.decode(Mode("cosine"))
    bench.open(ScopesPanel)
    lanes, probe = bench.lanes(), bench.probe("scopes")
    for row, lane in enumerate(lanes.lanes[1:], start=1):
        bench.what_if.switch(Mode("cosine", lane.name))
        desk.settle()
        cross = bench.step.cross
        assert cross is not None
        assert cross.alpha[0, 0] == pytest.approx(lanes.scoped(lane.window).alpha, abs=1e-6)
        assert cross.window[0, 0].tolist() == probe.arrays["window"][row].tolist()
        desk.session.undo()
        desk.settle()


@pytest.mark.parametrize("scope", ["global", "local-p"])
def test_a_square_that_was_moved_is_the_alpha_of_the_branch(
    picture_bench: Bench, scope: str
) -> None:
    bench, desk = picture_bench, picture_bench.desk
    bench.decode(Mode("additive", scope))
    panel = bench.open(ScopesPanel)
    assert isinstance(panel, ScopesPanel)
    run, before = desk.scene.run, bench.step
    assert run is not None
    assert run.grid is not None
    bench.probe("scopes")
    panel.flush()
    marks = panel.painter().grid_marks(1)
    assert marks is not None
    end = QPointF(marks.cells.x(3.1), marks.cells.y(0.8))
    pointer.drag(panel, marks.middle.toPoint(), end.toPoint())
    controls = panel.controls
    dropped = (controls.center.value(), controls.column.value())
    assert dropped == pytest.approx((1.3, 3.6), abs=0.1)
    for field, value in (
        (controls.center, 1.25), (controls.column, 3.5), (controls.half_width, 1.75)
    ):  # fmt: skip
        field.setValue(value)
    assert before.cross is not None
    energies = before.cross.energies[0, 0].tolist()
    preview = reference.grid_alpha(energies, (1.25, 3.5), run.grid, 1.75)
    box = panel.painter().button(1)
    assert box is not None
    pointer.click(panel, box.center().toPoint())
    intent = bench.asked[-1]
    assert isinstance(intent, MakeEdit)
    bench.what_if.edit(intent)
    desk.settle()
    assert bench.step.cross is not None
    assert bench.step.cross.alpha[0, 0] == pytest.approx(preview, abs=1e-6)
    assert bench.step.mode == before.mode
    desk.session.undo()
    assert bench.step is before


def test_a_window_of_a_picture_as_the_model_has_it_is_the_alpha_of_the_branch(
    picture_bench: Bench,
) -> None:
    bench, desk = picture_bench, picture_bench.desk
    bench.decode(Mode("dot"))
    bench.open(ScopesPanel)
    lanes, run = bench.lanes(), desk.scene.run
    assert run is not None
    bench.what_if.switch(Mode("dot", "local-p"))
    desk.settle()
    cross = bench.step.cross
    assert cross is not None
    lane = lanes.lanes[1]
    assert lane.window is not None
    assert lane.window.grid == run.grid
    assert cross.alpha[0, 0] == pytest.approx(lanes.scoped(lane.window).alpha, abs=1e-6)
