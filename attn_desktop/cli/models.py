"""`attn-desktop models`: what is shipped."""

from __future__ import annotations

import json

import msgspec

from attn_desktop.analysis.pieces import printable
from attn_desktop.cli import options
from attn_desktop.common.model_list import ModelEntry, list_models
from attn_desktop.common.paths import models_folder


def command(as_json: options.AsJson = False) -> None:
    """List the shipped models.

    JSON: a list of objects with the keys name, family, languages, trained_modes, takes (what it is
    given: text, picture, question), size_bytes, path and problem (null, or why the config cannot
    be read).
    """
    found = list_models()
    if as_json:
        objects = [msgspec.to_builtins(model) for model in found]
        for model in objects:
            del model["card"]
        print(json.dumps(objects))
    elif found:
        print("\n\n".join(_block(model) for model in found))
    else:
        print(f"no models in {printable(str(models_folder()))}")


def _block(model: ModelEntry) -> str:
    lines = [model.name]
    if model.problem is not None:
        lines.append(f"  problem    {model.problem}")
    else:
        lines.append(f"  family     {model.family}")
        lines.append(f"  languages  {' to '.join(model.languages) or 'none'}")
        modes = model.trained_modes
        lines += [f"  {'trained' if not row else '':<9}  {mode}" for row, mode in enumerate(modes)]
    lines.append(f"  size       {model.size_bytes / 1e6:.1f} MB")
    lines.append(f"  path       {model.path}")
    return "\n".join(map(printable, lines))
