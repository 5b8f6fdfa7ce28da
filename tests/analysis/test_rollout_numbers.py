from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from attn_desktop.analysis.rollout_numbers import (
    CONFIDENCE,
    Floats,
    draw_shares,
    mean_context,
    sentences,
    tokens_by_step,
)
from attn_desktop.analysis.rollouts import NOTHING, seed_of
from attn_desktop.decoding import draws
from tests.toy_records import toy_trace
from tests.toy_rollouts import END, WORDS, rollouts_of, toy_rollouts

RUN = toy_trace().run
SIZE = len(RUN.source)
#: What a share of repetitions may be off, besides chance: the band is an approximation.
APPROXIMATION = 0.01


# -- sentences and tokens ---------------------------------------------------------------------


def test_sentences_are_counted_the_most_frequent_first() -> None:
    tokens = np.array(
        [
            [1, 3, END],  # le chat
            [2, END, NOTHING],  # la
            [1, 3, 5],  # le chat dort, cut off
            [1, 3, END],
            [2, 3, END],
            [2, 3, END],
            [1, 3, END],
        ]
    )
    record = rollouts_of(RUN, tokens, np.where(tokens == NOTHING, NOTHING, 0), np.eye(SIZE)[0])
    found = sentences(record)
    assert [(s.text, s.count, s.row, s.steps, s.ended) for s in found] == [
        ("le chat", 3, 0, 3, True),
        ("la chat", 2, 4, 3, True),
        ("la", 1, 1, 2, True),
        ("le chat dort", 1, 2, 3, False),
    ]
    assert [s.share for s in found] == [3 / 7, 2 / 7, 1 / 7, 1 / 7]
    logs = record.arrays["log_probs"]
    assert found[2].log_prob == pytest.approx(float(logs[1, 0] + logs[1, 1]))


def test_of_answers_only_the_last_is_what_is_said() -> None:
    words = ("</s>", "▁red", "▁blue")
    tokens = np.array([[1, 2], [2, 2], [2, 1]])
    record = rollouts_of(RUN, tokens, np.zeros_like(tokens), np.eye(SIZE)[0], words=words)
    found = sentences(record, answers=True)
    assert [(s.text, s.count) for s in found] == [("blue", 2), ("red", 1)]


def test_what_says_the_same_in_other_pieces_is_one_sentence() -> None:
    words = ("</s>", "▁cha", "ge", "▁chage")
    tokens = np.array([[1, 2, END], [3, END, NOTHING], [1, 2, 3]])
    record = rollouts_of(
        RUN, tokens, np.where(tokens == NOTHING, NOTHING, 0), np.eye(SIZE)[0], words=words
    )
    assert [(s.text, s.count, s.ended) for s in sentences(record)] == [
        ("chage", 2, True),
        ("chage chage", 1, False),
    ]


def test_counts_are_those_of_plain_loops() -> None:
    record = toy_rollouts(RUN, 300, start=2, steps=8)
    tokens, sampled = record.arrays["tokens"].tolist(), record.arrays["sampled"].tolist()
    steps, shares = tokens_by_step(record), draw_shares(record)
    assert [step.t for step in steps] == list(range(3, 11))
    for place, step in enumerate(steps):
        counted = Counter(row[place] for row in tokens if row[place] != NOTHING)
        assert {token: count for token, _, count in step.tokens} == dict(counted)
        counts = [count for _, _, count in step.tokens]
        assert counts == sorted(counts, reverse=True)
        assert step.over == 300 - sum(counts)
        assert step.count == 300
        drawn = [row[place] for row in sampled if row[place] != NOTHING]
        for j in range(SIZE):
            assert shares[place, j] == pytest.approx(drawn.count(j) / len(drawn))
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    labels = {token: label for step in steps for token, label, _ in step.tokens}
    assert labels[WORDS.index("ge")] == "·ge"
    assert labels[WORDS.index("▁chat")] == "chat"


# -- the mean of c_hard -----------------------------------------------------------------------


