"""The encoder of pictures: a small convolutional network and the grid of regions that it gives.

Shapes: B rows, `side` pixels along each edge of the model's own square input, m × n = S regions
(m = n), C channels of the last stage, H size of an annotation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from attn_desktop.attention.attend import Memory
from attn_desktop.families.base import Given, Prepared
from attn_desktop.families.layers import LockedDropout
from attn_desktop.inputs.image import region_labels, squeeze

Pixels = NDArray[np.uint8]
Looks = NDArray[np.floating[Any]]
Channels = Annotated[int, msgspec.Meta(ge=1, le=1024)]


class VisionConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The part of a config.json that describes the eyes of a model.

    side: pixels along each edge of its input. channels: of each stage, every one of which halves
    the picture. extra: how many 3 × 3 convolutions follow within each stage. annotation_size: H.
    normed: whether every convolution is normalised over its channels; false where it learnt with
    batch normalisation, which is then part of its weights.
    """

    side: Annotated[int, msgspec.Meta(ge=2, le=1024)] = 112
    channels: Annotated[tuple[Channels, ...], msgspec.Meta(min_length=1, max_length=6)] = (
        32,
        64,
        128,
    )
    extra: tuple[Annotated[int, msgspec.Meta(ge=0, le=8)], ...] = (1, 1, 1)
    annotation_size: Annotated[int, msgspec.Meta(ge=3, le=1024)] = 128
    normed: bool = True

    def __post_init__(self) -> None:
        if len(self.extra) != len(self.channels):
            raise ValueError(
                f"extra has {len(self.extra)} numbers and channels {len(self.channels)}; "
                "each stage needs one of both"
            )
        if self.side % self.stride:
            raise ValueError(
                f"side {self.side} is no multiple of {self.stride}, which {len(self.channels)} "
                "stages divide it by"
            )
        if (self.side // self.stride) ** 2 > MOST_REGIONS:
            raise ValueError(f"a grid of {self.grid} has more than {MOST_REGIONS} regions")

    @property
    def stride(self) -> int:
        """Pixels of the input along each edge of a region."""
        return 1 << len(self.channels)

    @property
    def grid(self) -> tuple[int, int]:
        """(m, n) regions: (14, 14) unless a config says otherwise."""
        return self.side // self.stride, self.side // self.stride

    @property
    def receptive_field(self) -> int:
        """Pixels of the input, along each edge, that an annotation can depend on.

        They lie around the centre of its region, which is `stride` wide, and nothing outside them
        has any influence: each region sees little more than itself.
        """
        field, step = 1, 1
        for extra in self.extra:
            field += step  # a 2 × 2 convolution
            step *= 2
            field += 2 * step * extra  # 3 × 3 convolutions
        return field


MOST_REGIONS = 4096
#: The last numbers of every annotation: x and y.
COORDINATES = 2


@dataclass(frozen=True, eq=False)
class Shown:
    """Many squares that are on the device already, and which of them each row is about.

    squares: (P, side, side, 3), uint8 or float from 0 to 255, or where they are seen already what
    `Vision.look` saw, (P, m, n, H − 2). owners: (B,) numbers of squares.
    """

    squares: Tensor
    owners: Tensor
    seen: bool = False


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of each pixel (Ba et al. 2016), (B, C, h, w).

    Unlike batch or group normalisation it lets no pixel know of any other, so the receptive field
    is what the kernels say, and a picture gives the same numbers whatever is in its batch.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, values: Tensor) -> Tensor:
        """Features of mean 0 and variance 1 at each pixel, then scaled and moved."""
        last = values.permute(0, 2, 3, 1)
        return functional.layer_norm(last, self.weight.shape, self.weight, self.bias).permute(
            0, 3, 1, 2
        )


class Stage(nn.Module):
    """Halves a picture: 2 × 2 convolution with stride 2, then residual 3 × 3 convolutions.

    With 2 × 2 kernels the pixels that an annotation sees lie evenly around its region.
    """

    def __init__(self, before: int, channels: int, extra: int, normed: bool) -> None:
        super().__init__()

        def norm() -> nn.Module:
            return ChannelNorm(channels) if normed else nn.Identity()

        self.halve = nn.Conv2d(before, channels, 2, stride=2)
        self.norm = norm()
        self.extra = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), norm(), nn.ReLU())
            for _ in range(extra)
        )

    def forward(self, values: Tensor) -> Tensor:
        """(B, before, h, w) to (B, channels, h/2, w/2)."""
        values = functional.relu(self.norm(self.halve(values)))
        for block in self.extra:
            values = values + block(values)
        return values


