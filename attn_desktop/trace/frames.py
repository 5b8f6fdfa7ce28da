"""Messages as bytes on a pipe.

The engine writes `PREAMBLE` once, so that whatever a shell or a library printed before it can be
told from the stream; from then on both directions are frames: a length of four bytes (big-endian)
and one MessagePack value, a message whose `type` names its class. Records travel whole, arrays as
{dtype, shape, bytes}.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from attn_desktop.common.errors import ProtocolError, UserError
from attn_desktop.trace.protocol import AnyReply, AnyRequest, Message
from attn_desktop.trace.tensor_file import DTYPE_CODES

PREAMBLE = b"\x00attn-desktop engine\x00\n"
LENGTH_BYTES = 4
#: Far above any message: the largest is a run of 512 positions with its picture.
MAX_FRAME_BYTES = 256 << 20


class _Array(msgspec.Struct, frozen=True):
    """An array on the wire."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


def encode_frame(message: Message) -> bytes:
    """A message with its length in front of it.

    ProtocolError where it is too large, or holds a text or an array that cannot be sent.
    """
    try:
        body = _ENCODER.encode(message)
    except UnicodeEncodeError as error:
        raise ProtocolError(
            f"a text with a lone surrogate at character {error.start} cannot be sent"
        ) from None
    if len(body) > MAX_FRAME_BYTES:
        raise ProtocolError(f"a message of {len(body)} bytes; the most is {MAX_FRAME_BYTES}")
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def decode_request(body: bytes) -> AnyRequest:
    """A message to the engine; ProtocolError for anything else."""
    request: AnyRequest = _decode(_REQUESTS, body)
    return request


def decode_reply(body: bytes) -> AnyReply:
    """A message from the engine; ProtocolError for anything else. Its arrays are read-only."""
    reply: AnyReply = _decode(_REPLIES, body)
    return reply


class FrameReader:
    """Bytes in, whole frames out, however the pipe cut them. One reader a direction."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that `data` completes; ProtocolError for a length past the bound."""
        self._buffer += data
        while len(self._buffer) >= LENGTH_BYTES:
            length = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
            if length > MAX_FRAME_BYTES:
                raise ProtocolError(f"a frame of {length} bytes; the most is {MAX_FRAME_BYTES}")
            end = LENGTH_BYTES + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[LENGTH_BYTES:end])
            del self._buffer[:end]
            yield body


def _decode(decoder: msgspec.msgpack.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    # UserError: a mode or a choice that checks itself when it is built.
    except (msgspec.DecodeError, ValueError, RecursionError, UserError) as error:
        raise ProtocolError(f"a message that cannot be read: {error}") from error


def _to_wire(value: object) -> Any:
    if isinstance(value, np.ndarray):
        dtype = value.dtype.newbyteorder("<")
        if dtype not in DTYPE_CODES:
            raise ProtocolError(f"an array of dtype {value.dtype} cannot be sent")
        return _Array(DTYPE_CODES[dtype], value.shape, value.astype(dtype, copy=False).tobytes())
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in a message")


def _from_wire(kind: type, value: object) -> Any:
    if getattr(kind, "__origin__", kind) is not np.ndarray:
        raise TypeError(f"{kind} has no place in a message")
    return _read_array(msgspec.convert(value, _Array))


def _read_array(array: _Array) -> NDArray[Any]:
    dtype = _DTYPES.get(array.dtype)
    if dtype is None or any(length < 0 for length in array.shape):
        raise ValueError(f"no array has dtype {array.dtype!r} and shape {array.shape}")
    if math.prod(array.shape) * dtype.itemsize != len(array.data):
        raise ValueError(f"{len(array.data)} bytes are no {array.dtype} of shape {array.shape}")
    # numpy takes any byte other than 0 and 1 for a bool that equals neither.
    if array.dtype == "BOOL" and not set(array.data) <= {0, 1}:
        raise ValueError("an array is BOOL but holds bytes other than 0 and 1")
    return np.frombuffer(array.data, dtype=dtype).reshape(array.shape)


_DTYPES = {code: dtype for dtype, code in DTYPE_CODES.items()}
_ENCODER = msgspec.msgpack.Encoder(enc_hook=_to_wire)
_REQUESTS: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(AnyRequest, dec_hook=_from_wire)
_REPLIES: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(AnyReply, dec_hook=_from_wire)
