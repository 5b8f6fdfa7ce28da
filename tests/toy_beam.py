"""Toy beam searches for tests: made-up numbers that hold together, made without a model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from attn_desktop.analysis.beam_tree import KIND, Fate
from attn_desktop.gui.scene import Scene, start_key
from attn_desktop.trace.records import ProbeRecord
from tests.toy_records import ADDITIVE, END_ID, FIXED, VOCABULARY


def toy_beam(
    scene: Scene,
    t: int = 0,
    width: int = 3,
    steps: int = 6,
    shown: int | None = None,
    attends: bool = True,
    seed: int = 0,
    **settings: Any,
) -> ProbeRecord:
    """A search after step t of the branch, of made-up numbers in the shape of the `beam` probe.

    steps: after which it is cut off. shown: steps after which it is still growing.
    """
    assert scene.run is not None
    rng, size = np.random.default_rng([seed, 5]), len(scene.run.source)
    limit, last = t + steps, t + (steps if shown is None else shown)
    rows: list[tuple[Any, ...]] = [
        (-1, t, scene.steps[t - 1].token_id if t else END_ID, 0, 0, Fate.KEPT, 0, 0)
    ]
    alpha, live = [np.zeros(size)], [0]
    for now in range(t + 1, last + 1):
        found = []
        looked = {row: rng.dirichlet(np.ones(size)) for row in live}
        for row in live:
            logs = np.log(rng.dirichlet(np.ones(len(VOCABULARY))))
            found += [(rows[row][4] + log, log, row, token) for token, log in enumerate(logs)]
        found.sort(reverse=True)
        live, worst = [], found[width - 1][0]
        for rank, (total, log, row, token) in enumerate(found[: 2 * width], 1):
            fate = Fate.KEPT if now < limit else Fate.CUT_OFF
            fate = Fate.ENDED if token == END_ID else fate
            fate = Fate.PRUNED if rank > width else fate
            if fate == Fate.KEPT:
                live.append(len(rows))
            rows.append((row, now, token, log, total, fate, rank, max(0.0, worst - total)))
            alpha.append(looked[row])
        if not live:
            break
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    names = ("parent", "t", "token_id", "log_prob", "total", "fate", "rank", "margin")
    arrays = dict(zip(names, columns, strict=True))
    for name in ("log_prob", "total", "margin"):
        arrays[name] = arrays[name].astype(np.float64)
    arrays["length_divisor"] = ((5 + arrays["t"]) / 6) ** 0.6
    arrays["coverage_term"] = np.zeros(len(rows))
    arrays["score"] = arrays["total"] / arrays["length_divisor"]
    if attends:
        arrays["alpha"] = np.array(alpha, dtype=np.float32)
        arrays["sampled"] = np.append(-1, np.argmax(alpha[1:], axis=1))
    given = {
        "width": width,
        "length_penalty": 0.6,
        "coverage_penalty": 0.0,
        "max_steps": limit,
        "seed": 0,
        "reading": None,
        "mode": str(ADDITIVE if attends else FIXED),
        "limit": limit,
        "start": t,
        "prefix": [step.token_id for step in scene.steps[:t]],
        "edited": False,
        "first_row": 0,
        "finished": not live or last == limit,
        "tokens": [VOCABULARY[token] for token in arrays["token_id"]],
    }
    node = scene.steps[t - 1].node if t else None
    return ProbeRecord(node, KIND, {**given, **settings}, arrays, scene.run_number)


def searched(scene: Scene, *searches: ProbeRecord, probing: str = "") -> Scene:
    """The same scene with beam searches, each at the step after which it began."""
    probes = dict(scene.probes)
    for search in searches:
        key = start_key(scene.run_number) if search.node is None else search.node
        probes[key] = (*probes.get(key, ()), search)
    return replace(scene, probes=probes, probing=probing)
