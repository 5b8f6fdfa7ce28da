"""The scopes of a step against the steps that have them, and against the formulas in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from attn_desktop.analysis.weighing import Window, weigh
from attn_desktop.attention import attend
from attn_desktop.attention.grid_scopes import GridPredictive
from attn_desktop.attention.scopes import SCOPES, LocalMonotonic, LocalPredictive, View
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.scope_bench import KIND
from attn_desktop.trace.edits import Edit
from tests.attention import reference
from tests.decoding.helpers import NONE
from tests.decoding.test_score_bench import Decoded, plain_energies


@pytest.mark.parametrize("score", ["additive", "location"])
def test_each_scope_is_what_the_paper_says(score: str) -> None:
    decoded = Decoded(Mode(score), longest_source=6)
    probe = decoded.probe(KIND)
    told, arrays = probe.settings, probe.arrays
    assert told["scopes"] == list(SCOPES)
    reach = 6 if score == "location" else None
    assert told["reach"] == reach
    weights = decoded.weights("attention.scopes.local-p.")
    length = len(decoded.memory)
    predicted = reference.predicted_center(
        decoded.query, length, weights["weight.weight"], weights["v.weight"]
    )
    centers = {"global": None, "local-m": 3.0, "local-p": predicted}
    energies = plain_energies(decoded, score)
    for row, name in enumerate(told["scopes"]):
        center = centers[name]
        expected = reference.alpha(energies, length, center, 3.0, name == "local-p", reach)
        assert arrays["alpha"][row] == pytest.approx(expected, abs=2e-5)
        inside = reference.allowed(length, center, 3.0, reach)
        assert np.flatnonzero(arrays["window"][row]).tolist() == inside
        if center is None:
            assert np.isnan([arrays["centers"][row, 0], arrays["half_widths"][row]]).all()
        else:
            assert arrays["centers"][row, 0] == pytest.approx(center, abs=1e-4)
            assert arrays["half_widths"][row] == 3.0


def test_the_scope_in_use_is_the_step_without_its_edits() -> None:
    decoded = Decoded(Mode("dot", "local-p", HARD), (Edit("alpha", "uniform"),))
    probe, cross = decoded.probe(KIND), decoded.steps[-1].cross
    row = probe.settings["scopes"].index("local-p")
    assert cross is not None
    assert cross.unedited is not None
    assert cross.center is not None
    assert probe.arrays["alpha"][row] == pytest.approx(cross.unedited[0, 0], abs=1e-7)
    assert probe.arrays["window"][row].tolist() == cross.window[0, 0].tolist()
    assert probe.arrays["centers"][row, 0] == cross.center[0, 0]
    assert (probe.settings["score"], probe.settings["weighting"]) == ("dot", HARD)


def test_it_says_which_modes_were_learnt() -> None:
    soft, hard = (Decoded(Mode("additive", "global", how)).probe(KIND) for how in ("soft", HARD))
    assert soft.settings["trained"] == [True, True, True]
    assert hard.settings["trained"] == [True, False, False]


def test_without_attention_there_is_nothing_to_limit() -> None:
    with pytest.raises(InputError, match="no attention"):
        Decoded(NONE).probe(KIND)


@pytest.mark.parametrize("half_width", [0.0, 1e-7, 0.5, 2.0, 3.0, 100.0])
@pytest.mark.parametrize("size", [1, 2, 7, 60])
def test_the_preview_is_what_the_engine_makes_of_p_and_d(size: int, half_width: float) -> None:
    rng = np.random.default_rng([size, round(10 * half_width)])
    energies = torch.tensor(rng.normal(0, 3, (1, size)))
    mask = torch.ones(1, size, dtype=torch.bool)
    mask[0, size - size // 5 :] = False
    scope = LocalPredictive(4, half_width)
    for p in (0.01, 0.3, 0.5, 0.71, 0.99):
        scope.predict = lambda state, p=p: torch.logit(torch.tensor([p]).double())  # type: ignore[method-assign,misc]
        view = scope(torch.zeros(1, 4, dtype=torch.float64), mask, 1)
        assert view.center is not None
        _compare(Window((float(view.center),), half_width, gaussian=True), view, energies, mask)
    for t in (1, size, size + 3):
        view = LocalMonotonic(4, half_width)(torch.zeros(1, 4, dtype=torch.float64), mask, t)
        assert view.center is not None
        _compare(Window((float(view.center),), half_width), view, energies, mask)


@pytest.mark.parametrize("half_width", [0.0, 1.0, 2.5, 50.0])
def test_the_preview_of_a_picture_is_what_the_engine_makes_of_it(half_width: float) -> None:
    grid = (3, 5)
    energies = torch.tensor(np.random.default_rng(1).normal(0, 3, (1, 15)))
    mask = torch.ones(1, 15, dtype=torch.bool)
    scope = GridPredictive(4, half_width, grid).double()
    for seed in range(4):
        torch.manual_seed(seed)
        view = scope(torch.randn(1, 4, dtype=torch.float64) * 3, mask, 1)
        assert view.center is not None
        center = tuple(view.center[0].tolist())
        _compare(Window(center, half_width, True, grid), view, energies, mask)


@torch.inference_mode()
def _compare(window: Window, view: View, energies: Tensor, mask: Tensor) -> None:
    real = mask[0].numpy()
    assert window.inside(real).tolist() == view.window[0].tolist()
    alpha = attend.weigh(energies, mask & view.window, view.log_prior)[0].numpy()
    inside = real & window.inside(real)
    preview = weigh(energies[0].numpy(), inside, window.log_prior(len(real)))
    assert preview == pytest.approx(alpha, abs=1e-12)
    assert (preview > 0).tolist() == (alpha > 0).tolist()
