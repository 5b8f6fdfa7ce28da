from __future__ import annotations

import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.decoding.tree_stepper import TreeStepper
from attn_desktop.trace.run_tree import Choice
from attn_desktop.trace.trace import Trace, check_trace
from tests.decoding.helpers import (
    NONE,
    SENTENCES,
    as_checkpoint,
    differences,
    never_ending_model,
)

HARD_MODE = Mode("additive", "global", HARD)
SAMPLED = Choice("sampled", temperature=1.4, seed=21)


def stepper(text: str = SENTENCES[0], seed: int = 0) -> Stepper:
    return Stepper(as_checkpoint(never_ending_model(seed)), text)


def test_branches_grow_from_any_node_and_hold_together() -> None:
    driver = TreeStepper(stepper())
    first = driver.step(None, Mode(), SAMPLED)
    second = driver.step(first.node, HARD_MODE, SAMPLED)
    branch = driver.step(first.node, NONE, Choice("forced"), int(first.active.top_ids[5]))
    third = driver.step(second.node, Mode("dot", "local-p"), SAMPLED)
    other = driver.step(None, HARD_MODE, SAMPLED)
    steps = (first, second, branch, third, other)
    check_trace(Trace(driver.stepper.run, driver.tree, steps))
    path = [node.id for node in driver.tree.path(third.node)]
    assert path == [first.node, second.node, third.node]
    assert [step.t for step in steps] == [1, 2, 2, 3, 1]


def test_a_lost_position_is_replayed_to_the_last_bit() -> None:
    driver = TreeStepper(stepper())
    node: int | None = None
    for mode in (Mode(), HARD_MODE, NONE, Mode("cosine", "local-p", HARD)):
        node = driver.step(node, mode, SAMPLED).node
    kept = driver.step(node, HARD_MODE, SAMPLED)
    driver.forget()
    again = driver.step(node, HARD_MODE, SAMPLED)
    # A second child of the same node: only the id may differ.
    assert differences(again, kept) == [f".node: {again.node!r} and {kept.node!r}"]
    elsewhere = TreeStepper(stepper(), driver.tree)
    third = elsewhere.step(node, HARD_MODE, SAMPLED)
    assert [where.split(":")[0] for where in differences(third, kept)] == [".node"]


def test_the_tree_of_another_run_is_refused() -> None:
    tree = TreeStepper(stepper()).tree
    with pytest.raises(InputError, match="another model or another text"):
        TreeStepper(stepper(SENTENCES[1]), tree)
