from __future__ import annotations

from dataclasses import replace

import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui.document import Document, Finished, View
from attn_desktop.gui.scene import Phase
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.run_tree import Choice
from attn_desktop.trace.trace import Place
from tests.toy_records import ADDITIVE, toy_trace
from tests.toy_scenes import split_words


def toy_document(branches: int = 2, steps: int = 6) -> tuple[Document, View]:
    return Document.of_trace(toy_trace(steps, branches=branches, probes=1))


def test_a_trace_comes_back_as_it_was() -> None:
    trace = toy_trace(6, branches=3, probes=2)
    document, view = Document.of_trace(trace)
    again = document.trace(view)
    assert again.run is trace.run
    assert again.tree.nodes == trace.tree.nodes
    by_node = {step.node: step for step in trace.steps}
    assert {step.node: step for step in again.steps} == by_node
    assert set(again.probes) == set(trace.probes)
    assert again.place == Place(view.leaf, view.t)


def test_a_file_opens_where_it_was_left() -> None:
    trace = toy_trace(6, branches=2)
    leaf = trace.tree.leaves()[1].id
    _, view = Document.of_trace(replace(trace, place=Place(leaf, 4)))
    assert (view.leaf, view.t) == (leaf, 4)
    _, first = Document.of_trace(trace)
    assert (first.leaf, first.t) == (trace.tree.leaves()[0].id, 6)


def test_nodes_without_a_record_are_left_out_with_what_follows() -> None:
    trace = toy_trace(5)
    kept = tuple(step for step in trace.steps if step.t != 3)
    document, view = Document.of_trace(replace(trace, steps=kept))
    assert [step.t for step in document.steps(view.leaf)] == [1, 2]


def test_removing_and_adding_leave_no_difference() -> None:
    document, view = toy_document()
    nodes, branches = document.tree.nodes, document.branches(view.leaf)
    middle = document.path(view.leaf, 2)[-1].id
    gone = document.remove(middle)
    assert len(document.tree) < len(nodes)
    assert not {finished.node.id for finished in gone} & set(document.probes)
    for finished in gone:
        document.add(finished)
    assert document.tree.nodes == nodes
    assert document.branches(view.leaf) == branches


def test_a_step_that_does_not_follow_is_refused_and_changes_nothing() -> None:
    document, view = toy_document()
    last = document.remove(view.leaf or 0)[0]
    nodes = document.tree.nodes
    with pytest.raises(InputError, match="must be step t"):
        document.add(replace(last, node=replace(last.node, t=99)))
    assert document.tree.nodes == nodes
    assert len(document.steps(last.node.parent)) == 5


def test_branches_say_where_they_part_and_what_they_are() -> None:
    document, view = toy_document(branches=2)
    first, second = document.branches(view.leaf)
    assert (first.about, first.parted, first.shown, first.complete) == ("original", 1, True, True)
    assert (second.parted, second.steps, second.shown) == (4, 6, False)
    assert second.about.startswith("t=4 forced “")
    assert [branch.shown for branch in document.branches(second.leaf)] == [False, True]


@pytest.mark.parametrize(
    ("mode", "choice", "expected"),
    [
        (Mode("additive", "global", HARD), Choice(), "t=6 hard → "),
        (Mode("none"), Choice(), "t=6 no attention → "),
        (Mode("dot", "local-p"), Choice(seed=7), "t=6 dot, local-p, seed 7 → "),
        (ADDITIVE, Choice("sampled"), "t=6 sampled → "),
    ],
)
def test_a_branch_is_named_after_what_was_changed(
    mode: Mode, choice: Choice, expected: str
) -> None:
    document, view = Document.of_trace(toy_trace(6))
    last = document.remove(view.leaf or 0)[0]
    document.add(replace(last, node=replace(last.node, choice=Choice())))
    other = replace(last.node, id=document.tree.new_id(), mode=mode, choice=choice)
    document.add(replace(last, node=other, record=replace(last.record, node=other.id)))
    assert document.branches(other.id)[1].about.startswith(expected)


def test_the_view_follows_the_mode_of_the_next_step() -> None:
    document, view = Document.of_trace(toy_trace(6))
    last = document.remove(view.leaf or 0)[0]
    hard = replace(last.node, mode=Mode("dot", "global", HARD), choice=Choice("sampled", seed=3))
    document.add(replace(last, node=hard))
    before = document.followed(View(hard.id, 4))
    assert (before.mode, before.choice.how) == (ADDITIVE, "greedy"), "forced is nobody's habit"
    at = document.followed(View(hard.id, 5, Phase.ALPHA))
    assert (at.mode, at.choice, at.phase) == (hard.mode, hard.choice, Phase.ALPHA)
    assert document.followed(View(hard.id, 6)).mode == hard.mode
    assert document.followed(View(hard.id, 0, mode=Mode("cosine"))).mode == ADDITIVE
    nothing = View(mode=Mode("cosine"))
    assert Document(document.run).followed(nothing) == nothing


def test_what_was_decoded_just_so_is_found_again() -> None:
    document, view = Document.of_trace(toy_trace(6))
    forced = [step.token_id for step in document.steps(view.leaf)]
    path, complete = document.retrace([], 99, ADDITIVE, Choice(), (forced[0],))
    assert ([node.token_id for node in path], complete) == (forced[:1], False)
    path, complete = document.retrace([], 1, ADDITIVE, Choice(), (forced[0],))
    assert complete, "no more was wanted"
    whole = list(document.path(view.leaf, 6))
    assert document.retrace(whole, 99, ADDITIVE, Choice()) == (whole, True)
    assert document.retrace([], 99, Mode("dot"), Choice(), (forced[0],)) == ([], False)


def test_a_branch_names_the_word_whose_pieces_were_edited() -> None:
    trace = toy_trace(2)
    document, _ = Document.of_trace(replace(trace, run=split_words(trace.run, 2)))
    first, step = trace.tree.nodes[0], trace.steps[0]
    edits = (Edit("alpha", "pin", (0, 1)),)
    node = replace(first, id=document.tree.new_id(), edits=edits)
    document.add(Finished(node, replace(step, node=node.id, edits=edits)))
    assert "α: only “word01”" in document.branches(node.id)[-1].about
