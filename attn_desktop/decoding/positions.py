"""Decoder positions by node id, for whoever steps along a run tree that someone owns.

The tree is what counts; positions are only a cache. One that is lost is found again by replaying
the path to its node with the recorded tokens, modes and draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice, Node

#: A position is one decoder state, a few kilobytes.
MOST_KEPT = 4096


@dataclass(frozen=True, eq=False)
class _Kept:
    """The position after a node, and what is kept of the node before it: a chain to the start."""

    node: Node
    position: Position
    before: _Kept | None


class Positions:
    """The positions that a stepper has passed.

    A kept one is used only for the very chain of nodes that led to it: an id that comes back with
    another token, mode, choice or past is replayed. most: how many are kept.
    """

    def __init__(self, stepper: Stepper, most: int = MOST_KEPT) -> None:
        self.stepper = stepper
        self._most = most
        self._kept: dict[int, _Kept] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def after(
        self, path: Sequence[Node], before_replay: Callable[[], object] = lambda: None
    ) -> Position:
        """Where the decoding stands after `path`, the nodes from t = 1 on; empty: at the start.

        before_replay: called before each step that has to be replayed; what it raises ends the
        search. Raises InputError where the nodes are no chain, or none that the model can have
        decoded.
        """
        last: _Kept | None = None
        for t, node in enumerate(path, start=1):
            parent = None if last is None else last.node.id
            if node.t != t or node.parent != parent:
                raise InputError(
                    f"node {node.id} (step {node.t} after node {node.parent}) cannot be step {t} "
                    f"after node {parent}"
                )
            found = self._kept.get(node.id)
            if found is None or found.before is not last or not _same(found.node, node):
                before_replay()
                position = self.stepper.replay(self._position(last), node)
                found = self._keep(node, position, last)
            last = found
        return self._position(last)

    def step(
        self,
        position: Position,
        node: int,
        mode: Mode,
        choice: Choice,
        forced: int | None = None,
        edits: tuple[Edit, ...] = (),
        run: int = 0,
    ) -> tuple[StepRecord, Node, Position]:
        """`Stepper.step` from a position: its record, the node that it is and where that leads.

        run: `Node.run` of the new node. The new position is kept if the one that it follows is.
        Raises what `Stepper.step` does.
        """
        record, following = self.stepper.step(position, node, mode, choice, forced, edits)
        made = Node(node, position.node, record.t, record.token_id, mode, choice, edits, run)
        before = None if position.node is None else self._kept.get(position.node)
        if self._position(before) is position:
            self._keep(made, following, before)
        return record, made, following

    def forget(self) -> None:
        """Drop every position; they are replayed when they are needed."""
        self._kept.clear()

    def _position(self, kept: _Kept | None) -> Position:
        return self.stepper.start if kept is None else kept.position

    def _keep(self, node: Node, position: Position, before: _Kept | None) -> _Kept:
        kept = _Kept(node, position, before)
        if len(self._kept) >= self._most:
            self._forget_all_but(before)
        # A chain that is too long by itself is kept up to here, and replayed from there on.
        if len(self._kept) < self._most:
            self._kept[node.id] = kept
        return kept

    def _forget_all_but(self, last: _Kept | None) -> None:
        """Keep only the chain that is being followed; other branches are replayed if need be."""
        chain: dict[int, _Kept] = {}
        while last is not None:
            if self._kept.get(last.node.id) is last:
                chain[last.node.id] = last
            last = last.before
        self._kept = chain


def _same(one: Node, other: Node) -> bool:
    # Whoever owns the tree hands in the same objects again and again.
    return one is other or one == other
