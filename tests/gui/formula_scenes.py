"""Scenes of real steps of a toy model, with the arithmetic of each as the engine would answer."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from attn_desktop.common.mode import Mode
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import find_probe
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.base import Given
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import ModelInfo, ProbeRecord, StepRecord
from attn_desktop.trace.run_tree import Choice, Node
from tests.decoding.helpers import SENTENCES, as_checkpoint, never_ending_model
from tests.toy_seers import toy_captioner, toy_picture

GREEDY = Choice()


@cache
def picture_stepper() -> Stepper:
    """A captioner that never ends, on a picture of 4 × 4 regions."""
    model = toy_captioner(2, half_width=1.0)
    model.output_bias[model.end_id] = -1e4
    info = ModelInfo(
        "toy",
        "captioner",
        "0" * 64,
        "A toy.",
        model.trained_modes,
        model.takes,
        model.fixed_formula,
        model.query_formula,
    )
    given = Given(picture=toy_picture(1))
    return Stepper(Checkpoint(model, info, Path("nowhere")), given)


@cache
def stepper(cell: str = "gru") -> Stepper:
    return Stepper(as_checkpoint(never_ending_model(3, cell=cell)), SENTENCES[0])


def model_scene(
    mode: Mode = Mode(),  # noqa: B008  # it is frozen
    phase: Phase = Phase.TOKEN,
    t: int = 3,
    choice: Choice = GREEDY,
    edits: tuple[Edit, ...] = (),
    forced: int | None = None,
    cell: str = "gru",
    position: int | None = 4,
    picture: bool = False,
) -> Scene:
    """t steps, the last of them edited or forced. position: of which the arithmetic is known.

    picture: whether a picture is described, instead of a sentence translated.
    """
    positions = Positions(picture_stepper() if picture else stepper(cell))
    path: list[Node] = []
    steps: list[StepRecord] = []
    probes: dict[int, tuple[ProbeRecord, ...]] = {}
    place = positions.stepper.start
    for number in range(t):
        last = number == t - 1
        given = forced if last else None
        how = choice if given is None else Choice("forced", seed=choice.seed)
        record, node, place = positions.step(place, number, mode, how, given, edits if last else ())
        path.append(node)
        steps.append(record)
        if position is not None:
            found = find_probe("arithmetic")(positions, path, {"position": position})
            probes[number] = tuple(found)
    run = positions.stepper.run
    return Scene(run=run, steps=tuple(steps), t=t, phase=phase, probes=probes)
