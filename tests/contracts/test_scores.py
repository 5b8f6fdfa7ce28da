"""What every registered score must hold; a new one is picked up from the registry."""

from __future__ import annotations

import inspect

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from attn_desktop.attention.scores import SCORES, Projected, Score
from attn_desktop.common.errors import UnknownNameError
from attn_desktop.common.mode import NO_ATTENTION, Mode

SIZE, REACH = 6, 5

every_score = pytest.mark.parametrize("name", list(SCORES))
every_kind = pytest.mark.parametrize("projection", [None, 4], ids=["pure", "projected"])


def build(name: str, projection: int | None) -> Projected:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Projected(name, SIZE, SIZE, REACH, projection)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@every_score
def test_it_says_what_it_computes_and_where_it_comes_from(name: str) -> None:
    kind = SCORES[name]
    assert issubclass(kind, Score)
    assert kind.name == name != NO_ATTENTION
    assert kind.formula.startswith(("e_tj = ", "e_t = "))
    assert any(year in kind.source for year in map(str, range(1990, 2100)))
    assert inspect.getdoc(kind) not in (None, inspect.getdoc(Score))
    assert str(Mode(name)) == f"{name}/global/soft"
    assert Mode.parse(name) == Mode(name)


@every_kind
@every_score
@settings(max_examples=15, deadline=None)
@given(
    rows=st.integers(1, 4),
    positions=st.integers(1, 2 * REACH),
    scale=st.sampled_from([0.0, 1e-30, 1.0, 1e4]),
    seed=st.integers(0, 99),
)
def test_energies_are_finite_and_one_a_position(
    name: str, projection: int | None, rows: int, positions: int, scale: float, seed: int
) -> None:
    score = build(name, projection)
    query = draw(rows, SIZE, seed=seed) * scale
    states = draw(rows, positions, SIZE, seed=seed + 1) * scale
    prepared = score.prepare(states)
    assert prepared.shape[:2] == (rows, positions)
    energies = score(query, prepared)
    assert energies.shape == (rows, positions)
    assert energies.dtype == query.dtype
    assert torch.isfinite(energies).all()


@every_kind
@every_score
def test_rows_and_positions_do_not_see_each_other(name: str, projection: int | None) -> None:
    score = build(name, projection).double()
    query, states = draw(3, SIZE).double(), draw(3, 4, SIZE, seed=1).double()
    together = score(query, score.prepare(states))
    alone = torch.stack(
        [
            torch.cat(
                [
                    score(query[row, None], score.prepare(states[row, None, : j + 1]))[0, j, None]
                    for j in range(4)
                ]
            )
            for row in range(3)
        ]
    )
    torch.testing.assert_close(together, alone)


@every_kind
@every_score
def test_it_depends_on_what_it_says_it_reads(name: str, projection: int | None) -> None:
    score = build(name, projection)
    query = draw(2, SIZE).requires_grad_()
    states = draw(2, 3, SIZE, seed=1).requires_grad_()
    energies = score(query, score.prepare(states))
    energies.pow(2).sum().backward()
    assert query.grad is not None
    assert query.grad.any()
    assert torch.isfinite(query.grad).all()
    reads_keys = states.grad is not None and bool(states.grad.any())
    assert reads_keys == SCORES[name].reads_keys
    assert (score.key_projection is not None) == (reads_keys and projection is not None)
    for parameter_name, parameter in score.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all(), parameter_name


@every_score
def test_positions_past_its_reach_do_not_change_those_within(name: str) -> None:
    score = build(name, None)
    assert score.reach in (None, REACH)
    query, states = draw(2, SIZE), draw(2, REACH + 3, SIZE, seed=1)
    long = score(query, score.prepare(states))[:, :REACH]
    short = score(query, score.prepare(states[:, :REACH]))
    torch.testing.assert_close(long, short)


@every_kind
@every_score
@settings(max_examples=15, deadline=None)
@given(positions=st.integers(1, 2 * REACH), seed=st.integers(0, 99))
def test_an_energy_is_the_sum_of_the_products_of_its_factors(
    name: str, projection: int | None, positions: int, seed: int
) -> None:
    score = build(name, projection).double()
    query, states = draw(1, SIZE, seed=seed).double(), draw(1, positions, SIZE, seed=seed + 1)
    prepared = score.prepare(states.double())
    energies = score(query, prepared)[0]
    for position in range(positions):
        left, right = score.factors(query[0], prepared[0], position)
        assert left.shape == right.shape
        assert left.ndim == 1
        torch.testing.assert_close((left * right).sum(), energies[position])
    assert len(SCORES[name].factor_names) == 2
    assert all(SCORES[name].factor_names)


def test_an_unknown_name_lists_all_scores() -> None:
    with pytest.raises(UnknownNameError) as error:
        SCORES["bilinear"]
    assert str(error.value) == f"unknown score 'bilinear'; valid are: {', '.join(SCORES)}"
