"""The document: its inputs, their tree, the records of its nodes, and what a reader adds.

Plain data, no Qt. It grows by finished steps and gives them back for undo. Which branch is shown
and where the playhead stands is a `View`, kept beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui.branch_list import BranchList
from attn_desktop.gui.scene import Branch, Phase, start_key
from attn_desktop.trace.annotations import Annotations
from attn_desktop.trace.edits import Edit, inherited
from attn_desktop.trace.records import ProbeRecord, RunRecord, StepRecord
from attn_desktop.trace.run_tree import GIVEN, Choice, Node, Root, RunTree
from attn_desktop.trace.trace import Place, Trace


@dataclass(frozen=True)
class View:
    """leaf: the last node of the branch shown, None before the first step. t, phase: the place.

    mode, choice: how the next step is to be decoded. run: which of the inputs. baseline: a node of
    the branch that is compared, None where none is.
    """

    leaf: int | None = None
    t: int = 0
    phase: Phase = Phase.TOKEN
    mode: Mode = field(default_factory=Mode)
    choice: Choice = field(default_factory=Choice)
    run: int = 0
    baseline: int | None = None


@dataclass(frozen=True, eq=False)
class Finished:
    """A decoded node with its record and probes: what undo removes and redo restores."""

    node: Node
    record: StepRecord
    probes: tuple[ProbeRecord, ...] = ()


class Document:
    """Encoded inputs of one model and everything that was decoded from them.

    run: the first input. runs: all of them; limits: for each, after how many steps an output that
    has not ended is cut off. model: what an engine opens to decode on; the model's name unless
    given. step_limit: of the first input. file: what it was opened from or saved to, None for
    neither. annotations: replaced as a whole.
    """

    def __init__(
        self,
        run: RunRecord,
        model: str = "",
        tree: RunTree | None = None,
        step_limit: int = 0,
    ) -> None:
        self.runs: list[RunRecord] = []
        self.limits: list[int] = []
        self.add_run(run, step_limit)
        self.model = model or run.model.name
        self.file: Path | None = None
        self.annotations = Annotations()
        # An empty tree is false.
        self.tree = RunTree(_root(run)) if tree is None else tree
        self._records: dict[int, StepRecord] = {}
        self._probes: dict[int, tuple[ProbeRecord, ...]] = {}
        self._branches = BranchList(self.tree, self._records, self.runs)

    @property
    def run(self) -> RunRecord:
        """The first input."""
        return self.runs[0]

    @property
    def probes(self) -> Mapping[int, tuple[ProbeRecord, ...]]:
        """By node, those of the start of a run by `start_key`; a live view."""
        return MappingProxyType(self._probes)

    # -- inputs ---------------------------------------------------------------------------

    def add_run(self, run: RunRecord, step_limit: int = 0) -> int:
        """Another input of the same model; its number."""
        self.runs.append(run)
        self.limits.append(step_limit or 2 * len(run.source) + 20)
        return len(self.runs) - 1

    def remove_last_run(self) -> None:
        """Take out the input that came last, whose nodes are gone already."""
        self._probes.pop(start_key(len(self.runs) - 1), None)
        self.runs.pop()
        self.limits.pop()

    # -- nodes ----------------------------------------------------------------------------

    def add(self, finished: Finished) -> None:
        """Insert a step after its parent; InputError where it does not fit the tree."""
        self.tree.add(finished.node)
        self._records[finished.node.id] = finished.record
        if finished.probes:
            self._probes[finished.node.id] = finished.probes
        self._branches.added(finished.node)

    def add_probe(self, probe: ProbeRecord, instead: ProbeRecord | None = None) -> None:
        """Attach what was probed. instead: what it takes the place of, if that is still there."""
        key = start_key(probe.run) if probe.node is None else probe.node
        others = [own for own in self._probes.get(key, ()) if own is not instead]
        self._probes[key] = (*others, probe)

    def remove_probe(self, key: int, probe: ProbeRecord) -> None:
        """Take out one probe of a node or of the start of a run."""
        self._probes[key] = tuple(own for own in self._probes.get(key, ()) if own is not probe)

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

    def record(self, node: int) -> StepRecord:
        """The record of a node."""
        return self._records[node]

    def path(self, leaf: int | None, t: int) -> tuple[Node, ...]:
        """The nodes of steps 1 to t of a branch."""
        return () if leaf is None else self.tree.path(leaf)[:t]

    def follow(self, node: int | None, run: int | None = None) -> int | None:
        """The leaf reached from a node by the first child each time; the node itself if none.

        run: from which start to follow, where node is None.
        """
        children = self.tree.children(node, run)
        while children:
            node = children[0].id
            children = self.tree.children(node)
        return node

    def ends(self, node: int) -> bool:
        """Whether a node is the end of an output."""
        return self._records[node].is_end

    def retrace(
        self,
        path: list[Node],
        goal: int,
        mode: Mode,
        choice: Choice,
        forced: Sequence[int] = (),
        edits: tuple[Edit, ...] = (),
        run: int = 0,
    ) -> tuple[list[Node], bool]:
        """Follow what was decoded just so before: `path` and on, up to `goal` steps.

        forced: the tokens of the first steps, which then were forced too. edits: of the first.
        run: whose start it is where path is empty. Returns the nodes and whether nothing is left
        to decode.
        """
        path, begun = list(path), len(path)
        while len(path) < goal and not (path and self.ends(path[-1].id)):
            at = len(path) - begun
            token = forced[at] if at < len(forced) else None
            how = choice if token is None else choice.given()
            children = self.tree.children(path[-1].id if path else None, run)
            twin = _twin(children, mode, how, token, edits)
            if twin is None:
                return path, False
            path.append(twin)
            edits = inherited(edits, mode.attends)
        return path, True

    # -- branches -------------------------------------------------------------------------

    def branches(
        self, shown: int | None, run: int = 0, baseline: int | None = None
    ) -> tuple[Branch, ...]:
        """Every way to a leaf, in order of the leaves; of an input without any, its start."""
        return self._branches.of(shown, run, baseline)

    # -- files ----------------------------------------------------------------------------

    def trace(self, view: View, layout: str = "") -> Trace:
        """A snapshot for a file, with the place where the view is."""
        tree = RunTree(self.tree.root, self.tree.nodes)
        nodes = tree.parents_first
        steps = tuple(self._records[node.id] for node in nodes if node.id in self._records)
        keys = [*(start_key(run) for run in range(len(self.runs))), *(node.id for node in nodes)]
        probes = tuple(probe for key in keys for probe in self._probes.get(key, ()))
        notes = tuple(note for note in self.annotations.notes if note.node in tree)
        baseline = view.baseline if view.baseline in tree else None
        annotations = replace(self.annotations, notes=notes, baseline=baseline, layout=layout)
        return Trace(
            self.run,
            tree,
            steps,
            probes,
            Place(view.leaf, view.t, view.run),
            tuple(self.runs[1:]),
            annotations,
        )

    @classmethod
    def of_trace(cls, trace: Trace) -> tuple[Document, View]:
        """The document of a file and where to look at first.

        Nodes without a record, and what follows them, cannot be shown and are left out.
        """
        records = {step.node: step for step in trace.steps}
        document = cls(trace.run, tree=RunTree(trace.tree.root))
        for other in trace.others:
            document.add_run(other)
        for node in trace.tree.parents_first:
            if node.id in records and (node.parent is None or node.parent in document.tree):
                document.add(Finished(node, records[node.id]))
        for probe in trace.probes:
            if probe.node is None or probe.node in document.tree:
                document.add_probe(probe)
        notes = tuple(note for note in trace.annotations.notes if note.node in document.tree)
        document.annotations = replace(trace.annotations, notes=notes)
        leaf, t, run = document.follow(None, 0), 0, 0
        place = trace.place
        if place is not None and place.leaf in document.tree:
            leaf = document.follow(place.leaf)
            t, run = min(place.t, len(document.steps(leaf))), place.run
        elif place is not None and place.leaf is None and place.run:
            leaf, run = document.follow(None, place.run), place.run
        elif leaf is not None:
            t = document.tree[leaf].t
        baseline = trace.annotations.baseline
        view = View(leaf, t, run=run, baseline=baseline if baseline in document.tree else None)
        return document, document.followed(view)

    def followed(self, view: View) -> View:
        """A view whose mode and choice are those of the next step, as far as it is recorded."""
        steps = self.path(view.leaf, view.t + 1)
        if not steps:
            return view
        node = steps[-1]
        return replace(view, mode=node.mode, choice=chosen(node.choice, view.choice))


def chosen(choice: Choice, otherwise: Choice) -> Choice:
    """A choice that a model can make: of a given token its settings, and the way of `otherwise`."""
    if choice.how not in GIVEN:
        return choice
    how = "greedy" if otherwise.how in GIVEN else otherwise.how
    return replace(choice, how=how)


def _twin(
    children: Sequence[Node],
    mode: Mode,
    choice: Choice,
    token: int | None,
    edits: tuple[Edit, ...],
) -> Node | None:
    """Of some nodes the one that was decoded just so; token: None, or the one given."""
    for child in children:
        same = child.mode == mode and _alike(child.choice, choice, mode) and child.edits == edits
        if same and (token is None or child.token_id == token):
            return child
    return None


def _alike(one: Choice, other: Choice, mode: Mode) -> bool:
    """Whether two choices lead to the same step: without a draw the seed does not count."""
    if one.how != "sampled" and mode.weighting != HARD:
        one = replace(one, seed=other.seed)
    return one == other


def _root(run: RunRecord) -> Root:
    return Root(run.model.hash, run.text, run.device, run.dtype)
