"""Batch normalisation that an encoder of pictures learns with, and that is then in its weights.

Ioffe and Szegedy 2015. It speeds learning up, and unlike a normalisation that stays it leaves no
trace in what a region can see: once learnt it is a factor and a summand of each channel.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn

from attn_desktop.families.vision import Vision


@torch.no_grad()
def insert_norms(vision: Vision, pixels: Tensor | None = None) -> None:
    """Normalise after every convolution of an encoder that has no normalisation of its own.

    pixels: squares (B, side, side, 3) on which an encoder that has learnt then computes what it
    did before; without them the norms are new ones.
    """
    norms: list[tuple[nn.Module, str, nn.BatchNorm2d]] = []
    hooks = []
    for convolution, owner, place in _places(vision):
        norm = nn.BatchNorm2d(convolution.out_channels).to(convolution.weight.device)
        norms.append((owner, place, norm))
        if pixels is not None:
            hooks.append(convolution.register_forward_hook(partial(_measure, norm)))
    if pixels is not None:
        vision.look(pixels)
    for hook in hooks:
        hook.remove()
    for owner, place, norm in norms:
        owner.register_module(place, norm)


def _measure(norm: nn.BatchNorm2d, convolution: nn.Module, given: object, values: Tensor) -> None:
    """Let a norm do nothing to values (B, C, h, w) of these channels' mean and variance."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    variance, mean = torch.var_mean(values, dim=(0, 2, 3), correction=0)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.bias.copy_(mean)
    norm.weight.copy_(torch.sqrt(variance + norm.eps))


@torch.no_grad()
def fold_norms(vision: Vision) -> None:
    """Make the normalisation part of the convolutions: the same function, as in evaluation."""
    for convolution, owner, place in _places(vision):
        norm = owner.get_submodule(place)
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert convolution.bias is not None
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        convolution.weight.mul_(scale.view(-1, 1, 1, 1))
        convolution.bias.copy_((convolution.bias - norm.running_mean) * scale + norm.bias)
        owner.register_module(place, nn.Identity())


def _places(vision: Vision) -> Iterator[tuple[nn.Conv2d, nn.Module, str]]:
    """Every convolution with the module that holds its normalisation, and the name of that."""
    for stage in vision.stages:
        yield stage.get_submodule("halve"), stage, "norm"  # type: ignore[misc]
        for block in stage.get_submodule("extra").children():
            yield block.get_submodule("0"), block, "1"  # type: ignore[misc]
