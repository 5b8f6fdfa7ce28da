"""Records to a JSON document and named tensors, and back.

Unpacked records hold views of the tensors, never copies.
"""

from __future__ import annotations

from collections.abc import Mapping

from attn_desktop.common.errors import InputError, TraceFileError
from attn_desktop.common.mode import Mode
from attn_desktop.trace.annotations import Annotations, Breakpoint, Note
from attn_desktop.trace.document import (
    AnnotationsPart,
    AttentionPart,
    BreakpointPart,
    Document,
    EditPart,
    ModelPart,
    NodePart,
    NotePart,
    PlacePart,
    ProbePart,
    ReadingPart,
    RootPart,
    RunPart,
    StepPart,
    decode_settings,
    encode_number,
    encode_settings,
)
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import (
    AttentionRecord,
    ModelInfo,
    ProbeRecord,
    Reading,
    RunRecord,
    StepRecord,
)
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree
from attn_desktop.trace.stacks import (
    ATTENTION_ARRAYS,
    OPTIONAL_ATTENTION_ARRAYS,
    READING_ARRAYS,
    Path,
    pack_stacks,
    take,
    unpack_stacks,
)
from attn_desktop.trace.tensor_file import AnyArray, Parts
from attn_desktop.trace.trace import Place, Trace

RUN_ARRAYS = ("words", "spans", "states", "mask", "start_state", "fixed_context")
OPTIONAL_RUN_ARRAYS = ("picture", "encoder_attention")


def pack(trace: Trace) -> tuple[Document, dict[str, Parts]]:
    """The document of a trace and the tensors that it names."""
    tensors: dict[str, Parts] = {}
    for number, run in enumerate(trace.runs):
        for name in RUN_ARRAYS + OPTIONAL_RUN_ARRAYS:
            array = getattr(run, name)
            if array is not None:
                tensors[f"{_run_name(number)}/{name}"] = Parts((array,), stacked=False)
    stacks = pack_stacks(trace.steps, tensors)
    probes = [_pack_probe(i, probe, tensors) for i, probe in enumerate(trace.probes)]
    root = trace.tree.root
    document = Document(
        run=_pack_run(trace.run),
        root=RootPart(
            model_hash=root.model_hash, text=root.text, device=root.device, dtype=root.dtype
        ),
        nodes=[_pack_node(node) for node in trace.tree.parents_first],
        steps=[_pack_step(step) for step in trace.steps],
        stacks=stacks,
        probes=probes,
        place=_pack_place(trace.place),
        others=[_pack_run(run) for run in trace.others],
        annotations=_pack_annotations(trace.annotations),
    )
    return document, tensors


def unpack(document: Document, tensors: Mapping[str, AnyArray]) -> Trace:
    """The trace that `pack` took apart; `TraceFileError` names what is missing or left over."""
    rest = dict(tensors)
    run = _unpack_run(document.run, rest, 0)
    others = tuple(
        _unpack_run(part, rest, number) for number, part in enumerate(document.others, start=1)
    )
    root = document.root
    tree = RunTree(
        Root(root.model_hash, root.text, root.device, root.dtype),
        (_unpack_node(part, f"nodes[{i}]") for i, part in enumerate(document.nodes)),
    )
    rows = unpack_stacks(document.stacks, len(document.steps), rest)
    steps = tuple(
        _unpack_step(part, row, tree, f"steps[{i}]")
        for i, (part, row) in enumerate(zip(document.steps, rows, strict=True))
    )
    probes = tuple(
        _unpack_probe(part, rest, f"probes[{i}]") for i, part in enumerate(document.probes)
    )
    if rest:
        raise TraceFileError(f"tensor {next(iter(rest))!r} belongs to no part of the trace")
    place = document.place
    return Trace(
        run,
        tree,
        steps,
        probes,
        None if place is None else Place(place.leaf, place.t, place.run),
        others,
        _unpack_annotations(document.annotations),
    )


def _run_name(number: int) -> str:
    """What the tensors of a run begin with."""
    return "run" if number == 0 else f"run{number}"


def _pack_place(place: Place | None) -> PlacePart | None:
    return None if place is None else PlacePart(leaf=place.leaf, t=place.t, run=place.run)


def _pack_annotations(annotations: Annotations) -> AnnotationsPart:
    return AnnotationsPart(
        breakpoints=[
            BreakpointPart(condition=point.condition, enabled=point.enabled, hits=point.hits)
            for point in annotations.breakpoints
        ],
        watches=list(annotations.watches),
        notes=[
            NotePart(node=note.node, text=note.text, bookmarked=note.bookmarked)
            for note in annotations.notes
        ],
        baseline=annotations.baseline,
        layout=annotations.layout,
    )


