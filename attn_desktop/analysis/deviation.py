"""How far a decoding done again is from the one that was recorded, quantity by quantity.

Only records are compared, so whoever has them made again can ask: the command line by the models
themselves, the window through the engine. Deviations are largest absolute differences; of what can
only be equal or not (tokens, positions, masks) they are how many entries differ. NaN equals NaN;
where only one side has it, or where shapes differ, the deviation is infinite.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.trace.records import AttentionRecord, Reading, RunRecord, StepRecord
from attn_desktop.trace.trace import Trace

#: What float32 leaves of a decoding on another processor or with another version of torch.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Quantity:
    """label: for people. counted: whether it is equal or not, so that no tolerance applies."""

    name: str
    label: str
    counted: bool = False


QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("source", "source pieces", counted=True),
        Quantity("states", "annotations h"),
        Quantity("start_state", "first state s_0"),
        Quantity("fixed_context", "fixed context"),
        Quantity("encoder_attention", "encoder attention"),
        Quantity("token", "chosen token", counted=True),
        Quantity("way", "mode, seed, input token, edits", counted=True),
        Quantity("mask", "mask", counted=True),
        Quantity("window", "window of the scope", counted=True),
        Quantity("sampled", "hard position k", counted=True),
        Quantity("center", "centre of the window p"),
        Quantity("energies", "energies e"),
        Quantity("unedited", "α before its edits"),
        Quantity("alpha", "α"),
        Quantity("draw", "number drawn u"),
        Quantity("context_soft", "context c, soft"),
        Quantity("context_hard", "context c, hard"),
        Quantity("gates", "gates"),
        Quantity("state_soft", "state s, soft"),
        Quantity("state_hard", "state s, hard"),
        Quantity("log_prob", "log p of the token"),
        Quantity("top_log_probs", "log p of the likeliest"),
        Quantity("entropy", "entropy H(y)"),
    )
}


def deviation(recorded: StepRecord, now: StepRecord) -> dict[str, float]:
    """What of a step deviates by how much, by the names of `QUANTITIES` that it has.

    Log p is compared where both chose the same token, that of the likeliest tokens for those that
    both list.
    """
    found = _Largest()
    found.take("token", float(recorded.token_id != now.token_id))
    found.take("way", _way(recorded, now))
    for kind in recorded.attention.keys() & now.attention.keys():
        _compare_attention(found, recorded.attention[kind], now.attention[kind])
    for name in recorded.readings.keys() & now.readings.keys():
        one, two = recorded.readings[name], now.readings[name]
        _compare_readings(found, name, one, two)
        if recorded.token_id == now.token_id:
            found.take("log_prob", _apart(one.log_prob, two.log_prob))
    return dict(found)


def run_deviation(recorded: RunRecord, now: RunRecord) -> dict[str, float]:
    """What of an encoded input deviates by how much."""
    found = _Largest()
    pairs = zip(recorded.source, now.source, strict=False)
    missing = abs(len(recorded.source) - len(now.source))
    found.take("source", float(missing + sum(one != two for one, two in pairs)))
    found.take("mask", _count(recorded.mask, now.mask))
    for name in ("states", "start_state", "fixed_context", "encoder_attention"):
        _compare_optional(found, name, getattr(recorded, name), getattr(now, name))
    return dict(found)


class _Largest(dict[str, float]):
    """The largest value of each name so far."""

    def take(self, name: str, value: float) -> None:
        self[name] = max(value, self.get(name, 0.0))


def _way(recorded: StepRecord, now: StepRecord) -> float:
    """How many of the givens of a step differ."""
    pairs = (
        (recorded.mode, now.mode),
        (recorded.seed, now.seed),
        (recorded.chosen_by, now.chosen_by),
        (recorded.token_in_id, now.token_in_id),
        (recorded.edits, now.edits),
        (recorded.attention.keys(), now.attention.keys()),
        (recorded.readings.keys(), now.readings.keys()),
    )
    return float(sum(one != two for one, two in pairs))


def _compare_attention(found: _Largest, one: AttentionRecord, two: AttentionRecord) -> None:
    for name in ("mask", "window", "sampled"):
        found.take(name, _count(getattr(one, name), getattr(two, name)))
    for name in ("energies", "alpha", "draw", "center", "unedited"):
        _compare_optional(found, name, getattr(one, name), getattr(two, name))


def _compare_readings(found: _Largest, name: str, one: Reading, two: Reading) -> None:
    found.take(f"context_{name}", _apart(one.context, two.context))
    found.take(f"state_{name}", _apart(one.state, two.state))
    found.take("entropy", _apart(one.entropy, two.entropy))
    if one.gates.keys() != two.gates.keys():
        found.take("gates", math.inf)
    for gate in one.gates.keys() & two.gates.keys():
        found.take("gates", _apart(one.gates[gate], two.gates[gate]))
    common, ours, theirs = np.intersect1d(one.top_ids, two.top_ids, return_indices=True)
    listed = len(common) or not (len(one.top_ids) and len(two.top_ids))
    apart = _apart(one.top_log_probs[ours], two.top_log_probs[theirs]) if listed else math.inf
    found.take("top_log_probs", apart)


def _compare_optional(
    found: _Largest, name: str, one: NDArray[Any] | None, two: NDArray[Any] | None
) -> None:
    if one is not None and two is not None:
        found.take(name, _apart(one, two))
    elif one is not two:
        found.take(name, math.inf)


def _apart(one: NDArray[Any] | float, two: NDArray[Any] | float) -> float:
    """max |a − b| in float64; 0 of nothing."""
    a, b = np.asarray(one, dtype=np.float64), np.asarray(two, dtype=np.float64)
    if a.shape != b.shape:
        return math.inf
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(a - b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    apart = np.where(same, 0.0, np.where(np.isnan(apart), math.inf, apart))
    return float(apart.max(initial=0.0))


def _count(one: NDArray[Any], two: NDArray[Any]) -> float:
    """How many entries differ."""
    return float(np.count_nonzero(one != two)) if one.shape == two.shape else math.inf


@dataclass(frozen=True)
class Spot:
    """A step: its node, t and branch, or the encoding of an input (node None, t and branch 0).

    branch: the first that it is on, from 1 on in the order of `RunTree.leaves`. run: as `Node.run`.
    """

    run: int
    node: int | None = None
    t: int = 0
    branch: int = 0


@dataclass(frozen=True)
class Worst:
    """The largest deviation of one quantity. spot: the first with it, None where there is none.

    steps: in how many there is any.
    """

    quantity: Quantity
    value: float = 0.0
    spot: Spot | None = None
    steps: int = 0

    def within(self, tolerance: float) -> bool:
        """Whether it can be called the same."""
        return self.value <= (0.0 if self.quantity.counted else tolerance)


@dataclass(frozen=True)
class Condition:
    """Something that numbers depend on, such as the version of torch; None where there is none."""

    name: str
    then: str | None
    now: str | None

    @property
    def differs(self) -> bool:
        """Whether a deviation may come of it."""
        return self.then != self.now


@dataclass(frozen=True)
class Report:
    """worst: of every quantity compared. steps, of all `recorded` ones, were compared.

    model_then, model_now: hashes. conditions: device, dtype and versions, where they are known.
    """

    steps: int
    recorded: int
    branches: int
    runs: int
    worst: tuple[Worst, ...]
    conditions: tuple[Condition, ...]
    model_then: str
    model_now: str

    @property
    def exact(self) -> bool:
        """Whether every number is the same to the last bit."""
        return self.within(0.0)

    @property
    def same_model(self) -> bool:
        """Whether it was the very model."""
        return self.model_then == self.model_now

    def within(self, tolerance: float) -> bool:
        """Whether tokens, positions and masks are equal, and numbers no further apart."""
        return all(worst.within(tolerance) for worst in self.worst)


class Deviations:
    """Takes runs and steps as they are made again, in any order, and keeps the worst of each."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._steps = {step.node: step for step in trace.steps}
        self._branches = _first_branches(trace)
        self._worst: dict[str, Worst] = {}
        self._runs: dict[int, RunRecord] = {}
        self._compared = 0

    def encoded(self, number: int, now: RunRecord) -> None:
        """Compare an input, by its number in the document."""
        self._runs[number] = now
        self._keep(run_deviation(self._trace.runs[number], now), Spot(number))

    def stepped(self, now: StepRecord) -> None:
        """Compare a step with the recorded one of its node; passed over where there is none."""
        recorded = self._steps.get(now.node)
        if recorded is None:
            return
        self._compared += 1
        node = self._trace.tree[now.node]
        spot = Spot(node.run, node.id, node.t, self._branches[node.id])
        self._keep(deviation(recorded, now), spot)

    def report(self) -> Report:
        """What has been found so far."""
        then = self._trace.run.model.hash
        hashes = {run.model.hash for run in self._runs.values()}
        return Report(
            steps=self._compared,
            recorded=len(self._steps),
            branches=len(self._trace.tree.leaves()),
            runs=len(self._trace.runs),
            worst=tuple(self._worst[name] for name in QUANTITIES if name in self._worst),
            conditions=_conditions(self._trace.runs, list(self._runs.values())),
            model_then=then,
            model_now=next((found for found in sorted(hashes) if found != then), then),
        )

    def _keep(self, found: dict[str, float], spot: Spot) -> None:
        for name, value in found.items():
            worst = self._worst.get(name) or Worst(QUANTITIES[name])
            if value > worst.value:
                worst = replace(worst, value=value, spot=spot)
            self._worst[name] = replace(worst, steps=worst.steps + (value > 0))


def _first_branches(trace: Trace) -> dict[int, int]:
    """For each node the first branch that it is on."""
    tree, found = trace.tree, dict[int, int]()
    for number, leaf in enumerate(tree.leaves(), start=1):
        id: int | None = leaf.id
        while id is not None and id not in found:
            found[id] = number
            id = tree[id].parent
    return found


def _conditions(then: Sequence[RunRecord], now: Sequence[RunRecord]) -> tuple[Condition, ...]:
    """What the inputs were computed by; what the file does not say is left out."""

    def join(runs: Sequence[RunRecord], name: str) -> str | None:
        values = [
            getattr(run, name) if name in ("device", "dtype") else run.versions.get(name)
            for run in runs
        ]
        return ", ".join(dict.fromkeys(value for value in values if value)) or None

    names = ["device", "dtype"]
    if any(run.versions for run in then):
        names += dict.fromkeys(name for run in (*then, *now) for name in run.versions)
    return tuple(Condition(name, join(then, name), join(now, name)) for name in names)
