"""Source words, positions and tokens in conditions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from attn_desktop.analysis.conditions import (
    ConditionError,
    parse,
)
from attn_desktop.common.mode import HARD, SOFT
from attn_desktop.trace.records import RunRecord, StepRecord
from tests.analysis.condition_loops import (
    TOY,
    TRACES,
    at,
    covered,
    mean_alpha,
    where,
)
from tests.toy_records import Sizes, toy_document, toy_trace

# -- words and positions --------------------------------------------------------------------


def word_steps() -> tuple[RunRecord, list[StepRecord]]:
    """A source whose word "car" is two pieces and stands there twice."""
    trace = toy_trace(steps=4, sizes=Sizes(source=7, layers=1, heads=2))
    source = ("▁ca", "r", "▁or", "▁ca", "r", ".", "</s>")
    words = np.array([0, 0, 1, 2, 2, 3, -1])
    return replace(trace.run, source=source, words=words), list(trace.steps)


def test_a_word_is_all_pieces_of_every_such_word() -> None:
    run, steps = word_steps()
    for t, step in enumerate(steps, start=1):
        alpha = mean_alpha(step)
        assert alpha is not None
        found = parse('alpha["car"]').evaluate(run, steps, t)
        assert found == pytest.approx(sum(alpha[j] for j in (0, 1, 3, 4)))
        found = parse('coverage["car"]').evaluate(run, steps, t)
        assert found == pytest.approx(covered(steps, t, (0, 1, 3, 4)))
        # A piece that is no word has a name too, as the panels show it with words off.
        assert parse('alpha["ca"]').evaluate(run, steps, t) == pytest.approx(alpha[0] + alpha[3])
        assert parse('alpha["·r"]').evaluate(run, steps, t) == pytest.approx(alpha[1] + alpha[4])
        assert parse('alpha["</s>"]').evaluate(run, steps, t) == pytest.approx(alpha[6])


def test_the_softmax_of_joined_energies_is_the_sum_of_alpha() -> None:
    trace = toy_trace(steps=3, sizes=Sizes(source=7))
    run = replace(word_steps()[0], states=trace.run.states)
    for t, step in enumerate(trace.steps, start=1):
        assert step.cross is not None
        whole = math.log(sum(math.exp(float(e)) for e in step.cross.energies[0, 0]))
        energy = parse('energies["car"]').evaluate(run, trace.steps, t)
        assert isinstance(energy, float)
        alpha = parse('alpha["car"]').evaluate(run, trace.steps, t)
        assert math.exp(energy - whole) == pytest.approx(alpha, rel=1e-5)


def test_regions_of_a_picture_are_named_by_row_and_column() -> None:
    trace = TRACES["picture"]
    alpha = mean_alpha(trace.steps[2])
    assert alpha is not None
    assert at('alpha["r2c3"]', trace, 3) == pytest.approx(alpha[5])


def test_places_may_be_computed() -> None:
    for t in range(1, len(TOY.steps) + 1):
        assert at("alpha[argmax(alpha)]", TOY, t) == at("max(alpha)", TOY, t)
        assert at("alpha[t]", TOY, t) == (at(f"alpha[{t}]", TOY, t) if t <= 6 else None)
        assert at("alpha[t / 2]", TOY, t) is None or t % 2 == 0
        assert at("alpha[t - t]", TOY, t) is None


def test_of_a_picture_regions_are_offered() -> None:
    run = replace(TOY.run, grid=(2, 3))
    with pytest.raises(ConditionError, match="not in the source, whose regions are r1c1 to r2c3"):
        parse('alpha["cone"] > .1').check(run, TOY.steps)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ('t > 1 and alpha["wurd1"] > 1', 16, "word1"),
        ("alpha[7] > .5", 6, "there is no source position 7; they go from 1 to 6"),
        ("state[5] > .5", 6, "there is no dimension 5; they go from 0 to 4"),
        ("context(soft)[8] > .5", 14, "there is no dimension 8; they go from 0 to 7"),
        ('max(coverage - coverage["x"]) > 1', 24, "“x” is not in the source"),
        ('gate("updat") > 1', 5, "there are update, reset"),
        ('isnan(alpha["x"])', 12, "“x”"),
        ('repeated(alpha["x"])', 15, "“x”"),
        ('-alpha["x"] < 0', 7, "“x”"),
    ],
)
def test_what_a_run_does_not_have_is_found_at_its_column(
    text: str, column: int, message: str
) -> None:
    condition = parse(text)
    with pytest.raises(ConditionError, match=message.replace("[", r"\[")) as caught:
        condition.check(TOY.run, TOY.steps)
    assert caught.value.column == column
    # Other inputs may have it: here it is unknown, and stops nothing.
    if condition.is_boolean and not text.startswith("t >"):
        assert not condition.holds(TOY.run, TOY.steps).any()


def test_what_a_run_has_passes_the_check() -> None:
    for text in ('alpha["word1"] > 1', "alpha[6] + alpha[1]", "state[4]", 'gate("update")'):
        parse(text).check(TOY.run, TOY.steps)
    parse('gate("anything")').check(TOY.run)


# -- tokens ---------------------------------------------------------------------------------


def say(tokens: Sequence[str]) -> tuple[RunRecord, list[StepRecord]]:
    steps = (toy_trace(steps=12, seed=3).steps * 3)[: len(tokens)]
    befores = ("<s>", *tokens)
    return TOY.run, [
        replace(step, t=t, token=token, token_in=before)
        for t, (step, token, before) in enumerate(zip(steps, tokens, befores, strict=False), 1)
    ]


def test_tokens_are_compared_as_they_read() -> None:
    run, steps = say(["▁la", "▁rou", "ge", "▁ge", ".", "</s>"])
    assert where('token == "la"', run, steps) == [1]
    assert where('token == "▁la"', run, steps) == [1]
    assert where('token == "ge"', run, steps) == [3, 4]
    assert where('token == "·ge"', run, steps) == [3, 4]
    assert where('"</s>" == token', run, steps) == [6]
    assert where('token != "la"', run, steps) == [2, 3, 4, 5, 6]
    assert [parse("token").evaluate(run, steps, t) for t in (1, 3)] == ["la", "ge"]


def test_a_word_grows_with_its_tokens() -> None:
    run, steps = say(["▁la", "▁rou", "ge", ".", "▁l'", "au", "to", "</s>"])
    found = [parse("word").evaluate(run, steps, t) for t in range(1, 9)]
    assert found == ["la", "rou", "rouge", ".", "l'", "au", "auto", "</s>"]
    assert where('word == "rouge"', run, steps) == [3]


def test_repeats_are_counted() -> None:
    run, steps = say(["a", "a", "b", "b", "b", "▁b", "b", "b", "b", "b"])
    assert where("repeated(token)", run, steps) == [2, 4, 5, 8, 9, 10]
    assert where("repeated(token, 3)", run, steps) == [5, 9, 10]
    assert where("repeated(token, 4)", run, steps) == [10]
    assert where("repeated(token, 20)", run, steps) == []
    assert where("not repeated(token)", run, steps) == [1, 3, 6, 7]
    run, steps = say(["▁le", "▁le", "s", "▁les"])
    assert where("repeated(word)", run, steps) == [2, 4]
    run, steps = say(["a"] * 30)
    assert where("repeated(token, 20)", run, steps) == list(range(20, 31))
    assert parse("repeated(token, 20)").evaluate(run, steps, 20) is True


def test_two_tokens_that_read_the_same_are_told_apart() -> None:
    _, steps = say(["▁a"])
    soft, hard = steps[0].readings[SOFT], steps[0].readings[HARD]
    readings = {
        SOFT: replace(soft, top_tokens=("▁a", *soft.top_tokens[1:])),
        HARD: replace(hard, top_tokens=("a", *hard.top_tokens[1:])),
    }
    steps = [replace(steps[0], readings=readings)]
    assert where("token(soft) != token(hard)", TOY.run, steps) == [1]
    assert where("token(soft) == token", TOY.run, steps) == [1]
    assert where("token(hard) == token", TOY.run, steps) == []
    assert where('token(soft) == "a" and token(hard) == "a"', TOY.run, steps) == [1]


def test_edited_steps_are_known_by_their_edits() -> None:
    trace = toy_document()
    records = {step.node: step for step in trace.steps}
    path = [records[node] for node in (0, 1, 2)]
    assert where("edited", trace.run, path) == [2, 3]
    assert where("not edited", trace.run, path) == [1]
    assert where("edited == trained", trace.run, path) == [
        t for t in (1, 2, 3) if (bool(path[t - 1].edits) == path[t - 1].trained)
    ]
