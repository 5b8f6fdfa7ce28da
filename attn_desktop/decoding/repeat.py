"""Decoding a recorded tree again, step by step, to see whether the same comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from attn_desktop.common.errors import InputError
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import GIVEN, Node


def repeat(
    stepper: Stepper, nodes: Sequence[Node], check: Callable[[], object] = lambda: None
) -> Iterator[tuple[Node, StepRecord]]:
    """Each of `nodes`, which come parents first, with the record that its step gives now.

    A token that was chosen is chosen again, so the record may name another one than the node;
    what follows goes on from the node's own, so that one difference does not hide all others.
    check: called before each step. Raises InputError for nodes that are no tree.
    """
    positions: dict[int | None, Position] = {None: stepper.start}
    for node in nodes:
        check()
        before = positions.get(node.parent)
        if before is None or before.t + 1 != node.t:
            raise InputError(f"node {node.id} comes before its parent {node.parent}")
        forced = node.token_id if node.choice.how in GIVEN else None
        record, after = stepper.step(before, node.id, node.mode, node.choice, forced, node.edits)
        if record.token_id != node.token_id:
            stepper.model.token_label(node.token_id)  # raises for one outside the vocabulary
            after = replace(after, token=node.token_id)
        positions[node.id] = after
        yield node, record


def step_again(stepper: Stepper, before: Position, node: Node) -> StepRecord:
    """The record of a node, with its draws and edits; the token is the one that it has."""
    choice = node.choice.given()
    record, _ = stepper.step(before, node.id, node.mode, choice, node.token_id, node.edits)
    return record
