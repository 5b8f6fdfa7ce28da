from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.analysis.deviation import (
    QUANTITIES,
    Condition,
    Deviations,
    Spot,
    deviation,
    run_deviation,
)
from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import CROSS, Reading, StepRecord
from tests.toy_records import FIXED, Sizes, toy_document, toy_run, toy_trace

TRACE = toy_document()
STEP = TRACE.steps[1]  # with edits, a centre, both readings
ALL_OF_A_STEP = {
    *("token", "way", "mask", "window", "sampled", "center", "energies", "unedited", "alpha"),
    *("draw", "context_soft", "context_hard", "gates", "state_soft", "state_hard", "log_prob"),
    *("top_log_probs", "entropy"),
}
ALL_OF_A_RUN = {"source", "mask", "states", "start_state", "fixed_context"}


def nudged(array: Any, by: float, place: int = 0) -> Any:
    changed = np.array(array)
    changed.flat[place] += by
    return changed


def with_cross(step: StepRecord, **changes: Any) -> StepRecord:
    assert step.cross is not None
    return replace(step, attention={CROSS: replace(step.cross, **changes)})


def with_reading(step: StepRecord, name: str, **changes: Any) -> StepRecord:
    reading: Reading = replace(step.readings[name], **changes)
    return replace(step, readings={**step.readings, name: reading})


def found(now: StepRecord, recorded: StepRecord = STEP) -> dict[str, float]:
    """What deviates at all."""
    return {name: value for name, value in deviation(recorded, now).items() if value}


CROSS_RECORD, HARD_READING = STEP.cross, STEP.readings[HARD]
assert CROSS_RECORD is not None
assert CROSS_RECORD.center is not None
assert CROSS_RECORD.unedited is not None

CHANGES: list[tuple[StepRecord, dict[str, float]]] = [
    (with_cross(STEP, energies=nudged(CROSS_RECORD.energies, -0.5)), {"energies": 0.5}),
    (with_cross(STEP, alpha=nudged(CROSS_RECORD.alpha, 0.25, 3)), {"alpha": 0.25}),
    (with_cross(STEP, unedited=nudged(CROSS_RECORD.unedited, 0.5)), {"unedited": 0.5}),
    (with_cross(STEP, unedited=None), {"unedited": math.inf}),
    (with_cross(STEP, center=nudged(CROSS_RECORD.center, 2.0)), {"center": 2.0}),
    (with_cross(STEP, center=None), {"center": math.inf}),
    (with_cross(STEP, draw=nudged(CROSS_RECORD.draw, 0.125)), {"draw": 0.125}),
    (with_cross(STEP, sampled=np.array([[0]])), {"sampled": 1}),
    (with_cross(STEP, mask=~CROSS_RECORD.mask), {"mask": 6}),
    (with_cross(STEP, window=~CROSS_RECORD.window), {"window": 6}),
    (with_cross(STEP, alpha=CROSS_RECORD.alpha[..., 1:]), {"alpha": math.inf}),
    (with_cross(STEP, mask=CROSS_RECORD.mask[..., 1:]), {"mask": math.inf}),
    (with_reading(STEP, SOFT, context=nudged(STEP.readings[SOFT].context, 8.0)),
     {"context_soft": 8.0}),
    (with_reading(STEP, HARD, context=nudged(HARD_READING.context, 8.0)), {"context_hard": 8.0}),
    (with_reading(STEP, SOFT, state=nudged(STEP.readings[SOFT].state, 2.0)), {"state_soft": 2.0}),
    (with_reading(STEP, HARD, state=HARD_READING.state[1:]), {"state_hard": math.inf}),
    (with_reading(STEP, HARD, log_prob=HARD_READING.log_prob - 0.5), {"log_prob": 0.5}),
    (with_reading(STEP, HARD, entropy=HARD_READING.entropy + 2.0), {"entropy": 2.0}),
    (
        with_reading(STEP, HARD, gates={**HARD_READING.gates, "reset": np.full(5, 9.0)}),
        {"gates": float(np.abs(9.0 - HARD_READING.gates["reset"].astype(float)).max())},
    ),
    (with_reading(STEP, HARD, gates={}), {"gates": math.inf}),
    (replace(STEP, token_id=9), {"token": 1}),
    (replace(STEP, mode=FIXED, seed=3, token_in_id=9), {"way": 3}),
    (replace(STEP, chosen_by="beam", edits=()), {"way": 2}),
]  # fmt: skip


