"""What every registered scope must hold; a new one is picked up from the registry."""

from __future__ import annotations

import inspect

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_desktop.attention.scopes import SCOPES, Scope
from attn_desktop.common.errors import UnknownNameError
from attn_desktop.common.mode import Mode

SIZE = 6

every_scope = pytest.mark.parametrize("name", list(SCOPES))


def build(name: str, half_width: float = 3.0) -> Scope:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return SCOPES[name](SIZE, half_width)


@every_scope
def test_it_says_what_it_lets_through_and_where_it_comes_from(name: str) -> None:
    kind = SCOPES[name]
    assert issubclass(kind, Scope)
    assert kind.name == name
    assert kind.formula
    assert any(year in kind.source for year in map(str, range(1990, 2100)))
    assert inspect.getdoc(kind) not in (None, inspect.getdoc(Scope))
    assert Mode.parse(f"dot/{name}") == Mode("dot", name)


@every_scope
@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    half_width=st.one_of(st.sampled_from([0.0, 1e-30, 3.0, 500.0]), st.floats(0, 12)),
    t=st.integers(1, 40),
    scale=st.sampled_from([0.0, 1.0, 1e4]),
    seed=st.integers(0, 99),
)
def test_every_row_keeps_a_real_position(
    name: str, lengths: list[int], half_width: float, t: int, scale: float, seed: int
) -> None:
    scope = build(name, half_width)
    generator = torch.Generator().manual_seed(seed)
    state = torch.randn(len(lengths), SIZE, generator=generator) * scale
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    view = scope(state, mask, t)
    assert view.window.shape == mask.shape
    assert view.window.dtype == torch.bool
    assert (view.window & mask).any(dim=1).all()
    if view.center is not None:
        assert view.center.shape == (len(lengths),)
        assert ((view.center >= 0) & (view.center <= torch.tensor(lengths))).all()
    if view.log_prior is not None:
        assert view.log_prior.shape == mask.shape
        assert torch.isfinite(view.log_prior[view.window & mask]).all()


@every_scope
def test_padding_does_not_move_the_window(name: str) -> None:
    scope = build(name, 1.0)
    state = torch.randn(1, SIZE, generator=torch.Generator().manual_seed(1))
    for t in (1, 3, 9):
        short = scope(state, torch.ones(1, 5, dtype=torch.bool), t)
        padded = scope(state, torch.arange(9).unsqueeze(0) < 5, t)
        assert torch.equal(padded.window[:, :5], short.window)
        if short.center is not None:
            assert torch.equal(padded.center, short.center)
        if short.log_prior is not None:
            assert torch.equal(padded.log_prior[:, :5], short.log_prior)


@every_scope
def test_it_declares_whether_it_is_local_and_learnt(name: str) -> None:
    scope = build(name, 2.0)
    view = scope(torch.zeros(1, SIZE), torch.ones(1, 30, dtype=torch.bool), 4)
    assert (view.center is not None) == scope.is_local
    assert bool(view.window.all()) == (not scope.is_local)
    assert bool(list(scope.parameters())) == scope.is_learnt
    assert scope.half_width == 2.0


def test_an_unknown_name_lists_all_scopes() -> None:
    with pytest.raises(UnknownNameError) as error:
        SCOPES["local"]
    assert str(error.value) == f"unknown scope 'local'; valid are: {', '.join(SCOPES)}"
