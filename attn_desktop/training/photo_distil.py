"""What two larger networks say of views, and how far an encoder's answers are from it.

Hinton et al. 2015, with the features of regions beside the classes.
Shapes: B pictures, S regions, H of an annotation.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from attn_desktop.families.vision import Vision
from attn_desktop.training.photo_teachers import MobileNet, SqueezeNet

#: What the parts of the loss count, by their names.
WEIGHTS = {"regions": 1.0, "texture": 0.25, "whole": 0.5, "classes": 0.3}
#: Pictures that a teacher looks at at once on a CPU: what its layers give must fit in the cache.
CACHED = 4


class Standard(nn.Module):
    """Channels of mean 0 and variance 1, as measured once. size: channels of the last axis."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))

    def survey(self, values: Tensor) -> None:
        """Measure values (…, channels)."""
        flat = values.flatten(0, -2)
        self.get_buffer("mean").copy_(flat.mean(dim=0))
        deviation = flat.std(dim=0)
        # A channel that hardly ever answers must not count as much as all others together.
        self.get_buffer("deviation").copy_(
            deviation.clamp(min=max(0.3 * float(deviation.mean()), 1e-6))
        )

    def forward(self, values: Tensor) -> Tensor:
        """Values (…, channels) as deviations from their mean."""
        return (values - self.get_buffer("mean")) / self.get_buffer("deviation")

    def undo(self, values: Tensor) -> Tensor:
        """What `forward` was given."""
        return values * self.get_buffer("deviation") + self.get_buffer("mean")


class Lessons(nn.Module):
    """What both teachers say of views, and how far the pupil's answers are from it.

    annotation_size: H. grid: (m, n) of the pupil, to which the teachers' regions are brought.
    """

    def __init__(
        self,
        strong: MobileNet,
        fine: SqueezeNet,
        annotation_size: int,
        grid: tuple[int, int],
    ) -> None:
        super().__init__()
        self.strong, self.fine, self.grid = strong, fine, grid
        regions, pooled = strong.sizes
        self.regions, self.texture = Standard(regions), Standard(fine.size)
        self.whole = Standard(pooled)
        self.to_regions = nn.Linear(annotation_size, regions)
        self.to_texture = nn.Linear(annotation_size, fine.size)
        self.to_whole = nn.Linear(annotation_size, pooled)

    @torch.no_grad()
    def taught(self, seen: Tensor) -> dict[str, Tensor]:
        """Of views (B, 3, side, side): regions and texture (B, S, ·), whole and classes (B, ·)."""
        parts = [
            self._asked(part) for part in torch.split(seen, len(seen) if seen.is_cuda else CACHED)
        ]
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def _asked(self, seen: Tensor) -> dict[str, Tensor]:
        with fast(seen.device, torch.float16):
            strong = self.strong(_sized(seen, self.strong.side))
            whole = self.strong.pool(strong)
            classes = self.strong.classify(whole)
            fine = self.fine(_sized(seen, self.fine.side))
        return {
            "regions": self._rows(strong.float()),
            "texture": self._rows(fine.float()),
            "whole": whole.float(),
            "classes": classes.float(),
        }

    def survey(self, batches: Sequence[Tensor]) -> None:
        """Measure the teachers' features on some views."""
        taught = [self.taught(seen) for seen in batches]
        for name in ("regions", "texture", "whole"):
            self.get_submodule(name).survey(torch.cat([each[name] for each in taught]))  # type: ignore[operator]

    def forward(self, annotations: Tensor, taught: dict[str, Tensor]) -> dict[str, Tensor]:
        """Annotations (B, S, H) to the parts of the loss: squared errors, and nats of the classes.

        The classes are read from the pupil's whole by the strong teacher's own last layer (Chen et
        al. 2022).
        """
        whole = self.to_whole(annotations.mean(dim=1))
        classes = self.strong.classify(self.whole.undo(whole))
        return {
            "regions": functional.mse_loss(
                self.to_regions(annotations), self.regions(taught["regions"])
            ),
            "texture": functional.mse_loss(
                self.to_texture(annotations), self.texture(taught["texture"])
            ),
            "whole": functional.mse_loss(whole, self.whole(taught["whole"])),
            "classes": functional.kl_div(
                classes.log_softmax(dim=1),
                taught["classes"].log_softmax(dim=1),
                reduction="batchmean",
                log_target=True,
            ),
        }

    def loss(
        self, vision: Vision, seen: Tensor, taught: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum for views (B, 3, side, side), and its parts.

        The annotations are taken without dropout, which is for what reads them.
        """
        training = vision.dropout.training
        vision.dropout.eval()
        with fast(seen.device, torch.bfloat16):
            annotations = vision(seen.permute(0, 2, 3, 1)).states
        vision.dropout.train(training)
        parts = self(annotations.float(), taught)
        return sum(
            (WEIGHTS[name] * part for name, part in parts.items()), seen.new_zeros(())
        ), parts

    def heads(self) -> nn.ModuleDict:
        """What is the pupil's: all but the teachers themselves."""
        teachers = ("strong", "fine")
        return nn.ModuleDict({n: part for n, part in self.named_children() if n not in teachers})

    def _rows(self, regions: Tensor) -> Tensor:
        """(B, C, ·, ·) on the pupil's grid, (B, S, C)."""
        if regions.shape[2:] != self.grid:
            regions = functional.interpolate(
                regions, self.grid, mode="bilinear", align_corners=False
            )
        return regions.flatten(2).transpose(1, 2)


def fast(device: torch.device, on_gpu: torch.dtype) -> torch.autocast:
    """Half the digits where that is faster: on a GPU in this type, on some CPUs bfloat16."""
    if device.type == "cpu":
        # Public only as a dictionary of the newest torch.
        able = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        return torch.autocast("cpu", torch.bfloat16, enabled=able)
    return torch.autocast(device.type, on_gpu, enabled=device.type == "cuda")


def _sized(pictures: Tensor, side: int) -> Tensor:
    sized = functional.interpolate(pictures, (side, side), mode="bilinear", align_corners=False)
    return sized.contiguous(memory_format=torch.channels_last)
