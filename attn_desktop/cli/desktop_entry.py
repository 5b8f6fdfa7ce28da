"""`attn-desktop desktop-entry`: the program in the menu of a Linux desktop, with its icon."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from attn_desktop.analysis.pieces import printable
from attn_desktop.common.errors import InputError
from attn_desktop.common.paths import resources_folder

NAME = "attn-desktop"


def command(
    remove: Annotated[bool, typer.Option("--remove", help="Take them out again.")] = False,
) -> None:
    """Put the window into the menu of a Linux desktop, for this user."""
    if not sys.platform.startswith("linux"):
        raise InputError(
            "only desktops of Linux have such entries; make a shortcut to the command attn-desktop"
        )
    places = _places()
    if remove:
        for place in places.values():
            print(printable(f"{'removed' if _remove(place) else 'not there'}  {place}"))
        return
    for source, place in places.items():
        text = source.read_text(encoding="utf-8")
        if place.suffix == ".desktop":
            text = _with_program(text)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        print(printable(f"written  {place}"))


def _places() -> dict[Path, Path]:
    """Each shipped file and where the desktop looks for it."""
    # An empty or relative path is to be ignored, says the XDG base directory specification.
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    if not data.is_absolute():
        data = Path.home() / ".local" / "share"
    shipped = resources_folder()
    return {
        shipped / "desktop" / f"{NAME}.desktop": data / "applications" / f"{NAME}.desktop",
        shipped / "icons" / f"{NAME}.svg": data
        / "icons"
        / "hicolor"
        / "scalable"
        / "apps"
        / f"{NAME}.svg",
    }


def _with_program(entry: str) -> str:
    """The entry with the whole path of the program: a desktop knows no virtual environments."""
    program = shutil.which(NAME, path=str(Path(sys.executable).parent)) or shutil.which(NAME)
    if program is None:
        return entry
    lines = entry.splitlines()
    for row, line in enumerate(lines):
        if line == f"Exec={NAME}":
            lines[row] = f"Exec={_quoted(program)}"
        elif line == f"TryExec={NAME}":
            lines[row] = f"TryExec={_escaped(program)}"
    return "\n".join(lines) + "\n"


def _quoted(program: str) -> str:
    """An argument of Exec: quoted, then escaped like every value of the file."""
    quoted = program.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`")
    quoted = quoted.replace("$", "\\$").replace("%", "%%")
    return _escaped(f'"{quoted}"')


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
