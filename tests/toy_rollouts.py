"""Rollouts for tests of panels and files: made-up numbers in the shape of the probe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from attn_desktop.analysis.rollouts import KIND, NOTHING, seed_of
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui.scene import Scene, start_key
from attn_desktop.trace.records import FloatArray, IntArray, ProbeRecord, RunRecord

WORDS = ("</s>", "▁le", "▁la", "▁chat", "▁chien", "▁dort", "▁man", "ge", "▁ici")
END = 0


def toy_rollouts(
    run: RunRecord,
    count: int = 40,
    start: int = 0,
    node: int | None = None,
    steps: int = 6,
    done: int | None = None,
    seed: int = 0,
    mode: Mode | None = None,
    trained: bool = False,
) -> ProbeRecord:
    """Rollouts of a few words, after step `start`; done: how many have come so far."""
    rng = np.random.default_rng([seed, count, start])
    rows, size = count if done is None else done, len(run.source)
    tokens = rng.choice(
        len(WORDS), size=(rows, steps), p=[0.1, 0.35, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05]
    )
    tokens[:, 0] = 1 + tokens[:, 0] % 3
    alpha = rng.dirichlet(np.full(size, 0.4)).astype(np.float32)
    sampled = rng.choice(size, size=(rows, steps), p=alpha.astype(float) / alpha.sum(dtype=float))
    for row in range(rows):
        ends = np.flatnonzero(tokens[row] == END)
        if len(ends):
            tokens[row, ends[0] + 1 :] = sampled[row, ends[0] + 1 :] = NOTHING
    return rollouts_of(
        run,
        tokens,
        sampled,
        alpha,
        count=count,
        start=start,
        node=node,
        seed=seed,
        mode=mode,
        trained=trained,
    )


def rollouts_of(
    run: RunRecord,
    tokens: IntArray,
    sampled: IntArray,
    alpha: Sequence[float] | FloatArray,
    *,
    count: int | None = None,
    start: int = 0,
    node: int | None = None,
    seed: int = 0,
    mode: Mode | None = None,
    trained: bool = False,
    words: Sequence[str] = WORDS,
) -> ProbeRecord:
    """The record of given tokens and draws, (n, T) each; token 0 ends."""
    rows = len(tokens)
    rng = np.random.default_rng(rows)
    logs = np.where(tokens == NOTHING, 0, -rng.random(tokens.shape)).astype(np.float32)
    count = rows if count is None else count
    return ProbeRecord(
        node=node,
        kind=KIND,
        settings={
            "count": count,
            "seed": seed,
            "how": "greedy",
            "temperature": 1.0,
            "steps": None,
            "mode": str(mode or Mode(weighting=HARD)),
            "trained": trained,
            "edited": False,
            "start": start,
            "limit": start + tokens.shape[1],
            "first_row": 0,
            "finished": rows == count,
            "labels": {str(token): word for token, word in enumerate(words)},
        },
        arrays={
            "tokens": tokens.astype(np.int32),
            "sampled": sampled.astype(np.int32),
            "log_probs": logs,
            "ended": (tokens == END).any(axis=1),
            "seeds": np.array([seed_of(seed, row) for row in range(rows)]),
            "alpha": np.asarray(alpha, dtype=np.float32),
        },
    )


def with_rollouts(
    scene: Scene, t: int = 0, count: int = 40, done: int | None = None, steps: int = 6
) -> Scene:
    """A scene with rollouts after step t of its branch."""
    assert scene.run is not None
    node = scene.steps[t - 1].node if t else None
    record = toy_rollouts(scene.run, count, t, node, steps, done)
    key = start_key(scene.run_number) if node is None else node
    return replace(scene, probes={**scene.probes, key: (*scene.probes.get(key, ()), record)})
