"""What is marked in a timeline: breakpoints, edits, forced tokens, notes, a first difference."""

from __future__ import annotations

from collections import defaultdict

from attn_desktop.analysis.compare import compare
from attn_desktop.analysis.edit_words import describe_all
from attn_desktop.analysis.labels import source_axis
from attn_desktop.gui.compare_words import KNOWN_FROM, parting_text
from attn_desktop.gui.marks import at_step
from attn_desktop.gui.scene import Baseline, Phase, Scene, Stop
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.timeline_cells import Cells
from attn_desktop.trace.annotations import Note
from attn_desktop.trace.records import StepRecord

#: Kinds of marks. Each has a lane of its own where they do not fit beside each other.
EDITED, FORCED, NOTES = "edited", "forced", "notes"
#: Half of a mark in pixels at normal type, at most.
MOST = 3.5


class TimelineMarks:
    """What is marked at which step of a scene; worked out anew only where that may have changed.

    notes, stops: by step. steps: those with a mark, of each kind that there is.
    parting: where the branch parts from its baseline, and in what.
    """

    def __init__(self) -> None:
        self.notes: dict[int, Note] = {}
        self.stops: dict[int, list[Stop]] = {}
        self.steps: dict[str, frozenset[int]] = {}
        self.parting: tuple[int, str] | None = None
        self._own: dict[str, frozenset[int]] = {}
        self._records: tuple[StepRecord, ...] = ()
        self._breakpoints: tuple[Stop, ...] = ()
        self._baseline: Baseline | None = None

    def measure(self, scene: Scene) -> None:
        """Take in a scene."""
        grown = scene.steps is not self._records
        if grown or scene.baseline is not self._baseline:
            self._find_parting(scene)
        if grown:
            self._own = {
                EDITED: frozenset(step.t for step in scene.steps if step.edits),
                FORCED: frozenset(step.t for step in scene.steps if step.chosen_by == FORCED),
            }
        if grown or scene.breakpoints != self._breakpoints:
            stops: defaultdict[int, list[Stop]] = defaultdict(list)
            for stop in scene.breakpoints:
                for t in stop.steps:
                    stops[t].append(stop)
            self.stops = dict(stops)
        self.notes = {mark.t: mark.note for mark in scene.notes if mark.here}
        found = {**self._own, NOTES: frozenset(self.notes)}
        self.steps = {kind: steps for kind, steps in found.items() if steps}
        self._records, self._breakpoints = scene.steps, scene.breakpoints
        self._baseline = scene.baseline

    def _find_parting(self, scene: Scene) -> None:
        """Where the branch parts from its baseline; it stays there while either goes on."""
        baseline, known = scene.baseline, self._baseline
        if baseline is None:
            self.parting = None
            return
        if self.parting is not None and known is not None and baseline.run is known.run:
            t = self.parting[0]
            own = scene.steps[:t] == self._records[:t]
            if own and baseline.steps[:t] == known.steps[:t] and len(scene.steps) >= t:
                return
        self.parting = compare(scene.steps, baseline.steps, baseline.run is scene.run).parting

    def look(self) -> object:
        """All that what is painted depends on besides the scene's steps."""
        parting = self.parting and self.parting[0]
        starred = tuple((t, note.bookmarked) for t, note in self.notes.items())
        return self._breakpoints, starred, parting

    def lanes(self, theme: Theme, cells: Cells) -> int:
        """How many lanes the marks take: one where those of a step fit beside each other."""
        beside = cells.pitch >= len(self.steps) * apart(theme)
        return min(1, len(self.steps)) if beside else len(self.steps)

    def stops_at(self, scene: Scene, t: int) -> list[Stop]:
        """The breakpoints that hold at a step, as far as that is known."""
        stops = self.stops.get(t, [])
        if scene.knows(t, Phase.TOKEN):
            return stops
        return [stop for stop in stops if at_step(stop.condition, t)]

    # -- words ----------------------------------------------------------------------------

    def said(self, scene: Scene, t: int) -> list[str]:
        """What is marked at step t, each in a line that begins with its mark."""
        if not t or scene.run is None:
            return []
        step, lines = scene.steps[t - 1], []
        for stop in self.stops_at(scene, t):
            lines.append(f"{'●' if stop.enabled else '○ (off)'} {stop.condition}")
        if step.edits:
            words = describe_all(step.edits, source_axis(scene.run).labels)
            lines.append(f"▲ edited: {words}")
        if step.chosen_by == FORCED:
            lines.append("■ forced token")
        if t in self.notes:
            note = self.notes[t]
            lines.append(f"{'★' if note.bookmarked else '▤'} {note.text or 'bookmark'}")
        if self.parting is not None and self.parting[0] == t:
            lines.append(f"≠ {self.parted(scene)}")
        return lines

    def parted(self, scene: Scene) -> str:
        """Where the branch parts from its baseline, and in what as far as that is known."""
        if self.parting is None:
            return ""
        t, name = self.parting
        return f"{parting_text(t, name if scene.knows(t, KNOWN_FROM[name]) else '')} (baseline)"


def apart(theme: Theme) -> int:
    """Pixels from the middle of a mark to that of the next one beside it."""
    return theme.px(2 * MOST + 3)
