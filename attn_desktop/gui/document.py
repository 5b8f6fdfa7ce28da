"""The document: a run, its tree and the records of its nodes. Plain data, no Qt.

It grows by finished steps and gives them back for undo. Which branch is shown and where the
playhead stands is a `View`, kept beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from attn_desktop.analysis.pieces import escape_unsafe, join_pieces
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui.scene import Branch, Phase
from attn_desktop.trace.records import ProbeRecord, RunRecord, StepRecord
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree
from attn_desktop.trace.trace import Place, Trace

ORIGINAL = "original"


@dataclass(frozen=True)
class View:
    """leaf: the last node of the branch shown, None before the first step. t, phase: the place.

    mode, choice: how the next step is to be decoded.
    """

    leaf: int | None = None
    t: int = 0
    phase: Phase = Phase.TOKEN
    mode: Mode = field(default_factory=Mode)
    choice: Choice = field(default_factory=Choice)


@dataclass(frozen=True, eq=False)
class Finished:
    """A decoded node with its record and probes: what undo removes and redo restores."""

    node: Node
    record: StepRecord
    probes: tuple[ProbeRecord, ...] = ()


class Document:
    """One encoded input and everything that was decoded from it.

    run: replaced only by an equal one of another device. model: what an engine opens to decode
    on; the model's name unless given. step_limit: steps after which an output that has not ended
    is cut off. file: what it was opened from or saved to, None for neither.
    """

    def __init__(
        self,
        run: RunRecord,
        model: str = "",
        tree: RunTree | None = None,
        step_limit: int = 0,
    ) -> None:
        self.run = run
        self.model = model or run.model.name
        self.file: Path | None = None
        # An empty tree is false.
        self.tree = RunTree(_root(run)) if tree is None else tree
        self.step_limit = step_limit or 2 * len(run.source) + 20
        self._records: dict[int, StepRecord] = {}
        self._probes: dict[int, tuple[ProbeRecord, ...]] = {}
        self._branches: dict[int | None, tuple[Branch, ...]] = {}

    @property
    def probes(self) -> Mapping[int, tuple[ProbeRecord, ...]]:
        """By node; a live view."""
        return MappingProxyType(self._probes)

    def add(self, finished: Finished) -> None:
        """Insert a step after its parent; InputError where it does not fit the tree."""
        self.tree.add(finished.node)
        self._records[finished.node.id] = finished.record
        if finished.probes:
            self._probes[finished.node.id] = finished.probes
        self._branches.clear()

    def remove(self, node: int) -> list[Finished]:
        """Take out a node and all that follow it, parents first."""
        self._branches.clear()
        return [
            Finished(gone, self._records.pop(gone.id), self._probes.pop(gone.id, ()))
            for gone in self.tree.remove(node)
        ]

    def steps(self, leaf: int | None) -> tuple[StepRecord, ...]:
        """The records from t = 1 to a leaf; empty for None."""
        if leaf is None:
            return ()
        return tuple(self._records[node.id] for node in self.tree.path(leaf))

    def path(self, leaf: int | None, t: int) -> tuple[Node, ...]:
        """The nodes of steps 1 to t of a branch."""
        return () if leaf is None else self.tree.path(leaf)[:t]

    def follow(self, node: int | None) -> int | None:
        """The leaf reached from a node by the first child each time; the node itself if none."""
        children = self.tree.children(node)
        while children:
            node = children[0].id
            children = self.tree.children(node)
        return node

    def ends(self, node: int) -> bool:
        """Whether a node is the end of an output."""
        return self._records[node].is_end

    def retrace(
        self, path: list[Node], goal: int, mode: Mode, choice: Choice, forced: int | None
    ) -> tuple[list[Node], bool]:
        """Follow what was decoded just so before: `path` and on, up to `goal` steps.

        forced: the token of the first step, which then was forced too. Returns the nodes and
        whether nothing is left to decode.
        """
        path = list(path)
        while len(path) < goal and not (path and self.ends(path[-1].id)):
            how = choice if forced is None else replace(choice, how="forced")
            twin = self._twin(path[-1].id if path else None, mode, how, forced)
            if twin is None:
                return path, False
            path.append(twin)
            forced = None
        return path, True

    def _twin(
        self, parent: int | None, mode: Mode, choice: Choice, token: int | None
    ) -> Node | None:
        """A child of `parent` that was decoded just so; token: None, or the one forced."""
        for child in self.tree.children(parent):
            same = child.mode == mode and _alike(child.choice, choice, mode)
            if same and (token is None or child.token_id == token):
                return child
        return None

    def branches(self, shown: int | None) -> tuple[Branch, ...]:
        """Every way to a leaf, in order of the leaves."""
        if shown not in self._branches:
            self._branches = {
                shown: tuple(self._branch(leaf, shown) for leaf in self.tree.leaves())
            }
        return self._branches[shown]

    def _branch(self, leaf: Node, shown: int | None) -> Branch:
        path = self.tree.path(leaf.id)
        parted, about = 1, ORIGINAL
        for node in reversed(path):
            first = self.tree.children(node.parent)[0]
            if first.id != node.id:
                parted, about = node.t, self._difference(node, first)
                break
        records = [self._records[node.id] for node in path]
        return Branch(
            leaf=leaf.id,
            parted=parted,
            steps=len(path),
            mode=leaf.mode,
            about=about,
            text=escape_unsafe(join_pieces(record.token for record in records)),
            complete=records[-1].is_end,
            shown=leaf.id == shown,
        )

    def _difference(self, node: Node, other: Node) -> str:
        """What makes a node differ from the one that its parent had first."""
        token = escape_unsafe(join_pieces([self._records[node.id].token])) or "</s>"
        if node.choice.how == "forced":
            return f"t={node.t} forced “{token}”"
        changes = []
        if node.mode.score != other.mode.score:
            changes.append(node.mode.score if node.mode.attends else "no attention")
        if node.mode.scope != other.mode.scope:
            changes.append(node.mode.scope)
        if node.mode.weighting != other.mode.weighting:
            changes.append(node.mode.weighting)
        if node.choice.how != other.choice.how and other.choice.how != "forced":
            changes.append(node.choice.how)
        if node.choice.temperature != other.choice.temperature:
            changes.append(f"T {node.choice.temperature:g}")
        if node.choice.seed != other.choice.seed:
            changes.append(f"seed {node.choice.seed}")
        return f"t={node.t} {', '.join(changes) or node.choice.how} → “{token}”"

    def trace(self, view: View) -> Trace:
        """A snapshot for a file, with the place where the view is."""
        tree = RunTree(self.tree.root, self.tree.nodes)
        nodes = sorted(tree.nodes, key=lambda node: (node.t, node.id))
        steps = tuple(self._records[node.id] for node in nodes if node.id in self._records)
        probes = tuple(probe for node in nodes for probe in self._probes.get(node.id, ()))
        return Trace(self.run, tree, steps, probes, Place(view.leaf, view.t))

    @classmethod
    def of_trace(cls, trace: Trace) -> tuple[Document, View]:
        """The document of a file and where to look at first.

        Nodes without a record, and what follows them, cannot be shown and are left out.
        """
        records = {step.node: step for step in trace.steps}
        document = cls(trace.run, tree=RunTree(trace.tree.root))
        probes: dict[int, tuple[ProbeRecord, ...]] = {}
        for probe in trace.probes:
            probes[probe.node] = (*probes.get(probe.node, ()), probe)
        for node in sorted(trace.tree.nodes, key=lambda node: (node.t, node.id)):
            if node.id in records and (node.parent is None or node.parent in document.tree):
                document.add(Finished(node, records[node.id], probes.get(node.id, ())))
        leaf, t = document.follow(None), 0
        place = trace.place
        if place is not None and place.leaf in document.tree:
            leaf = document.follow(place.leaf)
            t = min(place.t, len(document.steps(leaf)))
        elif leaf is not None:
            t = document.tree[leaf].t
        return document, document.followed(View(leaf, t))

    def followed(self, view: View) -> View:
        """A view whose mode and choice are those of the next step, as far as it is recorded."""
        steps = self.path(view.leaf, view.t + 1)
        if not steps:
            return view
        node = steps[-1]
        choice = node.choice
        if choice.how == "forced":
            choice = replace(
                choice, how=view.choice.how if view.choice.how != "forced" else "greedy"
            )
        return replace(view, mode=node.mode, choice=choice)


def _alike(one: Choice, other: Choice, mode: Mode) -> bool:
    """Whether two choices lead to the same step: without a draw the seed does not count."""
    if one.how != "sampled" and mode.weighting != HARD:
        one = replace(one, seed=other.seed)
    return one == other


def _root(run: RunRecord) -> Root:
    return Root(run.model.hash, run.text, run.device, run.dtype)
