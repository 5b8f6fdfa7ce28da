"""Weights of an encoder of pictures, from any safetensors file that holds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from attn_desktop.common.errors import InputError
from attn_desktop.families.vision import Vision, VisionConfig

#: How the names of an encoder's weights begin in a file that holds others beside them.
EYES = "vision."
CONFIG = "config.json"


def load_eyes(vision: Vision, path: Path) -> None:
    """Fill an encoder with the weights of a file: of the encoder alone, or of a whole checkpoint.

    Raises InputError, naming the file and the weights, where any are missing or of another shape.
    """
    wanted = vision.state_dict()
    alone = next(iter(wanted)) in _names(path)
    fill(wanted, path, "" if alone else EYES)


def eyes_config(path: Path, default: VisionConfig) -> VisionConfig:
    """The shape of the encoder whose weights a file holds: of the config.json beside it.

    That is a checkpoint's, with a part `vision`, or this part alone; without one the default.
    Raises InputError naming the file where it is neither.
    """
    place = path.with_name(CONFIG)
    if not place.is_file():
        return default
    try:
        raw = json.loads(place.read_text(encoding="utf-8"))
        part = raw.get("vision", {} if "family" in raw else raw)
        return msgspec.convert(part, VisionConfig, strict=True)
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{place}: describes no encoder of pictures ({error})") from None


def fill(wanted: Mapping[str, Tensor], path: Path, prefix: str) -> None:
    """Copy tensors of a file into those of the same names, a prefix added to each.

    Raises InputError, naming the file and the tensor, where any is missing or does not fit.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            there = set(file.keys())
            for name, target in wanted.items():
                if prefix + name not in there:
                    raise InputError(f"{path}: there is no tensor {prefix + name!r}")
                shape = tuple(file.get_slice(prefix + name).get_shape())
                if shape != tuple(target.shape):
                    raise InputError(
                        f"{path}: tensor {prefix + name!r} is {shape}, but the encoder's is "
                        f"{tuple(target.shape)}; put the {CONFIG} of its checkpoint beside it"
                    )
                tensor = file.get_tensor(prefix + name)
                if not bool(torch.isfinite(tensor).all()):
                    raise InputError(f"{path}: tensor {prefix + name!r} holds NaN or infinity")
                with torch.no_grad():
                    target.copy_(tensor)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: no safetensors file that can be read ({error})") from None


def _names(path: Path) -> set[str]:
    try:
        with safe_open(str(path), framework="pt") as file:
            return set(file.keys())
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: no safetensors file that can be read ({error})") from None
