"""Every score against its published formula, position by position in float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from attn_desktop.attention.scores import SCORES, Projected
from attn_desktop.common.errors import InputError
from tests.attention import reference

PUBLISHED = ("cosine", "additive", "location", "general", "dot", "scaled-dot")
ROWS, SIZE, REACH = 3, 4, 6


def draw(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def build(name: str, projection: int | None, query_size: int, key_size: int) -> Projected:
    score = Projected(name, query_size, key_size, REACH, projection).double()
    for index, parameter in enumerate(score.parameters()):
        parameter.data = draw(*parameter.shape, seed=100 + index)
    return score


def projected(layer: torch.nn.Linear | None, vector: list[float]) -> list[float]:
    if layer is None:
        return vector
    rows = reference.product(layer.weight.tolist(), vector)
    return [x + bias for x, bias in zip(rows, layer.bias.tolist(), strict=True)]


@pytest.mark.parametrize("positions", [1, 5, REACH + 3])
@pytest.mark.parametrize("projection", [None, 3], ids=["pure", "projected"])
@pytest.mark.parametrize("name", PUBLISHED)
def test_energies_follow_the_published_formula(
    name: str, projection: int | None, positions: int
) -> None:
    sizes = (SIZE, SIZE) if projection is None else (5, 7)
    score = build(name, projection, *sizes)
    states, query = draw(ROWS, positions, sizes[1]), draw(ROWS, sizes[0], seed=1)
    weights = {key: value.tolist() for key, value in score.score.state_dict().items()}

    expected = [
        reference.energies(
            name,
            projected(score.query_projection, query[row].tolist()),
            [projected(score.key_projection, h) for h in states[row].tolist()],
            weights,
        )
        for row in range(ROWS)
    ]

    energies = score(query, score.prepare(states))
    torch.testing.assert_close(energies, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("name", ["additive", "general"])
def test_pure_scores_with_a_matrix_take_states_and_annotations_of_different_size(name: str) -> None:
    score = build(name, None, 5, 3)
    states, query = draw(1, 4, 3), draw(1, 5, seed=1)
    weights = {key: value.tolist() for key, value in score.score.state_dict().items()}
    expected = reference.energies(name, query[0].tolist(), states[0].tolist(), weights)
    energies = score(query, score.prepare(states))
    torch.testing.assert_close(energies[0], torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("name", ["cosine", "dot", "scaled-dot"])
def test_pure_scores_without_a_matrix_refuse_sizes_that_differ(name: str) -> None:
    with pytest.raises(InputError, match=f"'{name}'.*the state has 5, the annotations 3"):
        SCORES[name](5, 3, REACH)
    Projected(name, 5, 3, REACH, 4)  # projections make them equal


def test_location_never_looks_at_the_annotations() -> None:
    score = build("location", 3, 5, 7)
    query = draw(2, 5)
    ours, others = (score(query, score.prepare(draw(2, 4, 7, seed=seed))) for seed in (1, 2))
    assert torch.equal(ours, others)
    assert score.key_projection is None
    assert score.reach == REACH


def test_only_location_has_a_reach() -> None:
    reaches = {name: SCORES[name](SIZE, SIZE, REACH).reach for name in SCORES}
    assert {name for name, reach in reaches.items() if reach is not None} == {"location"}


def test_cosine_stays_within_its_sharpness_and_ignores_lengths() -> None:
    score = SCORES["cosine"](SIZE, SIZE, REACH).double()
    query, keys = draw(2, SIZE), draw(2, 5, SIZE, seed=1)
    energies = score(query, score.prepare(keys))
    assert energies.abs().max() <= 8.0 + 1e-9
    torch.testing.assert_close(score(query * 50, score.prepare(keys * 0.02)), energies)


def test_cosine_with_a_zero_vector_is_zero_and_has_finite_gradients() -> None:
    score = SCORES["cosine"](SIZE, SIZE, REACH).double()
    query = torch.zeros(1, SIZE, dtype=torch.float64, requires_grad=True)
    keys = torch.zeros(1, 2, SIZE, dtype=torch.float64, requires_grad=True)
    energies = score(query, score.prepare(keys))
    energies.sum().backward()
    assert torch.equal(energies, torch.zeros(1, 2, dtype=torch.float64))
    for leaf in (query, keys):
        assert leaf.grad is not None
        assert torch.isfinite(leaf.grad).all()


@pytest.mark.parametrize("projection", [None, 3], ids=["pure", "projected"])
@pytest.mark.parametrize("name", PUBLISHED)
def test_gradients_are_those_of_the_energies(name: str, projection: int | None) -> None:
    score = build(name, projection, SIZE, SIZE)
    query = draw(2, SIZE).requires_grad_()
    states = draw(2, 3, SIZE, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda q, h: score(q, score.prepare(h)), (query, states))