def test_a_record_does_not_deviate_from_itself() -> None:
    for trace in (TRACE, toy_trace(3, Sizes(layers=2, heads=3), Mode("dot", "local-m", HARD))):
        for step in trace.steps:
            assert found(step, step) == {}
        for run in trace.runs:
            assert set(run_deviation(run, run).values()) == {0.0}
    assert deviation(STEP, STEP).keys() == ALL_OF_A_STEP
    assert run_deviation(TRACE.run, TRACE.run).keys() == ALL_OF_A_RUN
    assert ALL_OF_A_STEP | ALL_OF_A_RUN | {"encoder_attention"} == QUANTITIES.keys()


def test_without_attention_there_is_less_to_compare() -> None:
    step = toy_trace(1, mode=FIXED).steps[0]
    without = {*("token", "way", "context_soft", "state_soft", "gates", "log_prob")}
    assert deviation(step, step).keys() == without | {"top_log_probs", "entropy"}


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_one_change_is_found_in_its_quantity_and_size(number: int) -> None:
    now, expected = CHANGES[number]
    for one, two in ((STEP, now), (now, STEP)):
        deviating = found(two, one)
        if "log_prob" not in expected:
            deviating.pop("log_prob", None)
        assert deviating == pytest.approx(expected, rel=1e-5)


def test_every_quantity_of_a_step_is_tried() -> None:
    tried = {name for _, expected in CHANGES for name in expected}
    assert tried | {"top_log_probs"} == ALL_OF_A_STEP


def test_the_largest_of_several_heads_and_layers_counts() -> None:
    sizes = Sizes(layers=2, heads=3)
    step = toy_trace(2, sizes, Mode("dot", "local-m", HARD)).steps[1]
    assert step.cross is not None
    alpha = nudged(nudged(step.cross.alpha, 0.25), -0.5, 20)
    deviating = found(with_cross(step, alpha=alpha), step)
    assert deviating == pytest.approx({"alpha": 0.5}, abs=1e-6)


def test_tokens_that_are_likeliest_on_one_side_only_are_passed_over() -> None:
    ids, logs = HARD_READING.top_ids, HARD_READING.top_log_probs
    turned = with_reading(STEP, HARD, top_ids=ids[::-1], top_log_probs=logs[::-1])
    assert found(turned) == {}
    apart = nudged(logs, -0.5, 1)
    other = with_reading(STEP, HARD, top_ids=nudged(ids, 900, 3), top_log_probs=apart)
    assert found(other) == pytest.approx({"top_log_probs": 0.5}, abs=1e-6)
    shorter = with_reading(STEP, HARD, top_ids=ids[:2], top_log_probs=apart[:2])
    assert found(shorter) == pytest.approx({"top_log_probs": 0.5}, abs=1e-6)
    none = with_reading(STEP, HARD, top_ids=ids + 900)
    assert found(none) == {"top_log_probs": math.inf}
    nothing = with_reading(STEP, HARD, top_ids=ids[:0], top_log_probs=logs[:0])
    assert found(nothing) == {}


def test_log_p_of_another_token_is_not_compared() -> None:
    other = replace(with_reading(STEP, HARD, log_prob=-99.0), token_id=9)
    assert found(other) == {"token": 1}


ODD = [math.nan, math.inf, -math.inf, 0.0, 1e308]


