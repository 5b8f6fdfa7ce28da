"""The functions of the condition language: from columns to columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis import condition_names as condition_names  # first in the help
from attn_desktop.analysis.condition_entries import (
    MOST_REPEATS,
    NUMBER,
    NUMERIC,
    REPEATABLE,
    SOURCE_VECTOR,
    SPREAD,
    TIMES,
    VECTOR,
    named,
)
from attn_desktop.analysis.condition_values import (
    Columns,
    Kind,
    Value,
    both,
    compare,
    first_place,
)
from attn_desktop.analysis.coverage import widths
from attn_desktop.analysis.entropy import entropy


@named(
    "entropy(alpha), entropy(soft)",
    Kind.NUMBER,
    SPREAD,
    help="how spread out α is, or the next-token distribution of a reading; in nats",
    formula="−Σ_j α_tj log α_tj; −Σ_y p(y) log p(y)",
)
def _entropy(columns: Columns, of: str) -> Value:
    if of != "alpha":
        return columns.of_reading(of, lambda found: found.entropy)
    if not columns.has_one_head:
        return columns.of_attention(lambda cross: widths(cross)[0])
    with np.errstate(invalid="ignore"):
        return Value(Kind.NUMBER, entropy(columns.alpha.data), columns.alpha.known)


@named(
    "max(alpha)",
    Kind.NUMBER,
    VECTOR,
    help="the largest entry of a vector",
    formula="max_j α_tj",
)
def _max(columns: Columns, vector: Value) -> Value:
    return _reduced(vector, lambda data: data.max(axis=1))


@named("min(energies)", Kind.NUMBER, VECTOR, help="the smallest entry of a vector")
def _min(columns: Columns, vector: Value) -> Value:
    return _reduced(vector, lambda data: data.min(axis=1))


@named("sum(coverage)", Kind.NUMBER, VECTOR, help="the sum of a vector")
def _sum(columns: Columns, vector: Value) -> Value:
    return _reduced(vector, lambda data: data.sum(axis=1))


@named("mean(energies)", Kind.NUMBER, VECTOR, help="the mean of a vector")
def _mean(columns: Columns, vector: Value) -> Value:
    return _reduced(vector, lambda data: data.mean(axis=1))


@named(
    "norm(state), norm(context(soft) - context(hard))",
    Kind.NUMBER,
    VECTOR,
    help="the length of a vector",
    formula="‖v‖ = √Σ_i v_i²",
)
def _norm(columns: Columns, vector: Value) -> Value:
    return _reduced(vector, lambda data: np.sqrt((data * data).sum(axis=1)))


@named(
    "argmax(alpha)",
    Kind.NUMBER,
    VECTOR,
    help="where the largest entry is: a source position from 1, or a dimension from 0",
    formula="argmax_j α_tj",
)
def _argmax(columns: Columns, vector: Value) -> Value:
    def place(data: NDArray[Any]) -> NDArray[Any]:
        at = data.argmax(axis=1) + first_place(vector.kind)
        return np.where(np.isnan(data).any(axis=1), np.nan, at)

    return _reduced(vector, place)


@named(
    "jump(alpha)",
    Kind.NUMBER,
    SOURCE_VECTOR,
    help="how far the largest entry moved since the step before, in positions; unknown at t = 1",
    formula="|argmax_j α_tj − argmax_j α_{t−1,j}|",
    lookback=1,
)
def _jump(columns: Columns, vector: Value) -> Value:
    place = _argmax(columns, vector)
    distance, known = np.full(len(columns), np.nan), place.known.copy()
    known[:1] = False
    known[1:] &= place.known[:-1]
    distance[1:] = np.abs(np.diff(place.data))
    return Value(Kind.NUMBER, distance, known)


@named(
    "repeated(token), repeated(token, 3), repeated(sampled)",
    Kind.BOOLEAN,
    REPEATABLE,
    TIMES,
    help="the same as at the step before, or so often in a row",
    formula="y_t = y_{t−1}",
    lookback=MOST_REPEATS - 1,
)
def _repeated(columns: Columns, value: Value, times: int = 2) -> Value:
    count = len(columns)
    before = Value(
        value.kind,
        np.concatenate([value.data[:1], value.data[:-1]]),
        np.concatenate([value.known[:1], value.known[:-1]]),
    )
    same = compare("==", value, before)
    # There is nothing before the first step that it could repeat.
    same.data[:1], same.known[:1] = False, True
    found = same
    for back in range(1, times - 1):
        data, known = np.zeros(count, dtype=np.bool_), np.ones(count, dtype=np.bool_)
        data[back:], known[back:] = same.data[:-back], same.known[:-back]
        found = both(found, Value(Kind.BOOLEAN, data, known))
    return found


@named("abs(jump(alpha))", Kind.NUMBER, NUMBER, help="a number without its sign", formula="|x|")
def _abs(columns: Columns, number: Value) -> Value:
    return Value(Kind.NUMBER, np.abs(number.data), number.known)


@named(
    "isnan(state)",
    Kind.BOOLEAN,
    NUMERIC,
    help="whether a number, or any entry of a vector, is not a number",
)
def _isnan(columns: Columns, value: Value) -> Value:
    return _any(value, np.isnan(value.data))


@named(
    "isinf(energies)",
    Kind.BOOLEAN,
    NUMERIC,
    help="whether a number, or any entry of a vector, is infinite",
)
def _isinf(columns: Columns, value: Value) -> Value:
    return _any(value, np.isinf(value.data))


def _any(value: Value, flags: NDArray[np.bool_]) -> Value:
    if value.kind is not Kind.NUMBER:
        flags = np.logical_or.reduce(flags, axis=1)
    return Value(Kind.BOOLEAN, flags, value.known)


def _reduced(vector: Value, reduce: Callable[[NDArray[Any]], NDArray[Any]]) -> Value:
    """A number for each vector; unknown where a vector has no entries."""
    count, size = vector.data.shape
    if not size:
        return Value(Kind.NUMBER, np.full(count, np.nan), np.zeros(count, dtype=np.bool_))
    with np.errstate(all="ignore"):
        return Value(Kind.NUMBER, reduce(vector.data), vector.known)
