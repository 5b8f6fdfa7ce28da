"""The captioner against its formulas, its words and its folder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from attn_desktop.attention.weighting import soft_context
from attn_desktop.common.errors import CheckpointError, InputError
from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.families.base import Given
from attn_desktop.families.captioner import Captioner, CaptionerConfig, Forgetting
from attn_desktop.families.checkpoint import load_checkpoint
from attn_desktop.inputs.words import UNKNOWN_ID, WordCodec
from tests.attention import reference
from tests.toy_seers import TOY_CAPTIONS, toy_captioner, toy_captioner_checkpoint, toy_picture

GIVEN = Given(picture=toy_picture())


def test_s_0_is_made_of_the_mean_annotation() -> None:
    model = toy_captioner()
    memory = model.encode([model.prepare(GIVEN).inputs])
    mean = memory.states[0].double().mean(dim=0).tolist()
    rows = reference.product(model.bridge.weight.tolist(), mean)
    expected = [math.tanh(x + b) for x, b in zip(rows, model.bridge.bias.tolist(), strict=True)]
    state = model.start(memory)
    assert state.hidden[0].tolist() == pytest.approx(expected, abs=1e-5)
    assert state.cell is not None
    assert not state.cell.any()


@pytest.mark.parametrize(("of_annotations", "same"), [(None, False), (0.0, True)])
def test_annotations_may_have_a_dropout_of_their_own(
    of_annotations: float | None, same: bool
) -> None:
    model = toy_captioner(dropout=0.5, annotation_dropout=of_annotations).train()
    square = model.prepare(GIVEN).inputs
    torch.manual_seed(1)
    one, other = (model.encode([square]).states for _ in range(2))
    assert torch.equal(one, other) is same
    words = torch.arange(5)
    assert not torch.equal(model.embed(words), model.embed(words))


def test_a_step_gates_the_context_before_the_cell_and_records_it_before_the_gate() -> None:
    """Xu et al. 2015, equations 1 to 3 and section 4.2.1, in plain float64."""
    model = toy_captioner()
    memory = model.encode([model.prepare(GIVEN).inputs])
    state = model.start(memory)
    token = model.tokenize("red")[0]
    previous = model.embed(torch.tensor([token]))
    stepped = model.step(memory, state, previous, Mode(), 2, torch.tensor([0.3]))
    reading = stepped.readings[SOFT]
    assert stepped.attended.alpha is not None
    torch.testing.assert_close(reading.context, soft_context(stepped.attended.alpha, memory.states))

    s, h = state.hidden[0].tolist(), reading.context[0].tolist()
    (logit,) = reference.product(model.gate.weight.tolist(), s)
    beta = 1 / (1 + math.exp(-logit - float(model.gate.bias)))
    assert reading.gates["beta"].shape == (1, 1)
    assert float(reading.gates["beta"]) == pytest.approx(beta, abs=1e-5)
    x = [*previous[0].tolist(), *(beta * value for value in h)]
    total = [
        a + b + c + d
        for a, b, c, d in zip(
            reference.product(model.cell.weight_ih.tolist(), x),
            model.cell.bias_ih.tolist(),
            reference.product(model.cell.weight_hh.tolist(), s),
            model.cell.bias_hh.tolist(),
            strict=True,
        )
    ]
    size = len(s)
    sigmoid = [1 / (1 + math.exp(-value)) for value in total]
    cell = [sigmoid[i] * math.tanh(total[2 * size + i]) for i in range(size)]  # it was 0 before
    hidden = [sigmoid[3 * size + i] * math.tanh(cell[i]) for i in range(size)]
    assert reading.state.hidden[0].tolist() == pytest.approx(hidden, abs=1e-4)

    joined = [*hidden, *h, *previous[0].tolist()]
    deep = [
        math.tanh(value + bias)
        for value, bias in zip(
            reference.product(model.deep_output.weight.tolist(), joined),
            model.deep_output.bias.tolist(),
            strict=True,
        )
    ]
    logits = reference.product(model.target_embedding.weight.tolist(), deep)
    expected = [a + b for a, b in zip(logits, model.output_bias.tolist(), strict=True)]
    found = model.readout(reading.state.hidden, reading.context, previous)
    assert found[0].tolist() == pytest.approx(expected, abs=1e-4)


def test_a_closed_gate_keeps_the_picture_out_of_the_state_and_not_out_of_the_word() -> None:
    model = toy_captioner()
    model.gate.bias.fill_(-1e4)
    memory = model.encode([model.prepare(GIVEN).inputs])
    state, previous = model.start(memory), model.embed(torch.tensor([5]))
    stepped = model.step(memory, state, previous, Mode("dot"), 1, torch.tensor([0.7]))
    soft, hard = stepped.readings[SOFT], stepped.readings[HARD]
    assert not torch.equal(soft.context, hard.context)
    torch.testing.assert_close(soft.state.hidden, hard.state.hidden)
    first, second = (model.readout(r.state.hidden, r.context, previous) for r in (soft, hard))
    assert not torch.allclose(first, second)


def test_attention_asks_with_the_state_and_the_word_before_it() -> None:
    """Bahdanau's score of q_t = s_{t−1} + W y_{t−1}, in plain float64; it depends on the word."""
    model = toy_captioner()
    assert model.ask is not None
    memory = model.encode([model.prepare(GIVEN).inputs])
    state, energies = model.start(memory), []
    score = model.attention.score("additive")
    for word in ("red", "blue"):
        previous = model.embed(torch.tensor(model.tokenize(word)))
        words = reference.product(model.ask.weight.tolist(), previous[0].tolist())
        query = [a + b for a, b in zip(state.hidden[0].tolist(), words, strict=True)]
        stepped = model.step(memory, state, previous, Mode(), 2, torch.tensor([0.3]))
        assert stepped.attended.energies is not None
        wanted = score(torch.tensor([query]), score.prepare(memory.states))
        torch.testing.assert_close(stepped.attended.energies, wanted, atol=1e-5, rtol=1e-5)
        energies.append(wanted)
    assert not torch.allclose(energies[0], energies[1])