@pytest.mark.parametrize("one", ODD)
@pytest.mark.parametrize("two", ODD)
def test_numbers_that_are_none_equal_themselves_and_nothing_else(one: float, two: float) -> None:
    def step(value: float) -> StepRecord:
        state = HARD_READING.state.astype(np.float64)
        state[2] = value
        return with_reading(STEP, HARD, state=state, log_prob=value, entropy=value)

    deviating = found(step(two), step(one))
    if math.isnan(one) or math.isnan(two):
        value = 0.0 if math.isnan(one) and math.isnan(two) else math.inf
    else:
        value = 0.0 if one == two else abs(one - two)
    names = ("state_hard", "log_prob", "entropy")
    assert deviating == ({} if value == 0 else dict.fromkeys(names, value))


@given(
    st.lists(st.floats(width=32), min_size=5, max_size=5), st.integers(0, 4), st.floats(width=32)
)
def test_any_change_of_a_number_is_seen(values: list[float], place: int, value: float) -> None:
    one = np.array(values, np.float32)
    two = one.copy()
    two[place] = value
    same = one[place] == two[place] or (np.isnan(one[place]) and np.isnan(two[place]))
    before, after = (with_reading(STEP, HARD, state=state) for state in (one, two))
    deviating = found(after, before)
    assert (deviating == {}) == same
    if not same:
        assert deviating.keys() == {"state_hard"}
        assert deviating["state_hard"] > 0


def test_an_input_that_is_encoded_otherwise() -> None:
    run = TRACE.run

    def changed(**changes: Any) -> dict[str, float]:
        now = replace(run, **changes)
        return {name: value for name, value in run_deviation(run, now).items() if value}

    assert changed(states=nudged(run.states, 0.5)) == pytest.approx({"states": 0.5})
    assert changed(start_state=nudged(run.start_state, 2)) == pytest.approx({"start_state": 2})
    assert changed(fixed_context=run.fixed_context[1:]) == {"fixed_context": math.inf}
    assert changed(mask=~run.mask) == {"mask": 6}
    assert changed(source=("x", *run.source[1:])) == {"source": 1}
    assert changed(source=run.source[:-2]) == {"source": 2}
    attention = np.zeros((1, 1, 6, 6), np.float32)
    assert changed(encoder_attention=attention) == {"encoder_attention": math.inf}
    other = run_deviation(run, toy_run(Sizes(source=9)))
    assert other["states"] == math.inf
    assert other["source"] > 0


# -- of a whole document ----------------------------------------------------------------------


def filled(trace: Any, changes: dict[int, StepRecord] | None = None) -> Deviations:
    deviations = Deviations(trace)
    for number, run in enumerate(trace.runs):
        deviations.encoded(number, run)
    for step in trace.steps:
        deviations.stepped((changes or {}).get(step.node, step))
    return deviations


def test_a_document_is_the_same_as_itself() -> None:
    report = filled(TRACE).report()
    assert (report.steps, report.recorded, report.branches, report.runs) == (7, 7, 3, 2)
    assert report.exact
    assert report.same_model
    assert report.within(0.0)
    names = [worst.quantity.name for worst in report.worst]
    assert set(names) == ALL_OF_A_STEP | ALL_OF_A_RUN
    assert names == [name for name in QUANTITIES if name in names]
    assert all((worst.value, worst.spot, worst.steps) == (0.0, None, 0) for worst in report.worst)


def test_the_worst_is_kept_with_its_place_and_how_many_there_are() -> None:
    changes = {}
    for id, by in ((1, 0.25), (4, 0.5), (5, 0.5)):
        step = TRACE.steps[id]
        assert step.cross is not None
        changes[id] = with_cross(step, energies=nudged(step.cross.energies, by))
    changes[6] = replace(TRACE.steps[6], token_id=4)
    deviations = filled(TRACE, changes)
    run = TRACE.others[0]
    deviations.encoded(1, replace(run, states=nudged(run.states, 4.0)))
    report = deviations.report()
    apart = {worst.quantity.name: worst for worst in report.worst if worst.value}
    assert apart.keys() == {"energies", "token", "states"}
    energies = apart["energies"]
    assert energies.value == pytest.approx(0.5, rel=1e-5)
    assert energies.steps == 3
    spots = {4: Spot(0, 4, 3, 2), 5: Spot(1, 5, 1, 3)}
    assert energies.spot in spots.values()
    assert apart["token"].spot == Spot(1, 6, 2, 3)
    assert apart["states"].spot == Spot(1, None, 0, 0)
    assert not report.exact
    assert not report.within(100.0), "a token must be equal whatever the tolerance"


