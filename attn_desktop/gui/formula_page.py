"""What the panel of formulas shows of one phase: a formula, the same with numbers, its terms.

A page is plain data; markup is that of `formula_text`. Numbers are written so that their points
stand under each other and never as 0 where they are not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attn_desktop.gui.formula_markup import plain
from attn_desktop.gui.numbers import UNKNOWN
from attn_desktop.gui.panel import Table

Floats = NDArray[np.float64]

#: Decimals of what lies between 0 and 1.
SHARE_DECIMALS = 3
#: How far a sum in float64 may be from a recorded number, relative to its largest term.
TOLERANCE = 1e-3
#: A number of either sign that rounds to 0 and is not 0.
NEARLY = "≈0"
#: Numbers that are written with an exponent.
LARGE, SMALL = 1e6, 1e-4


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a block: numbers, or words where `texts` is given.

    head: markup; its plain text names the column in a table. role: as in `Style`. signed: whether a
    plus is written. share: numbers from 0 to 1. keep: columns that are kept least go first where
    there is little room. math: whether the texts are markup.
    """

    head: str
    numbers: Floats | None = None
    texts: tuple[str, ...] = ()
    role: str = "text"
    signed: bool = False
    share: bool = False
    keep: int = 1
    math: bool = False

    def written(self, rows: Sequence[int]) -> list[str]:
        """The texts of some rows; of numbers with as many decimals as the whole column has."""
        if self.numbers is None:
            return [self.texts[row] for row in rows]
        decimals = SHARE_DECIMALS if self.share else decimals_of(self.numbers)
        return [number_text(float(self.numbers[row]), decimals, self.signed) for row in rows]

    def cell(self, row: int) -> str | float:
        """One cell of a table."""
        if self.numbers is not None:
            return float(self.numbers[row])
        return plain(self.texts[row]) if self.math else self.texts[row]


def _nothing(rows: Sequence[int]) -> str:
    return f"… {len(rows)} more"


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of numbers under each other, with bars.

    order: the rows as they are shown. bars: (n,) or none; role: their colour, None for signed ones.
    full: what fills the room for bars, None for the largest. marked: rows that stand out, and that
    are shown wherever they come in the order. around: the row in whose surroundings one looks where
    not all have room; None for the first ones. positions: whether rows are source positions.
    mark: the colour of the mark of those that stand out. rest: what the rows without room come to.
    """

    columns: tuple[Column, ...]
    order: tuple[int, ...]
    bars: Floats | None = None
    role: str | None = None
    full: float | None = None
    marked: frozenset[int] = frozenset()
    around: int | None = None
    positions: bool = False
    mark: str = "source"
    rest: Callable[[Sequence[int]], str] = _nothing

    def shown(self, room: int) -> tuple[list[int], list[int]]:
        """The rows that are shown where there is room for so many lines, and those that are not.

        What is not shown takes a line, too.
        """
        order = list(self.order)
        if len(order) <= room:
            return order, []
        count = max(0, room - 1)
        if self.around is not None and self.around in order:
            first = order.index(self.around) - count // 2
            first = max(0, min(first, len(order) - count))
            return order[first : first + count], order[:first] + order[first + count :]
        shown = order[:count]
        missed = [row for row in order[count:] if row in self.marked]
        if missed and count > 1:
            shown = [*order[: count - 1], missed[0]]
        return shown, [row for row in order if row not in shown]


@dataclass(frozen=True)
class Check:
    """What a sum comes to, and whether that is what was recorded; None where that is not known."""

    text: str
    holds: bool | None = None


@dataclass(frozen=True, eq=False)
class Page:
    """formula: in large type; live: the same with numbers; block: its terms.

    needs: whether numbers are missing that only the model has; missing: which. note: how what is
    shown was chosen and is chosen otherwise. dimension: d, where the page is about one.
    """

    formula: str
    live: tuple[str, ...] = ()
    block: Block | None = None
    checks: tuple[Check, ...] = ()
    missing: str = ""
    note: str = ""
    needs: bool = False
    dimension: int | None = None

    def table(self) -> Table:
        """All rows of the block, shown or not."""
        if self.block is None:
            return Table((), ())
        columns = self.block.columns
        rows = [tuple(column.cell(row) for column in columns) for row in self.block.order]
        return Table(tuple(plain(column.head) for column in columns), rows)


def decimals_of(values: Floats) -> int | None:
    """Decimals with which the largest has four digits; None for an exponent."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0.0))
    if largest >= LARGE or 0 < largest < SMALL:
        return None
    if largest == 0:
        return SHARE_DECIMALS
    most = 3 if largest >= 0.1 else 4 if largest >= 0.01 else 5
    return max(0, min(most, 3 - math.floor(math.log10(largest))))


def number_text(value: float, decimals: int | None = None, signed: bool = False) -> str:
    """A number with the minus of print; decimals: None for three digits and an exponent."""
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "−∞" if value < 0 else "+∞" if signed else "∞"
    sign = "+" if signed else ""
    text = f"{value:{sign}.3g}" if decimals is None else f"{value:{sign}.{decimals}f}"
    if decimals is not None and value and not float(text):
        return NEARLY if signed or value < 0 else f"<{10.0**-decimals:.{decimals}f}"
    return text.replace("-", "−")


def number(value: float, signed: bool = False) -> str:
    """One number by itself, of four digits."""
    return number_text(value, decimals_of(np.array([value])), signed)


def factor(value: float) -> str:
    """A number as a factor: in brackets where it is negative."""
    text = number(value)
    return f"({text})" if text.startswith("−") else text


def share(value: float) -> str:
    """One number from 0 to 1."""
    return number_text(value, SHARE_DECIMALS)


def equation(symbol: str, text: str) -> str:
    """`p = 0.42`, or `p <0.001` where the number is a bound."""
    return f"{symbol} {text}" if text.startswith("<") else f"{symbol} = {text}"


def agrees(value: float, recorded: float, largest: float = 0.0) -> bool:
    """Whether a number worked out here is the recorded one; largest: of what it is the sum of."""
    if not (math.isfinite(value) and math.isfinite(recorded)):
        return str(value) == str(recorded)
    return abs(value - recorded) <= TOLERANCE * max(1e-3, abs(recorded), abs(largest))


def check(name: str, value: float, symbol: str, recorded: float, largest: float = 0.0) -> Check:
    """`name = value = symbol`, or how far it is from what was recorded."""
    text = f"{name} = {number(value, signed=True)}"
    if agrees(value, recorded, largest):
        return Check(f"{text} = {symbol}", True)
    return Check(f"{text} ≠ {symbol} = {number(recorded, signed=True)}", False)
