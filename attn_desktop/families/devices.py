"""Where a model computes, and how exactly."""

from __future__ import annotations

import re

import torch

from attn_desktop.common.errors import DeviceError


def use_device(name: str) -> torch.device:
    """The device of this name, set to full float32 so that it decodes the tokens that the CPU does.

    Raises DeviceError, naming what there is, unless it is a device of this machine.
    """
    valid = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if re.fullmatch(r"cpu|cuda(:\d{1,3})?", name) is None:
        raise DeviceError(f"unknown device {name!r}; here there are: {', '.join(valid)}")
    if name not in valid and not (name == "cuda" and len(valid) > 1):
        raise DeviceError(f"this machine has no device {name!r}; it has: {', '.join(valid)}")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    return torch.device(name)


def train_fast() -> None:
    """Let an NVIDIA GPU multiply with TF32, ten bits of mantissa, as is usual in training."""
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
