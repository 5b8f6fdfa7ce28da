"""Contexts and the inverse-CDF draw of a position."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_desktop.attention.weighting import hard_context, sample_position, soft_context
from attn_desktop.decoding import draws
from tests.attention import reference

BELOW_ONE = math.nextafter(1.0, 0.0)


def sample(weights: list[float], u: float) -> int:
    return int(sample_position(torch.tensor([weights]), torch.tensor([u], dtype=torch.float64))[0])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sampled_positions_follow_alpha(seed: int) -> None:
    weights = [0.05, 0.0, 0.3, 0.15, 0.0, 0.4, 0.1]
    count = 20_000
    u = draws.uniform(seed, draws.ATTENTION, t=1, rows=count)
    alpha = torch.tensor([weights]).expand(count, -1)
    found = np.bincount(sample_position(alpha, torch.from_numpy(u)), minlength=len(weights))
    expected = count * np.array(weights)
    assert not found[expected == 0].any()
    likely = expected > 0
    chi_square = ((found - expected)[likely] ** 2 / expected[likely]).sum()
    assert chi_square < 18.47  # 4 degrees of freedom, exceeded once in 1,000


def test_sampled_positions_follow_alpha_over_the_steps_of_a_run() -> None:
    """A run draws one number a step: they must be as good as many of one step."""
    weights = [0.1, 0.2, 0.3, 0.4]
    steps = range(1, 4001)
    u = np.concatenate([draws.uniform(7, draws.ATTENTION, t) for t in steps])
    alpha = torch.tensor([weights]).expand(len(u), -1)
    found = np.bincount(sample_position(alpha, torch.from_numpy(u)), minlength=4)
    expected = len(u) * np.array(weights)
    assert ((found - expected) ** 2 / expected).sum() < 16.27  # 3 degrees, once in 1,000


@pytest.mark.parametrize(
    ("weights", "first", "last"),
    [
        ([1.0], 0, 0),
        ([0.0, 0.0, 1.0, 0.0], 2, 2),
        ([0.0, 0.5, 0.0, 0.5, 0.0], 1, 3),
        ([0.25, 0.25, 0.25, 0.25], 0, 3),
        ([1e-30, 1.0, 1e-30, 0.0], 0, 1),
        ([1.0, 2**-30], 0, 1),  # lost in a sum of single precision
        ([0.3, 0.3, 0.3], 0, 2),  # a sum that rounding left below 1
    ],
)
def test_the_ends_of_the_unit_interval(weights: list[float], first: int, last: int) -> None:
    assert sample(weights, 0.0) == first
    assert sample(weights, BELOW_ONE) == last
    assert sample(weights, 1.0) == last  # u rounded up by single precision


def test_a_draw_on_a_boundary_takes_the_position_after_it() -> None:
    assert [sample([0.25, 0.25, 0.5], u) for u in (0.0, 0.25, 0.5, 0.75)] == [0, 1, 2, 2]


@st.composite
def weights_with_zeros(draw_from: st.DrawFn) -> list[float]:
    weight = st.one_of(st.just(0.0), st.floats(2**-90, 1.0, width=32))
    weights = draw_from(st.lists(weight, min_size=1, max_size=12))
    weights[draw_from(st.integers(0, len(weights) - 1))] = draw_from(st.floats(0.125, 1, width=32))
    return weights


@settings(max_examples=200, deadline=None)
@given(weights_with_zeros(), st.floats(0, BELOW_ONE))
def test_a_draw_equals_the_plain_loop(weights: list[float], u: float) -> None:
    k = sample(weights, u)
    assert weights[k] > 0
    running = np.cumsum(np.array(weights))
    # The loop's sums may round differently: only a u on the very boundary may tell.
    if np.abs(running / running[-1] - u).min() > 1e-12:
        assert k == reference.drawn(weights, u)


def test_contexts_of_many_rows() -> None:
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(3, 5, 2, dtype=torch.float64, generator=generator)
    alpha = torch.softmax(torch.randn(3, 5, dtype=torch.float64, generator=generator), dim=1)
    rows = zip(alpha.tolist(), states.tolist(), strict=True)
    expected = [reference.context(weights, memory) for weights, memory in rows]
    torch.testing.assert_close(
        soft_context(alpha, states), torch.tensor(expected, dtype=torch.float64)
    )
    position = torch.tensor([4, 0, 2])
    chosen = torch.stack([states[0, 4], states[1, 0], states[2, 2]])
    assert torch.equal(hard_context(position, states), chosen)
