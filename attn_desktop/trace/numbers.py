"""What counts as a number in plain data that a file or a message may bring: never a bool."""

from __future__ import annotations

import math
from numbers import Integral, Real


def is_whole(value: object) -> bool:
    """Whether a value is a whole number."""
    return not isinstance(value, bool) and isinstance(value, Integral)


def is_finite(value: object) -> bool:
    """Whether a value is a number, and neither NaN nor infinite."""
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
