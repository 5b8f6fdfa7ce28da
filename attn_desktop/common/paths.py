"""Where the shipped models and resources are.

In a checkout (and an editable install) both folders stand beside the package; the wheel carries
them inside it, below `_data`.
"""

from __future__ import annotations

import os
from pathlib import Path

from attn_desktop.common.errors import CheckpointError

_PACKAGE = Path(__file__).resolve().parents[1]
_INSTALLED_DATA = _PACKAGE / "_data"


def _data_folder(name: str) -> Path:
    # The installed place first: beside an installed package lie other people's packages, and
    # one of them may well be called `models`.
    root = _INSTALLED_DATA if _INSTALLED_DATA.is_dir() else _PACKAGE.parent
    return root / name


def models_folder() -> Path:
    """The folder of the shipped checkpoints; it need not exist."""
    return _data_folder("models")


def resources_folder() -> Path:
    """The folder of icons, sample inputs and lessons; it need not exist."""
    return _data_folder("resources")


def shipped_models() -> list[Path]:
    """The shipped checkpoints, by name: the folders in `models_folder()` with a config.json."""
    return sorted(config.parent for config in models_folder().glob("*/config.json"))


def resolve_model(name: str) -> Path:
    """The folder of the model that a user calls `name`.

    An existing folder wins; otherwise `models/NAME` and `NAME` mean a shipped model. Whether the
    folder holds a usable checkpoint shows when it is opened.

    Raises CheckpointError, which lists the shipped models, if there is no such folder.
    """
    # os.path.isdir, because Path.is_dir raises for names that are too long or not readable.
    if name.strip() and os.path.isdir(name):
        return Path(name)
    shipped = {folder.name: folder for folder in shipped_models()}
    parts = Path(name).parts
    if len(parts) == 2 and parts[0] == "models":
        parts = parts[1:]
    if len(parts) == 1 and parts[0] in shipped:
        return shipped[parts[0]]
    what = "is a file, but a model is a folder" if os.path.isfile(name) else "is no folder"
    listed = ", ".join(f"models/{found}" for found in shipped) or "none"
    raise CheckpointError(
        f"{name!r} {what} and no shipped model; give the path of a model's folder "
        f"or the name of a shipped one: {listed}"
    )
