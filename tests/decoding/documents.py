"""Documents that a toy model really decoded: branches, two inputs, and edits of every kind."""

from __future__ import annotations

from dataclasses import replace

from attn_desktop.common.mode import WEIGHTINGS, Mode
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.trace.edits import Edit, inherited
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree
from attn_desktop.trace.trace import Trace, check_trace

FIRST, SECOND = "Where is the station?", "A dog."
ADDITIVE = Mode()
GREEDY, SAMPLED = Choice(seed=2), Choice("sampled", temperature=1.4, top_p=0.9, seed=21)
#: Of every way one, for a source of 8 positions at least and vectors of 10 numbers.
EVERY_EDIT = (
    Edit("alpha", "uniform"),
    Edit("alpha", "mask", (0, 3)),
    Edit("alpha", "pin", (1, 4)),
    Edit("alpha", "power", values=(2.5,)),
    Edit("alpha", "shift", values=(1.0,)),
    Edit("position", "pick", (2,)),
    Edit("context", "add", (0, 9), (0.5, -2.0)),
    Edit("context", "zero", (1,), lasting=True),
    Edit("context", "replace", values=(0.25,)),
    Edit("state", "add", values=(-0.125,), lasting=True),
    Edit("state", "zero", (3, 4)),
    Edit("state", "replace", (7,), (0.75,)),
)


def recorded_document(checkpoint: Checkpoint, mode: Mode = ADDITIVE) -> Trace:
    """A branch for every edit, each with a step after it; a second input with three steps.

    All in one mode, but the second input changes its weighting from step to step.
    """
    driver = _Driver(checkpoint, mode)
    start = driver.decode(0, (), 2)
    for edit in EVERY_EDIT:
        if mode.attends or edit.target in ("context", "state"):
            driver.decode(0, start[:1], 2, (edit,))
    driver.decode(0, start, 1, forced=40)
    driver.decode(1, (), 3)
    trace = driver.trace()
    check_trace(trace)
    return trace


class _Driver:
    """Owns the tree, as a window does."""

    def __init__(self, checkpoint: Checkpoint, mode: Mode) -> None:
        self._mode = mode
        self._inputs = [Positions(Stepper(checkpoint, text)) for text in (FIRST, SECOND)]
        run = self._inputs[0].stepper.run
        self._tree = RunTree(Root(run.model.hash, run.text, run.device, run.dtype))
        self._steps: list[StepRecord] = []

    def decode(
        self,
        run: int,
        path: tuple[Node, ...],
        steps: int,
        edits: tuple[Edit, ...] = (),
        forced: int | None = None,
    ) -> tuple[Node, ...]:
        """The path, longer by some steps; every second one is sampled, of input 1 also hard."""
        positions = self._inputs[run]
        position = positions.after(path)
        for _ in range(steps):
            even = position.t % 2 == 1
            mode = self._mode
            if run == 1 and mode.attends:
                mode = replace(mode, weighting=WEIGHTINGS[even])
            choice = SAMPLED if even else GREEDY
            if forced is not None:
                choice = Choice("forced", seed=2)
            record, node, position = positions.step(
                position, self._tree.new_id(), mode, choice, forced, edits, run
            )
            self._tree.add(node)
            self._steps.append(record)
            path, edits = (*path, node), inherited(edits, mode.attends)
        return path

    def trace(self) -> Trace:
        first, second = (positions.stepper.run for positions in self._inputs)
        return Trace(first, self._tree, tuple(self._steps), others=(second,))
