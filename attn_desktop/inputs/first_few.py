"""Faults of many things: the first are told one by one, then only how many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

#: Told one by one.
MOST = 20
#: Named in one line.
NAMED = 5


class FirstFew:
    """Tells of the first `MOST` faults, and of all others at the end. report: who is told."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self.count = 0

    def __call__(self, fault: str) -> None:
        """Tell of a fault, or only count it."""
        self.count += 1
        if self.count <= MOST:
            self._report(fault)

    def end(self, of: str) -> None:
        """Tell how many faults were only counted. of: the file or folder that has them."""
        if self.count > MOST:
            self._report(f"{of}: {self.count - MOST} more like this, {self.count} in all")


def first_of(names: Sequence[object]) -> str:
    """The first `NAMED` of many, with a sign that there are more."""
    return ", ".join(map(str, names[:NAMED])) + (", …" if len(names) > NAMED else "")
