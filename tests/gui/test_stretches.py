"""What is seen of an axis, of a plane and of a matrix larger than the screen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from attn_desktop.gui.plane import Plane
from attn_desktop.gui.raster import peaks, signed_image
from attn_desktop.gui.span import CLOSEST, Span
from attn_desktop.gui.theme import theme

SIZES = st.integers(1, 3000)


@given(SIZES, st.lists(st.tuples(st.floats(-9, 9), st.floats(-1, 2)), max_size=9))
def test_a_span_never_leaves_its_axis(size: int, turns: list[tuple[float, float]]) -> None:
    span = Span.whole(size)
    for notches, part in turns:
        span = span.zoomed(notches, part)
        assert 0 <= span.first < span.last <= size
        assert len(span) >= min(CLOSEST, size)
    assert span.moved(-5).first == 0
    assert span.moved(size + 5).last == size
    assert span.zoomed(-99, 0.5) == Span.whole(size)


@given(SIZES, st.integers(0, 2999))
def test_the_pixel_of_an_entry_is_in_that_entry(size: int, entry: int) -> None:
    span = Span.whole(size).zoomed(3, 0.3)
    entry = span.first + entry % len(span)
    assert span.entry(span.middle(entry, 10, 400), 10, 400) == entry
    assert span.entry(9, 10, 400) is None
    assert span.entry(410, 10, 400) is None


@given(SIZES, st.floats(5, 200), st.floats(50, 2000))
def test_ticks_are_round_and_far_enough_apart(size: int, needed: float, width: float) -> None:
    ticks = Span.whole(size).ticks(width, needed)
    assert ticks[0] == 0
    assert str(ticks.step).rstrip("0") in ("1", "2", "5")
    assert ticks.step * width / size >= needed * (1 - 1e-9)


def test_blocks_begin_with_the_first_entry_seen() -> None:
    span = Span(3, 10, 20)
    assert list(span.block(3, 4)) == list(span.block(6, 4)) == [3, 4, 5, 6]
    assert list(span.block(8, 4)) == [7, 8, 9]


@given(st.integers(1, 30), st.integers(1, 40), st.integers(1, 20), st.integers(1, 20))
def test_a_cell_keeps_the_largest_magnitude_of_its_block(
    rows: int, columns: int, high: int, wide: int
) -> None:
    values = np.random.default_rng(rows * columns).standard_normal((rows, columns))
    values[values > 1.5] = np.nan
    found = peaks(values, high, wide)
    assert found.values.shape[0] <= high
    assert found.values.shape[1] <= wide
    for row, column in np.ndindex(found.values.shape):
        top, left = row * found.rows, column * found.columns
        block = values[top : top + found.rows, left : left + found.columns]
        numbers = block[np.isfinite(block)]
        if numbers.size:
            assert found.values[row, column] == numbers[np.abs(numbers).argmax()]
        else:
            assert np.isnan(found.values[row, column])


def test_a_matrix_that_fits_is_not_merged() -> None:
    values = np.arange(6.0).reshape(2, 3)
    found = peaks(values, 2, 3)
    assert (found.rows, found.columns) == (1, 1)
    assert np.array_equal(found.values, values)


def test_colours_end_at_the_limit_and_nan_has_its_own() -> None:
    look = theme(dark=False)
    image = signed_image(np.array([[-2.0, -np.inf, 0, np.nan, 1, 5, np.inf]]), 1.0, look)
    names = [image.pixelColor(x, 0).name() for x in range(7)]
    low, high = look.diverging
    assert [name.upper() for name in names[:2]] == [low, low]
    assert [name.upper() for name in names[4:]] == [high] * 3
    assert names[3] == look.faint
    assert image.pixelColor(2, 0).lightness() >= 253, "0 has the colour of the card"


def test_a_plane_shows_all_places_and_finds_them_again() -> None:
    places = np.array([[-3.0, 1], [5, 2], [0, 9], [np.nan, 0]])
    plane = Plane.around(places, (400, 200), (20, 10))
    pixels = plane.pixels(places)
    assert (pixels[:3] >= (20, 10)).all()
    assert (pixels[:3] <= (380, 190)).all()
    assert np.isnan(pixels[3]).any()
    assert pixels[2, 1] == pytest.approx(10), "upwards is up"
    for place, pixel in zip(places[:3], pixels[:3], strict=True):
        assert plane.place(*pixel.tolist()) == pytest.approx(place.tolist())


@pytest.mark.parametrize("places", [np.zeros((0, 2)), np.ones((1, 2)), np.full((2, 2), np.nan)])
def test_a_plane_of_one_place_or_none_is_not_infinite(
    places: NDArray[np.float64],
) -> None:
    plane = Plane.around(places, (400, 200), (20, 10))
    assert plane.scale == 1
    assert np.isfinite([plane.x, plane.y]).all()


def test_zooming_keeps_what_is_under_the_pointer_and_moving_follows_it() -> None:
    plane = Plane.around(np.array([[0.0, 0], [4, 2]]), (400, 200), (20, 10))
    closer = plane.zoomed(5, 120, 60)
    assert closer.scale > 2 * plane.scale
    assert closer.place(120, 60) == pytest.approx(plane.place(120, 60))
    assert closer.moved(30, -20).place(150, 40) == pytest.approx(closer.place(120, 60))
