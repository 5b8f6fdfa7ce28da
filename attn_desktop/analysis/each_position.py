"""What each source position would say alone, from the `each-position` probe of a step.

p(y | h_j) beside α_j: soft attention averages the h_j and then predicts, the expected reading
predicts from each and then averages. Shapes: S source positions, K listed tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.candidates import probability
from attn_desktop.analysis.four_readings import EXPECTED, four_readings
from attn_desktop.analysis.labels import candidate_label
from attn_desktop.analysis.probe_checks import fits, is_list
from attn_desktop.trace.numbers import is_whole
from attn_desktop.trace.records import ProbeRecord, RunRecord, StepRecord

KIND = "each-position"

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EachPosition:
    """All positions of one step, each array by source position.

    alpha: (S,) as the step used it, averaged over layers and heads; masked: (S,) where no real
    position is, outside: (S,) where mask or window let nothing through. top_ids: (S, K) with
    top_labels and top_log_probs, best first. log_prob: (S,) of y_t. entropy: (S,). js: (S,) from
    the soft reading, in nats.
    """

    alpha: Floats
    masked: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    top_ids: NDArray[np.int64]
    top_labels: tuple[tuple[str, ...], ...]
    top_log_probs: Floats
    log_prob: Floats
    entropy: Floats
    js: Floats

    def __len__(self) -> int:
        return len(self.alpha)

    @property
    def expected(self) -> float:
        """Σ_j α_j p(y_t | h_j), over positions with α > 0."""
        looked = self.alpha > 0
        with np.errstate(over="ignore", invalid="ignore"):
            return float(self.alpha[looked] @ np.exp(self.log_prob[looked]))


#: What positions can be put in order by: name, and the numbers whose largest come first.
ORDERS: dict[str, Callable[[EachPosition], Floats]] = {
    "source": lambda each: -np.arange(len(each), dtype=np.float64),
    "alpha": lambda each: each.alpha,
    "token": lambda each: each.top_log_probs[:, 0],
    "chosen": lambda each: each.log_prob,
    "js": lambda each: each.js,
}


def in_order(each: EachPosition, order: str) -> list[int]:
    """Positions, the largest number of `order` first; equal ones as in the source, NaN last."""
    numbers = np.nan_to_num(ORDERS[order](each), nan=-np.inf)
    return [int(j) for j in np.argsort(-numbers, kind="stable")]


def each_position(
    run: RunRecord, step: StepRecord, probe: ProbeRecord | None
) -> EachPosition | None:
    """What is known of each position; None without attention, or a probe that is sound."""
    cross = step.cross
    if cross is None or probe is None or not is_sound(probe, run):
        return None
    arrays, labels = probe.arrays, probe.settings["top_tokens"]
    return EachPosition(
        alpha=cross.alpha.mean(axis=(0, 1), dtype=np.float64),
        masked=~run.mask,
        outside=~np.logical_or.reduce(cross.mask & cross.window, axis=(0, 1)),
        top_ids=arrays["top_ids"].astype(np.int64),
        top_labels=tuple(tuple(candidate_label(step, one) for one in row) for row in labels),
        top_log_probs=arrays["top_log_probs"].astype(np.float64),
        log_prob=arrays["log_prob"].astype(np.float64),
        entropy=arrays["entropy"].astype(np.float64),
        js=arrays["js"].astype(np.float64),
    )


def expected_reading(run: RunRecord, step: StepRecord, probe: ProbeRecord | None) -> float | None:
    """p(y_t) of the expected reading by the `readings` probe; None where that is not recorded."""
    for reading in four_readings(run, step, probe):
        if reading.name == EXPECTED and reading.prediction is not None:
            return reading.prediction.p_chosen
    return None


def soft_p(step: StepRecord) -> float | None:
    """p(y_t) of the soft reading."""
    soft = step.readings.get("soft")
    return None if soft is None else probability(soft.log_prob)


def is_sound(probe: ProbeRecord, run: RunRecord) -> bool:
    """Whether a probe, which may come from any file, tells of the positions of this run."""
    told, arrays, source = probe.settings, probe.arrays, len(run.source)
    tokens: Any = told.get("top_tokens")
    token_id = told.get("token_id")
    shapes: dict[str, tuple[tuple[int | None, ...], str]] = {
        "top_ids": ((source, None), "iu"),
        "top_log_probs": ((source, None), "f"),
        "log_prob": ((source,), "f"),
        "entropy": ((source,), "f"),
        "js": ((source,), "f"),
    }
    if (
        probe.kind != KIND
        or not is_whole(token_id)
        or not all(fits(arrays.get(name), *shape) for name, shape in shapes.items())
        or not is_list(tokens, list, source)
    ):
        return False
    listed = arrays["top_ids"].shape[1]
    return bool(
        listed > 0
        and arrays["top_log_probs"].shape[1] == listed
        and (arrays["top_ids"] >= 0).all()
        and all(is_list(row, str, listed) for row in tokens)
    )
