"""Scores for a reader: what the JSON of `evaluate` says, as a table."""

from __future__ import annotations

from typing import Any


def flat(result: dict[str, Any], before: str = "") -> dict[str, Any]:
    """The figures of figures, each under its whole name; what is None is left out."""
    figures: dict[str, Any] = {}
    for key, value in result.items():
        if isinstance(value, dict):
            figures |= flat(value, f"{before}{key} ")
        elif value is not None:
            figures[before + key] = value
    return figures


def table(result: dict[str, Any]) -> str:
    """A figure a line."""
    width = max(map(len, result)) + 2
    return "\n".join(
        f"{key:<{width}}{value:.3f}" if isinstance(value, float) else f"{key:<{width}}{value}"
        for key, value in result.items()
    )


def by_mode(result: dict[str, Any]) -> str:
    """A figure a line; those of all `modes`, which have the same, side by side below the others."""
    modes: dict[str, dict[str, float]] = result["modes"]
    others = flat({key: value for key, value in result.items() if key != "modes"})
    figures = list(next(iter(modes.values())))
    width = max(map(len, figures)) + 2
    lines = [" " * width + "".join(f"{name:>8}" for name in modes)]
    for figure in figures:
        values = "".join(f"{of_mode[figure]:>8.3f}" for of_mode in modes.values())
        lines.append(f"{figure:<{width}}{values}")
    return "\n".join([table(others), "", *lines])
