"""What is not there or no number: three-valued logic, and the same by every way."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_desktop.analysis.conditions import (
    parse,
)
from attn_desktop.common.mode import SOFT
from attn_desktop.trace.records import CROSS, StepRecord
from tests.analysis.condition_loops import (
    EXAMPLES,
    NUMBERS,
    TOY,
    TRACES,
    at,
    where,
)

# -- the unknown ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "max(alpha) > .3",
        "not (max(alpha) > .3)",
        "not max(alpha) <= 1 and t > 0",
        "coverage[1] >= 0",
        "not coverage[1] >= 0",
        "sampled == sampled",
        "sampled != sampled",
        "not isnan(alpha)",
        "isnan(alpha)",
        "not repeated(sampled) and t > 1",
        "token(hard) == token(soft)",
        "token(hard) != token(soft)",
        "center - center == 0",
        "0 * max(alpha) == 0",
    ],
)
def test_nothing_stops_on_what_is_not_there(text: str) -> None:
    trace = TRACES["no attention"]
    assert not parse(text).holds(trace.run, trace.steps).any()
    assert parse(text).evaluate(trace.run, trace.steps, 3) is not True


def test_the_unknown_does_not_matter_where_the_other_side_decides() -> None:
    trace = TRACES["no attention"]
    assert at("max(alpha) > .3 or t == 2", trace, 2) is True
    assert at("max(alpha) > .3 or t == 2", trace, 3) is None
    assert at("max(alpha) > .3 and t == 2", trace, 3) is False
    assert at("max(alpha) > .3 and t == 3", trace, 3) is None
    assert at("0 < max(alpha) < t - t", trace, 3) is None


def broken(field: str) -> list[StepRecord]:
    """The toy steps with something that is no number at t = 2."""
    step = TOY.steps[1]
    nan = replace(step.active, **{field: getattr(step.active, field) * np.nan})
    steps = list(TOY.steps)
    steps[1] = replace(step, readings={**step.readings, SOFT: nan})
    return steps


def test_what_is_no_number_is_found_and_compares_with_nothing() -> None:
    steps = broken("state")
    assert where("isnan(state)", TOY.run, steps) == [2]
    assert where("isnan(state[3])", TOY.run, steps) == [2]
    assert where("norm(state) > 0", TOY.run, steps) == [t for t in range(1, 13) if t != 2]
    assert where("not norm(state) > 0", TOY.run, steps) == []
    assert where("norm(state) == norm(state)", TOY.run, steps) == [1, *range(3, 13)]
    assert where("norm(state) != norm(state)", TOY.run, steps) == []
    assert parse("norm(state)").evaluate(TOY.run, steps, 2) == pytest.approx(math.nan, nan_ok=True)
    steps = broken("log_prob")
    assert where("isnan(log_prob)", TOY.run, steps) == [2]
    assert where("log_prob < 0 or log_prob >= 0", TOY.run, steps) == [1, *range(3, 13)]


def test_alpha_that_is_no_number_has_no_largest_place() -> None:
    step = TOY.steps[1]
    assert step.cross is not None
    alpha = step.cross.alpha.copy()
    alpha[0, 0, 2] = np.nan
    steps = list(TOY.steps)
    steps[1] = replace(step, attention={CROSS: replace(step.cross, alpha=alpha)})
    assert where("isnan(alpha)", TOY.run, steps) == [2]
    assert where("isnan(argmax(alpha)) or isnan(entropy(alpha))", TOY.run, steps) == [2]
    assert where("isnan(jump(alpha))", TOY.run, steps) == [2, 3]
    # What is not finite counts nothing in a sum over steps.
    assert where("isnan(coverage)", TOY.run, steps) == []


def test_division_by_zero_is_infinite() -> None:
    assert at("t / (t - t)", TOY, 1) == math.inf
    assert at("isinf(-t / 0) and isnan(0 / 0)", TOY, 1) is True
    assert at("1 / 0 > 5", TOY, 1) is True
    assert at("0 / 0 > 5", TOY, 1) is None
    assert at("max(alpha / 0) > 5", TOY, 1) is True
    assert at("1e308 * 10 > 0", TOY, 1) is True


TRUE, FALSE, UNKNOWN = "t == 1", "t == 0", "max(alpha) > 2"
VALUES: dict[str, bool | None] = {TRUE: True, FALSE: False, UNKNOWN: None}


@given(st.sampled_from(list(VALUES)), st.sampled_from(list(VALUES)), st.sampled_from(list(VALUES)))
def test_logic_is_kleenes(one: str, two: str, three: str) -> None:
    trace = TRACES["no attention"]

    def value(text: str) -> Any:
        return at(text, trace, 1)

    a, b = VALUES[one], VALUES[two]
    assert value(one) is a
    assert value(f"not {one}") is (None if a is None else not a)
    assert value(f"{one} and {two}") is (
        False if False in (a, b) else None if None in (a, b) else True
    )
    assert value(f"{one} or {two}") is (
        True if True in (a, b) else None if None in (a, b) else False
    )
    assert value(f"not ({one} and {two})") is value(f"not {one} or not {two}")
    assert value(f"{one} and {two}") is value(f"{two} and {one}")
    assert value(f"{one} and ({two} or {three})") is value(f"{one} and {two} or {one} and {three}")
    assert value(f"not not ({one})") is a


# -- any condition on any branch ------------------------------------------------------------


def either(*options: str) -> st.SearchStrategy[str]:
    return st.sampled_from(options)


numbers = st.recursive(
    either(*NUMBERS, ".3", "2", 'alpha["word1"]', "p(token(hard), soft)", "rank('a')", "1e-3"),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, either("+", "-", "*", "/"), inner),
        st.builds("-{}".format, inner),
        st.builds("abs({})".format, inner),
        st.builds("alpha[{} + t]".format, inner),
    ),
    max_leaves=4,
)
texts = either("token", "token(soft)", "token(hard)", "word", '"man"', "mode", "'</s>'")
truths = st.recursive(
    st.one_of(
        st.builds("{} {} {}".format, numbers, either("<", "<=", ">", ">=", "==", "!="), numbers),
        st.builds("{} {} {}".format, texts, either("==", "!="), texts),
        st.builds("{} < {} <= {}".format, numbers, numbers, numbers),
        st.builds("repeated({}, {})".format, st.one_of(numbers, texts), either("2", "3", "5")),
        st.builds("isnan({})".format, numbers),
        either("edited", "trained", "is_end", "isnan(state)", "isinf(energies)"),
    ),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, either("and", "or"), inner),
        st.builds("not ({})".format, inner),
        st.builds("({}) == ({})".format, inner, inner),
    ),
    max_leaves=5,
)


def same(one: object, other: float) -> bool:
    return other == (math.nan if one is None else one) or (
        math.isnan(other) and (one is None or one != one)
    )


@given(st.one_of(truths, numbers).filter(lambda text: len(text) <= 500), st.sampled_from([*TRACES]))
@settings(max_examples=150, deadline=None)
def test_all_steps_at_once_and_one_by_one_agree(text: str, name: str) -> None:
    run, steps = TRACES[name].run, TRACES[name].steps
    condition = parse(text)
    over = condition.over(run, steps)
    for t in range(1, len(steps) + 1):
        # Steps that are yet to come change nothing.
        assert same(condition.evaluate(run, steps[:t], t), over[t - 1]), (text, t)
        assert same(condition.evaluate(run, steps, t), over[t - 1]), (text, t)
    if condition.is_boolean:
        assert condition.holds(run, steps).tolist() == (over == 1).tolist()
    assert parse(condition.canonical).over(run, steps).tolist() == pytest.approx(
        over.tolist(), nan_ok=True
    )


def test_a_branch_without_steps_has_no_values() -> None:
    for text in (*NUMBERS, *EXAMPLES, 'alpha["word1"]', "alpha[1]", "isnan(alpha[t])"):
        condition = parse(text)
        assert condition.over(TOY.run, ()).shape == (0,)
        if condition.is_boolean:
            assert condition.holds(TOY.run, ()).shape == (0,)


def test_there_is_no_value_outside_the_branch() -> None:
    for t in (0, 13, -1):
        with pytest.raises(ValueError, match="there is no step"):
            parse("t > 3").evaluate(TOY.run, TOY.steps, t)
