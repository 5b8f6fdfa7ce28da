"""`attn-desktop engine`: the process that computes for a window."""

from __future__ import annotations

import os
import signal

from attn_desktop.common.errors import InputError
from attn_desktop.common.version import VERSION


def command() -> None:
    """Serve a window on stdin and stdout; started by it, also over ssh."""
    from attn_desktop.engine.server import Server
    from attn_desktop.engine.streams import STDIN, STDOUT, take_streams

    if os.isatty(STDIN) or os.isatty(STDOUT):
        raise InputError(
            "this command speaks to a window through pipes and is of no use in a terminal; "
            "the window starts it, here or on another machine: ssh HOST attn-desktop engine"
        )
    streams = take_streams()
    # Ctrl+C in the terminal of the window is meant for the window, which closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Server(streams, VERSION).run()
