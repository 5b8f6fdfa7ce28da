"""The question answerer: glimpses, answers, and what it makes of questions."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest
import torch

from attn_desktop.common.errors import CheckpointError, InputError
from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.families.base import Given
from attn_desktop.families.cells import State
from attn_desktop.families.checkpoint import load_checkpoint
from attn_desktop.families.vqa import MAX_WORDS, Vqa
from attn_desktop.inputs.words import UNKNOWN_ID, WordCodec
from tests.attention import reference
from tests.toy_seers import TOY_ANSWERS, TOY_QUESTIONS, toy_picture, toy_vqa, toy_vqa_checkpoint

PICTURE = toy_picture()


def test_the_question_is_the_first_query_and_the_regions_are_the_source() -> None:
    model = toy_vqa()
    prepared = model.prepare(Given(TOY_QUESTIONS[0], PICTURE))
    assert prepared.text == TOY_QUESTIONS[0]
    assert prepared.grid == (4, 4)
    assert len(prepared.labels) == 16
    memory = model.encode([prepared.inputs])
    words = torch.tensor([model.question_codec.encode(TOY_QUESTIONS[0])])
    _, last = model.question_encoder(model.question_embedding(words))
    assert memory.question is not None
    torch.testing.assert_close(memory.question[:, : model.config.state_size], last[0])
    other = model.encode([model.prepare(Given(TOY_QUESTIONS[1], PICTURE)).inputs])
    assert torch.equal(other.states, memory.states)
    assert not torch.allclose(model.start(other).hidden, model.start(memory).hidden)


def test_questions_of_different_lengths_share_a_batch() -> None:
    model = toy_vqa()
    given = [Given(text, toy_picture(i)) for i, text in enumerate((*TOY_QUESTIONS, "why"))]
    inputs = [model.prepare(each).inputs for each in given]
    together = model.encode(inputs)
    assert together.question is not None
    for row, one in enumerate(inputs):
        alone = model.encode([one])
        assert alone.question is not None
        torch.testing.assert_close(together.question[row], alone.question[0])
        torch.testing.assert_close(together.states[row], alone.states[0])
    order = torch.tensor([2, 0, 0])
    chosen = together.rows(order)
    assert chosen.question is not None
    assert torch.equal(chosen.question, together.question[order])
    repeated = model.encode(inputs[:1]).repeated(3)
    assert repeated.question is not None
    assert repeated.question.shape == (3, 10 + 2 * 6)


def test_each_glimpse_reads_the_question_in_its_own_way() -> None:
    """q_t = s_{t−1} + W_q Σ_i β_ti x_i in plain float64, padding beside it or not."""
    model = toy_vqa()
    texts = (TOY_QUESTIONS[0], f"{TOY_QUESTIONS[0]} {TOY_QUESTIONS[1]}")
    inputs = [model.prepare(Given(text, PICTURE)).inputs for text in texts]
    memory = model.encode(inputs)
    words = model.question_embedding(torch.tensor([inputs[0].question.tolist()]))
    states, _ = model.question_encoder(words)
    state = model.start(memory).hidden
    found = []
    for t in (1, 2):
        key, bias = model.read.weight[t - 1].tolist(), float(model.read.bias[t - 1])
        scores = [reference.dot(key, w) + bias for w in states[0].tolist()]
        exps = [math.exp(score) for score in scores]
        read = [
            sum(e / sum(exps) * x[i] for e, x in zip(exps, words[0].tolist(), strict=True))
            for i in range(model.config.embedding_size)
        ]
        asked = reference.product(model.ask.weight.tolist(), read)
        wanted = [a + b for a, b in zip(state[0].tolist(), asked, strict=True)]
        query = model.query(memory, state, model.embed(torch.tensor([1, 1])), t)
        assert query[0].tolist() == pytest.approx(wanted, abs=1e-5)
        found.append(query[0])
    assert not torch.allclose(found[0], found[1])


def test_each_glimpse_looks_with_the_state_that_the_last_one_left() -> None:
    model = toy_vqa()
    memory = model.encode([model.prepare(Given(TOY_QUESTIONS[1], PICTURE)).inputs])
    first, state = model.start(memory), model.start(memory)
    nothing = model.embed(torch.tensor([model.start_id]))
    assert nothing.shape == (1, 0)
    looks = []
    for t in (1, 2):
        stepped = model.step(memory, state, nothing, Mode(), t, torch.zeros(1))
        query = model.query(memory, state.hidden, nothing, t)
        alone = model.attention(memory, query, Mode(), t, torch.zeros(1))
        assert stepped.attended.alpha is not None
        assert torch.equal(stepped.attended.alpha, alone.alpha)
        reading = stepped.readings[SOFT]
        following, gates = model.cell(reading.context, state)
        torch.testing.assert_close(reading.state.hidden, following.hidden)
        assert set(reading.gates) == set(gates) == {"reset", "update", "candidate"}
        state = reading.state
        looks.append(stepped.attended.alpha)
    assert not torch.equal(*looks)
    assert not torch.equal(first.hidden, state.hidden)


def test_it_begins_with_units_that_keep_the_question_and_units_that_know_places() -> None:
    config = msgspec.structs.replace(toy_vqa().config, state_size=32)
    model = Vqa(config, toy_vqa().question_codec, toy_vqa().answer_codec)
    kept, places = slice(32 - 4 - 8, 32 - 4), slice(32 - 4, 32)
    state = State(torch.rand(3, 32) * 2 - 1)
    contexts = torch.randn(3, config.vision.annotation_size)
    moved = contexts.clone()
    moved[:, :-2] += 1
    with torch.no_grad():
        first, second = (model.cell(context, state)[0].hidden for context in (contexts, moved))
        further = model.cell(contexts + 1, state)[0].hidden
    torch.testing.assert_close(first[:, kept], state.hidden[:, kept], atol=6e-3, rtol=0)
    assert torch.equal(first[:, places], second[:, places])
    assert not torch.allclose(first[:, places], further[:, places])
    assert not torch.allclose(first[:, : kept.start], second[:, : kept.start])


def test_the_answer_before_is_never_read() -> None:
    model = toy_vqa()
    memory = model.encode([model.prepare(Given(TOY_QUESTIONS[0], PICTURE)).inputs])
    state = model.start(memory)
    tokens = torch.tensor([[model.start_id], [7]])
    one, other = (
        model.step(memory, state, model.embed(t), Mode(), 2, torch.zeros(1)) for t in tokens
    )
    for name in (SOFT, HARD):
        assert torch.equal(one.readings[name].state.hidden, other.readings[name].state.hidden)


def test_it_ends_after_its_glimpses_whatever_the_answer() -> None:
    for glimpses in (1, 2, 5):
        model = toy_vqa(glimpses=glimpses)
        ends = [model.ends(7, t) for t in range(1, 8)]
        assert ends == [t >= glimpses for t in range(1, 8)]
        assert model.usual_steps(16) == glimpses


def test_an_answer_is_one_token_and_the_last_one_counts() -> None:
    model = toy_vqa()
    (yes,), (there,) = model.tokenize(" YES"), model.tokenize("not there")
    assert model.token_label(there) == "▁not there"
    assert model.detokenize([there, yes]) == "yes"
    assert model.detokenize([yes, there]) == "not there"
    assert model.detokenize([]) == ""
    with pytest.raises(
        InputError, match=f"'zebra' is none of the answers: {', '.join(TOY_ANSWERS)}$"
    ):
        model.tokenize("zebra")
    assert model.token_label(UNKNOWN_ID) == "▁<unk>"
    assert {model.start_id, model.end_id, UNKNOWN_ID} <= set(model.never_chosen)


def test_many_answers_are_not_all_named(tmp_path: Path) -> None:
    model = toy_vqa()
    model.answer_codec = WordCodec.of_words([f"answer{i}" for i in range(30)])
    with pytest.raises(InputError, match=r"answer0, .*answer19 and 10 more$"):
        model.tokenize("zebra")


def test_words_never_seen_are_unknown_but_no_words_are_refused() -> None:
    model = toy_vqa()
    prepared = model.prepare(Given("What ZEBRA? Zebra, what unicorn!", PICTURE))
    assert prepared.unknown == ("zebra", "unicorn")
    assert model.prepare(Given("what?", PICTURE)).unknown == ()
    asked = model.prepare(Given("What ZEBRA?", PICTURE)).inputs
    known = model.question_codec.encode("what")[0]
    assert asked.question.tolist() == [known, UNKNOWN_ID, model.question_codec.encode("?")[0]]
    for text in ("What, ZEBRA?", "What… (zebra) ?"):
        assert (
            model.prepare(Given(text, PICTURE)).inputs.question.tolist() == asked.question.tolist()
        )
    with pytest.raises(InputError, match="no word that the model could read"):
        model.prepare(Given("…!", PICTURE))
    for text in ("", "  \n"):
        with pytest.raises(InputError, match="picture and a question; ask at least one word"):
            model.prepare(Given(text, PICTURE))
    with pytest.raises(InputError, match=f"101 words; it may have {MAX_WORDS}"):
        model.prepare(Given("why " * 101, PICTURE))
    with pytest.raises(InputError, match="lone surrogate"):
        model.prepare(Given("why \ud800", PICTURE))
    with pytest.raises(InputError, match="picture and a question; give an image file"):
        model.prepare(Given("why"))


def test_it_is_written_to_a_folder_and_read_back(tmp_path: Path) -> None:
    checkpoint = toy_vqa_checkpoint(tmp_path)
    assert checkpoint.info.takes == ("picture", "question")
    names = {path.name for path in tmp_path.glob("*.tokenizer.json")}
    assert names == {"question.tokenizer.json", "answer.tokenizer.json"}
    WordCodec.of_words(["yes"]).save(tmp_path / "answer.tokenizer.json")
    with pytest.raises(CheckpointError, match="answer_vocabulary 11"):
        load_checkpoint(tmp_path)
