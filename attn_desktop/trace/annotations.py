"""What a reader adds to a decoding: breakpoints, watches, notes, bookmarks and an arrangement.

Plain data that a capture holds beside the records; nothing here changes a number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MAX_TEXT = 10_000


@dataclass(frozen=True)
class Breakpoint:
    """Where a run stops. condition: an expression of `analysis/conditions.py`.

    hits: how often a run has stopped at it.
    """

    condition: str
    enabled: bool = True
    hits: int = 0


@dataclass(frozen=True)
class Note:
    """What a reader wrote about the step of a node. bookmarked: whether it is listed to go back to.

    A bookmark without words has no text.
    """

    node: int
    text: str = ""
    bookmarked: bool = False


@dataclass(frozen=True)
class Annotations:
    """watches: expressions that are plotted. notes: at most one a node, in the order of nodes.

    baseline: last node of the branch that the one shown is compared with. layout: where the
    panels are, as the window describes it to itself; empty where no window was asked.
    """

    breakpoints: tuple[Breakpoint, ...] = ()
    watches: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    baseline: int | None = None
    layout: str = ""

    def carried(self) -> Annotations:
        """What still makes sense beside another input: breakpoints, not hit yet, and watches."""
        breakpoints = tuple(replace(point, hits=0) for point in self.breakpoints)
        return Annotations(breakpoints, self.watches)
