"""Each position alone on a real engine: what it foretells is what the branches bring."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import shiboken6
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.each_position import EachPosition, each_position, expected_reading
from attn_desktop.common.mode import Mode
from attn_desktop.gui.intents import AskProbe, Intent
from attn_desktop.gui.panels.each_position import EachPositionPanel
from attn_desktop.gui.probing import Probing
from attn_desktop.gui.what_if import WhatIf
from tests.gui.desk import Desk
from tests.gui.painted import opened

LIMIT, T = 5, 3


class Alone:
    """A decoded sentence with the panel open on its third step."""

    def __init__(self, desk: Desk, qtbot: QtBot, mode: Mode) -> None:
        self.desk = desk
        self.what_if = WhatIf(desk.stepping, desk.holder)
        self.probing = Probing(desk.session, desk.holder)
        desk.stepping.run_after_encoding = False
        desk.encode()
        assert desk.session.document is not None
        desk.session.document.limits[0] = LIMIT
        desk.stepping.set_mode(mode)
        desk.stepping.run()
        desk.settle()
        desk.session.go(T)
        self.panel = opened(qtbot, EachPositionPanel, desk.scene, (500, 400))
        self.asked: list[Intent] = []
        self.panel.wanted.connect(self._want)
        desk.playhead.scene_changed.connect(self.panel.set_scene)
        self.panel.set_scene(desk.scene)

    def _want(self, intent: Intent) -> None:
        self.asked.append(intent)
        if isinstance(intent, AskProbe):
            self.probing.ask(intent)

    def each(self) -> EachPosition:
        """What comes for the step at the playhead."""
        scene = self.desk.scene
        self.panel.ask(AskProbe("each-position", scene.t))
        self.desk.wait(lambda: self.desk.scene.probe("each-position") is not None)
        scene = self.desk.scene
        assert scene.run is not None
        assert scene.step is not None
        found = each_position(scene.run, scene.step, scene.probe("each-position"))
        assert found is not None
        expected = expected_reading(scene.run, scene.step, scene.probe("readings"))
        assert found.expected == pytest.approx(expected, abs=1e-6)
        return found

    def close(self) -> None:
        self.desk.playhead.scene_changed.disconnect(self.panel.set_scene)
        for helper in (self.what_if, self.probing):
            shiboken6.delete(helper)


@pytest.fixture
def alone(desk: Desk, qtbot: QtBot) -> Iterator[Alone]:
    made = Alone(desk, qtbot, Mode("additive"))
    yield made
    made.close()


def test_looking_only_at_a_position_says_what_it_says_alone(alone: Alone) -> None:
    desk, each = alone.desk, alone.each()
    j = int(each.js.argmax())
    spec = alone.panel._pin_spec(j)
    assert spec.intent is not None
    alone.what_if.edit(spec.intent)
    desk.settle()
    step = desk.scene.step
    assert step is not None
    assert step.cross is not None
    assert step.cross.alpha[0, 0, j] == 1
    soft = step.readings["soft"]
    listed = each.top_ids.shape[1]
    assert soft.top_ids[:listed].tolist() == each.top_ids[j].tolist()
    assert soft.top_log_probs[:listed] == pytest.approx(each.top_log_probs[j], abs=1e-5)
    assert alone.each().js[j] == pytest.approx(0, abs=1e-9)


def test_a_node_keeps_the_newest_probe_only(alone: Alone) -> None:
    first = alone.each()
    alone.panel.ask(AskProbe("each-position", T))
    alone.desk.settle()
    step = alone.desk.scene.step
    assert step is not None
    held = [own for own in alone.desk.scene.probes[step.node] if own.kind == "each-position"]
    assert len(held) == 1
    assert held[0].arrays["log_prob"] == pytest.approx(first.log_prob)
    assert np.isfinite(first.js).all()
