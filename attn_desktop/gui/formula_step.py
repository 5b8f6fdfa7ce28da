"""The step whose arithmetic is written out: its numbers for one source position and one head."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.labels import candidate_label, source_axis
from attn_desktop.gui.formula_markup import literal, prose
from attn_desktop.gui.formula_probe import Arithmetic, arithmetic
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import AttentionRecord, FloatArray, Reading, RunRecord, StepRecord

Floats = NDArray[np.float64]
Vector = Literal["context", "state"]

#: Most characters of a word in a line of numbers.
LONGEST = 20


@dataclass(frozen=True, eq=False)
class FormulaStep:
    """The step at the playhead. position: j. dimension: d of a vector, None for the largest.

    Of several layers and heads the last layer's first head is looked at: the mean of several is
    the softmax of nothing.
    """

    scene: Scene
    run: RunRecord
    step: StepRecord
    position: int
    dimension: int | None = None

    # -- what is looked at ------------------------------------------------------------------

    @property
    def t(self) -> int:
        """Number of the step."""
        return self.step.t

    @property
    def active(self) -> Reading:
        """What gave the next state."""
        return self.step.active

    @cached_property
    def cross(self) -> AttentionRecord | None:
        """Attention of the decoder over the source."""
        return self.step.cross

    @cached_property
    def model(self) -> Arithmetic | None:
        """What only the model knows, if it was asked."""
        return arithmetic(self.scene, self.position)

    @cached_property
    def before(self) -> StepRecord | None:
        """The step before, None for the first."""
        return self.scene.steps[self.scene.t - 2] if self.scene.t > 1 else None

    @cached_property
    def query(self) -> FloatArray:
        """s_{t−1}: (N,)."""
        return self.run.start_state if self.before is None else self.before.active.state

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A label for each source position, pieces not joined."""
        axis = source_axis(self.run) if self.scene.words else self.scene.source
        return axis.labels

    @cached_property
    def real(self) -> int:
        """S, without positions that are only there to fill up."""
        return int(self.run.mask.sum())

    @property
    def size(self) -> int:
        """How many source positions there are."""
        return len(self.run.source)

    def row(self, values: FloatArray) -> Floats:
        """One head of an array over layers, heads and source: (S,)."""
        return np.asarray(values[-1, 0], dtype=np.float64)

    @cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """Where mask and window let through: (S,)."""
        assert self.cross is not None
        allowed: NDArray[np.bool_] = (self.cross.mask & self.cross.window)[-1, 0]
        return allowed

    @cached_property
    def center(self) -> tuple[float, ...] | None:
        """p_t, 1-based; on a grid its row and its column."""
        cross = self.cross
        if cross is None or cross.center is None:
            return None
        return tuple(np.atleast_1d(cross.center[-1, 0]).astype(np.float64).tolist())

    @cached_property
    def places(self) -> tuple[NDArray[np.int64], ...]:
        """Where each position is on the axes of p_t, 1-based: j, or row and column; (S,) each."""
        j = np.arange(self.size, dtype=np.int64)
        if self.run.grid is None or len(self.center or ()) < 2:
            return (j + 1,)
        return j // self.run.grid[1] + 1, j % self.run.grid[1] + 1

    @cached_property
    def distances(self) -> tuple[Floats, ...]:
        """|j − p_t| of every position, on a grid along the rows and along the columns."""
        if self.center is None:
            return ()
        pairs = zip(self.places, self.center, strict=True)
        return tuple(np.asarray(np.abs(place - center)) for place, center in pairs)

    @cached_property
    def half_width(self) -> float:
        """D of a local scope."""
        return float((self.cross and self.cross.half_width) or 0.0)

    @cached_property
    def gaussian(self) -> Floats | None:
        """exp(−(j − p_t)² / 2σ²), σ = D/2, of every position; None where there is none.

        On a grid the product of one along the rows and one along the columns.
        """
        if self.step.mode.scope != "local-p" or self.center is None or self.half_width < 1e-6:
            return None
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            squares = sum((away / (self.half_width / 2)) ** 2 for away in self.distances)
            return np.asarray(np.exp(-squares / 2), dtype=np.float64)

    # -- words ------------------------------------------------------------------------------

    def word(self, position: int) -> str:
        """A source position in quotes, as markup."""
        return f"\\source{{{_quoted(self.labels[position])}}}"

    def token(self, text: str) -> str:
        """A target token in quotes, as markup."""
        return f"\\target{{{_quoted(candidate_label(self.step, text))}}}"

    @property
    def place(self) -> str:
        """`7,3`: what stands below the e and α of this step and position."""
        return f"{self.t},{self.position + 1}"

    @property
    def weighting(self) -> str:
        """The role of what the weighting in use gives."""
        return self.step.mode.weighting if self.step.mode.attends else "text"

    @cached_property
    def note(self) -> str:
        """Which position this is about, and how another one is chosen."""
        heads = "" if self.cross is None else _heads(self.cross)
        return (
            f"\\source{{j}} = {self.position + 1}  {self.word(self.position)}{heads}¦  ·  "
            "\\text{brush a source word for its arithmetic}"
        )

    def dimension_note(self, symbol: str, length: int, dimension: int) -> str:
        """Which dimension this is about, and how another one is chosen."""
        heads = "" if self.cross is None else _heads(self.cross)
        why = f",\\text{{ the largest }}|{symbol}|" if self.dimension is None else ""
        return (
            f"d = {dimension + 1} of {length}{why}{heads}¦  ·  \\text{{wheel or ↑ ↓ for another}}"
        )

    def chosen_dimension(self, values: FloatArray) -> int:
        """d: the one asked for, or the one of largest magnitude."""
        if self.dimension is not None:
            return min(max(self.dimension, 0), len(values) - 1)
        if not len(values):
            return 0
        return int(np.argmax(np.nan_to_num(np.abs(values), nan=-1.0)))


