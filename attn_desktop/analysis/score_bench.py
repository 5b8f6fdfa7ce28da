"""The scores of a checkpoint side by side: how alike their α are, and what τ and √n do to it.

From a step's `scores` probe; without one, as in a file that holds none, only what the step itself
recorded is known. Shapes: R scores, S source positions, H size of the annotations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.candidates import probability
from attn_desktop.analysis.entropy import entropy
from attn_desktop.analysis.labels import candidate_label
from attn_desktop.analysis.probe_checks import fits, is_list
from attn_desktop.analysis.scope_bench import PREDICTIVE, recorded_window
from attn_desktop.analysis.weighing import Flags, Floats, Window, drawn, weigh
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.trace.numbers import is_whole
from attn_desktop.trace.records import ProbeRecord, RunRecord, StepRecord

KIND = "scores"


@dataclass(frozen=True)
class Lens:
    """What energies are looked at through.

    temperature: τ ≥ 0, by which the softmax divides them. scaling: x from 0 to 1, for dot products
    of n terms that are not divided yet: by √n to the power of x, so 0 is Luong's dot and 1 is
    Vaswani's scaled dot product.
    """

    temperature: float = 1.0
    scaling: float = 0.0


@dataclass(frozen=True, eq=False)
class ScoreRow:
    """One score. energies: (S,); inside: (S,) what mask and window let through; alpha: (S,).

    context: (H,), of the weighting; k: the position that it looks at alone, None where it looks at
    all. tokens: the likeliest next ones with their p, best first. p_chosen: of the one that the
    step took. trained: whether the checkpoint learnt it. unscaled: see `Lens`.
    """

    name: str
    energies: Floats
    inside: Flags
    alpha: Floats
    context: Floats
    k: int | None
    tokens: tuple[tuple[str, float], ...]
    p_chosen: float
    trained: bool
    formula: str = ""
    source: str = ""
    unscaled: bool = False

    @property
    def entropy(self) -> float:
        """H(α), in nats."""
        return float(entropy(self.alpha))

    @property
    def argmax(self) -> int:
        """The first position of the largest α; 0 where α is no number."""
        return int(np.nan_to_num(self.alpha).argmax())


@dataclass(frozen=True, eq=False)
class ScoreBench:
    """The scores of one step. whole: whether they are all that the checkpoint has.

    scope, weighting: those of all of them. dimension: n, None where it is not known. prior: (S,)
    what the scope adds to the energies. draw: u of the hard position.
    """

    rows: tuple[ScoreRow, ...]
    scope: str
    weighting: str
    whole: bool
    dimension: int | None
    prior: Floats
    draw: float

    def mode(self, row: ScoreRow) -> Mode:
        """The mode that a row is of."""
        return Mode(row.name, self.scope, self.weighting)

    def through(self, lens: Lens, states: NDArray[Any]) -> ScoreBench:
        """Energies, α, k and context as they would be. states: (S, H) the h_j."""
        if lens == Lens():
            return self
        rows = (self._seen(row, lens, states) for row in self.rows)
        return replace(self, rows=tuple(rows))

    def _seen(self, row: ScoreRow, lens: Lens, states: NDArray[Any]) -> ScoreRow:
        energies = row.energies
        if row.unscaled and self.dimension is not None:
            energies = energies * self.dimension ** (-lens.scaling / 2)
        alpha = weigh(energies, row.inside, self.prior, lens.temperature)
        k = drawn(alpha, self.draw) if self.weighting == HARD else None
        with np.errstate(invalid="ignore", over="ignore"):
            context = alpha @ states if k is None else states[k].astype(np.float64)
        return replace(row, energies=energies, alpha=alpha, k=k, context=context)


def agreement(alphas: NDArray[Any]) -> Floats:
    """1 − TV of every two rows of α (R, S), (R, R): from 0, no position in common, to 1, the same.

    TV(a, b) = ½ Σ_j |a_j − b_j| is the total variation: how much of α would have to be moved.
    """
    apart = np.abs(alphas[:, None, :].astype(np.float64) - alphas[None, :, :])
    shared: Floats = np.clip(1 - apart.sum(axis=-1) / 2, 0.0, 1.0)
    return shared


def same_argmax(alphas: NDArray[Any]) -> Flags:
    """Whether every two rows of α (R, S) have their largest weight on one position: (R, R)."""
    best = np.nan_to_num(alphas).argmax(axis=1)
    same: Flags = best[:, None] == best[None, :]
    return same


def score_bench(run: RunRecord, step: StepRecord, probe: ProbeRecord | None) -> ScoreBench:
    """What is known of the scores of a step; no rows where nothing is.

    A probe that is not sound counts as none.
    """
    if probe is not None and is_sound(probe, run, step):
        return _probed(run, step, probe)
    return _recorded(run, step)


def known_scores(probes: Iterable[ProbeRecord], own: str) -> tuple[str, ...]:
    """The scores of the checkpoint, by any probe that tells of them; else `own` alone."""
    for probe in probes:
        names: Any = probe.settings.get("scores")
        if probe.kind == KIND and is_list(names, str) and own in names:
            return tuple(dict.fromkeys(names))
    return (own,)


def _probed(run: RunRecord, step: StepRecord, probe: ProbeRecord) -> ScoreBench:
    told, arrays = probe.settings, probe.arrays
    scope, weighting = told["scope"], told["weighting"]
    rows = tuple(
        ScoreRow(
            name=name,
            energies=arrays["energies"][at].astype(np.float64),
            inside=arrays["window"][at] & run.mask,
            alpha=arrays["alpha"][at].astype(np.float64),
            context=arrays["contexts"][at].astype(np.float64),
            k=int(arrays["sampled"][at]) if weighting == HARD else None,
            tokens=_tokens(step, told["top_tokens"][at], arrays["top_log_probs"][at]),
            p_chosen=probability(float(arrays["log_prob"][at])),
            trained=bool(told["trained"][at]),
            formula=told["formulas"][at],
            source=told["sources"][at],
            unscaled=bool(told["unscaled"][at]),
        )
        for at, name in enumerate(told["scores"])
    )
    prior = np.zeros(len(run.source))
    if "center" in arrays:
        center, half_width = tuple(arrays["center"].tolist()), float(arrays["half_width"][0])
        window = Window(center, half_width, scope == PREDICTIVE, run.grid)
        prior = window.log_prior(len(run.source))
    return ScoreBench(
        rows, scope, weighting, True, told["dimension"], prior, float(arrays["draw"][0])
    )


def _recorded(run: RunRecord, step: StepRecord) -> ScoreBench:
    """The score of the step itself, averaged over layers and heads; as the model had it.

    Where the step was edited, which token would have come next is not known.
    """
    mode, cross, size = step.mode, step.cross, len(run.source)
    if cross is None:
        return ScoreBench((), mode.scope, mode.weighting, False, None, np.zeros(size), 0.0)
    window = recorded_window(run, step)
    prior = np.zeros(size) if window is None else window.log_prior(size)
    draw = float(cross.draw.flat[0])
    recorded = cross.alpha if cross.unedited is None else cross.unedited
    tokens: tuple[tuple[str, float], ...] = ()
    p_chosen = float("nan")
    with np.errstate(invalid="ignore", over="ignore"):
        alpha: Floats = recorded.mean(axis=(0, 1), dtype=np.float64)
        energies: Floats = cross.energies.mean(axis=(0, 1), dtype=np.float64)
        k = int(cross.sampled.flat[0]) if mode.weighting == HARD else None
        context = step.active.context.astype(np.float64)
        if step.edits:
            k = None if k is None else drawn(alpha, draw)
            context = alpha @ run.states if k is None else run.states[k].astype(np.float64)
        else:
            tokens = _tokens(step, step.active.top_tokens, step.active.top_log_probs)
            p_chosen = probability(step.log_prob)
    row = ScoreRow(
        name=mode.score,
        energies=energies,
        inside=np.logical_or.reduce(cross.mask & cross.window, axis=(0, 1)),
        alpha=alpha,
        context=context,
        k=k,
        tokens=tokens,
        p_chosen=p_chosen,
        trained=step.trained,
    )
    return ScoreBench((row,), mode.scope, mode.weighting, False, None, prior, draw)


def _tokens(
    step: StepRecord, labels: Sequence[str], log_probs: NDArray[Any]
) -> tuple[tuple[str, float], ...]:
    """Labels with p."""
    return tuple(
        (candidate_label(step, label), probability(log_prob))
        for label, log_prob in zip(labels, log_probs.tolist(), strict=True)
    )


def is_sound(probe: ProbeRecord, run: RunRecord, step: StepRecord) -> bool:
    """Whether a probe, which may come from any file, tells of the scores of this step."""
    told, arrays, (source, hidden) = probe.settings, probe.arrays, run.states.shape
    names, dimension = told.get("scores"), told.get("dimension")
    if probe.kind != KIND or not isinstance(names, list | tuple) or not names:
        return False
    count = len(names)
    weighting, scope = told.get("weighting"), told.get("scope")
    own = step.mode if step.mode.attends else Mode()
    lists = {"scores": str, "formulas": str, "sources": str, "trained": bool, "unscaled": bool}
    tokens: Any = told.get("top_tokens")
    shapes: dict[str, tuple[tuple[int | None, ...], str]] = {
        "energies": ((count, source), "f"),
        "alpha": ((count, source), "f"),
        "window": ((count, source), "b"),
        "contexts": ((count, hidden), "f"),
        "sampled": ((count,), "iu"),
        "top_log_probs": ((count, None), "f"),
        "log_prob": ((count,), "f"),
        "draw": ((1,), "f"),
    }
    local = "center" in arrays or "half_width" in arrays
    if local:
        axes = 1 if run.grid is None else 2
        shapes |= {"center": ((axes,), "f"), "half_width": ((1,), "f")}
    if (
        (scope, weighting) != (own.scope, own.weighting)
        or not all(is_list(told.get(name), kind, count) for name, kind in lists.items())
        or len(set(names)) < count
        or not (isinstance(dimension, int) and is_whole(dimension) and dimension > 0)
        or not all(fits(arrays.get(name), *shape) for name, shape in shapes.items())
        or not is_list(tokens, list, count)
    ):
        return False
    listed = arrays["top_log_probs"].shape[1]
    placed = not local or (
        np.isfinite(arrays["center"]).all() and 0 <= arrays["half_width"][0] < np.inf
    )
    return bool(
        placed
        and listed > 0
        and all(is_list(row, str, listed) for row in tokens)
        and ((arrays["sampled"] >= 0) & (arrays["sampled"] < source)).all()
        and 0 <= arrays["draw"][0] < 1
    )
