"""Files that are written whole or not at all: what they replace stays until they are complete."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from attn_desktop.common.errors import ExportError

PathLike = str | os.PathLike[str]


def check_target(path: PathLike) -> None:
    """Raise ExportError where `path` cannot be a file: said before the work, not after it."""
    target = Path(path)
    if not target.parent.is_dir():
        raise ExportError(f"{target} cannot be written: there is no folder {target.parent}")
    if target.is_dir():
        raise ExportError(f"{target} cannot be written: it is a folder")
    if target.exists() and not target.is_file():
        raise ExportError(f"{target} cannot be written: it is a device or a pipe, not a file")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """An open file that takes the place of `path` when the block ends without an error."""
    temporary = path.parent / f".attn-{secrets.token_hex(8)}.tmp"
    try:
        with open(temporary, "xb", buffering=1 << 20) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):  # a first file has no old permissions to keep
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def set_aside(path: Path) -> Iterator[Path]:
    """Where to write what is to become `path`: it does when the block ends without an error.

    What an interrupted block has written stays beside `path`, to be written over by the next one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    yield unfinished
    unfinished.replace(path)


def write_whole(path: PathLike, data: bytes) -> None:
    """Put `data` in place of the file at once or not at all; ExportError names path and cause."""
    check_target(path)
    try:
        # A link stays a link: what it points to is replaced.
        with replacing(Path(path).resolve()) as file:
            file.write(data)
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}") from error
