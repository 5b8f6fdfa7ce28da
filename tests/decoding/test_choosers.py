from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from attn_desktop.common.errors import InputError
from attn_desktop.decoding.choosers import choose, log_probabilities
from attn_desktop.trace.run_tree import Choice
from tests.decoding.helpers import chi_square, plain_sample

NEVER = (0, 1)


def some_log_probs(seed: int, rows: int = 1, tokens: int = 12, spread: float = 2.0) -> Tensor:
    logits = torch.from_numpy(np.random.default_rng(seed).normal(0, spread, (rows, tokens)))
    return log_probabilities(logits.float(), NEVER)


def fixed(draw: Tensor) -> Callable[[], Tensor]:
    return lambda: draw


def not_needed() -> Tensor:
    raise AssertionError("nothing is drawn here")


def test_what_may_be_chosen_sums_to_1_and_the_rest_is_impossible() -> None:
    logits = torch.tensor([[9.0, 9.0, 0.0, 1.0, -1.0]])
    log_probs = log_probabilities(logits, NEVER)[0].tolist()
    weights = [float(np.exp(x)) for x in (0.0, 1.0, -1.0)]
    assert log_probs[:2] == [-np.inf, -np.inf]
    assert log_probs[2:] == pytest.approx(np.log(np.array(weights) / sum(weights)), abs=1e-6)


def test_a_family_without_such_tokens_gets_the_plain_softmax() -> None:
    logits = torch.tensor([[0.0, 1.0, -1.0]])
    assert torch.equal(log_probabilities(logits.clone(), ()), torch.log_softmax(logits, 1))


def test_greedy_is_the_likeliest_and_draws_nothing() -> None:
    log_probs = some_log_probs(0, rows=50)
    chosen = choose(log_probs, Choice("greedy"), not_needed)
    assert chosen.tolist() == [int(np.argmax(row)) for row in log_probs.tolist()]
    assert chosen.dtype == torch.int64


def test_greedy_takes_the_first_of_those_that_tie() -> None:
    tied = torch.tensor([[-5.0, -1.0, -2.0, -1.0], [-1.0, -1.0, -1.0, -1.0]])
    assert choose(tied, Choice("greedy"), not_needed).tolist() == [1, 0]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"temperature": 0.5},
        {"temperature": 3.0},
        {"top_k": 1},
        {"top_k": 4},
        {"top_k": 1000},
        {"top_p": 0.05},
        {"top_p": 0.6},
        {"top_p": 1.0},
        {"temperature": 1.7, "top_k": 6, "top_p": 0.8},
    ],
)
def test_sampling_follows_a_plain_loop(settings: dict[str, float]) -> None:
    choice = Choice("sampled", **settings)  # type: ignore[arg-type]
    log_probs = some_log_probs(1, rows=400)
    draw = torch.from_numpy(np.random.default_rng(2).random(400))
    expected = [
        plain_sample(row, choice, u)
        for row, u in zip(log_probs.double().tolist(), draw.tolist(), strict=True)
    ]
    assert choose(log_probs, choice, fixed(draw)).tolist() == expected


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    log_probs = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).double().log().repeat(1000, 1)
    draw = torch.linspace(0, 1 - 1e-9, 1000, dtype=torch.float64)
    for top_p, kept in ((0.4, {0}), (0.51, {0, 1}), (0.79, {0, 1}), (0.81, {0, 1, 2})):
        assert set(choose(log_probs, Choice("sampled", top_p=top_p), fixed(draw)).tolist()) == kept


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e-6, 1.0, 1e6, 1.7e308])
def test_what_is_never_chosen_is_not_at_any_temperature(temperature: float) -> None:
    log_probs = some_log_probs(3, rows=300)
    edges = [0.0, np.nextafter(1.0, 0.0)]
    draw = torch.from_numpy(np.append(np.random.default_rng(4).random(298), edges))
    chosen = choose(log_probs, Choice("sampled", temperature=temperature), fixed(draw))
    assert not set(chosen.tolist()) & set(NEVER)
    assert 0 <= int(chosen.min())
    assert int(chosen.max()) < log_probs.shape[1]


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e-6])
def test_towards_temperature_0_sampling_becomes_greedy(temperature: float) -> None:
    log_probs = some_log_probs(5, rows=200)
    draw = torch.from_numpy(np.random.default_rng(6).random(200))
    cold = choose(log_probs, Choice("sampled", temperature=temperature), fixed(draw))
    assert torch.equal(cold, choose(log_probs, Choice("greedy"), not_needed))


@pytest.mark.parametrize(
    ("settings", "power", "kept"),
    [({}, 1.0, 10), ({"temperature": 2.0}, 0.5, 10), ({"top_k": 3}, 1.0, 3)],
)
def test_sampled_tokens_have_the_frequencies_of_the_distribution(
    settings: dict[str, float], power: float, kept: int
) -> None:
    log_probs = some_log_probs(7, spread=1.0)
    choice = Choice("sampled", **settings)  # type: ignore[arg-type]
    draw = torch.from_numpy(np.random.default_rng(8).random(20_000))
    chosen = choose(log_probs.expand(20_000, -1), choice, fixed(draw))
    weights = log_probs[0].double().exp().numpy() ** power
    weights[np.argsort(-weights)[kept:]] = 0
    counts = np.bincount(chosen.numpy(), minlength=len(weights)).tolist()
    statistic, bound = chi_square(counts, (weights / weights.sum()).tolist())
    assert statistic < bound


def test_temperature_1e308_is_uniform_over_what_may_be_chosen() -> None:
    draw = torch.from_numpy(np.random.default_rng(9).random(20_000))
    log_probs = some_log_probs(10).expand(20_000, -1)
    chosen = choose(log_probs, Choice("sampled", temperature=1e308), fixed(draw))
    counts = np.bincount(chosen.numpy(), minlength=12).tolist()
    statistic, bound = chi_square(counts, [0.0, 0.0] + [0.1] * 10)
    assert statistic < bound


def test_a_token_that_is_given_is_not_chosen() -> None:
    with pytest.raises(InputError, match="forced token is given"):
        choose(some_log_probs(0), Choice("forced"), not_needed)
