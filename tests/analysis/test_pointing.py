from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.analysis.pointing import Box, centre, mass_inside, points_into

edges = st.integers(0, 60).map(lambda k: k / 60)
boxes = st.lists(
    st.tuples(edges, edges, edges, edges).map(
        lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
    ),
    max_size=4,
)


def test_regions_go_row_by_row() -> None:
    assert centre(0, (2, 4)) == (0.125, 0.25)
    assert centre(3, (2, 4)) == (0.875, 0.25)
    assert centre(4, (2, 4)) == (0.125, 0.75)


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
