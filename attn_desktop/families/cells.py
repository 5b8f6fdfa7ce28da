"""Recurrent cells whose gates can be watched.

The equations and the parameter layout are those of torch.nn.GRUCell and torch.nn.LSTMCell
(tests compare them); the library's own cells do not hand out their gates.
Shapes: B rows, I input size, N hidden size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from attn_desktop.common.registry import Registry


@dataclass(frozen=True)
class State:
    """The decoder state s_t. hidden: (B, N). cell: (B, N) of an LSTM, else None."""

    hidden: Tensor
    cell: Tensor | None = None

    def rows(self, index: Tensor) -> State:
        """The state of the given rows, in their order; a row may be taken more than once."""
        return State(self.hidden[index], None if self.cell is None else self.cell[index])


Gates = dict[str, Tensor]


class Cell(nn.Module):
    """One step of a recurrent network: input (B, I) and state to the next state and its gates."""

    name: ClassVar[str]
    #: One for each gate and for the next state, x the input and s the state before.
    formulas: ClassVar[tuple[str, ...]]
    gate_count: int

    def __init_subclass__(cls, *, name: str, gate_count: int) -> None:
        cls.name = name
        cls.gate_count = gate_count
        CELLS.add(name, cls)

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        rows = self.gate_count * hidden_size
        bound = hidden_size**-0.5
        self.weight_ih = nn.Parameter(torch.empty(rows, input_size).uniform_(-bound, bound))
        self.weight_hh = nn.Parameter(torch.empty(rows, hidden_size).uniform_(-bound, bound))
        self.bias_ih = nn.Parameter(torch.empty(rows).uniform_(-bound, bound))
        self.bias_hh = nn.Parameter(torch.empty(rows).uniform_(-bound, bound))

    def start(self, hidden: Tensor) -> State:
        """The state before the first step, from a hidden vector (B, N)."""
        return State(hidden)

    def forward(self, inputs: Tensor, state: State) -> tuple[State, Gates]:
        """Advance by one step; gates are (B, N) by name."""
        raise NotImplementedError


CELLS: Registry[type[Cell]] = Registry("recurrent cell")


class Gru(Cell, name="gru", gate_count=3):
    """Cho et al. 2014, in the variant of cuDNN: the reset gate acts after the product."""

    formulas = (
        "r_t = sigmoid(W_r x + U_r s + b_r)",
        "z_t = sigmoid(W_z x + U_z s + b_z)",
        "n_t = tanh(W_n x + b_n + r_t ∘ (U_n s + b'_n))",
        "s_t = (1 − z_t) ∘ n_t + z_t ∘ s",
    )

    def forward(self, inputs: Tensor, state: State) -> tuple[State, Gates]:
        from_input = functional.linear(inputs, self.weight_ih, self.bias_ih)
        from_state = functional.linear(state.hidden, self.weight_hh, self.bias_hh)
        input_r, input_z, input_n = from_input.chunk(3, dim=1)
        state_r, state_z, state_n = from_state.chunk(3, dim=1)
        reset = torch.sigmoid(input_r + state_r)
        update = torch.sigmoid(input_z + state_z)
        candidate = torch.tanh(torch.addcmul(input_n, reset, state_n))
        hidden = torch.lerp(candidate, state.hidden, update)
        return State(hidden), {"reset": reset, "update": update, "candidate": candidate}


class Lstm(Cell, name="lstm", gate_count=4):
    """Hochreiter and Schmidhuber 1997 with forget gate (Gers et al. 2000)."""

    formulas = (
        "i_t = sigmoid(W_i x + U_i s + b_i)",
        "f_t = sigmoid(W_f x + U_f s + b_f)",
        "g_t = tanh(W_g x + U_g s + b_g)",
        "o_t = sigmoid(W_o x + U_o s + b_o)",
        "m_t = f_t ∘ m + i_t ∘ g_t",
        "s_t = o_t ∘ tanh(m_t)",
    )

    def start(self, hidden: Tensor) -> State:
        return State(hidden, torch.zeros_like(hidden))

    def forward(self, inputs: Tensor, state: State) -> tuple[State, Gates]:
        assert state.cell is not None
        total = functional.linear(inputs, self.weight_ih, self.bias_ih)
        total = total + functional.linear(state.hidden, self.weight_hh, self.bias_hh)
        raw_i, raw_f, raw_g, raw_o = total.chunk(4, dim=1)
        enter, forget, out = torch.sigmoid(raw_i), torch.sigmoid(raw_f), torch.sigmoid(raw_o)
        candidate = torch.tanh(raw_g)
        cell = forget * state.cell + enter * candidate
        gates = {"input": enter, "forget": forget, "output": out, "candidate": candidate}
        return State(out * torch.tanh(cell), cell), gates | {"cell": cell}
