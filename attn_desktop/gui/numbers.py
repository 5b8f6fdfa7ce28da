"""Probabilities and small distances in short, never rounded to 0 when they are not."""

from __future__ import annotations

import math

LEAST = 0.001
UNKNOWN = "–"


def short_text(p: float) -> str:
    """`0.71`, `0.004`, `<0.001`; a dash for what is not a number."""
    if not math.isfinite(p):
        return UNKNOWN
    if p < LEAST:
        return f"<{LEAST}" if p > 0 else "0.00"
    return f"{p:.2f}" if p >= 0.0095 else f"{p:.3f}"


def level_text(p: float) -> str:
    """A number at a line of a scale from 0 to 1, or to less: `0`, `0.5`, `1`, `0.34`."""
    return f"{p:g}" if p in (0.0, 0.5, 1.0) else short_text(p)


def typed(text: str) -> float:
    """A number as somebody typed it; NaN where it is none."""
    try:
        return float(text.strip().replace("−", "-").replace(",", "."))
    except ValueError:
        return math.nan


def bound_text(p: float) -> str:
    """Less than p, rounded up: `<0.02`, `<0.003`."""
    if not math.isfinite(p):
        return UNKNOWN
    decimals = 2 if p >= 0.0095 else 3
    scale = 10**decimals
    return f"<{max(LEAST, math.ceil(p * scale) / scale):.{decimals}f}"
