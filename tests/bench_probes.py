"""Made-up probes of the score bench and of the scopes, in the shape that the engine gives them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attn_desktop.analysis.weighing import Window, drawn, weigh
from attn_desktop.gui.scene import Scene
from attn_desktop.trace.records import ProbeRecord, RunRecord, StepRecord
from tests.toy_records import VOCABULARY

SCORES = ("cosine", "additive", "location", "general", "dot", "scaled-dot")
TRAINED = ("additive", "dot")
HALF_WIDTH = 2.0


def toy_scores(run: RunRecord, step: StepRecord) -> ProbeRecord:
    """Energies of every score at random, those of the step its own; α and c follow from them."""
    rng = np.random.default_rng([step.node, 7])
    count, size = len(SCORES), len(run.source)
    energies = rng.normal(0, 2, (count, size)).astype(np.float32)
    window = np.ones((count, size), dtype=np.bool_)
    u = float(rng.random())
    if step.cross is not None:
        energies[SCORES.index(step.mode.score)] = step.cross.energies[0, 0]
        window[:] = step.cross.window[0, 0]
    alpha = np.array([weigh(row, own) for row, own in zip(energies, window, strict=True)])
    sampled = np.array([drawn(row, u) for row in alpha])
    hard = step.mode.weighting == "hard"
    logs = np.sort(np.log(rng.dirichlet(np.ones(len(VOCABULARY)), size=count)))[:, ::-1]
    ids = np.stack([rng.permutation(len(VOCABULARY)) for _ in SCORES])[:, :4]
    arrays = {
        "energies": energies,
        "alpha": alpha.astype(np.float32),
        "window": window,
        "contexts": run.states[sampled] if hard else (alpha @ run.states).astype(np.float32),
        "sampled": sampled,
        "top_ids": ids,
        "top_log_probs": logs[:, :4].astype(np.float32),
        "log_prob": logs[:, 2].astype(np.float32),
        "draw": np.array([u]),
    }
    if step.mode.scope != "global":
        center = np.full(1 if run.grid is None else 2, 2.0)
        arrays |= {"center": center, "half_width": np.array([HALF_WIDTH])}
    settings = {
        "scope": step.mode.scope,
        "weighting": step.mode.weighting,
        "scores": list(SCORES),
        "formulas": [f"e of {name}" for name in SCORES],
        "sources": ["a paper" for _ in SCORES],
        "trained": [name in TRAINED for name in SCORES],
        "unscaled": [name in ("general", "dot") for name in SCORES],
        "dimension": 16,
        "top_tokens": [[VOCABULARY[id] for id in row] for row in ids.tolist()],
    }
    return ProbeRecord(step.node, "scores", settings, arrays)


def toy_scopes(run: RunRecord, step: StepRecord) -> ProbeRecord:
    """Windows around t, not on a grid, and around a place at random."""
    assert step.cross is not None
    rng, size = np.random.default_rng([step.node, 8]), len(run.source)
    lengths = (size,) if run.grid is None else run.grid
    shares = rng.uniform(0.2, 0.8, len(lengths)).tolist()
    predicted = tuple(share * length for share, length in zip(shares, lengths, strict=True))
    windows: dict[str, Window | None] = {
        "global": None,
        "local-m": Window((float(min(step.t, size)),), HALF_WIDTH),
        "local-p": Window(predicted, HALF_WIDTH, True, run.grid),
    }
    if run.grid is not None:
        del windows["local-m"]
    energies = step.cross.energies[0, 0].astype(np.float64)
    inside = [run.mask if w is None else w.inside(run.mask) for w in windows.values()]
    priors = [None if w is None else w.log_prior(size) for w in windows.values()]
    alpha = [weigh(energies, own, prior) for own, prior in zip(inside, priors, strict=True)]
    settings = {
        "score": step.mode.score,
        "weighting": step.mode.weighting,
        "scopes": list(windows),
        "formulas": ["" for _ in windows],
        "sources": ["" for _ in windows],
        "trained": [name == "global" for name in windows],
        "reach": None,
    }
    arrays = {
        "alpha": np.array(alpha, dtype=np.float32),
        "window": np.array(inside),
        "centers": np.array(
            [len(lengths) * [np.nan] if w is None else w.center for w in windows.values()]
        ),
        "half_widths": np.array([np.nan if w is None else w.half_width for w in windows.values()]),
    }
    return ProbeRecord(step.node, "scopes", settings, arrays)


def with_benches(scene: Scene) -> Scene:
    """The same scene with both probes at every step of the branch shown."""
    run = scene.run
    assert run is not None
    probes = dict(scene.probes)
    for step in scene.steps:
        found: tuple[ProbeRecord, ...] = (toy_scores(run, step),)
        if step.cross is not None:
            found = (*found, toy_scopes(run, step))
        probes[step.node] = (*probes.get(step.node, ()), *found)
    return replace(scene, probes=probes)
