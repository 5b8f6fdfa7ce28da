"""Rollouts of a session with a real engine: in parts, stopped, and stepped along as a branch."""

from __future__ import annotations

import numpy as np
import pytest

from attn_desktop.analysis.rollouts import KIND, NOTHING, is_sound, settings_of
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui.intents import AskProbe, GoOn
from attn_desktop.gui.probing import Probing
from attn_desktop.gui.scene import start_key
from attn_desktop.gui.what_if import WhatIf
from attn_desktop.trace.records import ProbeRecord
from tests.gui.desk import Desk

LIMIT = 8
HARD_MODE = Mode(weighting=HARD)


@pytest.fixture
def decoded(desk: Desk) -> Desk:
    desk.stepping.run_after_encoding = False
    desk.encode()
    assert desk.session.document is not None
    desk.session.document.limits[0] = LIMIT
    desk.stepping.run()
    desk.settle()
    return desk


def records(desk: Desk, t: int) -> tuple[ProbeRecord, ...]:
    scene = desk.scene
    key = scene.steps[t - 1].node if t else start_key(0)
    return tuple(probe for probe in scene.probes.get(key, ()) if probe.kind == KIND)


def draw(desk: Desk, t: int, **settings: object) -> ProbeRecord:
    """Ask for rollouts after step t and wait for all of them."""
    Probing(desk.session, desk.holder).ask(AskProbe(KIND, t, {"mode": str(HARD_MODE), **settings}))
    assert desk.session.probing == KIND
    desk.wait(lambda: not desk.session.probing)
    assert not desk.failures
    return records(desk, t)[-1]


@pytest.mark.parametrize("how", ["greedy", "sampled"])
@pytest.mark.parametrize("t", [0, 3])
def test_a_rollout_is_stepped_along_as_it_was_drawn(t: int, how: str, decoded: Desk) -> None:
    record = draw(decoded, t, count=70, seed=5, steps=LIMIT - t - 1, how=how, temperature=0.7)
    assert decoded.scene.run is not None
    assert is_sound(record, len(decoded.scene.run.source))
    assert len(records(decoded, t)) == 1, "parts make one record"
    assert record.arrays["seeds"].tolist() == [5000 + row for row in range(70)]
    before = decoded.session.leaf
    original = [step.node for step in decoded.scene.steps]
    for row in (0, 41, 69):
        # From wherever the window has come to.
        choice = settings_of(record.settings).choice(row)
        steps = int((record.arrays["tokens"][row] != NOTHING).sum())
        WhatIf(decoded.stepping, decoded.holder).go_on(
            GoOn(record.node, steps, HARD_MODE, choice, f"rollout {row}")
        )
        scene = decoded.settle()
        own = scene.steps[t:]
        assert [step.node for step in scene.steps[:t]] == original[:t]
        assert [step.token_id for step in own] == record.arrays["tokens"][row, :steps].tolist()
        drawn = [int(step.cross.sampled[0, 0]) for step in own if step.cross is not None]
        assert drawn == record.arrays["sampled"][row, :steps].tolist()
        assert {(step.mode, step.seed, step.chosen_by) for step in own} == {
            (HARD_MODE, 5000 + row, how)
        }
        assert (scene.t, decoded.session.undo_stack.undoText()) == (t + steps, f"rollout {row}")
    for _ in range(3):
        decoded.session.undo_stack.undo()
    assert decoded.session.leaf == before
    assert records(decoded, t) == (record,)


def test_the_first_alpha_is_that_of_the_step_that_follows(decoded: Desk) -> None:
    record = draw(decoded, 2, count=3)
    cross = decoded.scene.steps[2].cross
    assert cross is not None
    np.testing.assert_array_equal(record.arrays["alpha"], cross.alpha[0, 0])


def test_what_was_stopped_stays_and_is_completed_when_asked_again(decoded: Desk) -> None:
    probing = Probing(decoded.session, decoded.holder)
    asked = AskProbe(KIND, 1, {"mode": str(HARD_MODE), "count": 1000})
    probing.ask(asked)
    decoded.wait(lambda: bool(records(decoded, 1)))
    probing.stop()
    decoded.wait(lambda: not decoded.session.probing)
    (stopped,) = records(decoded, 1)
    done = len(stopped.arrays["seeds"])
    assert done < 1000
    assert not stopped.settings["finished"]
    assert decoded.scene.run is not None
    assert is_sound(stopped, len(decoded.scene.run.source))
    probing.ask(asked)
    decoded.wait(lambda: not decoded.session.probing)
    (whole,) = records(decoded, 1)
    assert whole.settings["finished"]
    assert len(whole.arrays["seeds"]) == 1000
    wide = min(part.arrays["tokens"].shape[1] for part in (stopped, whole))
    first = whole.arrays["tokens"][:done, :wide].tolist()
    assert first == stopped.arrays["tokens"][:, :wide].tolist()


def test_what_cannot_be_is_said_as_the_engine_says_it(decoded: Desk) -> None:
    probing = Probing(decoded.session, decoded.holder)
    probing.ask(AskProbe(KIND, 0, {"count": 0}))
    text, cause = decoded.failure()
    assert (text, cause) == (
        "the number of rollouts must be a whole number from 1 to 1,000, not 0",
        "note",
    )
    assert not records(decoded, 0)


def test_a_node_that_is_gone_is_not_gone_on_from(decoded: Desk) -> None:
    before = decoded.session.undo_stack.count()
    choice = settings_of(draw(decoded, 0, count=1).settings).choice(0)
    WhatIf(decoded.stepping, decoded.holder).go_on(GoOn(999, 3, HARD_MODE, choice, "rollout 0"))
    decoded.settle()
    assert decoded.session.undo_stack.count() == before
