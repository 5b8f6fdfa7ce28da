"""The arrays of many steps as few tensors, and back.

Arrays of the same name, dtype and shape over the steps become rows of one tensor, so that a run
of a thousand steps has some twenty tensors; ragged ones get a tensor for each shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from attn_desktop.common.errors import TraceFileError
from attn_desktop.trace.document import StackPart
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.tensor_file import AnyArray, Parts

#: Where an array is within its step, such as (attention, cross, alpha).
Path = tuple[str, ...]
Key = TypeVar("Key", str, Path)

ATTENTION_ARRAYS = ("energies", "mask", "window", "alpha", "draw", "sampled")
OPTIONAL_ATTENTION_ARRAYS = ("center", "unedited")
READING_ARRAYS = ("context", "state", "top_ids", "top_log_probs")


def pack_stacks(steps: Sequence[StepRecord], tensors: dict[str, Parts]) -> list[StackPart]:
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


def unpack_stacks(
    stacks: Sequence[StackPart], count: int, rest: dict[str, AnyArray]
) -> list[dict[Path, AnyArray]]:
    """For each of `count` steps its arrays by path."""
    rows: list[dict[Path, AnyArray]] = [{} for _ in range(count)]
    for number, stack in enumerate(stacks):
        where = f"stacks[{number}]"
        tensor = take(rest, stack.tensor, where)
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


def take(arrays: dict[Key, AnyArray], key: Key, where: str) -> AnyArray:
    """Remove an array from those not used yet."""
    if key not in arrays:
        name = key if isinstance(key, str) else "/".join(key)
        raise TraceFileError(f"{where} lacks its array {name!r}")
    return arrays.pop(key)
