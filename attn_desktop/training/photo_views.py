"""Other views of pictures, many at a time and on the device they lie on: what augmentation draws.

Shapes: B pictures, `side` pixels along each edge; channels R, G, B.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Variety:
    """How far views differ from the pictures.

    zoom: side of what is seen, as a share of the picture's; beyond its edge it is mirrored.
    stretch: of the aspect, as a logarithm. turn: in radians. tone: of brightness, contrast and
    saturation, as a share. hue: in radians. grey: share of the views without colour. blend, paste:
    share of the views in which another of the pictures shines through, or stands in a rectangle.
    mirror: half of the views are mirrored.
    """

    zoom: tuple[float, float] = (1.0, 1.0)
    stretch: float = 0.0
    turn: float = 0.0
    tone: float = 0.0
    hue: float = 0.0
    grey: float = 0.0
    blend: float = 0.0
    paste: float = 0.0
    mirror: bool = True


def views(squares: Tensor, variety: Variety) -> Tensor:
    """Squares (B, side, side, 3) uint8 to a view of each, (B, 3, side, side) from 0 to 255.

    Everything is drawn from torch's own generator of the device.
    """
    values = squares.permute(0, 3, 1, 2).float()
    values = _framed(values, variety)
    values = _toned(values, variety)
    return _mixed(values, variety)


def _framed(values: Tensor, variety: Variety) -> Tensor:
    """Zoomed, stretched, turned, mirrored and moved."""
    count, device = len(values), values.device
    low, high = variety.zoom
    zoom = low + (high - low) * torch.rand(count, device=device)
    stretch = torch.exp(_around(count, variety.stretch / 2, device))
    across, down = zoom * stretch, zoom / stretch
    angle = _around(count, variety.turn, device)
    x = _around(count, 1.0, device) * (1 - across).clamp(min=0)
    y = _around(count, 1.0, device) * (1 - down).clamp(min=0)
    if variety.mirror:
        across = torch.where(torch.rand(count, device=device) < 0.5, -across, across)
    cos, sin = torch.cos(angle), torch.sin(angle)
    to_picture = torch.stack(
        [across * cos, -down * sin, x, across * sin, down * cos, y], dim=1
    ).view(count, 2, 3)
    grid = functional.affine_grid(to_picture, list(values.shape), align_corners=False)
    return functional.grid_sample(values, grid, padding_mode="reflection", align_corners=False)


#: From R, G, B to lightness and two of colour (YIQ), in which a hue is an angle.
_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


def _toned(values: Tensor, variety: Variety) -> Tensor:
    """Of other brightness, contrast, saturation and hue."""
    count, device = len(values), values.device
    bright, contrast, colour = (1 + _around(count, variety.tone, device) for _ in range(3))
    colour = torch.where(torch.rand(count, device=device) < variety.grey, 0.0, colour)
    angle = _around(count, variety.hue, device)
    to_yiq = torch.tensor(_YIQ)
    to_rgb, to_yiq = to_yiq.inverse().to(device), to_yiq.to(device)
    turn = torch.zeros(count, 3, 3, device=device)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = colour * torch.cos(angle)
    turn[:, 2, 1] = colour * torch.sin(angle)
    turn[:, 1, 2] = -turn[:, 2, 1]
    matrix = to_rgb @ turn @ to_yiq
    toned = torch.bmm(matrix, values.flatten(2)).view_as(values)
    mean = toned.mean(dim=(1, 2, 3), keepdim=True)
    toned = (mean + (toned - mean) * _each(contrast)) * _each(bright)
    return toned.clamp(0, 255)


def _mixed(values: Tensor, variety: Variety) -> Tensor:
    """Blended with, or with a rectangle of, another (mixup and CutMix without their labels).

    Zhang et al. 2018 and Yun et al. 2019: a teacher says what the mixture is.
    """
    if variety.blend + variety.paste == 0:
        return values
    count, side, device = len(values), values.shape[3], values.device
    others = values.roll(1, dims=0)
    chance = torch.rand(count, device=device)
    weight = torch.where(chance < variety.blend, torch.rand(count, device=device) / 2, 0.0)
    share = _each(weight).expand(count, 1, side, side)
    # A rectangle: as wide and high as drawn, its centre anywhere.
    size, centre = (
        0.2 + 0.5 * torch.rand(count, 2, device=device),
        torch.rand(count, 2, device=device),
    )
    place = (torch.arange(side, device=device) + 0.5) / side
    inside = (place - centre.unsqueeze(2)).abs() < size.unsqueeze(2) / 2  # (B, 2, side)
    rectangle = (inside[:, 0].unsqueeze(2) & inside[:, 1].unsqueeze(1)).unsqueeze(1)
    pasted = (chance >= variety.blend) & (chance < variety.blend + variety.paste)
    share = torch.where(rectangle & pasted.view(count, 1, 1, 1), 1.0, share)
    return torch.lerp(values, others, share)


def _around(count: int, reach: float, device: torch.device) -> Tensor:
    """(B,) drawn evenly from −reach to reach."""
    return (torch.rand(count, device=device) * 2 - 1) * reach


def _each(numbers: Tensor) -> Tensor:
    """(B,) to (B, 1, 1, 1)."""
    return numbers.view(-1, 1, 1, 1)
