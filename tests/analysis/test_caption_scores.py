"""Confidence and spread of a caption against plain sums."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attn_desktop.analysis.caption_scores import confidence, spread
from attn_desktop.analysis.entropy import entropy


def test_confidence_is_the_log_of_the_geometric_mean() -> None:
    p = np.random.default_rng(0).random(11)
    assert math.exp(confidence(np.log(p).tolist())) == pytest.approx(float(np.prod(p) ** (1 / 11)))
    assert confidence([0.0, 0.0]) == 0.0
    assert confidence([-math.inf, -1.0]) == -math.inf
    assert math.isnan(confidence([]))


def test_spread_goes_from_one_position_to_all_of_them() -> None:
    alphas = np.random.default_rng(1).dirichlet(np.ones(9) * 0.4, size=5)
    total = 0.0
    for alpha in alphas.tolist():
        for weight in alpha:
            total -= weight * math.log(weight)
    assert spread(entropy(alphas).tolist(), 9) == pytest.approx(total / 5 / math.log(9))
    equal, single = np.full((3, 9), 1 / 9), np.eye(9)[:3]
    assert spread(entropy(equal).tolist(), 9) == pytest.approx(1.0)
    assert spread(entropy(single).tolist(), 9) == 0.0


def test_what_has_no_spread_has_none() -> None:
    assert math.isnan(spread([], 9)), "without attention"
    assert math.isnan(spread([0.0], 1)), "one position leaves no choice"
