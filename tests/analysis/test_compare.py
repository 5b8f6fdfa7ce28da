"""Two branches compared: every number against a plain loop over the steps, and where they part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from attn_desktop.analysis.compare import (
    ROUNDING,
    Comparison,
    compare,
    largest_change,
    variation,
)
from attn_desktop.common.mode import Mode
from attn_desktop.trace.records import StepRecord
from tests.toy_records import ADDITIVE, FIXED, Sizes, toy_trace
from tests.toy_scenes import hard

Steps = tuple[StepRecord, ...]

SIZES = Sizes()


def two_branches(
    steps: int = 6, sizes: Sizes = SIZES, mode: Mode = ADDITIVE
) -> tuple[Steps, Steps]:
    """Two chains that share the steps before the middle: the second, then the first."""
    trace = toy_trace(steps, sizes, mode, branches=2)
    records = {step.node: step for step in trace.steps}
    first, second = (
        tuple(records[node.id] for node in trace.tree.path(leaf.id)) for leaf in trace.tree.leaves()
    )
    return second, first


def with_alpha(step: StepRecord, alpha: Sequence[float]) -> StepRecord:
    assert step.cross is not None
    changed = np.broadcast_to(np.array(alpha, np.float32), step.cross.alpha.shape).copy()
    return replace(step, attention={"cross": replace(step.cross, alpha=changed)})


def with_reading(step: StepRecord, **fields: object) -> StepRecord:
    name = step.mode.weighting
    reading = replace(step.readings[name], **fields)  # type: ignore[arg-type]
    return replace(step, readings={**step.readings, name: reading})


def ended(steps: Steps, is_end: bool) -> Steps:
    """The same steps, the last of which ends the output or does not."""
    return (*steps[:-1], replace(steps[-1], is_end=is_end))


def plain(steps: Steps, other: Steps, number: str) -> list[float]:
    """‖Δc‖ or ‖Δs‖ step by step, without numpy's help."""
    found = []
    for one, two in zip(steps, other, strict=False):
        pairs = zip(
            getattr(one.active, number).tolist(), getattr(two.active, number).tolist(), strict=True
        )
        found.append(math.sqrt(sum((a - b) ** 2 for a, b in pairs)))
    return found


@pytest.mark.parametrize(
    ("sizes", "mode"),
    [(SIZES, ADDITIVE), (Sizes(layers=2, heads=3), ADDITIVE), (Sizes(source=9), hard())],
    ids=["soft", "heads", "hard"],
)
def test_every_number_is_that_of_a_plain_loop(sizes: Sizes, mode: Mode) -> None:
    steps, other = two_branches(7, sizes, mode)
    found = compare(steps, other)
    assert len(found) == found.steps == found.baseline_steps == 7
    for t, (one, two) in enumerate(zip(steps, other, strict=True), start=1):
        assert one.cross is not None
        assert two.cross is not None
        places = list(np.ndindex(one.cross.alpha.shape[:2]))
        for j in range(sizes.source):
            mean = sum(float(one.cross.alpha[at][j] - two.cross.alpha[at][j]) for at in places)
            assert found.delta_alpha[t - 1, j] == pytest.approx(mean / len(places), abs=1e-7)
        assert found.log_prob[t - 1] == one.log_prob
        assert found.baseline_log_prob[t - 1] == two.log_prob
        assert found.delta_log_prob[t - 1] == one.log_prob - two.log_prob
        assert found.token_differs[t - 1] == (one.token_id != two.token_id)
    np.testing.assert_allclose(found.context_distance, plain(steps, other, "context"), atol=1e-6)
    np.testing.assert_allclose(found.state_distance, plain(steps, other, "state"), atol=1e-6)
    assert found.totals == pytest.approx(
        (sum(step.log_prob for step in steps), sum(step.log_prob for step in other))
    )


def test_largest_change_and_variation_are_those_of_a_plain_loop() -> None:
    delta = np.array([[0.5, -0.75, 0.25], [0.0, 0.0, 0.0], [np.nan] * 3])
    assert largest_change(delta)[:2].tolist() == [0.75, 0.0]
    assert variation(delta)[:2].tolist() == [0.75, 0.0]
    assert np.isnan(largest_change(delta)[2])
    assert np.isnan(variation(delta)[2])
    none = np.zeros((2, 0))
    assert np.isnan(largest_change(none)).all()
    assert np.isnan(variation(none)).all()


def test_what_is_shared_does_not_differ() -> None:
    steps, other = two_branches(8)
    found = compare(steps, other)
    assert not found.delta_alpha[:4].any()
    assert not found.context_distance[:4].any()
    assert not found.state_distance[:4].any()
    same = compare(steps, steps)
    assert same.parting is None
    assert same.differences == ()
    assert dict(same.firsts) == {}


def test_a_forced_token_is_where_they_part_and_alpha_follows() -> None:
    steps, other = two_branches(8)
    found = compare(steps, other)
    tokens = [one.token_id != two.token_id for one, two in zip(steps, other, strict=True)]
    first = tokens.index(True) + 1
    assert found.first_token == first
    assert found.first_alpha is not None
    assert found.first_alpha > first
    assert found.parting == (first, "token")


