"""Choices of many rows: the same as one by one, and what is close is called so."""

from __future__ import annotations

import pytest
import torch

from attn_desktop.decoding.choosers import sample_token
from attn_desktop.decoding.near_ties import LIKELY, SLACK, likeliest, near_edge, sample
from attn_desktop.trace.run_tree import Choice

ROWS, VOCABULARY = 400, 3 * LIKELY


def log_probs(spread: float, vocabulary: int = VOCABULARY) -> torch.Tensor:
    generator = torch.Generator().manual_seed(7)
    logits = spread * torch.randn(ROWS, vocabulary, generator=generator)
    return torch.log_softmax(logits, dim=1)


def draw() -> torch.Tensor:
    return torch.rand(ROWS, generator=torch.Generator().manual_seed(8), dtype=torch.float64)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 3.0])
@pytest.mark.parametrize(("spread", "vocabulary"), [(4, VOCABULARY), (0.3, VOCABULARY), (2, 9)])
def test_tokens_are_drawn_as_by_the_chooser(
    spread: float, vocabulary: int, temperature: float
) -> None:
    logs, u = log_probs(spread, vocabulary), draw()
    choice = Choice("sampled", temperature)
    tokens, close = sample(logs, choice, u)
    expected = sample_token(logs, choice, u)
    assert (tokens == expected)[~close].all()
    assert close.float().mean() < 0.3
    if spread < 1:
        rank = (logs > logs.gather(1, tokens.unsqueeze(1))).sum(dim=1)
        assert (rank >= LIKELY).any(), "no draw falls beyond the likeliest"


def test_what_a_little_rounding_changes_was_close() -> None:
    logs, u = log_probs(1.0), draw()
    choice = Choice("sampled")
    tokens, close = sample(logs, choice, u)
    changed = torch.zeros(ROWS, dtype=torch.bool)
    for seed in range(40):
        noise = torch.rand(logs.shape, generator=torch.Generator().manual_seed(seed)) - 0.5
        changed |= sample(logs + 2 * SLACK * noise, choice, u)[0] != tokens
    assert changed.any(), "nothing is changed by rounding"
    assert close[changed].all()


def test_the_likeliest_of_two_is_close_within_the_slack() -> None:
    rows = torch.tensor([[0.0, -1.0, -2.0], [-1.0, -1.0 - SLACK, -3.0], [-1.0, -1.0, -1.0]])
    tokens, close = likeliest(rows)
    assert tokens[0] == 0
    assert close.tolist() == [False, True, True]


def test_an_edge_of_what_was_picked_is_near_from_both_sides() -> None:
    weights = torch.tensor([[0.25, 0.5, 0.25]]).double().repeat(5, 1)
    u = torch.tensor([0.25 - 1e-7, 0.25 + 1e-7, 0.5, 1e-9, 1 - 1e-9], dtype=torch.float64)
    picked = torch.tensor([0, 1, 1, 0, 2])
    close = near_edge(weights, u, picked, torch.ones(5, dtype=torch.float64))
    # Below the first and above the last there is nothing else to pick.
    assert close.tolist() == [True, True, False, False, False]
    # Of half of all weights: what is picked within it lies at half of the draw.
    half = torch.full((5,), 0.5, dtype=torch.float64)
    assert near_edge(weights, u, picked, half).tolist() == [True, True, False, False, True]
