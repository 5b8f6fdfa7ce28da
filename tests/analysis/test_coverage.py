"""Sums of α over steps and its entropy against the positions that it may look at."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from attn_desktop.analysis.coverage import alpha_matrix, coverage, widths
from attn_desktop.analysis.entropy import entropy
from attn_desktop.common.mode import Mode
from tests.toy_records import ADDITIVE, FIXED, Sizes, toy_trace


def test_coverage_adds_up_over_steps() -> None:
    alpha = np.array([[0.5, 0.5, 0.0], [0.25, 0.0, 0.75]], dtype=np.float32)
    found = coverage(alpha)
    assert found.tolist() == [0.75, 0.5, 0.75]
    assert found.dtype == np.float64


def test_every_step_with_attention_adds_1_in_all() -> None:
    trace = toy_trace(steps=7, sizes=Sizes(source=9, layers=2, heads=3))
    alpha = alpha_matrix(trace.steps, 9)
    assert alpha.shape == (7, 9)
    for t in range(8):
        assert coverage(alpha[:t]).sum() == pytest.approx(t, abs=1e-5)


def test_what_is_not_finite_counts_nothing() -> None:
    alpha = np.array([[0.5, np.nan], [np.inf, 1.0], [np.nan, np.nan]])
    assert coverage(alpha).tolist() == [0.5, 1.0]


def test_no_steps_cover_nothing() -> None:
    assert coverage(np.zeros((0, 4))).tolist() == [0, 0, 0, 0]


def test_the_matrix_averages_layers_and_heads() -> None:
    steps = toy_trace(steps=3, sizes=Sizes(source=5, layers=2, heads=2)).steps
    alpha = alpha_matrix(steps, 5)
    assert steps[1].cross is not None
    by_hand = [steps[1].cross.alpha[layer, head] for layer in range(2) for head in range(2)]
    assert alpha[1] == pytest.approx(sum(by_hand) / 4)


def test_steps_without_attention_are_nan() -> None:
    with_attention = toy_trace(steps=2).steps
    without = toy_trace(steps=2, mode=FIXED).steps
    alpha = alpha_matrix((with_attention[0], without[1]), 6)
    assert np.isfinite(alpha[0]).all()
    assert np.isnan(alpha[1]).all()


def test_the_most_is_log_of_the_positions_inside_mask_and_window() -> None:
    step = toy_trace(steps=1, sizes=Sizes(source=12), mode=Mode("additive", "local-m")).steps[0]
    assert step.cross is not None
    # Steps look at p_1 = 1 and 3 to its right.
    found, most = widths(step.cross)
    assert most == pytest.approx(math.log(4))
    assert found == pytest.approx(entropy(step.cross.alpha[0, 0]))
    masked = np.ones_like(step.cross.mask)
    masked[..., 1:] = False
    assert widths(replace(step.cross, mask=masked))[1] == 0


def test_widths_are_means_over_layers_and_heads() -> None:
    step = toy_trace(steps=1, sizes=Sizes(layers=2, heads=2), mode=ADDITIVE).steps[0]
    assert step.cross is not None
    found, most = widths(step.cross)
    assert found == pytest.approx(entropy(step.cross.alpha).mean())
    assert most == pytest.approx(math.log(6))


def test_equal_weights_are_as_wide_as_can_be() -> None:
    step = toy_trace(steps=1, sizes=Sizes(source=8)).steps[0]
    assert step.cross is not None
    equal = replace(step.cross, alpha=np.full((1, 1, 8), 1 / 8))
    found, most = widths(equal)
    assert found == pytest.approx(most)
