"""Areas of a timeline: below each other, inside the panel, as many watches as fit."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF

from attn_desktop.gui.theme import theme
from attn_desktop.gui.timeline_cells import place_cells
from attn_desktop.gui.timeline_places import Areas, place_areas, row_height

#: Type is measured.
pytestmark = pytest.mark.usefixtures("qapp")

LIGHT, PRESENTER = theme(dark=False), theme(dark=False, presenter=True)


def areas(width: int, height: int, steps: int = 12, lanes: int = 0, watches: int = 0) -> Areas:
    cells = place_cells(58, width - 6, steps, 1, 1.0)
    return place_areas(LIGHT, width, height, cells, lanes, watches)


@given(
    st.integers(120, 2600),
    st.integers(70, 700),
    st.integers(0, 300),
    st.integers(0, 3),
    st.integers(0, 12),
)
def test_areas_are_below_each_other_and_inside(
    width: int, height: int, steps: int, lanes: int, watches: int
) -> None:
    found = areas(width, height, steps, lanes, watches)
    column = (found.gutter, found.cells, found.marks, found.watches, found.more, found.coverage)
    for above, below in pairwise(column):
        assert above.bottom() <= below.top() + 1e-6
    assert QRectF(0, 0, width, height).contains(found.coverage)
    assert 0 <= found.rows <= watches
    assert found.watches.height() == pytest.approx(found.rows * found.row)
    assert found.row >= row_height(LIGHT)


def test_watches_take_what_cells_leave() -> None:
    high = row_height(LIGHT)
    plain = areas(1200, 153)
    assert plain.rows == 0
    assert plain.more.isEmpty()
    for count in (1, 3, 5):
        found = areas(1200, round(153 + count * high), watches=count)
        assert found.rows == count
        assert found.more.isEmpty()
        assert found.cells.height() == pytest.approx(plain.cells.height(), abs=2)


def test_watches_that_do_not_fit_leave_a_line() -> None:
    counts = [areas(1200, height, watches=8).rows for height in range(100, 500, 10)]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] == 8
    for height in range(150, 500, 10):
        found = areas(1200, height, watches=8)
        assert found.more.isEmpty() == (found.rows == 8)
        assert found.cells.height() >= 62 - 1e-6


def test_rows_grow_into_room_that_cards_do_not_need() -> None:
    assert areas(1200, 400, watches=1).row == 2 * row_height(LIGHT)
    assert areas(1200, 400, steps=200, watches=1).row == row_height(LIGHT)
    assert row_height(PRESENTER) > 1.3 * row_height(LIGHT)