def test_attention_asks_with_the_state_alone_where_the_config_says_so() -> None:
    model = toy_captioner(word_query=False)
    config = model.config
    memory = model.encode([model.prepare(GIVEN).inputs])
    state = torch.randn(1, config.decoder_size)
    assert model.query(memory, state, torch.randn(1, config.embedding_size), 1) is state
    assert model.query_formula == ""
    assert "ask.weight" not in dict(model.named_parameters())


def test_without_attention_every_step_has_the_fixed_context() -> None:
    model = toy_captioner()
    memory = model.encode([model.prepare(GIVEN).inputs])
    previous = model.embed(torch.tensor([5]))
    stepped = model.step(memory, model.start(memory), previous, Mode("none"), 1, torch.zeros(1))
    assert torch.equal(stepped.readings[SOFT].context, memory.fixed_context)
    assert stepped.attended.alpha is None
    assert "beta" in stepped.readings[SOFT].gates


def test_captions_are_words() -> None:
    model = toy_captioner()
    ids = model.tokenize(TOY_CAPTIONS[0])
    assert model.detokenize([*ids, model.end_id]) == TOY_CAPTIONS[0]
    assert model.token_label(ids[1]) == "▁red"
    assert UNKNOWN_ID in model.never_chosen
    with pytest.raises(InputError, match="'zebra': not among"):
        model.tokenize("a zebra")
    with pytest.raises(InputError, match="the text is empty"):
        model.tokenize("  ")
    assert model.usual_steps(16) == model.config.longest_caption


def test_the_same_picture_array_gives_the_same_bits() -> None:
    model, picture = toy_captioner(), toy_picture(4, 50, 31)
    kept = picture.copy()
    kept.setflags(write=False)
    first, second = (
        model.encode([model.prepare(Given(picture=array)).inputs]) for array in (picture, kept)
    )
    assert torch.equal(first.states, second.states)
    assert torch.equal(first.fixed_context, second.fixed_context)


