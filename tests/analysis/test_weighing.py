"""α once more, in numpy: against plain loops. The engine's own is in tests/decoding."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from attn_desktop.analysis.weighing import Window, drawn, weigh
from tests.attention import reference

TEMPERATURES = (0.01, 0.1, 0.5, 1.0, 3.0, 100.0)


def energies_of(size: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng([size, seed]).normal(0, 3, size)


def plain_softmax(energies: list[float], allowed: list[bool], temperature: float) -> list[float]:
    """exp(e_j / τ) / Σ_i exp(e_i / τ), in exact order and without a trick but the largest e."""
    largest = max(e for e, yes in zip(energies, allowed, strict=True) if yes)
    weights = [
        math.exp((e - largest) / temperature) if yes else 0.0
        for e, yes in zip(energies, allowed, strict=True)
    ]
    return [weight / math.fsum(weights) for weight in weights]


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("size", [1, 3, 60])
def test_alpha_is_the_softmax_of_e_by_tau(size: int, temperature: float) -> None:
    energies = energies_of(size)
    allowed = np.arange(size) != 1
    alpha = weigh(energies, allowed, temperature=temperature)
    plain = plain_softmax(energies.tolist(), allowed.tolist(), temperature)
    assert alpha == pytest.approx(plain, abs=1e-15)
    assert not alpha[~allowed].any()


def test_tau_0_is_the_limit() -> None:
    energies = np.array([1.0, 4.0, 4.0, 9.0, -2.0])
    allowed = np.array([True, True, True, False, True])
    assert weigh(energies, allowed, temperature=0).tolist() == [0, 0.5, 0.5, 0, 0]
    assert weigh(energies, allowed, temperature=1e-3) == pytest.approx([0, 0.5, 0.5, 0, 0])
    assert weigh(energies, ~allowed, temperature=0).tolist() == [0, 0, 0, 1, 0]


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.integers(0, 9))
def test_a_higher_temperature_is_flatter(one: float, other: float, seed: int) -> None:
    energies, allowed = energies_of(8, seed), np.ones(8, dtype=np.bool_)
    low, high = (weigh(energies, allowed, temperature=t).max() for t in sorted((one, other)))
    assert low >= high - 1e-12


def test_every_layer_and_head_is_weighed_for_itself() -> None:
    energies = np.random.default_rng(0).normal(size=(2, 3, 5))
    allowed = np.array([True, True, False, True, True])
    alpha = weigh(energies, allowed)
    for place in np.ndindex(2, 3):
        plain = plain_softmax(energies[place].tolist(), allowed.tolist(), 1.0)
        assert alpha[place] == pytest.approx(plain)


@pytest.mark.parametrize("gaussian", [False, True])
@pytest.mark.parametrize("half_width", [0.0, 0.3, 2.0, 3.0, 1000.0])
@pytest.mark.parametrize("center", [1, 2.4, 7.0, 9.9])
def test_a_window_is_the_one_of_the_paper(center: float, half_width: float, gaussian: bool) -> None:
    window, size = Window((center,), half_width, gaussian), 9
    inside = window.inside(np.ones(size, dtype=np.bool_))
    assert np.flatnonzero(inside).tolist() == reference.allowed(size, center, half_width, None)
    energies = energies_of(size)
    alpha = weigh(energies, inside, window.log_prior(size))
    plain = reference.alpha(energies.tolist(), size, center, half_width, gaussian)
    assert alpha == pytest.approx(plain, abs=1e-14)


def test_a_window_beside_all_real_positions_takes_the_nearest() -> None:
    mask = np.array([True, True, False, False])
    assert Window((4.0,), 0.5).inside(mask)[mask].tolist() == [False, True]


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_stays_so_without_a_warning(broken: float) -> None:
    alpha = weigh(np.full(3, broken), np.ones(3, dtype=np.bool_), np.zeros(3), 0.5)
    assert np.isnan(alpha).all()
    assert drawn(alpha, 0.5) == 0


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=8).filter(lambda held: sum(held) > 0.01),
    st.floats(0, 1, exclude_max=True),
)
def test_a_draw_is_the_first_position_whose_sum_exceeds_u(weights: list[float], u: float) -> None:
    k = drawn(np.array(weights), u)
    running = np.cumsum(weights)
    assert weights[k] > 0
    assert running[k] > u * running[-1] or k == max(np.flatnonzero(weights))
    assert k == 0 or running[k - 1] <= u * running[-1]
