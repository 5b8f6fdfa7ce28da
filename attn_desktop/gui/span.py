"""The stretch of a long axis that is seen: zoomed by the wheel, moved by a drag."""

from __future__ import annotations

from dataclasses import dataclass

#: How much closer one notch of the wheel looks, and the fewest entries seen at once.
ZOOM = 1.25
CLOSEST = 8


@dataclass(frozen=True)
class Span:
    """Entries first … last − 1 out of `size`, side by side from pixel `left` over `width`."""

    first: int
    last: int
    size: int

    @classmethod
    def whole(cls, size: int) -> Span:
        """All of an axis."""
        return cls(0, size, size)

    def __len__(self) -> int:
        return self.last - self.first

    def middle(self, entry: float, left: float, width: float) -> float:
        """The pixel in the middle of an entry."""
        return left + (entry - self.first + 0.5) * width / len(self)

    def entry(self, x: float, left: float, width: float) -> int | None:
        """The entry at a pixel, None beside the axis."""
        inside = left <= x < left + width
        return self.first + int((x - left) / width * len(self)) if inside else None

    def block(self, entry: int, count: int) -> range:
        """The entries merged with this one where `count` at a time are, from the first seen on."""
        start = self.first + (entry - self.first) // count * count
        return range(start, min(start + count, self.last))

    def zoomed(self, notches: float, part: float) -> Span:
        """Closer by notches of the wheel, around the point at `part` (0 to 1) of what is seen."""
        count = round(len(self) * ZOOM**-notches)
        count = min(self.size, max(count, min(CLOSEST, self.size)))
        part = min(1.0, max(0.0, part))
        return self._placed(round(self.first + part * (len(self) - count)), count)

    def moved(self, first: int) -> Span:
        """As many entries, from about another one on."""
        return self._placed(first, len(self))

    def _placed(self, first: int, count: int) -> Span:
        first = max(0, min(first, self.size - count))
        return Span(first, first + count, self.size)

    def ticks(self, width: float, needed: float) -> range:
        """Round entries at least `needed` pixels apart on an axis of `width` pixels."""
        least = needed * len(self) / max(width, 1.0)
        stride = next(
            unit * 10**power
            for power in range(12)
            for unit in (1, 2, 5)
            if unit * 10**power >= min(least, 10**11)
        )
        return range(-(-self.first // stride) * stride, self.last, stride)
