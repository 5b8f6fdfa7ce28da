"""What is kept of the document against a crash, and what a crash left of earlier ones."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject

from attn_desktop.gui.autosave import Autosave, orphans
from attn_desktop.gui.file_desk import FileDesk
from attn_desktop.gui.message_bar import MessageBar
from attn_desktop.gui.session import Session
from attn_desktop.trace.trace import Trace


class Rescue(QObject):
    """folder: where windows keep what is unsaved."""

    def __init__(
        self, folder: Path, session: Session, files: FileDesk, messages: MessageBar, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._folder, self._session = folder, session
        self._files, self._messages = files, messages
        self._autosave = Autosave(folder, self._snapshot, self)
        self._autosave.failed.connect(messages.warn)

    def touch(self) -> None:
        """Something changed: it is kept soon."""
        self._autosave.touch()

    def remove(self) -> None:
        """The window is closed in order."""
        self._autosave.remove()

    def offer(self) -> None:
        """Ask whether to show what windows left that were not closed, the newest first."""
        left = orphans(self._folder)
        if not left:
            return
        text = "The window was not closed in order last time. What it showed is kept."
        if len(left) > 1:
            text = (
                f"{len(left)} windows were not closed in order. What they showed is kept; "
                "the newest comes first, the others when the next window opens."
            )
        self._messages.warn(
            text,
            ("Show it", lambda: self._take_back(left[0])),
            ("Discard" if len(left) == 1 else "Discard all", lambda: self._discard(left)),
        )

    def _take_back(self, path: Path) -> None:
        if self._files.open_kept(path):
            self._autosave.take_over(path)

    def _discard(self, left: list[Path]) -> None:
        for path in left:
            with suppress(OSError):  # it is offered again
                path.unlink(missing_ok=True)

    def _snapshot(self) -> Trace | None:
        session = self._session
        document = session.document
        return None if document is None else document.trace(session.view, session.layout())
