"""Where regions are: against the definition, for grids and areas of any shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF

from attn_desktop.gui.picture_grid import CellGrid
from attn_desktop.gui.picture_image import fitted

AREA = QRectF(7, 11, 120, 60)
SIDES = st.integers(1, 20)


@given(SIDES, SIDES)
def test_cells_cover_the_picture_as_the_records_say(rows: int, columns: int) -> None:
    cells = CellGrid(AREA, rows, columns)
    for position in range(rows * columns):
        row, column = position // columns, position % columns
        box = cells.cell(position)
        assert box.left() == pytest.approx(7 + 120 * column / columns)
        assert box.right() == pytest.approx(7 + 120 * (column + 1) / columns)
        assert box.top() == pytest.approx(11 + 60 * row / rows)
        assert box.bottom() == pytest.approx(11 + 60 * (row + 1) / rows)
        assert cells.position(box.center()) == position


def test_nothing_is_beside_the_picture() -> None:
    cells = CellGrid(AREA, 3, 4)
    for at in ((6, 30), (128, 30), (50, 10), (50, 72)):
        assert cells.position(QPointF(*at)) is None
    assert cells.position(QPointF(127, 71)) == 11
    assert cells.covered(QRectF(0, 0, 5, 5)) == frozenset()


def test_a_line_and_a_point_cover_what_they_are_on() -> None:
    cells = CellGrid(QRectF(0, 0, 40, 30), 3, 4)
    assert cells.covered(QRectF(35, 25, -30, 0)) == {8, 9, 10, 11}
    assert cells.covered(QRectF(25, 5, 0, 22)) == {2, 6, 10}
    assert cells.covered(QRectF(25, 15, 0, 0)) == {6}


@given(st.floats(-20, 150), st.floats(-20, 150), st.floats(0, 200), st.floats(0, 200), SIDES, SIDES)
def test_a_rectangle_covers_what_it_touches(
    x: float, y: float, wide: float, high: float, rows: int, columns: int
) -> None:
    cells, box = CellGrid(AREA, rows, columns), QRectF(x, y, wide, high)
    covered = cells.covered(box)
    inside = box.intersected(AREA)
    for position in range(rows * columns):
        cell = cells.cell(position)
        # An edge that only just meets it may count or not.
        if cell.adjusted(1e-6, 1e-6, -1e-6, -1e-6).intersects(inside) and not inside.isEmpty():
            assert position in covered
        if not cell.adjusted(-1e-6, -1e-6, 1e-6, 1e-6).intersects(inside) and not inside.isNull():
            assert position not in covered


def test_the_outline_runs_between_inside_and_outside() -> None:
    cells = CellGrid(QRectF(0, 0, 40, 30), 3, 4)
    path = cells.outline({5, 6, 3})
    found = sorted(
        (line.at(0).x(), line.at(0).y(), line.at(1).x(), line.at(1).y())
        for line in path.toSubpathPolygons()
    )
    assert found == sorted(
        [
            (10, 10, 10, 20),  # left of 5
            (10, 10, 20, 10),  # above 5
            (10, 20, 20, 20),  # below 5
            (20, 10, 30, 10),  # above 6; nothing between 5 and 6
            (20, 20, 30, 20),
            (30, 10, 30, 20),
            (30, 0, 30, 10),  # 3, in the corner
            (30, 0, 40, 0),
            (30, 10, 40, 10),
            (40, 0, 40, 10),
        ]
    )


def test_what_a_region_depends_on_lies_around_it_and_within_the_picture() -> None:
    cells = CellGrid(QRectF(0, 0, 400, 200), 4, 4)
    assert cells.field(5, 0.5) == QRectF(50, 25, 200, 100)
    assert cells.field(0, 0.5) == QRectF(0, 0, 150, 75)
    assert cells.field(15, 9.0) == QRectF(0, 0, 400, 200)


@given(st.integers(1, 1024), st.integers(1, 1024), st.integers(1, 900), st.integers(1, 900))
def test_a_picture_is_as_large_as_there_is_room_and_keeps_its_shape(
    width: int, height: int, wide: int, high: int
) -> None:
    room = QRectF(3, 5, wide, high)
    area = fitted(width / height, room)
    assert area.width() <= wide + 1
    assert area.height() <= high + 1
    assert area.width() >= wide - 1 or area.height() >= high - 1 or min(area.size().toTuple()) <= 1
    expected = min(wide, high * width / height)
    np.testing.assert_allclose(area.width(), max(1, expected), atol=1)
    np.testing.assert_allclose(
        area.height(), max(1, expected * height / width), atol=1.5 + height / width
    )
