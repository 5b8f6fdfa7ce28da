"""What-ifs of the session: against the model decoded in this process, and under undo and redo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shiboken6
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from attn_desktop.api import open_model
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.decoding.tree_stepper import TreeStepper
from attn_desktop.gui.engine_client import EngineClient
from attn_desktop.gui.intents import MakeEdit, TakePath
from attn_desktop.gui.what_if import WhatIf
from attn_desktop.trace.annotations import Breakpoint
from attn_desktop.trace.edits import Edit, inherited
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice
from tests.gui.desk import TEXT, Desk, make_desk

LIMIT = 7
EDITS = {
    "set": Edit("alpha", "set", values=(0.5, 0.0, 0.2, 1.0) + 20 * (0.1,)),
    "mask": Edit("alpha", "mask", (1, 2)),
    "pin": Edit("alpha", "pin", (3,)),
    "sharpen": Edit("alpha", "power", values=(4.0,)),
    "flatten": Edit("alpha", "power", values=(0.25,)),
    "shift": Edit("alpha", "shift", values=(2.0,)),
    "uniform": Edit("alpha", "uniform"),
    "pick": Edit("position", "pick", (4,)),
    "add to c": Edit("context", "add", values=(0.5,)),
    "zero c": Edit("context", "zero", (0, 2)),
    "replace c": Edit("context", "replace", (1, 3), (2.0, -2.0)),
    "add to s": Edit("state", "add", (0,), (3.0,)),
    "zero s": Edit("state", "zero"),
    "replace s": Edit("state", "replace", values=(-1.0,)),
}


def fitted(edit: Edit, source: int) -> Edit:
    return Edit(edit.target, edit.how, edit.positions, edit.values[:source], edit.lasting)


@pytest.fixture
def decoded(desk: Desk) -> Desk:
    return decode_on(desk)


def decode_on(desk: Desk) -> Desk:
    desk.stepping.run_after_encoding = False
    desk.encode()
    assert desk.session.document is not None
    desk.session.document.limits[0] = LIMIT
    desk.stepping.run()
    desk.settle()
    return desk


def tokens(desk: Desk) -> list[int]:
    return [step.token_id for step in desk.scene.steps]


def follow(folder: Path, steps: list[dict[str, Any]], count: int = LIMIT) -> list[StepRecord]:
    """Decode in this process: what is special about step t is steps[t - 1], then all as usual."""
    driver = TreeStepper(Stepper(open_model(folder), TEXT))
    parent: int | None = None
    edits: tuple[Edit, ...] = ()
    records = []
    for t in range(count):
        special = steps[t] if t < len(steps) else {}
        edits = (*edits, *special.get("edits", ()))
        forced = special.get("forced")
        record = driver.step(
            parent,
            special.get("mode", Mode()),
            Choice("forced" if forced is not None else "greedy"),
            forced,
            edits,
        )
        records.append(record)
        parent, edits = record.node, inherited(edits, attends=True)
    return records


def assert_same(desk: Desk, expected: list[StepRecord]) -> None:
    assert tokens(desk) == [step.token_id for step in expected]
    for step, other in zip(desk.scene.steps, expected, strict=True):
        assert step.cross is not None
        assert other.cross is not None
        assert step.edits == other.edits
        np.testing.assert_array_equal(step.cross.alpha, other.cross.alpha)
        np.testing.assert_array_equal(step.cross.sampled, other.cross.sampled)
        np.testing.assert_array_equal(step.active.context, other.active.context)
        np.testing.assert_array_equal(step.active.state, other.active.state)
        np.testing.assert_array_equal(step.active.top_log_probs, other.active.top_log_probs)


def test_a_redraw_keeps_what_was_edited_but_for_a_picked_position(decoded: Desk) -> None:
    decoded.stepping.set_mode(Mode("additive", "global", HARD))
    decoded.settle()
    decoded.session.go(2)
    edits = (EDITS["flatten"], EDITS["pick"])
    WhatIf(decoded.stepping, decoded.holder).edit(MakeEdit(edits))
    decoded.settle()
    decoded.stepping.redraw()
    step = decoded.settle().step
    assert step is not None
    assert (step.t, step.edits, step.seed) == (2, (EDITS["flatten"],), 1)
    decoded.stepping.set_choice(Choice("sampled"))
    decoded.settle()
    decoded.stepping.set_mode(Mode("none"))
    decoded.settle()
    decoded.session.go(2)
    decoded.stepping.redraw()
    step = decoded.settle().step
    assert step is not None
    assert step.edits == ()


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("lasting", [False, True])
def test_an_edit_is_a_branch_that_the_model_confirms(
    name: str, lasting: bool, decoded: Desk, endless_folder: Path
) -> None:
    document, what_if = decoded.session.document, WhatIf(decoded.stepping)
    assert document is not None
    before, original = document.tree.nodes, decoded.session.leaf
    edit = fitted(EDITS[name], len(decoded.scene.source.labels))
    hard = True if name == "pick" else None
    decoded.session.go(3)
    what_if.edit(MakeEdit((edit,), lasting=lasting, hard=hard))
    decoded.settle()

    made = Edit(edit.target, edit.how, edit.positions, edit.values, lasting)
    mode = Mode("additive", "global", HARD) if hard else Mode()
    later = [{"mode": mode}] * (LIMIT - 3)
    assert_same(decoded, follow(endless_folder, [{}, {}, {"edits": (made,), "mode": mode}, *later]))
    assert decoded.scene.t == 3, "the playhead stays where the change was made"
    assert len(document.tree) == 2 * LIMIT - 2
    assert decoded.scene.baseline is not None
    assert decoded.scene.baseline.leaf == original, "and is compared with what was there"
    if lasting and edit.target == "alpha":
        assert all(step.edits == (made,) for step in decoded.scene.steps[2:])
    assert "t=3" in decoded.scene.branches[1].about

    decoded.session.undo()
    assert document.tree.nodes == before
    assert (decoded.session.leaf, decoded.session.baseline) == (original, None)
    decoded.session.redo()
    assert len(document.tree) == 2 * LIMIT - 2
    shiboken6.delete(what_if)


def test_edits_add_up_and_can_be_taken_back_to_what_the_model_had(
    decoded: Desk, endless_folder: Path
) -> None:
    what_if = WhatIf(decoded.stepping)
    wanted = tokens(decoded)
    decoded.session.go(2)
    for name in ("mask", "sharpen"):
        what_if.edit(MakeEdit((EDITS[name],)))
        decoded.settle()
    both = (EDITS["mask"], EDITS["sharpen"])
    assert_same(decoded, follow(endless_folder, [{}, {"edits": both}]))
    sent = decoded.client.number()
    what_if.edit(MakeEdit((), instead=True))
    decoded.settle()
    assert tokens(decoded) == wanted
    assert decoded.client.number() == sent + 1, "the original branch is found again"
    shiboken6.delete(what_if)


def test_a_lasting_edit_goes_on_when_more_is_decoded(decoded: Desk, endless_folder: Path) -> None:
    what_if = WhatIf(decoded.stepping)
    decoded.session.go(2)
    what_if.edit(MakeEdit((EDITS["mask"],), lasting=True))
    decoded.settle()
    document = decoded.session.document
    assert document is not None
    document.limits[0] = LIMIT + 2
    decoded.session.go(LIMIT)
    decoded.stepping.step()
    decoded.settle()
    made = Edit("alpha", "mask", (1, 2), lasting=True)
    assert_same(decoded, follow(endless_folder, [{}, {"edits": (made,)}], LIMIT + 1))
    shiboken6.delete(what_if)


def test_a_text_is_forced_token_by_token(decoded: Desk, endless_folder: Path) -> None:
    what_if = WhatIf(decoded.stepping)
    model = open_model(endless_folder).model
    text = "the"
    ids = model.tokenize(text)
    decoded.session.go(1)
    history = decoded.session.undo_stack.count()
    what_if.force_text(text)
    decoded.wait(lambda: decoded.session.undo_stack.count() > history)
    decoded.settle()
    special = [{}, *({"forced": token} for token in ids)]
    assert len(ids) <= LIMIT - 1
    assert_same(decoded, follow(endless_folder, special))
    assert decoded.scene.t == 1 + len(ids)
    ways = [step.chosen_by for step in decoded.scene.steps]
    assert ways == ["greedy", *["forced"] * len(ids), *["greedy"] * (LIMIT - 1 - len(ids))]
    shiboken6.delete(what_if)


def test_a_text_of_no_use_is_told(decoded: Desk) -> None:
    what_if = WhatIf(decoded.stepping)
    what_if.force_text("  ")
    assert "the text is empty" in decoded.failure()[0]
    shiboken6.delete(what_if)


def test_a_path_of_a_search_is_followed_no_further(decoded: Desk, endless_folder: Path) -> None:
    what_if = WhatIf(decoded.stepping)
    path = (*tokens(decoded)[:2], 11, 12)
    what_if.take_path(TakePath(None, path, Mode(), 5, "beam 2"))
    decoded.settle()
    expected = follow(endless_folder, [{"forced": token} for token in path], len(path))
    assert tokens(decoded) == [step.token_id for step in expected]
    assert {step.chosen_by for step in decoded.scene.steps} == {"beam"}
    assert {step.seed for step in decoded.scene.steps} == {5}
    decoded.stepping.step()
    decoded.settle()
    assert decoded.scene.steps[-1].chosen_by == "greedy", "from there on as the bar says"
    shiboken6.delete(what_if)


@pytest.mark.parametrize(
    ("edit", "shown"),
    [
        (Edit("alpha", "mask", (99,)), "there is no position 100"),
        (Edit("alpha", "set", values=(1.0,)), "1 values for"),
        (Edit("context", "add", values=(1.0, 2.0)), "2 values for"),
    ],
)
def test_an_edit_that_does_not_fit_is_told_and_changes_nothing(
    edit: Edit, shown: str, decoded: Desk
) -> None:
    what_if, scene = WhatIf(decoded.stepping), decoded.scene
    what_if.edit(MakeEdit((edit,)))
    text, cause = decoded.failure()
    assert shown in text
    assert cause == "note"
    assert decoded.scene is scene
    shiboken6.delete(what_if)


def test_an_edit_that_leaves_no_alpha_is_told_by_the_engine(decoded: Desk) -> None:
    what_if = WhatIf(decoded.stepping)
    everything = tuple(range(len(decoded.scene.source.labels)))
    before = decoded.session.document.tree.nodes  # type: ignore[union-attr]
    decoded.session.go(2)
    what_if.edit(MakeEdit((Edit("alpha", "mask", everything),)))
    assert "would leave no α" in decoded.failure()[0]
    assert decoded.session.document.tree.nodes == before  # type: ignore[union-attr]
    assert decoded.scene.t == 2
    shiboken6.delete(what_if)


def test_another_source_stands_beside_the_first(decoded: Desk, endless_folder: Path) -> None:
    first, document = decoded.session.leaf, decoded.session.document
    assert document is not None
    nodes = document.tree.nodes
    decoded.stepping.run_after_encoding = True
    other = "The blue house."
    decoded.session.encode(other, beside=True)
    decoded.wait(lambda: len(document.runs) == 2)
    document.limits[1] = LIMIT
    decoded.settle()
    alone = TreeStepper(Stepper(open_model(endless_folder), other))
    expected = list(alone.decode(Mode(), Choice(), len(decoded.scene.steps)))
    assert_same(decoded, expected)
    assert decoded.scene.run is not None
    assert decoded.scene.run.text == other
    assert decoded.scene.sources == (TEXT, other)
    assert decoded.scene.baseline is not None
    assert decoded.scene.baseline.leaf == first
    assert {node.run for node in decoded.session.document.tree.nodes} == {0, 1}  # type: ignore[union-attr]

    decoded.session.show_branch(first)
    assert decoded.scene.run.text == TEXT
    document.limits[0] += 1
    decoded.session.go(LIMIT)
    decoded.stepping.step()  # decodes the first input on
    decoded.settle()
    assert len(decoded.scene.steps) == LIMIT + 1
    for _ in range(3):  # the step, the run and the input
        decoded.session.undo()
    assert len(document.runs) == 1
    assert document.tree.nodes == nodes
    assert decoded.scene.run.text == TEXT
    decoded.session.redo()
    decoded.session.redo()
    assert_same_tokens = [step.token_id for step in decoded.scene.steps]
    assert assert_same_tokens == [step.token_id for step in expected]


# -- any sequence ---------------------------------------------------------------------------

Op = Callable[[Desk, WhatIf], None]


def _edit(name: str, t: int, lasting: bool) -> Op:
    def do(desk: Desk, what_if: WhatIf) -> None:
        desk.session.go(t)
        edit = fitted(EDITS[name], len(desk.scene.source.labels))
        what_if.edit(MakeEdit((edit,), lasting=lasting))

    return do


def _force(t: int, rank: int) -> Op:
    def do(desk: Desk, what_if: WhatIf) -> None:
        desk.session.go(t)
        step = desk.scene.step
        if step is not None:
            desk.stepping.force(int(step.active.top_ids[rank]), "x")

    return do


def _switch(t: int, mode: str) -> Op:
    def do(desk: Desk, what_if: WhatIf) -> None:
        desk.session.go(t)
        desk.stepping.set_mode(Mode.parse(mode))

    return do


def _note(t: int, text: str) -> Op:
    def do(desk: Desk, what_if: WhatIf) -> None:
        if 0 < t <= len(desk.scene.steps):
            desk.session.set_note(desk.scene.steps[t - 1].node, text, bookmarked=t % 2 == 0)

    return do


def _break(t: int) -> Op:
    return lambda desk, what_if: desk.session.set_breakpoints((Breakpoint(f"t == {t}"),))


def _undo(desk: Desk, what_if: WhatIf) -> None:
    desk.session.undo()


def _redo(desk: Desk, what_if: WhatIf) -> None:
    desk.session.redo()


places = st.integers(1, LIMIT)
changes = st.one_of(
    st.builds(_edit, st.sampled_from(sorted(EDITS)), places, st.booleans()),
    st.builds(_force, places, st.integers(0, 3)),
    st.builds(_switch, places, st.sampled_from(["additive/global/hard", "dot", "none"])),
    st.builds(_note, places, st.sampled_from(["", "why?"])),
    st.builds(_break, places),
)
operations = st.lists(
    st.one_of(changes, changes, st.just(_undo), st.just(_redo)), min_size=1, max_size=12
)


def state(desk: Desk) -> tuple[object, ...]:
    """All that undo gives back; the place is the user's own."""
    session = desk.session
    assert session.document is not None
    records = tuple(session.document.record(node.id) for node in session.document.tree.nodes)
    return (
        session.document.tree.nodes,
        records,
        session.document.annotations,
        session.leaf,
        session.run,
        session.baseline,
    )


