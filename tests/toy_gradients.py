"""A made-up `gradients` probe for tests: rewards are random, what follows from them is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attn_desktop.analysis.gradients import BASELINES, KIND, sample_counts
from attn_desktop.gui.scene import Scene
from attn_desktop.trace.records import ProbeRecord, StepRecord


def toy_gradients(step: StepRecord, samples: int = 1000, words: int | None = None) -> ProbeRecord:
    """The probe of a step with attention; its spreads are only about right.

    words: G, the number of columns when pieces are joined; S unless told otherwise.
    """
    assert step.cross is not None
    rng = np.random.default_rng([step.node, 5])
    alpha = step.cross.alpha[0, 0].astype(np.float64)
    rewards = -3 + rng.standard_normal(len(alpha))
    expected = float(alpha @ rewards)
    exact = alpha * (rewards - expected)
    counts = np.array(sample_counts(samples))
    size = np.array([3.0, 1.1, 1.2, 1.0])[:, None, None]
    spread = size * np.sqrt(alpha * (1 - alpha)) / np.sqrt(counts)[None, :, None]
    noise = rng.standard_normal((4, len(counts), len(alpha)))
    columns = len(alpha) if words is None else words
    return ProbeRecord(
        node=step.node,
        kind=KIND,
        settings={
            "samples": samples,
            "repeats": 100,
            "seed": 0,
            "constant": None,
            "token_id": step.token_id,
            "token": step.token,
            "baselines": list(BASELINES),
            "decay": 0.95,
            "edited": False,
        },
        arrays={
            "log_probs": rewards,
            "exact": exact,
            "soft": 1.5 * exact + 0.02 * rng.standard_normal(len(alpha)),
            "soft_log_prob": np.array([expected + 0.1]),
            "counts": counts,
            "baseline": np.array([0.0, -3.0, expected, expected])[:, None] + 0 * counts,
            "analytic": (spread**2).sum(axis=2),
            "estimate": exact + spread * noise,
            "mean": exact + spread * noise / 10,
            "spread": spread * rng.uniform(0.9, 1.1, spread.shape),
            "word_spread": np.repeat(spread.mean(axis=2, keepdims=True), columns, axis=2),
        },
    )


def with_gradients(scene: Scene) -> Scene:
    """The same scene with such a probe at every step with attention, beside what it has."""
    words = len(replace(scene, words=True).source)
    probes = {
        step.node: (*scene.probes.get(step.node, ()), toy_gradients(step, words=words))
        for step in scene.steps
        if step.cross
    }
    return replace(scene, probes={**scene.probes, **probes})
