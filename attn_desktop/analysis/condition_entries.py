"""What a name of the condition language is, and the table in which its definition enters it.

A definition is a function from the columns of a branch, and the arguments if there are any, to one
column, under the decorator `named`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from attn_desktop.analysis.condition_values import ACTIVE, TEXTS, VECTORS, Kind, Value
from attn_desktop.common.mode import HARD, SOFT
from attn_desktop.common.registry import Registry

#: What a reading is called where a name wants to know which.
READINGS = {
    SOFT: "the reading whose context is Σ_j α_tj h_j",
    HARD: "the reading whose context is h_k, k drawn from α",
    ACTIVE: "whichever of the two gave the next state",
}
#: How often in a row `repeated` can be asked for.
MOST_REPEATS = 20


class Reference(NamedTuple):
    """A line of the help: a name, how it is written, what it is, and how it is computed."""

    name: str
    signature: str
    help: str
    formula: str


@dataclass(frozen=True)
class Parameter:
    """What an argument may be. what: as messages say it.

    kinds: of a part of a condition, handed on as its column. names: one of these words. literal:
    a text in quotes. whole: a whole number written out, within these bounds.
    """

    what: str
    kinds: frozenset[Kind] = frozenset()
    names: tuple[str, ...] = ()
    literal: bool = False
    whole: tuple[int, int] | None = None
    optional: bool = False


MAYBE_READING = Parameter("soft, hard or active", names=tuple(READINGS), optional=True)
SPREAD = Parameter("alpha, soft, hard or active", names=("alpha", *READINGS))
VECTOR = Parameter("a vector such as alpha, context or state", VECTORS)
SOURCE_VECTOR = Parameter("alpha, energies or coverage", frozenset({Kind.SOURCE}))
NUMERIC = Parameter("a number or a vector", VECTORS | {Kind.NUMBER})
NUMBER = Parameter("a number", frozenset({Kind.NUMBER}))
TOKEN = Parameter('a token, such as token or "rouge"', TEXTS)
MAYBE_TOKEN = Parameter(TOKEN.what, TEXTS, optional=True)
REPEATABLE = Parameter("a token or a number", TEXTS | {Kind.NUMBER})
TIMES = Parameter(
    f"a whole number from 2 to {MOST_REPEATS}", whole=(2, MOST_REPEATS), optional=True
)
GATE = Parameter("the name of a gate in quotes", literal=True)


@dataclass(frozen=True)
class Entry:
    """A name of the language.

    parameters: of the call; none for a quantity. bare: whether it can stand without parentheses.
    lookback: how many steps before t it looks at, besides those that its arguments look at.
    """

    name: str
    signature: str
    gives: Kind
    parameters: tuple[Parameter, ...]
    help: str
    formula: str
    lookback: float
    bare: bool
    compute: Callable[..., Value]

    @property
    def reference(self) -> Reference:
        return Reference(self.name, self.signature, self.help, self.formula)

    def fits(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        needed = sum(not parameter.optional for parameter in self.parameters)
        return needed <= count <= len(self.parameters)


#: Every name, in the order of the help.
ENTRIES: Registry[Entry] = Registry("quantity")


def named(
    signature: str,
    gives: Kind,
    *parameters: Parameter,
    help: str,
    formula: str = "",
    lookback: float = 0,
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Enter the function below under the first name of its signature.

    signature: the ways to write it, with commas between; a first one without parentheses means
    that it can be written so.
    """
    first = signature.split(", ")[0]
    name, _, call = first.partition("(")

    def enter(compute: Callable[..., Value]) -> Callable[..., Value]:
        entry = Entry(
            name, signature, gives, parameters, help, formula, lookback, not call, compute
        )
        ENTRIES.add(name, entry)
        return compute

    return enter
