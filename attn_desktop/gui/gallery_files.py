"""Which files a gallery is made of: those of a folder, or several that somebody chose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from attn_desktop.common.errors import InputError
from attn_desktop.gui.gallery import Entry, Gallery
from attn_desktop.gui.picture_files import SUFFIXES

#: Beyond these the rest is left out, which is said.
MOST_FILES = 5000
NO_SUFFIX = f"no picture: its name does not end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"


def gallery_of(paths: Sequence[Path]) -> Gallery:
    """The gallery of a folder, or of several files and folders, nothing of it captioned yet.

    Hidden files and the folders inside are left out. Raises InputError, naming it, for a folder
    that cannot be read.
    """
    files: list[Path] = []
    inside = 0
    for path in paths:
        if path.is_dir():
            found, folders = _look_into(path)
            files += found
            inside += folders
        else:
            files.append(path)
    files = sorted(dict.fromkeys(files), key=_in_order)
    name = _name(paths[0]) if len(paths) == 1 else f"{len(files):,} files"
    chosen = set(paths)
    entries = tuple(
        Entry(path, problem="" if path in chosen or _is_named_so(path) else NO_SUFFIX)
        for path in files[:MOST_FILES]
    )
    notes = []
    if len(files) > MOST_FILES:
        notes.append(f"only the first {MOST_FILES:,} of {len(files):,} files")
    if inside:
        notes.append(
            f"not the {inside:,} folders inside" if inside > 1 else "not the folder inside"
        )
    return Gallery(name, entries, ", ".join(notes))


def _look_into(folder: Path) -> tuple[list[Path], int]:
    """The files of a folder, and how many folders are inside."""
    try:
        found = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise InputError(f"“{_name(folder)}” cannot be read: {error.strerror or error}") from None
    files = [path for path in found if not path.is_dir()]
    return files, len(found) - len(files)


def _name(path: Path) -> str:
    return path.name or str(path)


def _is_named_so(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _in_order(path: Path) -> tuple[list[tuple[int, str]], str]:
    """By name as people count: 2 before 10."""
    parts = re.findall(r"\d+|\D+", path.name.casefold())
    # A number sorts before a text, and by its length after its zeros, which is its value.
    keyed = [
        (len(part.lstrip("0")) if part.isdecimal() else 1 << 30, part.lstrip("0") or part)
        for part in parts
    ]
    return keyed, str(path)
