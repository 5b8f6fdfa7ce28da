"""The session: the document, its history and the branch shown; files, sources and devices.

Mode and choice of the session are those of the next step: they follow the playhead along what is
recorded. What decodes more steps is in `stepping`.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from attn_desktop.common.errors import UserError
from attn_desktop.common.mode import Mode
from attn_desktop.gui.document import Document, View
from attn_desktop.gui.engine_link import EngineLink
from attn_desktop.gui.gallery import Gallery
from attn_desktop.gui.job import EncodeJob, Home, Picture, encode_job
from attn_desktop.gui.playhead import Playhead
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.scene_maker import SceneMaker
from attn_desktop.gui.undo import AddRun, Annotate, ReplaceDocument
from attn_desktop.trace.annotations import Annotations, Breakpoint, Note
from attn_desktop.trace.protocol import Encoded
from attn_desktop.trace.run_tree import Choice
from attn_desktop.trace.storage import load_trace, save_trace

UNDO_LIMIT = 200


class Session(QObject):
    """ways_changed: mode, choice, model or device. document_changed: another one, or saved.

    encoded: a new input is there, nothing decoded yet. moved: the user moved the playhead.
    failed: (message, cause); causes are those of `Failed`, `source` for a text that cannot be
    encoded, and `note`.
    """

    ways_changed = Signal()
    document_changed = Signal()
    encoded = Signal()
    moved = Signal()
    failed = Signal(str, str)

    def __init__(self, link: EngineLink, playhead: Playhead, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.link = link
        self.playhead = playhead
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self.document: Document | None = None
        self.mode, self.choice = Mode(), Choice()
        self.model, self.device = "", "cpu"
        #: Where it computed, while it is not known whether the new device can be used.
        self._device_before: str | None = None
        self.leaf: int | None = None
        self.run = 0
        self.baseline: int | None = None
        #: The kind of probe that is under way.
        self.probing = ""
        #: Pictures beside the document, which outlive it.
        self.gallery: Gallery | None = None
        #: Where the panels are, for a file; asked of the window, which sets this.
        self.layout: Callable[[], str] = str
        self._scenes = SceneMaker(self.undo_stack)
        self.undo_stack.indexChanged.connect(self._history_changed)
        link.encoded.connect(self._encoded)
        link.attached.connect(self._attached)
        link.failed.connect(self._job_failed)

    @property
    def path(self) -> Path | None:
        """The file of the document."""
        return None if self.document is None else self.document.file

    @path.setter
    def path(self, path: Path | None) -> None:
        if self.document is not None:
            self.document.file = path

    # -- what is shown --------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The branch, the place and the way to go on."""
        scene = self.playhead.scene
        return View(
            self.leaf, scene.t, scene.phase, self.mode, self.choice, self.run, self.baseline
        )

    def set_document(self, document: Document | None, view: View) -> None:
        """Replace the document shown; for undo commands."""
        self.document = document
        self.leaf, self.run, self.baseline = None, view.run, None
        if document is not None:
            self.model = document.model
        self.link.set_home(self.home())
        self.set_view(view)
        self.document_changed.emit()
        self.ways_changed.emit()

    def home(self, run: int | None = None) -> Home | None:
        """Where an input of the document comes from; None: the one shown."""
        if self.document is None:
            return None
        record = self.document.runs[self.run if run is None else run]
        picture = None
        if record.picture is not None:
            picture = Picture(pixels=record.picture, scene=record.scene)
        return Home(self.document.model, self.device, record.text, record.model.hash, picture)

    def set_view(self, view: View) -> None:
        """Show a branch and a place, and take over how to go on."""
        self.leaf, self.baseline = view.leaf, view.baseline
        self._set_run(view.run)
        self.show(view.t, view.phase)
        self.set_ways(view.mode, view.choice)

    def _set_run(self, run: int) -> None:
        """Decode another input from now on."""
        if run != self.run:
            self.run = run
            self.link.set_home(self.home())

    def show(self, t: int, phase: Phase = Phase.TOKEN) -> None:
        """Show the branch as it now is, with the playhead at step t."""
        document = self.document
        if document is None:
            self.playhead.show(Scene(words=self.playhead.scene.words, gallery=self.gallery))
            return
        view = replace(self.view, t=t, phase=phase)
        busy = self.link.decoding is not None
        words = self.playhead.scene.words
        self.playhead.show(
            self._scenes.scene(document, view, words, busy, self.probing, self.gallery)
        )

    def set_ways(self, mode: Mode, choice: Choice) -> None:
        """Say how the next step is decoded."""
        if (mode, choice) != (self.mode, self.choice):
            self.mode, self.choice = mode, choice
            self.ways_changed.emit()

    # -- moving ---------------------------------------------------------------------------

    def go(self, t: int, phase: Phase = Phase.TOKEN) -> None:
        """Go to a recorded step; a running decoding goes on without the playhead."""
        self.playhead.go(t, phase)
        self._moved()

    def next_phase(self) -> bool:
        """One phase on; False where the next step is not recorded."""
        moved = self.playhead.next_phase()
        if moved:
            self._moved()
        return moved

    def previous_phase(self) -> None:
        """One phase back."""
        self.playhead.previous_phase()
        self._moved()

    def _moved(self) -> None:
        self.moved.emit()
        self.follow_ways()

    def follow_ways(self) -> None:
        """Take mode and choice from the next step, as far as it is recorded."""
        if self.document is not None:
            followed = self.document.followed(self.view)
            self.set_ways(followed.mode, followed.choice)

    def _history_changed(self, _index: int) -> None:
        # A method of its own: one that is bound lets go when the session is deleted.
        self.refresh()

    def refresh(self) -> None:
        """Show the same place again: something else about the scene has changed."""
        self.show(self.playhead.scene.t, self.playhead.scene.phase)

    def show_branch(self, leaf: int | None, run: int = 0) -> None:
        """Show another branch, at the same step as far as it has one.

        run: which input, where leaf is None.
        """
        if self.document is None or (leaf == self.leaf and leaf is not None):
            return
        self.link.stop()
        self.leaf = leaf
        self._set_run(run if leaf is None else self.document.tree[leaf].run)
        self.show(self.playhead.scene.t)
        self._moved()

    def go_to_node(self, node: int) -> None:
        """Show a step, on another branch if it is not of the one shown."""
        document = self.document
        if document is None or node not in document.tree:
            return
        t = document.tree[node].t
        steps = self.playhead.scene.steps
        if not (t <= len(steps) and steps[t - 1].node == node):
            self.show_branch(document.follow(node))
        self.go(t)

    def compare(self, leaf: int | None) -> None:
        """Compare the branch shown with another one, or with none."""
        if self.document is not None and leaf != self.baseline:
            self.baseline = leaf
            if self.link.decoding is not None:
                self.link.decoding.baseline = leaf
            self.refresh()

    # -- what a reader adds ---------------------------------------------------------------

    def annotate(self, text: str, annotations: Annotations) -> None:
        """Have other breakpoints, watches or notes; `text` names the change."""
        if self.document is not None and annotations != self.document.annotations:
            self.undo_stack.push(Annotate(self, text, self.document.annotations, annotations))

    def set_breakpoints(self, breakpoints: tuple[Breakpoint, ...]) -> None:
        """Stop at these from now on."""
        if self.document is not None:
            before = self.document.annotations
            added = [point.condition for point in breakpoints if point not in before.breakpoints]
            text = f"breakpoint {added[0]}" if added else "breakpoints"
            self.annotate(text, replace(before, breakpoints=breakpoints))

    def set_watches(self, watches: tuple[str, ...]) -> None:
        """Watch these from now on."""
        if self.document is not None:
            before = self.document.annotations
            added = [text for text in watches if text not in before.watches]
            text = f"watch {added[0]}" if added else "watches"
            self.annotate(text, replace(before, watches=watches))

    def set_note(self, node: int, text: str, bookmarked: bool) -> None:
        """Write about a node, or no longer."""
        if self.document is None:
            return
        before = self.document.annotations
        notes = {note.node: note for note in before.notes}
        notes.pop(node, None)
        if text or bookmarked:
            notes[node] = Note(node, text, bookmarked)
        ordered = tuple(notes[key] for key in sorted(notes))
        t = self.document.tree[node].t
        self.annotate(f"note at step {t}", replace(before, notes=ordered))

    def count_hits(self, conditions: Container[str]) -> None:
        """A run has stopped at these breakpoints."""
        if self.document is not None:
            before = self.document.annotations
            points = tuple(
                replace(point, hits=point.hits + 1)
                if point.enabled and point.condition in conditions
                else point
                for point in before.breakpoints
            )
            self.document.annotations = replace(before, breakpoints=points)
            self.refresh()

    # -- history -------------------------------------------------------------------------

    def undo(self) -> None:
        """Take back the last change; what is under way is stopped first."""
        self.link.stop()
        self.undo_stack.undo()

    def redo(self) -> None:
        """Do again what was taken back."""
        self.link.stop()
        self.undo_stack.redo()

    def to_history(self, done: int) -> None:
        """Undo or redo until so many changes are done."""
        self.link.stop()
        self.undo_stack.setIndex(done)

    # -- documents ------------------------------------------------------------------------

    def encode(
        self,
        text: str,
        model: str | None = None,
        device: str | None = None,
        beside: bool = False,
        picture: Picture | None = None,
    ) -> None:
        """Start over with a text or a picture, and perhaps another model or device.

        beside: leave what is there, and decode the text as a what-if beside it.
        """
        home = Home(model or self.model, device or self.device, text, picture=picture)
        try:
            self.link.encode(encode_job(home, beside and self.document is not None))
        except UserError as error:
            self.failed.emit(str(error), "source")

    def set_device(self, device: str) -> None:
        """Compute on another device from the next step on."""
        if device == self.device:
            return
        self.link.stop()
        self._move_to(device, back_to=self.device)
        self.link.attach()

    def _move_to(self, device: str, back_to: str | None = None) -> None:
        self.device, self._device_before = device, back_to
        self.link.set_home(self.home())
        self.ways_changed.emit()

    def _encoded(self, job: EncodeJob, reply: Encoded) -> None:
        if job.beside:
            self._encoded_beside(job, reply)
            return
        self.device = job.home.device
        document = Document(reply.record, job.home.model, step_limit=reply.step_limit)
        if self.document is not None:  # what a user stops at and watches is not about one text
            document.annotations = self.document.annotations.carried()
        after = View(mode=self.mode, choice=self.choice)
        self._replace(job.undo_text, document, after)
        self.link.set_home(self.home(), job.run)
        self.encoded.emit()

    def _encoded_beside(self, job: EncodeJob, reply: Encoded) -> None:
        document = self.document
        if document is None or document.run.model.hash != reply.record.model.hash:
            text = "the model is not the one of this document; encode the sentence on its own"
            self.failed.emit(text, "model")
            return
        before = self.view
        after = View(
            mode=self.mode,
            choice=self.choice,
            run=len(document.runs),
            baseline=self.leaf if self.baseline is None else self.baseline,
        )
        command = AddRun(self, job.undo_text, reply.record, reply.step_limit, before, after)
        self.undo_stack.push(command)
        self.link.set_home(self.home(), job.run)
        self.encoded.emit()

    def _attached(self, reply: Encoded) -> None:
        self._device_before = None
        document = self.document
        if document is not None and document.runs[self.run].device != reply.record.device:
            document.runs[self.run] = reply.record
            self.refresh()

    def open(self, path: Path) -> None:
        """Show a file in place of the document; TraceFileError leaves that as it was."""
        document, view = Document.of_trace(load_trace(path))
        self.link.stop()
        if document.model == Path(self.model).name:
            document.model = self.model  # a folder of that name, opened before
        document.file = path
        self._replace(f"open {path.name}", document, view)
        self.undo_stack.setClean()
        self.document_changed.emit()

    def _replace(self, text: str, document: Document, view: View) -> None:
        """Show another document; the first one of a window is no change to take back."""
        if self.document is None:
            self.set_document(document, view)
        else:
            before = (self.document, self.view)
            self.undo_stack.push(ReplaceDocument(self, text, before, (document, view)))

    def save(self, path: Path) -> None:
        """Write the document; TraceFileError where that is not possible."""
        if self.document is None:
            raise UserError("there is nothing to save yet: encode a sentence first")
        save_trace(self.document.trace(self.view, self.layout()), path)
        self.path = path
        self.undo_stack.setClean()
        self.document_changed.emit()

    def _job_failed(self, job: object, text: str, cause: str) -> None:
        if isinstance(job, EncodeJob) and cause == "input":
            cause, picture = "source", job.home.picture
            text = f"“{picture.name}”: {text}" if picture is not None and picture.name else text
        if job is None and self._device_before is not None:
            self._move_to(self._device_before)
        if self.document is not None:
            self.refresh()
            self.follow_ways()
        self.ways_changed.emit()  # a control that was ahead of the session goes back
        self.failed.emit(text, cause)
