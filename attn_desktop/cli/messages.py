"""What a command says about itself, on stderr: one safe line each."""

from __future__ import annotations

import sys

from attn_desktop.analysis.pieces import printable

PROGRAM = "attn-desktop"


def complain(message: str) -> None:
    """Say why the command ends without its result."""
    line = printable(" ".join(message.split()))
    print(f"{PROGRAM}: {line}", file=sys.stderr, flush=True)


def note(message: str) -> None:
    """Say what a reader of the result should know; the command goes on."""
    complain(f"note: {message}")


class Progress:
    """A counter that overwrites itself on a terminal and is silent everywhere else."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._shown = sys.stderr is not None and sys.stderr.isatty()

    def __call__(self, done: int) -> None:
        """Show that `done` are done; the last one clears the line."""
        if self._shown:
            text = f"{self._what} {done}/{self._total}" if done < self._total else ""
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
