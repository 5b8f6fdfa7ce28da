"""The JSON document inside an `.attn` file: everything of a trace that is not an array.

Each class lists the keys that a file may hold; a missing, unknown or wrongly typed one is refused
with its place (`$.steps[3].t`). JSON has neither NaN nor infinities, but a log-probability may be
-inf: those are written as strings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from attn_desktop.common.errors import TraceFileError
from attn_desktop.trace.annotations import MAX_TEXT
from attn_desktop.trace.run_tree import MAX_SEED, How

MAX_SETTINGS_DEPTH = 32
FLOAT_TAG = "$float"

ShortText = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Number = float | Literal["nan", "inf", "-inf"]


class Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of all parts of the document."""


class ModelPart(Strict):
    """`ModelInfo`; the modes written as `score/scope/weighting`."""

    name: str
    family: str
    hash: str
    card: str
    trained_modes: list[str]
    takes: tuple[str, ...] = ("text",)
    fixed_formula: str = "c_t = [→h_S; ←h_1]"
    query_formula: str = ""


class RunPart(Strict):
    """`RunRecord` without its arrays: the tensors `run/<field>`."""

    model: ModelPart
    text: str
    source: list[str]
    device: str
    dtype: str
    grid: tuple[int, int] | None
    receptive_field: float | None = None
    scene: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEED)] | None = None
    unknown: tuple[str, ...] = ()
    versions: dict[str, str] = {}


class RootPart(Strict):
    """`Root` of the tree."""

    model_hash: str
    text: str
    device: str
    dtype: str


class EditPart(Strict):
    """`Edit`."""

    target: str
    how: str
    positions: list[int] = []
    values: list[float] = []
    lasting: bool = False


class NodePart(Strict):
    """`Node` and its `Choice`, parents before children. Its step has the same edits."""

    id: int
    parent: int | None
    t: int
    token_id: int
    mode: str
    how: How
    temperature: float
    top_k: int | None
    top_p: float | None
    seed: int
    edits: list[EditPart] = []
    run: int = 0


class AttentionPart(Strict):
    """`AttentionRecord` without its arrays."""

    half_width: Number | None


class ReadingPart(Strict):
    """`Reading` without its arrays; gates: their names."""

    top_tokens: list[str]
    log_prob: Number
    entropy: Number
    gates: list[str]


class StepPart(Strict):
    """`StepRecord` without its arrays: those are rows of the stacks."""

    node: int
    parent: int | None
    t: int
    mode: str
    token_in: str
    token_in_id: int
    token: str
    token_id: int
    chosen_by: str
    seed: int
    trained: bool
    is_end: bool
    attention: dict[str, AttentionPart]
    readings: dict[str, ReadingPart]


class StackPart(Strict):
    """One array of several steps in one tensor: row i belongs to steps[i].

    path: of the array within its step, such as [attention, cross, alpha].
    steps: positions in the document's `steps`; None for all of them in order.
    """

    path: list[str]
    tensor: str
    steps: list[int] | None


class ProbePart(Strict):
    """`ProbeRecord`; arrays: the name of the tensor that holds each."""

    node: int | None
    kind: str
    settings: dict[str, Any]
    arrays: dict[str, str]
    run: int = 0


class PlacePart(Strict):
    """`Place`."""

    leaf: int | None
    t: int
    run: int = 0


class BreakpointPart(Strict):
    """`Breakpoint`."""

    condition: ShortText
    enabled: bool
    hits: int


class NotePart(Strict):
    """`Note`."""

    node: int
    text: ShortText
    bookmarked: bool


class AnnotationsPart(Strict):
    """`Annotations`."""

    breakpoints: list[BreakpointPart]
    watches: list[ShortText]
    notes: list[NotePart]
    baseline: int | None
    layout: str


class Document(Strict):
    """All of it."""

    run: RunPart
    root: RootPart
    nodes: list[NodePart]
    steps: list[StepPart]
    stacks: list[StackPart]
    probes: list[ProbePart]
    place: PlacePart | None = None
    others: list[RunPart] = []
    annotations: AnnotationsPart | None = None


def encode_document(document: Document) -> str:
    """JSON text, safe to read back; `TraceFileError` if a value has no place in it."""
    try:
        encoded = msgspec.json.encode(document, enc_hook=_plain_scalar)
        # A record with a wrongly typed field must fail now, not when the file is all that is left.
        msgspec.json.decode(encoded, type=Document)
    except (TypeError, ValueError, RecursionError) as error:
        raise TraceFileError(f"the trace cannot be written: {error}") from error
    return encoded.decode()


def encode_number(value: float) -> Number:
    """A float that JSON can hold: itself, or the name of what JSON lacks."""
    value = float(value)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def encode_settings(settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Plain JSON values, in which floats that JSON lacks become {"$float": "nan"}.

    Raises `TraceFileError`, naming the key after `where`, for anything but None, bool, int,
    float, str, list, tuple (which comes back as a list) and dict with str keys.
    """
    return {
        _escaped(key, where): _encode_value(value, f"{where}[{key!r}]", MAX_SETTINGS_DEPTH)
        for key, value in settings.items()
    }


def decode_settings(settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Undo `encode_settings`."""
    return {
        _unescaped(key): _decode_value(value, f"{where}[{key!r}]", MAX_SETTINGS_DEPTH)
        for key, value in settings.items()
    }


def _encode_value(value: Any, where: str, depth: int) -> Any:
    _check_depth(where, depth)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        number = encode_number(value)
        return {FLOAT_TAG: number} if isinstance(number, str) else number
    if isinstance(value, list | tuple):
        return [_encode_value(item, f"{where}[{i}]", depth - 1) for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {
            _escaped(key, where): _encode_value(item, f"{where}[{key!r}]", depth - 1)
            for key, item in value.items()
        }
    raise TraceFileError(
        f"{where} is of type {type(value).__name__}; settings hold plain JSON values only"
    )


def _decode_value(value: Any, where: str, depth: int) -> Any:
    _check_depth(where, depth)
    if isinstance(value, list):
        return [_decode_value(item, f"{where}[{i}]", depth - 1) for i, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if value.keys() == {FLOAT_TAG}:
        if value[FLOAT_TAG] not in ("nan", "inf", "-inf"):
            raise TraceFileError(f"{where} must be nan, inf or -inf, not {value[FLOAT_TAG]!r}")
        return float(value[FLOAT_TAG])
    return {
        _unescaped(key): _decode_value(item, f"{where}[{key!r}]", depth - 1)
        for key, item in value.items()
    }


def _check_depth(where: str, depth: int) -> None:
    if depth < 0:
        raise TraceFileError(f"{where} is nested deeper than {MAX_SETTINGS_DEPTH} levels")


def _escaped(key: object, where: str) -> str:
    if not isinstance(key, str):
        raise TraceFileError(f"{where} has the key {key!r}; settings have str keys only")
    return f"${key}" if key.startswith("$") else key


def _unescaped(key: str) -> str:
    return key[1:] if key.startswith("$") else key


def _plain_scalar(value: Any) -> Any:
    """numpy scalars are numbers to whoever filled a record, so they are numbers here."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
