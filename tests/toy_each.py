"""A made-up `each-position` probe for tests, in the shape that the engine gives it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attn_desktop.analysis.each_position import KIND
from attn_desktop.gui.scene import Scene
from attn_desktop.trace.records import ProbeRecord, RunRecord, StepRecord
from tests.toy_records import VOCABULARY

LISTED = 4


def toy_each_position(run: RunRecord, step: StepRecord) -> ProbeRecord:
    """Distributions at random over the toy vocabulary; what is listed of them holds together."""
    rng = np.random.default_rng([step.node, 9])
    size = len(run.source)
    p = rng.dirichlet(np.full(len(VOCABULARY), 0.4), size=size) + 1e-9
    p /= p.sum(axis=1, keepdims=True)
    soft = rng.dirichlet(np.ones(len(VOCABULARY)))
    ids = np.argsort(-p, axis=1)[:, :LISTED]
    middle = (p + soft) / 2
    apart = (p * np.log(p / middle)).sum(axis=1) + (soft * np.log(soft / middle)).sum(axis=1)
    return ProbeRecord(
        node=step.node,
        kind=KIND,
        settings={
            "top_tokens": [[VOCABULARY[id] for id in row] for row in ids.tolist()],
            "token_id": step.token_id,
            "token": step.token,
        },
        arrays={
            "top_ids": ids,
            "top_log_probs": np.log(np.take_along_axis(p, ids, axis=1)).astype(np.float32),
            "log_prob": np.log(p[:, step.token_id]).astype(np.float32),
            "entropy": -(p * np.log(p)).sum(axis=1),
            "js": apart / 2,
        },
    )


def with_each_position(scene: Scene) -> Scene:
    """The same scene with such a probe at every step with attention, beside what it has."""
    run = scene.run
    assert run is not None
    probes = {
        step.node: (*scene.probes.get(step.node, ()), toy_each_position(run, step))
        for step in scene.steps
        if step.cross
    }
    return replace(scene, probes={**scene.probes, **probes})
