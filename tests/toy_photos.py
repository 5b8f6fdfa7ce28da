"""Toy pictures with captions on disk: folders, zip files and tables, whole and broken."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from tests.toy_seers import toy_picture

HEADER = ("image", "caption")


def png(seed: int = 0) -> bytes:
    """The bytes of an image file: `toy_picture` of this seed, which PNG keeps as it is."""
    buffer = io.BytesIO()
    Image.fromarray(toy_picture(seed)).save(buffer, "PNG")
    return buffer.getvalue()


def picture_folder(folder: Path, names: Sequence[str]) -> Path:
    """A folder, made if need be, with pictures of these names: seed 0, 1, …"""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(names):
        (folder / name).write_bytes(png(seed))
    return folder


def zip_of(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """A zip file of these members."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def spoil(path: Path, before: bytes, after: bytes) -> Path:
    """Change bytes of a file, which must be there."""
    data = path.read_bytes()
    assert before in data
    path.write_bytes(data.replace(before, after))
    return path


def caption_table(
    path: Path, rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER
) -> Path:
    """A table of captions, gzipped if its name says so."""
    data = "".join("\t".join(row) + "\n" for row in [header, *rows]).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
