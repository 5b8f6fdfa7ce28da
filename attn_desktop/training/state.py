"""The state of a training on disk: one safetensors file, replaced as a whole.

Weights, their average, buffers, the optimizer's moments, and in the header where the training is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from attn_desktop.common.errors import InputError
from attn_desktop.common.whole_file import set_aside
from attn_desktop.training.loss import Baselines

FILE = "state.safetensors"


@dataclass
class Progress:
    """Where a training is. step counts batches from 0; seconds counts all its sessions."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    baselines: Baselines = field(default_factory=Baselines)


def save_state(
    folder: Path,
    model: nn.Module,
    average: Mapping[str, Tensor] | None,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
) -> None:
    """Write the state; a training that is killed meanwhile keeps the one before.

    average: None where none is kept.
    """
    tensors: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        tensors[f"weight.{name}"] = parameter.detach().cpu()
        if average is not None:
            tensors[f"average.{name}"] = average[name].cpu()
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer.{name}.{key}"] = value.cpu().contiguous()
    for name, buffer in model.named_buffers():
        tensors[f"buffer.{name}"] = buffer.cpu()
    with set_aside(folder / FILE) as path:
        save_file(tensors, path, metadata={"progress": msgspec.json.encode(progress).decode()})


def load_state(
    folder: Path,
    model: nn.Module,
    average: Mapping[str, Tensor] | None,
    optimizer: torch.optim.Optimizer,
) -> Progress | None:
    """Put a saved state back in place; None where there is none.

    Raises InputError where the file is damaged or of another model.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        progress = msgspec.json.decode(metadata.get("progress", ""), type=Progress)
    except (SafetensorError, msgspec.DecodeError, OSError) as error:
        raise InputError(
            f"{path}: not the state of a training ({error}); remove it to start anew"
        ) from None
    for name, parameter in model.named_parameters():
        kept = tensors.get(f"weight.{name}")
        averaged = average is None or f"average.{name}" in tensors
        if kept is None or kept.shape != parameter.shape or not averaged:
            raise InputError(
                f"{path}: {name} is of another model; give an empty folder to start anew"
            )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[f"weight.{name}"])
            if average is not None:
                average[name].copy_(tensors[f"average.{name}"])
            prefix = f"optimizer.{name}."
            moments = {
                key.removeprefix(prefix): value.to(parameter.device)
                for key, value in tensors.items()
                if key.startswith(prefix)
            }
            if moments:
                optimizer.state[parameter] = moments
        for name, buffer in model.named_buffers():
            if f"buffer.{name}" in tensors:  # a state of before kept none
                buffer.copy_(tensors[f"buffer.{name}"])
    return progress