def _unpack_annotations(part: AnnotationsPart | None) -> Annotations:
    if part is None:
        return Annotations()
    return Annotations(
        breakpoints=tuple(
            Breakpoint(point.condition, point.enabled, point.hits) for point in part.breakpoints
        ),
        watches=tuple(part.watches),
        notes=tuple(Note(note.node, note.text, note.bookmarked) for note in part.notes),
        baseline=part.baseline,
        layout=part.layout,
    )


def _pack_run(run: RunRecord) -> RunPart:
    model = run.model
    return RunPart(
        model=ModelPart(
            name=model.name,
            family=model.family,
            hash=model.hash,
            card=model.card,
            trained_modes=[str(mode) for mode in model.trained_modes],
            takes=model.takes,
            fixed_formula=model.fixed_formula,
            query_formula=model.query_formula,
        ),
        text=run.text,
        source=list(run.source),
        device=run.device,
        dtype=run.dtype,
        grid=run.grid,
        receptive_field=run.receptive_field,
        scene=run.scene,
        unknown=run.unknown,
        versions=dict(run.versions),
    )


def _unpack_run(part: RunPart, rest: dict[str, AnyArray], number: int) -> RunRecord:
    model, own = part.model, _run_name(number)
    arrays = {name: take(rest, f"{own}/{name}", own) for name in RUN_ARRAYS}
    for name in OPTIONAL_RUN_ARRAYS:
        if f"{own}/{name}" in rest:
            arrays[name] = rest.pop(f"{own}/{name}")
    return RunRecord(
        model=ModelInfo(
            name=model.name,
            family=model.family,
            hash=model.hash,
            card=model.card,
            trained_modes=tuple(Mode.parse(mode) for mode in model.trained_modes),
            takes=model.takes,
            fixed_formula=model.fixed_formula,
            query_formula=model.query_formula,
        ),
        text=part.text,
        source=tuple(part.source),
        device=part.device,
        dtype=part.dtype,
        grid=part.grid,
        receptive_field=part.receptive_field,
        scene=part.scene,
        unknown=part.unknown,
        versions=part.versions,
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
        edits=[
            EditPart(
                target=edit.target,
                how=edit.how,
                positions=list(edit.positions),
                values=list(edit.values),
                lasting=edit.lasting,
            )
            for edit in node.edits
        ],
        run=node.run,
    )


def _unpack_node(part: NodePart, where: str) -> Node:
    try:
        choice = Choice(part.how, part.temperature, part.top_k, part.top_p, part.seed)
        mode = Mode.parse(part.mode)
    except InputError as error:
        raise TraceFileError(f"{where}: {error}") from error
    edits = tuple(_unpack_edit(edit, f"{where}.edits[{i}]") for i, edit in enumerate(part.edits))
    return Node(part.id, part.parent, part.t, part.token_id, mode, choice, edits, part.run)


def _unpack_edit(part: EditPart, where: str) -> Edit:
    try:
        return Edit(part.target, part.how, tuple(part.positions), tuple(part.values), part.lasting)
    except InputError as error:
        raise TraceFileError(f"{where}: {error}") from error


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


def _unpack_step(
    part: StepPart, row: dict[Path, AnyArray], tree: RunTree, where: str
) -> StepRecord:
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
        edits=tree[part.node].edits if part.node in tree else (),
    )


def _pack_attention(record: AttentionRecord) -> AttentionPart:
    width = record.half_width
    return AttentionPart(half_width=None if width is None else encode_number(width))


def _unpack_attention(
    part: AttentionPart, path: Path, row: dict[Path, AnyArray], where: str
) -> AttentionRecord:
    arrays = {name: take(row, (*path, name), where) for name in ATTENTION_ARRAYS}
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
    arrays = {name: take(row, (*path, name), where) for name in READING_ARRAYS}
    return Reading(
        top_tokens=tuple(part.top_tokens),
        log_prob=float(part.log_prob),
        entropy=float(part.entropy),
        gates={name: take(row, (*path, "gates", name), where) for name in part.gates},
        **arrays,
    )


def _pack_probe(i: int, probe: ProbeRecord, tensors: dict[str, Parts]) -> ProbePart:
    names = {name: f"probe/{i}/{name}" for name in probe.arrays}
    for name, array in probe.arrays.items():
        tensors[names[name]] = Parts((array,), stacked=False)
    settings = encode_settings(probe.settings, f"probes[{i}].settings")
    return ProbePart(
        node=probe.node, kind=probe.kind, settings=settings, arrays=names, run=probe.run
    )


def _unpack_probe(part: ProbePart, rest: dict[str, AnyArray], where: str) -> ProbeRecord:
    return ProbeRecord(
        node=part.node,
        kind=part.kind,
        settings=decode_settings(part.settings, f"{where}.settings"),
        arrays={name: take(rest, tensor, where) for name, tensor in part.arrays.items()},
        run=part.run,
    )
