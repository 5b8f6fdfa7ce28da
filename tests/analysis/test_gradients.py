"""Records of gradients from anywhere, what is read off them, and energies that move."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_desktop.analysis.gradients import (
    MOST_SAMPLES,
    SWEEP_STEPS,
    Asked,
    alpha_of,
    compare_gradients,
    expected_reward,
    is_sound,
    matches,
    read,
    sample_counts,
    sweep,
)
from attn_desktop.analysis.labels import source_axis
from attn_desktop.trace.records import ProbeRecord, StepRecord
from tests.toy_gradients import toy_gradients
from tests.toy_records import toy_trace

SIZE = 6
TRACE = toy_trace()
STEP = TRACE.steps[2]


def record(**changes: Any) -> ProbeRecord:
    return replace(toy_gradients(STEP), **changes)


def with_setting(name: str, value: object) -> ProbeRecord:
    return record(settings={**record().settings, name: value})


def with_array(name: str, value: object) -> ProbeRecord:
    return record(arrays={**record().arrays, name: value})


def without_array(name: str) -> ProbeRecord:
    return record(arrays={key: held for key, held in record().arrays.items() if key != name})


def test_a_record_as_it_should_be_is_sound_also_with_numbers_that_are_none() -> None:
    assert is_sound(record(), SIZE)
    assert is_sound(with_array("exact", np.full(SIZE, math.nan)), SIZE)


@pytest.mark.parametrize(
    "broken",
    [
        record(kind="beam"),
        with_setting("baselines", ["none"]),
        with_setting("baselines", None),
        with_setting("samples", "many"),
        with_setting("repeats", True),
        with_setting("token", 3),
        with_setting("token_id", None),
        with_setting("constant", math.nan),
        with_array("counts", np.array([], dtype=np.int64)),
        with_array("counts", np.arange(10, 0, -1)),
        with_array("counts", np.arange(10)),
        with_array("counts", np.arange(MOST_SAMPLES - 8, MOST_SAMPLES + 2)),
        with_array("counts", np.arange(1.0, 11.0)),
        with_array("exact", np.zeros(SIZE + 1)),
        with_array("exact", np.array(["a"] * SIZE)),
        with_array("spread", np.zeros((3, 10, SIZE))),
        with_array("baseline", np.zeros((4, 9))),
        without_array("soft"),
        without_array("counts"),
    ],
)
def test_one_that_is_not_is_refused_and_never_read(broken: ProbeRecord) -> None:
    assert not is_sound(broken, SIZE)
    assert read(broken, STEP, SIZE) is None


def test_one_of_another_source_is_refused() -> None:
    assert not is_sound(record(), SIZE + 1)
    assert read(None, STEP, SIZE) is None


def test_what_is_read_off_a_record_follows_from_its_arrays() -> None:
    found = read(record(), STEP, SIZE)
    assert found is not None
    alpha, rewards = alpha_of(STEP), found.array("log_probs")
    assert alpha.sum() == pytest.approx(1, abs=1e-15)
    assert found.expected == pytest.approx(sum(a * r for a, r in zip(alpha, rewards, strict=True)))
    marginal = math.log(sum(a * math.exp(r) for a, r in zip(alpha, rewards, strict=True)))
    assert found.log_marginal == pytest.approx(marginal)
    assert found.expected <= found.log_marginal
    assert found.empirical == pytest.approx((found.array("spread") ** 2).sum(axis=2))
    assert found.counts == sample_counts(1000)
    assert found.token == STEP.token


def test_a_position_without_alpha_does_not_count_whatever_it_would_say() -> None:
    alpha, rewards = np.array([0.0, 1.0]), np.array([-math.inf, -2.0])
    assert expected_reward(alpha, rewards) == -2
    assert math.isnan(expected_reward(np.array([math.nan, 1.0]), rewards))


def test_whiskers_of_words_are_those_of_words() -> None:
    axis = source_axis(TRACE.run)
    found = read(record(), STEP, SIZE)
    assert found is not None
    assert found.whiskers(1, 2, axis).tolist() == found.array("spread")[1, 2].tolist()
    words = replace(axis, words=True)
    assert found.whiskers(1, 2, words).tolist() == found.array("word_spread")[1, 2].tolist()
    fewer = source_axis(TRACE.run, words=True)
    other = read(replace(record(), arrays=toy_gradients(STEP, words=2).arrays), STEP, SIZE)
    assert other is not None
    assert np.isnan(other.whiskers(1, 2, fewer)).all()


def test_gradients_are_compared_by_angle_and_length() -> None:
    one = np.array([3.0, 4.0])
    assert compare_gradients(2 * one, one) == pytest.approx((1, 2))
    assert compare_gradients(-one, one) == pytest.approx((-1, 1))
    assert compare_gradients(np.array([-4.0, 3.0]), one) == pytest.approx((0, 1))
    cosine, ratio = compare_gradients(0 * one, one)
    assert math.isnan(cosine)
    assert ratio == 0
    assert all(map(math.isnan, compare_gradients(one, 0 * one)))


@pytest.mark.parametrize(
    ("most", "counts"),
    [
        (1, (1,)),
        (2, (1, 2)),
        (7, (1, 2, 5, 7)),
        (10, (1, 2, 5, 10)),
        (250, (1, 2, 5, 10, 20, 50, 100, 200, 250)),
    ],
)
def test_samples_are_counted_in_round_numbers_up_to_the_most(
    most: int, counts: tuple[int, ...]
) -> None:
    assert sample_counts(most) == counts


def test_settings_match_a_record_only_if_all_do() -> None:
    own = Asked()
    assert matches(record(), own, STEP.token_id)
    assert matches(record(), replace(own, token=STEP.token_id), 0)
    for other in (
        replace(own, samples=999),
        replace(own, repeats=99),
        replace(own, seed=1),
        replace(own, token=STEP.token_id + 1),
        replace(own, constant=-1.0),
    ):
        assert not matches(record(), other, STEP.token_id)


# -- an energy that moves -------------------------------------------------------------------------


def plain_drawn(alpha: list[float], u: float) -> int:
    running = 0.0
    for k, weight in enumerate(alpha):
        running += weight
        if running > u:
            return k
    return max(k for k, weight in enumerate(alpha) if weight > 0)


def moved(energies: np.ndarray, position: int, shift: float) -> list[float]:
    weights = np.exp(energies + shift * (np.arange(len(energies)) == position))
    return [float(weight) for weight in weights / weights.sum()]


@given(
    st.lists(st.floats(-4, 4), min_size=1, max_size=6),
    st.floats(0, 0.999),
    st.integers(0, 5),
)
@settings(deadline=None, max_examples=150)
def test_a_sweep_is_softmax_and_draw_done_again_with_one_energy_moved(
    drawn: list[float], u: float, place: int
) -> None:
    energies, position = np.array(drawn), place % len(drawn)
    rewards = np.linspace(-5, -1, len(drawn))
    alpha = np.array(moved(energies, position, 0))
    found = sweep(alpha, u, position, rewards)
    assert len(found.shifts) == SWEEP_STEPS + 1
    assert found.shifts[SWEEP_STEPS // 2] == pytest.approx(0, abs=1e-12)
    for index in range(0, SWEEP_STEPS + 1, 12):
        shift = float(found.shifts[index])
        expected = moved(energies, position, shift)
        assert found.alpha[index] == pytest.approx(expected[position])
        assert found.expected[index] == pytest.approx(float(np.array(expected) @ rewards))
        if np.abs(np.cumsum(expected) - u).min() > 1e-9:  # not at a jump
            assert found.drawn[index] == plain_drawn(expected, u)
    ends = [found.shifts[0], *found.jumps, found.shifts[-1]]
    for left, right, level in zip(ends, [*ends[1:], 0], [*found.levels, -1], strict=True):
        if level < 0 or right - left < 1e-6:
            continue
        for part in (0.01, 0.5, 0.99):
            at = moved(energies, position, float(left + part * (right - left)))
            if np.abs(np.cumsum(at) - u).min() > 1e-9:
                assert plain_drawn(at, u) == level, "k changes between two jumps"


def test_the_slope_of_the_expectation_is_the_exact_gradient_and_that_of_k_is_none() -> None:
    found = read(record(), STEP, SIZE)
    assert found is not None
    position = int(np.argmax(np.abs(found.array("exact"))))
    moving = sweep(found.alpha, 0.5, position, found.array("log_probs"), reach=0.01)
    slope = np.gradient(moving.expected, moving.shifts)[SWEEP_STEPS // 2]
    assert slope == pytest.approx(found.array("exact")[position], rel=1e-4)
    assert set(np.diff(moving.drawn).tolist()) <= {0}


def test_without_rewards_there_is_still_what_is_drawn() -> None:
    found = sweep(np.array([0.25, 0.75]), 0.5, 0, None)
    assert np.isnan(found.expected).all()
    assert sorted(set(found.drawn.tolist())) == [0, 1]
    # α_1 passes u = 0.5 where exp δ = 3.
    assert found.jumps == pytest.approx([math.log(3)])
    assert found.levels.tolist() == [1, 0]


def test_alpha_that_is_no_number_moves_nothing_and_raises_nothing() -> None:
    step: StepRecord = STEP
    assert step.cross is not None
    cross = replace(step.cross, alpha=np.full_like(step.cross.alpha, math.nan))
    broken = replace(step, attention={"cross": cross})
    found = sweep(alpha_of(broken), 0.5, 1, np.zeros(SIZE))
    assert not len(found.jumps)
    assert np.isnan(found.expected).all()
