"""Eyes for photographs: an encoder learns to say what two larger networks see.

Views are drawn anew and shown to teachers and pupil alike (Beyer et al. 2022): the pupil is to be
the same function, so any picture will do, mixtures too. A batch is learnt more than once (Choi et
al. 2019).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from attn_desktop.common.whole_file import set_aside
from attn_desktop.families.vision import Vision
from attn_desktop.training.batch_norm import fold_norms, insert_norms
from attn_desktop.training.interrupts import Asked, on_interrupt
from attn_desktop.training.loop import descend, keep_freed_memory
from attn_desktop.training.photo_distil import Lessons
from attn_desktop.training.photo_eyes import EYES, fill, load_eyes
from attn_desktop.training.photo_views import Variety, views
from attn_desktop.training.replicas import Replicas
from attn_desktop.training.state import Progress, load_state, save_state

PICTURES_AT_ONCE, WEIGHT_DECAY = 32, 0.02
#: Every batch is learnt so often, later among so many others: asking the teachers takes longer.
ECHOES, HELD = 3, 64
#: Batches that the mean and deviation of the teachers' features are taken from.
SURVEYS = 16
#: The pace is told early too.
FIRST_SAID, SAY_EVERY, SAVE_EVERY_S = 20, 500, 120.0
#: How the names of the weights begin in the file.
LESSONS = "lessons."
VARIETY = Variety(
    zoom=(0.45, 1.1), stretch=0.35, turn=0.15, tone=0.35, hue=0.3, grey=0.05, blend=0.25, paste=0.25
)


@dataclass(frozen=True)
class Pace:
    """How many batches are learnt, and the highest rate on the way.

    further: the encoder has learnt before, and begins with what it can do.
    """

    steps: int
    peak_rate: float
    further: bool = False


ANEW, FURTHER = Pace(24_000, 1e-3), Pace(10_000, 1e-3, further=True)


class Sights:
    """All that there is to look at: several sets of pictures (P, side, side, 3) uint8.

    shares: of each set in a batch; the first fills what the others leave.
    """

    def __init__(self, sets: Sequence[Tensor], shares: Sequence[float]) -> None:
        self.sets = sets
        self.shares = shares

    def draw(self, seed: int, count: int) -> Tensor:
        """So many views (count, 3, side, side), the same for the same seed."""
        generator = np.random.default_rng([1, seed])
        torch.manual_seed(seed)
        counts = [int(share * count) for share in self.shares]
        counts[0] = count - sum(counts[1:])
        parts = []
        for pictures, wanted in zip(self.sets, counts, strict=True):
            rows = torch.from_numpy(generator.choice(len(pictures), wanted))
            parts.append(pictures[rows.to(pictures.device)])
        order = torch.from_numpy(generator.permutation(count))
        return views(torch.cat(parts)[order.to(parts[0].device)], VARIETY)


class Teaching:
    """An encoder that learns, writing its state to a folder."""

    def __init__(
        self,
        vision: Vision,
        lessons: Lessons,
        sights: Sights,
        folder: Path,
        say: Callable[[str], None],
        pace: Pace = ANEW,
        replicas: Replicas | None = None,
    ) -> None:
        self.vision, self.lessons, self.sights = vision, lessons, sights
        self.folder, self.pace = folder, pace
        self.replicas = replicas or Replicas()
        self.say = self.replicas.voice(say)
        self._asked = Asked()  # this process was told to stop
        self._stop = False  # all processes know, and stop after this batch

    def run(self) -> bool:
        """Learn from where the folder's state is; True when finished, False when stopped.

        The same views are then drawn as without a stop; those still held of before are not.
        """
        keep_freed_memory()
        vision, steps = self.vision, self.pace.steps
        squares: Tensor | None = None
        if self.pace.further:
            squares = self.sights.draw(0, PICTURES_AT_ONCE).permute(0, 2, 3, 1)
        insert_norms(vision, squares)
        vision.train()
        pupil = nn.ModuleDict({"vision": vision, "lessons": self.lessons.heads()})
        optimizer = torch.optim.AdamW(
            pupil.parameters(), self.pace.peak_rate, weight_decay=WEIGHT_DECAY, fused=True
        )
        # No average is kept: the rate falls to 0.
        progress = load_state(self.folder, pupil, None, optimizer) or Progress()
        began, saved = time.monotonic() - progress.seconds, time.monotonic()
        recent: list[dict[str, Tensor]] = []
        held: list[tuple[Tensor, dict[str, Tensor]]] = []
        with on_interrupt(self._asked):
            while progress.step < steps:
                seen, taught = self._choose(progress.step, held)
                loss, parts = self.lessons.loss(vision, seen, taught)
                share = progress.step / steps
                descend(optimizer, loss, share, self.pace.peak_rate, 0.1, self._meet)
                recent.append({name: part.detach() for name, part in parts.items()})
                progress.step += 1
                progress.seconds = time.monotonic() - began
                if progress.step in (FIRST_SAID, steps) or progress.step % SAY_EVERY == 0:
                    pace = progress.seconds / progress.step
                    self.say(
                        f"eyes {progress.step}/{steps}  {in_words(recent)}  {pace:.3f} s a batch"
                    )
                    recent.clear()
                if time.monotonic() - saved > SAVE_EVERY_S or self._stop:
                    if self.replicas.leads:
                        save_state(self.folder, pupil, None, optimizer, progress)
                    saved = time.monotonic()
                if self._stop:
                    self.say(f"stopped at step {progress.step}; run again to go on")
                    return False
        fold_norms(vision)
        return True

    def _choose(
        self, step: int, held: list[tuple[Tensor, dict[str, Tensor]]]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Fresh views with what the teachers say of them, or some that are held of before."""
        rank, size = self.replicas.rank, self.replicas.size
        if held and step % ECHOES:
            return held[np.random.default_rng([2, step, rank]).integers(len(held))]
        fresh = self.sights.draw(step * size + rank, max(2, PICTURES_AT_ONCE // size))
        held.append((fresh, self.lessons.taught(fresh)))
        del held[:-HELD]
        return held[-1]

    def _meet(self, parameters: Sequence[nn.Parameter]) -> None:
        self._stop = self.replicas.average(parameters, self._asked.stop)


def save_taught(vision: Vision, lessons: Lessons, path: Path) -> None:
    """Keep what was learnt, the heads of the lessons beside the encoder."""
    weights = {f"{EYES}{name}": value for name, value in vision.state_dict().items()}
    weights |= {f"{LESSONS}{name}": value for name, value in lessons.heads().state_dict().items()}
    with set_aside(path) as unfinished:
        save_file({name: value.cpu().contiguous() for name, value in weights.items()}, unfinished)


def load_taught(vision: Vision, lessons: Lessons, path: Path) -> None:
    """Take what `save_taught` kept; InputError where the file is not of these shapes."""
    load_eyes(vision, path)
    fill(lessons.heads().state_dict(), path, LESSONS)


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
