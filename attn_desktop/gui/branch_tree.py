"""The branches of a scene as a tree: in which order they are listed and which rails join them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attn_desktop.gui.scene import Branch


@dataclass(frozen=True)
class Twig:
    """A branch at its place in the tree, for one row of the list.

    depth: how many branches it comes from. passing: depths of those whose rails pass its row on
    their way to a later one. last: whether the rail that it hangs on ends here. bears: whether
    others part from it. own: where its text begins to differ from its origin's. same: whether it
    says just what its origin says. origin: what it parts from.
    """

    branch: Branch
    depth: int
    passing: frozenset[int]
    last: bool
    bears: bool
    own: int
    same: bool
    origin: Branch | None


@dataclass(frozen=True)
class Lineage:
    """The way from the start to the branch shown, in one row.

    passing: depths of the rails that belong to it. reaches: whether it comes to the branch of the
    row. leaves: whether it goes on from there to a later one.
    """

    passing: frozenset[int] = frozenset()
    reaches: bool = False
    leaves: bool = False


def grow(branches: Sequence[Branch]) -> tuple[Twig, ...]:
    """Every branch once, those that part from it below it: the earlier they part, the higher.

    Runs follow each other. A branch whose origin is not among them stands where a run begins.
    """
    leaves = {branch.leaf: branch for branch in branches if branch.leaf is not None}
    children: dict[int, list[Branch]] = defaultdict(list)
    roots = []
    for branch in branches:
        if branch.origin is None or branch.origin == branch.leaf or branch.origin not in leaves:
            roots.append(branch)
        else:
            children[branch.origin].append(branch)
    for siblings in children.values():
        siblings.sort(key=lambda branch: branch.parted)
    roots.sort(key=lambda branch: branch.run)
    twigs = [twig for root in roots for twig in _walk(root, children)]
    return tuple(twigs)


def _walk(root: Branch, children: dict[int, list[Branch]]) -> Iterator[Twig]:
    """Depth first, without recursion: there may be a thousand branches in a line."""
    waiting: list[tuple[Branch, Branch | None, frozenset[int], int, bool]] = [
        (root, None, frozenset(), 0, True)
    ]
    while waiting:
        branch, origin, passing, depth, last = waiting.pop()
        below = children.get(branch.leaf, []) if branch.leaf is not None else []
        yield Twig(
            branch,
            depth,
            passing,
            last,
            bool(below),
            0 if origin is None else own_start(branch.text, origin.text),
            origin is not None and branch.text == origin.text,
            origin,
        )
        # The rail that a branch hangs on passes all that hangs on it, unless it ends here.
        around = passing if last or origin is None else passing | {depth - 1}
        for number, child in enumerate(reversed(below)):
            waiting.append((child, branch, around, depth + 1, number == 0))


def own_start(text: str, origin: str) -> int:
    """Where a text begins to say what its origin does not, a word earlier for orientation."""
    shared = _shared(text, origin)
    word = text.rfind(" ", 0, shared)
    return text.rfind(" ", 0, max(word, 0)) + 1


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike, found by halving: they may be long."""
    alike, most = 0, min(len(one), len(other))
    while alike < most:
        middle = (alike + most + 1) // 2
        if one[alike:middle] == other[alike:middle]:
            alike = middle
        else:
            most = middle - 1
    return alike


def lineage(twigs: Sequence[Twig]) -> tuple[Lineage, ...]:
    """For every row, what of it belongs to the way to the branch shown."""
    found = [Lineage()] * len(twigs)
    at = next((row for row, twig in enumerate(twigs) if twig.branch.shown), None)
    reaches, leaves = set(), set()
    passing: dict[int, set[int]] = defaultdict(set)
    while at is not None:
        reaches.add(at)
        depth = twigs[at].depth
        # Upwards to the branch it parts from: the nearest one that is less deep.
        above = next((row for row in range(at - 1, -1, -1) if twigs[row].depth < depth), None)
        if not depth or above is None:
            break
        leaves.add(above)
        for row in range(above + 1, at):
            passing[row].add(depth - 1)
        at = above
    for row in range(len(twigs)):
        found[row] = Lineage(frozenset(passing[row]), row in reaches, row in leaves)
    return tuple(found)


def parting(branches: Sequence[Branch]) -> list[Branch]:
    """The branches that part from the one shown, and those along which it came itself."""
    by_leaf = {branch.leaf: branch for branch in branches}
    shown = next((branch for branch in branches if branch.shown), None)
    # How many steps the branch shown shares with each that it comes from.
    shared: dict[int | None, float] = {}
    steps = float("inf")
    while shown is not None and shown.leaf not in shared:
        shared[shown.leaf] = steps
        steps = min(steps, shown.parted - 1)
        shown = None if shown.origin is None else by_leaf.get(shown.origin)
    return [
        branch
        for branch in branches
        if branch.origin in shared
        and branch.origin is not None
        and branch.parted - 1 <= shared[branch.origin]
    ]