@pytest.fixture(scope="module")
def wandering(
    shared_client: EngineClient, qapp: object, endless_folder: Path
) -> Callable[[QtBot], Desk]:
    return lambda qtbot: make_desk(shared_client, qtbot, endless_folder)


@given(done=operations)
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_edits_undos_and_redos_end_in_the_state_that_the_sequence_says(
    done: list[Op], wandering: Callable[[QtBot], Desk], desk: Desk, qtbot: QtBot
) -> None:
    own = decode_on(wandering(qtbot))
    what_if = WhatIf(own.stepping)
    states, at = [state(own)], 0
    stack = own.session.undo_stack
    begun = stack.index()
    for operation in done:
        if operation is _undo and at == 0:
            continue  # what the test began with
        index = stack.index()
        operation(own, what_if)
        own.wait(lambda: not own.link.busy)
        own.failures.clear()  # some sequences ask for what cannot be done
        if operation is _undo:
            at -= 1
        elif operation is _redo:
            at = min(at + 1, len(states) - 1)
        elif stack.index() > index:
            del states[at + 1 :]
            states.append(state(own))
            at += 1
        assert stack.index() == begun + at
        assert state(own) == states[at]
    own.link.stop()
    shiboken6.delete(what_if)
    shiboken6.delete(own.holder)
