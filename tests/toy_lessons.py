"""Lessons of teachers whose weights are noise, and pictures to learn from."""

from __future__ import annotations

import msgspec
import torch
from torch.nn import functional

from attn_desktop.families.vision import VisionConfig
from attn_desktop.training.photo_distil import Lessons
from attn_desktop.training.photo_teachers import Layer, MobileNet, SqueezeNet
from tests.toy_teachers import LAYERS, mobilenet_arrays, squeezenet_arrays

EYES = VisionConfig(
    side=32, channels=(8, 12, 16), extra=(0, 1, 1), annotation_size=24, normed=False
)


def lessons() -> Lessons:
    """For an encoder of `EYES`."""
    strong = MobileNet(msgspec.convert(LAYERS, tuple[Layer, ...]), mobilenet_arrays())
    strong.side = 16
    return Lessons(strong, SqueezeNet(squeezenet_arrays()), EYES.annotation_size, EYES.grid)


def pictures(count: int) -> torch.Tensor:
    """Squares (count, 32, 32, 3) uint8 of smooth patches, the same for the same count."""
    draw = torch.Generator().manual_seed(count)
    patches = torch.randint(0, 256, (count, 3, 4, 4), generator=draw).float()
    large = functional.interpolate(patches, (32, 32), mode="bilinear")
    return large.permute(0, 2, 3, 1).to(torch.uint8)
