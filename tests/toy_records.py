"""Toy runs for tests: records of chosen sizes that hold together, made without a model.

The numbers obey the definitions (α is a softmax that sums to 1, c_soft = Σ_j α_j h_j,
c_hard = h_k with k drawn from α, log-probabilities from a readout), so that a panel or an analysis
may be tested against them. The same arguments give the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.alpha_edits import edit_alpha
from attn_desktop.common.mode import HARD, NO_ATTENTION, SOFT, Mode
from attn_desktop.trace.annotations import Annotations, Breakpoint, Note
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import (
    CROSS,
    AttentionRecord,
    ModelInfo,
    ProbeRecord,
    Reading,
    RunRecord,
    StepRecord,
)
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree
from attn_desktop.trace.trace import Place, Trace

Floats = NDArray[np.float32]

ADDITIVE = Mode("additive", "global", SOFT)
FIXED = Mode(NO_ATTENTION)
END_ID = 0
VOCABULARY = ("</s>", "▁a", "▁man", "▁on", "▁the", "▁beach", "▁with", "▁his", "▁dog", "s", ".", "é")


@dataclass(frozen=True)
class Sizes:
    """S source positions, H numbers per annotation, N per state, K likeliest tokens."""

    source: int = 6
    hidden: int = 8
    state: int = 5
    top_k: int = 4
    layers: int = 1
    heads: int = 1


@dataclass(frozen=True, eq=False)
class _Weights:
    """A random one-layer decoder. query: (H, N), recur: (N, N + H + 1), readout: (V, N + H)."""

    query: Floats
    recur: Floats
    readout: Floats


def toy_run(
    sizes: Sizes = Sizes(), seed: int = 0, grid: tuple[int, int] | None = None
) -> RunRecord:
    """A sentence of `sizes.source` words, or a picture with `grid` regions (rows, columns)."""
    rng = np.random.default_rng([seed, 1])
    if grid is None:
        source = (*(f"▁word{j}" for j in range(sizes.source - 1)), "</s>")
    else:
        places = [(row, column) for row in range(grid[0]) for column in range(grid[1])]
        source = tuple(f"r{row + 1}c{column + 1}" for row, column in places)
    count = len(source)
    lengths = [len(piece) if piece.startswith("▁") else 0 for piece in source]
    ends = np.cumsum(lengths)
    states = rng.standard_normal((count, sizes.hidden), dtype=np.float32)
    return RunRecord(
        model=ModelInfo("toy", "seq2seq", f"{seed:064x}", "A toy.", (ADDITIVE, FIXED)),
        text="".join(piece.replace("▁", " ") for piece in source if piece.startswith("▁")),
        source=source,
        words=np.array([j if n else -1 for j, n in enumerate(lengths)], dtype=np.int64),
        spans=np.stack([ends - lengths, ends], axis=1).astype(np.int64).reshape(count, 2),
        states=states,
        mask=np.ones(count, dtype=np.bool_),
        start_state=rng.standard_normal(sizes.state, dtype=np.float32),
        fixed_context=rng.standard_normal(sizes.hidden, dtype=np.float32),
        device="cpu",
        dtype="float32",
        grid=grid,
        picture=None
        if grid is None
        else rng.integers(0, 256, (8 * grid[0], 8 * grid[1], 3), dtype=np.uint8),
    )


def toy_steps(
    run: RunRecord, nodes: Sequence[Node], sizes: Sizes = Sizes(), seed: int = 0
) -> tuple[StepRecord, ...]:
    """One step for each of `nodes`, parents first; without attention where the mode has none."""
    weights = _toy_weights(sizes, seed)
    steps: dict[int, StepRecord] = {}
    for node in nodes:
        before = None if node.parent is None else steps[node.parent]
        steps[node.id] = _toy_step(run, node, before, weights, sizes)
    return tuple(steps.values())


def toy_trace(
    steps: int = 5,
    sizes: Sizes = Sizes(),
    mode: Mode = ADDITIVE,
    branches: int = 1,
    probes: int = 0,
    seed: int = 0,
    grid: tuple[int, int] | None = None,
) -> Trace:
    """A whole document: `branches` chains of `steps` nodes that part in the middle.

    Tokens are random, the last of a chain is the end. Each probe hangs on the last node.
    """
    run = toy_run(sizes, seed, grid)
    tree = RunTree(Root(run.model.hash, run.text, run.device, run.dtype))
    rng = np.random.default_rng([seed, 2])
    first: list[Node] = []
    for branch in range(branches):
        chain = first[: steps // 2] if branch else []
        for t in range(len(chain) + 1, steps + 1):
            token_id = END_ID if t == steps else int(rng.integers(1, len(VOCABULARY)))
            parent = chain[-1].id if chain else None
            node = Node(tree.new_id(), parent, t, token_id, mode, Choice("forced", seed=branch))
            tree.add(node)
            chain = [*chain, node]
        first = first or chain
    records = toy_steps(run, tree.nodes, sizes, seed)
    extra = tuple(_toy_probe(tree.nodes[-1].id, number) for number in range(probes))
    return Trace(run, tree, records, extra)


def toy_document(seed: int = 0) -> Trace:
    """All that a document can hold: two inputs, edits of every target, what a reader adds.

    Nodes 0 to 2 and the branch 3, 4 are of the first input, 5 and 6 of the second, which is longer.
    """
    first = toy_run(seed=seed)
    other = replace(toy_run(Sizes(source=9), seed + 1), model=first.model, text="another text")
    hard = Mode("additive", "local-m", HARD)
    edits = (
        Edit("alpha", "power", values=(2.0,)),
        Edit("alpha", "shift", values=(1.0,)),
        Edit("position", "pick", (5,)),
        Edit("context", "zero", (0, 3), lasting=True),
        Edit("state", "add", (4,), (0.25,)),
    )
    nodes = [
        Node(0, None, 1, 3, ADDITIVE, Choice(seed=seed)),
        Node(1, 0, 2, 4, hard, Choice("sampled", 0.7, 5, 0.9, seed), edits),
        Node(2, 1, 3, END_ID, ADDITIVE, Choice("forced"), edits[3:4]),
        Node(3, 0, 2, 6, FIXED, Choice("beam"), edits[4:]),
        Node(4, 3, 3, 7, hard, Choice()),
        Node(5, None, 1, 8, hard, Choice(), (Edit("alpha", "pin", (2, 3)),), run=1),
        Node(6, 5, 2, END_ID, ADDITIVE, Choice(), run=1),
    ]
    tree = RunTree(Root(first.model.hash, first.text, first.device, first.dtype), nodes)
    steps = toy_steps(first, nodes[:5], seed=seed) + toy_steps(other, nodes[5:], seed=seed)
    probes = (
        _toy_probe(2, 1),
        replace(_toy_probe(0, 2), node=None),
        replace(_toy_probe(0, 3), node=None, run=1),
    )
    annotations = Annotations(
        breakpoints=(
            Breakpoint('alpha["word2"] > .5 and t > 1', hits=3),
            Breakpoint("isnan(state)", enabled=False),
        ),
        watches=("entropy(alpha)", "log_prob"),
        notes=(Note(1, "why here? é 😀\n", bookmarked=True), Note(6, bookmarked=True)),
        baseline=4,
        layout='{"docks": []}',
    )
    return Trace(first, tree, steps, probes, Place(6, 1, 1), (other,), annotations)


def _toy_weights(sizes: Sizes, seed: int) -> _Weights:
    rng = np.random.default_rng([seed, 3])
    n, h = sizes.state, sizes.hidden
    return _Weights(
        query=rng.standard_normal((h, n), dtype=np.float32),
        recur=rng.standard_normal((n, n + h + 1), dtype=np.float32),
        readout=rng.standard_normal((len(VOCABULARY), n + h), dtype=np.float32),
    )


def _toy_step(
    run: RunRecord, node: Node, before: StepRecord | None, weights: _Weights, sizes: Sizes
) -> StepRecord:
    state = run.start_state if before is None else before.active.state
    token_in = END_ID if before is None else before.token_id
    attention: dict[str, AttentionRecord] = {}
    contexts = {SOFT: run.fixed_context.copy()}
    if node.mode.attends:
        record = _toy_attention(run, node, state, weights, sizes)
        attention[CROSS] = record
        contexts[SOFT] = (record.alpha[-1, 0] @ run.states).astype(np.float32)
        contexts[HARD] = run.states[record.sampled[-1, 0]].copy()
    for context in contexts.values() if node.edits else ():
        _edit_vector(node.edits, "context", context)
    return StepRecord(
        node=node.id,
        parent=node.parent,
        t=node.t,
        mode=node.mode,
        token_in=VOCABULARY[token_in],
        token_in_id=token_in,
        token=VOCABULARY[node.token_id],
        token_id=node.token_id,
        chosen_by=node.choice.how,
        seed=node.choice.seed,
        trained=node.mode in run.model.trained_modes,
        is_end=node.token_id == END_ID,
        attention=attention,
        readings={
            name: _toy_reading(context, state, token_in, node, weights, sizes)
            for name, context in contexts.items()
        },
        edits=node.edits,
    )


def _edit_vector(edits: Sequence[Edit], target: str, vector: Floats) -> None:
    """Change c_t or s_t in place."""
    for edit in edits:
        if edit.target == target:
            dimensions = list(edit.positions) or slice(None)
            values = np.array(edit.values or 0.0, np.float32)
            vector[dimensions] = values + (vector[dimensions] if edit.how == "add" else 0)


def _toy_attention(
    run: RunRecord, node: Node, state: NDArray[np.floating], weights: _Weights, sizes: Sizes
) -> AttentionRecord:
    """Every layer and head scales the same energies differently."""
    shape = (sizes.layers, sizes.heads, 1)
    scale = np.arange(1, 1 + sizes.layers * sizes.heads, dtype=np.float32).reshape(shape)
    # On some processors the library behind numpy reports invalid values where there are none.
    with np.errstate(invalid="ignore"):
        energies = (scale * (run.states @ (weights.query @ state)) / 3).astype(np.float32)
    assert np.isfinite(energies).all()
    window = np.ones(energies.shape, dtype=np.bool_)
    center = None
    if node.mode.scope != "global":
        center = np.full((sizes.layers, sizes.heads), min(node.t, len(run.source)), np.float32)
        positions = 1 + np.arange(len(run.source))
        window = np.abs(positions - center[..., None]) <= 3
    kept = np.where(window, energies, -np.inf)
    alpha = np.exp(kept - kept.max(axis=-1, keepdims=True))
    alpha = (alpha / alpha.sum(axis=-1, keepdims=True)).astype(np.float32)
    unedited = None
    if any(edit.target == "alpha" for edit in node.edits):
        unedited = alpha.copy()
        for place in np.ndindex(alpha.shape[:2]):
            stages = edit_alpha(node.edits, alpha[place], run.mask, window[place])
            alpha[place] = stages[-1].alpha
    draw = np.empty((sizes.layers, sizes.heads), dtype=np.float64)
    for layer, head in np.ndindex(draw.shape):
        bits = np.random.Philox(key=node.choice.seed, counter=[node.t, layer, head, 0])
        draw[layer, head] = np.random.Generator(bits).random()
    cumulative = np.cumsum(alpha, axis=-1, dtype=np.float64)
    sampled = (cumulative <= draw[..., None] * cumulative[..., -1:]).sum(axis=-1).astype(np.int64)
    for edit in node.edits:
        if edit.target == "position":
            sampled[:] = edit.positions[0]
    return AttentionRecord(
        energies=energies,
        mask=np.broadcast_to(run.mask, energies.shape).copy(),
        window=window,
        alpha=alpha,
        draw=draw,
        sampled=sampled,
        center=center,
        half_width=None if center is None else 3.0,
        unedited=unedited,
    )


def _toy_reading(
    context: NDArray[np.floating],
    state: NDArray[np.floating],
    token_in: int,
    node: Node,
    weights: _Weights,
    sizes: Sizes,
) -> Reading:
    token = np.array([token_in / len(VOCABULARY)], dtype=np.float32)
    after = np.tanh(weights.recur @ np.concatenate([state, context, token])).astype(np.float32)
    gates = {"update": np.abs(after), "reset": 1 - np.abs(after)}
    _edit_vector(node.edits, "state", after)
    logits = (weights.readout @ np.concatenate([after, context])).astype(np.float64)
    log_probs = logits - np.logaddexp.reduce(logits)
    top = np.argsort(-log_probs)[: sizes.top_k]
    return Reading(
        context=context,
        state=after,
        top_ids=top.astype(np.int64),
        top_tokens=tuple(VOCABULARY[id] for id in top),
        top_log_probs=log_probs[top].astype(np.float32),
        log_prob=float(log_probs[node.token_id]),
        entropy=float(-(np.exp(log_probs) * log_probs).sum()),
        gates=gates,
    )


def _toy_probe(node: int, number: int) -> ProbeRecord:
    settings = {
        "count": number,
        "temperature": 0.5,
        "modes": ["soft", None, True],
        "deep": {"a": 1},
    }
    arrays: dict[str, NDArray[Any]] = {
        "log_probs": np.linspace(-3, 0, 4 + number),
        "ids": np.arange(3, dtype=np.int32),
    }
    return ProbeRecord(node, "rollouts", settings, arrays)
