"""Where labels stand in a row: all of them spread out, or a window around one that matters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Row:
    """centres: (N,) x of each label; of those outside the view, x of the edge they are behind.

    slots: (N,) width that each has for itself. first, last: labels first .. last − 1 are in view.
    scroll: pixels by which a row that is too long is moved, 0 .. most_scroll.
    """

    centres: NDArray[np.float64]
    slots: NDArray[np.float64]
    first: int
    last: int
    scroll: float = 0.0
    most_scroll: float = 0.0

    @property
    def before(self) -> int:
        """How many are behind the left edge."""
        return self.first

    @property
    def after(self) -> int:
        """How many are behind the right edge."""
        return len(self.centres) - self.last

    def at(self, x: float) -> int | None:
        """The label in view whose slot holds x."""
        for index in range(self.first, self.last):
            if abs(x - self.centres[index]) <= self.slots[index] / 2:
                return index
        return None

    def cut(self, count: int) -> Row:
        """Only the first `count` labels, where they are."""
        return replace(
            self,
            centres=self.centres[:count],
            slots=self.slots[:count],
            first=min(self.first, count),
            last=min(self.last, count),
        )


def lay_out(
    widths: Sequence[float] | NDArray[np.float64],
    left: float,
    right: float,
    edge: float = 0.0,
    middle: int = 0,
    scroll: float | None = None,
    most_spare: float = np.inf,
    wanted: int | None = None,
) -> Row:
    """Labels of given widths between two x.

    Where all fit, what is left over goes between them, up to `most_spare` a label. Where not, the
    row is moved to bring `middle` to the middle third, or by `scroll`, and `edge` pixels stay free
    at each side behind which there is more. It moves a third of the room at a time, so that it
    mostly stands still while the middle goes on, and no further than `wanted` stays in view.
    """
    slots = np.asarray(widths, dtype=np.float64)
    count, room, total = len(slots), right - left, float(slots.sum())
    if total <= room:
        slots = slots + min((room - total) / max(count, 1), most_spare)
        start = left + (room - float(slots.sum())) / 2
        return Row(start + np.cumsum(slots) - slots / 2, slots, 0, count)
    centres = np.cumsum(slots) - slots / 2
    middle = min(max(middle, 0), count - 1)
    most = total - room
    if scroll is None:
        page = room / 3
        scroll = page * round(float(centres[middle] - room / 2) / page)
        if wanted is not None:
            end = float(centres[wanted] + slots[wanted] / 2)
            least, furthest = end - (room - edge), end - slots[wanted] - edge
            if scroll < least:
                scroll = min(page * math.ceil(least / page), furthest)
            elif scroll > furthest:
                scroll = max(page * math.floor(furthest / page), least)
    scroll = min(max(scroll, 0.0), most)
    centres += left - scroll
    low = left + (edge if scroll > 0 else 0.0)
    high = right - (edge if scroll < most else 0.0)
    starts, ends = centres - slots / 2, centres + slots / 2
    inside = np.flatnonzero((starts >= low - 0.5) & (ends <= high + 0.5))
    if len(inside) == 0:  # too narrow for any: the nearest all the same
        inside = np.array([np.abs(centres - (left + right) / 2).argmin()])
        centres[inside] = (left + right) / 2
    first, last = int(inside[0]), int(inside[-1]) + 1
    centres[:first] = left + edge / 2
    centres[last:] = right - edge / 2
    return Row(centres, slots, first, last, float(scroll), most)
