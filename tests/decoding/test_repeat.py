from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.repeat import repeat
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.decoding.tree_stepper import TreeStepper
from attn_desktop.inputs.text import END_ID, PAD_ID
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice, Node
from tests.decoding.helpers import NONE, SENTENCES, as_checkpoint, differences, never_ending_model

HARD_MODE = Mode("additive", "global", HARD)
SAMPLED = Choice("sampled", temperature=1.4, top_p=0.9, seed=21)
EDITS = (Edit("alpha", "shift", values=(1.0,)), Edit("state", "add", (0,), (0.5,), lasting=True))


def stepper(seed: int = 0, text: str = SENTENCES[0]) -> Stepper:
    return Stepper(as_checkpoint(never_ending_model(seed)), text)


@pytest.fixture
def grown() -> tuple[Stepper, tuple[Node, ...], tuple[StepRecord, ...]]:
    """A tree of three branches with every way to choose, edits and changes of mode."""
    driver = TreeStepper(stepper())
    first = driver.step(None, Mode(), Choice())
    second = driver.step(first.node, HARD_MODE, SAMPLED, edits=EDITS)
    forced = driver.step(first.node, NONE, Choice("forced", seed=3), 44)
    third = driver.step(second.node, Mode("dot", "local-p"), SAMPLED, edits=EDITS[1:])
    beamed = driver.step(forced.node, HARD_MODE, Choice("beam", seed=3), 50)
    other = driver.step(None, HARD_MODE, SAMPLED, edits=EDITS[:1])
    end = driver.step(third.node, NONE, Choice("forced"), END_ID)
    records = (first, second, forced, third, beamed, other, end)
    return driver.stepper, driver.tree.nodes, records


def test_a_tree_is_repeated_to_the_last_bit(grown: Any) -> None:
    own, nodes, records = grown
    for which in (own, stepper()):
        again = list(repeat(which, nodes))
        assert [node for node, _ in again] == list(nodes)
        assert differences(tuple(record for _, record in again), records) == []


def test_any_order_will_do_in_which_parents_come_first(grown: Any) -> None:
    own, nodes, records = grown
    order = sorted(nodes, key=lambda node: (node.t, -node.id))
    for node, record in repeat(own, order):
        assert differences(record, records[node.id]) == []


def test_another_model_gives_other_numbers_and_goes_on_with_the_recorded_tokens(
    grown: Any,
) -> None:
    _, nodes, records = grown
    again = dict(repeat(stepper(seed=1), nodes))
    assert len(again) == len(nodes)
    for node, record in again.items():
        before = records[node.id]
        assert differences(record.active.state, before.active.state)
        parent = None if node.parent is None else nodes[node.parent]
        assert record.token_in_id == (1 if parent is None else parent.token_id)
        if node.choice.how in ("forced", "beam"):
            assert record.token_id == node.token_id
    assert any(record.token_id != node.token_id for node, record in again.items())


def test_a_token_that_is_no_longer_chosen_is_told_and_the_next_step_is_spared(grown: Any) -> None:
    own, nodes, records = grown
    token = int(records[0].active.top_ids[1])
    tampered = (replace(nodes[0], token_id=token), *nodes[1:])
    again = {node.id: record for node, record in repeat(own, tampered)}
    assert differences(again[0], records[0]) == []  # what the model chooses, not what is recorded
    assert again[1].token_in_id == token
    assert differences(again[5], records[5]) == []
    choice = nodes[1].choice
    direct = TreeStepper(stepper())
    direct.step(None, Mode(), Choice("forced"), token)
    following = direct.step(0, HARD_MODE, choice, edits=EDITS)
    assert differences(following, again[1]) == []


def test_nothing_is_repeated_of_nothing(grown: Any) -> None:
    assert list(repeat(grown[0], ())) == []


def test_it_asks_before_every_step_whether_to_go_on(grown: Any) -> None:
    own, nodes, _ = grown
    calls: list[int] = []

    def enough() -> None:
        calls.append(len(calls))
        if len(calls) == 4:
            raise TimeoutError

    again, done = repeat(own, nodes, enough), list[int]()
    while len(done) < 3:
        done.append(next(again)[0].id)
    with pytest.raises(TimeoutError):
        next(again)
    assert (done, calls) == ([0, 1, 2], [0, 1, 2, 3])


def broken(nodes: Sequence[Node]) -> dict[str, tuple[Sequence[Node], str]]:
    first, second = nodes[0], nodes[1]
    return {
        "child first": ([second, first], "node 1 comes before its parent 0"),
        "no parent": (nodes[1:], "node 1 comes before its parent 0"),
        "wrong t": ([first, replace(second, t=3)], "node 1 comes before its parent 0"),
        "no such start": ([replace(first, t=0)], "node 0 comes before its parent None"),
        "outside": ([replace(first, token_id=10**6)], "token 1000000 is outside the vocabulary"),
        "below": ([replace(first, token_id=-2)], "token -2 is outside the vocabulary"),
        "forced outside": (
            [replace(first, token_id=10**6, choice=Choice("forced"))],
            "token 1000000 is outside the vocabulary",
        ),
        "padding": (
            [replace(first, token_id=PAD_ID, choice=Choice("forced"))],
            "<pad> cannot be an output token",
        ),
        "after the end": ([replace(first, token_id=END_ID), second], "the output ended at step 1"),
        "mode": ([replace(first, mode=Mode("loudest"))], "no score 'loudest'"),
        "edit": ([replace(first, edits=(Edit("alpha", "pin", (99,)),))], "no position 100"),
        "edit of none": ([replace(first, mode=NONE, edits=EDITS[:1])], "no attention"),
    }


@pytest.mark.parametrize("name", broken([Node(0, None, 1, 3, Mode()), Node(1, 0, 2, 3, Mode())]))
def test_nodes_that_cannot_have_been_decoded_are_refused(name: str, grown: Any) -> None:
    own, nodes, _ = grown
    wrong, shown = broken(nodes)[name]
    with pytest.raises(InputError) as caught:
        list(repeat(own, wrong))
    assert shown in str(caught.value)


def test_a_node_of_nan_is_repeated_as_nan() -> None:
    driver = TreeStepper(stepper())
    first = driver.step(None, HARD_MODE, Choice(), edits=(Edit("state", "add", (), (3e38,)),))
    second = driver.step(first.node, HARD_MODE, Choice())
    third = driver.step(second.node, HARD_MODE, SAMPLED)
    assert np.isnan(third.active.state).all()
    again = [record for _, record in repeat(stepper(), driver.tree.nodes)]
    for record, before in zip(again, (first, second, third), strict=True):
        # nan differs from itself; everything else, and every array byte, must be the same
        assert [w for w in differences(record, before) if "nan and nan" not in w] == []
