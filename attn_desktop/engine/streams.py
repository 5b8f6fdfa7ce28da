"""The pipe to the window, which nothing else in this process can read from or write to.

Any library, in Python or in C, and any child may print to stdout or read stdin. So the engine
keeps private copies of both and puts stderr and the null device in their place.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from attn_desktop.trace.frames import encode_frame
from attn_desktop.trace.protocol import Message

STDIN, STDOUT, STDERR = 0, 1, 2
#: Exit code after either pipe has ended: what the window does to stop the engine.
WINDOW_GONE = 0
#: Ends the process at once, whatever its threads are at, with this exit code.
Leave = Callable[[int], object]


@dataclass(frozen=True)
class Streams:
    """File descriptors of the two directions."""

    requests: int
    replies: int


def take_streams() -> Streams:
    """Take stdin and stdout away from everyone else; children do not inherit what is returned.

    From then on stdin is empty, and what is printed goes to stderr.
    """
    streams = Streams(os.dup(STDIN), os.dup(STDOUT))
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (streams.requests, streams.replies):
            msvcrt.setmode(descriptor, os.O_BINARY)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, STDIN)
    try:
        os.dup2(STDERR, STDOUT)
    except OSError:  # there is no stderr
        os.dup2(null, STDOUT)
    os.close(null)
    sys.stdout = sys.stderr
    return streams


class Outlet:
    """Whole frames to the window, from any thread. Ends the process when nobody reads them."""

    def __init__(self, descriptor: int, leave: Leave) -> None:
        self._descriptor = descriptor
        self._leave = leave
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Write one message; ProtocolError, with nothing written, where it is too large."""
        self.write(encode_frame(message))

    def write(self, data: bytes) -> None:
        """Write bytes that belong together."""
        rest = memoryview(data)
        with self._lock:
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                self._leave(WINDOW_GONE)


def log(text: str) -> None:
    """Say something to whoever reads stderr, if anyone does."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        return
