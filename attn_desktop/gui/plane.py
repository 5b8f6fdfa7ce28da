"""A plane of which a part is seen, equally scaled both ways: fitted, zoomed and moved."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: How much closer one notch of the wheel looks.
ZOOM = 1.25


@dataclass(frozen=True)
class Plane:
    """(x, y) is in the middle of width × height pixels; scale: pixels a unit, y upwards."""

    x: float
    y: float
    scale: float
    width: float
    height: float

    @classmethod
    def around(
        cls, places: Floats, size: tuple[float, float], margin: tuple[float, float]
    ) -> Plane:
        """All of the finite places (N, 2), with a margin at either side, in pixels."""
        finite = places[np.isfinite(places).all(axis=1)]
        if not len(finite):
            finite = np.zeros((1, 2))
        low, high = finite.min(axis=0), finite.max(axis=0)
        room = np.maximum(1.0, np.array(size) - 2 * np.array(margin))
        extent = high - low
        scales = [
            pixels / length for pixels, length in zip(room, extent, strict=True) if length > 0
        ]
        x, y = (low + high) / 2
        return cls(float(x), float(y), float(min(scales, default=1.0)), *size)

    def pixels(self, places: Floats) -> Floats:
        """Pixels (…, 2), y downwards, of places (…, 2)."""
        middle = np.array([self.width / 2, self.height / 2])
        return np.asarray((places - (self.x, self.y)) * (self.scale, -self.scale) + middle)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """What is at a pixel."""
        across, up = (x - self.width / 2) / self.scale, (self.height / 2 - y) / self.scale
        return self.x + across, self.y + up

    def zoomed(self, notches: float, x: float, y: float) -> Plane:
        """Closer by notches of the wheel; what is at pixel (x, y) stays there."""
        place, factor = self.place(x, y), ZOOM**notches
        return replace(
            self,
            x=place[0] + (self.x - place[0]) / factor,
            y=place[1] + (self.y - place[1]) / factor,
            scale=self.scale * factor,
        )

    def moved(self, right: float, down: float) -> Plane:
        """What is seen moved by pixels."""
        return replace(self, x=self.x - right / self.scale, y=self.y + down / self.scale)
