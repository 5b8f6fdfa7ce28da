"""Steps by node id: a run tree that grows as it is decoded, with the positions it has passed."""

from __future__ import annotations

from collections.abc import Iterator

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.decoding.corpus import step_limit
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice, Root, RunTree


class TreeStepper:
    """Decodes along a run tree. Any node can be stepped from again, with another mode or token.

    tree: None for an empty one; a given one must be of the same model and text, though it may come
    from another device. Raises InputError where it is not.
    """

    def __init__(self, stepper: Stepper, tree: RunTree | None = None) -> None:
        run = stepper.run
        root = Root(run.model.hash, run.text, run.device, run.dtype)
        if tree is None:
            tree = RunTree(root)
        elif (tree.root.model_hash, tree.root.text) != (root.model_hash, root.text):
            raise InputError("the run tree is of another model or another text")
        self.stepper = stepper
        self.tree = tree
        self._positions = Positions(stepper)

    def step(
        self,
        parent: int | None,
        mode: Mode,
        choice: Choice,
        forced: int | None = None,
        edits: tuple[Edit, ...] = (),
    ) -> StepRecord:
        """Decode the token after `parent` (None: the first) and add it to the tree."""
        record, node, _ = self._positions.step(
            self.position(parent), self.tree.new_id(), mode, choice, forced, edits
        )
        self.tree.add(node)
        return record

    def decode(
        self, mode: Mode, choice: Choice, max_steps: int | None = None
    ) -> Iterator[StepRecord]:
        """A branch from the start to the end token, or to `max_steps`, each step as it is computed.

        max_steps: None for `step_limit` of model and source; InputError where it is below 1.
        """
        parent = None
        model, length = self.stepper.model, len(self.stepper.run.source)
        for _ in range(step_limit(model, length, max_steps)):
            record = self.step(parent, mode, choice)
            yield record
            if record.is_end:
                break
            parent = record.node

    def position(self, node: int | None) -> Position:
        """Where the decoding stands after a node, from the cache or by replaying its path."""
        return self._positions.after(() if node is None else self.tree.path(node))

    def forget(self) -> None:
        """Drop every cached position; they are replayed when they are needed."""
        self._positions.forget()
