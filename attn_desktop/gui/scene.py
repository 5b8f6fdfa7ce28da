"""What the panels draw: one frozen scene, and what is lit in it.

A scene is a branch of the run with a place in it. Panels are functions of scene, light and theme;
two scenes with the very same `steps` differ only in place, which lets a panel keep what it drew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.coverage import alpha_matrix
from attn_desktop.analysis.labels import SourceAxis, source_axis, token_labels
from attn_desktop.common.mode import Mode
from attn_desktop.gui.gallery import Gallery
from attn_desktop.trace.annotations import Note
from attn_desktop.trace.records import ProbeRecord, RunRecord, StepRecord

#: Stands for the token of a step as long as it is not known.
HIDDEN = "?"


def start_key(run: int) -> int:
    """Under which the probes at the start of a run are kept: below every node's id."""
    return -1 - run


class Phase(IntEnum):
    """What has been computed of the step at the playhead; a later phase shows all before it."""

    ENERGIES = 0
    WINDOW = 1
    ALPHA = 2
    CONTEXT = 3
    STATE = 4
    LOGITS = 5
    TOKEN = 6


@dataclass(frozen=True)
class Branch:
    """One way from the start to a leaf. parted: first step that is its own (1 for the first).

    leaf: id of its last node, None where nothing was decoded yet. about: what makes it differ, in
    a few words. text: what it says. run: which of the inputs it decodes. origin: leaf of the
    branch from which it parts, None for the first of its run. compared: whether it is the
    baseline.
    """

    leaf: int | None
    parted: int
    steps: int
    mode: Mode
    about: str
    text: str
    complete: bool
    shown: bool
    run: int = 0
    origin: int | None = None
    compared: bool = False