def test_a_tolerance_is_for_numbers_only() -> None:
    state = with_reading(STEP, HARD, state=nudged(HARD_READING.state, 1e-5))
    report = filled(TRACE, {1: state}).report()
    assert not report.exact
    assert report.within(1e-4)
    assert not report.within(1e-6)
    report = filled(TRACE, {1: with_cross(STEP, sampled=np.array([[0]]))}).report()
    assert not report.within(1e9)
    nan = with_reading(STEP, HARD, state=nudged(HARD_READING.state, math.nan))
    assert not filled(TRACE, {1: nan}).report().within(1e9)


def test_steps_may_come_in_any_order_and_unknown_ones_are_passed_over() -> None:
    deviations = Deviations(TRACE)
    assert deviations.report().worst == ()
    assert deviations.report().steps == 0
    for step in TRACE.steps[::-1]:
        deviations.stepped(step)
    assert deviations.report().steps == 7
    fewer = Deviations(replace(TRACE, steps=TRACE.steps[:3]))
    for step in TRACE.steps:
        fewer.stepped(step)
    assert (fewer.report().steps, fewer.report().recorded) == (3, 3)


def test_the_branch_is_the_first_on_which_a_step_is() -> None:
    trace = toy_trace(6, branches=4)
    for node in trace.tree.nodes:
        leaf = next(
            number
            for number, leaf in enumerate(trace.tree.leaves(), start=1)
            if node in trace.tree.path(leaf.id)
        )
        step = trace.steps[node.id]
        report = filled(trace, {node.id: replace(step, token_id=11 - step.token_id)}).report()
        (worst,) = [worst for worst in report.worst if worst.value]
        assert worst.spot == Spot(0, node.id, node.t, leaf)


def test_what_numbers_depend_on_is_listed_then_and_now() -> None:
    versions = {"torch": "2.6", "gpu": "H100", "machine": "x86_64"}
    first = replace(TRACE.run, device="cuda:0", versions=versions)
    trace = replace(TRACE, run=first)
    deviations = Deviations(trace)
    here = {"torch": "2.7", "machine": "x86_64"}
    for number, run in enumerate(TRACE.runs):
        deviations.encoded(number, replace(run, versions=here))
    conditions = deviations.report().conditions
    assert conditions == (
        Condition("device", "cuda:0, cpu", "cpu"),
        Condition("dtype", "float32", "float32"),
        Condition("torch", "2.6", "2.7"),
        Condition("gpu", "H100", None),
        Condition("machine", "x86_64", "x86_64"),
    )
    assert [item.differs for item in conditions] == [True, False, True, True, False]


def test_what_an_old_file_does_not_say_is_left_out() -> None:
    deviations = Deviations(TRACE)
    deviations.encoded(0, replace(TRACE.run, versions={"torch": "2.7"}))
    assert deviations.report().conditions == (
        Condition("device", "cpu", "cpu"),
        Condition("dtype", "float32", "float32"),
    )


def test_another_model_is_told_by_its_hash() -> None:
    deviations = filled(TRACE)
    info = replace(TRACE.run.model, hash="f" * 64)
    deviations.encoded(1, replace(TRACE.others[0], model=info))
    report = deviations.report()
    assert (report.model_then, report.model_now) == (TRACE.run.model.hash, "f" * 64)
    assert not report.same_model
    assert report.exact, "the numbers may be the same all the same"


def test_edits_of_a_step_are_among_its_givens() -> None:
    edits = (*STEP.edits, Edit("state", "zero"))
    assert found(replace(STEP, edits=edits)) == {"way": 1}
