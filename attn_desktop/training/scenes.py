"""Recipes that learn from rendered scenes: pictures of consecutive seeds, kept in a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from attn_desktop.common.whole_file import set_aside
from attn_desktop.families.base import Family
from attn_desktop.families.vision import Vision, VisionConfig
from attn_desktop.inputs.scene_sets import draw_pictures
from attn_desktop.training.held_out import held_out_loss
from attn_desktop.training.looks import seen
from attn_desktop.training.loop import LoopSettings, Trainer
from attn_desktop.training.mode_draws import ModeDraws
from attn_desktop.training.pictures import PicturedTexts, SomeOfEach
from attn_desktop.training.recipe import Request
from attn_desktop.training.replicas import Replicas
from attn_desktop.training.scene_eyes import open_eyes
from attn_desktop.training.side_by_side import side_by_side

#: Rendered scenes, the last of which are held out.
SCENES, HELD_OUT = 40_000, 300
#: Both models look at scenes with eyes of this shape.
EYES = VisionConfig(side=224, channels=(16, 32, 64, 128), extra=(0, 1, 1, 1))
SAY_EVERY, PART = 5000, 250


@dataclass(frozen=True)
class Rows:
    """What is said of each scene, in its order.

    owners: (R,) number of the scene. targets: ids. source: as `PicturedTexts` takes it. A batch has
    `of_each` texts of each of `scenes` scenes. where: as `PicturedTexts` takes it.
    """

    owners: NDArray[np.int64]
    targets: list[list[int]]
    source: Callable[[NDArray[Any], int], Any]
    scenes: int
    of_each: int
    where: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None


def rendered(folder: Path, count: int, side: int, say: Callable[[str], None]) -> NDArray[np.uint8]:
    """Pictures (count, side, side, 3) of the first scenes, mapped from a file in the folder.

    They are rendered where the file is not there yet.
    """
    path = folder / f"scenes-{count}-{side}.npy"
    if not path.is_file():
        with set_aside(path) as unfinished:
            pictures = np.lib.format.open_memmap(
                unfinished, mode="w+", dtype=np.uint8, shape=(count, side, side, 3)
            )
            del pictures  # the file is there now
            done = 0
            for _ in side_by_side(partial(draw_pictures, unfinished, side), count, PART):
                done = min(done + PART, count)
                if done % SAY_EVERY == 0 or done == count:
                    say(f"rendered {done} of {count} scenes")
    mapped: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return mapped


def train_on_scenes(
    model: Family,
    vision: Vision,
    rows: Rows,
    settings: LoopSettings,
    modes: ModeDraws,
    request: Request,
    replicas: Replicas,
) -> Trainer:
    """A trainer that shows a model each scene once an epoch, with some of its texts.

    vision: the model's own. It learns to recognise objects first and stays as it is then, so that
    all scenes are looked at once.
    """
    state, say = request.out / "training", replicas.voice(request.say)
    looks = replicas.lead_first(lambda: _looks(vision, state, say))
    for layer in (vision.stages, vision.annotate):
        layer.requires_grad_(False)
    examples = PicturedTexts(looks, rows.owners, rows.targets, rows.scenes, rows.source, rows.where)
    kept = rows.owners < SCENES - HELD_OUT
    held = examples.batch(np.flatnonzero(~kept))
    count = sum(parameter.numel() for parameter in model.parameters())
    say(f"{count:,} parameters, {int(kept.sum()):,} texts on {SCENES - HELD_OUT:,} scenes")
    return Trainer(
        model,
        examples,
        state,
        settings.of(request.epochs, request.seed),
        SomeOfEach(rows.owners[kept], rows.of_each),
        modes,
        lambda averaged: held_out_loss(averaged, held),
        say,
        replicas,
    )


def _looks(vision: Vision, state: Path, say: Callable[[str], None]) -> NDArray[np.float16]:
    """What trained eyes see in each scene; both from files, where they are there."""
    eyes, looks = state / "eyes.safetensors", state / f"looks-{SCENES}.npy"
    if eyes.is_file() and looks.is_file():
        pictures = np.empty((0, EYES.side, EYES.side, 3), dtype=np.uint8)
    else:
        pictures = rendered(state, SCENES, EYES.side, say)
    open_eyes(vision, pictures[:-HELD_OUT], eyes, say)
    return seen(
        vision, lambda part: torch.from_numpy(np.array(pictures[part])), len(pictures), looks, say
    )
