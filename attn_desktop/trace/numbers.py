"""What counts as a number in plain data that a file or a message may bring: never a bool."""

from __future__ import annotations

import math
from numbers import Integral, Real


def is_whole(value: object) -> bool:
    """Whether a value is a whole number."""
    return not isinstance(value, bool) and isinstance(value, Integral)


def is_finite(value: object) -> bool:
    """Whether a value is a number that a float can hold, and neither NaN nor infinite."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of 309 digits or more
        return False
