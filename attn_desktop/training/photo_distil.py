"""Eyes for photographs: an encoder learns to say what two larger networks see.

Hinton et al. 2015, with the features of regions beside the classes, and views that are drawn anew
and shown to teachers and pupil alike (Beyer et al. 2022): the pupil is to be the same function, so
any picture will do, mixtures too. A batch is learnt more than once (Choi et al. 2019).
Shapes: B pictures, S regions, H of an annotation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from attn_desktop.common.whole_file import set_aside
from attn_desktop.families.vision import Vision
from attn_desktop.training.batch_norm import fold_norms, insert_norms
from attn_desktop.training.loop import descend
from attn_desktop.training.photo_eyes import EYES, fill, load_eyes
from attn_desktop.training.photo_teachers import MobileNet, SqueezeNet
from attn_desktop.training.photo_views import Variety, views

STEPS, PICTURES_AT_ONCE, PEAK_RATE, WEIGHT_DECAY = 6000, 128, 2e-3, 0.02
#: Every batch is learnt so often, later among so many others: asking the teachers takes longer.
ECHOES, HELD = 3, 16
#: Batches that the mean and deviation of the teachers' features are taken from.
SURVEYS = 4
#: The pace is told early too.
FIRST_SAID, SAY_EVERY = 20, 250
#: How the names of the weights begin in the file.
LESSONS = "lessons."
VARIETY = Variety(
    zoom=(0.45, 1.1), stretch=0.35, turn=0.15, tone=0.35, hue=0.3, grey=0.05, blend=0.25, paste=0.25
)
#: What the parts of the loss count, by their names.
WEIGHTS = {"regions": 1.0, "texture": 0.5, "whole": 0.5, "classes": 0.3}


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
        self.get_buffer("deviation").copy_(deviation.clamp(min=0.3 * float(deviation.mean())))

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
        fast = torch.autocast(seen.device.type, torch.float16, enabled=seen.is_cuda)
        with fast:
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
        with torch.autocast(seen.device.type, torch.bfloat16, enabled=seen.is_cuda):
            annotations = vision(seen.permute(0, 2, 3, 1)).states
        vision.dropout.train(training)
        parts = self(annotations.float(), taught)
        return sum(
            (WEIGHTS[name] * part for name, part in parts.items()), seen.new_zeros(())
        ), parts

    def learnt(self) -> dict[str, Tensor]:
        """What is the pupil's: all but the teachers themselves."""
        teachers = ("strong.", "fine.")
        return {
            name: value
            for name, value in self.state_dict().items()
            if not name.startswith(teachers)
        }

    def _rows(self, regions: Tensor) -> Tensor:
        """(B, C, ·, ·) on the pupil's grid, (B, S, C)."""
        if regions.shape[2:] != self.grid:
            regions = functional.interpolate(
                regions, self.grid, mode="bilinear", align_corners=False
            )
        return regions.flatten(2).transpose(1, 2)


class Sights:
    """All that there is to look at: several sets of pictures (P, side, side, 3) uint8.

    shares: of each set in a batch; the first fills what the others leave.
    """

    def __init__(self, sets: Sequence[Tensor], shares: Sequence[float]) -> None:
        self.sets = sets
        self.shares = shares
        self._generator = np.random.default_rng(1)

    def draw(self, count: int) -> Tensor:
        """So many views (count, 3, side, side)."""
        counts = [int(share * count) for share in self.shares]
        counts[0] = count - sum(counts[1:])
        parts = []
        for pictures, wanted in zip(self.sets, counts, strict=True):
            rows = torch.from_numpy(self._generator.choice(len(pictures), wanted))
            parts.append(pictures[rows.to(pictures.device)])
        order = torch.from_numpy(self._generator.permutation(count))
        return views(torch.cat(parts)[order.to(parts[0].device)], VARIETY)


def teach(
    vision: Vision,
    lessons: Lessons,
    sights: Sights,
    unseen: Tensor,
    say: Callable[[str], None],
) -> None:
    """Let the encoder learn. unseen: (P, side, side, 3) pictures that are only measured on."""
    torch.manual_seed(1)
    lessons.survey([sights.draw(PICTURES_AT_ONCE) for _ in range(SURVEYS)])
    insert_norms(vision)
    vision.train()
    parameters = [*vision.parameters(), *lessons.parameters()]
    optimizer = torch.optim.AdamW(parameters, PEAK_RATE, weight_decay=WEIGHT_DECAY, fused=True)
    generator = np.random.default_rng(1)
    began, recent = time.monotonic(), list[dict[str, Tensor]]()
    held: list[tuple[Tensor, dict[str, Tensor]]] = []
    for step in range(STEPS):
        if step % ECHOES == 0:
            fresh = sights.draw(PICTURES_AT_ONCE)
            held = [*held[-HELD:], (fresh, lessons.taught(fresh))]
        seen, taught = held[-1 if step % ECHOES == 0 else int(generator.integers(len(held)))]
        loss, parts = lessons.loss(vision, seen, taught)
        descend(optimizer, loss, step / STEPS, PEAK_RATE, 0.1)
        recent.append({name: part.detach() for name, part in parts.items()})
        if step + 1 in (FIRST_SAID, STEPS) or (step + 1) % SAY_EVERY == 0:
            pace = (time.monotonic() - began) / (step + 1)
            say(f"eyes {step + 1}/{STEPS}  {in_words(recent)}  {pace:.3f} s a batch")
            recent.clear()
    fold_norms(vision)
    say(f"eyes on pictures never seen: {measure(vision, lessons, unseen)}")


def save_taught(vision: Vision, lessons: Lessons, path: Path) -> None:
    """Keep what was learnt, the heads of the lessons beside the encoder."""
    weights = {f"{EYES}{name}": value for name, value in vision.state_dict().items()}
    weights |= {f"{LESSONS}{name}": value for name, value in lessons.learnt().items()}
    with set_aside(path) as unfinished:
        save_file({name: value.cpu().contiguous() for name, value in weights.items()}, unfinished)


def load_taught(vision: Vision, lessons: Lessons, path: Path) -> None:
    """Take what `save_taught` kept; InputError where the file is not of these shapes."""
    load_eyes(vision, path)
    fill(lessons.learnt(), path, LESSONS)


@torch.no_grad()
def measure(vision: Vision, lessons: Lessons, squares: Tensor) -> str:
    """The parts of the loss on squares (P, side, side, 3) as they are, for the log."""
    parts = []
    for part in torch.split(squares, PICTURES_AT_ONCE):
        seen = views(part, Variety(mirror=False))
        parts.append(lessons.loss(vision, seen, lessons.taught(seen))[1])
    return in_words(parts)


def in_words(parts: Sequence[dict[str, Tensor]]) -> str:
    """The mean of each part of the loss."""
    means = {name: torch.stack([each[name] for each in parts]).mean() for name in parts[0]}
    return "  ".join(f"{name} {float(mean):.3f}" for name, mean in means.items())


def _sized(pictures: Tensor, side: int) -> Tensor:
    return functional.interpolate(pictures, (side, side), mode="bilinear", align_corners=False)
