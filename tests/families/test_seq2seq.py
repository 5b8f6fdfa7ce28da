"""The encoder, one decoding step and the readout of the seq2seq family."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from attn_desktop.attention.attend import Memory
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import ARGMAX, HARD, NO_ATTENTION, SOFT, Mode
from attn_desktop.families.base import Given, Stepped
from attn_desktop.families.cells import State
from attn_desktop.families.seq2seq import Seq2Seq, Seq2SeqConfig
from attn_desktop.inputs.text import END, END_ID, MAX_PIECES
from tests.attention import reference
from tests.toy_models import TOY_SENTENCES, dedicated, toy_codecs, toy_model

TEXTS = ("Where is the station?", "dog", "A man walks on the beach with his dog.")
CELLS = ("gru", "lstm")


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def ids_of(model: Seq2Seq, texts: tuple[str, ...] = TEXTS) -> list[NDArray[np.int64]]:
    return [model.prepare(Given(text)).inputs for text in texts]


def uniform(rows: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(rows, dtype=torch.float64, generator=generator)


def same(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-12)


def same_state(actual: State, expected: State) -> None:
    same(actual.hidden, expected.hidden)
    assert (actual.cell is None) == (expected.cell is None)
    if actual.cell is not None and expected.cell is not None:
        same(actual.cell, expected.cell)


# -- input ----------------------------------------------------------------------------------


def test_an_input_ends_with_a_position_of_its_own() -> None:
    prepared = toy_model().prepare(Given("The red car"))
    assert prepared.labels[-1] == END
    assert prepared.inputs[-1] == END_ID
    assert prepared.words[-1] == -1
    assert prepared.spans[-1].tolist() == [11, 11]
    assert prepared.words[:-1].max() == 2


@pytest.mark.parametrize("text", ["", " ", "\n\t  ", "\u3000\u00a0", "\u2028"])
def test_blank_text_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="the text is empty; give at least one word"):
        toy_model().prepare(Given(text))


def test_a_text_may_have_512_pieces_and_no_more() -> None:
    model = toy_model()
    # A byte piece each, and the ▁ at the start.
    assert len(model.prepare(Given("\x00" * (MAX_PIECES - 1))).labels) == MAX_PIECES + 1
    with pytest.raises(InputError, match="the text has 513 pieces, the longest allowed is 512"):
        model.prepare(Given("\x00" * MAX_PIECES))


def test_tokens_become_text_again() -> None:
    model = toy_model()
    tokens = toy_codecs()[1].encode("Où est la gare ?").ids.tolist()
    assert model.detokenize([*tokens, END_ID]) == "Où est la gare ?"
    assert model.token_label(END_ID) == END


# -- encoder --------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_a_padded_batch_encodes_as_its_rows_alone(cell: str) -> None:
    model = toy_model(cell=cell).double()
    inputs = ids_of(model)
    together = model.encode(inputs)
    assert together.mask.sum(dim=1).tolist() == [len(ids) for ids in inputs]
    for row, ids in enumerate(inputs):
        alone = model.encode([ids])
        assert bool(alone.mask.all())
        same(together.states[row, : len(ids)], alone.states[0])
        same(together.fixed_context[row], alone.fixed_context[0])
        same_state(model.start(together).rows(torch.tensor([row])), model.start(alone))


@pytest.mark.parametrize("cell", CELLS)
def test_the_fixed_context_is_the_end_of_each_direction(cell: str) -> None:
    model = toy_model(cell=cell)
    size = model.config.encoder_size
    memory = model.encode(ids_of(model))
    for row, length in enumerate(memory.mask.sum(dim=1).tolist()):
        forward_end = memory.states[row, length - 1, :size]
        backward_end = memory.states[row, 0, size:]
        expected = torch.cat([forward_end, backward_end])  # [→h_S; ←h_1]
        torch.testing.assert_close(memory.fixed_context[row], expected)


def test_a_source_of_one_position() -> None:
    memory = toy_model().encode([np.array([END_ID])])
    torch.testing.assert_close(memory.states[:, 0], memory.fixed_context)


# -- step -----------------------------------------------------------------------------------

MODES = [
    Mode(NO_ATTENTION),
    *(Mode(score, scope) for score in ("additive", "location") for scope in ("global", "local-p")),
    Mode("dot", "local-m", HARD),
]


def begin(model: Seq2Seq) -> tuple[Memory, State, Tensor]:
    memory = model.encode(ids_of(model))
    return memory, model.start(memory), model.embed(torch.tensor([model.start_id, 300, 40]))


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_readings_of_one_step_equal_each_alone(cell: str, mode: Mode) -> None:
    model = toy_model(cell=cell).double()
    memory, state, previous = begin(model)
    draw = uniform(3)
    weightings = (SOFT, HARD, ARGMAX)
    together = model.step(memory, state, previous, mode, 2, draw, weightings)
    if not mode.attends:
        assert list(together.readings) == [SOFT]
        assert torch.equal(together.readings[SOFT].context, memory.fixed_context)
        return
    assert tuple(together.readings) == weightings
    for name in weightings:
        alone = model.step(memory, state, previous, mode, 2, draw, (name,))
        assert list(alone.readings) == [name]
        ours, theirs = together.readings[name], alone.readings[name]
        assert torch.equal(ours.context, theirs.context)
        same_state(ours.state, theirs.state)
        assert ours.gates.keys() == theirs.gates.keys()
        for gate, values in ours.gates.items():
            same(values, theirs.gates[gate])


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_rows_of_a_step_equal_each_alone(mode: Mode) -> None:
    model = toy_model().double()
    memory, state, previous = begin(model)
    draw = uniform(3)
    together = model.step(memory, state, previous, mode, 3, draw)
    for row, ids in enumerate(ids_of(model)):
        own = torch.tensor([row])
        alone = model.step(model.encode([ids]), state.rows(own), previous[own], mode, 3, draw[own])
        for name, reading in alone.readings.items():
            same(together.readings[name].context[own], reading.context)
            same_state(together.readings[name].state.rows(own), reading.state)


@pytest.mark.parametrize("cell", CELLS)
def test_the_mode_may_change_between_any_two_steps(cell: str) -> None:
    """A run through all modes equals each step recomputed from nothing but its state."""
    model = toy_model(cell=cell).double()
    modes = [*MODES, *(Mode(score) for score in model.attention.scores), *reversed(MODES)]
    memory, state, previous = begin(model)
    steps: list[tuple[State, Mode, Stepped]] = []
    for t, mode in enumerate(modes, start=1):
        stepped = model.step(memory, state, previous, mode, t, uniform(3, t))
        steps.append((state, mode, stepped))
        state = stepped.readings[mode.weighting].state
    for t, (before, mode, stepped) in enumerate(steps, start=1):
        fresh = model.encode(ids_of(model))
        again = model.step(fresh, before, previous, mode, t, uniform(3, t))
        assert torch.equal(
            again.readings[mode.weighting].state.hidden,
            stepped.readings[mode.weighting].state.hidden,
        )
        if mode.attends:
            assert stepped.attended.alpha is not None
            assert again.attended.alpha is not None
            assert torch.equal(again.attended.alpha, stepped.attended.alpha)


def linear(layer: nn.Linear, vector: list[float]) -> list[float]:
    rows = reference.product(layer.weight.tolist(), vector)
    biases = layer.bias.tolist()
    return [x + bias for x, bias in zip(rows, biases, strict=True)]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_a_whole_step_of_dedicated_additive_attention_equals_the_plain_loop() -> None:
    """Bahdanau et al. 2015: e, α, c, the GRU and p(y_t), from h_j and s_0 on, in plain floats."""
    model = toy_model(**dedicated("additive")).double()
    memory = model.encode(ids_of(model, TEXTS[:1]))
    states = memory.states[0].tolist()
    token = 300
    y = model.target_embedding.weight[token].tolist()
    weights = {
        name: value.tolist()
        for name, value in model.attention.get_submodule("scores.additive.score")
        .state_dict()
        .items()
    }
    cell = {name: value.tolist() for name, value in model.cell.state_dict().items()}
    size = model.config.decoder_size

    s = [math.tanh(x) for x in linear(model.bridge, memory.fixed_context[0].tolist())]
    for t in (1, 2):
        alpha = reference.alpha(reference.energies("additive", s, states, weights), len(states))
        c = reference.context(alpha, states)
        from_x = reference.product(cell["weight_ih"], y + c)
        from_s = reference.product(cell["weight_hh"], s)
        x = [a + b for a, b in zip(from_x, cell["bias_ih"], strict=True)]
        h = [a + b for a, b in zip(from_s, cell["bias_hh"], strict=True)]
        following = []
        for i in range(size):
            reset, update = sigmoid(x[i] + h[i]), sigmoid(x[size + i] + h[size + i])
            candidate = math.tanh(x[2 * size + i] + reset * h[2 * size + i])
            following.append((1 - update) * candidate + update * s[i])
        hidden = [math.tanh(v) for v in linear(model.deep_output, following + c + y)]
        logits = [
            reference.inner(row, hidden) + bias
            for row, bias in zip(
                model.target_embedding.weight.tolist(), model.output_bias.tolist(), strict=True
            )
        ]

        before = State(torch.tensor([s], dtype=torch.float64))
        if t == 1:
            same_state(model.start(memory), before)
        previous = model.embed(torch.tensor([token]))
        stepped = model.step(memory, before, previous, Mode("additive"), t, uniform(1), (SOFT,))
        reading = stepped.readings[SOFT]
        assert stepped.attended.alpha is not None
        same(stepped.attended.alpha[0], torch.tensor(alpha, dtype=torch.float64))
        same(reading.context[0], torch.tensor(c, dtype=torch.float64))
        same(reading.state.hidden[0], torch.tensor(following, dtype=torch.float64))
        same(
            model.readout(reading.state.hidden, reading.context, previous)[0],
            torch.tensor(logits, dtype=torch.float64),
        )
        s = following


@pytest.mark.parametrize(
    "score", ["cosine", "additive", "location", "general", "dot", "scaled-dot"]
)
def test_a_dedicated_model_has_one_score_and_no_projection(score: str) -> None:
    model = toy_model(**dedicated(score))
    assert list(model.attention.scores) == [score]
    assert not any("projection" in name for name in model.state_dict())
    memory, state, previous = begin(model)
    stepped = model.step(memory, state, previous, Mode(score), 1, uniform(3))
    assert list(stepped.readings) == [SOFT, HARD]
    with pytest.raises(InputError, match=f"it has: {score}, none"):
        model.check_mode(Mode("additive" if score == "dot" else "dot"))


# -- training mode ----------------------------------------------------------------------------


def run_once(model: Seq2Seq) -> Tensor:
    memory, state, previous = begin(model)
    reading = model.step(memory, state, previous, Mode(), 1, uniform(3), (SOFT,)).readings[SOFT]
    return model.readout(reading.state.hidden, reading.context, previous)


def test_dropout_acts_in_training_only() -> None:
    model = toy_model(dropout=0.5)
    assert torch.equal(run_once(model), run_once(model))
    plain = run_once(toy_model(dropout=0.0))
    assert torch.equal(run_once(model), plain)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model.train()
        assert not torch.allclose(run_once(model), plain)
        assert not torch.allclose(run_once(model), run_once(model))
        undropped = toy_model(dropout=0.0).train()
        torch.testing.assert_close(run_once(undropped), plain)


def test_annotations_lose_the_same_features_at_every_position() -> None:
    model = toy_model(dropout=0.5).train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        memory = model.encode(ids_of(model, TEXTS[2:]))
    dropped = memory.states[0] == 0
    assert 0 < int(dropped[0].sum()) < dropped.shape[1]
    assert torch.equal(dropped, dropped[:1].expand_as(dropped))


def test_gradients_reach_every_weight() -> None:
    model = toy_model().train()
    with torch.enable_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        memory, state, previous = begin(model)
        total = torch.zeros(())
        for score in model.attention.scores:
            mode = Mode(score, "local-p")
            stepped = model.step(memory, state, previous, mode, 1, uniform(3), (SOFT,))
            reading = stepped.readings[SOFT]
            logits = model.readout(reading.state.hidden, reading.context, previous)
            total = total + logits.logsumexp(dim=1).sum()
        total.backward()  # type: ignore[no-untyped-call]
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.any(), name


def test_the_seed_alone_decides_a_toy() -> None:
    """What other tests rely on."""
    before = torch.random.get_rng_state()
    first, again, other = toy_model(1), toy_model(1), toy_model(2)
    assert torch.equal(torch.random.get_rng_state(), before)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
        assert not torch.equal(tensor, other.state_dict()[name]), name
    assert isinstance(first.config, Seq2SeqConfig)
    assert msgspec.convert(msgspec.to_builtins(first.config), Seq2SeqConfig) == first.config
    assert all(first.prepare(Given(english)).inputs.size for english, _ in TOY_SENTENCES)
