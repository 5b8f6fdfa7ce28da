"""The quantities of conditions a second time: plain loops over the records, without numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from attn_desktop.analysis.conditions import parse
from attn_desktop.analysis.labels import piece_label
from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.trace.records import RunRecord, StepRecord
from attn_desktop.trace.trace import Trace
from tests.toy_records import FIXED, Sizes, toy_trace

Steps = Sequence[StepRecord]
TRACES: dict[str, Trace] = {
    "one head": toy_trace(steps=12, seed=3),
    "several heads": toy_trace(steps=9, sizes=Sizes(source=7, layers=2, heads=3), seed=1),
    "local": toy_trace(steps=8, sizes=Sizes(source=11), mode=Mode("additive", "local-m", HARD)),
    "no attention": toy_trace(steps=6, mode=FIXED),
    "picture": toy_trace(steps=7, grid=(2, 3)),
    "one step": toy_trace(steps=1),
}
TOY = TRACES["one head"]


def at(text: str, trace: Trace, t: int) -> Any:
    return parse(text).evaluate(trace.run, trace.steps, t)


def where(text: str, run: RunRecord, steps: Steps) -> list[int]:
    """The steps at which a condition holds."""
    return [int(row) + 1 for row in np.flatnonzero(parse(text).holds(run, steps))]


def mean_alpha(step: StepRecord) -> list[float] | None:
    """α_j averaged over layers and heads, without numpy's help."""
    if step.cross is None:
        return None
    heads = [list(map(float, head)) for layer in step.cross.alpha for head in layer]
    return [sum(column) / len(heads) for column in zip(*heads, strict=True)]


def head_entropies(step: StepRecord) -> float | None:
    if step.cross is None:
        return None
    heads = [list(map(float, head)) for layer in step.cross.alpha for head in layer]
    return sum(-sum(a * math.log(a) for a in head if a > 0) for head in heads) / len(heads)


def place(step: StepRecord) -> int | None:
    alpha = mean_alpha(step)
    return None if alpha is None else alpha.index(max(alpha)) + 1


def jump(steps: Steps, t: int) -> float | None:
    if t == 1:
        return None
    here, before = place(steps[t - 1]), place(steps[t - 2])
    return None if here is None or before is None else abs(here - before)


def covered(steps: Steps, t: int, positions: Sequence[int]) -> float | None:
    rows = [alpha for step in steps[:t] if (alpha := mean_alpha(step)) is not None]
    return sum(row[j] for row in rows for j in positions) if rows else None


def of_alpha(
    figure: Callable[[list[float]], float],
) -> Callable[[RunRecord, Steps, int], float | None]:
    def compute(run: RunRecord, steps: Steps, t: int) -> float | None:
        alpha = mean_alpha(steps[t - 1])
        return None if alpha is None else figure(alpha)

    return compute


def joined_energy(step: StepRecord, j: int) -> float | None:
    if step.cross is None:
        return None
    heads = [head[j] for layer in step.cross.energies for head in layer]
    return float(sum(map(float, heads)) / len(heads))


def drawn(step: StepRecord) -> int | None:
    found = set() if step.cross is None else {int(k) for k in step.cross.sampled.ravel()}
    return found.pop() + 1 if len(found) == 1 else None


def cut_off(step: StepRecord) -> float | None:
    if step.cross is None:
        return None
    shares = []
    for layer, head in np.ndindex(step.cross.alpha.shape[:2]):
        weights = [math.exp(float(e)) for e in step.cross.energies[layer, head]]
        window = step.cross.window[layer, head]
        inside = sum(w for w, seen in zip(weights, window, strict=True) if seen)
        shares.append(1 - inside / sum(weights))
    return sum(shares) / len(shares)


def listed(step: StepRecord, reading: str, label: str) -> float | None:
    if reading not in step.readings:
        return None
    found = step.readings[reading]
    for token, log_p in zip(found.top_tokens, found.top_log_probs, strict=True):
        if piece_label(token) == label:
            return math.exp(float(log_p))
    return math.exp(found.log_prob) if piece_label(step.token) == label else None


def rank(step: StepRecord) -> int:
    tokens = step.active.top_tokens
    return tokens.index(step.token) + 1 if step.token in tokens else len(tokens) + 1


def length(vector: Iterable[Any]) -> float:
    return math.sqrt(sum(float(x) ** 2 for x in vector))


def apart(step: StepRecord) -> float | None:
    if HARD not in step.readings:
        return None
    soft, hard = step.readings[SOFT].context, step.readings[HARD].context
    return length([float(a) - float(b) for a, b in zip(soft, hard, strict=True)])


def center(step: StepRecord) -> float | None:
    if step.cross is None or step.cross.center is None:
        return None
    return float(step.cross.center.mean())


