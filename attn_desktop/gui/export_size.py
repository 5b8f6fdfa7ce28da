"""How large a figure is: on paper or in pixels, and how large its type.

Lengths of a panel are logical pixels, of which `per_inch` make an inch; type of 10 pt is 10 pt on
the paper whatever the size of the figure and the resolution of its pixels.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, get_args

from attn_desktop.common.errors import InputError

Unit = Literal["mm", "cm", "in", "px"]
UNITS: tuple[Unit, ...] = get_args(Unit)
#: How many make an inch.
PER_INCH = {"mm": 25.4, "cm": 2.54, "in": 1.0}
#: Logical pixels an inch where no screen says otherwise, as in CSS.
SCREEN_DPI = 96.0
PRINT_DPI = 300.0
MIN_DPI, MAX_DPI = 10.0, 2400.0
#: Longest side of a picture in pixels, of a figure in logical ones.
MAX_PIXELS, MAX_LENGTH = 16_000, 16_000
MIN_TYPE, MAX_TYPE = 0.3, 4.0
#: One column of a journal, its type of 8 pt.
COLUMN_MM, PAPER_TYPE = 86.0, 0.8

_LENGTH = r"(\d+(?:\.\d*)?|\.\d+)\s*(mm|cm|in|px)?"
_SIZE = re.compile(rf"{_LENGTH}(?:\s*[x×]\s*{_LENGTH})?", re.IGNORECASE)


@dataclass(frozen=True)
class FigureSize:
    """width, height: in `unit`, title included; height None: as the panel is proportioned.

    dpi: pixels an inch of a PNG; None for what suits the unit: a pixel of the screen, or print.
    Raises InputError for a size that nobody can mean.
    """

    width: float = COLUMN_MM
    height: float | None = None
    unit: Unit = "mm"
    dpi: float | None = None

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise InputError(f"unknown unit {self.unit!r}; valid are: {', '.join(UNITS)}")
        if self.dpi is not None and not MIN_DPI <= self.dpi <= MAX_DPI:
            raise InputError(f"dpi must lie in {MIN_DPI:g}..{MAX_DPI:g}, not {self.dpi:g}")
        for name, length in (("width", self.width), ("height", self.height)):
            if length is not None:
                self._check(name, length)

    def _check(self, name: str, length: float) -> None:
        if not math.isfinite(length) or length <= 0:
            raise InputError(f"the {name} must be above 0, not {length:g} {self.unit}")
        if self.logical(length, SCREEN_DPI) > MAX_LENGTH:
            limit = MAX_LENGTH / SCREEN_DPI
            limit *= self.resolution(SCREEN_DPI) if self.unit == "px" else PER_INCH[self.unit]
            raise InputError(
                f"a {name} of {length:g} {self.unit} is too much; the most is "
                f"{math.floor(limit)} {self.unit}"
            )

    def resolution(self, per_inch: float) -> float:
        """Pixels an inch of a picture."""
        if self.dpi is not None:
            return self.dpi
        return per_inch if self.unit == "px" else PRINT_DPI

    def logical(self, length: float, per_inch: float) -> float:
        """A length in logical pixels."""
        inches = length / (self.resolution(per_inch) if self.unit == "px" else PER_INCH[self.unit])
        return inches * per_inch

    def from_logical(self, length: float, per_inch: float) -> float:
        """A length in logical pixels, in the unit of the figure."""
        return length / self.logical(1.0, per_inch)

    def pixels(self, length: float, per_inch: float) -> int:
        """A length in pixels of a picture; InputError where they are too many."""
        if self.unit == "px":
            pixels = round(length)
        else:
            pixels = round(length / PER_INCH[self.unit] * self.resolution(per_inch))
        if not 1 <= pixels <= MAX_PIXELS:
            raise InputError(
                f"{length:g} {self.unit} at {self.resolution(per_inch):g} dpi are {pixels} pixels; "
                f"a picture has 1 to {MAX_PIXELS} along each side"
            )
        return pixels


def parse_size(text: str, dpi: float | None = None) -> FigureSize:
    """Read `86mm`, `86mm x 60mm`, `86x60mm`, `3.4in` or `900x600` (pixels); InputError else."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise InputError(
            f"a size is WIDTHxHEIGHT in pixels, or with mm, cm or in, such as 900x600, 86mm or "
            f"86mm x 60mm, not {text!r}"
        )
    width, unit, height, other = found.groups()
    units = {given.lower() for given in (unit, other) if given}
    if len(units) > 1:
        raise InputError(f"one unit for width and height, please, not both of {text!r}")
    # Pixels where no unit is given.
    chosen: Unit = next((known for known in UNITS if known in units), "px")
    return FigureSize(float(width), None if height is None else float(height), chosen, dpi)


def check_type_size(size: float) -> float:
    """A factor of the type's size; InputError for one that nobody could read."""
    if not MIN_TYPE <= size <= MAX_TYPE:
        raise InputError(f"the type size must lie in {MIN_TYPE:g}..{MAX_TYPE:g}, not {size:g}")
    return size
