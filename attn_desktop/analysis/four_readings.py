"""The four readings of one step, from its `readings` probe or from the step alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.candidates import probability
from attn_desktop.analysis.labels import candidate_label
from attn_desktop.common.mode import ARGMAX, HARD, SOFT
from attn_desktop.trace.records import ProbeRecord, Reading, RunRecord, StepRecord

SAMPLED, EXPECTED = "sampled", "expected"
NAMES = (SOFT, SAMPLED, ARGMAX, EXPECTED)
#: The largest Jensen–Shannon divergence, in nats: of distributions with no token in common.
MOST_JS = math.log(2)
#: Shapes of the arrays of the probe, K for the number of tokens listed.
_SHAPES: dict[str, tuple[int | str, ...]] = {
    "top_log_probs": (4, "K"),
    "log_prob": (4,),
    "entropy": (4,),
    "js": (4, 4),
    "kl": (4, 4),
}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """What a reading says of y_t. token: label of the likeliest one, with its p.

    p_chosen: of the token that the step took. entropy, and js and kl to the other readings by
    name (kl from this one), in nats; tv, total variation, a share; empty where not recorded.
    """

    token: str
    p: float
    p_chosen: float
    entropy: float
    js: Mapping[str, float]
    kl: Mapping[str, float]
    tv: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class NamedReading:
    """One of the four. context: (H,), None for the expected one, which has no single context.

    positions: the source positions that alone make up the context. prediction: None where it was
    not recorded.
    """

    name: str
    context: Floats | None
    positions: tuple[int, ...]
    prediction: Prediction | None


def four_readings(
    run: RunRecord, step: StepRecord, probe: ProbeRecord | None
) -> tuple[NamedReading, ...]:
    """All four in the order of `NAMES`; none without attention.

    A probe that does not hold what it should counts as none.
    """
    cross = step.cross
    if cross is None:
        return ()
    # As `alpha` is averaged wherever one row of it is shown.
    best = int(cross.alpha.mean(axis=(0, 1)).argmax())
    drawn = tuple(sorted({int(k) for k in cross.sampled.flat}))
    contexts = {
        SOFT: _context(step.readings.get(SOFT)),
        SAMPLED: _context(step.readings.get(HARD)),
        ARGMAX: run.states[best].astype(np.float64),
        EXPECTED: None,
    }
    positions = {SAMPLED: drawn, ARGMAX: (best,)}
    predictions = _recorded(step) if probe is None else _probed(step, probe) or _recorded(step)
    return tuple(
        NamedReading(name, contexts[name], positions.get(name, ()), predictions.get(name))
        for name in NAMES
    )


def distance(one: NamedReading, other: NamedReading) -> tuple[float, float] | None:
    """‖c − c′‖ of the contexts of two readings, and as a share of ‖c‖.

    None where one has none, or they are not of one size.
    """
    if one.context is None or other.context is None or one.context.shape != other.context.shape:
        return None
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        far = np.linalg.norm(one.context - other.context)
        return float(far), float(far / np.linalg.norm(one.context))


def _context(reading: Reading | None) -> Floats | None:
    return None if reading is None else reading.context.astype(np.float64)


def _recorded(step: StepRecord) -> dict[str, Prediction]:
    """What the step's own readings say."""
    found = {}
    for name, weighting in ((SOFT, SOFT), (SAMPLED, HARD)):
        reading = step.readings.get(weighting)
        if reading is not None and reading.top_tokens:
            found[name] = Prediction(
                token=candidate_label(step, reading.top_tokens[0]),
                p=probability(float(reading.top_log_probs[0])),
                p_chosen=probability(reading.log_prob),
                entropy=reading.entropy,
                js={},
                kl={},
            )
    return found


def _probed(step: StepRecord, probe: ProbeRecord) -> dict[str, Prediction]:
    """What the probe says of all four; nothing if it is malformed."""
    arrays, tokens = probe.arrays, _first_tokens(probe.settings)
    if tokens is None or not all(_fits(arrays.get(name), _SHAPES[name]) for name in _SHAPES):
        return {}
    return {
        name: Prediction(
            token=candidate_label(step, tokens[row]),
            p=probability(float(arrays["top_log_probs"][row, 0])),
            p_chosen=probability(float(arrays["log_prob"][row])),
            entropy=float(arrays["entropy"][row]),
            js=_to_others(arrays["js"], row),
            kl=_to_others(arrays["kl"], row),
            # Files from before it was recorded do not have it.
            tv=_to_others(arrays["tv"], row) if _fits(arrays.get("tv"), (4, 4)) else {},
        )
        for row, name in enumerate(NAMES)
    }


def _first_tokens(settings: Mapping[str, Any]) -> list[str] | None:
    """The likeliest token of each reading; None if they are not told."""
    if settings.get("readings") != list(NAMES):
        return None
    rows = settings.get("top_tokens")
    if not isinstance(rows, list) or len(rows) != len(NAMES):
        return None
    firsts = [row[0] for row in rows if isinstance(row, list) and row]
    told = len(firsts) == len(NAMES) and all(isinstance(first, str) for first in firsts)
    return firsts if told else None


def _fits(array: object, shape: tuple[int | str, ...]) -> bool:
    return (
        isinstance(array, np.ndarray)
        and array.dtype.kind in "fiu"
        and array.size > 0
        and len(array.shape) == len(shape)
        and all(
            isinstance(wanted, str) or have == wanted
            for have, wanted in zip(array.shape, shape, strict=True)
        )
    )


def _to_others(square: NDArray[Any], row: int) -> dict[str, float]:
    return {name: float(square[row, at]) for at, name in enumerate(NAMES) if at != row}
