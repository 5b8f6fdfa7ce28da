"""Cells with visible gates against the library's cells with the same weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from attn_desktop.families.cells import CELLS, Cell, State

INPUT, HIDDEN, ROWS = 5, 4, 3


def draw(*shape: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def build(name: str, library: nn.Module) -> Cell:
    cell = CELLS[name](INPUT, HIDDEN).double()
    cell.load_state_dict(library.double().state_dict())
    return cell


def test_the_gru_is_the_library_one() -> None:
    library = nn.GRUCell(INPUT, HIDDEN)
    cell = build("gru", library)
    state = cell.start(draw(ROWS, HIDDEN, seed=0))
    expected = state.hidden
    for t in range(3):
        inputs = draw(ROWS, INPUT, seed=t + 1)
        before = state.hidden
        state, gates = cell(inputs, state)
        expected = library(inputs, expected)
        torch.testing.assert_close(state.hidden, expected)
        # Cho et al. 2014: s_t = z ∘ s_{t-1} + (1 - z) ∘ s̃_t.
        update = gates["update"]
        torch.testing.assert_close(
            state.hidden, update * before + (1 - update) * gates["candidate"]
        )
        assert set(gates) == {"reset", "update", "candidate"}
        assert state.cell is None


def test_the_lstm_is_the_library_one() -> None:
    library = nn.LSTMCell(INPUT, HIDDEN)
    cell = build("lstm", library)
    state = cell.start(draw(ROWS, HIDDEN, seed=0))
    expected = (state.hidden, torch.zeros(ROWS, HIDDEN, dtype=torch.float64))
    for t in range(3):
        inputs = draw(ROWS, INPUT, seed=t + 1)
        before = state.cell
        state, gates = cell(inputs, state)
        expected = library(inputs, expected)
        assert before is not None
        assert state.cell is not None
        torch.testing.assert_close(state.hidden, expected[0])
        torch.testing.assert_close(state.cell, expected[1])
        # Hochreiter and Schmidhuber 1997: c_t = f ∘ c_{t-1} + i ∘ c̃_t, s_t = o ∘ tanh(c_t).
        inner = gates["forget"] * before + gates["input"] * gates["candidate"]
        torch.testing.assert_close(state.cell, inner)
        torch.testing.assert_close(state.hidden, gates["output"] * torch.tanh(inner))
        assert torch.equal(gates["cell"], state.cell)
        assert set(gates) == {"input", "forget", "output", "candidate", "cell"}


@pytest.mark.parametrize("name", list(CELLS))
def test_gates_lie_between_0_and_1_and_candidates_between_minus_1_and_1(name: str) -> None:
    cell = CELLS[name](INPUT, HIDDEN).double()
    _, gates = cell(draw(ROWS, INPUT, seed=1) * 4, cell.start(draw(ROWS, HIDDEN, seed=0)))
    for gate, values in gates.items():
        assert values.shape == (ROWS, HIDDEN)
        if gate != "cell":
            assert values.abs().max() < 1
        if gate not in ("cell", "candidate"):
            assert values.min() > 0


@pytest.mark.parametrize("name", list(CELLS))
def test_gradients_are_right(name: str) -> None:
    cell = CELLS[name](INPUT, HIDDEN).double()

    def hidden(inputs: Tensor, start: Tensor) -> Tensor:
        following: State = cell(inputs, cell.start(start))[0]
        return following.hidden

    leaves = (draw(2, INPUT, seed=0).requires_grad_(), draw(2, HIDDEN, seed=1).requires_grad_())
    assert torch.autograd.gradcheck(hidden, leaves)


def test_rows_of_a_state_take_the_cell_along() -> None:
    index = torch.tensor([2, 0, 2])
    hidden, inner = draw(3, HIDDEN, seed=0), draw(3, HIDDEN, seed=1)
    chosen = State(hidden, inner).rows(index)
    assert torch.equal(chosen.hidden, hidden[index])
    assert chosen.cell is not None
    assert torch.equal(chosen.cell, inner[index])
    assert State(hidden).rows(index).cell is None
