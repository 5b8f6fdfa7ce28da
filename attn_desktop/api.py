"""For notebooks: `open_model` and `decode` give the records that the window and files hold."""

from __future__ import annotations

from pathlib import Path

from attn_desktop.common.mode import Mode
from attn_desktop.common.paths import resolve_model
from attn_desktop.decoding.corpus import step_limit
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.decoding.tree_stepper import TreeStepper
from attn_desktop.families.checkpoint import Checkpoint, load_checkpoint
from attn_desktop.trace.records import StepRecord
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
    mode = Mode(score, scope, weighting)
    choice = choice or Choice()
    driver = TreeStepper(Stepper(model, text))
    run = driver.stepper.run
    limit = step_limit(len(run.source)) if max_steps is None else max_steps
    steps: list[StepRecord] = []
    while len(steps) < limit and not (steps and steps[-1].is_end):
        steps.append(driver.step(steps[-1].node if steps else None, mode, choice))
    return Trace(run, driver.tree, tuple(steps))
