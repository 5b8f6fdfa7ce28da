"""What the parts of a condition come to: a column each, with a row for every step of a branch.

A number that cannot be had is *unknown*: α without attention, a position that was not drawn, a
jump at the first step. What is computed from the unknown is unknown, and so is a comparison with a
number that is none (NaN). Truth is then of three values (Kleene 1938): `and` is false if one side
is, `or` true if one side is, whatever the other; `not` unknown is unknown.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.condition_source import places_of, spelling
from attn_desktop.analysis.coverage import alpha_matrix
from attn_desktop.trace.records import AttentionRecord, FloatArray, Reading, RunRecord, StepRecord

Bools = NDArray[np.bool_]

ACTIVE = "active"


class Kind(Enum):
    """What a part of a condition is; the value is how messages call it."""

    NUMBER = "a number"
    BOOLEAN = "true or false"
    TOKEN = "a token"
    TEXT = "a text"
    SOURCE = "a row of numbers, one for each source position"
    CONTEXT = "a context vector"
    STATE = "a state vector"


VECTORS = frozenset({Kind.SOURCE, Kind.CONTEXT, Kind.STATE})
TEXTS = frozenset({Kind.TOKEN, Kind.TEXT})


@dataclass(frozen=True, eq=False)
class Value:
    """One column.

    data: (T,) float64, bool or (texts) objects; (T, D) float64 of a vector. Tokens are pieces as
    recorded, so that two that read the same are told apart. known: (T,); data means nothing
    elsewhere.
    """

    kind: Kind
    data: NDArray[Any]
    known: Bools


class Columns:
    """The columns of one run of steps, from any t on; each is worked out at most once."""

    def __init__(self, run: RunRecord, steps: Sequence[StepRecord]) -> None:
        self.run = run
        self.steps = steps
        self._held: dict[Hashable, Value] = {}

    def __len__(self) -> int:
        return len(self.steps)

    def once(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """What `compute` gives, computed the first time only."""
        if key not in self._held:
            self._held[key] = compute()
        return self._held[key]

    @cached_property
    def attends(self) -> Bools:
        """(T,) whether a step has attention over the source."""
        return np.array([step.cross is not None for step in self.steps], dtype=np.bool_)

    @cached_property
    def alpha(self) -> Value:
        """α, averaged over layers and heads: (T, S)."""
        matrix = alpha_matrix(self.steps, len(self.run.source))
        return Value(Kind.SOURCE, matrix, self.attends)

    @cached_property
    def places(self) -> dict[str, tuple[int, ...]]:
        """Source positions from 0 by the word or piece that stands there."""
        return places_of(self.run)

    def readings(self, name: str) -> list[Reading | None]:
        """The soft, the hard or the active reading of each step."""
        return [step.active if name == ACTIVE else step.readings.get(name) for step in self.steps]

    @cached_property
    def has_one_head(self) -> bool:
        """Whether all attention is of one layer with one head."""
        crosses = [step.cross for step in self.steps if step.cross is not None]
        return all(cross.alpha.shape[:2] == (1, 1) for cross in crosses)

    def of_attention(self, figure: Callable[[AttentionRecord], float | None]) -> Value:
        """A number of the attention of each step, unknown where there is none."""
        crosses = [step.cross for step in self.steps]
        return self.numbers([None if cross is None else figure(cross) for cross in crosses])

    def of_reading(self, name: str, figure: Callable[[Reading], float | None]) -> Value:
        """A number of a reading of each step, unknown where there is none."""
        return self.numbers(
            [None if reading is None else figure(reading) for reading in self.readings(name)]
        )

    def truths(self, found: Sequence[bool]) -> Value:
        """A column of truths, all of them known."""
        known = np.ones(len(found), dtype=np.bool_)
        return Value(Kind.BOOLEAN, np.array(found, dtype=np.bool_), known)

    def numbers(self, found: Sequence[float | None]) -> Value:
        """A column of numbers, None where unknown."""
        known = np.array([number is not None for number in found], dtype=np.bool_)
        data = np.array([np.nan if n is None else n for n in found], dtype=np.float64)
        return Value(Kind.NUMBER, data, known)

    def texts(self, kind: Kind, found: Sequence[str | None]) -> Value:
        """A column of tokens or texts, None where unknown."""
        data = np.empty(len(found), dtype=object)
        data[:] = found
        known = np.array([text is not None for text in found], dtype=np.bool_)
        return Value(kind, data, known)

    def vectors(self, kind: Kind, found: Sequence[FloatArray | None], size: int) -> Value:
        """A column of vectors, unknown where None or of another size."""
        data, known = np.full((len(found), size), np.nan), np.zeros(len(found), dtype=np.bool_)
        for row, vector in enumerate(found):
            if vector is not None and vector.shape == (size,):
                data[row], known[row] = vector, True
        return Value(kind, data, known)

    def constant(self, value: float | str) -> Value:
        """The same number or text at every step."""
        known = np.ones(len(self), dtype=np.bool_)
        if isinstance(value, str):
            return Value(Kind.TEXT, np.full(len(self), value, dtype=object), known)
        return Value(Kind.NUMBER, np.full(len(self), value, dtype=np.float64), known)


def spellings(texts: Value) -> list[str]:
    """What a column of tokens or texts reads, "" where it is unknown."""
    return [
        spelling(text) if known else ""
        for text, known in zip(texts.data.tolist(), texts.known.tolist(), strict=True)
    ]


# -- operators ------------------------------------------------------------------------------

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CALCULATE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def compare(symbol: str, left: Value, right: Value) -> Value:
    """A comparison of two numbers, truths or texts: (T,) of truths."""
    known = left.known & right.known
    if left.kind in TEXTS:
        # Two tokens are the same or not; a token and a text may read the same.
        exact = left.kind is right.kind is Kind.TOKEN
        one, other = ((v.data.tolist() if exact else spellings(v)) for v in (left, right))
        pairs = zip(one, other, strict=True)
        data = np.array([_COMPARE[symbol](a, b) for a, b in pairs], dtype=np.bool_)
        return Value(Kind.BOOLEAN, data, known)
    if left.kind is Kind.NUMBER:
        known &= ~(np.isnan(left.data) | np.isnan(right.data))
    return Value(Kind.BOOLEAN, _COMPARE[symbol](left.data, right.data), known)


def calculate(symbol: str, left: Value, right: Value) -> Value:
    """Arithmetic of numbers and vectors, entry by entry, as IEEE 754 has it (1 / 0 is ∞)."""
    kind = right.kind if left.kind is Kind.NUMBER else left.kind
    one, other = (
        v.data[:, None] if v.kind is Kind.NUMBER and kind is not Kind.NUMBER else v.data
        for v in (left, right)
    )
    with np.errstate(all="ignore"):
        return Value(kind, _CALCULATE[symbol](one, other), left.known & right.known)


def negative(value: Value) -> Value:
    """Minus a number or a vector."""
    return Value(value.kind, -value.data, value.known)


def both(left: Value, right: Value) -> Value:
    """Kleene's and."""
    no = (left.known & ~left.data) | (right.known & ~right.data)
    return Value(Kind.BOOLEAN, ~no, no | (left.known & right.known))


