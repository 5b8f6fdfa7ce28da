"""What conditions come to, against plain loops over the same records."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attn_desktop import api
from attn_desktop.analysis import conditions
from attn_desktop.analysis.conditions import (
    Condition,
    ConditionError,
    parse,
    parse_breakpoint,
    parse_watch,
)
from attn_desktop.analysis.labels import piece_label
from attn_desktop.trace.trace import Trace
from tests.analysis.condition_loops import (
    EXAMPLES,
    NUMBERS,
    TOY,
    TRACES,
    at,
    drawn,
    head_entropies,
    mean_alpha,
    place,
    where,
)
from tests.decoding.helpers import as_checkpoint, ending_model


@pytest.fixture(scope="module")
def real() -> Trace:
    """A trace of a real model with random weights, whose words are of several pieces."""
    model = as_checkpoint(ending_model(bias=1.0))
    return api.decode(model, "The red car stands by the garden.", weighting="hard", max_steps=15)


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_is_what_a_plain_loop_gives(text: str, name: str) -> None:
    run, steps = TRACES[name].run, TRACES[name].steps
    condition = parse_watch(text)
    found = condition.over(run, steps)
    assert found.shape == (len(steps),)
    assert found.dtype == np.float64
    for t in range(1, len(steps) + 1):
        wanted = NUMBERS[text](run, steps, t)
        assert condition.evaluate(run, steps, t) == (
            None if wanted is None else pytest.approx(wanted, rel=1e-5, abs=1e-6)
        )
        assert found[t - 1] == pytest.approx(
            math.nan if wanted is None else wanted, rel=1e-5, abs=1e-6, nan_ok=True
        )


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize("text", EXAMPLES)
def test_a_breakpoint_holds_where_a_plain_loop_says_so(text: str, name: str) -> None:
    run, steps = TRACES[name].run, TRACES[name].steps
    condition = parse_breakpoint(text)
    wanted = [EXAMPLES[text](steps, t) for t in range(1, len(steps) + 1)]
    assert condition.holds(run, steps).tolist() == wanted
    found = [condition.evaluate(run, steps, t) is True for t in range(1, len(steps) + 1)]
    assert found == wanted


def test_the_examples_stop_somewhere_and_not_everywhere() -> None:
    for text in ("max(alpha) < .3", "jump(alpha) > 1", "sampled != argmax(alpha)", "log_prob < -2"):
        held = parse(text).holds(TOY.run, TOY.steps)
        assert 0 < held.sum() < len(held), text


# -- a real model ---------------------------------------------------------------------------


def test_the_language_fits_a_real_trace(real: Trace) -> None:
    run, steps = real.run, real.steps
    assert len(steps) > 3
    for text in (*NUMBERS, *EXAMPLES):
        if "nowhere" not in text:
            parse(text).check(run, steps)
    texts = ['alpha["car"]', 'coverage["garden"]', 'energies["red"]', "alpha[2]", "norm(state)"]
    for text in texts:
        parse(text).check(run, steps)
        assert np.isfinite(parse(text).over(run, steps)).all(), text
    car = [j for j in range(len(run.source)) if run.text[slice(*run.spans[j])].strip() in "car"]
    pieces = [j for j in car if run.words[j] == 2]
    assert "".join(run.source[j] for j in pieces) == "▁car"
    for t, step in enumerate(steps, start=1):
        alpha = mean_alpha(step)
        assert alpha is not None
        assert at('alpha["car"]', real, t) == pytest.approx(sum(alpha[j] for j in pieces))
        assert at("entropy(alpha)", real, t) == pytest.approx(head_entropies(step), abs=1e-6)
        assert at("p", real, t) == pytest.approx(math.exp(step.log_prob))
        for gate in step.active.gates:
            mean = float(np.mean(step.active.gates[gate]))
            assert at(f'gate("{gate}")', real, t) == pytest.approx(mean, rel=1e-5)
    assert where("sampled != argmax(alpha)", run, steps) == [
        t for t, step in enumerate(steps, 1) if drawn(step) != place(step)
    ]
    assert at("token", real, 2) == piece_label(steps[1].token)


# -- the public face ------------------------------------------------------------------------


def test_kinds_of_conditions_are_known_from_their_text() -> None:
    kinds = {
        text: (parse(text).is_boolean, parse(text).is_numeric)
        for text in ("t > 3", "entropy(alpha)", "token", '"a"', "repeated(token)")
    }
    assert kinds == {
        "t > 3": (True, True),
        "entropy(alpha)": (False, True),
        "token": (False, False),
        '"a"': (False, False),
        "repeated(token)": (True, True),
    }


def test_a_number_is_no_breakpoint_and_a_text_no_watch() -> None:
    with pytest.raises(ConditionError, match=r"a number.*entropy\(alpha\) > 1"):
        parse_breakpoint("entropy(alpha)")
    with pytest.raises(ConditionError, match="cannot be plotted"):
        parse_watch("token")
    with pytest.raises(ConditionError, match="a number"):
        parse("t").holds(TOY.run, TOY.steps)
    with pytest.raises(ConditionError, match="cannot be plotted"):
        parse("token").over(TOY.run, TOY.steps)
    assert parse_watch("t > 3").over(TOY.run, TOY.steps[:4]).tolist() == [0, 0, 0, 1]


def test_a_stop_can_say_what_it_found() -> None:
    condition = parse('max(alpha) > .3 and not (token == "x" or repeated(token)) and 1 < t')
    told = condition.measured(TOY.run, TOY.steps, 4)
    assert [text for text, _ in told] == ["max(alpha)", "token", "repeated(token)", "t"]
    assert dict(told)["t"] == 4
    assert dict(told)["max(alpha)"] == at("max(alpha)", TOY, 4)
    assert parse("log_prob").measured(TOY.run, TOY.steps, 2) == (
        ("log_prob", TOY.steps[1].log_prob),
    )


def test_conditions_are_equal_by_their_text() -> None:
    assert parse("t > 3") == parse("t > 3") != parse("t >  3")
    assert len({parse("t > 3"), parse("t > 3")}) == 1
    assert parse("(t)>(3.0)").canonical == "t > 3"
    assert isinstance(parse("t"), Condition)


def test_every_name_is_described_and_can_be_written_as_its_signature_says() -> None:
    names = [line.name for line in conditions.REFERENCE]
    assert len(names) == len(set(names))
    assert {"alpha", "entropy", "token", "soft", "hard", "active"} <= set(names)
    for line in conditions.REFERENCE:
        assert line.help
        assert line.name in line.signature
        for example in _examples(line.signature):
            # A vector is no condition, but a part of it is, and so is a comparison of it.
            is_vector = line.name in ("alpha", "energies", "coverage", "context", "state")
            parse(f"norm({example}) > 1" if is_vector and "[" not in example else example)


def _examples(signature: str) -> list[str]:
    """The ways to write it: commas that are not in parentheses separate them."""
    found, depth = [""], 0
    for char in signature:
        depth += (char in "([") - (char in ")]")
        if char == "," and not depth:
            found.append("")
        else:
            found[-1] += char
    return [example.strip() for example in found]
