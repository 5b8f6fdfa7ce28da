"""Regions of a picture in a few words: rectangles by their first and last region."""

from __future__ import annotations

import re
from collections.abc import Sequence

_REGION = re.compile(r"r(\d+)c(\d+)", re.ASCII)


def region_names(labels: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Names of regions with how many each stands for; empty where any label is none of a region.

    labels: such as r3c4. All of a rectangle has one name, r3c4–r5c6; else each run along a row.
    """
    found = [_REGION.fullmatch(label) for label in labels]
    places = sorted({(int(one[1]), int(one[2])) for one in found if one is not None})
    if not places or not all(found):
        return ()
    rows, columns = zip(*places, strict=True)
    high, wide = rows[-1] - rows[0] + 1, max(columns) - min(columns) + 1
    if high * wide == len(places):
        return ((_name(places[0], places[-1]), len(places)),)
    runs: list[list[tuple[int, int]]] = []
    for row, column in places:
        if runs and runs[-1][-1] == (row, column - 1):
            runs[-1].append((row, column))
        else:
            runs.append([(row, column)])
    return tuple((_name(run[0], run[-1]), len(run)) for run in runs)


def short_names(labels: Sequence[str], most: int) -> str:
    """Up to `most` of the names, and how many regions there are besides; empty as above."""
    names = region_names(labels)
    more = sum(count for _, count in names[most:])
    said = ", ".join(name for name, _ in names[:most])
    return f"{said} + {more} more" if more else said


def _name(first: tuple[int, int], last: tuple[int, int]) -> str:
    one = "r{}c{}".format(*first)
    return one if first == last else f"{one}–r{last[0]}c{last[1]}"
