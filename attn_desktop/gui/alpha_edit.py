"""α of a step as weights that are changed by hand: what may be changed, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.alpha_edits import edit_alpha
from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.common.errors import InputError
from attn_desktop.gui.intents import MakeEdit
from attn_desktop.gui.numbers import typed
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.trace.edits import Edit, check_attends, check_edits
from attn_desktop.trace.records import AttentionRecord, FloatArray

Floats = NDArray[np.float64]


def why_not_alpha(scene: Scene) -> str:
    """Why α of the step at the playhead cannot be edited; empty where it can."""
    step = scene.step
    if scene.run is None:
        return "There is no α yet: encode a sentence first."
    if step is None:
        return "There is no α before the first step. F10: step."
    if step.cross is None:
        return "This mode has no attention, so there is no α to edit."
    if not scene.reveals(Phase.ALPHA):
        return f"α of step {step.t} is computed after mask and scope. F11: next phase."
    return ""


@dataclass(frozen=True, eq=False)
class Weights:
    """What stands in place of α before it is made to sum to 1, (S,).

    allowed: (S,) where weight may be: positions that are not masked.
    """

    axis: SourceAxis
    values: Floats
    allowed: NDArray[np.bool_]

    @property
    def columns(self) -> Floats:
        """(G,) the weights of each column."""
        return np.asarray(self.axis.sum(self.values))

    @property
    def total(self) -> float:
        """Σ_j of the weights."""
        return float(self.values.sum())

    @property
    def alpha(self) -> Floats | None:
        """(S,) the weights divided by their sum; None where all are 0."""
        return self.values / self.total if self.total > 0 else None

    def allows(self, column: int) -> bool:
        """Whether there can be any weight in a column."""
        return bool(self.axis.any(self.allowed)[column])

    def lifted(self, column: int, weight: float) -> Weights:
        """With this weight of a column: of a word, pieces keep their shares, or share alike."""
        positions = [j for j in self.axis.positions(column) if self.allowed[j]]
        values = self.values.copy()
        held = values[positions]
        if held.sum() > 0:
            values[positions] = held * (weight / held.sum())
        elif positions:
            values[positions] = weight / len(positions)
        return replace(self, values=values)

    def edit(self) -> Edit:
        """The edit that sets these weights; InputError where they are all 0."""
        return Edit("alpha", "set", values=tuple(self.values.tolist()))


def weights_of(scene: Scene) -> Weights:
    """α of the step at the playhead, averaged over layers and heads; it must be editable.

    What is not a number counts as 0.
    """
    step = scene.step
    assert step is not None
    assert step.cross is not None
    alpha = np.nan_to_num(step.cross.alpha.astype(np.float64), posinf=0.0, neginf=0.0)
    values = alpha.mean(axis=(0, 1))
    return Weights(scene.source, values, np.logical_and.reduce(step.cross.mask, axis=(0, 1)))


def problem_of(scene: Scene, wanted: MakeEdit) -> str:
    """Why these edits cannot be made to the step at the playhead; empty where they can."""
    step = scene.step
    assert step is not None
    cross = step.cross
    try:
        _check(scene, wanted.edits)
        check_attends(wanted.edits, cross is not None)
        if cross is not None:
            anew = wanted.instead and cross.unedited is not None
            _stages(wanted.edits, cross, cross.unedited if anew else cross.alpha)
            for edit in wanted.edits:
                if edit.target == "position" and not cross.mask[..., edit.positions[0]].all():
                    return f"position {edit.positions[0] + 1} is masked; k cannot be there"
    except InputError as error:
        return str(error)
    return ""


def edited_sums(scene: Scene) -> list[float]:
    """Σ of α after each edit that the step at the playhead has, before the division by it.

    Averaged over layers and heads; empty where α is as the model made it.
    """
    step = scene.step
    if step is None or step.cross is None or step.cross.unedited is None:
        return []
    try:
        _check(scene, step.edits)
        rows = _stages(step.edits, step.cross, step.cross.unedited)
    except InputError:  # a file may hold edits that do not fit it
        return []
    return [float(total) for total in np.mean(rows, axis=0)]


def _check(scene: Scene, edits: Sequence[Edit]) -> None:
    assert scene.run is not None
    run = scene.run
    check_edits(edits, len(run.source), len(run.fixed_context), len(run.start_state))


def _stages(
    edits: Sequence[Edit], cross: AttentionRecord, alpha: FloatArray | None
) -> list[list[float]]:
    """The sums after each edit of α, for each layer and head; InputError as `edit_alpha`."""
    assert alpha is not None
    with np.errstate(all="ignore"):  # α of a broken model may be anything
        return [
            [
                stage.total
                for stage in edit_alpha(edits, alpha[row], cross.mask[row], cross.window[row])
            ]
            for row in np.ndindex(alpha.shape[:-1])
        ]


def sentence(problem: str) -> str:
    """The message of an error, to stand on its own; symbols keep their case."""
    if not problem:
        return ""
    word = problem.split(maxsplit=1)[0]
    start = problem[0].upper() if len(word) > 1 and word.isalpha() else problem[0]
    return f"{start}{problem[1:]}."


def read_weight(text: str) -> float:
    """A weight that somebody typed; InputError unless it is a number from 0."""
    weight = typed(text)
    if not 0 <= weight < math.inf:
        raise InputError(f"“{text.strip()}” is not a number from 0")
    return weight
