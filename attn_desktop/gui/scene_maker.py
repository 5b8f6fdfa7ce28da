"""From a document and a place in it to the scene that the panels draw."""

from __future__ import annotations

from PySide6.QtGui import QUndoStack

from attn_desktop.analysis.labels import piece_label
from attn_desktop.gui.document import Document, View
from attn_desktop.gui.gallery import Gallery
from attn_desktop.gui.marks import Marks
from attn_desktop.gui.scene import Baseline, Branch, NoteMark, Phase, Scene
from attn_desktop.trace.records import StepRecord


class SceneMaker:
    """Keeps what two scenes have in common, so that panels can tell that it is the same."""

    def __init__(self, history: QUndoStack) -> None:
        self._history = history
        self._steps: tuple[StepRecord, ...] = ()
        self._baseline: Baseline | None = None
        self._marks = Marks()
        self._texts: tuple[tuple[int, int, str], tuple[str, ...]] = ((0, 0, ""), ())

    def scene(
        self,
        document: Document,
        view: View,
        words: bool,
        busy: bool,
        probing: str,
        gallery: Gallery | None = None,
    ) -> Scene:
        """The branch and place of a view, as the document now is."""
        steps = document.steps(view.leaf)
        same = len(steps) == len(self._steps) and all(
            new is old for new, old in zip(steps, self._steps, strict=True)
        )
        self._steps = steps = self._steps if same else steps
        run, notes = document.runs[view.run], document.annotations
        leaf = _compared_leaf(document, view)
        branches = document.branches(view.leaf, view.run, leaf)
        t = max(0, min(view.t, len(steps)))
        limit = document.limits[view.run]
        return Scene(
            run=run,
            steps=steps,
            t=t,
            phase=view.phase if t else Phase.TOKEN,
            words=words,
            busy=busy,
            cut_off=len(steps) >= limit and not steps[-1].is_end,
            probes=document.probes,
            branches=branches,
            run_number=view.run,
            sources=tuple(own.text for own in document.runs),
            baseline=None if leaf is None else self._compared(document, leaf, branches),
            breakpoints=self._marks.stops(run, steps, notes.breakpoints),
            watches=self._marks.watches(run, steps, notes.watches),
            notes=_notes(document, steps, branches),
            history=self._history_texts(),
            done=self._history.index(),
            probing=probing,
            gallery=gallery,
        )

    def _compared(self, document: Document, leaf: int, branches: tuple[Branch, ...]) -> Baseline:
        steps, known = document.steps(leaf), self._baseline
        if known is None or known.leaf != leaf or known.steps[-1] is not steps[-1]:
            about = next(branch.about for branch in branches if branch.leaf == leaf)
            run = document.runs[document.tree[leaf].run]
            self._baseline = known = Baseline(leaf, about, run, steps)
        return known

    def _history_texts(self) -> tuple[str, ...]:
        stack = self._history
        key = (stack.count(), stack.index(), stack.undoText())
        if self._texts[0] != key:
            self._texts = (key, tuple(stack.text(i) for i in range(stack.count())))
        return self._texts[1]


def _compared_leaf(document: Document, view: View) -> int | None:
    """The end of the branch that the one shown is compared with, as long as there is one."""
    if view.baseline is None or view.baseline not in document.tree:
        return None
    leaf = document.follow(view.baseline)
    return None if leaf == view.leaf else leaf


def _notes(
    document: Document, steps: tuple[StepRecord, ...], branches: tuple[Branch, ...]
) -> tuple[NoteMark, ...]:
    """Every note with the step that it is about; those of steps that were undone wait."""
    abouts = {branch.leaf: branch.about for branch in branches}
    marks = []
    for note in document.annotations.notes:
        if note.node in document.tree:
            t = document.tree[note.node].t
            here = t <= len(steps) and steps[t - 1].node == note.node
            token = piece_label(document.record(note.node).token)
            about = abouts.get(document.follow(note.node), "")
            marks.append(NoteMark(note, t, token, about, here))
    return tuple(marks)
