from __future__ import annotations

import itertools

import numpy as np
import pytest

from attn_desktop.decoding import draws
from attn_desktop.trace.run_tree import MAX_SEED
from tests.decoding.helpers import chi_square


@pytest.mark.parametrize("seed", [0, 7, MAX_SEED])
def test_a_draw_is_a_pure_function_of_its_arguments(seed: int) -> None:
    first = draws.uniform(seed, draws.ATTENTION, 3, rows=5, layer=1, head=2)
    draws.uniform(seed + 1 if seed < MAX_SEED else 0, draws.TOKEN, 4)
    np.random.default_rng(0).random(3)
    again = draws.uniform(seed, draws.ATTENTION, 3, rows=5, layer=1, head=2)
    assert first.tobytes() == again.tobytes()


@pytest.mark.parametrize("seed", [0, 7, MAX_SEED])
def test_draws_are_those_of_philox_under_this_key_and_counter(seed: int) -> None:
    bits = np.random.Philox(key=[seed, draws.TOKEN], counter=[0, 9, 2, 1])
    expected = np.random.Generator(bits).random(11)
    assert draws.uniform(seed, draws.TOKEN, 9, rows=11, layer=2, head=1).tolist() == (
        expected.tolist()
    )


def test_draws_do_not_change_from_one_release_to_the_next() -> None:
    """A saved run is replayed by its seeds."""
    assert draws.uniform(5, draws.TOKEN, 7).tolist() == [0.41263898205772553]


@pytest.mark.parametrize(("seed", "t"), [(0, 1), (7, 5), (MAX_SEED, 300)])
def test_the_draws_of_steps_one_after_another_are_those_of_each(seed: int, t: int) -> None:
    for purpose in (draws.ATTENTION, draws.TOKEN):
        found = list(itertools.islice(draws.uniforms(seed, purpose, t), 40))
        assert found == [float(draws.uniform(seed, purpose, t + i)[0]) for i in range(40)]


def test_a_row_is_the_same_however_many_follow() -> None:
    many = draws.uniform(3, draws.TOKEN, 2, rows=1000)
    for rows in (1, 2, 3, 4, 5, 999):
        assert draws.uniform(3, draws.TOKEN, 2, rows=rows).tolist() == many[:rows].tolist()


def test_draws_lie_in_the_half_open_unit_interval_and_are_uniform() -> None:
    numbers = np.concatenate([draws.uniform(1, draws.TOKEN, t, rows=500) for t in range(1, 41)])
    assert numbers.min() >= 0
    assert numbers.max() < 1
    statistic, bound = chi_square(np.bincount((numbers * 50).astype(int)).tolist(), [0.02] * 50)
    assert statistic < bound


def test_draws_over_steps_and_over_seeds_are_uniform_too() -> None:
    """One number a draw, which is how the stepper uses them."""
    for numbers in (
        [draws.uniform(0, draws.ATTENTION, t)[0] for t in range(1, 4001)],
        [draws.uniform(seed, draws.ATTENTION, 1)[0] for seed in range(4000)],
    ):
        counts = np.bincount((np.array(numbers) * 20).astype(int), minlength=20)
        statistic, bound = chi_square(counts.tolist(), [0.05] * 20)
        assert statistic < bound


def test_what_differs_in_anything_is_unrelated() -> None:
    base = {"seed": 1, "purpose": draws.ATTENTION, "t": 5, "layer": 0, "head": 0}
    changes: tuple[dict[str, int], ...] = (
        {},
        {"seed": 2},
        {"purpose": draws.TOKEN},
        {"t": 6},
        {"layer": 1},
        {"head": 1},
    )
    drawn = [draws.uniform(**(base | change), rows=4000) for change in changes]
    for one, other in itertools.combinations(drawn, 2):
        assert not set(one.tolist()) & set(other.tolist())
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / 4000**0.5
