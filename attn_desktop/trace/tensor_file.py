"""Reading and writing the bytes of a safetensors file: memory-mapped, every size checked.

Layout: 8 bytes header length n (little-endian), n bytes of JSON, then the tensors without gaps
(https://github.com/huggingface/safetensors#format). Written by hand because the library wants
every tensor as one block of bytes in memory and hides the cause of a failed write; read by hand
because it copies, and because a damaged file has to be told from a missing one. The messages of
`TraceFileError` here do not name the file: the caller knows its path.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from attn_desktop.common.errors import TraceFileError

AnyArray = NDArray[Any]
T = TypeVar("T")

# Little-endian by the format, whatever the machine.
DTYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "F16": np.dtype("<f2"),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "F32": np.dtype("<f4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F64": np.dtype("<f8"),
}
DTYPE_CODES = {dtype: code for code, dtype in DTYPES.items()}

LENGTH_BYTES = 8
MAX_HEADER_BYTES = 100_000_000  # the bound of the safetensors library itself
MAX_AXES = 32  # numpy's own bound before 2.0
METADATA = "__metadata__"


class TensorEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the header says of one tensor; the offsets count from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


@dataclass(frozen=True)
class Parts:
    """A tensor yet to be written, (n, *shape) if `stacked`: n equal parts, never copied together.

    parts: arrays of one dtype and shape; exactly one of them, written as it is, if not `stacked`.
    """

    parts: Sequence[AnyArray]
    stacked: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor in the file."""
        shape = self.parts[0].shape
        return (len(self.parts), *shape) if self.stacked else shape


def write_tensors(
    file: BinaryIO, tensors: Mapping[str, Parts], metadata: Mapping[str, str]
) -> None:
    """Write a safetensors file of `tensors` and string `metadata` to an open binary `file`.

    Raises `TraceFileError` for a dtype that the format lacks or a header past its bound.
    """
    codes = {name: _dtype_code(name, tensor.parts[0].dtype) for name, tensor in tensors.items()}
    # Widest first, so that every tensor starts at a multiple of its own item size.
    names = sorted(tensors, key=lambda name: (-DTYPES[codes[name]].itemsize, name))
    header: dict[str, Any] = {METADATA: dict(metadata)}
    end = 0
    for name in names:
        shape = tensors[name].shape
        begin, end = end, end + math.prod(shape) * DTYPES[codes[name]].itemsize
        header[name] = TensorEntry(codes[name], shape, (begin, end))
    encoded = msgspec.json.encode(header)
    encoded += b" " * (-len(encoded) % LENGTH_BYTES)
    if len(encoded) > MAX_HEADER_BYTES:
        raise TraceFileError(
            f"the header would take {len(encoded)} bytes, the format allows {MAX_HEADER_BYTES}; "
            "save fewer branches or probes"
        )
    file.write(len(encoded).to_bytes(LENGTH_BYTES, "little"))
    file.write(encoded)
    for name in names:
        for part in tensors[name].parts:
            file.write(part.astype(DTYPES[codes[name]], copy=False).tobytes())


def read_tensors(file: BinaryIO) -> tuple[dict[str, str], dict[str, AnyArray]]:
    """Metadata and tensors of an open safetensors `file`.

    The tensors are read-only views of one memory map, which outlives the closing of `file`.
    Raises `TraceFileError` for anything that is not a whole, well-formed file.
    """
    size = os.fstat(file.fileno()).st_size
    metadata, entries, data_start = _read_header(file, size)
    _check_layout(entries, size - data_start)
    mapped = np.memmap(file, dtype=np.uint8, mode="r")
    data = mapped.view(np.ndarray)[data_start:]
    return metadata, {name: _view(name, entry, data) for name, entry in entries.items()}


