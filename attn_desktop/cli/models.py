"""`attn-desktop models`: what is shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from attn_desktop.analysis.pieces import printable
from attn_desktop.cli import options
from attn_desktop.common.paths import models_folder, shipped_models


class _Config(msgspec.Struct):
    """What the list shows of a config.json; whether the rest holds together shows on opening."""

    family: str
    trained_modes: list[str]
    source_language: str | None = None
    target_language: str | None = None


def command(as_json: options.AsJson = False) -> None:
    """List the shipped models.

    JSON: a list of objects with the keys name, family, languages, trained_modes, size_bytes, path
    and problem (null, or why the config cannot be read).
    """
    found = [describe(folder) for folder in shipped_models()]
    if as_json:
        print(json.dumps(found))
    elif found:
        print("\n\n".join(_block(model) for model in found))
    else:
        print(f"no models in {printable(str(models_folder()))}")


def describe(folder: Path) -> dict[str, Any]:
    """One model as plain values, from its config alone: nothing here needs torch."""
    model: dict[str, Any] = {
        "name": folder.name,
        "family": None,
        "languages": [],
        "trained_modes": [],
        "size_bytes": sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        "path": str(folder),
        "problem": None,
    }
    try:
        config = msgspec.json.decode((folder / "config.json").read_bytes(), type=_Config)
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        model["problem"] = f"config.json: {error}"
        return model
    languages = [config.source_language, config.target_language]
    model["family"] = config.family
    model["languages"] = [language for language in languages if language is not None]
    model["trained_modes"] = config.trained_modes
    return model


def _block(model: dict[str, Any]) -> str:
    lines = [model["name"]]
    if model["problem"] is not None:
        lines.append(f"  problem    {model['problem']}")
    else:
        lines.append(f"  family     {model['family']}")
        lines.append(f"  languages  {' to '.join(model['languages']) or 'none'}")
        modes = model["trained_modes"]
        lines += [f"  {'trained' if not row else '':<9}  {mode}" for row, mode in enumerate(modes)]
    lines.append(f"  size       {model['size_bytes'] / 1e6:.1f} MB")
    lines.append(f"  path       {model['path']}")
    return "\n".join(map(printable, lines))
