"""A run as a tree: every decoded token is a node, every change of mind a branch.

Plain data under a root that says what was decoded with what. Whoever drives (the window's
session, the command line) owns the tree and gives the ids; the engine only caches states by id.
A node can be removed and restored without trace, which is what undo needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from attn_desktop.common.errors import InputError, UnknownNameError
from attn_desktop.common.mode import Mode
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.numbers import is_finite, is_whole

How = Literal["greedy", "sampled", "forced", "beam"]
HOWS: tuple[How, ...] = get_args(How)
#: Ways in which the token is given from outside instead of chosen.
GIVEN: tuple[How, ...] = ("forced", "beam")
MAX_SEED = 2**63 - 1


def check_seed(seed: int) -> None:
    """Raise `InputError` unless `seed` is a whole number in 0 .. 2**63-1."""
    if not is_whole(seed) or not 0 <= seed <= MAX_SEED:
        raise InputError(f"seed must be a whole number from 0 to 2**63-1, not {seed!r}")


@dataclass(frozen=True)
class Choice:
    """How a token is picked from the next-token distribution.

    how: `greedy`, `sampled`, `forced` (given by the user) or `beam`.
    temperature: divides the logits, > 0; top_k: keep the k likeliest; top_p: keep the smallest
    set of probability at least p (Holtzman et al. 2020); None keeps all.
    seed: of the token draw and of the hard attention draw.
    """

    how: How = "greedy"
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.how not in HOWS:
            valid = ", ".join(HOWS)
            raise InputError(f"unknown way to choose a token {self.how!r}; valid are: {valid}")
        if not is_finite(self.temperature) or self.temperature <= 0:
            raise InputError(
                f"temperature must be finite and greater than 0, not {self.temperature!r}"
            )
        if self.top_k is not None and (not is_whole(self.top_k) or self.top_k < 1):
            raise InputError(f"top_k must be a whole number of at least 1, not {self.top_k!r}")
        if self.top_p is not None and (not is_finite(self.top_p) or not 0 < self.top_p <= 1):
            raise InputError(f"top_p must be greater than 0 and at most 1, not {self.top_p!r}")
        check_seed(self.seed)

    def given(self) -> Choice:
        """The same for a token that is given: forced, unless a search gives it already."""
        return self if self.how in GIVEN else replace(self, how="forced")


@dataclass(frozen=True)
class Node:
    """One decoded token. parent: id of the node before it, None at t = 1; t counts from 1.

    edits: what was changed inside its step. run: which of the document's inputs it decodes, 0 for
    the first; that of its parent.
    """

    id: int
    parent: int | None
    t: int
    token_id: int
    mode: Mode
    choice: Choice = field(default_factory=Choice)
    edits: tuple[Edit, ...] = ()
    run: int = 0


@dataclass(frozen=True)
class Root:
    """What the nodes of a tree share: the model (SHA-256), the first input, device and dtype."""

    model_hash: str
    text: str
    device: str
    dtype: str


class RunTree:
    """Nodes by id under one root. Memory is linear in the number of nodes.

    Everything is listed in the order of the ids, not of insertion: removing a branch and
    restoring it leaves no difference.
    """

    def __init__(self, root: Root, nodes: Iterable[Node] = ()) -> None:
        self.root = root
        self._nodes: dict[int, Node] = {}
        self._children: dict[int | None, set[int]] = {}
        self._next_id = 0
        self.restore(nodes)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, by id."""
        return tuple(self._nodes[id] for id in sorted(self._nodes))

    @property
    def parents_first(self) -> tuple[Node, ...]:
        """All nodes by t, then by id: every parent comes before its children."""
        return tuple(sorted(self.nodes, key=lambda node: node.t))

    def new_id(self) -> int:
        """An id that this tree never gave nor held: a removed node keeps its own for undo."""
        self._next_id += 1
        return self._next_id - 1

    def add(self, node: Node) -> None:
        """Insert `node`; `InputError` unless its id is fresh and it follows its parent."""
        if not is_whole(node.id) or node.id < 0:
            raise InputError(f"a node id must be a whole number of at least 0, not {node.id!r}")
        if node.id in self._nodes:
            raise InputError(f"node {node.id} is in the run already; new_id() gives a free id")
        if node.parent is not None and node.parent not in self._nodes:
            raise InputError(f"node {node.id} names a parent {node.parent} that is not in the run")
        t = 1 if node.parent is None else self._nodes[node.parent].t + 1
        if node.t != t:
            raise InputError(f"node {node.id} must be step t = {t}, not {node.t!r}")
        if not is_whole(node.run) or node.run < 0:
            raise InputError(f"node {node.id} names run {node.run!r}; runs count from 0")
        if node.parent is not None and node.run != self._nodes[node.parent].run:
            raise InputError(
                f"node {node.id} is of run {node.run}, but its parent {node.parent} is of run "
                f"{self._nodes[node.parent].run}"
            )
        self._nodes[node.id] = node
        self._children.setdefault(node.parent, set()).add(node.id)
        self._next_id = max(self._next_id, node.id + 1)

    def remove(self, id: int) -> tuple[Node, ...]:
        """Take out node `id` and all that follow it; parents come first in what is returned."""
        subtree = [self[id]]
        for node in subtree:  # grows as it is walked: a run of any length needs no recursion
            subtree.extend(self.children(node.id))
        for node in subtree:
            del self._nodes[node.id]
            self._children.pop(node.id, None)
        siblings = self._children[subtree[0].parent]
        siblings.remove(id)
        if not siblings:
            del self._children[subtree[0].parent]
        return tuple(subtree)

    def restore(self, nodes: Iterable[Node]) -> None:
        """Insert `nodes`, parents first, as `remove` returned them: all of them or none."""
        added: list[Node] = []
        try:
            for node in nodes:
                self.add(node)
                added.append(node)
        except InputError:
            for node in reversed(added):
                self.remove(node.id)
            raise

    def path(self, id: int) -> tuple[Node, ...]:
        """The nodes from t = 1 to `id`, both included."""
        node = self[id]
        nodes = [node]
        while node.parent is not None:
            node = self._nodes[node.parent]
            nodes.append(node)
        return tuple(reversed(nodes))

    def children(self, id: int | None, run: int | None = None) -> tuple[Node, ...]:
        """The nodes that follow `id`, by id; of None: those at t = 1, of one run unless None."""
        if id is not None:
            self[id]
        nodes = (self._nodes[child] for child in sorted(self._children.get(id, ())))
        return tuple(node for node in nodes if run in (None, node.run))

    def leaves(self) -> tuple[Node, ...]:
        """The nodes that nothing follows, by id: the ends of all branches."""
        return tuple(node for node in self.nodes if node.id not in self._children)

    def __getitem__(self, id: int) -> Node:
        try:
            return self._nodes[id]
        except KeyError:
            held = f"{len(self)} nodes, the last is {max(self._nodes)}" if self._nodes else "none"
            raise UnknownNameError(f"no node {id!r} in this run; it holds {held}") from None

    def __contains__(self, id: object) -> bool:
        return id in self._nodes

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._nodes))

    def __len__(self) -> int:
        return len(self._nodes)
