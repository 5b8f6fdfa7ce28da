"""`.attn` files: a trace, a capture and a saved document are the same kind of file.

A valid safetensors file, so that other programs read its tensors, with three metadata strings:
format `attn`, version and the JSON document. Saving replaces the old file at once or not at all;
loading maps the file and copies nothing but the document.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attn_desktop.common.errors import TraceFileError, UserError
from attn_desktop.common.whole_file import replacing
from attn_desktop.trace.document import Document, encode_document
from attn_desktop.trace.packing import pack, unpack
from attn_desktop.trace.tensor_file import decode_json, read_tensors, write_tensors
from attn_desktop.trace.trace import Trace, check_trace

__all__ = ["FORMAT", "VERSION", "Trace", "load_trace", "save_trace"]

FORMAT = "attn"
VERSION = 2


def save_trace(trace: Trace, path: str | os.PathLike[str]) -> None:
    """Write `trace` to `path`, replacing what is there only once the new file is complete.

    Raises `TraceFileError`, naming path and cause, for a full disk, a missing folder or a record
    that does not hold together; the old file is then as it was.
    """
    with _naming(path, "written"):
        check_trace(trace)
        document, tensors = pack(trace)
        metadata = {
            "format": FORMAT,
            "version": str(VERSION),
            "document": encode_document(document),
        }
        # A link stays a link: what it points to is replaced.
        with replacing(Path(path).resolve()) as file:
            write_tensors(file, tensors, metadata)


def load_trace(path: str | os.PathLike[str]) -> Trace:
    """Read a trace; its arrays are read-only views of the mapped file.

    Raises `TraceFileError`, naming path and cause, for anything but a whole `.attn` file of a
    version up to this program's.
    """
    with _naming(path, "read"):
        _check_is_file(Path(path))
        with open(path, "rb") as file:
            metadata, tensors = read_tensors(file)
        trace = unpack(_read_document(metadata), tensors)
        check_trace(trace)
        return trace


@contextmanager
def _naming(path: str | os.PathLike[str], done: str) -> Iterator[None]:
    """Turn every error about a file into a `TraceFileError` that names it."""
    try:
        yield
    except UserError as error:
        raise TraceFileError(f"{os.fspath(path)}: {error}") from error
    except OSError as error:
        cause = error.strerror or str(error)
        raise TraceFileError(f"{os.fspath(path)} cannot be {done}: {cause}") from error


def _check_is_file(path: Path) -> None:
    if path.is_dir():
        raise TraceFileError("this is a folder; an .attn file is needed")
    # Opening a pipe would wait for a writer, and a device has no end.
    if path.exists() and not path.is_file():
        raise TraceFileError("this is not a regular file; an .attn file is needed")


def _read_document(metadata: dict[str, str]) -> Document:
    """The document of a file whose format and version this program knows."""
    if metadata.get("format") != FORMAT:
        raise TraceFileError(
            f"this is a safetensors file of format {metadata.get('format')!r}, "
            f"not an .attn file, whose format is {FORMAT!r}"
        )
    version = metadata.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10) or int(version) < 1:
        raise TraceFileError(f"its version {version!r} is not a number from 1 to {VERSION}")
    if int(version) > VERSION:
        raise TraceFileError(
            f"written by a newer version ({version}); this program reads up to {VERSION}"
        )
    if "document" not in metadata:
        raise TraceFileError("its header lacks the metadata key 'document'")
    return decode_json(metadata["document"], Document, "document")
