from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.common.errors import InputError, UnknownNameError
from attn_desktop.common.mode import Mode
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree

ROOT = Root(model_hash="00", text="a man", device="cpu", dtype="float32")


def node(id: int, parent: int | None, t: int) -> Node:
    return Node(id, parent, t, token_id=7, mode=Mode())


def forked() -> RunTree:
    """0-1-2 and 0-3, and a second start 4."""
    nodes = [node(0, None, 1), node(1, 0, 2), node(2, 1, 3), node(3, 0, 2), node(4, None, 1)]
    return RunTree(ROOT, nodes)


def ids(nodes: tuple[Node, ...]) -> list[int]:
    return [node.id for node in nodes]


def grown(parents: list[int]) -> RunTree:
    """A tree in which node i follows one of the nodes before it, or the root."""
    tree = RunTree(ROOT)
    for pick in parents:
        i = tree.new_id()
        parent = pick % (i + 1) - 1
        tree.add(node(i, None, 1) if parent < 0 else node(i, parent, tree[parent].t + 1))
    return tree


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ({"how": "best"}, "'best'; valid are: greedy, sampled, forced, beam"),
        ({"temperature": 0.0}, "greater than 0, not 0.0"),
        ({"temperature": -1}, "greater than 0, not -1"),
        ({"temperature": float("nan")}, "finite and greater than 0, not nan"),
        ({"temperature": float("inf")}, "finite and greater than 0, not inf"),
        ({"top_k": 0}, "at least 1, not 0"),
        ({"top_k": 2.5}, "whole number of at least 1, not 2.5"),
        ({"top_p": 0.0}, "greater than 0 and at most 1, not 0.0"),
        ({"top_p": 1.01}, "at most 1, not 1.01"),
        ({"top_p": float("nan")}, "at most 1, not nan"),
        ({"seed": -1}, "from 0 to 2**63-1, not -1"),
        ({"seed": 2**63}, f"from 0 to 2**63-1, not {2**63}"),
        ({"seed": True}, "whole number"),
        ({"temperature": "hot"}, "not 'hot'"),
    ],
)
def test_a_choice_out_of_range_names_value_and_range(setting: dict[str, Any], shown: str) -> None:
    with pytest.raises(InputError) as caught:
        Choice(**{"how": "sampled", **setting})
    assert shown in str(caught.value)


def test_the_ends_of_every_range_are_accepted() -> None:
    choice = Choice("sampled", temperature=1e-9, top_k=1, top_p=1.0, seed=2**63 - 1)
    assert (choice.top_k, choice.top_p, choice.seed) == (1, 1.0, 2**63 - 1)


def test_path_children_and_leaves_of_a_forked_run() -> None:
    tree = forked()
    assert ids(tree.path(2)) == [0, 1, 2]
    assert ids(tree.path(3)) == [0, 3]
    assert ids(tree.children(None)) == [0, 4]
    assert ids(tree.children(0)) == [1, 3]
    assert ids(tree.children(2)) == []
    assert ids(tree.leaves()) == [2, 3, 4]
    assert list(tree) == [0, 1, 2, 3, 4]
    assert (len(tree), 3 in tree, 5 in tree, None in tree) == (5, True, False, False)


@pytest.mark.parametrize(
    ("added", "shown"),
    [
        (node(1, None, 1), "node 1 is in the run already"),
        (node(9, 8, 2), "node 9 names a parent 8 that is not in the run"),
        (node(9, 9, 2), "node 9 names a parent 9 that is not in the run"),
        (node(9, 2, 3), "node 9 must be step t = 4, not 3"),
        (node(9, None, 2), "node 9 must be step t = 1, not 2"),
        (node(-1, None, 1), "at least 0, not -1"),
    ],
)
def test_a_node_that_does_not_fit_is_refused(added: Node, shown: str) -> None:
    tree = forked()
    before = tree.nodes
    with pytest.raises(InputError) as caught:
        tree.add(added)
    assert shown in str(caught.value)
    assert tree.nodes == before


@pytest.mark.parametrize("use", ["__getitem__", "path", "children", "remove"])
def test_an_unknown_id_is_named(use: str) -> None:
    with pytest.raises(UnknownNameError, match="no node 17 in this run; it holds 5 nodes"):
        getattr(forked(), use)(17)
    with pytest.raises(UnknownNameError, match="it holds none"):
        getattr(RunTree(ROOT), use)(0)


def test_remove_takes_the_whole_subtree_and_nothing_else() -> None:
    tree = forked()
    assert set(ids(tree.remove(1))) == {1, 2}
    assert ids(tree.nodes) == [0, 3, 4]
    assert ids(tree.leaves()) == [3, 4]


def test_the_id_of_a_removed_node_stays_its_own() -> None:
    tree = forked()
    removed = tree.remove(4)
    fresh = tree.new_id()
    assert fresh == 5
    tree.add(node(fresh, None, 1))
    tree.restore(removed)
    assert ids(tree.children(None)) == [0, 4, 5]


def test_ids_given_from_outside_are_never_given_again() -> None:
    tree = RunTree(ROOT, [node(40, None, 1)])
    assert [tree.new_id(), tree.new_id()] == [41, 42]


def test_restore_is_all_or_nothing() -> None:
    tree = forked()
    before = tree.nodes
    with pytest.raises(InputError):
        tree.restore([node(7, 2, 4), node(8, 7, 5), node(9, 99, 1)])
    assert tree.nodes == before
    assert ids(tree.leaves()) == [2, 3, 4]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_restore_undoes_remove_exactly(parents: list[int], rng: random.Random) -> None:
    tree = grown(parents)
    nodes, leaves = tree.nodes, tree.leaves()
    children = {i: tree.children(i) for i in [None, *tree]}
    id = rng.choice(ids(nodes))
    removed = tree.remove(id)
    assert removed[0].id == id
    assert {i for i in ids(nodes) if any(n.id == id for n in grown(parents).path(i))} == set(
        ids(removed)
    )
    tree.restore(removed)
    assert (tree.nodes, tree.leaves()) == (nodes, leaves)
    assert {i: tree.children(i) for i in [None, *tree]} == children


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_every_path_climbs_one_step_at_a_time(parents: list[int]) -> None:
    tree = grown(parents)
    for id in tree:
        path = tree.path(id)
        assert [n.t for n in path] == list(range(1, tree[id].t + 1))
        assert [n.parent for n in path] == [None, *ids(path)[:-1]]


def test_a_chain_longer_than_the_recursion_limit() -> None:
    tree = RunTree(ROOT, (node(i, i - 1 if i else None, i + 1) for i in range(5000)))
    assert len(tree.path(4999)) == 5000
    assert len(tree.remove(0)) == 5000
    assert len(tree) == 0


def test_nodes_are_values() -> None:
    assert node(1, 0, 2) == replace(node(1, 0, 3), t=2)
    with pytest.raises(AttributeError):
        node(1, 0, 2).t = 3  # type: ignore[misc]
