from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.inputs.text import END_ID
from attn_desktop.trace.run_tree import Choice, Node
from tests.decoding.helpers import NONE, SENTENCES, as_checkpoint, never_ending_model

HARD_MODE = Mode("additive", "global", HARD)
MODES = (Mode(), HARD_MODE, NONE, Mode("cosine", "local-p", HARD), Mode("dot"))
SAMPLED = Choice("sampled", temperature=1.4, seed=21)


class CountingStepper(Stepper):
    """Counts the steps that are replayed."""

    replays = 0

    def replay(self, position: Position, node: Node) -> Position:
        self.replays += 1
        return super().replay(position, node)


@pytest.fixture
def stepper() -> CountingStepper:
    return CountingStepper(as_checkpoint(never_ending_model()), SENTENCES[0])


def grow(
    positions: Positions, path: Sequence[Node], ids: Sequence[int], modes: Sequence[Mode] = MODES
) -> tuple[Node, ...]:
    """The path with a node of each id added at its end."""
    nodes = list(path)
    position = positions.after(path)
    for number, id in enumerate(ids):
        mode = modes[number % len(modes)]
        _, node, position = positions.step(position, id, mode, SAMPLED)
        nodes.append(node)
    return tuple(nodes)


def assert_equal(one: Position, other: Position) -> None:
    assert (one.t, one.token, one.node) == (other.t, other.token, other.node)
    assert torch.equal(one.state.hidden, other.state.hidden)


def test_the_empty_path_is_the_start(stepper: CountingStepper) -> None:
    assert Positions(stepper).after(()) is stepper.start


def test_what_was_stepped_is_not_replayed(stepper: CountingStepper) -> None:
    positions = Positions(stepper)
    path = grow(positions, (), range(5))
    branch = grow(positions, path[:2], [7, 8])
    for nodes in (path, branch, path[:1], branch[:3]):
        assert positions.after(nodes).node == nodes[-1].id
        # As they come off the pipe: equal, but other objects.
        assert positions.after([replace(node) for node in nodes]) is positions.after(nodes)
    assert stepper.replays == 0


def test_a_lost_position_is_found_again_to_the_last_bit(stepper: CountingStepper) -> None:
    positions = Positions(stepper)
    path = grow(positions, (), range(5))
    expected = [positions.after(path[:t]) for t in range(6)]
    positions.forget()
    assert len(positions) == 0
    for t in (3, 5, 0, 1, 4):
        assert_equal(positions.after(path[:t]), expected[t])
    assert stepper.replays == 5


@pytest.mark.parametrize(
    "change",
    [
        {"token_id": 33},
        {"mode": Mode("general")},
        {"choice": replace(SAMPLED, seed=22)},
        {"choice": Choice("forced", seed=21)},
    ],
    ids=str,
)
@pytest.mark.parametrize("changed", [0, 2, 4])
def test_an_id_that_comes_back_with_another_past_is_replayed(
    stepper: CountingStepper, changed: int, change: dict[str, Any]
) -> None:
    positions = Positions(stepper)
    path = list(grow(positions, (), range(5), [HARD_MODE]))
    before = positions.after(path)
    path[changed] = replace(path[changed], **change)
    found = positions.after(path)
    assert_equal(found, Positions(stepper).after(path))
    assert stepper.replays == 5 - changed + 5
    assert found is not before
    assert positions.after(path) is found


def test_a_step_from_an_overwritten_position_is_not_taken_for_another(
    stepper: CountingStepper,
) -> None:
    """Someone holds a position whose id means another token by now."""
    positions = Positions(stepper)
    old = grow(positions, (), [0])
    stale = positions.after(old)
    new = (replace(old[0], token_id=40),)
    positions.after(new)
    _, node, following = positions.step(stale, 1, Mode(), SAMPLED)
    assert positions.after((*new, node)) is not following
    assert_equal(positions.after((*new, node)), Positions(stepper).after((*new, node)))


def test_a_step_from_a_foreign_position_is_computed_but_not_kept(
    stepper: CountingStepper,
) -> None:
    position = Positions(stepper).after(grow(Positions(stepper), (), range(2)))
    positions = Positions(stepper)
    _, node, _ = positions.step(position, 2, Mode(), SAMPLED)
    assert (node.parent, node.t, len(positions)) == (1, 3, 0)


@pytest.mark.parametrize("most", [1, 3, 6, 7])
def test_memory_is_bounded_and_no_number_changes(stepper: CountingStepper, most: int) -> None:
    positions, plain = Positions(stepper, most), Positions(stepper)
    path = grow(plain, (), range(6))
    branch = grow(plain, path[:3], range(10, 13))
    for _ in range(2):
        for nodes in (path, branch):
            assert_equal(positions.after(nodes), plain.after(nodes))
            assert len(positions) <= most
            grow(positions, nodes, [20, 21])
            assert len(positions) <= most


def test_the_chain_in_use_outlives_the_others(stepper: CountingStepper) -> None:
    positions = Positions(stepper, most=6)
    first = grow(positions, (), [0, 1, 2, 3])
    second = grow(positions, first[:1], [4, 5])
    third = grow(positions, second, [6])
    assert len(positions) == len(third)
    positions.after(third)
    assert stepper.replays == 0
    positions.after(first)
    assert stepper.replays == 3


@pytest.mark.parametrize(
    "broken",
    [
        lambda path: path[1:],
        lambda path: path[::-1],
        lambda path: (path[0], path[2]),
        lambda path: (path[0], replace(path[1], t=3)),
        lambda path: (path[0], replace(path[1], parent=9)),
        lambda path: (replace(path[0], parent=9),),
    ],
)
def test_nodes_that_are_no_chain_are_refused(stepper: CountingStepper, broken: Any) -> None:
    positions = Positions(stepper)
    path = grow(positions, (), range(3))
    with pytest.raises(InputError, match="cannot be step"):
        positions.after(broken(path))


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"token_id": 10**6}, "outside the vocabulary"),
        ({"token_id": -1}, "outside the vocabulary"),
        ({"mode": Mode("dot", "near")}, "unknown scope 'near'"),
        ({"mode": Mode("loudest")}, "no score 'loudest'"),
    ],
)
def test_a_node_that_the_model_cannot_have_decoded_is_refused(
    stepper: CountingStepper, change: dict[str, Any], shown: str
) -> None:
    path = grow(Positions(stepper), (), range(3))
    with pytest.raises(InputError, match=shown):
        Positions(stepper).after((path[0], replace(path[1], **change), path[2]))


def test_nothing_follows_the_end(stepper: CountingStepper) -> None:
    path = grow(Positions(stepper), (), range(2))
    with pytest.raises(InputError, match="ended at step 1"):
        Positions(stepper).after((replace(path[0], token_id=END_ID), path[1]))


def test_a_replay_may_be_stopped_before_any_step(stepper: CountingStepper) -> None:
    path = grow(Positions(stepper), (), range(5))
    calls = []

    def stop_at_the_third() -> None:
        calls.append(stepper.replays)
        if len(calls) == 3:
            raise TimeoutError

    positions = Positions(stepper)
    with pytest.raises(TimeoutError):
        positions.after(path, stop_at_the_third)
    assert calls == [0, 1, 2]
    positions.after(path, lambda: calls.append(-1))
    assert calls[3:] == [-1, -1, -1]
