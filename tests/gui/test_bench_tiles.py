"""Rows of a bench side by side and below each other."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF

from attn_desktop.gui.bench_tiles import Tiles, best_across, tile_width


def test_tiles_fill_an_area_row_by_row() -> None:
    tiles = Tiles(QRectF(10, 20, 320, 200), 3, 50.0, 10.0)
    assert tiles.wide == 100.0 == tile_width(320, 3, 10)
    assert tiles.box(0) == QRectF(10, 20, 100, 50)
    assert tiles.box(2) == QRectF(230, 20, 100, 50)
    assert tiles.box(4) == QRectF(120, 70, 100, 50)


@pytest.mark.parametrize(
    ("room", "across"), [((900, 100), 6), ((300, 900), 1), ((600, 400), 3), ((400, 600), 2)]
)
def test_as_many_are_side_by_side_as_makes_squares_largest(
    room: tuple[int, int], across: int
) -> None:
    best, side = best_across(6, lambda n, rows: min(room[0] / n, room[1] / rows))
    assert best == across
    assert side == max(min(room[0] / n, room[1] / -(-6 // n)) for n in range(1, 7))


def test_of_two_ways_that_are_as_large_the_one_with_fewer_side_by_side() -> None:
    assert best_across(4, lambda n, rows: 5.0) == (1, 5.0)
    assert best_across(0, lambda n, rows: 5.0)[1] == 0.0
