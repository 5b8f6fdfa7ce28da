"""Model folders: config.json, weights.safetensors, tokenizers and a card. Never a pickle.

Weights are stored in half precision and computed in float32. The model is first built without
memory for its weights, and every name, type and shape in the file is checked against it: what is
then allocated is at most twice as large as the file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from attn_desktop import families
from attn_desktop.common.errors import CheckpointError, InputError
from attn_desktop.common.registry import import_modules
from attn_desktop.families.base import FAMILIES, Family
from attn_desktop.families.devices import use_device
from attn_desktop.trace.records import ModelInfo

CONFIG = "config.json"
WEIGHTS = "weights.safetensors"
CARD = "README.md"
MAX_CONFIG_BYTES = 1 << 20
MAX_CARD_BYTES = 1 << 20
#: Types that weights may have in the file; larger ones might overflow float32, in which they work.
FLOATS = ("F16", "BF16", "F32")


@dataclass(frozen=True)
class Checkpoint:
    """A model ready to decode, and who it is."""

    model: Family
    info: ModelInfo
    folder: Path


def load_checkpoint(folder: Path, device: str = "cpu") -> Checkpoint:
    """Open a model folder on a device, in evaluation mode.

    Raises CheckpointError naming the file and what is wrong with it, InputError for a device that
    this machine does not have.
    """
    place = use_device(device)
    config = read_config(folder)
    kind = FAMILIES[config.family]
    try:
        with torch.device("meta"):
            model = kind.from_folder(config, folder)
    except InputError as error:  # an unknown score, unfit sizes or a mode that does not parse
        raise CheckpointError(f"{folder / CONFIG}: {error}") from None
    _check_modes(model, folder)
    _load_weights(model, folder / WEIGHTS)
    model.requires_grad_(False).eval().to(place)
    info = ModelInfo(
        name=folder.resolve().name,
        family=kind.name,
        hash=folder_hash(folder),
        card=_read_card(folder / CARD),
        trained_modes=model.trained_modes,
        takes=kind.takes,
        fixed_formula=kind.fixed_formula,
        query_formula=model.query_formula,
    )
    return Checkpoint(model, info, folder)


def read_config(folder: Path) -> Any:
    """The config.json of a model folder, checked against its family's config type."""
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: no such model folder")
    path = folder / CONFIG
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise CheckpointError(f"{path}: larger than {MAX_CONFIG_BYTES} bytes, not a config")
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path}: missing, so {folder} is not a model folder") from None
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not JSON ({error})") from None
    import_modules(families)
    family = raw.get("family") if isinstance(raw, dict) else None
    if not isinstance(family, str) or family not in FAMILIES:
        raise CheckpointError(
            f"{path}: unknown model family {family!r}; valid are: {', '.join(FAMILIES)}"
        )
    try:
        return msgspec.convert(raw, FAMILIES[family].config_type, strict=True)
    except msgspec.ValidationError as error:
        raise CheckpointError(f"{path}: {error}") from None


def save_checkpoint(model: Family, config: Any, folder: Path) -> None:
    """Write config, tokenizers and half-precision weights; an existing card stays."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(msgspec.to_builtins(config), indent=2, ensure_ascii=False)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")
    model.save_inputs(folder)
    weights = {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in model.state_dict().items()
    }
    save_file(weights, str(folder / WEIGHTS), metadata={"format": "pt"})


def folder_hash(folder: Path) -> str:
    """SHA-256 over config, weights and tokenizers, by file name; the card does not count."""
    digest = hashlib.sha256()
    names = [CONFIG, WEIGHTS, *sorted(path.name for path in folder.glob("*.tokenizer.json"))]
    for name in names:
        digest.update(name.encode() + b"\0")
        digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()


def _check_modes(model: Family, folder: Path) -> None:
    for mode in model.trained_modes:
        try:
            model.check_mode(mode)
        except InputError as error:
            raise CheckpointError(f"{folder / CONFIG}: trained_modes: {error}") from None


def _read_card(path: Path) -> str:
    """The card as text; a model without one is usable."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return file.read(MAX_CARD_BYTES).decode("utf-8", errors="replace")
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}") from None


def _load_weights(model: Family, path: Path) -> None:
    """Give a model on the meta device its memory and the weights of a safetensors file.

    The names and shapes in the file must be exactly the model's own.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: missing")
    try:
        with safe_open(str(path), framework="pt") as file:
            _check_tensors(file, model.state_dict(), path)
            model.to_empty(device="cpu")
            for name, target in model.state_dict().items():
                tensor = file.get_tensor(name)
                if not bool(torch.isfinite(tensor).all()):
                    raise CheckpointError(f"{path}: tensor {name!r} holds NaN or infinity")
                target.copy_(tensor)
    except SafetensorError as error:
        raise CheckpointError(f"{path}: incomplete or not a safetensors file ({error})") from None
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}") from None


def _check_tensors(file: Any, wanted: dict[str, torch.Tensor], path: Path) -> None:
    """Compare the header of an open safetensors file with what the config asks for."""
    found = set(file.keys())
    for name in sorted(wanted.keys() - found):
        raise CheckpointError(f"{path}: no tensor {name!r}, which {CONFIG} asks for")
    for name in sorted(found - wanted.keys()):
        raise CheckpointError(f"{path}: tensor {name!r} has no place in this model")
    for name, target in wanted.items():
        stored = file.get_slice(name)
        if stored.get_dtype() not in FLOATS:
            raise CheckpointError(
                f"{path}: tensor {name!r} is {stored.get_dtype()}; "
                f"weights are one of {', '.join(FLOATS)}"
            )
        shape = tuple(stored.get_shape())
        if shape != tuple(target.shape):
            raise CheckpointError(
                f"{path}: tensor {name!r} is {shape}, {CONFIG} asks for {tuple(target.shape)}"
            )
