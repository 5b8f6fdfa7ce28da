"""Entropy in nats, with its limits and against its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.analysis.entropy import entropy


def test_a_certain_position_has_no_entropy_and_zeros_count_nothing() -> None:
    value = entropy(np.array([0.0, 1.0, 0.0], dtype=np.float32))
    assert value == 0.0
    assert math.copysign(1.0, value) == 1.0, "0, not -0"


@pytest.mark.parametrize("count", [1, 2, 7, 500])
def test_equal_weights_have_the_entropy_log_n(count: int) -> None:
    assert entropy(np.full(count, 1 / count)) == pytest.approx(math.log(count))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(any))
def test_it_is_its_definition(counts: list[int]) -> None:
    p = [count / sum(counts) for count in counts]
    expected = -sum(each * math.log(each) for each in p if each > 0)
    assert entropy(np.array(p)) == pytest.approx(expected, abs=1e-12)


def test_only_the_last_axis_is_summed_and_float32_is_widened() -> None:
    alpha = np.full((2, 3, 4), 0.25, dtype=np.float32)
    alpha[1, 2] = [1, 0, 0, 0]
    value = entropy(alpha)
    assert value.shape == (2, 3)
    assert value.dtype == np.float64
    assert value[1, 2] == 0
    assert value[0, 0] == pytest.approx(math.log(4), abs=1e-15)
