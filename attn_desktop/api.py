"""For notebooks: `open_model` and `decode` give the records that the window and files hold."""

from __future__ import annotations

from pathlib import Path

from attn_desktop.common.mode import Mode
from attn_desktop.common.paths import resolve_model
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.decoding.tree_stepper import TreeStepper
from attn_desktop.families.checkpoint import Checkpoint, load_checkpoint
from attn_desktop.trace.run_tree import Choice
from attn_desktop.trace.trace import Trace


def open_model(folder: str | Path, device: str = "cpu") -> Checkpoint:
    """Open a model folder, or a shipped model by name such as `en-fr`.

    Raises CheckpointError naming the file and what is wrong with it.
    """
    return load_checkpoint(resolve_model(str(folder)), device)


def decode(
    model: Checkpoint,
    text: str,
    *,
    score: str = "additive",
    scope: str = "global",
    weighting: str = "soft",
    choice: Choice | None = None,
    max_steps: int | None = None,
) -> Trace:
    """Decode a text token by token and record everything: run, tree and a record a step.

    choice: greedy with seed 0 unless given. max_steps: None for a limit that follows from the
    length of the source. Raises InputError for a text or a mode that cannot be used.
    """
    driver = TreeStepper(Stepper(model, text))
    steps = driver.decode(Mode(score, scope, weighting), choice or Choice(), max_steps)
    return Trace(driver.stepper.run, steps=tuple(steps), tree=driver.tree)