def opposite(value: Value) -> Value:
    """Kleene's not."""
    return Value(Kind.BOOLEAN, ~value.data, value.known)


def either(left: Value, right: Value) -> Value:
    """Kleene's or."""
    return opposite(both(opposite(left), opposite(right)))


def entry(vector: Value, place: Value) -> Value:
    """The entry at a place, unknown where there is none.

    Source positions count from 1 as a reader counts them, dimensions of a vector from 0.
    """
    place_data = place.data - first_place(vector.kind)
    size = vector.data.shape[1]
    with np.errstate(invalid="ignore"):
        known = vector.known & place.known & (place_data == np.floor(place_data))
        known &= (place_data >= 0) & (place_data < size)
    data = np.full(len(known), np.nan)
    rows = np.flatnonzero(known)
    data[rows] = vector.data[rows, place_data[rows].astype(np.int64)]
    return Value(Kind.NUMBER, data, known)


def of_word(columns: Columns, name: str, vector: Value, word: str) -> Value:
    """What `name`, a vector over the source, comes to at a word; unknown without such a word.

    The sum over its pieces; of energies log Σ exp, whose softmax is the sum of their α.
    """
    positions = list(columns.places.get(spelling(word), ()))
    if not positions:
        return columns.numbers([None] * len(columns))
    if name != "energies":
        return Value(Kind.NUMBER, vector.data[:, positions].sum(axis=1), vector.known)

    def joined(cross: AttentionRecord) -> float:
        energies = cross.energies[..., positions].astype(np.float64)
        return float(np.logaddexp.reduce(energies, axis=-1).mean())

    with np.errstate(all="ignore"):
        return columns.of_attention(joined)


def first_place(kind: Kind) -> int:
    """What the first entry of a vector is called."""
    return 1 if kind is Kind.SOURCE else 0
