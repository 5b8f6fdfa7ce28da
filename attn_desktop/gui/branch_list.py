"""The branches of a tree as a list, worked out anew only where the tree has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from attn_desktop.analysis.edit_words import describe_all
from attn_desktop.analysis.labels import source_axis
from attn_desktop.analysis.pieces import escape_unsafe, join_pieces, output_text
from attn_desktop.gui.scene import Branch
from attn_desktop.trace.records import RunRecord, StepRecord
from attn_desktop.trace.run_tree import Node, RunTree

ORIGINAL = "original"


class BranchList:
    """tree, records, runs: the document's own, which it goes on changing."""

    def __init__(
        self, tree: RunTree, records: Mapping[int, StepRecord], runs: Sequence[RunRecord]
    ) -> None:
        self._tree, self._records, self._runs = tree, records, runs
        #: By leaf: the branch as if it were not shown, and the node next to which it parts.
        self._known: dict[int, tuple[Branch, int | None]] = {}
        self._last: tuple[tuple[object, ...], tuple[Branch, ...]] | None = None
        self._newest = -1

    def added(self, node: Node) -> None:
        """A node was added: only the branch that it prolongs is another one now."""
        self._last = None
        if node.id > self._newest:
            self._newest = node.id
            if node.parent is not None:
                self._known.pop(node.parent, None)
        else:  # put back among others, some of which may part elsewhere now
            self._known.clear()

    def clear(self) -> None:
        """Nodes were taken out."""
        self._known.clear()
        self._last = None

    def of(self, shown: int | None, run: int, baseline: int | None) -> tuple[Branch, ...]:
        """The branches, `shown` and `baseline` being the last nodes of two of them."""
        key = (shown, run, baseline, len(self._runs))
        if self._last is None or self._last[0] != key:
            self._last = (key, tuple(self._all(shown, run, baseline)))
        return self._last[1]

    def _all(self, shown: int | None, run: int, baseline: int | None) -> list[Branch]:
        ends: dict[int, int] = {}
        leaves = self._tree.leaves()
        for leaf in leaves:
            if leaf.id not in self._known:
                self._known[leaf.id] = self._branch(leaf)
        branches = []
        for leaf in leaves:
            branch, beside = self._known[leaf.id]
            branches.append(
                replace(
                    branch,
                    shown=leaf.id == shown,
                    origin=None if beside is None else self._end(beside, ends),
                    compared=leaf.id == baseline,
                )
            )
        decoded = {branch.run for branch in branches}
        branches += [
            Branch(
                leaf=None,
                parted=1,
                steps=0,
                mode=self._runs[number].model.trained_modes[0],
                about=self._first(number),
                text="",
                complete=False,
                shown=shown is None and run == number,
                run=number,
            )
            for number in range(1, len(self._runs))
            if number not in decoded
        ]
        return branches

    def _end(self, node: int, ends: dict[int, int]) -> int:
        """The leaf that the first children lead to. ends: what was found before."""
        passed = []
        while node not in ends:
            passed.append(node)
            children = self._tree.children(node)
            if not children:
                ends[node] = node
            else:
                node = children[0].id
        for each in passed:
            ends[each] = ends[node]
        return ends[node]

    def _branch(self, leaf: Node) -> tuple[Branch, int | None]:
        path = self._tree.path(leaf.id)
        parted, about, beside = 1, self._first(leaf.run), None
        for node in reversed(path):
            first = self._tree.children(node.parent, node.run)[0]
            if first.id != node.id:
                parted, about, beside = node.t, self._difference(node, first), first.id
                break
        records = [self._records[node.id] for node in path]
        branch = Branch(
            leaf=leaf.id,
            parted=parted,
            steps=len(path),
            mode=leaf.mode,
            about=about,
            text=escape_unsafe(
                output_text(self._runs[leaf.run].model, [record.token for record in records])
            ),
            complete=records[-1].is_end,
            shown=False,
            run=leaf.run,
        )
        return branch, beside

    def _first(self, run: int) -> str:
        """What the first branch of an input is called."""
        return f"“{escape_unsafe(' '.join(self._runs[run].text.split()))}”" if run else ORIGINAL

    def _difference(self, node: Node, other: Node) -> str:
        """What makes a node differ from the one that its parent had first."""
        token = escape_unsafe(join_pieces([self._records[node.id].token])) or "</s>"
        changes = []
        if node.edits != other.edits:
            labels = source_axis(self._runs[node.run]).labels
            changes.append(describe_all(node.edits, labels) or "as the model")
        if node.choice.how == "forced":
            return f"t={node.t} {', '.join([*changes, f'forced “{token}”'])}"
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
