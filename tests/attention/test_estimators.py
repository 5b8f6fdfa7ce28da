"""Gradients through a draw against finite differences, autograd and enumeration, in float64."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from attn_desktop.attention.attend import weigh
from attn_desktop.attention.estimators import (
    BASELINE_DECAY,
    estimates,
    exact_gradient,
    expected_reward,
    moving_baselines,
    moving_moments,
    optimal_baseline,
    score_functions,
    soft_gradient,
    squared_scores,
    variance,
)
from attn_desktop.attention.weighting import sample_positions

SIZE = 6
STEP = 1e-6


def energies_and_rewards(seed: int = 0, size: int = SIZE) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    return torch.tensor(rng.normal(0, 1.5, size)), torch.tensor(rng.normal(-4, 2, size))


def alpha_of(energies: Tensor, prior: Tensor | None = None, outside: int | None = None) -> Tensor:
    """α as a step has it, with a Gaussian or a position outside the window."""
    allowed = torch.ones(1, len(energies), dtype=torch.bool)
    if outside is not None:
        allowed[0, outside] = False
    return weigh(energies[None], allowed, None if prior is None else prior[None])[0]


def trace(alpha: Tensor, rewards: Tensor, baseline: float) -> float:
    """tr Cov of one sample's estimate."""
    first = torch.tensor(baseline, dtype=torch.float64)
    return float(variance(alpha, rewards, first, first**2).sum())


def plain_terms(alpha: Tensor, rewards: Tensor, baseline: float) -> np.ndarray:
    """(r_k − b) ∇ log α_k in row k, by the definition, one number at a time."""
    a, r = alpha.tolist(), rewards.tolist()
    return np.array(
        [[(r[k] - baseline) * ((k == j) - a[j]) for j in range(len(a))] for k in range(len(a))]
    )


PRIOR = -((torch.arange(SIZE, dtype=torch.float64) - 2.3) ** 2) / 2
VIEWS = pytest.mark.parametrize(
    ("prior", "outside"), [(None, None), (PRIOR, None), (None, 3), (PRIOR, 0)]
)


@VIEWS
def test_the_exact_gradient_is_that_of_finite_differences_and_of_autograd(
    prior: Tensor | None, outside: int | None
) -> None:
    energies, rewards = energies_and_rewards(1)
    exact = exact_gradient(alpha_of(energies, prior, outside), rewards)
    for j in range(SIZE):
        ends = []
        for sign in (1, -1):
            moved = energies.clone()
            moved[j] += sign * STEP
            ends.append(float(expected_reward(alpha_of(moved, prior, outside), rewards)))
        assert exact[j] == pytest.approx((ends[0] - ends[1]) / (2 * STEP), rel=1e-6, abs=1e-8)
    energies.requires_grad_()
    (slope,) = torch.autograd.grad(alpha_of(energies, prior, outside) @ rewards, energies)
    assert exact.tolist() == pytest.approx(slope.tolist(), abs=1e-14)


def test_the_score_functions_are_the_gradients_of_log_alpha() -> None:
    energies, _ = energies_and_rewards(2)
    alpha = alpha_of(energies)
    for k in range(SIZE):
        moving = energies.clone().requires_grad_()
        (slope,) = torch.autograd.grad(alpha_of(moving)[k].log(), moving)
        assert score_functions(alpha)[k].tolist() == pytest.approx(slope.tolist())
        norm = float((slope**2).sum())
        assert float(squared_scores(alpha)[k]) == pytest.approx(norm)


@pytest.mark.parametrize("baseline", [0.0, -4.0, 2.5])
def test_variance_and_mean_of_a_sample_are_those_of_all_its_outcomes(baseline: float) -> None:
    energies, rewards = energies_and_rewards(3)
    alpha = alpha_of(energies)
    terms, weights = plain_terms(alpha, rewards, baseline), np.asarray(alpha)
    mean = weights @ terms
    assert mean == pytest.approx(np.asarray(exact_gradient(alpha, rewards)))
    first = torch.tensor(baseline, dtype=torch.float64)
    each = variance(alpha, rewards, first, first**2)
    assert each.tolist() == pytest.approx((weights @ (terms - mean) ** 2).tolist())


