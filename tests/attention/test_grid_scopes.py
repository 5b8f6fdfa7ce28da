"""Scopes over a grid of regions: two-dimensional local-p against a plain float64 loop."""

from __future__ import annotations

import inspect
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from attn_desktop.attention.attend import Attention, Memory
from attn_desktop.attention.grid_scopes import GRID_SCOPES, GridPredictive
from attn_desktop.attention.scopes import SCOPES, LocalPredictive, Scope
from attn_desktop.common.errors import InputError, UnknownNameError
from attn_desktop.common.mode import HARD, SOFT, Mode
from tests.attention import reference

STATE = KEY = 6


def draw(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def build(grid: tuple[int, int], half_width: float, seed: int = 0, scale: float = 1.0) -> Attention:
    size = grid[0] * grid[1]
    attention = Attention(STATE, KEY, ("additive", "dot"), None, size, half_width, grid).double()
    for index, parameter in enumerate(attention.parameters()):
        parameter.data = draw(*parameter.shape, seed=100 * seed + index) * scale
    return attention


def remember(grid: tuple[int, int], rows: int, seed: int = 0) -> Memory:
    size = grid[0] * grid[1]
    mask = torch.ones(rows, size, dtype=torch.bool)
    return Memory(draw(rows, size, KEY, seed=seed + 1), mask, draw(rows, KEY, seed=seed + 2))


@pytest.mark.parametrize("grid", [(4, 4), (3, 7), (1, 5), (6, 1), (1, 1)])
@pytest.mark.parametrize("half_width", [0.0, 1e-30, 0.4, 1.5, 3.0, 50.0])
def test_local_p_on_a_grid_equals_the_plain_loop(grid: tuple[int, int], half_width: float) -> None:
    attention, memory = build(grid, half_width, seed=3), remember(grid, 4)
    query, u = draw(4, STATE, seed=9), torch.tensor([0.01, 0.4, 0.7, 0.999])
    local = attention.scopes["local-p"]
    assert isinstance(local, GridPredictive)
    looked = attention(memory, query, Mode("additive", "local-p"), 1, u, (SOFT, HARD))
    weight, v = local.weight.weight.tolist(), local.v.weight.tolist()
    for row in range(4):
        hidden = [math.tanh(x) for x in reference.product(weight, query[row].tolist())]
        center = tuple(
            length / (1 + math.exp(-reference.inner(v[axis], hidden)))
            for axis, length in enumerate(grid)
        )
        assert len(center) == 2
        assert looked.center[row].tolist() == pytest.approx(center, rel=1e-9)
        energies = looked.energies[row].tolist()
        expected = reference.grid_alpha(energies, (center[0], center[1]), grid, half_width)
        assert looked.alpha[row].tolist() == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert looked.window[row].tolist() == [alpha > 0 for alpha in expected]
        assert math.fsum(looked.alpha[row].tolist()) == pytest.approx(1)
        k = reference.drawn(expected, float(u[row]))
        assert int(looked.sampled[row]) == k
        assert torch.equal(looked.contexts[HARD][row], memory.states[row, k])
        context = reference.context(expected, memory.states[row].tolist())
        assert looked.contexts[SOFT][row].tolist() == pytest.approx(context, rel=1e-9)
    assert looked.half_width == half_width


def test_the_gaussian_falls_alike_along_rows_and_columns() -> None:
    """With equal energies and the centre on a region, worked out by hand for σ = 1."""
    attention = build((5, 5), 2.0)
    local = attention.scopes["local-p"]
    assert isinstance(local, GridPredictive)
    torch.nn.init.zeros_(local.v.weight)  # sigmoid(0) = 1/2: the centre is (2.5, 2.5)
    memory = remember((5, 5), 1)
    memory.states.zero_()
    looked = attention(memory, draw(1, STATE), Mode("dot", "local-p"), 1, torch.zeros(1), (SOFT,))
    bell = [math.exp(-((i - 2.5) ** 2) / 2) if abs(i - 2.5) <= 2 else 0.0 for i in range(1, 6)]
    expected = [a * b / sum(bell) ** 2 for a in bell for b in bell]
    assert looked.alpha[0].tolist() == pytest.approx(expected)
    assert bell[4] == 0


@settings(max_examples=40, deadline=None)
@given(
    grid=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    half_width=st.one_of(st.sampled_from([0.0, 1e-30, 500.0]), st.floats(0, 8)),
    scale=st.sampled_from([0.0, 1.0, 1e4]),
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize("name", list(GRID_SCOPES))
def test_some_region_is_always_let_through(
    name: str, grid: tuple[int, int], half_width: float, scale: float, seed: int
) -> None:
    scope = GRID_SCOPES[name](STATE, half_width, grid)
    state = draw(3, STATE, seed=seed).float() * scale
    mask = torch.ones(3, grid[0] * grid[1], dtype=torch.bool)
    view = scope(state, mask, 2)
    assert view.window.shape == mask.shape
    assert view.window.any(dim=1).all()
    assert (view.center is not None) == scope.is_local
    if view.center is not None:
        assert view.center.shape == (3, 2)
        assert ((view.center >= 0) & (view.center <= torch.tensor(grid))).all()
    if view.log_prior is not None:
        assert torch.isfinite(view.log_prior[view.window]).all()


def test_gradients_reach_the_weights_of_both_axes() -> None:
    attention, memory = build((4, 5), 2.5, scale=0.5), remember((4, 5), 2)

    def soft(query: Tensor) -> Tensor:
        zero = torch.zeros(2, dtype=torch.float64)
        looked = attention(memory, query, Mode("dot", "local-p"), 1, zero, (SOFT,))
        context: Tensor = looked.contexts[SOFT]
        return context

    query = draw(2, STATE, seed=5).requires_grad_()
    assert torch.autograd.gradcheck(soft, (query,))
    soft(query).pow(2).sum().backward()  # type: ignore[no-untyped-call]
    local = attention.scopes["local-p"]
    assert isinstance(local, GridPredictive)
    assert local.v.weight.grad is not None
    assert local.v.weight.grad.any(dim=1).all()


def test_the_names_are_those_of_a_sequence_and_local_m_is_left_out_with_a_reason() -> None:
    assert set(GRID_SCOPES) < set(SCOPES)
    assert set(SCOPES) - set(GRID_SCOPES) == {"local-m"}
    attention = build((4, 4), 3.0)
    attention.check(Mode("dot", "local-p"))
    with pytest.raises(
        InputError, match=r"'local-m' follows a sequence.*valid here are: global, l"
    ):
        attention.check(Mode("dot", "local-m"))
    with pytest.raises(UnknownNameError, match="unknown scope 'lokal'"):
        attention.check(Mode("dot", "lokal"))
    assert isinstance(attention.scopes["local-p"], LocalPredictive)  # so that probes know it
    kind = GRID_SCOPES["local-p"]
    assert inspect.getdoc(kind) not in (
        None,
        inspect.getdoc(Scope),
        inspect.getdoc(SCOPES["local-p"]),
    )
    assert kind.formula != SCOPES["local-p"].formula
