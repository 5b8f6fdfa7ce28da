from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.analysis.pointing import Box, mass_inside, points_into, regions_in

edges = st.integers(0, 60).map(lambda k: k / 60)
boxes = st.lists(
    st.tuples(edges, edges, edges, edges).map(
        lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
    ),
    max_size=4,
)


@given(boxes=boxes, rows=st.integers(1, 5), columns=st.integers(1, 6))
def test_the_regions_in_a_box_are_those_whose_centre_lies_in_it(
    boxes: list[Box], rows: int, columns: int
) -> None:
    """Row by row; in sixtieths of a half region, where all numbers are whole."""
    found = regions_in(np.array(boxes).reshape(-1, 4), (rows, columns))
    assert found.shape == (len(boxes), rows * columns)
    for box, inside in zip(boxes, found, strict=True):
        left, top, right, bottom = (round(60 * edge) for edge in box)
        for position, answer in enumerate(inside):
            row, column = divmod(position, columns)
            across = 2 * columns * left <= 60 * (2 * column + 1) <= 2 * columns * right
            down = 2 * rows * top <= 60 * (2 * row + 1) <= 2 * rows * bottom
            # Sixtieths are not exact in floating point: whether an edge counts is tested below.
            edges_met = {60 * (2 * column + 1)} & {2 * columns * left, 2 * columns * right}
            edges_met |= {60 * (2 * row + 1)} & {2 * rows * top, 2 * rows * bottom}
            assert edges_met or answer == (across and down)


def test_the_regions_of_many_boxes_at_once() -> None:
    boxes = np.array([[[0.0, 0.0, 0.2, 0.3]], [[np.nan] * 4], [[0.125, 0.25, 0.375, 0.75]]])
    found = regions_in(boxes, (2, 4))
    assert found.shape == (3, 1, 8)
    assert [np.flatnonzero(each[0]).tolist() for each in found] == [[0], [], [0, 1, 4, 5]]


def test_a_region_points_into_a_box_with_its_centre() -> None:
    box = (0.0, 0.0, 0.2, 0.3)
    assert points_into(0, (2, 4), [box])
    assert not points_into(1, (2, 4), [box])
    assert points_into(1, (2, 4), [box, (0.3, 0.0, 0.4, 1.0)])
    assert not points_into(0, (2, 4), [])


@given(boxes=boxes, rows=st.integers(1, 5), columns=st.integers(1, 6), seed=st.integers(0, 50))
def test_the_mass_is_that_of_the_picture_s_points_that_lie_in_a_box(
    boxes: list[Box], rows: int, columns: int, seed: int
) -> None:
    """Every edge lies on a raster of 60 × 60, and so do those of the regions: counting is exact."""
    alpha = np.random.default_rng(seed).dirichlet(np.ones(rows * columns))
    expected = 0.0
    for i in range(60):
        for j in range(60):
            y, x = (i + 0.5) / 60, (j + 0.5) / 60
            if any(x0 < x < x1 and y0 < y < y1 for x0, y0, x1, y1 in boxes):
                region = int(y * rows) * columns + int(x * columns)
                expected += alpha[region] * rows * columns / 3600
    assert mass_inside(alpha, (rows, columns), boxes) == pytest.approx(expected, abs=1e-9)


def test_attention_to_nothing_has_no_mass_anywhere() -> None:
    assert mass_inside(np.zeros(4), (2, 2), [(0.0, 0.0, 1.0, 1.0)]) == 0.0
