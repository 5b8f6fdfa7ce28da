"""Labels beside points: no overlap, a calm order, and the way out for those that must be seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from attn_desktop.gui.label_places import CalmLabels, boxes, clashes, place_labels

BOUNDS = (0.0, 0.0, 300.0, 200.0)
NONE = np.zeros((0, 4))


def cloud(count: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).uniform((5, 5), (295, 195), (count, 2))


def overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    return bool(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 99))
def test_clashes_are_overlaps(first: int, second: int, seed: int) -> None:
    one, other = boxes(cloud(first, seed), 20.0), boxes(cloud(second, seed + 1), 15.0)
    expected = [any(overlap(a, b) for b in other) for a in one]
    assert clashes(one, other).tolist() == expected
    assert not clashes(one, np.full((3, 4), np.nan)).any()


@given(st.integers(1, 60), st.integers(0, 99), st.booleans())
def test_labels_overlap_neither_each_other_nor_points_nor_the_rim(
    count: int, seed: int, must: bool
) -> None:
    points, radii = cloud(count, seed), np.full(count, 3.0)
    sizes = np.tile([40.0, 12.0], (count, 1))
    taken = boxes(points, 0.8 * radii)
    placed = place_labels(points, radii, sizes, taken, BOUNDS, 2.0, np.full(count, must))
    drawn = placed[np.isfinite(placed[:, 0])]
    assert not clashes(drawn, taken).any()
    for i in range(len(drawn)):
        assert not clashes(drawn[i : i + 1], np.delete(drawn, i, axis=0)).any()
    assert (drawn[:, :2] >= 0).all()
    assert (drawn[:, 2:] <= (300, 200)).all()
    assert np.allclose(drawn[:, 2:] - drawn[:, :2], (40, 12))


def test_a_label_stands_on_the_side_away_from_the_middle() -> None:
    points = np.array([[40.0, 100], [260, 100], [150, 30], [150, 170]])
    placed = place_labels(
        points, np.full(4, 3.0), np.tile([20.0, 10.0], (4, 1)), NONE, BOUNDS, 2.0, np.zeros(4, bool)
    )
    assert placed[0, 2] == pytest.approx(35)
    assert placed[1, 0] == pytest.approx(265)
    assert placed[2, 3] == pytest.approx(25)
    assert placed[3, 1] == pytest.approx(175)


def test_only_what_must_be_seen_moves_further_away() -> None:
    points, size = np.array([[150.0, 100.0]]), np.array([[30.0, 12.0]])
    taken = boxes(points, 22.0)
    for must in (False, True):
        placed = place_labels(points, np.ones(1), size, taken, BOUNDS, 2.0, np.array([must]))
        assert np.isfinite(placed).all() == must
    nowhere = np.array([[0.0, 0, 300, 200]])
    placed = place_labels(points, np.ones(1), size, nowhere, BOUNDS, 2.0, np.array([True]))
    assert np.isnan(placed).all()


def test_points_that_are_nowhere_have_no_label() -> None:
    points = np.array([[np.nan, np.nan], [150.0, 100.0]])
    sizes = np.tile([30.0, 12.0], (2, 1))
    placed = place_labels(points, np.ones(2), sizes, NONE, BOUNDS, 2.0, np.ones(2, bool))
    assert np.isfinite(placed[:, 0]).tolist() == [False, True]


def test_resting_labels_give_way_and_come_back() -> None:
    points, radii = cloud(40, 5), np.full(40, 2.0)
    sizes = np.tile([40.0, 12.0], (40, 1))
    labels = CalmLabels.at_rest(points, 2.0, sizes, boxes(points, 1.6), BOUNDS, 2.0)
    free = np.zeros(40, dtype=np.bool_)
    none = np.zeros(0, dtype=np.int64)
    at_rest = labels.arrange(none, radii, NONE, free)
    assert np.array_equal(at_rest, labels.resting, equal_nan=True)
    hidden = np.flatnonzero(np.isnan(at_rest[:, 0]))
    first, must = hidden[:2], free.copy()
    must[first] = True
    now = labels.arrange(first, radii, boxes(points, 1.6), must)
    assert np.isfinite(now[first, 0]).all()
    others = np.delete(now, first, axis=0)
    assert not clashes(now[first], others).any()
    kept = np.isfinite(now[:, 0])
    kept[first] = False
    assert np.array_equal(now[kept], labels.resting[kept])
    assert labels.left_out(now) == int(np.isnan(now[:, 0]).sum())
    again = labels.arrange(none, radii, NONE, free)
    assert np.array_equal(again, labels.resting, equal_nan=True)
