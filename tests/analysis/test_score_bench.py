"""The scores side by side: agreement, sliders, and what of a probe is believed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from attn_desktop.analysis.score_bench import (
    Lens,
    ScoreBench,
    agreement,
    is_sound,
    known_scores,
    same_argmax,
    score_bench,
)
from attn_desktop.analysis.weighing import drawn
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import ProbeRecord, StepRecord
from attn_desktop.trace.run_tree import Choice, Node
from tests.bench_probes import SCORES, toy_scores
from tests.toy_records import ADDITIVE, FIXED, toy_run, toy_steps

RUN = toy_run()
LOCAL_HARD = Mode("dot", "local-p", HARD)


def step_of(mode: Mode = ADDITIVE, edits: tuple[Edit, ...] = ()) -> StepRecord:
    nodes = [Node(0, None, 1, 3, mode, Choice()), Node(1, 0, 2, 4, mode, Choice(), edits)]
    return toy_steps(RUN, nodes)[1]


def bench_of(mode: Mode = ADDITIVE) -> ScoreBench:
    step = step_of(mode)
    found = score_bench(RUN, step, toy_scores(RUN, step))
    assert found.whole
    return found


def alphas_of(bench: ScoreBench) -> Any:
    return np.array([row.alpha for row in bench.rows])


# -- agreement --------------------------------------------------------------------------------


def plain_agreement(alphas: list[list[float]]) -> list[list[float]]:
    """1 − ½ Σ_j |a_j − b_j|, a pair at a time."""
    return [
        [1 - math.fsum(abs(x - y) for x, y in zip(a, b, strict=True)) / 2 for b in alphas]
        for a in alphas
    ]


def test_agreement_is_one_minus_total_variation() -> None:
    alphas = np.random.default_rng(0).dirichlet(np.ones(7), size=5)
    found = agreement(alphas)
    assert found == pytest.approx(np.array(plain_agreement(alphas.tolist())), abs=1e-15)
    assert (found == found.T).all()
    assert (found.diagonal() == 1).all()
    # Σ_j min(a_j, b_j) is the same thing.
    shared = np.minimum(alphas[:, None], alphas[None]).sum(axis=-1)
    assert found == pytest.approx(shared)


def test_agreement_reaches_from_nothing_in_common_to_the_same() -> None:
    alphas = np.array([[1, 0, 0], [0, 0.5, 0.5], [1, 0, 0], [0.5, 0.5, 0]], dtype=np.float32)
    assert agreement(alphas)[0].tolist() == [1, 0, 1, 0.5]
    assert same_argmax(alphas)[0].tolist() == [True, False, True, True]


def test_the_diagonal_is_one_though_float32_sums_are_not() -> None:
    alphas = np.random.default_rng(0).dirichlet(np.ones(60), size=6).astype(np.float32)
    assert (agreement(alphas).diagonal() == 1).all()


# -- sliders ----------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.01, 0.5, 2.0, 100.0])
@pytest.mark.parametrize("mode", [ADDITIVE, Mode("dot", "local-p")], ids=str)
def test_alpha_at_tau_is_the_softmax_of_e_by_tau(mode: Mode, temperature: float) -> None:
    bench = bench_of(mode)
    seen = bench.through(Lens(temperature), RUN.states)
    for row, before in zip(seen.rows, bench.rows, strict=True):
        allowed = [j for j in range(len(RUN.source)) if before.inside[j]]
        weights = {
            j: math.exp((before.energies[j] - before.energies[allowed].max()) / temperature)
            * math.exp(bench.prior[j])
            for j in allowed
        }
        total = math.fsum(weights.values())
        alpha = [weights.get(j, 0.0) / total for j in range(len(RUN.source))]
        assert row.alpha == pytest.approx(alpha, abs=1e-12)
        assert row.context == pytest.approx(np.array(alpha) @ RUN.states, abs=1e-12)
        assert row.energies.tolist() == before.energies.tolist()
        plain = -sum(p * math.log(p) for p in alpha if p > 0)
        assert row.entropy == pytest.approx(plain, abs=1e-12)
    assert (bench.prior != 0).any() == (mode.scope == "local-p")


def test_the_root_of_n_makes_scaled_dot_of_dot_and_leaves_the_others() -> None:
    bench = bench_of()
    assert bench.dimension == 16
    for scaling, divisor in ((1.0, 4.0), (0.5, 2.0), (0.25, 2**0.5)):
        seen = bench.through(Lens(scaling=scaling), RUN.states)
        for row, before in zip(seen.rows, bench.rows, strict=True):
            by = divisor if row.name in ("dot", "general") else 1.0
            assert row.energies == pytest.approx(before.energies / by)
            if by == 1:
                assert row.alpha == pytest.approx(before.alpha, abs=1e-6)
            else:
                assert row.entropy > before.entropy


def test_hard_attention_draws_from_what_is_seen_with_the_same_u() -> None:
    bench = bench_of(LOCAL_HARD)
    for lens in (Lens(0.3), Lens(30.0, 0.7)):
        for row in bench.through(lens, RUN.states).rows:
            assert row.k == drawn(row.alpha, bench.draw)
            assert row.context.tolist() == RUN.states[row.k].tolist()


def test_at_rest_the_numbers_are_those_that_were_recorded() -> None:
    bench = bench_of()
    assert bench.through(Lens(), RUN.states) is bench
    nearly = bench.through(Lens(1 + 1e-9), RUN.states)
    assert alphas_of(nearly) == pytest.approx(alphas_of(bench), abs=1e-6)


# -- records ----------------------------------------------------------------------------------


def test_a_probe_tells_of_all_scores() -> None:
    step = step_of()
    probe = toy_scores(RUN, step)
    bench = score_bench(RUN, step, probe)
    assert [row.name for row in bench.rows] == list(SCORES)
    row = bench.rows[4]
    assert (row.name, row.trained, row.unscaled) == ("dot", True, True)
    assert row.energies.tolist() == probe.arrays["energies"][4].tolist()
    assert row.p_chosen == pytest.approx(math.exp(probe.arrays["log_prob"][4]))
    assert row.tokens[0][1] == pytest.approx(math.exp(probe.arrays["top_log_probs"][4, 0]))
    assert row.argmax == int(row.energies.argmax())
    assert bench.mode(row) == Mode("dot")


def test_without_a_probe_only_the_score_of_the_step_is_known() -> None:
    step = step_of(LOCAL_HARD)
    assert step.cross is not None
    bench = score_bench(RUN, step, None)
    (row,) = bench.rows
    assert (bench.whole, bench.dimension, row.name) == (False, None, "dot")
    assert row.alpha == pytest.approx(step.cross.alpha[0, 0])
    assert row.k == step.cross.sampled[0, 0]
    assert row.context.tolist() == step.active.context.tolist()
    assert row.p_chosen == pytest.approx(math.exp(step.log_prob))


def test_what_was_edited_is_shown_as_the_model_had_it() -> None:
    plain, edited = step_of(), step_of(edits=(Edit("alpha", "pin", (0,)),))
    (row,), (own,) = (score_bench(RUN, step, None).rows for step in (edited, plain))
    assert row.alpha.tolist() == own.alpha.tolist()
    assert row.context == pytest.approx(own.context, abs=1e-5)
    assert row.tokens == ()
    assert math.isnan(row.p_chosen)


def test_without_attention_nothing_is_recorded_but_a_probe_may_tell() -> None:
    step = step_of(FIXED)
    assert score_bench(RUN, step, None).rows == ()
    assert score_bench(RUN, step, toy_scores(RUN, step)).whole


def broken(**changes: Any) -> ProbeRecord:
    probe = toy_scores(RUN, step_of(LOCAL_HARD))
    settings = {**probe.settings, **{n: v for n, v in changes.items() if n in probe.settings}}
    arrays = {**probe.arrays, **{n: v for n, v in changes.items() if n not in probe.settings}}
    return replace(probe, settings=settings, arrays=arrays)


@pytest.mark.parametrize(
    "changes",
    [
        {"scores": ["dot"] * 6},
        {"scores": "dot"},
        {"scores": []},
        {"trained": [1] * 6},
        {"unscaled": [True]},
        {"weighting": "soft"},
        {"scope": "global"},
        {"dimension": 0},
        {"dimension": True},
        {"top_tokens": [["a"]] * 6},
        {"top_tokens": None},
        {"energies": np.zeros((6, 3))},
        {"energies": np.zeros((6, 6), dtype=np.int64)},
        {"window": np.ones((6, 6))},
        {"contexts": np.zeros(6)},
        {"sampled": np.full(6, 6)},
        {"sampled": np.full(6, -1)},
        {"draw": np.array([1.0])},
        {"draw": np.array([np.nan])},
        {"center": np.array([np.nan])},
        {"center": np.array([1.0, 2.0])},
        {"half_width": np.array([-1.0])},
        {"half_width": np.array([np.inf])},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_a_probe_that_does_not_hold_together_counts_as_none(changes: dict[str, Any]) -> None:
    step, probe = step_of(LOCAL_HARD), broken(**changes)
    assert is_sound(broken(), RUN, step)
    assert not is_sound(probe, RUN, step)
    assert not score_bench(RUN, step, probe).whole


def test_a_probe_without_an_array_counts_as_none() -> None:
    step = step_of(LOCAL_HARD)
    probe = toy_scores(RUN, step)
    for name in set(probe.arrays) - {"top_ids"}:
        arrays = {own: held for own, held in probe.arrays.items() if own != name}
        assert not is_sound(replace(probe, arrays=arrays), RUN, step), name


def test_the_scores_of_the_checkpoint_are_found_in_any_probe() -> None:
    probe = toy_scores(RUN, step_of())
    assert known_scores((), "dot") == ("dot",)
    assert known_scores((replace(probe, kind="other"), probe), "dot") == SCORES
    assert known_scores((replace(probe, settings={"scores": 3}),), "dot") == ("dot",)
    assert known_scores((probe,), "new") == ("new",)
