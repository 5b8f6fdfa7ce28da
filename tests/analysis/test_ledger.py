"""The ledger of a context: plain sums in float64, shares that sum to 1, and edits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from attn_desktop.analysis.ledger import Ledger, ledger
from attn_desktop.gui.scene import Scene
from tests.gui.edit_scenes import with_context_added
from tests.toy_records import FIXED
from tests.toy_scenes import hard, spoiled, toy_scene


def read(scene: Scene) -> Ledger:
    assert scene.run is not None
    assert scene.step is not None
    found = ledger(scene.run, scene.step, scene.source)
    assert found is not None
    return found


def plain(scene: Scene) -> list[list[float]]:
    """α_j h_j of every position and dimension, one number at a time."""
    assert scene.run is not None
    assert scene.step is not None
    assert scene.step.cross is not None
    alpha = scene.step.cross.alpha[0, 0].tolist()
    return [
        [weight * number for number in state]
        for weight, state in zip(alpha, scene.run.states.tolist(), strict=True)
    ]


def test_entries_sum_up_to_the_recorded_context_in_every_dimension() -> None:
    scene = toy_scene(t=3, source=9)
    found, entries = read(scene), plain(scene)
    assert scene.step is not None
    assert found.entries == pytest.approx(np.array(entries))
    for d, recorded in enumerate(scene.step.active.context.tolist()):
        assert math.fsum(row[d] for row in entries) == pytest.approx(recorded, abs=1e-5)
        assert found.total[d] == pytest.approx(math.fsum(row[d] for row in entries))
        assert found.holds(d)
    assert not found.edited
    assert found.tolerance == 1e-5


def test_norms_and_shares_are_those_of_plain_loops_and_shares_sum_to_one() -> None:
    scene = toy_scene(t=2, source=5)
    found, entries = read(scene), plain(scene)
    assert scene.step is not None
    context = scene.step.active.context.tolist()
    square = math.fsum(c * c for c in context)
    for j, row in enumerate(entries):
        assert found.norms[j] == pytest.approx(math.sqrt(math.fsum(x * x for x in row)))
        along = math.fsum(x * c for x, c in zip(row, context, strict=True))
        assert found.shares[j] == pytest.approx(along / square)
    assert found.shares.sum() == pytest.approx(1)
    assert found.shares[-1] == pytest.approx(0, abs=1e-6)


def test_with_hard_weighting_the_drawn_position_pays_everything() -> None:
    scene = toy_scene(t=3, mode=hard())
    assert scene.step is not None
    assert scene.step.cross is not None
    found, k = read(scene), int(scene.step.cross.sampled[0, 0])
    assert found.single == (k,)
    assert found.weights.tolist() == [float(j == k) for j in range(6)]
    assert found.entries[k] == pytest.approx(scene.step.readings["hard"].context)
    assert not np.delete(found.entries, k, axis=0).any()
    assert found.shares[k] == pytest.approx(1)
    assert all(found.holds(d) for d in range(found.context.size))


def test_an_edit_has_an_entry_of_its_own() -> None:
    plain_scene = toy_scene(t=2)
    scene = with_context_added(plain_scene, 3, -2.5)
    found, before = read(scene), read(plain_scene)
    assert found.edited
    assert found.total == pytest.approx(before.total)
    assert found.rest[3] == pytest.approx(-2.5, abs=1e-5)
    assert np.delete(found.rest, 3) == pytest.approx(np.zeros(7), abs=1e-5)
    assert not found.holds(3)
    assert found.holds(0)
    assert found.shares.sum() == pytest.approx(1)
    square = found.context @ found.context
    assert found.shares[-1] == pytest.approx(-2.5 * found.context[3] / square, abs=1e-5)


def test_words_pay_what_their_pieces_do() -> None:
    scene = toy_scene(t=3, source=9, pieces=3)
    found, joined = read(scene), read(replace(scene, words=True))
    assert len(joined.weights) == len(replace(scene, words=True).source) < 9
    assert joined.entries[1] == pytest.approx(found.entries[3:6].sum(axis=0))
    assert joined.shares[1] == pytest.approx(found.shares[3:6].sum())
    assert joined.norms[1] == pytest.approx(np.linalg.norm(found.entries[3:6].sum(axis=0)))
    assert joined.total == pytest.approx(found.total)


def test_the_largest_dimension_is_that_of_the_context() -> None:
    found = read(toy_scene(t=3))
    assert found.largest == max(range(8), key=lambda d: abs(found.context[d]))
    assert read(spoiled(toy_scene(t=3))).largest == 0


def test_a_wrong_context_does_not_hold() -> None:
    found = read(toy_scene(t=3))
    near = found.context.copy()
    near[2] += 5e-5 * np.abs(found.entries[:, 2]).sum()
    assert not replace(found, context=near).holds(2)
    assert not read(spoiled(toy_scene(t=3))).holds(2)
    coarse = replace(found, context=near, tolerance=1e-2)
    assert coarse.holds(2)


def test_what_has_no_weight_pays_nothing_even_where_it_is_infinite() -> None:
    scene = toy_scene(t=3, mode=hard())
    assert scene.run is not None
    assert scene.step is not None
    assert scene.step.cross is not None
    states = scene.run.states.copy()
    states[(int(scene.step.cross.sampled[0, 0]) + 1) % 6] = np.inf
    found = read(replace(scene, run=replace(scene.run, states=states)))
    assert np.isfinite(found.total).all()


def test_without_attention_there_is_no_ledger() -> None:
    scene = toy_scene(mode=FIXED)
    assert scene.run is not None
    assert ledger(scene.run, scene.steps[0], scene.source) is None