def test_gradients_reach_everything_that_a_mode_uses() -> None:
    model = toy_captioner().requires_grad_(True).train()
    torch.manual_seed(0)
    memory = model.encode([model.prepare(GIVEN).inputs])
    state, loss = model.start(memory), torch.zeros(())
    for t, mode in enumerate((Mode("additive", "local-p"), Mode("general"), Mode("none")), start=1):
        previous = model.embed(torch.tensor([5]))
        stepped = model.step(memory, state, previous, mode, t, torch.zeros(1), (SOFT,))
        state = stepped.readings[SOFT].state
        loss = loss + model.readout(state.hidden, stepped.readings[SOFT].context, previous)[0, 7]
    loss.backward()  # type: ignore[no-untyped-call]
    unused = ("attention.scores.", "attention.scopes.local-m")
    for name, parameter in model.named_parameters():
        if name.startswith(unused) and not name.startswith("attention.scores.additive"):
            continue
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_it_is_written_to_a_folder_and_read_back(tmp_path: Path) -> None:
    checkpoint = toy_captioner_checkpoint(tmp_path / "toy")
    assert checkpoint.info.takes == ("picture",)
    assert checkpoint.info.fixed_expression == "W [h̄_1; …; h̄_16] + b"
    names = {path.name for path in (tmp_path / "toy").iterdir()}
    assert names == {"config.json", "weights.safetensors", "target.tokenizer.json"}
    again = load_checkpoint(tmp_path / "toy")
    inputs = [checkpoint.model.prepare(GIVEN).inputs]
    assert torch.equal(again.model.encode(inputs).states, checkpoint.model.encode(inputs).states)
    codec = WordCodec.of_texts([*TOY_CAPTIONS, "and one more word"])
    codec.save(tmp_path / "toy" / "target.tokenizer.json")
    with pytest.raises(CheckpointError, match=r"target\.tokenizer\.json: has \d+ pieces, but conf"):
        load_checkpoint(tmp_path / "toy")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scores": ["sum"]}, "unknown score 'sum'"),
        ({"scores": ["dot"], "decoder_size": 7, "projection_size": None}, "one size"),
        ({"trained_modes": ["additive/local-m"]}, "local-m.*regions of a picture"),
        ({"vision": {"side": 17}}, r"no multiple of 8.*\$\.vision"),
        ({"vision": {"side": 10**9}}, r"\$\.vision\.side"),
        ({"target_vocabulary": 4}, "target_vocabulary"),
    ],
)
def test_a_config_that_cannot_be_is_refused_by_its_file(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    toy_captioner_checkpoint(tmp_path)
    path = tmp_path / "config.json"
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | changes))
    with pytest.raises(CheckpointError, match=reason) as error:
        load_checkpoint(tmp_path)
    assert str(path) in str(error.value)


def test_weights_survive_half_precision() -> None:
    """A fresh model with eyes of the shipped size, in float16 and back: nearly the same."""
    config = CaptionerConfig(
        family="captioner",
        language="English",
        target_vocabulary=len(WordCodec.of_texts(TOY_CAPTIONS)),
        embedding_size=32,
        decoder_size=64,
        projection_size=16,
        scores=("additive",),
        trained_modes=("additive",),
    )
    torch.manual_seed(0)
    model = Captioner(config, WordCodec.of_texts(TOY_CAPTIONS)).eval().requires_grad_(False)
    inputs = [model.prepare(Given(picture=toy_picture(1, 90, 70))).inputs]
    before = model.encode(inputs).states
    for parameter in model.parameters():
        parameter.copy_(parameter.half().float())
    after = model.encode(inputs).states
    assert float((after - before).abs().max()) < 0.02 * float(before.abs().max())
    assert np.isfinite(after.numpy()).all()


def test_a_state_that_forgets_is_told_where_but_not_what() -> None:
    torch.manual_seed(0)
    contexts = torch.randn(4000, 6)
    forget = Forgetting(0.8)
    assert torch.equal(forget.eval()(contexts), contexts)
    told = forget.train()(contexts)
    assert torch.equal(told[:, -2:], contexts[:, -2:])
    knows = (told[:, :-2] == contexts[:, :-2]).all(dim=1)
    assert not told[~knows, :-2].any()
    assert float(knows.float().mean()) == pytest.approx(0.2, abs=4 * (0.8 * 0.2 / 4000) ** 0.5)
    assert torch.equal(Forgetting(0.0).train()(contexts), contexts)
