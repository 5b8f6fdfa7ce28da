"""One decoded document, and what must hold between its parts.

Whoever draws or analyses a trace may index without looking: the shapes of the docstrings in
`records` are checked here, before a file is written and after it is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.common.errors import InputError, TraceFileError
from attn_desktop.trace.annotations import Annotations
from attn_desktop.trace.edits import check_attends, check_edits
from attn_desktop.trace.records import (
    CROSS,
    AttentionRecord,
    ProbeRecord,
    Reading,
    RunRecord,
    StepRecord,
)
from attn_desktop.trace.run_tree import MAX_SEED, Node, RunTree

FLOAT = "f"
BOOL = "b"
WHOLE = "iu"
KIND_NAMES = {FLOAT: "floats", BOOL: "bools", WHOLE: "whole numbers"}


@dataclass(frozen=True)
class Place:
    """Where a reader was: the branch that ends in node `leaf` (None: no step of `run`), at t."""

    leaf: int | None
    t: int
    run: int = 0


@dataclass(frozen=True, eq=False)
class Trace:
    """A run with its tree, at most one step per node, and the probes attached to nodes.

    others: further inputs of the same model, which nodes name by their number from 1 on.
    """

    run: RunRecord
    tree: RunTree
    steps: tuple[StepRecord, ...]
    probes: tuple[ProbeRecord, ...] = ()
    place: Place | None = None
    others: tuple[RunRecord, ...] = ()
    annotations: Annotations = field(default_factory=Annotations)

    @property
    def runs(self) -> tuple[RunRecord, ...]:
        """Every input, as nodes number them."""
        return (self.run, *self.others)


def check_trace(trace: Trace) -> None:
    """Raise `TraceFileError`, naming the field, where shapes, dtypes or ids do not agree."""
    axes = [check_run(run) for run in trace.runs]
    for node in trace.tree.nodes:
        if node.run >= len(axes):
            raise TraceFileError(f"node {node.id} is of run {node.run}; there are {len(axes)}")
        if node.edits:
            _check_edits(node, axes[node.run])
    for number, run in enumerate(trace.others, start=1):
        if run.model.hash != trace.run.model.hash:
            raise TraceFileError(f"run {number} is of another model than the first")
    seen: set[int] = set()
    for i, step in enumerate(trace.steps):
        where = f"steps[{i}]"
        if step.node in seen:
            raise TraceFileError(f"{where} is a second step of node {step.node}")
        seen.add(step.node)
        _check_ids(where, step, trace.tree)
        check_step(where, step, axes[trace.tree[step.node].run])
    for i, probe in enumerate(trace.probes):
        if probe.node is not None and probe.node not in trace.tree:
            raise TraceFileError(f"probes[{i}] belongs to node {probe.node}, not in the tree")
        if not 0 <= probe.run < len(axes):
            raise TraceFileError(f"probes[{i}] belongs to run {probe.run}; there are {len(axes)}")
        for name, array in probe.arrays.items():
            _as_array(f"probes[{i}].arrays[{name!r}]", array)
    if trace.place is not None:
        _check_place(trace.place, trace.tree, len(axes))
    _check_annotations(trace.annotations, trace.tree)


class Axes(dict[str, int]):
    """Lengths of named axes; the first array that has an axis decides its length."""

    def expect(self, where: str, value: object, kind: str, *names: str) -> None:
        """Raise unless `value` has one axis per name, of the known length, and dtype `kind`."""
        array = _as_array(where, value)
        fits = array.ndim == len(names) and array.dtype.kind in kind
        if fits:
            fits = all(
                self.setdefault(name, length) == length
                for name, length in zip(names, array.shape, strict=True)
            )
        if not fits:
            shape = ", ".join(f"{name}={self[name]}" if name in self else name for name in names)
            raise TraceFileError(
                f"{where} must be {KIND_NAMES[kind]} of shape ({shape}), "
                f"not {array.dtype} of shape {array.shape}"
            )

    def known(self, **lengths: int) -> Axes:
        """A copy that knows more axes and forgets what it learns."""
        return Axes(self, **lengths)


def _check_place(place: Place, tree: RunTree, runs: int) -> None:
    if not 0 <= place.run < runs:
        raise TraceFileError(f"place.run is {place.run}; there are {runs} runs")
    if place.leaf is not None and place.leaf not in tree:
        raise TraceFileError(f"place.leaf {place.leaf} is not in the tree")
    longest = 0 if place.leaf is None else tree[place.leaf].t
    if not 0 <= place.t <= longest:
        raise TraceFileError(f"place.t must lie in 0..{longest}, not {place.t}")


def _check_edits(node: Node, axes: Axes) -> None:
    try:
        check_edits(node.edits, axes["S"], axes["H"], axes["N"])
        check_attends(node.edits, node.mode.attends)
    except InputError as error:
        raise TraceFileError(f"the edits of node {node.id}: {error}") from error


def _check_annotations(annotations: Annotations, tree: RunTree) -> None:
    for i, note in enumerate(annotations.notes):
        if note.node not in tree:
            raise TraceFileError(f"notes[{i}] belongs to node {note.node}, not in the tree")
    if annotations.baseline is not None and annotations.baseline not in tree:
        raise TraceFileError(f"baseline {annotations.baseline} is not in the tree")


def _as_array(where: str, value: object) -> NDArray[Any]:
    if not isinstance(value, np.ndarray):
        raise TraceFileError(f"{where} must be an array, not {type(value).__name__}")
    return value


def check_run(run: RunRecord) -> Axes:
    """Check the arrays of a run; returns the axes S, H and N that every step shares.

    Where the source is a grid there is a further one, `ways`: two, row and column.
    """
    axes = Axes({"S": len(run.source), "ends": 2})
    axes.expect("run.states", run.states, FLOAT, "S", "H")
    axes.expect("run.words", run.words, WHOLE, "S")
    axes.expect("run.spans", run.spans, WHOLE, "S", "ends")
    axes.expect("run.mask", run.mask, BOOL, "S")
    axes.expect("run.start_state", run.start_state, FLOAT, "N")
    axes.expect("run.fixed_context", run.fixed_context, FLOAT, "H")
    if run.encoder_attention is not None:
        axes.known().expect(
            "run.encoder_attention", run.encoder_attention, FLOAT, "layers", "heads", "S", "S"
        )
    if run.picture is not None:
        axes.known(channels=3).expect(
            "run.picture", run.picture, WHOLE, "height", "width", "channels"
        )
        if run.picture.dtype != np.uint8:
            raise TraceFileError(f"run.picture must be uint8, not {run.picture.dtype}")
    if run.grid is not None:
        rows, columns = run.grid
        if rows < 1 or columns < 1 or rows * columns != axes["S"]:
            raise TraceFileError(
                f"run.grid of {rows} x {columns} does not give {axes['S']} source positions"
            )
        axes["ways"] = 2
    return axes


def _check_ids(where: str, step: StepRecord, tree: RunTree) -> None:
    if step.node not in tree:
        raise TraceFileError(f"{where} belongs to node {step.node}, which is not in the tree")
    node = tree[step.node]
    if step.edits != node.edits:
        raise TraceFileError(f"{where} has other edits than its node {node.id}")
    if (step.parent, step.t, step.token_id) != (node.parent, node.t, node.token_id):
        raise TraceFileError(
            f"{where} has parent {step.parent}, t {step.t}, token_id {step.token_id}, but its node "
            f"{node.id} has parent {node.parent}, t {node.t}, token_id {node.token_id}"
        )
    if not 0 <= step.seed <= MAX_SEED:
        raise TraceFileError(f"{where}.seed must be from 0 to 2**63-1, not {step.seed}")


def check_step(where: str, step: StepRecord, axes: Axes) -> None:
    """Check one record against the axes of its run; `where` begins the message."""
    if step.mode.weighting not in step.readings:
        raise TraceFileError(f"{where}.readings lacks the active one, {step.mode.weighting!r}")
    for kind, attention in step.attention.items():
        source = "S" if kind == CROSS else "source"
        _check_attention(f"{where}.attention[{kind!r}]", attention, axes.known(), source)
    for name, reading in step.readings.items():
        _check_reading(f"{where}.readings[{name!r}]", reading, axes)


def _check_attention(where: str, attention: AttentionRecord, axes: Axes, source: str) -> None:
    axes.expect(f"{where}.energies", attention.energies, FLOAT, "layers", "heads", source)
    axes.expect(f"{where}.alpha", attention.alpha, FLOAT, "layers", "heads", source)
    axes.expect(f"{where}.mask", attention.mask, BOOL, "layers", "heads", source)
    axes.expect(f"{where}.window", attention.window, BOOL, "layers", "heads", source)
    axes.expect(f"{where}.draw", attention.draw, FLOAT, "layers", "heads")
    axes.expect(f"{where}.sampled", attention.sampled, WHOLE, "layers", "heads")
    if attention.center is not None:
        # On a grid a row and a column.
        more = ("ways",) if "ways" in axes and np.ndim(attention.center) == 3 else ()
        axes.expect(f"{where}.center", attention.center, FLOAT, "layers", "heads", *more)
    if attention.unedited is not None:
        axes.expect(f"{where}.unedited", attention.unedited, FLOAT, "layers", "heads", source)
    sampled = attention.sampled
    if sampled.size and not (sampled.min() >= 0 and sampled.max() < axes[source]):
        raise TraceFileError(f"{where}.sampled must lie in 0..{axes[source] - 1}")


def _check_reading(where: str, reading: Reading, axes: Axes) -> None:
    axes = axes.known(K=len(reading.top_tokens))
    axes.expect(f"{where}.context", reading.context, FLOAT, "H")
    axes.expect(f"{where}.state", reading.state, FLOAT, "N")
    axes.expect(f"{where}.top_ids", reading.top_ids, WHOLE, "K")
    axes.expect(f"{where}.top_log_probs", reading.top_log_probs, FLOAT, "K")
    for name, gate in reading.gates.items():
        axes.known().expect(f"{where}.gates[{name!r}]", gate, FLOAT, "length")
