"""Rows of labels: spread out, or a window with what is out of view at its edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.gui.row_layout import lay_out


def test_what_fits_is_spread_over_the_room() -> None:
    row = lay_out([10, 30, 20], 0, 120)
    assert row.slots.tolist() == [30, 50, 40]
    assert row.centres.tolist() == [15, 55, 100]
    assert (row.first, row.last, row.most_scroll) == (0, 3, 0)


def test_few_labels_keep_together_in_the_middle() -> None:
    row = lay_out([10, 10], 0, 100, most_spare=5)
    assert row.centres.tolist() == [42.5, 57.5]


@pytest.mark.parametrize("middle", [0, 7, 20, 33, 49])
def test_a_long_row_shows_the_label_that_matters_and_counts_the_others(middle: int) -> None:
    row = lay_out(np.full(50, 40.0), 10, 410, edge=60, middle=middle)
    assert row.first <= middle < row.last
    assert row.before + (row.last - row.first) + row.after == 50
    inside = row.centres[row.first : row.last]
    assert np.diff(inside) == pytest.approx(40)
    assert inside[0] - 20 >= 10 + (60 if row.before else 0) - 0.5
    assert inside[-1] + 20 <= 410 - (60 if row.after else 0) + 0.5
    assert set(row.centres[: row.first]) <= {40.0}
    assert set(row.centres[row.last :]) <= {380.0}


def test_it_stands_still_while_the_middle_goes_on_a_little() -> None:
    scrolls = [lay_out(np.full(60, 20.0), 0, 300, middle=m).scroll for m in range(60)]
    assert len(set(scrolls)) < 13
    assert scrolls == sorted(scrolls)
    assert (scrolls[0], scrolls[-1]) == (0, 900)


@pytest.mark.parametrize("edge", [0, 60])
def test_what_is_wanted_is_in_view_and_the_row_moves_no_further_than_that(edge: float) -> None:
    for wanted in range(60):
        row = lay_out(np.full(60, 20.0), 0, 300, edge, middle=20, wanted=wanted)
        assert row.first <= wanted < row.last
        resting = lay_out(np.full(60, 20.0), 0, 300, edge, middle=20)
        assert row.scroll == resting.scroll or not resting.first <= wanted < resting.last
    near = {lay_out(np.full(60, 20.0), 0, 300, middle=20, wanted=w).scroll for w in range(10, 24)}
    assert len(near) < 4


def test_it_can_be_moved_by_hand_but_not_beyond_its_ends() -> None:
    widths = np.full(50, 40.0)
    assert lay_out(widths, 0, 400, scroll=123).scroll == 123
    assert lay_out(widths, 0, 400, scroll=-5).scroll == 0
    assert lay_out(widths, 0, 400, scroll=9999).scroll == 1600
    assert lay_out(widths, 0, 400, scroll=9999).last == 50


def test_a_label_wider_than_the_room_is_in_the_middle_of_it() -> None:
    row = lay_out([500.0, 500.0], 0, 100, edge=20, middle=1)
    assert (row.first, row.last) == (1, 2)
    assert row.centres[1] == 50


def test_only_labels_in_view_are_hit() -> None:
    row = lay_out(np.full(20, 50.0), 0, 200, edge=20, middle=10)
    assert row.at(float(row.centres[row.first])) == row.first
    assert row.at(10) is None
    assert lay_out([10.0, 10.0], 0, 20).at(12) == 1


def test_a_cut_row_keeps_its_places() -> None:
    row = lay_out([10.0, 10.0, 10.0], 0, 60)
    cut = row.cut(2)
    assert cut.centres.tolist() == row.centres[:2].tolist()
    assert (cut.first, cut.last, cut.after) == (0, 2, 0)


@given(
    st.lists(st.floats(5, 80), min_size=1, max_size=40),
    st.integers(50, 500),
    st.integers(0, 39),
    st.floats(0, 40),
)
def test_no_two_labels_overlap(widths: list[float], room: int, middle: int, edge: float) -> None:
    row = lay_out(widths, 0, room, edge, middle)
    starts, ends = row.centres - row.slots / 2, row.centres + row.slots / 2
    shown = slice(row.first, row.last)
    assert (starts[shown][1:] >= ends[shown][:-1] - 1e-6).all()
    assert row.last > row.first
    if row.last - row.first > 1:
        assert starts[row.first] >= -1
        assert ends[row.last - 1] <= room + 1