number = st.floats(-30, 30)


@st.composite
def alphas(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    size = draw(st.integers(2, 7))
    energies = draw(st.lists(st.floats(-8, 8), min_size=size, max_size=size))
    rewards = draw(st.lists(number, min_size=size, max_size=size))
    alpha = torch.softmax(torch.tensor(energies, dtype=torch.float64), 0)
    return alpha, torch.tensor(rewards, dtype=torch.float64)


@given(alphas(), number)
@settings(deadline=None, max_examples=200)
def test_no_fixed_baseline_has_less_variance_than_the_optimal_one(
    drawn: tuple[Tensor, Tensor], other: float
) -> None:
    alpha, rewards = drawn
    best = float(optimal_baseline(alpha, rewards))
    least = trace(alpha, rewards, best)
    # Of squares of rewards up to 30; variance is a difference of them.
    slack = 1e-9 + 1e-12 * 60**2
    assert least <= trace(alpha, rewards, other) + slack
    for near in (-1e-2, 1e-2):
        assert least <= trace(alpha, rewards, best + near) + slack
    # tr Cov(b) − tr Cov(b*) = (b − b*)² Σ_k α_k ‖∇ log α_k‖²: there is only one minimum.
    curvature = float((alpha * squared_scores(alpha)).sum())
    grown = least + (other - best) ** 2 * curvature
    assert trace(alpha, rewards, other) == pytest.approx(grown, rel=1e-7, abs=slack)


def test_a_position_that_takes_all_of_alpha_leaves_no_gradient() -> None:
    alpha, rewards = torch.tensor([0.0, 1.0, 0.0]).double(), torch.tensor([-1.0, -2.0, -5.0])
    rewards = rewards.double()
    assert exact_gradient(alpha, rewards).tolist() == [0, 0, 0]
    assert float(optimal_baseline(alpha, rewards)) == -2
    assert trace(alpha, rewards, 0.0) == 0
    one = torch.ones(1, dtype=torch.float64)
    assert exact_gradient(one, -one).tolist() == [0]
    assert estimates(one, -one, torch.zeros(3, 5, dtype=torch.int64), 0.0, (1, 5)).abs().sum() == 0


# -- samples ----------------------------------------------------------------------------------


def draws_of(alpha: Tensor, repeats: int, samples: int, seed: int = 0) -> Tensor:
    u = torch.tensor(np.random.default_rng(seed).random((1, repeats * samples)))
    return sample_positions(alpha[None], u).reshape(repeats, samples)


def test_an_estimate_is_the_mean_of_its_terms() -> None:
    energies, rewards = energies_and_rewards(4)
    alpha = alpha_of(energies)
    picked = draws_of(alpha, repeats=3, samples=7)
    moving = moving_baselines(rewards[picked], start=-1.0)
    found = estimates(alpha, rewards, picked, moving, (1, 4, 7))
    for c, count in enumerate((1, 4, 7)):
        for repeat in range(3):
            baseline, total = -1.0, np.zeros(SIZE)
            for k in picked[repeat, :count].tolist():
                total += plain_terms(alpha, rewards, baseline)[k]
                baseline = BASELINE_DECAY * baseline + (1 - BASELINE_DECAY) * float(rewards[k])
            assert found[c, repeat].tolist() == pytest.approx((total / count).tolist())


def deviations(alpha: Tensor, rewards: Tensor, baselines: Tensor | float, picked: Tensor) -> float:
    """Largest distance of the mean of all estimates from the exact gradient, in standard errors."""
    each = estimates(alpha, rewards, picked, baselines, (picked.shape[1],))[0]
    error = each.std(dim=0) / math.sqrt(len(each))
    return float(((each.mean(dim=0) - exact_gradient(alpha, rewards)).abs() / error).max())


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_reinforce_is_unbiased_with_every_baseline_from_earlier_samples(seed: int) -> None:
    energies, rewards = energies_and_rewards(seed + 10)
    alpha = alpha_of(energies)
    picked = draws_of(alpha, repeats=20_000, samples=4, seed=seed)
    rewarded = rewards[picked]
    # A fast average, so that a part of a sample in its own baseline would be large.
    moving = moving_baselines(rewarded, start=float(rewards.mean()), decay=0.5)
    best = float(optimal_baseline(alpha, rewards))
    for baseline in (0.0, float(rewards.mean()), moving, best):
        # Six numbers, one of which is beyond 4.5 once in 25,000.
        assert deviations(alpha, rewards, baseline, picked) < 4.5
    # What the test would say of a baseline that has seen its own sample.
    seen = 0.5 * moving + 0.5 * rewarded
    assert deviations(alpha, rewards, seen, picked) > 20


@pytest.mark.parametrize("decay", [0.5, 0.95])
def test_moments_and_variance_of_the_moving_baseline_are_those_of_all_sequences(
    decay: float,
) -> None:
    energies, rewards = energies_and_rewards(5, size=3)
    alpha, start, counts = alpha_of(energies), -1.0, (1, 2, 4)
    sequences = torch.tensor(list(itertools.product(range(3), repeat=4)))
    weights = alpha[sequences].prod(dim=1)
    baselines = moving_baselines(rewards[sequences], start, decay)
    first, second = moving_moments(alpha, rewards, start, counts, decay)
    each = estimates(alpha, rewards, sequences, baselines, counts)
    analytic = variance(alpha, rewards, first, second).sum(dim=1) / torch.tensor(counts)
    exact = exact_gradient(alpha, rewards)
    for c, count in enumerate(counts):
        seen = baselines[:, :count]
        assert float(first[c]) == pytest.approx(float(weights @ seen.mean(dim=1)))
        assert float(second[c]) == pytest.approx(float(weights @ (seen**2).mean(dim=1)))
        assert (weights @ each[c]).tolist() == pytest.approx(exact.tolist())
        spread = weights @ ((each[c] - exact) ** 2).sum(dim=1)
        assert float(analytic[c]) == pytest.approx(float(spread))


def test_measured_variance_is_the_analytic_one() -> None:
    energies, rewards = energies_and_rewards(6)
    alpha = alpha_of(energies)
    picked = draws_of(alpha, repeats=20_000, samples=5)
    for baseline in (0.0, float(optimal_baseline(alpha, rewards))):
        measured = estimates(alpha, rewards, picked, baseline, (1, 5)).var(dim=1).sum(dim=1)
        expected = trace(alpha, rewards, baseline) / torch.tensor([1, 5])
        assert measured.tolist() == pytest.approx(expected.tolist(), rel=0.05)


# -- the soft path ----------------------------------------------------------------------------


@VIEWS
def test_the_soft_gradient_is_that_of_finite_differences(
    prior: Tensor | None, outside: int | None
) -> None:
    energies, _ = energies_and_rewards(7)
    rng = np.random.default_rng(7)
    states, weight = torch.tensor(rng.normal(size=(SIZE, 4))), torch.tensor(rng.normal(size=(5, 4)))

    def log_prob(context: Tensor) -> Tensor:
        return torch.log_softmax(torch.tanh(context @ weight.T), dim=1)[0, 2]

    def of(e: Tensor) -> float:
        return float(log_prob((alpha_of(e, prior, outside) @ states)[None]))

    value, gradient = soft_gradient(log_prob, alpha_of(energies, prior, outside), states)
    assert float(value) == pytest.approx(of(energies))
    for j in range(SIZE):
        up, down = energies.clone(), energies.clone()
        up[j] += STEP
        down[j] -= STEP
        slope = (of(up) - of(down)) / (2 * STEP)
        assert float(gradient[j]) == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_the_soft_gradient_needs_no_gradients_to_be_on() -> None:
    with torch.no_grad():
        _, gradient = soft_gradient(
            lambda context: context.sum(),
            torch.tensor([0.25, 0.75]).double(),
            torch.eye(2).double(),
        )
    assert gradient.tolist() == pytest.approx([0, 0])