def asking(what: str) -> str:
    """Says that numbers are asked for that no record has. what: markup."""
    return f"{what}:¦{prose(' asking the model, whose weights a saved file does not hold')}"


def _quoted(label: str) -> str:
    short = label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
    return literal(f"“{short}”")


def _heads(cross: AttentionRecord) -> str:
    layers, heads = cross.alpha.shape[:2]
    if (layers, heads) == (1, 1):
        return ""
    return f"¦  ·  layer {layers} of {layers}, head 1 of {heads}"


def chosen_position(scene: Scene, light: Light) -> int:
    """j: hovered, or else brushed, or else where α is largest."""
    assert scene.run is not None
    size = len(scene.run.source)
    for lit in (light.source, light.brushed_source):
        inside = [position for position in lit if position < size]
        if inside:
            return min(inside)
    step = scene.step
    if step is None or step.cross is None:
        return 0
    alpha = step.cross.alpha[-1, 0]
    return int(np.argmax(np.nan_to_num(alpha, nan=-1.0)))


def vector_stages(
    edits: Iterable[Edit], target: Vector, dimension: int, value: float
) -> list[tuple[Edit, float]]:
    """What each edit of c_t or s_t makes of one of its numbers, in the order of the edits."""
    stages: list[tuple[Edit, float]] = []
    for edit in edits:
        if edit.target != target or (edit.positions and dimension not in edit.positions):
            continue
        place = edit.positions.index(dimension) if edit.positions else dimension
        given = edit.values[place if len(edit.values) > 1 else 0] if edit.values else 0.0
        value = value + given if edit.how == "add" else given
        stages.append((edit, value))
    return stages


def vector_of(scene: Scene) -> FloatArray | None:
    """The vector of which one dimension is looked at in this phase."""
    if scene.step is None:
        return None
    if scene.phase is Phase.CONTEXT:
        return scene.step.active.context
    return scene.step.active.state if scene.phase is Phase.STATE else None