def test_distances_and_expectation_are_those_of_plain_sums() -> None:
    rng = np.random.default_rng(0)
    states, alpha = rng.normal(size=(5, 7)), rng.dirichlet(np.ones(5))
    positions = rng.choice(5, size=40, p=alpha)
    mean = mean_context(states, 3 * alpha, positions)  # α counts by its shares
    soft = sum(alpha[k] * states[k] for k in range(5))
    covariance = sum(alpha[k] * np.outer(states[k], states[k]) for k in range(5))
    covariance = covariance - np.outer(soft, soft)
    for n in range(1, 41):
        drawn = sum(states[k] for k in positions[:n]) / n
        assert mean.distances[n - 1] == pytest.approx(float(np.linalg.norm(drawn - soft)))
        assert mean.expected[n - 1] == pytest.approx(math.sqrt(np.trace(covariance) / n))
    assert mean.inside == sum(d <= m for d, m in zip(mean.distances, mean.limit, strict=True))


def means(alpha: Floats, states: Floats, count: int, repeats: int) -> Floats:
    """‖mean − c_soft‖ and whether it is inside the band after `count` draws, many times over."""
    cdf = np.cumsum(alpha)
    found = []
    for seed in range(repeats):
        # The draws that rollouts make: one seed each, u of step 1.
        us = [float(draws.uniform(seed_of(seed, i), draws.ATTENTION, 1)[0]) for i in range(count)]
        positions = np.searchsorted(cdf, np.array(us) * cdf[-1], side="right")
        mean = mean_context(states, alpha, positions)
        found.append((mean.distances[-1], mean.distances[-1] <= mean.limit[-1]))
    return np.array(found, dtype=np.float64)


@pytest.mark.parametrize("kind", ["even", "peaked", "two positions"])
def test_the_mean_is_inside_its_band_in_the_share_of_repetitions_that_is_stated(kind: str) -> None:
    rng = np.random.default_rng(1)
    alpha = {
        "even": np.full(8, 1 / 8),
        "peaked": np.array([0.7, 0.1, 0.1, 0.05, 0.05]),
        "two positions": np.array([0.3, 0.7]),
    }[kind]
    states = rng.normal(size=(len(alpha), 16))
    count, repeats = 100, 1500
    found = means(alpha, states, count, repeats)
    chance = 3 * math.sqrt(CONFIDENCE * (1 - CONFIDENCE) / repeats)
    assert abs(found[:, 1].mean() - CONFIDENCE) < chance + APPROXIMATION
    reference = mean_context(states, alpha, np.zeros(count, dtype=np.int64))
    # E‖mean − c_soft‖² = tr(Σ) / N, within three standard errors.
    expected = reference.expected[-1] ** 2
    squares = found[:, 0] ** 2
    error = 3 * squares.std() / math.sqrt(repeats)
    assert abs(squares.mean() - expected) < error
    # The test can fail: half of the spread would not be enough for 95 %.
    assert (
        found[:, 0] <= mean_context(states, alpha, np.zeros(count, int)).limit[-1] / 2
    ).mean() < 0.9


def test_one_position_has_neither_distance_nor_spread() -> None:
    mean = mean_context(np.ones((1, 4)), np.ones(1, np.float32), np.zeros(9, int))
    for values in (mean.distances, mean.expected, mean.limit):
        assert values.tolist() == [0.0] * 9
    assert mean.inside == 9
    peaked = mean_context(np.eye(3), np.array([0.0, 1.0, 0.0]), np.ones(5, int))
    assert peaked.distances.tolist() == [0.0] * 5
    assert peaked.inside == 5


def test_what_is_no_number_stays_so_without_a_warning() -> None:
    for alpha, states in (
        (np.full(3, np.nan), np.eye(3)),
        (np.zeros(3), np.eye(3)),
        (np.full(3, 1 / 3), np.full((3, 3), np.inf)),
    ):
        mean = mean_context(states, alpha, np.array([0, 1, 2]))
        assert not np.isfinite(mean.distances).any()
        assert mean.inside == 0
