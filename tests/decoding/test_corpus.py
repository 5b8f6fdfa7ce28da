from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import ARGMAX, HARD, SOFT, Mode
from attn_desktop.decoding import corpus
from attn_desktop.decoding.corpus import Output, decode_corpus, step_limit
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.base import Given
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.trace.run_tree import Choice
from tests.decoding.helpers import (
    EVERY_MODE,
    SENTENCES,
    as_checkpoint,
    ending_model,
    never_ending_model,
    plain_decode,
)

GREEDY = Choice()
SAMPLED = Choice("sampled", temperature=1.3, top_k=40, top_p=0.95, seed=5)
HARD_MODE = Mode("additive", "global", HARD)


def batched(model: Seq2Seq, texts: tuple[str, ...], mode: Mode, **more: Any) -> list[Output]:
    choice = more.pop("choice", GREEDY)
    return decode_corpus(
        model, [model.prepare(Given(text)) for text in texts], mode, choice, **more
    )


def assert_same(found: list[Output], expected: list[Output]) -> None:
    assert [output.tokens for output in found] == [output.tokens for output in expected]
    assert [output.ended for output in found] == [output.ended for output in expected]
    assert [output.log_prob for output in found] == pytest.approx(
        [output.log_prob for output in expected], abs=1e-4
    )


@pytest.mark.parametrize("mode", EVERY_MODE, ids=str)
def test_a_batch_gives_what_each_sentence_gives_alone(mode: Mode) -> None:
    model = ending_model(bias=2.0)
    texts = SENTENCES[:4]
    for choice in (GREEDY, SAMPLED):
        expected = [
            plain_decode(model, text, row, mode, choice, max_steps=7)
            for row, text in enumerate(texts)
        ]
        found = batched(model, texts, mode, choice=choice, max_steps=7)
        assert_same(found, expected)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("reading", [SOFT, HARD, ARGMAX, None])
def test_any_reading_of_a_mode(reading: str | None, cell: str) -> None:
    model = ending_model(bias=2.0, cell=cell)
    expected = [
        plain_decode(model, text, row, HARD_MODE, GREEDY, reading, 8)
        for row, text in enumerate(SENTENCES)
    ]
    assert_same(batched(model, SENTENCES, HARD_MODE, reading=reading, max_steps=8), expected)


def test_the_readings_differ_on_these_sentences() -> None:
    """Without which the test above could not tell them apart."""
    model = ending_model(bias=2.0)
    outputs = {
        tuple(o.tokens for o in batched(model, SENTENCES, HARD_MODE, reading=reading, max_steps=8))
        for reading in (SOFT, HARD, ARGMAX)
    }
    assert len(outputs) == 3


def test_without_attention_every_reading_is_the_fixed_context() -> None:
    model = ending_model()
    outputs = [
        batched(model, SENTENCES, Mode("none"), reading=reading) for reading in (SOFT, ARGMAX)
    ]
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("positions", [1, 20, 45, 8192])
def test_outputs_come_in_the_order_of_the_inputs_whatever_the_batches(
    monkeypatch: pytest.MonkeyPatch, positions: int
) -> None:
    model = ending_model(bias=2.0)
    texts = SENTENCES[::-1] + SENTENCES
    expected = [
        plain_decode(model, text, row, HARD_MODE, SAMPLED, max_steps=6)
        for row, text in enumerate(texts)
    ]
    monkeypatch.setattr(corpus, "BATCH_POSITIONS", positions)
    told: list[int] = []
    found = batched(model, texts, HARD_MODE, choice=SAMPLED, max_steps=6, on_batch=told.append)
    assert_same(found, expected)
    assert told == sorted(set(told))
    assert told[-1] == len(texts)
    assert len(told) == {1: 16, 8192: 1}.get(positions, len(told))


def test_equal_sentences_in_different_rows_are_drawn_apart() -> None:
    model = never_ending_model()
    outputs = batched(model, (SENTENCES[0],) * 12, HARD_MODE, choice=SAMPLED, max_steps=6)
    assert len({output.tokens for output in outputs}) > 6


def test_rows_that_have_ended_leave_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ending_model(bias=2.0)
    rows: list[int] = []
    step = Seq2Seq.step

    def counted(self: Seq2Seq, memory: Any, state: Any, previous: Any, *rest: Any) -> Any:
        assert len(memory.states) == len(memory.mask) == len(previous) == len(state.hidden)
        rows.append(len(previous))
        return step(self, memory, state, previous, *rest)

    monkeypatch.setattr(Seq2Seq, "step", counted)
    outputs = batched(model, SENTENCES, Mode(), max_steps=30)
    lengths = [len(output.tokens) + output.ended for output in outputs]
    assert len(set(lengths)) > 2
    assert rows == [sum(length >= t for length in lengths) for t in range(1, max(lengths) + 1)]


def test_an_output_that_does_not_end_is_cut_off_at_its_own_limit() -> None:
    model = never_ending_model()
    outputs = batched(model, SENTENCES, Mode())
    limits = [step_limit(model, len(model.prepare(Given(text)).labels)) for text in SENTENCES]
    assert len(set(limits)) > 2
    assert [len(output.tokens) for output in outputs] == limits
    assert not any(output.ended for output in outputs)
    assert {len(output.tokens) for output in batched(model, SENTENCES, Mode(), max_steps=3)} == {3}


def test_nothing_to_decode_is_nothing() -> None:
    assert batched(ending_model(), (), Mode()) == []


def test_a_mode_that_the_model_does_not_have_is_refused() -> None:
    model = ending_model(scores=("dot",), trained_modes=("dot",))
    with pytest.raises(InputError, match="no score 'additive'"):
        batched(model, SENTENCES, Mode())


def test_decoding_leaves_the_random_state_alone() -> None:
    before = torch.random.get_rng_state()
    batched(ending_model(), SENTENCES, HARD_MODE, choice=SAMPLED, max_steps=4)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("mode", [Mode("dot"), HARD_MODE, Mode("none")], ids=str)
def test_where_each_step_looked_is_kept(mode: Mode) -> None:
    model = ending_model(bias=2.0)
    texts = SENTENCES[:3]
    found = batched(model, texts, mode, looks=True, max_steps=5)
    assert [output.tokens for output in found] == [
        output.tokens for output in batched(model, texts, mode, max_steps=5)
    ]
    for row, (text, output) in enumerate(zip(texts, found, strict=True)):
        if not mode.attends:
            assert output.looks is None
            continue
        stepper = Stepper(as_checkpoint(model), text)
        assert output.looks is not None
        position = stepper.start
        for t, alpha in enumerate(output.looks.alpha):
            record, position = stepper.step(position, t, mode, GREEDY)
            assert record.cross is not None
            if row == 0:  # draws are those of row 0
                np.testing.assert_allclose(alpha, record.cross.alpha[0, 0], atol=1e-5)
                if mode.weighting == HARD:
                    assert output.looks.sampled is not None
                    assert output.looks.sampled[t] == record.cross.sampled[0, 0]
        assert (output.looks.sampled is None) == (mode.weighting != HARD)
