"""Breakpoints and watches: short expressions over the records of a branch.

Such as `entropy(alpha) > 1.2 and not token == "la"`: a small language with its own parser, so
nothing that is typed is ever run as a program. What it knows is in `REFERENCE`. A part that cannot
be had at a step (α without attention, a jump at the first step) is unknown, and so is what depends
on it, even under `not`; a breakpoint stops only where its condition is true.

A word of the source is named as the source panel shows it. Positions of the source count from 1,
dimensions of vectors from 0, as the panels count them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.condition_completion import Completion as Completion
from attn_desktop.analysis.condition_completion import complete as complete
from attn_desktop.analysis.condition_entries import ENTRIES, READINGS, Reference
from attn_desktop.analysis.condition_messages import hint, refuse_vector
from attn_desktop.analysis.condition_syntax import Node, read, write
from attn_desktop.analysis.condition_terms import Term, resolve
from attn_desktop.analysis.condition_tokens import ConditionError as ConditionError
from attn_desktop.analysis.condition_values import Columns, Kind, Value
from attn_desktop.analysis.labels import piece_label
from attn_desktop.trace.records import RunRecord, StepRecord

#: Every name of the language, for the help.
REFERENCE: tuple[Reference, ...] = (
    *(ENTRIES[name].reference for name in ENTRIES),
    *(Reference(name, f"token({name})", text, "") for name, text in READINGS.items()),
)

#: What a condition comes to at a step; None where it is unknown.
Result = bool | float | str | None


@dataclass(frozen=True)
class Condition:
    """An expression that has been read; two of the same text are equal."""

    text: str
    _node: Node = field(repr=False, compare=False)
    _term: Term = field(repr=False, compare=False)

    @property
    def is_boolean(self) -> bool:
        """Whether it is true or false and can be a breakpoint."""
        return self._term.kind is Kind.BOOLEAN

    @property
    def is_numeric(self) -> bool:
        """Whether it can be plotted: a number, or true and false as 1 and 0."""
        return self._term.kind in (Kind.NUMBER, Kind.BOOLEAN)

    @property
    def canonical(self) -> str:
        """The same expression with even spaces and no needless parentheses."""
        return write(self._node)

    def check(self, run: RunRecord, steps: Sequence[StepRecord] = ()) -> None:
        """Raise ConditionError for a source word, position or dimension that a run does not have.

        Also for a gate, if there are `steps` that show which ones are recorded.
        """
        for check in self._term.checks:
            check(run, steps)

    def evaluate(self, run: RunRecord, steps: Sequence[StepRecord], t: int) -> Result:
        """What it comes to at step t of the steps of a branch from t = 1 on; None if unknown.

        Looks at no step after t. A token is given as its label.
        """
        return _at_end(self._term, run, steps, t)

    def measured(
        self, run: RunRecord, steps: Sequence[StepRecord], t: int
    ) -> tuple[tuple[str, Result], ...]:
        """The quantities that it compares, as written, with what each is at step t."""
        terms = dict(self._term.measured or ((self.canonical, self._term),))
        return tuple((text, _at_end(term, run, steps, t)) for text, term in terms.items())

    def over(self, run: RunRecord, steps: Sequence[StepRecord]) -> NDArray[np.float64]:
        """(T,) what it comes to at each step: true and false as 1 and 0, unknown as NaN.

        Raises ConditionError unless `is_numeric`.
        """
        if not self.is_numeric:
            raise ConditionError(_no_number(self._node), 0, len(self.text))
        value = self._term.value(Columns(run, steps))
        return np.where(value.known, value.data.astype(np.float64), np.nan)

    def holds(self, run: RunRecord, steps: Sequence[StepRecord]) -> NDArray[np.bool_]:
        """(T,) where it is true; ConditionError unless `is_boolean`."""
        if not self.is_boolean:
            raise ConditionError(_no_truth(self._node, self._term), 0, len(self.text))
        value = self._term.value(Columns(run, steps))
        found: NDArray[np.bool_] = value.known & value.data
        return found


def parse(text: str) -> Condition:
    """Read an expression; ConditionError, with the column, for what is none."""
    node = read(text)
    term = resolve(node)
    refuse_vector(node, term.kind)
    return Condition(text, node, term)


def parse_breakpoint(text: str) -> Condition:
    """Read what must be true or false; ConditionError for anything else."""
    condition = parse(text)
    if not condition.is_boolean:
        raise ConditionError(_no_truth(condition._node, condition._term), 0, len(text))
    return condition


def parse_watch(text: str) -> Condition:
    """Read what must be a number, or true or false; ConditionError for anything else."""
    condition = parse(text)
    if not condition.is_numeric:
        raise ConditionError(_no_number(condition._node), 0, len(text))
    return condition


def _no_truth(node: Node, term: Term) -> str:
    return f"this is {term.kind.value}, which cannot stop anything; {hint(node, term.kind)}"


def _no_number(node: Node) -> str:
    return f"this is a text, which cannot be plotted; {hint(node, Kind.TEXT)}"


def _at_end(term: Term, run: RunRecord, steps: Sequence[StepRecord], t: int) -> Result:
    """A term at step t, from the steps before it that it depends on."""
    if not 1 <= t <= len(steps):
        raise ValueError(f"there is no step {t} of {len(steps)}")
    first = 0 if math.isinf(term.lookback) else max(0, t - 1 - int(term.lookback))
    return _last(term.value(Columns(run, steps[first:t])))


def _last(value: Value) -> Result:
    if not value.known[-1]:
        return None
    match value.kind:
        case Kind.BOOLEAN:
            return bool(value.data[-1])
        case Kind.TOKEN:
            return piece_label(value.data[-1])
        case Kind.TEXT:
            return str(value.data[-1])
        case _:
            return float(value.data[-1])
