"""What a report says of a trace: branches in order, and a row a step. Plain data, no drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.candidates import candidates
from attn_desktop.analysis.coverage import alpha_matrix, widths
from attn_desktop.analysis.four_readings import SAMPLED, four_readings
from attn_desktop.analysis.labels import SourceAxis, source_axis, token_labels
from attn_desktop.common.mode import HARD, SOFT
from attn_desktop.gui.document import Document
from attn_desktop.gui.marks import Marks
from attn_desktop.gui.scene import Branch, Stop, Watch
from attn_desktop.trace.annotations import Annotations
from attn_desktop.trace.records import ProbeRecord, RunRecord, StepRecord
from attn_desktop.trace.run_tree import Choice
from attn_desktop.trace.trace import Trace

TOP = 5
#: Branches that are shown step by step, and the most steps and cells of α of all of them together.
MAX_FULL, MAX_STEPS, MAX_CELLS = 12, 2_000, 400_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Likely:
    """A token that a reading finds likely."""

    label: str
    p: float
    chosen: bool


@dataclass(frozen=True, eq=False)
class StepRow:
    """One step. alpha: (G,) by column, NaN without attention. drawn: columns that hard drew.

    spread, most: H(α) and the most it could be, NaN without attention. likely: by reading, best
    first. distance: ‖c_soft − c_hard‖; js: Jensen-Shannon divergence of both readings in nats, NaN
    where it was not recorded.
    """

    step: StepRecord
    label: str
    alpha: Floats
    drawn: tuple[int, ...]
    spread: float
    most: float
    likely: Mapping[str, tuple[Likely, ...]]
    distance: float
    js: float

    @property
    def attends(self) -> bool:
        """Whether there is an α, all of it numbers."""
        return bool(np.isfinite(self.alpha).all()) and len(self.alpha) > 0

    @property
    def best(self) -> int | None:
        """The column of the largest α."""
        return int(self.alpha.argmax()) if self.attends else None

    @property
    def other(self) -> str | None:
        """The reading that did not give the next state."""
        names = [name for name in self.likely if name != self.step.mode.weighting]
        return names[0] if names else None


@dataclass(frozen=True, eq=False)
class BranchReport:
    """One branch. number: from 1 on, as `attn-desktop show` numbers it. run_number: from 0 on.

    annotations: of the document.
    """

    number: int
    branch: Branch
    run: RunRecord
    run_number: int
    axis: SourceAxis
    steps: tuple[StepRecord, ...]
    choice: Choice
    probes: Mapping[int, tuple[ProbeRecord, ...]]
    annotations: Annotations

    @cached_property
    def alpha_end(self) -> float:
        """The α at which colours end: as `Scene.alpha_end`."""
        return self.axis.alpha_end(alpha_matrix(self.steps, self.axis.size))

    @cached_property
    def rows(self) -> tuple[StepRow, ...]:
        """A row a step."""
        labels = token_labels([step.token for step in self.steps])
        alpha = np.asarray(self.axis.sum(alpha_matrix(self.steps, self.axis.size)))
        return tuple(
            self._row(step, label, weights)
            for step, label, weights in zip(self.steps, labels, alpha, strict=True)
        )

    @cached_property
    def stops(self) -> tuple[Stop, ...]:
        """The breakpoints, and where they hold in this branch."""
        return Marks().stops(self.run, self.steps, self.annotations.breakpoints)

    @cached_property
    def watches(self) -> tuple[Watch, ...]:
        """The watches and their values in this branch."""
        return Marks().watches(self.run, self.steps, self.annotations.watches)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Of all source positions, whether or not they are joined to words."""
        return source_axis(self.run).labels

    @property
    def log_prob(self) -> float:
        """Σ_t log p(y_t)."""
        return float(sum(step.log_prob for step in self.steps))

    @property
    def cells(self) -> int:
        """How many α there are."""
        return len(self.steps) * len(self.axis)

    def _row(self, step: StepRecord, label: str, alpha: Floats) -> StepRow:
        probe = next(
            (p for p in reversed(self.probes.get(step.node, ())) if p.kind == "readings"), None
        )
        spread, most = widths(step.cross) if step.cross else (np.nan, np.nan)
        drawn = step.cross.sampled.ravel().tolist() if step.cross else []
        found = candidates(step, with_chosen=True)
        likely = {}
        for name in found.names:
            rows = [row for row in found.rows if np.isfinite(row.p[name])]
            rows.sort(key=lambda row, name=name: -row.p[name])  # type: ignore[misc]
            likely[name] = tuple(Likely(row.label, row.p[name], row.chosen) for row in rows[:TOP])
        return StepRow(
            step=step,
            label=label,
            alpha=alpha,
            drawn=tuple(self.axis.columns(frozenset(drawn))),
            spread=spread,
            most=most,
            likely=likely,
            distance=_distance(step),
            js=_divergence(self.run, step, probe),
        )


@dataclass(frozen=True)
class NoteReport:
    """A note at a step."""

    t: int
    label: str
    text: str
    bookmarked: bool


def branch_reports(trace: Trace, words: bool) -> tuple[BranchReport, ...]:
    """Every branch of a trace, in the order of `attn-desktop show`."""
    document, view = Document.of_trace(trace)
    axes = [source_axis(run, words) for run in trace.runs]
    reports = []
    branches = document.branches(view.leaf, view.run, view.baseline)
    decoded = [branch for branch in branches if branch.leaf is not None]
    for number, branch in enumerate(decoded, start=1):
        steps = document.steps(branch.leaf)
        node = trace.tree[steps[-1].node]
        reports.append(
            BranchReport(
                number=number,
                branch=branch,
                run=trace.runs[node.run],
                run_number=node.run,
                axis=axes[node.run],
                steps=steps,
                choice=node.choice,
                probes=document.probes,
                annotations=document.annotations,
            )
        )
    return tuple(reports)


def in_full(branches: Sequence[BranchReport]) -> tuple[BranchReport, ...]:
    """The branches to be shown step by step: the one shown last, then the others in order."""
    order = sorted(branches, key=lambda report: not report.branch.shown)
    kept: list[BranchReport] = []
    steps = cells = 0
    for report in order[:MAX_FULL]:
        steps, cells = steps + len(report.steps), cells + report.cells
        if kept and (steps > MAX_STEPS or cells > MAX_CELLS):
            break
        kept.append(report)
    return tuple(sorted(kept, key=lambda report: report.number))


def notes(trace: Trace) -> tuple[NoteReport, ...]:
    """The notes of a trace by step."""
    records = {step.node: step for step in trace.steps}
    found = []
    for note in trace.annotations.notes:
        step = records.get(note.node)
        label = token_labels([step.token])[0] if step else ""
        found.append(NoteReport(trace.tree[note.node].t, label, note.text, note.bookmarked))
    return tuple(sorted(found, key=lambda note: note.t))


def _distance(step: StepRecord) -> float:
    soft, hard = step.readings.get(SOFT), step.readings.get(HARD)
    if soft is None or hard is None:
        return float("nan")
    with np.errstate(invalid="ignore"):  # numbers that are none make none
        between = soft.context.astype(np.float64) - hard.context.astype(np.float64)
    return float(np.linalg.norm(between))


def _divergence(run: RunRecord, step: StepRecord, probe: ProbeRecord | None) -> float:
    if probe is None:
        return float("nan")
    readings = {reading.name: reading for reading in four_readings(run, step, probe)}
    soft = readings[SOFT].prediction if SOFT in readings else None
    return float("nan") if soft is None else soft.js.get(SAMPLED, float("nan"))
