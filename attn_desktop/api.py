"""For notebooks: `open_model` and `decode` give the records that the window and files hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from attn_desktop.common.mode import Mode
from attn_desktop.common.paths import resolve_model
from attn_desktop.decoding.corpus import step_limit
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.checkpoint import Checkpoint, load_checkpoint
from attn_desktop.trace.records import RunRecord, StepRecord
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree
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
    on_step: Callable[[RunRecord, StepRecord], None] | None = None,
) -> Trace:
    """Decode a text token by token and record everything: run, tree and a record a step.

    choice: greedy with seed 0 unless given. max_steps: None for a limit that follows from the
    length of the source. on_step: called with each record as soon as it is made.
    Raises InputError for a text or a mode that cannot be used.
    """
    mode = Mode(score, scope, weighting)
    choice = choice or Choice()
    stepper = Stepper(model, text)
    limit = step_limit(len(stepper.run.source)) if max_steps is None else max_steps
    run = stepper.run
    tree = RunTree(Root(run.model.hash, run.text, run.device, run.dtype))
    position = stepper.start
    steps: list[StepRecord] = []
    while len(steps) < limit and not (steps and steps[-1].is_end):
        parent = position.node
        record, position = stepper.step(position, tree.new_id(), mode, choice)
        tree.add(Node(record.node, parent, record.t, record.token_id, mode, choice))
        steps.append(record)
        if on_step is not None:
            on_step(run, record)
    return Trace(run, tree, tuple(steps))
