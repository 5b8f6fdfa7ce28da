"""What the tests of decoding share: toy models that end, plain loops, comparisons to the bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from attn_desktop.attention.scopes import SCOPES
from attn_desktop.attention.scores import SCORES
from attn_desktop.common.mode import ARGMAX, HARD, SOFT, WEIGHTINGS, Mode
from attn_desktop.decoding import draws
from attn_desktop.decoding.corpus import Output, step_limit
from attn_desktop.families.base import Given
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.inputs.text import END_ID
from attn_desktop.trace.records import ModelInfo
from attn_desktop.trace.run_tree import Choice
from tests.toy_models import TOY_SENTENCES, toy_model

SENTENCES = tuple(source for source, _ in TOY_SENTENCES)
NONE = Mode("none")
EVERY_MODE = (
    *(
        Mode(score, scope, weighting)
        for score in SCORES
        for scope in SCOPES
        for weighting in WEIGHTINGS
    ),
    NONE,
)


def ending_model(seed: int = 0, bias: float = 3.0, **changes: Any) -> Seq2Seq:
    """A toy model to which the end is likely, so that outputs are of different lengths."""
    model = toy_model(seed, **changes).requires_grad_(False)
    model.output_bias[END_ID] += bias
    return model


def never_ending_model(seed: int = 0, **changes: Any) -> Seq2Seq:
    model = toy_model(seed, **changes).requires_grad_(False)
    model.output_bias[END_ID] = -1e4
    return model


def as_checkpoint(model: Seq2Seq) -> Checkpoint:
    info = ModelInfo("toy", "seq2seq", "0" * 64, "A toy.", model.trained_modes)
    return Checkpoint(model, info, Path("nowhere"))


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where two records differ; arrays are compared byte by byte."""
    if type(one) is not type(other):
        return [f"{where}: {type(one).__name__} and {type(other).__name__}"]
    if isinstance(one, np.ndarray):
        same = (one.dtype, one.shape) == (other.dtype, other.shape)
        return [] if same and one.tobytes() == other.tobytes() else [where]
    if isinstance(one, Mapping):
        if list(one) != list(other):
            return [f"{where}: {list(one)} and {list(other)}"]
        return [d for key in one for d in differences(one[key], other[key], f"{where}[{key!r}]")]
    if isinstance(one, tuple) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [d for i, (a, b) in pairs for d in differences(a, b, f"{where}[{i}]")]
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one)]
        return [
            d
            for name in names
            for d in differences(getattr(one, name), getattr(other, name), f"{where}.{name}")
        ]
    return [] if one == other else [f"{where}: {one!r} and {other!r}"]


def plain_draw(weights: Sequence[float], u: float) -> int:
    """The first place at which the running sum of the weights exceeds u times their sum."""
    threshold, running = u * sum(weights), 0.0
    for place, weight in enumerate(weights):
        running += weight
        if running > threshold:
            return place
    return max(place for place, weight in enumerate(weights) if weight > 0)


def plain_sample(log_probs: Sequence[float], choice: Choice, u: float) -> int:
    """Temperature, then top-k, then top-p, then inverse CDF, one number at a time."""
    order = sorted(range(len(log_probs)), key=lambda token: -log_probs[token])
    best = log_probs[order[0]]
    weights = [float(np.exp((log_probs[token] - best) / choice.temperature)) for token in order]
    if choice.top_k is not None:
        weights[choice.top_k :] = [0.0] * len(weights[choice.top_k :])
    if choice.top_p is not None:
        total, before = sum(weights), 0.0
        for place, weight in enumerate(weights):
            if before >= choice.top_p * total:
                weights[place] = 0.0
            before += weight
    return order[plain_draw(weights, u)]


@torch.inference_mode()
def plain_decode(
    model: Seq2Seq,
    text: str,
    row: int,
    mode: Mode,
    choice: Choice,
    reading: str | None = None,
    max_steps: int | None = None,
) -> Output:
    """One sentence alone through embed, attention, advance, readout; choices in plain float64."""
    reading = reading or mode.weighting
    prepared = model.prepare(Given(text))
    memory = model.encode([prepared.inputs])
    state = model.start(memory)
    token, tokens, total = model.start_id, list[int](), 0.0
    limit = step_limit(model, len(prepared.labels)) if max_steps is None else max_steps
    for t in range(1, limit + 1):
        previous = model.embed(torch.tensor([token]))
        u = draws.uniform(choice.seed, draws.ATTENTION, t, rows=row + 1)[row]
        looked = model.attention(memory, state.hidden, mode, t, torch.tensor([u]), (SOFT,))
        context = looked.contexts[SOFT]
        if looked.alpha is not None and reading != SOFT:
            alpha = looked.alpha[0].double().tolist()
            k = {ARGMAX: int(np.argmax(alpha)), HARD: plain_draw(alpha, u)}[reading]
            context = memory.states[:, k]
        state, _ = model.advance(state, previous, context)
        logits = model.readout(state.hidden, context, previous)[0].double()
        logits[list(model.never_chosen)] = -torch.inf
        log_probs = (logits - torch.logsumexp(logits, 0)).tolist()
        u = draws.uniform(choice.seed, draws.TOKEN, t, rows=row + 1)[row]
        greedy = choice.how == "greedy"
        token = int(np.argmax(log_probs)) if greedy else plain_sample(log_probs, choice, u)
        total += log_probs[token]
        if token == model.end_id:
            return Output(tuple(tokens), total, True)
        tokens.append(token)
    return Output(tuple(tokens), total, False)


def chi_square(observed: Sequence[int], chances: Sequence[float]) -> tuple[float, float]:
    """Pearson's statistic of counts, and what it exceeds once in a thousand times.

    The bound is Wilson and Hilferty's. Cells with chance 0 must be empty.
    """
    total = sum(observed)
    cells = [(count, chance * total) for count, chance in zip(observed, chances, strict=True)]
    assert all(count == 0 for count, expected in cells if expected == 0)
    cells = [cell for cell in cells if cell[1] > 0]
    statistic = sum((count - expected) ** 2 / expected for count, expected in cells)
    freedom = len(cells) - 1
    spread = 2 / (9 * freedom)
    return statistic, float(freedom * (1 - spread + 3.09 * spread**0.5) ** 3)
