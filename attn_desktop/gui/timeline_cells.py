"""Where the cells of a timeline are, and which step is at an x."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Width of a cell in pixels at normal type: at most; to show a token and lying bars; at least.
WIDEST, CARD, NARROWEST = 130, 52, 4
#: Pages of cells that the room holds.
PAGES = 3


@dataclass(frozen=True)
class Cells:
    """left, right: x between which cells stand. pitch: width of one. steps: how many there are.

    cards: whether a cell has room for a token and lying bars. offset: pixels by which cells that
    do not all fit are moved to the left.
    """

    left: float
    right: float
    pitch: float
    steps: int
    cards: bool
    offset: float = 0.0

    @property
    def first(self) -> int:
        """The first step that is in view as a whole."""
        return math.ceil(self.offset / self.pitch - 1e-6) + 1

    @property
    def last(self) -> int:
        """The last step that is in view as a whole."""
        reach = (self.offset + self.right - self.left) / self.pitch
        return min(self.steps, math.floor(reach + 1e-6))

    @property
    def near(self) -> range:
        """The steps of which anything may be in view."""
        return range(max(1, self.first - 1), min(self.steps, self.last + 1) + 1)

    def x(self, t: int) -> float:
        """Left end of the cell of step t."""
        return self.left + (t - 1) * self.pitch - self.offset

    def at(self, x: float) -> int:
        """The step at x, also out of view; 0 left of the first, the last right of it."""
        t = math.floor((x - self.left + self.offset) / self.pitch) + 1
        return max(0, min(t, self.steps))


def place_cells(
    left: float, right: float, steps: int, t: int, scale: float, held: float | None = None
) -> Cells:
    """Cells as wide as they can be between two x, all of them in view down to `NARROWEST`.

    Below that the one of step t is in the middle third. held: an offset to keep, as far as step t
    stays in view. scale: of type and spacing.
    """
    room = max(right - left, 1.0)
    pitch = min(max(room / max(steps, 1), NARROWEST * scale), WIDEST * scale)
    offset = 0.0
    if steps * pitch > room + 0.5:
        start, page = max(t - 1, 0) * pitch, room / PAGES
        # By pages, so that cells mostly stand still, and need not be painted anew, while t moves.
        offset = page * round((start + pitch / 2 - room / 2) / page)
        if held is not None:
            offset = min(max(held, start + pitch - room), start)
        offset = min(max(offset, 0.0), steps * pitch - room)
    return Cells(left, left + room, pitch, steps, pitch >= CARD * scale, offset)
