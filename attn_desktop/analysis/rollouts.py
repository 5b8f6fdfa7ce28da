"""Rollouts, hard continuations that differ by their seed only: the `rollouts` probe and its parts.

Each row of the arrays is a rollout. They come in parts, which `extended` and `join` put together;
`DESCRIPTION` says what each array holds. The numbers are worked out in `rollout_numbers.py`.
Shapes: n rollouts, T steps of the longest one, S source positions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.trace.numbers import is_whole
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import MAX_SEED, Choice, How

KIND = "rollouts"
#: Most rollouts of one probe, and how far the seeds of two probes are apart.
MOST = 1000
#: In place of a token or a position after the end of a rollout.
NOTHING = -1

DESCRIPTION = {
    "tokens": "(n, T) ids, -1 after the end",
    "sampled": "(n, T) the position that was drawn, -1 after the end",
    "log_probs": "(n, T) log p of each token given the draws, 0 after the end",
    "ended": "(n,) whether with an end; the others were cut off",
    "seeds": "(n,) with which a hard decoding is the same, draw by draw",
    "alpha": "(S,) α of the first step, which all rollouts share",
}


@dataclass(frozen=True)
class RolloutSettings:
    """count: how many, from 1 to `MOST`. seed: from which the seed of each is derived.

    how, temperature: of tokens, as in `Choice`: `greedy` takes the likeliest given the draw.
    steps: most steps of each; None: until outputs of this length are cut off.
    Raises InputError, naming the setting, for what cannot be.
    """

    count: int = 200
    seed: int = 0
    how: How = "greedy"
    temperature: float = 1.0
    steps: int | None = None

    def __post_init__(self) -> None:
        if not is_whole(self.count) or not 1 <= self.count <= MOST:
            raise InputError(
                f"the number of rollouts must be a whole number from 1 to {MOST:,}, "
                f"not {self.count!r}"
            )
        if self.how not in ("greedy", "sampled"):
            raise InputError(
                f"tokens of rollouts are greedy or sampled, not chosen by {self.how!r}"
            )
        if self.steps is not None and (not is_whole(self.steps) or self.steps < 1):
            raise InputError(
                f"the steps of a rollout must be a whole number of at least 1, not {self.steps!r}"
            )
        self.choice(0)  # checks the rest

    def choice(self, number: int) -> Choice:
        """How rollout `number`, from 0, is decoded: stepping on in this way is that rollout."""
        choice = Choice(self.how, self.temperature, seed=self.seed)
        return replace(choice, seed=seed_of(self.seed, number))


def seed_of(seed: int, number: int) -> int:
    """The seed that rollout `number`, from 0, draws with: 1000 · seed + number.

    Thus no two rollouts of one probe share a seed, nor do those of different ones, and more
    rollouts of a seed begin with the same ones. Seeds that are too large start again at 0.
    """
    return (MOST * seed + number) % (MAX_SEED + 1)


def hardened(mode: Mode) -> Mode:
    """The mode with hard weighting; InputError without attention, where nothing is drawn."""
    if not mode.attends:
        raise InputError(
            "without attention there is no position to draw, so all rollouts would be the same; "
            "choose a score first"
        )
    return replace(mode, weighting=HARD)


# -- parts ------------------------------------------------------------------------------------


def extended(whole: ProbeRecord, part: ProbeRecord) -> ProbeRecord:
    """Rollouts and the next ones as one record; rows that both have are the part's.

    Raises InputError where some are missing between them.
    """
    first, rows = part.settings["first_row"], len(whole.arrays["seeds"])
    if first > rows:
        raise InputError(f"rollouts {rows} to {first - 1} are missing")
    arrays = dict(part.arrays)
    for name, pad in (("tokens", NOTHING), ("sampled", NOTHING), ("log_probs", 0)):
        arrays[name] = _stacked(whole.arrays[name][:first], part.arrays[name], pad)
    for name in ("ended", "seeds"):
        arrays[name] = np.concatenate([whole.arrays[name][:first], part.arrays[name]])
    return ProbeRecord(
        node=part.node,
        kind=part.kind,
        settings={
            **part.settings,
            "labels": {**whole.settings["labels"], **part.settings["labels"]},
            "first_row": whole.settings["first_row"],
        },
        arrays=arrays,
        run=part.run,
    )


def join(parts: Sequence[ProbeRecord]) -> ProbeRecord:
    """All parts of one probe, in the order in which they came, as one record."""
    return reduce(extended, parts)


def _stacked(above: NDArray[Any], below: NDArray[Any], pad: float) -> NDArray[Any]:
    """Rows of different length below each other, all as long as the longest."""
    width = max(above.shape[1], below.shape[1])
    return np.concatenate(
        [
            np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=pad)
            for rows in (above, below)
        ]
    )


# -- soundness --------------------------------------------------------------------------------


def is_sound(record: ProbeRecord, source_length: int) -> bool:
    """Whether a record, which may come from any file, can be read here from its first row on.

    source_length: S of the run.
    """
    return (
        record.kind == KIND
        and _settings_fit(record.settings)
        and _shapes_fit(record, source_length)
        and _rows_fit(record, source_length)
    )


def _settings_fit(settings: Mapping[str, Any]) -> bool:
    if settings.get("first_row") != 0 or not all(
        is_whole(settings.get(name)) for name in ("start", "limit")
    ):
        return False
    try:
        settings_of(settings)
        told = Mode.parse(settings["mode"])
    except (InputError, KeyError, AttributeError, TypeError):
        return False
    labels = settings.get("labels")
    return (
        told.attends
        and told.weighting == HARD
        and all(isinstance(settings.get(name), bool) for name in ("trained", "edited", "finished"))
        and 0 <= settings["start"] < settings["limit"]
        and isinstance(labels, Mapping)
        and all(isinstance(text, str) for pair in labels.items() for text in pair)
    )


def settings_of(settings: Mapping[str, Any]) -> RolloutSettings:
    """What a record was asked for; KeyError or InputError where it does not say so."""
    return RolloutSettings(
        settings["count"],
        settings["seed"],
        settings["how"],
        settings["temperature"],
        settings["steps"],
    )


def _shapes_fit(record: ProbeRecord, source_length: int) -> bool:
    arrays, settings = record.arrays, record.settings
    tokens = arrays.get("tokens")
    if tokens is None or tokens.ndim != 2:
        return False
    rows, steps = tokens.shape
    shapes = {
        "tokens": (tokens.shape, "iu"),
        "sampled": (tokens.shape, "iu"),
        "log_probs": (tokens.shape, "f"),
        "ended": ((rows,), "b"),
        "seeds": ((rows,), "iu"),
        "alpha": ((source_length,), "f"),
    }
    return (
        1 <= rows <= settings["count"]
        and 1 <= steps <= settings["limit"] - settings["start"]
        and all(
            name in arrays and arrays[name].shape == shape and arrays[name].dtype.kind in kinds
            for name, (shape, kinds) in shapes.items()
        )
    )


def _rows_fit(record: ProbeRecord, source_length: int) -> bool:
    """Whether every rollout has a step, and all of them labels and positions that exist."""
    arrays, labels = record.arrays, record.settings["labels"]
    tokens, sampled, seeds = (arrays[name] for name in ("tokens", "sampled", "seeds"))
    over = tokens == NOTHING
    known = {NOTHING, *(int(token) for token in labels if token.isdecimal())}
    return bool(
        not over[:, 0].any()
        and (over[:, 1:] >= over[:, :-1]).all()
        and (over == (sampled == NOTHING)).all()
        and sampled.min() >= NOTHING
        and sampled.max() < source_length
        and set(np.unique(tokens).tolist()) <= known
        and (seeds >= 0).all()
        and (seeds <= MAX_SEED).all()
    )
