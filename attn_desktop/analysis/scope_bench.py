"""The scopes of a step on the same energies: windows, what they cut off, α inside them.

From a step's record and its `scopes` probe. Without one, as in a file that holds none, p_t of
local-p is known to the model only, and D is what checkpoints have unless they say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attn_desktop.analysis.probe_checks import fits, is_list
from attn_desktop.analysis.weighing import Flags, Floats, Window, weigh
from attn_desktop.common.mode import Mode
from attn_desktop.trace.numbers import is_whole
from attn_desktop.trace.records import AttentionRecord, ProbeRecord, RunRecord, StepRecord

KIND = "scopes"
GLOBAL, MONOTONIC, PREDICTIVE = "global", "local-m", "local-p"
SCOPES = (GLOBAL, MONOTONIC, PREDICTIVE)
#: D unless a checkpoint says otherwise.
USUAL_HALF_WIDTH = 3.0


@dataclass(frozen=True, eq=False)
class ScopeLane:
    """One scope of a step. window: where it looks, as the model has it; None for everywhere.

    known: whether the centre is known. assumed: whether D is only what is usual. trained: whether
    the checkpoint learnt this scope with the score and the weighting of the step.
    """

    name: str
    window: Window | None
    trained: bool
    known: bool = True
    assumed: bool = False


@dataclass(frozen=True, eq=False)
class Scoped:
    """What a window makes of a step, averaged over layers and heads.

    inside: (S,) what it lets through. alpha: (S,) after it. cut: Σ of the global α outside it.
    """

    inside: Flags
    alpha: Floats
    cut: float


@dataclass(frozen=True, eq=False)
class ScopeBench:
    """The energies (layers, heads, S) of a step and the scopes that may limit them.

    mask: (S,) real positions. reachable: (S,) those that the score can tell apart.
    """

    lanes: tuple[ScopeLane, ...]
    energies: Floats
    mask: Flags
    reachable: Flags

    def scoped(self, window: Window | None) -> Scoped:
        """α inside a window; None: everywhere."""
        whole = self._alpha(None)
        inside = self._inside(window)
        alpha = whole if window is None else self._alpha(window)
        # At the ends rounding must not make it negative.
        cut = max(0.0, float(whole[~inside].sum())) if np.isfinite(whole).all() else float("nan")
        return Scoped(inside, alpha, cut)

    def _inside(self, window: Window | None) -> Flags:
        inside = np.ones_like(self.mask) if window is None else window.inside(self.mask)
        # What a score cannot tell apart is cut off too, unless nothing were left.
        within = inside & self.reachable
        allowed = self.mask & (within if (within & self.mask).any() else inside)
        return allowed

    def _alpha(self, window: Window | None) -> Floats:
        prior = None if window is None else window.log_prior(len(self.mask))
        mean: Floats = weigh(self.energies, self._inside(window), prior).mean(axis=(0, 1))
        return mean


def recorded_window(run: RunRecord, step: StepRecord) -> Window | None:
    """Where the scope of a step looked, as its record says, averaged over layers and heads.

    None where it looked everywhere, or where the record does not hold together.
    """
    cross = step.cross
    if cross is None or cross.center is None or cross.half_width is None:
        return None
    center = np.atleast_1d(cross.center.mean(axis=(0, 1), dtype=np.float64))
    sound = np.isfinite(center).all() and 0 <= cross.half_width < np.inf
    if not sound or center.shape != (_axes(run),):
        return None
    gaussian = step.mode.scope == PREDICTIVE
    return Window(tuple(center.tolist()), cross.half_width, gaussian, run.grid)


def _axes(run: RunRecord) -> int:
    """Along how many axes p_t is given."""
    return 1 if run.grid is None else 2


def scope_bench(run: RunRecord, step: StepRecord, probe: ProbeRecord | None) -> ScopeBench | None:
    """The scopes of a step; None without attention. A probe that is not sound counts as none.

    On a grid there is no local-m: nothing says that step t is about region t.
    """
    cross = step.cross
    if cross is None:
        return None
    if probe is not None and not is_sound(probe, run, step):
        probe = None
    mask = np.logical_and.reduce(cross.mask, axis=(0, 1))
    windows, assumed = _windows(run, step, mask, probe)
    lanes = []
    for name in SCOPES if run.grid is None else (GLOBAL, PREDICTIVE):
        mode = Mode(step.mode.score, name, step.mode.weighting)
        window, known = windows.get(name), name == GLOBAL or name in windows
        trained = mode in run.model.trained_modes
        lanes.append(ScopeLane(name, window, trained, known, assumed and name in windows))
    energies = cross.energies.astype(np.float64)
    return ScopeBench(tuple(lanes), energies, mask, _reachable(step, cross, probe))


def _windows(
    run: RunRecord, step: StepRecord, mask: Flags, probe: ProbeRecord | None
) -> tuple[dict[str, Window], bool]:
    """The windows that are known, by scope, and whether D is only assumed."""
    if probe is not None:
        rows = zip(
            probe.settings["scopes"],
            probe.arrays["centers"].tolist(),
            probe.arrays["half_widths"].tolist(),
            strict=True,
        )
        return {
            name: Window(tuple(center), half_width, name == PREDICTIVE, run.grid)
            for name, center, half_width in rows
            if np.isfinite([*center, half_width]).all()
        }, False
    own = recorded_window(run, step)
    half_width = USUAL_HALF_WIDTH if own is None else own.half_width
    # Luong et al. 2015, section 3.2: p_t = t, up to the end of the source.
    windows = {MONOTONIC: Window((float(min(step.t, mask.sum())),), half_width)}
    if own is not None and own.gaussian:
        windows[PREDICTIVE] = own
    return windows, own is None


def _reachable(step: StepRecord, cross: AttentionRecord, probe: ProbeRecord | None) -> Flags:
    """(S,) the positions that the score can tell apart."""
    size = cross.mask.shape[-1]
    if probe is not None:
        reach = probe.settings["reach"]
        within: Flags = np.arange(size) < (size if reach is None else reach)
        return within
    if step.mode.scope == GLOBAL:
        return np.asarray(np.logical_and.reduce(cross.window, axis=(0, 1)))
    return np.ones(size, dtype=np.bool_)


def is_sound(probe: ProbeRecord, run: RunRecord, step: StepRecord) -> bool:
    """Whether a probe, which may come from any file, tells of the scopes of this step."""
    told, arrays = probe.settings, probe.arrays
    names = told.get("scopes")
    if probe.kind != KIND or not isinstance(names, list | tuple):
        return False
    count, reach = len(names), told.get("reach")
    shapes = {"centers": (count, _axes(run)), "half_widths": (count,)}
    if (
        told.get("score") != step.mode.score
        or not is_list(names, str, count)
        or len(set(names)) < count
        or "reach" not in told
        or not (reach is None or (is_whole(reach) and reach > 0))
        or not all(fits(arrays.get(name), shape) for name, shape in shapes.items())
    ):
        return False
    # NaN where a scope has none of it.
    centers, widths = arrays["centers"], arrays["half_widths"]
    beyond = (centers < 0) | (centers > len(run.source))
    return not bool(beyond.any() or ((widths < 0) | np.isinf(widths)).any())
