"""The order and the rails of the tree of branches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attn_desktop.gui.branch_tree import grow, lineage, own_start, parting
from attn_desktop.gui.scene import Branch
from tests.toy_records import ADDITIVE


def branch(
    leaf: int | None, origin: int | None = None, parted: int = 1, run: int = 0, shown: bool = False
) -> Branch:
    return Branch(
        leaf=leaf,
        parted=parted,
        steps=9,
        mode=ADDITIVE,
        about=f"branch {leaf}",
        text=f"says {leaf}",
        complete=True,
        shown=shown,
        run=run,
        origin=origin,
    )


#: 1 ─┬─ 5 (t=2) ─── 3 (t=7)
#:    ├─ 2 (t=4) ─┬─ 6 (t=5)
#:    │           └─ 7 (t=6)
#:    └─ 4 (t=8)
TREE = (
    branch(1),
    branch(2, 1, 4),
    branch(3, 5, 7),
    branch(4, 1, 8),
    branch(5, 1, 2),
    branch(6, 2, 5),
    branch(7, 2, 6, shown=True),
)


def test_children_follow_what_they_part_from_in_the_order_of_their_steps() -> None:
    twigs = grow(TREE)
    assert [twig.branch.leaf for twig in twigs] == [1, 5, 3, 2, 6, 7, 4]
    assert [twig.depth for twig in twigs] == [0, 1, 2, 1, 2, 2, 1]
    assert [twig.origin and twig.origin.leaf for twig in twigs] == [None, 1, 5, 1, 2, 2, 1]


def test_rails_go_on_as_far_as_something_hangs_on_them() -> None:
    twigs = {twig.branch.leaf: twig for twig in grow(TREE)}
    assert [leaf for leaf, twig in twigs.items() if twig.bears] == [1, 5, 2]
    assert [leaf for leaf, twig in twigs.items() if twig.last] == [1, 3, 7, 4]
    # The rail of 1 passes by what hangs on 5 and 2, on its way to 2 and 4.
    assert {leaf: twig.passing for leaf, twig in twigs.items() if twig.passing} == {
        3: {0},
        6: {0},
        7: {0},
    }


def test_siblings_that_part_at_the_same_step_stay_in_the_order_in_which_they_came() -> None:
    made = (branch(1), branch(9, 1, 3), branch(4, 1, 3), branch(6, 1, 3))
    assert [twig.branch.leaf for twig in grow(made)] == [1, 9, 4, 6]


def test_runs_follow_each_other_and_an_origin_that_is_not_there_is_none() -> None:
    made = (branch(None, run=1), branch(1), branch(2, 99, 3), branch(3, 1, 2))
    twigs = grow(made)
    assert [(twig.branch.run, twig.branch.leaf) for twig in twigs] == [
        (0, 1),
        (0, 3),
        (0, 2),
        (1, None),
    ]
    assert [twig.depth for twig in twigs] == [0, 1, 0, 0]


def test_a_thousand_branches_in_a_line() -> None:
    made = tuple(branch(leaf, leaf - 1 or None, leaf) for leaf in range(1, 1001))
    twigs = grow((*made[:-1], replace(made[-1], shown=True)))
    assert [twig.depth for twig in twigs] == list(range(1000))
    assert not any(twig.passing for twig in twigs)
    assert all(way.reaches for way in lineage(twigs))


def test_the_way_to_the_branch_shown() -> None:
    twigs = grow(TREE)
    ways = dict(zip([twig.branch.leaf for twig in twigs], lineage(twigs), strict=True))
    assert [leaf for leaf, way in ways.items() if way.reaches] == [1, 2, 7]
    assert [leaf for leaf, way in ways.items() if way.leaves] == [1, 2]
    # From 1 past 5 and 3 to 2, and from there past 6 to 7.
    assert {leaf: way.passing for leaf, way in ways.items() if way.passing} == {
        5: {0},
        3: {0},
        6: {1},
    }


def test_no_branch_need_be_shown() -> None:
    twigs = grow(tuple(replace(each, shown=False) for each in TREE))
    assert not any(way.reaches or way.leaves or way.passing for way in lineage(twigs))
    assert lineage(()) == ()


@pytest.mark.parametrize(
    ("text", "origin", "own"),
    [
        ("the court has ruled", "the court was late", "court has ruled"),
        ("the zone is void", "the zone was signed", "zone is void"),
        ("a b c", "a b c", "b c"),
        ("a b", "a b c", "a b"),
        ("", "a b", ""),
        ("one", "other", "one"),
    ],
)
def test_a_text_begins_a_word_before_it_is_its_own(text: str, origin: str, own: str) -> None:
    assert text[own_start(text, origin) :] == own


def test_only_what_parts_from_the_branch_shown_or_led_to_it_is_marked() -> None:
    assert [(b.leaf, b.parted) for b in parting(TREE)] == [(2, 4), (5, 2), (6, 5), (7, 6)]
    first = tuple(replace(b, shown=b.leaf == 1) for b in TREE)
    assert [(b.leaf, b.parted) for b in parting(first)] == [(2, 4), (4, 8), (5, 2)]
    nothing = tuple(replace(b, shown=False) for b in TREE)
    assert parting(nothing) == parting(()) == []