NUMBERS: dict[str, Callable[[RunRecord, Steps, int], float | None]] = {
    "t": lambda run, steps, t: t,
    "seed": lambda run, steps, t: steps[t - 1].seed,
    "max(alpha)": of_alpha(max),
    "min(alpha)": of_alpha(min),
    "sum(alpha)": of_alpha(sum),
    "mean(alpha)": of_alpha(lambda alpha: sum(alpha) / len(alpha)),
    "norm(alpha)": of_alpha(length),
    "argmax(alpha)": of_alpha(lambda alpha: alpha.index(max(alpha)) + 1),
    "alpha[2]": lambda run, steps, t: (
        (mean_alpha(steps[t - 1]) or [math.nan] * 2)[1]
        if len(run.source) > 1 and steps[t - 1].cross
        else None
    ),
    "max(alpha) - alpha[1] * 2 / 4": of_alpha(lambda alpha: max(alpha) - alpha[0] * 2 / 4),
    "max(alpha * 2 - alpha)": of_alpha(max),
    "-max(-alpha)": of_alpha(min),
    "entropy(alpha)": lambda run, steps, t: head_entropies(steps[t - 1]),
    "entropy(active)": lambda run, steps, t: steps[t - 1].active.entropy,
    "entropy(soft)": lambda run, steps, t: steps[t - 1].readings[SOFT].entropy,
    "entropy(hard)": lambda run, steps, t: (
        steps[t - 1].readings[HARD].entropy if HARD in steps[t - 1].readings else None
    ),
    "jump(alpha)": lambda run, steps, t: jump(steps, t),
    "coverage[2]": lambda run, steps, t: covered(steps, t, [1]),
    "sum(coverage)": lambda run, steps, t: covered(steps, t, range(len(run.source))),
    "energies[3]": lambda run, steps, t: joined_energy(steps[t - 1], 2),
    "sampled": lambda run, steps, t: drawn(steps[t - 1]),
    "center": lambda run, steps, t: center(steps[t - 1]),
    "outside": lambda run, steps, t: cut_off(steps[t - 1]),
    "log_prob": lambda run, steps, t: steps[t - 1].log_prob,
    "log_prob(soft)": lambda run, steps, t: steps[t - 1].readings[SOFT].log_prob,
    "p": lambda run, steps, t: math.exp(steps[t - 1].log_prob),
    'p("man")': lambda run, steps, t: listed(steps[t - 1], steps[t - 1].mode.weighting, "man"),
    'p("man", hard)': lambda run, steps, t: listed(steps[t - 1], HARD, "man"),
    "rank(token)": lambda run, steps, t: rank(steps[t - 1]),
    "norm(state)": lambda run, steps, t: length(steps[t - 1].active.state),
    "norm(context(soft) - context(hard))": lambda run, steps, t: apart(steps[t - 1]),
    "state[0]": lambda run, steps, t: float(steps[t - 1].active.state[0]),
    "argmax(state)": lambda run, steps, t: int(steps[t - 1].active.state.argmax()),
    'gate("update")': lambda run, steps, t: float(
        np.mean([float(x) for x in steps[t - 1].active.gates["update"]])
    ),
    'gate("nowhere")': lambda run, steps, t: None,
}


EXAMPLES: dict[str, Callable[[Steps, int], bool]] = {
    "entropy(alpha) > 1.2": lambda steps, t: (head_entropies(steps[t - 1]) or 0) > 1.2,
    "max(alpha) < .3": lambda steps, t: max(mean_alpha(steps[t - 1]) or [1.0]) < 0.3,
    "jump(alpha) > 3": lambda steps, t: (jump(steps, t) or 0) > 3,
    'token == "the"': lambda steps, t: steps[t - 1].token == "▁the",
    "repeated(token)": lambda steps, t: t > 1 and steps[t - 1].token == steps[t - 2].token,
    "log_prob < -2": lambda steps, t: steps[t - 1].log_prob < -2,
    "sampled != argmax(alpha)": lambda steps, t: (
        drawn(steps[t - 1]) is not None and drawn(steps[t - 1]) != place(steps[t - 1])
    ),
    "token(soft) != token(hard)": lambda steps, t: (
        HARD in steps[t - 1].readings
        and steps[t - 1].readings[SOFT].top_tokens[0] != steps[t - 1].readings[HARD].top_tokens[0]
    ),
    "isnan(state)": lambda steps, t: False,
    "t == 5": lambda steps, t: t == 5,
    "1 < t < 5": lambda steps, t: 1 < t < 5,
    "is_end": lambda steps, t: t == len(steps),
    "trained": lambda steps, t: steps[t - 1].trained,
    'mode == "none"': lambda steps, t: str(steps[t - 1].mode) == "none",
    'chosen_by != "forced"': lambda steps, t: False,
    "max(alpha) > .3 and not (token == 'the' or t < 3)": lambda steps, t: (
        (max(mean_alpha(steps[t - 1]) or [0]) > 0.3) and not (steps[t - 1].token == "▁the" or t < 3)
    ),
}
