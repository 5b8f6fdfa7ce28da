"""Toy scenes for tests of panels: what `toy_records` makes, with a playhead in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui.document import Document
from attn_desktop.gui.marks import Marks
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.trace.annotations import Breakpoint
from attn_desktop.trace.records import AttentionRecord, ProbeRecord, Reading, RunRecord, StepRecord
from tests.toy_records import ADDITIVE, VOCABULARY, Sizes, toy_trace

READINGS = ("soft", "sampled", "argmax", "expected")


def toy_scene(
    steps: int = 5,
    t: int | None = None,
    phase: Phase = Phase.TOKEN,
    source: int = 6,
    layers: int = 1,
    heads: int = 1,
    mode: Mode = ADDITIVE,
    words: bool = False,
    pieces: int = 1,
    grid: tuple[int, int] | None = None,
    branches: int = 1,
    probes: bool = False,
    busy: bool = False,
    seed: int = 0,
) -> Scene:
    """The first branch of a toy trace, at its last step unless `t` says otherwise.

    pieces: source positions of one word. probes: the four readings of every step of the branch.
    """
    sizes = Sizes(source=source, layers=layers, heads=heads)
    trace = toy_trace(steps, sizes, mode, branches, seed=seed, grid=grid)
    if pieces > 1:
        trace = replace(trace, run=split_words(trace.run, pieces))
    document, view = Document.of_trace(trace)
    records = document.steps(view.leaf)
    return Scene(
        run=trace.run,
        steps=records,
        t=len(records) if t is None else t,
        phase=phase,
        words=words,
        busy=busy,
        probes={step.node: (toy_readings(step),) for step in records if step.cross and probes},
        branches=document.branches(view.leaf),
    )


def split_words(run: RunRecord, pieces: int) -> RunRecord:
    """The same run with words of so many pieces: `▁word0`, `1`, `▁word2`, `3` for 2."""
    index = np.where(run.words >= 0, np.arange(len(run.source)) // pieces, -1)
    source = tuple(
        str(j) if j % pieces and index[j] >= 0 else piece for j, piece in enumerate(run.source)
    )
    return replace(run, source=source, words=index)


def toy_readings(step: StepRecord) -> ProbeRecord:
    """Made-up numbers in the shape of the `readings` probe, for a step with attention."""
    rng = np.random.default_rng([step.node, 4])
    logs = np.sort(np.log(rng.dirichlet(np.ones(len(VOCABULARY)), size=4)))[:, ::-1]
    ids = np.stack([rng.permutation(len(VOCABULARY)) for _ in READINGS])[:, :10]
    kl, js = rng.random((4, 4)), rng.random((4, 4))
    np.fill_diagonal(kl, 0)
    np.fill_diagonal(js, 0)
    assert step.cross is not None
    return ProbeRecord(
        node=step.node,
        kind="readings",
        settings={
            "readings": list(READINGS),
            "top_tokens": [[VOCABULARY[id] for id in row] for row in ids.tolist()],
            "chosen": step.token,
        },
        arrays={
            "top_ids": ids,
            "top_log_probs": logs[:, :10].astype(np.float32),
            "log_prob": logs[:, 3].astype(np.float32),
            "entropy": -(np.exp(logs) * logs).sum(axis=1),
            "kl": kl,
            "js": (js + js.T) / 4,
            "tv": (js + js.T) / 2,
            "argmax_position": step.cross.alpha[0, 0].argmax(keepdims=True),
        },
    )


def spoiled(scene: Scene, value: float = np.nan, names: Sequence[str] = ()) -> Scene:
    """The same scene with `value` in place of every number of attention and readings.

    names: only in fields of these names.
    """

    def spoil(record: AttentionRecord | Reading) -> Any:
        changed: dict[str, Any] = {}
        for name, held in vars(record).items():
            if names and name not in names:
                continue
            if isinstance(held, np.ndarray) and held.dtype.kind == "f" and name != "draw":
                changed[name] = np.full_like(held, value)
            elif isinstance(held, float) and name != "half_width":
                changed[name] = value
        return replace(record, **changed)

    steps = tuple(
        replace(
            step,
            attention={kind: spoil(held) for kind, held in step.attention.items()},
            readings={name: spoil(held) for name, held in step.readings.items()},
        )
        for step in scene.steps
    )
    return replace(scene, steps=steps)


def conditioned(
    scene: Scene, breakpoints: Sequence[Breakpoint | str] = (), watches: Sequence[str] = ()
) -> Scene:
    """The same scene with breakpoints and watches, worked out as a session does it."""
    assert scene.run is not None
    points = [Breakpoint(one) if isinstance(one, str) else one for one in breakpoints]
    marks = Marks()
    return replace(
        scene,
        breakpoints=marks.stops(scene.run, scene.steps, points),
        watches=marks.watches(scene.run, scene.steps, watches),
    )


def without_picture(scene: Scene) -> Scene:
    """The same scene whose grid is known and whose picture is not."""
    assert scene.run is not None
    return replace(scene, run=replace(scene.run, picture=None))


def asked(scene: Scene, question: str = "is there a dog") -> Scene:
    """The same scene of a model that is asked about its picture."""
    assert scene.run is not None
    model = replace(scene.run.model, takes=("picture", "question"))
    run = replace(scene.run, model=model, text=question, receptive_field=0.4)
    return replace(scene, run=run)


def hard(mode: Mode = ADDITIVE) -> Mode:
    """The same mode with hard weighting."""
    return replace(mode, weighting=HARD)