@dataclass(frozen=True, eq=False)
class Baseline:
    """The branch that the one shown is compared with: its steps from t = 1 on.

    run: the input that it decodes, which may be another one.
    """

    leaf: int
    about: str
    run: RunRecord
    steps: tuple[StepRecord, ...]

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Labels of its target tokens, one a step."""
        return token_labels([step.token for step in self.steps])

    @cached_property
    def alpha(self) -> NDArray[np.float64]:
        """α of every step by source position, averaged over layers and heads: (T, S)."""
        return np.asarray(alpha_matrix(self.steps, len(self.run.source)))


@dataclass(frozen=True)
class Stop:
    """A breakpoint with where it holds in the branch shown. steps: t, ascending.

    hits: how often a run has stopped there. problem: why it cannot be evaluated on this run.
    """

    condition: str
    enabled: bool
    hits: int
    steps: tuple[int, ...] = ()
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Watch:
    """A watched expression. values: (T,) one a step of the branch shown, NaN where unknown.

    boolean: whether its values are 0 and 1 for false and true. problem: as in `Stop`.
    """

    expression: str
    values: NDArray[np.float64]
    boolean: bool = False
    problem: str = ""


@dataclass(frozen=True)
class NoteMark:
    """A note and what it is about: step t with its token, on the branch that `about` tells of.

    here: whether that step is one of the branch shown.
    """

    note: Note
    t: int
    token: str
    about: str
    here: bool


@dataclass(frozen=True, eq=False)
class Scene:
    """steps: of the branch shown, from t = 1 on. t: the step at the playhead, 0 before the first.

    probes: by node; those of the start of a run under `start_key`. words: whether source pieces
    are joined to words. busy: whether more steps are on their way. cut_off: whether the output
    reached its longest length without an end.
    run_number: which of the document's inputs `run` is. sources: the texts of all of them, empty
    where only the one shown is known. baseline: None where nothing is compared.
    notes: of all branches. history: the changes that can be undone or redone, oldest first, of
    which `done` are done. probing: the kind of probe that is under way, if any. gallery: many
    pictures beside the input shown, None where none were opened.
    """

    run: RunRecord | None = None
    steps: tuple[StepRecord, ...] = ()
    t: int = 0
    phase: Phase = Phase.TOKEN
    words: bool = False
    busy: bool = False
    cut_off: bool = False
    probes: Mapping[int, tuple[ProbeRecord, ...]] = field(default_factory=dict)
    branches: tuple[Branch, ...] = ()
    run_number: int = 0
    sources: tuple[str, ...] = ()
    baseline: Baseline | None = None
    breakpoints: tuple[Stop, ...] = ()
    watches: tuple[Watch, ...] = ()
    notes: tuple[NoteMark, ...] = ()
    history: tuple[str, ...] = ()
    done: int = 0
    probing: str = ""
    gallery: Gallery | None = None

    def at(self, t: int, phase: Phase) -> Scene:
        """The same scene with the playhead elsewhere, what the steps share not worked out anew."""
        return self._sharing(replace(self, t=t, phase=phase))

    def beside(self, gallery: Gallery | None) -> Scene:
        """The same scene with another gallery beside it."""
        return self._sharing(replace(self, gallery=gallery))

    def is_beside(self, other: Scene) -> bool:
        """Whether nothing but the gallery makes this scene another one."""
        names = (field.name for field in fields(Scene) if field.name != "gallery")
        return all(getattr(self, name) is getattr(other, name) for name in names)

    def _sharing(self, other: Scene) -> Scene:
        """Give another scene of the same steps what was worked out about them."""
        for name in ("source", "tokens", "alpha", "alpha_end"):
            if name in self.__dict__:
                other.__dict__[name] = self.__dict__[name]
        return other

    @property
    def step(self) -> StepRecord | None:
        """The step at the playhead, None before the first."""
        return self.steps[self.t - 1] if self.t else None

    @property
    def complete(self) -> bool:
        """Whether the branch came to its end token."""
        return bool(self.steps) and self.steps[-1].is_end

    @cached_property
    def source(self) -> SourceAxis:
        """The columns of the source; raises ValueError without a run."""
        if self.run is None:
            raise ValueError("a scene without a run has no source")
        return source_axis(self.run, self.words)

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Labels of the target tokens, one a step."""
        return token_labels([step.token for step in self.steps])

    @cached_property
    def alpha(self) -> NDArray[np.float64]:
        """α of every step by column, averaged over layers and heads: (T, G); needs a run.

        Rows of steps without attention are NaN.
        """
        return np.asarray(self.source.sum(alpha_matrix(self.steps, self.source.size)))

    @cached_property
    def alpha_end(self) -> float:
        """As `SourceAxis.alpha_end`, of all steps; needs a run."""
        return self.source.alpha_end(self.alpha)

    def reveals(self, phase: Phase) -> bool:
        """Whether the step at the playhead has come so far; never true before the first step."""
        return self.t > 0 and phase <= self.phase

    def knows(self, t: int, phase: Phase) -> bool:
        """Whether step t has come so far; all but the one at the playhead are complete."""
        return t == 0 or t != self.t or self.reveals(phase)

    def label(self, t: int) -> str:
        """Label of the token of step t, `HIDDEN` as long as it is not known."""
        return self.tokens[t - 1] if self.knows(t, Phase.TOKEN) else HIDDEN

    def probe(self, kind: str) -> ProbeRecord | None:
        """The newest probe of a kind at the playhead."""
        if self.step is None:
            return None
        found = [probe for probe in self.probes.get(self.step.node, ()) if probe.kind == kind]
        return found[-1] if found else None

    def note(self, t: int) -> Note | None:
        """What a reader wrote about step t of the branch shown."""
        node = self.steps[t - 1].node
        return next((mark.note for mark in self.notes if mark.note.node == node), None)


@dataclass(frozen=True)
class Light:
    """What is lit in every panel. source: positions. target: steps t, from 1 on.

    Hovering lights for as long as it lasts; what is brushed stays lit until the next brush.
    """

    source: frozenset[int] = frozenset()
    target: frozenset[int] = frozenset()
    brushed_source: frozenset[int] = frozenset()
    brushed_target: frozenset[int] = frozenset()

    @property
    def all_source(self) -> frozenset[int]:
        """Hovered and brushed source positions."""
        return self.source | self.brushed_source

    @property
    def all_target(self) -> frozenset[int]:
        """Hovered and brushed steps."""
        return self.target | self.brushed_target
