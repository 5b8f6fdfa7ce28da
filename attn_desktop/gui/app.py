"""The window's process: one QApplication, one main window, settings before and after."""

from __future__ import annotations

import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType

from PySide6.QtCore import QEvent, QSocketNotifier
from PySide6.QtWidgets import QApplication

from attn_desktop.common.errors import WindowError
from attn_desktop.common.settings import (
    PROGRAM,
    Settings,
    ThemeChoice,
    autosave_folder,
    load_settings,
    save_settings,
    settings_path,
)
from attn_desktop.common.version import VERSION
from attn_desktop.gui.icons import application_icon
from attn_desktop.gui.main_window import MainWindow
from attn_desktop.gui.samples import load_samples
from attn_desktop.gui.screenshot import Screenshot


@dataclass(frozen=True)
class Request:
    """What the command line asks of the window; None leaves it to the settings."""

    text: str | None = None
    model: str | None = None
    device: str | None = None
    file: Path | None = None
    engine_command: list[str] | None = None
    theme: ThemeChoice | None = None
    size: tuple[int, int] | None = None
    screenshot: Path | None = None
    step: int | None = None


def run(request: Request) -> int:
    """Show the window until it is closed; the exit code.

    With a screenshot nothing is remembered, and WindowError says why there is no picture.
    """
    app = QApplication.instance() or QApplication([PROGRAM])
    assert isinstance(app, QApplication)
    app.setApplicationName(PROGRAM)
    app.setApplicationVersion(VERSION)
    app.setDesktopFileName(PROGRAM)
    app.setStyle("Fusion")
    app.setWindowIcon(application_icon())
    settings = Settings() if request.screenshot else load_settings(settings_path())
    _take_over(request, settings)
    keep = None if request.screenshot else autosave_folder()
    window = MainWindow(app, settings, load_samples(), keep)
    if request.size is not None:
        window.resize(*request.size)
        window.views.reset_layout()
    with _reporting(window), _closing_on_interrupt(window):
        window.show()
        app.processEvents()  # on the screen before anything else begins
        try:
            if request.screenshot is not None:
                _take_picture(app, window, request.screenshot, request)
                return 0
            window.open(request.text, request.file)
            code = app.exec()
        finally:
            # Left to PySide's own end (seen in 6.11), a plot that is taken apart calls back into
            # Python too late for an error, and the process crashes after all is done.
            window.deleteLater()
            app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    with suppress(OSError):  # a full disk must not turn a closed window into an error
        save_settings(settings, settings_path())
    return code


def _take_over(request: Request, settings: Settings) -> None:
    settings.model = request.model or settings.model
    settings.device = request.device or settings.device
    settings.theme = request.theme or settings.theme
    settings.engine_command = request.engine_command or settings.engine_command


def _take_picture(app: QApplication, window: MainWindow, path: Path, request: Request) -> None:
    ends: list[str] = []

    def end(problem: str) -> None:
        ends.append(problem)
        app.exit()

    taker = Screenshot(window, path, request.step)
    taker.ended.connect(end)
    window.open(request.text, request.file)
    if not ends:  # a file of no use is told at once
        app.exec()
    window.session.undo_stack.setClean()  # nobody is there to be asked
    window.close()
    if not ends:
        raise KeyboardInterrupt  # closed before there was a picture
    problem = next(filter(None, ends), "")
    if problem:
        raise WindowError(f"no picture was taken: {problem}")


@contextmanager
def _reporting(window: MainWindow) -> Iterator[None]:
    """An error of our own is told in the window, with its traceback for the terminal."""
    before = sys.excepthook

    def report(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        traceback.print_exception(kind, error, trace)
        window.messages.warn(
            f"Something went wrong inside the window ({kind.__name__}: {error}). The document is "
            "kept; the details are in the terminal that it was started from."
        )

    sys.excepthook = report
    try:
        yield
    finally:
        sys.excepthook = before


@contextmanager
def _closing_on_interrupt(window: MainWindow) -> Iterator[None]:
    """Ctrl+C in the terminal closes the window, from Qt's loop: a signal comes at any time, also
    while the window is painted. It wakes the loop through a socket.
    """
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)

    def close() -> None:
        if signal.SIGINT in near.recv(64):
            window.session.undo_stack.setClean()  # whoever presses Ctrl+C is not at the window
            window.close()

    before = signal.signal(signal.SIGINT, _leave_it_to_the_loop)
    wakeup = signal.set_wakeup_fd(far.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(near.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(close)
    try:
        yield
    finally:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGINT, before)
        near.close()
        far.close()


def _leave_it_to_the_loop(number: int, frame: FrameType | None) -> None:
    """Without a handler of Python's, a signal does not reach the socket."""
