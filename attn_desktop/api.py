"""For notebooks: `open_model` and `decode` give the records that the window and files hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from attn_desktop.common.mode import Mode
from attn_desktop.common.paths import resolve_model
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.decoding.tree_stepper import TreeStepper
from attn_desktop.families.base import Given
from attn_desktop.families.checkpoint import Checkpoint, load_checkpoint
from attn_desktop.inputs.image import load_picture
from attn_desktop.trace.run_tree import Choice
from attn_desktop.trace.trace import Trace


def open_model(folder: str | Path, device: str = "cpu") -> Checkpoint:
    """Open a model folder, or a shipped model by name such as `en-fr`.

    Raises CheckpointError naming the file and what is wrong with it.
    """
    return load_checkpoint(resolve_model(str(folder)), device)


def decode(
    model: Checkpoint,
    text: str = "",
    *,
    picture: str | Path | bytes | NDArray[np.uint8] | None = None,
    score: str = "additive",
    scope: str = "global",
    weighting: str = "soft",
    choice: Choice | None = None,
    max_steps: int | None = None,
) -> Trace:
    """Decode an input token by token and record everything: run, tree and a record a step.

    text: the sentence, or the question about a picture. picture: for a model that takes one
    (`model.info.takes`), the path of an image file, its bytes, or the `RunRecord.picture` of
    another run. choice: greedy with seed 0 unless given. max_steps: None for what the model says
    usually suffices. Raises InputError for an input or a mode that cannot be used.
    """
    if isinstance(picture, str):
        picture = Path(picture)
    if isinstance(picture, Path | bytes):
        picture = load_picture(picture)
    driver = TreeStepper(Stepper(model, Given(text, picture)))
    steps = driver.decode(Mode(score, scope, weighting), choice or Choice(), max_steps)
    return Trace(driver.stepper.run, steps=tuple(steps), tree=driver.tree)
