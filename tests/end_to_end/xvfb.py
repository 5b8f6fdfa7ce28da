"""A screen of a test's own, and the program on it: only what a user sees, presses and gets."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
#: Far more than anything takes here; only a test that fails waits so long.
DEADLINE_S = 60.0
POLL_S = 0.05
#: What a session of the tester's own would tell Qt.
FOREIGN = (
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_CURRENT_DESKTOP",
    "XDG_SESSION_DESKTOP",
    "DESKTOP_SESSION",
    "DBUS_SESSION_BUS_ADDRESS",
    "KDE_FULL_SESSION",
    "GNOME_DESKTOP_SESSION_ID",
)
#: Of the header of an XWD file: its place among 25 numbers of 32 bits, most significant byte first.
HEADER, HEIGHT, WIDTH, BITS, LINE_BYTES, COLOURS = 0, 5, 4, 11, 12, 19
XWD_COLOUR_BYTES = 12

Picture = NDArray[np.uint8]
T = TypeVar("T")


def lacking() -> str:
    """What these tests need and this machine does not have; empty if nothing."""
    if not sys.platform.startswith("linux"):
        return "X11 and /proc of Linux"
    return ", ".join(name for name in ("Xvfb", "xdotool") if shutil.which(name) is None)


def wait_for(what: str, condition: Callable[[], T | None]) -> T:
    """What `condition` returns, as soon as that is true. what: said where it never comes."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {DEADLINE_S:.0f} s: {what}")
        time.sleep(POLL_S)
    return found


class Screen:
    """An X server without a window manager, so that nothing but the program decides.

    number: of the display. frames: the file that the server draws into.
    """

    def __init__(self, number: int, frames: Path) -> None:
        self.display = f":{number}"
        self._frames = frames
        self._root = self._ask("search", "--maxdepth", "0", "--name", "")[0]

    # -- what is on it --------------------------------------------------------------------

    def picture(self) -> Picture:
        """(height, width, 3) red, green and blue of what it shows now."""
        data = self._frames.read_bytes()
        header = struct.unpack(">25I", data[:100])
        assert header[BITS] == 32
        start = header[HEADER] + header[COLOURS] * XWD_COLOUR_BYTES
        height, line = header[HEIGHT], header[LINE_BYTES]
        pixels = np.frombuffer(data, np.uint8, height * line, start).reshape(height, line // 4, 4)
        # In the byte order of the machine: blue, green, red and one that is not used.
        bgr = pixels if sys.byteorder == "little" else pixels[..., ::-1]
        return bgr[:, : header[WIDTH], 2::-1]

    def windows(self) -> dict[str, str]:
        """Title by id of what is on the screen: windows, dialogs, menus."""
        found = {}
        for window in self._ask("search", "--onlyvisible", "--maxdepth", "1", "--name", ""):
            if window != self._root:
                found[window] = "".join(self._ask("getwindowname", window))
        return found

    def focus(self, title: str) -> str:
        """Wait for a window of this title and give it the keys; its id."""

        def focused() -> str | None:
            window = next((id for id, name in self.windows().items() if name == title), None)
            if window is not None and self._ask("getwindowfocus") != [window]:
                self._ask("windowfocus", window)
                return None
            return window

        return wait_for(f"a window {title!r} that takes keys", focused)

    # -- what is done to it ---------------------------------------------------------------

    def key(self, *keys: str) -> None:
        """Press and release keys one after the other, such as `ctrl+s`."""
        self._ask("key", *keys)

    def type(self, text: str) -> None:
        """Press the keys that write `text`."""
        self._ask("type", text)

    def point(self, x: int, y: int) -> None:
        """Move the pointer."""
        self._ask("mousemove", str(x), str(y))

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move the pointer and press a button."""
        self.point(x, y)
        self._ask("click", str(button))

    def _ask(self, *args: str) -> list[str]:
        """The lines that xdotool answers; none where a window has gone meanwhile."""
        done = subprocess.run(
            ["xdotool", *args],
            env=os.environ | {"DISPLAY": self.display},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        return done.stdout.splitlines()


@contextmanager
def open_screen(folder: Path, width: int, height: int) -> Iterator[Screen]:
    """Start an X server on a display that is free. folder: an empty one for its picture."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24"]
    # No reset when the last client leaves, and keys that are not held long enough to repeat.
    command += ["-fbdir", str(folder), "-noreset", "-nocursor", "-r", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        try:
            with os.fdopen(read) as told:
                number = int(told.readline())  # when it can be used
            yield Screen(number, folder / "Xvfb_screen0")
        finally:
            server.terminate()


class Program:
    """attn-desktop in a process of its own, and whatever that starts.

    home: where it keeps everything.
    """

    def __init__(self, home: Path, display: str | None, *args: object) -> None:
        self._home = home
        self._errors = home / "stderr.txt"
        with open(self._errors, "wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "attn_desktop", *map(str, args)],
                cwd=ROOT,
                env=_environment(home, display),
                stdin=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # which tells its processes from all others
            )
        self.id = self._process.pid

    @property
    def errors(self) -> str:
        """What it wrote to stderr."""
        return self._errors.read_text(encoding="utf-8")

    @property
    def kept(self) -> Path:
        """Where it keeps its document against a crash."""
        return self._home / "state" / "attn-desktop" / "autosave" / f"{self.id}.attn"

    def settings(self) -> str:
        """What it has remembered for the next time."""
        folder = self._home / "config" / "attn-desktop"
        return (folder / "settings.json").read_text(encoding="utf-8")

    def processes(self) -> dict[int, str]:
        """Command line by id of its processes that run."""
        found = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it ended meanwhile
                # "pid (command) state parent group session ..."
                state, _, _, session = (
                    stat.read_text(errors="replace").rpartition(")")[2].split()[:4]
                )
                if int(session) == self.id and state != "Z":
                    command = stat.with_name("cmdline").read_bytes()
                    found[int(stat.parent.name)] = command.replace(b"\0", b" ").decode()
        return found

    def engine(self) -> int:
        """Wait for the engine; its process."""

        def running() -> int | None:
            commands = self.processes().items()
            return next((id for id, command in commands if " engine" in command), None)

        return wait_for("an engine process", running)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the window's process alone."""
        self._process.send_signal(number)

    def ended(self) -> int:
        """Wait until nothing of it runs; the exit code."""
        code = self._process.wait(DEADLINE_S)
        wait_for("no process of it is left", lambda: not self.processes())
        return code

    def kill(self) -> None:
        """End whatever of it still runs."""
        for process in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait(DEADLINE_S)
        print(self.errors, end="", file=sys.stderr)  # shown with a test that failed


def _environment(home: Path, display: str | None) -> dict[str, str]:
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN and not name.startswith("QT_")
    }
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        env[f"XDG_{name}_HOME"] = str(home / name.lower())
    if display is not None:
        env |= {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    return env
