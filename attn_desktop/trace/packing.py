"""Records to a JSON document and named tensors, and back.

Arrays of the same name, dtype and shape over the steps become rows of one tensor, so that a run
of a thousand steps has some twenty tensors; ragged ones get a tensor for each shape. Unpacked
records hold views of the tensors, never copies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from attn_desktop.common.errors import TraceFileError
from attn_desktop.common.mode import Mode
from attn_desktop.trace.document import (
    AttentionPart,
    Document,
    ModelPart,
    NodePart,
    PlacePart,
    ProbePart,
    ReadingPart,
    RootPart,
    RunPart,
    StackPart,
    StepPart,
    decode_settings,
    encode_number,
    encode_settings,
)
from attn_desktop.trace.records import (
    AttentionRecord,
    ModelInfo,
    ProbeRecord,
    Reading,
    RunRecord,
    StepRecord,
)
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree
from attn_desktop.trace.tensor_file import AnyArray, Parts
from attn_desktop.trace.trace import Place, Trace

Path = tuple[str, ...]
Key = TypeVar("Key", str, Path)

RUN_ARRAYS = ("words", "spans", "states", "mask", "start_state", "fixed_context")
OPTIONAL_RUN_ARRAYS = ("picture", "encoder_attention")
ATTENTION_ARRAYS = ("energies", "mask", "window", "alpha", "draw", "sampled")
OPTIONAL_ATTENTION_ARRAYS = ("center",)
READING_ARRAYS = ("context", "state", "top_ids", "top_log_probs")


def pack(trace: Trace) -> tuple[Document, dict[str, Parts]]:
    """The document of a trace and the tensors that it names."""
    tensors: dict[str, Parts] = {}
    for name in RUN_ARRAYS + OPTIONAL_RUN_ARRAYS:
        array = getattr(trace.run, name)
        if array is not None:
            tensors[f"run/{name}"] = Parts((array,), stacked=False)
    stacks = _pack_stacks(trace.steps, tensors)
    probes = [_pack_probe(i, probe, tensors) for i, probe in enumerate(trace.probes)]
    root = trace.tree.root
    document = Document(
        run=_pack_run(trace.run),
        root=RootPart(
            model_hash=root.model_hash, text=root.text, device=root.device, dtype=root.dtype
        ),
        # By t, so that every parent comes before its children.
        nodes=[_pack_node(node) for node in sorted(trace.tree.nodes, key=lambda node: node.t)],
        steps=[_pack_step(step) for step in trace.steps],
        stacks=stacks,
        probes=probes,
        place=None if trace.place is None else PlacePart(leaf=trace.place.leaf, t=trace.place.t),
    )
    return document, tensors


def unpack(document: Document, tensors: Mapping[str, AnyArray]) -> Trace:
    """The trace that `pack` took apart; `TraceFileError` names what is missing or left over."""
    rest = dict(tensors)
    run = _unpack_run(document.run, rest)
    root = document.root
    tree = RunTree(
        Root(root.model_hash, root.text, root.device, root.dtype),
        (_unpack_node(part) for part in document.nodes),
    )
    rows = _unpack_stacks(document.stacks, len(document.steps), rest)
    steps = tuple(
        _unpack_step(part, row, f"steps[{i}]")
        for i, (part, row) in enumerate(zip(document.steps, rows, strict=True))
    )
    probes = tuple(
        _unpack_probe(part, rest, f"probes[{i}]") for i, part in enumerate(document.probes)
    )
    if rest:
        raise TraceFileError(f"tensor {next(iter(rest))!r} belongs to no part of the trace")
    place = None if document.place is None else Place(document.place.leaf, document.place.t)
    return Trace(run, tree, steps, probes, place)


def _pack_run(run: RunRecord) -> RunPart:
    model = run.model
    return RunPart(
        model=ModelPart(
            name=model.name,
            family=model.family,
            hash=model.hash,
            card=model.card,
            trained_modes=[str(mode) for mode in model.trained_modes],
        ),
        text=run.text,
        source=list(run.source),
        device=run.device,
        dtype=run.dtype,
        grid=run.grid,
    )


def _unpack_run(part: RunPart, rest: dict[str, AnyArray]) -> RunRecord:
    model = part.model
    arrays = {name: _take(rest, f"run/{name}", "run") for name in RUN_ARRAYS}
    for name in OPTIONAL_RUN_ARRAYS:
        if f"run/{name}" in rest:
            arrays[name] = rest.pop(f"run/{name}")
    return RunRecord(
        model=ModelInfo(
            name=model.name,
            family=model.family,
            hash=model.hash,
            card=model.card,
            trained_modes=tuple(Mode.parse(mode) for mode in model.trained_modes),
        ),
        text=part.text,
        source=tuple(part.source),
        device=part.device,
        dtype=part.dtype,
        grid=part.grid,
        **arrays,
    )


def _pack_node(node: Node) -> NodePart:
    choice = node.choice
    return NodePart(
        id=node.id,
        parent=node.parent,
        t=node.t,
        token_id=node.token_id,
        mode=str(node.mode),
        how=choice.how,
        temperature=choice.temperature,
        top_k=choice.top_k,
        top_p=choice.top_p,
        seed=choice.seed,
    )


def _unpack_node(part: NodePart) -> Node:
    choice = Choice(part.how, part.temperature, part.top_k, part.top_p, part.seed)
    return Node(part.id, part.parent, part.t, part.token_id, Mode.parse(part.mode), choice)


def _pack_step(step: StepRecord) -> StepPart:
    return StepPart(
        node=step.node,
        parent=step.parent,
        t=step.t,
        mode=str(step.mode),
        token_in=step.token_in,
        token_in_id=step.token_in_id,
        token=step.token,
        token_id=step.token_id,
        chosen_by=step.chosen_by,
        seed=step.seed,
        trained=step.trained,
        is_end=step.is_end,
        attention={kind: _pack_attention(record) for kind, record in step.attention.items()},
        readings={name: _pack_reading(reading) for name, reading in step.readings.items()},
    )


def _unpack_step(part: StepPart, row: dict[Path, AnyArray], where: str) -> StepRecord:
    attention = {
        kind: _unpack_attention(item, ("attention", kind), row, where)
        for kind, item in part.attention.items()
    }
    readings = {
        name: _unpack_reading(item, ("readings", name), row, where)
        for name, item in part.readings.items()
    }
    if row:
        raise TraceFileError(f"{where} does not know its array {'/'.join(next(iter(row)))!r}")
    return StepRecord(
        node=part.node,
        parent=part.parent,
        t=part.t,
        mode=Mode.parse(part.mode),
        token_in=part.token_in,
        token_in_id=part.token_in_id,
        token=part.token,
        token_id=part.token_id,
        chosen_by=part.chosen_by,
        seed=part.seed,
        trained=part.trained,
        is_end=part.is_end,
        attention=attention,
        readings=readings,
    )


def _pack_attention(record: AttentionRecord) -> AttentionPart:
    width = record.half_width
    return AttentionPart(half_width=None if width is None else encode_number(width))


def _unpack_attention(
    part: AttentionPart, path: Path, row: dict[Path, AnyArray], where: str
) -> AttentionRecord:
    arrays = {name: _take(row, (*path, name), where) for name in ATTENTION_ARRAYS}
    for name in OPTIONAL_ATTENTION_ARRAYS:
        if (*path, name) in row:
            arrays[name] = row.pop((*path, name))
    width = None if part.half_width is None else float(part.half_width)
    return AttentionRecord(half_width=width, **arrays)


def _pack_reading(reading: Reading) -> ReadingPart:
    return ReadingPart(
        top_tokens=list(reading.top_tokens),
        log_prob=encode_number(reading.log_prob),
        entropy=encode_number(reading.entropy),
        gates=list(reading.gates),
    )


def _unpack_reading(
    part: ReadingPart, path: Path, row: dict[Path, AnyArray], where: str
) -> Reading:
    arrays = {name: _take(row, (*path, name), where) for name in READING_ARRAYS}
    return Reading(
        top_tokens=tuple(part.top_tokens),
        log_prob=float(part.log_prob),
        entropy=float(part.entropy),
        gates={name: _take(row, (*path, "gates", name), where) for name in part.gates},
        **arrays,
    )


def _pack_probe(i: int, probe: ProbeRecord, tensors: dict[str, Parts]) -> ProbePart:
    names = {name: f"probe/{i}/{name}" for name in probe.arrays}
    for name, array in probe.arrays.items():
        tensors[names[name]] = Parts((array,), stacked=False)
    settings = encode_settings(probe.settings, f"probes[{i}].settings")
    return ProbePart(node=probe.node, kind=probe.kind, settings=settings, arrays=names)


def _unpack_probe(part: ProbePart, rest: dict[str, AnyArray], where: str) -> ProbeRecord:
    return ProbeRecord(
        node=part.node,
        kind=part.kind,
        settings=decode_settings(part.settings, f"{where}.settings"),
        arrays={name: _take(rest, tensor, where) for name, tensor in part.arrays.items()},
    )


def _pack_stacks(steps: Sequence[StepRecord], tensors: dict[str, Parts]) -> list[StackPart]:
    """Group the arrays of all steps by path, dtype and shape; each group becomes a tensor."""
    groups: dict[tuple[Path, str, tuple[int, ...]], list[tuple[int, AnyArray]]] = {}
    for i, step in enumerate(steps):
        for path, array in _step_arrays(step):
            groups.setdefault((path, array.dtype.str, array.shape), []).append((i, array))
    stacks: list[StackPart] = []
    for (path, _, _), members in groups.items():
        # The number keeps names apart: ragged arrays share a path.
        name = f"step/{'/'.join(path)}#{len(stacks)}"
        tensors[name] = Parts([array for _, array in members], stacked=True)
        whole = len(members) == len(steps)
        positions = None if whole else [i for i, _ in members]
        stacks.append(StackPart(path=list(path), tensor=name, steps=positions))
    return stacks


def _unpack_stacks(
    stacks: Sequence[StackPart], count: int, rest: dict[str, AnyArray]
) -> list[dict[Path, AnyArray]]:
    """For each of `count` steps its arrays by path."""
    rows: list[dict[Path, AnyArray]] = [{} for _ in range(count)]
    for number, stack in enumerate(stacks):
        where = f"stacks[{number}]"
        tensor = _take(rest, stack.tensor, where)
        positions = range(count) if stack.steps is None else stack.steps
        if tensor.ndim == 0 or tensor.shape[0] != len(positions):
            raise TraceFileError(
                f"{where}: tensor {stack.tensor!r} has shape {tensor.shape}; "
                f"its first axis must be {len(positions)} steps long"
            )
        path = tuple(stack.path)
        for k, i in enumerate(positions):
            if not 0 <= i < count or path in rows[i]:
                raise TraceFileError(f"{where}.steps names step {i} twice or beyond {count} steps")
            rows[i][path] = tensor[k, ...]  # the ellipsis keeps a view where a row is one number
    return rows


def _step_arrays(step: StepRecord) -> Iterator[tuple[Path, AnyArray]]:
    for kind, record in step.attention.items():
        for name in ATTENTION_ARRAYS + OPTIONAL_ATTENTION_ARRAYS:
            array = getattr(record, name)
            if array is not None:
                yield ("attention", kind, name), array
    for weighting, reading in step.readings.items():
        for name in READING_ARRAYS:
            yield ("readings", weighting, name), getattr(reading, name)
        for name, array in reading.gates.items():
            yield ("readings", weighting, "gates", name), array


def _take(arrays: dict[Key, AnyArray], key: Key, where: str) -> AnyArray:
    """Remove an array from those not used yet."""
    if key not in arrays:
        name = key if isinstance(key, str) else "/".join(key)
        raise TraceFileError(f"{where} lacks its array {name!r}")
    return arrays.pop(key)
