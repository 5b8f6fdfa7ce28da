"""Frames around rows and columns of a matrix, neighbours in one."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainterPath


def row_frames(rows: Iterable[int], width: float) -> QPainterPath:
    """Frames around rows of so many columns."""
    return _frames(QRectF(0, first, width, count) for first, count in runs(rows))


def column_frames(columns: Iterable[int], height: float) -> QPainterPath:
    """Frames around columns of so many rows."""
    return _frames(QRectF(first, 0, count, height) for first, count in runs(columns))


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbouring numbers joined: (first, how many) of each run."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and number == sum(runs[-1]):
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((number, 1))
    return runs


def _frames(areas: Iterable[QRectF]) -> QPainterPath:
    path = QPainterPath()
    for area in areas:
        if not area.isEmpty():
            path.addRect(area)
    return path
