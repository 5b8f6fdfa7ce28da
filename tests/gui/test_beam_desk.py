"""Beam searches of a session on a real engine: as the command line finds them, and step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.beam_tree import Fate, n_best, token_ids
from attn_desktop.analysis.pieces import escape_unsafe
from attn_desktop.api import open_model
from attn_desktop.common.mode import Mode
from attn_desktop.decoding.beam import BeamSettings, beam_search
from attn_desktop.families.base import Given
from attn_desktop.gui.engine_client import EngineClient
from attn_desktop.gui.intents import AskProbe, Intent, StopProbe, TakePath
from attn_desktop.gui.panels.beam import BeamPanel
from attn_desktop.gui.probing import Probing
from attn_desktop.gui.scene import Scene, start_key
from attn_desktop.gui.theme import theme
from attn_desktop.gui.what_if import WhatIf
from attn_desktop.trace.records import ProbeRecord
from tests.gui.desk import TEXT, Desk, make_desk
from tests.toy_models import TOY_SENTENCES

STEPS = 50


class Searching:
    """A panel that is shown the scenes of a session, which does what it asks for."""

    def __init__(self, desk: Desk, qtbot: QtBot) -> None:
        self.desk = desk
        self.panel = BeamPanel(theme(dark=False))
        qtbot.addWidget(self.panel)
        self.panel.resize(1200, 320)
        self.panel.show()
        self.probing, self.what_if = Probing(desk.session), WhatIf(desk.stepping)
        self.panel.wanted.connect(self._do)
        desk.playhead.scene_changed.connect(self._show)
        self.panel.set_scene(desk.scene)

    def _show(self, scene: Scene) -> None:
        self.panel.set_scene(scene)

    def _do(self, intent: Intent) -> None:
        if isinstance(intent, AskProbe):
            self.probing.ask(intent)
        elif isinstance(intent, StopProbe):
            self.probing.stop()
        elif isinstance(intent, TakePath):
            self.what_if.take_path(intent)

    def found(self, key: int) -> list[ProbeRecord]:
        """The searches at a node or a start."""
        return [probe for probe in self.desk.scene.probes.get(key, ()) if probe.kind == "beam"]

    def search(self, key: int) -> ProbeRecord:
        """Press the button and wait; the newest search there then."""
        self.panel.settings.button.click()
        self.desk.wait(lambda: not self.desk.session.probing)
        assert not self.desk.failures
        self.panel.flush()
        return self.found(key)[-1]

    def close(self) -> None:
        shiboken6.delete(self.probing)
        shiboken6.delete(self.what_if)


@pytest.fixture
def searching(desk: Desk, qtbot: QtBot) -> Iterator[Searching]:
    desk.stepping.run_after_encoding = False
    desk.encode()
    made = Searching(desk, qtbot)
    yield made
    made.close()


def decode_on(desk: Desk, steps: int) -> None:
    for _ in range(steps):
        desk.stepping.step()
        desk.settle()


# -- against the command line ---------------------------------------------------------------


@pytest.mark.parametrize("mode", ["additive/global/soft", "dot/local-p/hard", "none"])
def test_the_first_of_the_list_is_what_decode_with_a_beam_finds(
    mode: str, shared_client: EngineClient, qtbot: QtBot, toy_folder: Path
) -> None:
    desk = make_desk(shared_client, qtbot, toy_folder)
    desk.stepping.run_after_encoding = False
    desk.session.set_ways(Mode.parse(mode), desk.session.choice)
    model = open_model(toy_folder).model
    searching = Searching(desk, qtbot)
    settings = BeamSettings(4, 0.7, 0.2)
    fields = searching.panel.settings
    fields.width_field.setValue(settings.width)
    fields.length.setValue(settings.length_penalty)
    fields.coverage.setValue(settings.coverage_penalty)
    for text, _ in TOY_SENTENCES[:4]:
        desk.encode(text)
        record = searching.search(start_key(0))
        expected = beam_search(model, model.prepare(Given(text)), Mode.parse(mode), settings)
        ranking = n_best(record)
        assert [token_ids(record, row) for row in ranking] == [one.tokens for one in expected]
        scores = [float(record.arrays["score"][row]) for row in ranking]
        assert scores == pytest.approx([one.score for one in expected], abs=1e-5)
        best = model.detokenize(expected[0].tokens)
        assert record.settings["best"] == best
        assert searching.panel.ranking._rows[0].text == escape_unsafe(best)
    searching.close()
    desk.link.stop()
    shiboken6.delete(desk.holder)


# -- as it grows ----------------------------------------------------------------------------


def test_the_first_steps_are_seen_while_the_rest_is_on_its_way(searching: Searching) -> None:
    """And the window handles other events all the while."""
    desk, panel = searching.desk, searching.panel
    key, seen = start_key(0), list[tuple[int, bool, int]]()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1

    def look(scene: Scene) -> None:
        for record in searching.found(key):
            seen.append((int(record.arrays["t"][-1]), record.settings["finished"], ticks))

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(1)
    drawn = set[int]()
    panel.captioned.connect(lambda: drawn.add(panel._layout.columns - 1 if panel._layout else 0))
    desk.playhead.scene_changed.connect(look)
    panel.settings.limit.setValue(STEPS)
    record = searching.search(key)
    desk.playhead.scene_changed.disconnect(look)
    timer.stop()
    columns = [count for count, _, _ in seen]
    assert (record.arrays["fate"] == Fate.PRUNED).sum() >= 5 * STEPS
    assert columns == sorted(columns)
    assert columns[0] == 1, "the first expansion is there at once"
    assert set(columns) == set(range(1, STEPS + 1))
    assert not any(finished for count, finished, _ in seen if count < STEPS)
    first, last = seen[0][2], next(at for count, _, at in seen if count == STEPS)
    assert last > first, "other events were handled while it grew"
    assert {count for count in drawn if 0 < count < STEPS}, "it was drawn before it was over"


def test_it_stops_and_begins_again_in_the_same_place(searching: Searching) -> None:
    desk, panel = searching.desk, searching.panel
    key = start_key(0)
    panel.settings.limit.setValue(STEPS)
    panel.settings.button.click()
    desk.wait(lambda: bool(searching.found(key)))
    panel.flush()
    assert panel.settings.button.text() == "Stop"
    panel.settings.button.click()
    desk.wait(lambda: not desk.session.probing)
    panel.flush()
    (stopped,) = searching.found(key)
    assert not stopped.settings["finished"]
    assert "stopped" in panel.caption()
    whole = searching.search(key)
    assert searching.found(key) == [whole], "it takes the place of the one that was stopped"
    assert whole.settings["finished"]
    assert len(whole.arrays["t"]) > len(stopped.arrays["t"])


def test_the_same_search_is_not_made_again(searching: Searching) -> None:
    panel, key = searching.panel, start_key(0)
    panel.settings.limit.setValue(6)
    first = searching.search(key)
    panel.settings.width_field.setValue(2)
    second = searching.search(key)
    assert searching.found(key) == [first, second]
    panel.settings.width_field.setValue(5)
    assert searching.search(key) is first
    assert searching.found(key) == [second, first]
    assert panel._search is not None
    assert panel._search.record is first


# -- stepping inside ------------------------------------------------------------------------


def most_pruned(record: ProbeRecord) -> int:
    """The last of the rows that were pruned."""
    return int(np.flatnonzero(record.arrays["fate"] == Fate.PRUNED)[-1])


PICKS: dict[str, Callable[[ProbeRecord], int]] = {
    "pruned": most_pruned,
    "best": lambda record: n_best(record)[0],
}


@pytest.mark.parametrize(
    ("start", "mode", "pick"),
    [
        (0, "additive/global/soft", "best"),
        (0, "additive/global/hard", "pruned"),
        (3, "additive/global/soft", "pruned"),
        (3, "dot/global/hard", "best"),
    ],
)
def test_a_hypothesis_becomes_a_branch_with_its_own_numbers(
    start: int, mode: str, pick: str, searching: Searching
) -> None:
    desk, panel = searching.desk, searching.panel
    decode_on(desk, 5)
    before = desk.session.leaf
    desk.session.go(start)
    desk.stepping.set_mode(Mode.parse(mode))
    desk.settle()
    desk.session.go(start)
    key = start_key(0) if not start else desk.scene.steps[start - 1].node
    panel.settings.limit.setValue(start + 6)
    record = searching.search(key)
    assert record.settings["mode"] == mode
    row = PICKS[pick](record)
    panel._take(row)
    desk.settle()
    steps = desk.scene.steps
    assert tuple(step.token_id for step in steps) == token_ids(record, row)
    assert desk.scene.t == len(steps)
    assert {step.chosen_by for step in steps[start:]} == {"beam"}
    assert {str(step.mode) for step in steps[start:]} == {mode}
    total = float(record.arrays["total"][0]) + sum(step.log_prob for step in steps[start:])
    assert total == pytest.approx(float(record.arrays["total"][row]), abs=1e-3)
    cross = steps[-1].cross
    assert cross is not None
    np.testing.assert_allclose(cross.alpha[0, 0], record.arrays["alpha"][row], atol=1e-4)
    if start:
        assert [step.node for step in steps[:start]] == [
            step.node
            for step in desk.session.document.steps(before)[:start]  # type: ignore[union-attr]
        ]
    # The search is still looked at, as one of an earlier step.
    panel.flush()
    assert panel._search is not None
    assert panel._search.record is record
    assert panel.view._marked.here == row
    if not steps[-1].is_end:
        desk.stepping.step()
        desk.settle()
        assert len(desk.scene.steps) == len(steps) + 1
    desk.session.undo()


def test_a_search_of_another_branch_is_followed_from_its_node(searching: Searching) -> None:
    desk, panel = searching.desk, searching.panel
    decode_on(desk, 4)
    desk.session.go(2)
    panel.settings.limit.setValue(6)
    node = desk.scene.steps[1].node
    record = searching.search(node)
    best = n_best(record)[0]
    panel._take(best)
    desk.settle()
    taken = desk.scene.steps
    desk.session.go(1)
    desk.stepping.force(int(desk.scene.steps[0].active.top_ids[3]), "x")
    desk.settle()
    assert desk.scene.steps[0].node != taken[0].node
    tokens = token_ids(record, best)[2:]
    searching.what_if.take_path(TakePath(node, tokens, Mode(), 0, "beam 1"))
    desk.settle()
    assert [step.node for step in desk.scene.steps] == [step.node for step in taken]


def test_the_text_is_that_of_the_encoded_sentence(searching: Searching) -> None:
    record = searching.search(start_key(0))
    assert searching.desk.scene.run is not None
    assert searching.desk.scene.run.text == TEXT
    assert record.settings["limit"] == 2 * len(searching.desk.scene.run.source) + 20
