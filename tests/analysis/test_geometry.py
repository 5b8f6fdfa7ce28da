"""Principal components against numpy's eigenvectors, hulls against brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from attn_desktop.analysis.geometry import convex_hull, principal_components
from tests.toy_records import Sizes, toy_trace

Point = tuple[int, int]


def cloud(count: int, hidden: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((count, hidden), dtype=np.float32)


@pytest.mark.parametrize(("count", "hidden"), [(20, 5), (5, 20), (3, 3), (60, 512)])
def test_components_are_the_eigenvectors_of_the_covariance(count: int, hidden: int) -> None:
    points = cloud(count, hidden).astype(np.float64)
    found = principal_components(points)
    values, vectors = np.linalg.eigh(np.cov(points.T, bias=True))
    for k in range(2):
        assert abs(found.components[k] @ vectors[:, -1 - k]) == pytest.approx(1)
        assert found.ratios[k] == pytest.approx(values[-1 - k] / values.sum())
        assert found.coordinates[:, k].var() == pytest.approx(values[-1 - k])
    assert found.coordinates.mean(axis=0) == pytest.approx(np.zeros(2), abs=1e-9)


@pytest.mark.parametrize(("count", "hidden"), [(20, 5), (5, 20), (60, 512)])
def test_coordinates_are_left_singular_vectors_times_singular_values(
    count: int, hidden: int
) -> None:
    points = cloud(count, hidden, seed=4).astype(np.float64)
    found = principal_components(points)
    left, sizes, right = np.linalg.svd(points - points.mean(axis=0))
    for k in range(2):
        sign = np.sign(found.components[k] @ right[k])
        assert found.components[k] == pytest.approx(sign * right[k], abs=1e-9)
        assert found.coordinates[:, k] == pytest.approx(sign * left[:, k] * sizes[k], abs=1e-9)
        assert found.ratios[k] == pytest.approx(sizes[k] ** 2 / (sizes**2).sum())


def test_all_components_give_the_points_back() -> None:
    points = cloud(12, 6)
    found = principal_components(points, count=6)
    assert found.mean + found.coordinates @ found.components == pytest.approx(points, abs=1e-5)
    assert found.ratios.sum() == pytest.approx(1)
    assert found.components @ found.components.T == pytest.approx(np.eye(6), abs=1e-9)


def test_signs_do_not_depend_on_the_order_of_the_points() -> None:
    points = cloud(15, 9, seed=3)
    order = np.random.default_rng(1).permutation(15)
    found, shuffled = principal_components(points), principal_components(points[order])
    assert shuffled.coordinates == pytest.approx(found.coordinates[order], abs=1e-6)
    for component in found.components:
        assert component[np.abs(component).argmax()] > 0


def test_one_point_equal_points_and_none_have_no_direction() -> None:
    for points in (cloud(1, 4), np.repeat(cloud(1, 4), 7, axis=0), np.zeros((0, 4))):
        found = principal_components(points)
        assert found.coordinates == pytest.approx(np.zeros((len(points), 2)), abs=1e-6)
        assert found.ratios.tolist() == [0, 0]
        assert not found.components.any()


def test_points_on_a_line_have_one_direction() -> None:
    points = np.arange(5.0)[:, None] * np.array([3.0, 0.0, 4.0])
    found = principal_components(points)
    assert found.ratios == pytest.approx([1, 0])
    assert found.coordinates[:, 0] == pytest.approx([-10, -5, 0, 5, 10])
    assert not found.coordinates[:, 1].any()


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_broken_point_is_nowhere_and_moves_no_other(broken: float) -> None:
    points = cloud(9, 4)
    whole = principal_components(points[:8])
    points[8, 2] = broken
    found = principal_components(points)
    assert np.isnan(found.coordinates[8]).all()
    assert found.coordinates[:8] == pytest.approx(whole.coordinates)
    assert np.isnan(found.project(points[8])).all()


def test_projecting_agrees_with_the_coordinates_and_keeps_averages() -> None:
    points = cloud(10, 6)
    found = principal_components(points)
    assert found.project(points) == pytest.approx(found.coordinates)
    weights = np.random.default_rng(0).dirichlet(np.ones(10))
    assert found.project(weights @ points) == pytest.approx(weights @ found.coordinates, abs=1e-6)


def turn(a: Point, b: Point, c: Point) -> int:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def corners(points: set[Point]) -> set[Point]:
    """Points that lie neither between two others nor in a triangle of three others."""

    def between(p: Point, a: Point, b: Point) -> bool:
        inside = min(a[0], b[0]) <= p[0] <= max(a[0], b[0])
        return turn(a, b, p) == 0 and inside and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])

    def covered(p: Point, a: Point, b: Point, c: Point) -> bool:
        turns = (turn(a, b, p), turn(b, c, p), turn(c, a, p))
        return turn(a, b, c) != 0 and (min(turns) >= 0 or max(turns) <= 0)

    found = set()
    for p in points:
        others = points - {p}
        if any(between(p, *pair) for pair in combinations(others, 2)):
            continue
        if not any(covered(p, *three) for three in combinations(others, 3)):
            found.add(p)
    return found


POINTS = st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), max_size=9)


@given(POINTS)
def test_the_hull_is_the_brute_force_hull(points: list[Point]) -> None:
    hull = convex_hull(np.array(points, dtype=np.float64).reshape(-1, 2))
    around = [points[i] for i in hull]
    assert set(around) == corners(set(points))
    assert len(around) == len(set(around))
    assert all(points.index(points[i]) == i for i in hull), "the first of equal points"
    if len(around) > 2:
        turns = zip(around, around[1:] + around[:1], around[2:] + around[:2], strict=True)
        assert all(turn(*three) > 0 for three in turns), "anticlockwise, no point on an edge"
        assert around[0] == min(points)


def test_small_hulls() -> None:
    assert convex_hull(np.zeros((0, 2))).tolist() == []
    assert convex_hull(np.array([[2.0, 3.0]])).tolist() == [0]
    assert convex_hull(np.array([[2.0, 3.0]] * 3)).tolist() == [0]
    assert convex_hull(np.array([[1.0, 1], [0, 0], [3, 3], [2, 2]])).tolist() == [1, 2]


def test_points_that_are_not_finite_are_no_corners() -> None:
    points = np.array([[0.0, 0], [np.nan, 9], [1, 0], [np.inf, 0], [0, 1], [2, -np.inf]])
    assert convex_hull(points).tolist() == [0, 2, 4]
    assert convex_hull(points[[1, 3, 5]]).tolist() == []


@given(st.integers(1, 30), st.integers(0, 1000))
def test_floating_points_lie_inside_their_hull(count: int, seed: int) -> None:
    points = np.random.default_rng(seed).standard_normal((count, 2))
    assert within(points, points[convex_hull(points)])


def within(points: NDArray[np.float64], hull: NDArray[np.float64]) -> bool:
    """Whether points (N, 2) lie in an anticlockwise hull (C, 2), but for rounding."""
    if len(hull) < 3:
        return True
    along = np.roll(hull, -1, axis=0) - hull
    to = points[:, None, :] - hull[None, :, :]
    turns = along[None, :, 0] * to[..., 1] - along[None, :, 1] * to[..., 0]
    return bool(turns.min() > -1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_soft_context_lies_in_the_hull_of_the_annotations(seed: int) -> None:
    trace = toy_trace(steps=6, sizes=Sizes(source=9, hidden=12), seed=seed)
    found = principal_components(trace.run.states)
    hull = found.coordinates[convex_hull(found.coordinates)]
    soft = np.stack([step.readings["soft"].context for step in trace.steps])
    assert len(hull) > 2
    assert within(found.project(soft), hull)
    assert not within(found.project(soft) + 100, hull)
