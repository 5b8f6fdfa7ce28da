"""Pooling to few bins: what is kept, and what is passed over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.analysis.pooling import pool_extremes


def test_each_bin_keeps_the_number_of_largest_magnitude_with_its_sign() -> None:
    values = np.array([0.1, -0.5, 0.2, 0.3, 0.0, 0.0, -0.4, 0.4])
    assert pool_extremes(values, 4).tolist() == [-0.5, 0.3, 0.0, 0.4]


def test_lengths_of_bins_differ_by_at_most_one() -> None:
    # Every number is the largest so far, so that a bin keeps its last one.
    ends = pool_extremes(np.arange(1.0, 513.0), 300)
    lengths = np.diff(ends, prepend=0)
    assert len(ends) == 300
    assert ends[-1] == 512
    assert set(lengths.tolist()) == {1, 2}


def test_short_vectors_are_returned_as_they_are() -> None:
    values = np.arange(6.0)
    assert pool_extremes(values, 6) is values
    assert pool_extremes(values, 7) is values
    assert pool_extremes(values[:0], 7).shape == (0,)


def test_only_the_last_axis_is_pooled() -> None:
    values = np.random.default_rng(0).standard_normal((3, 2, 40)).astype(np.float32)
    pooled = pool_extremes(values, 7)
    assert pooled.shape == (3, 2, 7)
    assert pooled.dtype == np.float32
    for place in np.ndindex(3, 2):
        assert pooled[place].tolist() == pool_extremes(values[place], 7).tolist()


def test_what_is_no_number_is_passed_over_and_infinity_is_the_largest() -> None:
    nan, inf = np.nan, np.inf
    values = np.array([nan, -2.0, 1.0, nan, nan, nan, -inf, 3.0, inf, nan])
    pooled = pool_extremes(values, 5)
    assert pooled[:2].tolist() == [-2.0, 1.0]
    assert np.isnan(pooled[2])
    assert pooled[3:].tolist() == [-inf, inf]


def test_there_is_at_least_one_bin() -> None:
    with pytest.raises(ValueError, match="at least one bin, not 0"):
        pool_extremes(np.zeros(3), 0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.integers(1, 60))
def test_no_peak_is_lost_and_none_made_up(values: list[float], bins: int) -> None:
    pooled = pool_extremes(np.array(values), bins)
    assert len(pooled) == min(len(values), bins)
    assert np.abs(pooled).max() == np.abs(values).max()
    assert set(pooled.tolist()) <= set(values)