def decode_json(data: bytes | str | msgspec.Raw, type: type[T], what: str) -> T:
    """Decode JSON of a known type; `TraceFileError` names `what` and the key at fault.

    Nesting is bounded by the interpreter's recursion limit, size by the header's.
    """
    try:
        return msgspec.json.decode(data, type=type)
    except (ValueError, RecursionError) as error:
        raise TraceFileError(f"its {what} cannot be read: {error}") from error


def _dtype_code(name: str, dtype: np.dtype[Any]) -> str:
    code = DTYPE_CODES.get(dtype.newbyteorder("<"))
    if code is None:
        raise TraceFileError(
            f"array {name!r} has dtype {dtype}, which a file cannot hold; use one of: "
            + ", ".join(str(valid) for valid in DTYPE_CODES)
        )
    return code


def _read_header(file: BinaryIO, size: int) -> tuple[dict[str, str], dict[str, TensorEntry], int]:
    """Metadata, entries and the offset of the first data byte."""
    if size == 0:
        raise TraceFileError("the file is empty; an .attn file holds at least a header")
    if size < LENGTH_BYTES:
        raise TraceFileError(f"the file is cut short: {size} bytes do not hold a header length")
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    if length > MAX_HEADER_BYTES:
        raise TraceFileError(
            f"this is not an .attn file: its header would take {length} bytes, "
            f"at most {MAX_HEADER_BYTES} are allowed"
        )
    if length > size - LENGTH_BYTES:
        raise TraceFileError(
            f"the file is cut short or not an .attn file: its header takes {length} bytes, "
            f"but only {size - LENGTH_BYTES} follow"
        )
    raw = decode_json(file.read(length), dict[str, msgspec.Raw], "header")
    metadata = decode_json(raw.pop(METADATA, msgspec.Raw(b"{}")), dict[str, str], METADATA)
    entries = {
        name: decode_json(part, TensorEntry, f"tensor {name!r}") for name, part in raw.items()
    }
    return metadata, entries, LENGTH_BYTES + length


def _check_layout(entries: Mapping[str, TensorEntry], data_size: int) -> None:
    """The tensors must fill the data exactly: none outside, none overlapping, no gap."""
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1].data_offsets):
        where = f"tensor {name!r} (dtype {entry.dtype}, shape {list(entry.shape)})"
        if entry.dtype not in DTYPES:
            raise TraceFileError(f"{where} has no known dtype; valid are: {', '.join(DTYPES)}")
        if len(entry.shape) > MAX_AXES or any(length < 0 for length in entry.shape):
            raise TraceFileError(f"{where} needs up to {MAX_AXES} axes, each of length 0 or more")
        itemsize = DTYPES[entry.dtype].itemsize
        # An axis of length 0 must not hide others past any memory: numpy refuses those late.
        if math.prod(max(length, 1) for length in entry.shape) * itemsize >= 2**63:
            raise TraceFileError(f"{where} is larger than any file")
        begin, stop = entry.data_offsets
        needed = math.prod(entry.shape) * itemsize
        if stop - begin != needed:
            raise TraceFileError(
                f"{where} needs {needed} bytes, "
                f"its data_offsets {begin}..{stop} hold {stop - begin}"
            )
        if begin != end:
            raise TraceFileError(f"{where} begins at byte {begin} of the data instead of {end}")
        end = stop
    if end > data_size:
        raise TraceFileError(
            f"the file is cut short: its tensors take {end} bytes, {data_size} are there"
        )
    if end < data_size:
        raise TraceFileError(f"{data_size - end} bytes follow the last tensor; none should")


def _view(name: str, entry: TensorEntry, data: NDArray[np.uint8]) -> AnyArray:
    block = data[slice(*entry.data_offsets)]
    # numpy takes any byte other than 0 and 1 for a bool that equals neither.
    if entry.dtype == "BOOL" and block.size and block.max() > 1:
        raise TraceFileError(f"tensor {name!r} is BOOL but holds bytes other than 0 and 1")
    return block.view(DTYPES[entry.dtype]).reshape(entry.shape)
