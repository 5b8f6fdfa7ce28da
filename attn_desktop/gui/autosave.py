"""The document is kept in a file while the window is open, so that a crash costs seconds.

One file a window, named after its process, in the user's state folder. It is written in the
background some seconds after a change and removed when the window is closed. A file whose process
is gone is what a crash left: the next window offers it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, QThreadPool, QTimer, Signal

from attn_desktop.common.errors import UserError
from attn_desktop.trace.storage import save_trace
from attn_desktop.trace.trace import Trace

DELAY_MS = 2000


class Autosave(QObject):
    """snapshot: gives the trace to keep, None for none. failed: why it cannot be kept."""

    failed = Signal(str)

    def __init__(
        self, folder: Path, snapshot: Callable[[], Trace | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.path = folder / f"{os.getpid()}.attn"
        self._snapshot = snapshot
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.save)
        self._complained = False
        self._written.connect(self._say)

    _written = Signal(str)

    def touch(self) -> None:
        """Something changed: save soon. A running clock is not put back, or it might never end."""
        if not self._timer.isActive():
            self._timer.start(DELAY_MS)

    def save(self) -> None:
        """Save now, in the background."""
        trace = self._snapshot()
        if trace is not None:
            self._pool.start(_Save(trace, self.path, self._written.emit))

    def take_over(self, path: Path) -> None:
        """Keep what another window left, under the name of this one, until the next save."""
        with suppress(OSError):  # it is offered again
            path.replace(self.path)

    def remove(self) -> None:
        """The window was closed in order: nothing is left to restore."""
        self._timer.stop()
        self._pool.waitForDone()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _say(self, problem: str) -> None:
        if problem and not self._complained:
            self.failed.emit(problem)
        self._complained = bool(problem)


class _Save(QRunnable):
    def __init__(self, trace: Trace, path: Path, written: Callable[[str], None]) -> None:
        super().__init__()
        self._trace, self._path, self._written = trace, path, written

    def run(self) -> None:
        problem = ""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            save_trace(self._trace, self._path)
        except (OSError, UserError) as error:
            problem = f"the document cannot be kept against a crash: {error}"
        self._written(problem)


def orphans(folder: Path) -> list[Path]:
    """Files of windows that ended without closing, newest first."""
    try:
        found = [path for path in folder.glob("*.attn") if not _lives(path.stem)]
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return []


def _lives(process: str) -> bool:
    """Whether a process of this user has this id; what cannot be told counts as living."""
    if not process.isdigit():
        return True
    if int(process) == os.getpid():
        return True
    if os.name == "nt":
        return _lives_on_windows(int(process))
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _lives_on_windows(process: int) -> bool:
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  # absent elsewhere
    handle = kernel.OpenProcess(0x1000, False, process)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return False
    kernel.CloseHandle(handle)
    return True
