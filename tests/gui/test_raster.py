"""Matrices on few pixels: what of merged numbers is kept, and what colours they have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from attn_desktop.gui.raster import alpha_colours, colour_limit, image, peaks, signed_image
from attn_desktop.gui.theme import theme

LIGHT = theme(dark=False)


def name_of(colour: NDArray[np.uint8]) -> str:
    return QColor(*colour.tolist()).name()


def test_each_cell_keeps_the_number_of_largest_magnitude_with_its_sign() -> None:
    values = np.array([[0.1, -0.5, 0.2, 0.3, 0.0, 0.0, -0.4, 0.4]])
    cells = peaks(values, 1, 4)
    assert cells.values.tolist() == [[-0.5, 0.3, 0.0, 0.4]]
    assert (cells.rows, cells.columns) == (1, 2)


def test_rows_and_columns_are_merged_alike_and_the_last_cell_may_be_smaller() -> None:
    # Every number is the largest so far, so that a cell keeps its last one.
    values = np.arange(1.0, 36.0).reshape(7, 5)
    cells = peaks(values, 3, 2)
    assert (cells.rows, cells.columns) == (3, 3)
    assert cells.values.tolist() == [[13, 15], [28, 30], [33, 35]]


def test_what_fits_is_returned_as_it_is() -> None:
    values = np.arange(6.0).reshape(2, 3)
    assert peaks(values, 2, 3).values is values
    assert peaks(values[:0], 0, 3).values.shape == (0, 3)


def test_what_is_no_number_is_passed_over_and_infinity_is_the_largest() -> None:
    nan, inf = np.nan, np.inf
    values = np.array([[nan, -2.0, 1.0, nan, nan, nan, -inf, 3.0, inf, nan]])
    kept = peaks(values, 1, 5).values[0]
    assert kept[:2].tolist() == [-2.0, 1.0]
    assert np.isnan(kept[2])
    assert kept[3:].tolist() == [-inf, inf]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.integers(0, 60))
def test_no_peak_is_lost_and_none_made_up(values: list[float], room: int) -> None:
    cells = peaks(np.array([values]), 1, room).values[0]
    assert len(cells) <= max(1, room)
    assert np.abs(cells).max() == np.abs(values).max()
    assert set(cells.tolist()) <= set(values)


def test_the_colours_tell_most_numbers_apart() -> None:
    assert colour_limit(np.append(np.ones(1000), 500.0)) == 1
    assert colour_limit(np.zeros(4)) == 1
    assert colour_limit(np.array([np.nan, np.inf])) == 1


def test_signed_numbers_have_the_colours_of_their_side_of_0() -> None:
    values = np.array([[-np.inf, -1.0, 0.0, 1.0, 9.0, np.nan]])
    seen = signed_image(values, 1.0, LIGHT)
    colours = [seen.pixelColor(x, 0).name() for x in range(6)]
    ends = [name_of(LIGHT.diverging_lut()[place]) for place in (0, 128, 255)]
    assert colours == [ends[0], ends[0], ends[1], ends[2], ends[2], LIGHT.faint]


@pytest.mark.parametrize("name", ["grey", "viridis"])
def test_alpha_has_the_colours_of_0_to_1(name: str) -> None:
    look = theme(dark=True, alpha_map=name)
    colours = alpha_colours(np.array([[0.0, 1.0, np.inf, np.nan]]), look)
    seen = image(colours)
    assert (seen.width(), seen.height()) == (4, 1)
    assert [seen.pixelColor(x, 0).name() for x in range(4)] == [
        name_of(look.alpha_lut()[0]),
        name_of(look.alpha_lut()[255]),
        name_of(look.alpha_lut()[255]),
        look.faint,
    ]