class Vision(nn.Module):
    """Pictures to annotations h_j of their regions, and to one vector for all of a picture.

    The last two numbers of an annotation are x and y of the region's centre, from −1 to 1: those
    of c_t then tell where on average a step has looked, and relations such as "left of" can be
    learnt.
    """

    #: Cells along each edge that the fixed vector is made from, whatever the grid.
    pooled: ClassVar[int] = 4
    #: Of the fixed vector, h̄_i the mean annotation of one of 4 × 4 parts of the picture.
    fixed_formula: ClassVar[str] = "c_t = W [h̄_1; …; h̄_16] + b"

    def __init__(self, config: VisionConfig, dropout: float) -> None:
        super().__init__()
        self.config = config
        befores = (3, *config.channels)
        self.stages = nn.ModuleList(
            Stage(before, channels, extra, config.normed)
            for before, channels, extra in zip(befores, config.channels, config.extra, strict=False)
        )
        size = config.annotation_size
        self.annotate = nn.Linear(config.channels[-1], size - COORDINATES)
        self.pool = nn.AdaptiveAvgPool2d(self.pooled)
        self.fix = nn.Linear(size * self.pooled**2, size)
        self.dropout = LockedDropout(dropout)

    def forward(self, pixels: Tensor) -> Memory:
        """Squares (B, side, side, 3) to h (B, S, H), all of it real, and the fixed (B, H).

        The fixed context of the mode without attention is fully connected with the averages of
        4 × 4 parts of the picture: one vector for everything, in which places are mixed up.
        """
        return self.remember(self.look(pixels))

    def look(self, pixels: Tensor) -> Tensor:
        """Squares (B, side, side, 3) to what is seen in each region: (B, m, n, H − 2)."""
        values = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1.0
        values = values.contiguous(memory_format=torch.channels_last)
        for stage in self.stages:
            values = stage(values)
        features: Tensor = self.annotate(values.permute(0, 2, 3, 1))
        return features

    def remember(self, features: Tensor) -> Memory:
        """What `look` saw, with its places, as the memory that `forward` gives."""
        places = self._places(features)
        annotations = torch.cat([features, places], dim=3).permute(0, 3, 1, 2)
        fixed = self.fix(self.pool(annotations).flatten(1))
        kept = self.dropout(features.flatten(1, 2))
        states = torch.cat([kept, places.flatten(1, 2)], dim=2)
        mask = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        return Memory(states, mask, fixed)

    def encode(self, squares: Sequence[Pixels | Looks] | Shown) -> Memory:
        """`forward` of several squares (side, side, 3) uint8, on the device of the weights.

        One that is there more than once, as the same array, is looked at once. What `look` has
        seen before, (m, n, H − 2) float, may stand for a square.
        """
        if isinstance(squares, Shown):
            given = squares.squares
            shown: Memory = self.remember(given.float()) if squares.seen else self(given)
            return shown.rows(squares.owners)
        once = {id(square): square for square in squares}
        device = self.annotate.weight.device
        held = torch.from_numpy(np.stack(list(once.values()))).to(device)
        memory: Memory = self(held) if held.dtype == torch.uint8 else self.remember(held.float())
        if len(once) == len(squares):
            return memory
        places = {key: place for place, key in enumerate(once)}
        return memory.rows(torch.tensor([places[id(s)] for s in squares], device=device))

    def prepare(self, given: Given) -> Pixels:
        """The square (side, side, 3) uint8 that a given picture is to the model."""
        assert given.picture is not None
        return squeeze(given.picture, self.config.side)

    def describe(self, inputs: object, given: Given) -> Prepared:
        """Inputs with what a viewer needs: the regions as source positions, no text among them."""
        rows, columns = self.config.grid
        count = rows * columns
        return Prepared(
            inputs,
            region_labels(rows, columns),
            np.full(count, -1, dtype=np.int64),
            np.zeros((count, 2), dtype=np.int64),
            given.text,
            (rows, columns),
            given.picture,
            self.config.receptive_field / self.config.side,
        )

    def _places(self, values: Tensor) -> Tensor:
        """x and y of the centre of each region: (B, m, n, 2)."""
        rows, columns = self.config.grid
        y = (torch.arange(rows, device=values.device) + 0.5) * (2 / rows) - 1
        x = (torch.arange(columns, device=values.device) + 0.5) * (2 / columns) - 1
        places = torch.stack([x.expand(rows, columns), y.unsqueeze(1).expand(rows, columns)], dim=2)
        return places.to(values.dtype).expand(len(values), rows, columns, 2)
