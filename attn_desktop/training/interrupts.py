"""What Ctrl+C does for the time of a block."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Asked:
    """A handler that notes that Ctrl+C was pressed, for what first finishes its step and saves.

    A second one ends at once.
    """

    def __init__(self) -> None:
        self.stop = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.stop:
            raise KeyboardInterrupt
        self.stop = True


Handler = Callable[[int, FrameType | None], None] | signal.Handlers


@contextmanager
def on_interrupt(handler: Handler) -> Iterator[None]:
    """Let `handler` answer Ctrl+C in this block; outside the main thread nothing changes."""
    try:
        before = signal.signal(signal.SIGINT, handler)
    except ValueError:  # not the main thread: whoever runs us handles signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