@pytest.mark.parametrize(
    ("kind", "parting"), [("alpha", (2, "α")), ("context", (2, "c")), ("state", (2, "s"))]
)
def test_of_what_differs_at_the_same_step_the_one_computed_first_is_named(
    kind: str, parting: tuple[int, str]
) -> None:
    other = two_branches(4)[1]
    step = other[1]
    assert step.cross is not None
    changed = {
        "alpha": lambda: with_alpha(step, [1, 0, 0, 0, 0, 0]),
        "context": lambda: with_reading(step, context=step.active.context + 1),
        "state": lambda: with_reading(step, state=step.active.state - 1),
    }[kind]()
    changed = replace(changed, token_id=step.token_id + 1)
    assert compare((other[0], changed, *other[2:]), other).parting == parting


def test_what_rounding_does_is_no_difference() -> None:
    other = two_branches(4)[1]
    assert other[0].cross is not None
    alpha = other[0].cross.alpha[0, 0]
    near = with_alpha(other[0], (alpha + ROUNDING / 4).tolist())
    assert compare((near, *other[1:]), other).parting is None
    far = with_alpha(other[0], (alpha + 4 * ROUNDING).tolist())
    assert compare((far, *other[1:]), other).parting == (1, "α")
    # Of large numbers as much is rounding as they are large.
    large = with_reading(other[0], state=other[0].active.state * 0 + 1e6)
    larger = with_reading(other[0], state=other[0].active.state * 0 + 1e6 + 1)
    assert compare((large,), (larger,)).parting is None


def test_one_is_longer() -> None:
    steps, other = two_branches(6)
    for one, two in ((steps, other[:4]), (steps[:4], other)):
        found = compare(one, two)
        assert len(found) == 6
        assert (found.steps, found.baseline_steps) == (len(one), len(two))
        for numbers in (found.delta_log_prob, found.context_distance, found.state_distance):
            assert np.isfinite(numbers).tolist() == [True] * 4 + [False] * 2
        assert np.isnan(found.delta_alpha[4:]).all()
        assert found.totals == pytest.approx(
            (sum(s.log_prob for s in one), sum(s.log_prob for s in two))
        )


def test_an_end_differs_from_going_on_but_what_is_still_decoded_does_not_yet() -> None:
    steps = two_branches(6)[0]
    done = compare(steps, ended(steps[:4], is_end=True))
    assert done.first_token == 5
    assert done.token_differs.tolist() == [False] * 4 + [True] * 2
    assert done.differences == (5,)
    under_way = compare(ended(steps[:4], is_end=False), steps)
    assert under_way.parting is None
    assert not under_way.token_differs.any()
    nothing_yet = compare((), steps)
    assert nothing_yet.parting is None
    assert len(nothing_yet) == 6
    assert np.isnan(nothing_yet.delta_log_prob).all()


def test_differences_are_the_parting_and_where_other_tokens_begin() -> None:
    other = two_branches(9)[1]
    tokens = [0, 0, 1, 1, 0, 0, 1, 0, 0]
    steps = tuple(
        replace(step, token_id=step.token_id + other_token)
        for step, other_token in zip(other, tokens, strict=True)
    )
    assert compare(steps, other).differences == (3, 7)
    moved = (with_alpha(steps[0], [0, 0, 0, 0, 0, 1]), *steps[1:])
    assert compare(moved, other).differences == (1, 3, 7)


def test_without_attention_there_is_no_change_of_alpha() -> None:
    steps, other = two_branches(5)[0], toy_trace(5, SIZES, FIXED).steps
    found = compare(steps, other)
    assert found.delta_alpha.shape == (5, 6)
    assert np.isnan(found.delta_alpha).all()
    assert found.first_alpha == 1, "to look somewhere differs from looking nowhere"
    assert np.isfinite(found.delta_log_prob).all()
    neither = compare(other, other)
    assert neither.delta_alpha.shape == (5, 0)
    assert neither.parting is None


def test_sources_of_other_lengths_are_not_compared() -> None:
    steps, other = two_branches()[0], two_branches(sizes=Sizes(source=9))[0]
    found = compare(steps, other, same_input=False)
    assert found.delta_alpha.shape == (6, 6)
    assert np.isnan(found.delta_alpha).all()
    assert found.first_alpha is None
    assert np.isfinite(found.context_distance).all()


def test_of_two_inputs_only_the_tokens_tell_where_they_part() -> None:
    steps = two_branches()[0]
    other = tuple(with_reading(step, context=step.active.context + 1) for step in steps)
    other = (*other[:3], replace(other[3], token_id=other[3].token_id + 1), *other[4:])
    assert compare(steps, other).parting == (1, "c")
    assert compare(steps, other, same_input=False).parting == (4, "token")


def test_vectors_of_other_sizes_have_no_distance() -> None:
    steps, other = two_branches()[0], two_branches(sizes=Sizes(hidden=3))[0]
    found = compare(steps, other)
    assert np.isnan(found.context_distance).all()
    assert np.isfinite(found.state_distance).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_like_themselves_and_unlike_others(value: float) -> None:
    steps = two_branches(3)[0]

    def broken() -> Steps:
        vector: NDArray[np.float32] = np.full_like(steps[1].active.context, value)
        broken = with_reading(steps[1], context=vector, log_prob=value)
        return (steps[0], broken, steps[2])

    assert compare(broken(), broken()).parting is None
    found: Comparison = compare(broken(), steps)
    assert found.parting == (2, "c")
    assert not np.isfinite(found.delta_log_prob[1])
