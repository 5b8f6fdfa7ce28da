"""The scopes of a step: windows, what they cut off, and what of a probe is believed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from attn_desktop.analysis.scope_bench import (
    USUAL_HALF_WIDTH,
    ScopeBench,
    is_sound,
    recorded_window,
    scope_bench,
)
from attn_desktop.analysis.weighing import Window
from attn_desktop.common.mode import Mode
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice, Node
from tests.attention import reference
from tests.bench_probes import HALF_WIDTH, toy_scopes
from tests.toy_records import ADDITIVE, FIXED, Sizes, toy_run, toy_steps

RUN = toy_run(Sizes(source=9))


def step_of(mode: Mode = ADDITIVE, t: int = 4) -> StepRecord:
    nodes = [Node(n, n - 1 if n else None, n + 1, 3, mode, Choice()) for n in range(t)]
    return toy_steps(RUN, nodes)[-1]


def bench_of(step: StepRecord, probe: Any = None) -> ScopeBench:
    found = scope_bench(RUN, step, probe)
    assert found is not None
    return found


def test_each_lane_has_the_window_of_the_probe() -> None:
    step = step_of()
    probe = toy_scopes(RUN, step)
    bench = bench_of(step, probe)
    assert [lane.name for lane in bench.lanes] == ["global", "local-m", "local-p"]
    assert [lane.trained for lane in bench.lanes] == [True, False, False]
    assert all(lane.known and not lane.assumed for lane in bench.lanes)
    for row, lane in enumerate(bench.lanes):
        scoped = bench.scoped(lane.window)
        assert scoped.alpha == pytest.approx(probe.arrays["alpha"][row], abs=1e-6)
        assert scoped.inside.tolist() == probe.arrays["window"][row].tolist()


@pytest.mark.parametrize("gaussian", [False, True])
@pytest.mark.parametrize("half_width", [0.0, 1.0, 3.0, 50.0])
@pytest.mark.parametrize("center", [0.5, 2.4, 9.5])
def test_a_window_cuts_off_what_of_the_global_alpha_is_outside(
    center: float, half_width: float, gaussian: bool
) -> None:
    step = step_of()
    assert step.cross is not None
    energies = step.cross.energies[0, 0].tolist()
    scoped = bench_of(step).scoped(Window((center,), half_width, gaussian))
    kept = reference.allowed(9, center, half_width, None)
    whole = reference.alpha(energies, 9)
    assert np.flatnonzero(scoped.inside).tolist() == kept
    assert scoped.cut == pytest.approx(sum(whole) - sum(whole[j] for j in kept), abs=1e-9)
    plain = reference.alpha(energies, 9, center, half_width, gaussian)
    assert scoped.alpha == pytest.approx(plain, abs=1e-9)
    assert scoped.alpha.sum() == pytest.approx(1)


def test_without_a_probe_p_of_local_p_is_not_known_and_d_is_what_is_usual() -> None:
    _, monotonic, predictive = bench_of(step_of(t=4)).lanes
    assert monotonic.window == Window((4.0,), USUAL_HALF_WIDTH)
    assert monotonic.assumed
    assert (predictive.window, predictive.known) == (None, False)
    at_end = bench_of(step_of(t=12)).lanes[1]
    assert at_end.window == Window((9.0,), USUAL_HALF_WIDTH)


def test_without_a_probe_a_local_step_tells_of_its_own_window() -> None:
    step = step_of(Mode("additive", "local-p"))
    assert step.cross is not None
    assert step.cross.center is not None
    _, monotonic, predictive = bench_of(step).lanes
    own = Window((float(step.cross.center[0, 0]),), 3.0, gaussian=True)
    assert predictive.window == own == recorded_window(RUN, step)
    assert monotonic.window == Window((4.0,), 3.0)
    assert not monotonic.assumed
    assert recorded_window(RUN, step_of()) is None


def test_what_a_score_cannot_tell_apart_is_cut_off_too() -> None:
    step = step_of()
    probe = toy_scopes(RUN, step)
    bench = bench_of(step, replace(probe, settings={**probe.settings, "reach": 4}))
    assert step.cross is not None
    energies = step.cross.energies[0, 0].tolist()
    for window in (None, Window((3.0,), 2.0), Window((8.0,), 1.0)):
        center = None if window is None else window.center[0]
        half_width = 0.0 if window is None else window.half_width
        plain = reference.alpha(energies, 9, center, half_width, reach=4)
        assert bench.scoped(window).alpha == pytest.approx(plain, abs=1e-9)


def test_one_position_has_all_of_alpha_in_every_window() -> None:
    run = toy_run(Sizes(source=1))
    step = toy_steps(run, [Node(0, None, 1, 3, ADDITIVE, Choice())], Sizes(source=1))[0]
    bench = scope_bench(run, step, None)
    assert bench is not None
    for window in (
        None,
        Window((1.0,), 0.0),
        Window((0.2,), 0.0, True),
        Window((1.0,), 99.0, True),
    ):
        scoped = bench.scoped(window)
        assert (scoped.alpha.tolist(), scoped.cut) == ([1.0], 0.0)


def test_without_attention_there_are_no_scopes() -> None:
    assert scope_bench(RUN, step_of(FIXED), None) is None


def test_a_picture_has_no_local_m() -> None:
    run = toy_run(grid=(2, 3))
    step = toy_steps(run, [Node(0, None, 1, 3, ADDITIVE, Choice())])[0]
    bench = scope_bench(run, step, None)
    assert bench is not None
    assert [lane.name for lane in bench.lanes] == ["global", "local-p"]


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": "global"},
        {"scopes": ["global", "global", "local-p"]},
        {"score": "dot"},
        {"reach": 0},
        {"reach": "all"},
        {"centers": np.zeros(3)},
        {"centers": np.array([[np.nan], [4.0], [-1.0]])},
        {"centers": np.array([[np.nan], [4.0], [1e300]])},
        {"half_widths": np.array([np.nan, -1.0, 2.0])},
        {"half_widths": np.array([np.nan, np.inf, 2.0])},
        {"half_widths": np.array([0, 2, 2])},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_a_probe_that_does_not_hold_together_counts_as_none(changes: dict[str, Any]) -> None:
    step = step_of()
    probe = toy_scopes(RUN, step)
    settings = {**probe.settings, **{n: v for n, v in changes.items() if n in probe.settings}}
    arrays = {**probe.arrays, **{n: v for n, v in changes.items() if n in probe.arrays}}
    spoiled = replace(probe, settings=settings, arrays=arrays)
    assert is_sound(probe, RUN, step)
    assert not is_sound(spoiled, RUN, step)
    assert bench_of(step, spoiled).lanes[1].window == Window((4.0,), USUAL_HALF_WIDTH)
    assert bench_of(step, probe).lanes[1].window == Window((4.0,), HALF_WIDTH)
