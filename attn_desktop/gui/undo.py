"""Undo commands. They put in or take out what is finished already and never wait for anything."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtGui import QUndoCommand

from attn_desktop.gui.document import Document, Finished, View
from attn_desktop.trace.annotations import Annotations
from attn_desktop.trace.records import RunRecord


class Desk(Protocol):
    """What a command works on: the session."""

    document: Document | None

    def set_document(self, document: Document | None, view: View) -> None:
        """Replace the document shown."""

    def set_view(self, view: View) -> None:
        """Show another branch or place, or decode on in another way."""

    def refresh(self) -> None:
        """Show the same place again."""


class AddSteps(QUndoCommand):
    """Steps of one job, which come one by one while it runs; `after` is where they led."""

    def __init__(self, desk: Desk, text: str, before: View, after: View) -> None:
        super().__init__(text)
        self._desk = desk
        self._before = before
        self.after = after
        self.steps: list[Finished] = []
        self._done = False

    def redo(self) -> None:
        if self._done:  # not when it is pushed, steps in hand
            document = self._desk.document
            assert document is not None
            for finished in self.steps:
                document.add(finished)
            self._desk.set_view(self.after)
        self._done = True

    def undo(self) -> None:
        document = self._desk.document
        assert document is not None
        if self.steps:
            # Whatever was added after them was undone before them; what was probed stays theirs.
            self.steps = document.remove(self.steps[0].node.id)
        self._desk.set_view(self._before)


class AddRun(QUndoCommand):
    """Another input beside the others."""

    def __init__(
        self, desk: Desk, text: str, run: RunRecord, step_limit: int, before: View, after: View
    ) -> None:
        super().__init__(text)
        self._desk, self._run, self._limit = desk, run, step_limit
        self._before, self._after = before, after

    def redo(self) -> None:
        document = self._desk.document
        assert document is not None
        document.add_run(self._run, self._limit)
        self._desk.set_view(self._after)

    def undo(self) -> None:
        document = self._desk.document
        assert document is not None
        self._desk.set_view(self._before)
        document.remove_last_run()
        self._desk.refresh()


class ChangeView(QUndoCommand):
    """Another branch, or another way to decode the next step."""

    def __init__(self, desk: Desk, text: str, before: View, after: View) -> None:
        super().__init__(text)
        self._desk = desk
        self._before, self._after = before, after

    def redo(self) -> None:
        self._desk.set_view(self._after)

    def undo(self) -> None:
        self._desk.set_view(self._before)


class Annotate(QUndoCommand):
    """Other breakpoints, watches or notes."""

    def __init__(self, desk: Desk, text: str, before: Annotations, after: Annotations) -> None:
        super().__init__(text)
        self._desk = desk
        self._before, self._after = before, after

    def redo(self) -> None:
        self._set(self._after)

    def undo(self) -> None:
        self._set(self._before)

    def _set(self, annotations: Annotations) -> None:
        document = self._desk.document
        assert document is not None
        document.annotations = annotations
        self._desk.refresh()


class ReplaceDocument(QUndoCommand):
    """Another source text, model or file."""

    def __init__(
        self,
        desk: Desk,
        text: str,
        before: tuple[Document | None, View],
        after: tuple[Document, View],
    ) -> None:
        super().__init__(text)
        self._desk = desk
        self._before, self._after = before, after

    def redo(self) -> None:
        self._desk.set_document(*self._after)

    def undo(self) -> None:
        self._desk.set_document(*self._before)
