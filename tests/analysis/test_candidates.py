"""Candidates for the next token: which, in what order, and what was not recorded."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from attn_desktop.analysis.candidates import candidates
from attn_desktop.trace.records import Reading, StepRecord
from tests.toy_records import FIXED
from tests.toy_scenes import hard, toy_scene

Listed = dict[int, float]
TOKENS = {1: "▁a", 2: "▁man", 3: "s", 4: "▁on", 5: "▁the"}


def reading(like: Reading, listed: Listed, p_chosen: float) -> Reading:
    """The same reading with these ids and their p as its likeliest tokens."""
    return replace(
        like,
        top_ids=np.array(list(listed)),
        top_tokens=tuple(TOKENS[token_id] for token_id in listed),
        top_log_probs=np.log(np.array(list(listed.values()))),
        log_prob=math.log(p_chosen),
    )


def step_of(
    soft: Listed, sampled: Listed, chosen: int, p_chosen: tuple[float, float] = (0.01, 0.02)
) -> StepRecord:
    step = toy_scene(t=2).steps[1]
    readings = {
        "soft": reading(step.readings["soft"], soft, p_chosen[0]),
        "hard": reading(step.readings["hard"], sampled, p_chosen[1]),
    }
    return replace(step, readings=readings, token_id=chosen, token=TOKENS[chosen], token_in="▁dog")


def test_both_readings_are_joined_in_the_order_of_the_active_one() -> None:
    step = step_of({1: 0.5, 2: 0.3, 3: 0.1}, {2: 0.6, 4: 0.2, 1: 0.05}, chosen=1)
    found = candidates(step, with_chosen=False)
    assert [row.token_id for row in found.rows] == [1, 2, 3, 4]
    assert [row.label for row in found.rows] == ["a", "man", "·s", "on"]
    other = candidates(replace(step, mode=hard()), with_chosen=False)
    assert [row.token_id for row in other.rows] == [2, 4, 1, 3]
    assert not any(row.chosen for row in (*found.rows, *other.rows))


def test_what_was_not_recorded_is_no_number_and_has_a_bound() -> None:
    found = candidates(step_of({1: 0.5, 3: 0.1}, {1: 0.6, 4: 0.2}, chosen=1), with_chosen=True)
    by_id = {row.token_id: row for row in found.rows}
    assert by_id[3].p["soft"] == pytest.approx(0.1)
    assert math.isnan(by_id[3].p["hard"])
    assert math.isnan(by_id[4].p["soft"])
    assert found.bounds == pytest.approx({"soft": 0.1, "hard": 0.2})


def test_an_unlikely_chosen_token_is_there_once_it_is_known() -> None:
    step = step_of({1: 0.5, 2: 0.3}, {2: 0.6, 1: 0.2}, chosen=5, p_chosen=(0.001, 0.004))
    assert [row.token_id for row in candidates(step, with_chosen=False).rows] == [1, 2]
    found = candidates(step, with_chosen=True)
    last = found.rows[-1]
    assert (last.token_id, last.label, last.chosen) == (5, "the", True)
    assert last.p == pytest.approx({"soft": 0.001, "hard": 0.004})
    assert found.bounds == pytest.approx({"soft": 0.3, "hard": 0.2})


def test_the_chosen_token_is_known_in_a_reading_that_does_not_list_it() -> None:
    step = step_of({1: 0.5, 3: 0.1}, {1: 0.6, 4: 0.2}, chosen=3, p_chosen=(0.1, 0.07))
    chosen = next(row for row in candidates(step, with_chosen=True).rows if row.chosen)
    assert chosen.p == pytest.approx({"soft": 0.1, "hard": 0.07})


def test_few_rows_still_hold_the_chosen_one() -> None:
    step = step_of({1: 0.5, 2: 0.3, 3: 0.1}, {1: 0.5, 2: 0.3, 3: 0.1}, chosen=3)
    found = candidates(step, with_chosen=True)
    assert [row.token_id for row in found.first(2)] == [1, 3]
    assert [row.token_id for row in found.first(1)] == [3]
    assert found.first(9) == found.rows
    hidden = candidates(step, with_chosen=False)
    assert [row.token_id for row in hidden.first(2)] == [1, 2]


def test_other_is_what_the_rows_shown_leave() -> None:
    found = candidates(step_of({1: 0.5, 3: 0.1}, {1: 0.6, 4: 0.2}, chosen=1), with_chosen=True)
    assert found.other(found.rows) == pytest.approx({"soft": 0.4, "hard": 0.2})
    assert found.other(found.first(1)) == pytest.approx({"soft": 0.5, "hard": 0.4})


def test_rounding_leaves_no_negative_rest() -> None:
    found = candidates(step_of({1: 0.7, 2: 0.3001}, {1: 1.0}, chosen=1), with_chosen=False)
    assert found.other(found.rows) == {"soft": 0.0, "hard": 0.0}


def test_without_attention_there_is_one_reading() -> None:
    step = toy_scene(mode=FIXED, t=2).steps[1]
    found = candidates(step, with_chosen=True)
    assert found.names == ("soft",)
    assert all(set(row.p) == {"soft"} for row in found.rows)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_ordered_all_the_same(value: float) -> None:
    step = step_of({1: 0.5, 2: 0.3}, {2: 0.6, 1: 0.2}, chosen=1)
    soft = replace(step.readings["soft"], top_log_probs=np.array([value, np.log(0.3)]))
    found = candidates(replace(step, readings={**step.readings, "soft": soft}), with_chosen=True)
    assert {row.token_id for row in found.rows} == {1, 2}
    assert set(found.other(found.rows)) == {"soft", "hard"}
