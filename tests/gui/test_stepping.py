"""What stepping does to the document, against a decoding of the same model in this process."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from attn_desktop.api import decode, open_model
from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.gui.document import Document
from attn_desktop.gui.scene import Phase
from attn_desktop.trace.annotations import Breakpoint
from attn_desktop.trace.run_tree import Choice
from tests.gui.desk import TEXT, Desk

DOT = Mode("dot")
LIMIT = 9


@pytest.fixture
def decoded(desk: Desk) -> Desk:
    """A desk with some steps decoded."""
    desk.stepping.run_after_encoding = False
    desk.encode()
    assert desk.session.document is not None
    desk.session.document.limits[0] = LIMIT
    desk.stepping.run()
    desk.settle()
    assert len(desk.scene.steps) == LIMIT
    return desk


def tokens(desk: Desk) -> list[int]:
    return [step.token_id for step in desk.scene.steps]


def nodes(desk: Desk) -> tuple[object, ...]:
    assert desk.session.document is not None
    return desk.session.document.tree.nodes


def test_a_run_is_that_of_the_model_to_the_last_bit(decoded: Desk, endless_folder: Path) -> None:
    expected = decode(open_model(endless_folder), TEXT, max_steps=LIMIT)
    assert tokens(decoded) == [step.token_id for step in expected.steps]
    for step, other in zip(decoded.scene.steps, expected.steps, strict=True):
        assert step.cross is not None
        assert other.cross is not None
        np.testing.assert_array_equal(step.cross.alpha, other.cross.alpha)
        np.testing.assert_array_equal(step.active.context, other.active.context)
        np.testing.assert_array_equal(step.active.top_log_probs, other.active.top_log_probs)
    assert decoded.scene.probe("readings") is not None


def test_stepping_back_and_on_never_asks_the_engine(decoded: Desk) -> None:
    sent = decoded.client.number()
    scenes = {}
    for t in range(LIMIT, -1, -1):
        decoded.session.go(t)
        scenes[t] = decoded.scene.step
    for t in range(1, LIMIT + 1):
        decoded.stepping.step()
        assert decoded.scene.t == t
        assert decoded.scene.step is scenes[t]
    assert decoded.client.number() == sent + 1


def test_single_steps_give_the_same_as_a_run(decoded: Desk) -> None:
    wanted = tokens(decoded)
    decoded.stepping.run_after_encoding = False
    decoded.encode()
    for _ in wanted:
        decoded.stepping.step()
        decoded.settle()
    assert tokens(decoded) == wanted


def test_presses_during_a_step_are_kept(desk: Desk) -> None:
    desk.stepping.run_after_encoding = False
    desk.encode()
    for _ in range(3):
        desk.stepping.step()
    desk.wait(lambda: len(desk.scene.steps) == 3 and not desk.link.busy)


def test_a_phase_on_decodes_and_shows_the_energies_alone(desk: Desk) -> None:
    desk.stepping.run_after_encoding = False
    desk.encode()
    desk.stepping.next_phase()
    scene = desk.settle()
    assert (scene.t, scene.phase) == (1, Phase.ENERGIES)
    assert scene.reveals(Phase.ENERGIES)
    assert not scene.reveals(Phase.WINDOW)
    desk.stepping.step()
    assert (desk.scene.t, desk.scene.phase) == (1, Phase.TOKEN), "the step is completed first"


def test_another_mode_in_the_middle_is_a_branch_that_keeps_what_came_before(decoded: Desk) -> None:
    before = decoded.scene
    decoded.session.go(4)
    decoded.stepping.set_mode(DOT)
    scene = decoded.settle()
    assert scene.t == 4
    assert len(scene.steps) == LIMIT
    assert scene.steps[:4] == before.steps[:4]
    assert [step.mode for step in scene.steps[4:]] == [DOT] * (LIMIT - 4)
    assert len(scene.branches) == 2
    decoded.stepping.set_mode(Mode())
    again = decoded.settle()
    assert again.steps == before.steps, "the old branch is found again, nothing is decoded"
    assert len(again.branches) == 2


def test_another_mode_after_the_last_step_changes_only_what_comes(decoded: Desk) -> None:
    assert decoded.session.document is not None
    decoded.session.document.limits[0] = 2 * LIMIT
    decoded.session.refresh()
    count = len(nodes(decoded))
    decoded.stepping.set_mode(DOT)
    decoded.settle()
    assert (len(nodes(decoded)), decoded.session.mode) == (count, DOT)
    decoded.session.go(3)
    assert decoded.session.mode == Mode(), "the mode follows what is recorded"


def test_a_cut_off_output_is_an_end_too(decoded: Desk) -> None:
    assert decoded.scene.cut_off
    decoded.stepping.set_mode(DOT)
    scene = decoded.settle()
    assert [step.mode for step in scene.steps] == [DOT] * LIMIT
    assert scene.t == LIMIT
    decoded.stepping.set_mode(Mode("dot", "global", HARD))
    decoded.settle()
    decoded.stepping.redraw()
    assert {step.seed for step in decoded.settle().steps} == {1}


def test_without_a_draw_the_seed_makes_no_branch(decoded: Desk) -> None:
    decoded.session.go(2)
    decoded.stepping.set_choice(Choice(seed=9))
    assert len(decoded.settle().branches) == 1


def test_the_first_document_cannot_be_taken_back(decoded: Desk) -> None:
    while decoded.session.undo_stack.canUndo():
        decoded.session.undo()
    assert decoded.scene.run is not None
    assert not decoded.scene.steps


def test_a_forced_token_is_taken_and_decoded_on_from(decoded: Desk, endless_folder: Path) -> None:
    decoded.session.go(3)
    step = decoded.scene.step
    assert step is not None
    other = next(int(i) for i in step.active.top_ids if i != step.token_id and i != 2)
    decoded.stepping.force(other, "x")
    scene = decoded.settle()
    assert scene.t == 3
    assert scene.step is not None
    assert (scene.step.token_id, scene.step.chosen_by) == (other, "forced")
    following = scene.steps[3]
    assert following.token_in_id == other
    assert following.chosen_by == "greedy"
    count = len(nodes(decoded))
    decoded.stepping.force(other, "x")
    assert len(nodes(decoded)) == count, "it is that token already"


def test_a_redraw_takes_a_seed_that_was_not_used_here(decoded: Desk) -> None:
    decoded.session.go(0)
    decoded.stepping.set_mode(Mode("additive", "global", HARD))
    decoded.settle()
    decoded.session.go(2)
    for expected in (1, 2):
        decoded.stepping.redraw()
        scene = decoded.settle()
        assert scene.t == 2
        assert scene.step is not None
        assert scene.step.seed == expected
    draws = {
        float(record.cross.draw[0, 0])
        for node in decoded.session.document.tree.children(scene.step.parent)  # type: ignore[union-attr]
        if (record := decoded.session.document.steps(node.id)[-1]).cross  # type: ignore[union-attr]
    }
    assert len(draws) == 3


def test_a_redraw_is_as_the_next_step_would_be(decoded: Desk) -> None:
    decoded.session.go(3)
    decoded.stepping.redraw()
    text, cause = decoded.failure()
    assert (cause, "nothing is drawn" in text) == ("note", True)
    assert len(decoded.scene.branches) == 1
    decoded.stepping.set_mode(Mode("additive", "global", HARD))
    decoded.settle()
    decoded.stepping.redraw()
    scene = decoded.settle()
    assert scene.step is not None
    assert (scene.t, scene.step.mode.weighting, scene.step.seed) == (3, HARD, 1)


def test_sampling_with_a_seed_can_be_repeated(decoded: Desk) -> None:
    runs = []
    for seed in (5, 6, 5):
        decoded.session.go(0)
        decoded.stepping.set_choice(Choice("sampled", temperature=2.0, seed=seed))
        decoded.settle()
        runs.append(tokens(decoded))
    assert runs[0] == runs[2] != runs[1]


def test_undo_and_redo_give_back_the_very_tree(decoded: Desk) -> None:
    decoded.session.go(3)
    states = [(nodes(decoded), decoded.session.view)]
    decoded.stepping.set_mode(DOT)
    decoded.settle()
    states.append((nodes(decoded), decoded.session.view))
    decoded.stepping.set_mode(Mode("dot", "global", HARD))
    decoded.settle()
    states.append((nodes(decoded), decoded.session.view))
    decoded.stepping.redraw()
    decoded.settle()
    states.append((nodes(decoded), decoded.session.view))
    for expected in states[-2::-1]:
        decoded.session.undo()
        assert (nodes(decoded), decoded.session.view) == expected
    for expected in states[1:]:
        decoded.session.redo()
        assert (nodes(decoded), decoded.session.view) == expected


def test_undo_in_the_middle_of_a_run_stops_it_and_takes_it_back(desk: Desk) -> None:
    desk.encode()  # which runs on and on
    desk.session.go(0)
    desk.stepping.set_mode(Mode("cosine"))
    desk.wait(lambda: desk.scene.steps[0].mode == Mode("cosine"))
    desk.session.undo()
    assert not desk.link.busy
    assert {step.mode for step in desk.scene.steps} == {Mode()}
    assert len(desk.scene.branches) == 1


def test_another_mode_during_a_run_goes_on_to_the_end(desk: Desk) -> None:
    desk.stepping.run_after_encoding = False
    desk.encode()
    assert desk.session.document is not None
    desk.session.document.limits[0] = 60
    desk.stepping.run()
    desk.wait_for_steps(3)
    desk.stepping.set_mode(DOT)
    scene = desk.settle()
    assert (len(scene.steps), scene.t) == (60, 60)
    assert [step.mode for step in scene.steps[:3]] == [Mode()] * 3
    assert scene.steps[-1].mode == DOT


def test_a_cancelled_run_ends_within_a_step(desk: Desk) -> None:
    desk.stepping.run_after_encoding = False
    desk.encode()
    assert desk.session.document is not None
    desk.session.document.limits[0] = 100_000
    desk.stepping.run()
    desk.wait(lambda: len(desk.scene.steps) > 5)
    desk.stepping.stop()
    count = len(desk.scene.steps)
    desk.stepping.step()  # answered only when the engine has left the run
    desk.settle()
    assert len(desk.scene.steps) == count + 1
    assert [step.t for step in desk.scene.steps] == list(range(1, count + 2))


def test_scrubbing_during_a_run_leaves_it_running(desk: Desk) -> None:
    desk.stepping.run_after_encoding = False
    desk.encode()
    desk.stepping.run()
    desk.wait(lambda: len(desk.scene.steps) > 3)
    desk.session.go(1)
    desk.wait(lambda: len(desk.scene.steps) > 12)
    assert desk.scene.t == 1
    desk.settle()


def test_a_text_of_no_use_leaves_the_document(decoded: Desk) -> None:
    before = decoded.scene.run
    for text in ("", "   ", "x " * 5000):
        decoded.session.encode(text)
        _, cause = decoded.failure()
        assert cause == "source"
        assert decoded.scene.run is before
    decoded.session.encode("bad \ud800")
    text, cause = decoded.failure()
    assert (cause, "surrogate" in text) == ("source", True)
    decoded.session.go(2)
    decoded.stepping.set_mode(DOT)
    assert decoded.settle().steps[-1].mode == DOT, "and it goes on working"


def test_a_model_that_vanished_is_named(decoded: Desk) -> None:
    decoded.session.encode(TEXT, model="/nowhere/at/all")
    text, cause = decoded.failure()
    assert "/nowhere/at/all" in text
    assert cause == "model"
    assert decoded.scene.steps
    assert decoded.session.model != "/nowhere/at/all"


def test_a_model_that_vanishes_while_open_serves_on_for_what_is_encoded(
    desk: Desk, endless_folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(endless_folder, copy)
    desk.stepping.run_after_encoding = False
    desk.session.model = str(copy)
    desk.encode()
    shutil.rmtree(copy)
    desk.stepping.step()
    assert len(desk.settle().steps) == 1
    desk.session.encode("A dog.")
    text, cause = desk.failure()
    assert (str(copy) in text, cause) == (True, "model")
    assert len(desk.scene.steps) == 1


def test_an_unknown_device_is_named_and_the_document_stays(decoded: Desk) -> None:
    decoded.session.set_device("cuda:9")
    text, cause = decoded.failure()
    assert ("cuda:9" in text, cause) == (True, "device")
    assert len(decoded.scene.steps) == LIMIT
    assert decoded.session.device == "cpu", "it goes on where it was"
    decoded.session.go(2)
    decoded.stepping.set_mode(DOT)
    decoded.settle()


def test_a_saved_file_opens_at_its_place_and_can_be_decoded_on(
    decoded: Desk, tmp_path: Path
) -> None:
    decoded.session.go(3)
    decoded.stepping.set_mode(DOT)
    decoded.settle()
    path, wanted, view = tmp_path / "a.attn", nodes(decoded), decoded.session.view
    decoded.session.save(path)
    decoded.encode("A dog.")
    decoded.session.open(path)
    assert (nodes(decoded), decoded.session.view) == (wanted, view)
    decoded.session.go(5)
    decoded.stepping.set_mode(Mode("dot", "global", HARD))
    scene = decoded.settle()
    assert scene.steps[5].mode.weighting == HARD
    decoded.session.undo()
    decoded.session.undo()
    assert isinstance(decoded.session.document, Document)
    assert decoded.session.document.run.text == "A dog."


def test_a_file_of_a_changed_model_is_shown_but_not_decoded_on(
    decoded: Desk, tmp_path: Path
) -> None:
    from dataclasses import replace

    from attn_desktop.trace.run_tree import Root, RunTree
    from attn_desktop.trace.storage import save_trace

    assert decoded.session.document is not None
    trace = decoded.session.document.trace(decoded.session.view)
    info = replace(trace.run.model, hash="0" * 64)
    root = Root(info.hash, trace.run.text, trace.run.device, trace.run.dtype)
    tree = RunTree(root, trace.tree.nodes)
    path = tmp_path / "other.attn"
    save_trace(replace(trace, run=replace(trace.run, model=info), tree=tree), path)
    decoded.session.open(path)
    assert len(decoded.scene.steps) == LIMIT
    decoded.session.go(2)
    decoded.stepping.set_mode(DOT)
    text, cause = decoded.failure()
    assert "files have changed" in text
    assert cause == "model"
    assert len(decoded.scene.steps) == LIMIT


def test_soft_and_hard_share_the_step_at_which_they_part(decoded: Desk) -> None:
    decoded.session.go(0)
    decoded.stepping.set_mode(Mode("additive", "global", HARD))
    hard = decoded.settle().steps[0]
    decoded.stepping.set_mode(Mode("additive", "global", SOFT))
    soft = decoded.settle().steps[0]
    assert hard.cross is not None
    assert soft.cross is not None
    np.testing.assert_array_equal(hard.cross.alpha, soft.cross.alpha)
    np.testing.assert_array_equal(
        hard.readings[HARD].context, soft.readings[HARD].context, "both read both"
    )


def test_breakpoints_and_watches_go_with_the_user_to_another_text(decoded: Desk) -> None:
    session = decoded.session
    session.set_breakpoints((Breakpoint("t == 2"), Breakpoint("log_prob < -9", enabled=False)))
    session.set_watches(("entropy(alpha)",))
    session.set_note(decoded.scene.steps[0].node, "about this one", False)
    session.count_hits({"t == 2"})
    decoded.stepping.run_after_encoding = False
    decoded.encode("A man walks.")
    assert session.document is not None
    found = session.document.annotations
    assert found.breakpoints == (Breakpoint("t == 2"), Breakpoint("log_prob < -9", enabled=False))
    assert (found.watches, found.notes) == (("entropy(alpha)",), ())
    session.undo()
    assert session.document.annotations.breakpoints[0].hits == 1
