"""From the tree of a condition to what computes it: names looked up, kinds checked.

Everything that can be known without a run is refused here, at its column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from attn_desktop.analysis import condition_functions as condition_functions
from attn_desktop.analysis import condition_values as values
from attn_desktop.analysis.condition_entries import ENTRIES, READINGS, Entry, Parameter
from attn_desktop.analysis.condition_messages import (
    hint,
    is_literal,
    refuse,
    refuse_vector,
    shown,
)
from attn_desktop.analysis.condition_source import nearest, places_of, spelling
from attn_desktop.analysis.condition_syntax import (
    COMPARISON,
    SUM,
    Call,
    Chain,
    Index,
    Name,
    Node,
    Number,
    Operator,
    Prefix,
    Text,
    write,
)
from attn_desktop.analysis.condition_tokens import KEYWORDS, ConditionError, quoted, write_text
from attn_desktop.analysis.condition_values import TEXTS, VECTORS, Columns, Kind, Value
from attn_desktop.trace.records import RunRecord, StepRecord

Check = Callable[[RunRecord, Sequence[StepRecord]], None]


@dataclass(frozen=True, eq=False)
class Term:
    """A part of a condition that can be computed.

    lookback: how many steps before t it depends on, ∞ for all. checks: raise ConditionError for
    what a run does not have. measured: the numbers and texts that its comparisons compare.
    """

    kind: Kind
    value: Callable[[Columns], Value]
    lookback: float = 0
    checks: tuple[Check, ...] = ()
    measured: tuple[tuple[str, Term], ...] = ()


def resolve(node: Node) -> Term:
    """What computes a tree; ConditionError where names or kinds do not fit."""
    match node:
        case Number(value):
            return Term(Kind.NUMBER, lambda columns: columns.constant(value))
        case Text(text):
            return Term(Kind.TEXT, lambda columns: columns.constant(text))
        case Name(name):
            entry = _entry(name, node)
            if not entry.bare:
                refuse(node, f"{name} of what? It is written {entry.signature}")
            return _applied(entry, node, ())
        case Call(name, arguments):
            return _applied(_called(name, node, len(arguments)), node, arguments)
        case Index(base, index):
            return _indexed(base, index)
        case Prefix("not", operand):
            term = _truth(operand)
            return replace(term, value=lambda columns: values.opposite(term.value(columns)))
        case Prefix(_, operand):
            term = _numeric(operand)
            return replace(term, value=lambda columns: values.negative(term.value(columns)))
        case Chain(operands, operators):
            if node.rank >= SUM:
                return _calculated(operands, operators)
            return _compared(operands, operators) if node.rank == COMPARISON else _joined(node)
    raise TypeError(f"no node of a condition: {node!r}")


# -- operators ------------------------------------------------------------------------------


def _joined(node: Chain) -> Term:
    """and, or."""
    terms = [_truth(operand) for operand in node.operands]
    join = values.both if node.operators[0].symbol == "and" else values.either
    return _combined(
        terms, Kind.BOOLEAN, lambda columns: reduce(join, (term.value(columns) for term in terms))
    )


def _truth(node: Node) -> Term:
    term = resolve(node)
    if term.kind is not Kind.BOOLEAN:
        refuse(
            node,
            f"{shown(node)} is {term.kind.value}, neither true nor false; {hint(node, term.kind)}",
        )
    return term


def _numeric(node: Node) -> Term:
    term = resolve(node)
    if term.kind is not Kind.NUMBER and term.kind not in VECTORS:
        refuse(node, f"{shown(node)} is {term.kind.value}, with which there is no calculating")
    return term


def _calculated(operands: Sequence[Node], operators: Sequence[Operator]) -> Term:
    """+ - * /, from left to right."""
    terms = [_numeric(operand) for operand in operands]
    kind = terms[0].kind
    for operator, term in zip(operators, terms[1:], strict=True):
        if kind in VECTORS and term.kind in VECTORS and kind is not term.kind:
            raise ConditionError(
                f"{kind.value} and {term.kind.value} do not go together",
                operator.column,
                operator.column + len(operator.symbol),
            )
        kind = term.kind if kind is Kind.NUMBER else kind

    def calculate(columns: Columns) -> Value:
        total = terms[0].value(columns)
        for operator, term in zip(operators, terms[1:], strict=True):
            total = values.calculate(operator.symbol, total, term.value(columns))
        return total

    return _combined(terms, kind, calculate)


def _compared(operands: Sequence[Node], operators: Sequence[Operator]) -> Term:
    """Comparisons, each of neighbours, all of which must hold."""
    terms = [_comparable(operands[0])]
    for left, right, operator in zip(operands, operands[1:], operators, strict=False):
        if terms[-1].kind in TEXTS:
            _check_quoted(right)
        terms.append(_comparable(right))
        _check_pair(left, right, operator, terms[-2].kind, terms[-1].kind)

    def compare(columns: Columns) -> Value:
        found = [term.value(columns) for term in terms]
        links = [
            values.compare(operator.symbol, found[place], found[place + 1])
            for place, operator in enumerate(operators)
        ]
        return reduce(values.both, links)

    own = [
        (write(operand), term)
        for operand, term in zip(operands, terms, strict=True)
        if term.kind is not Kind.BOOLEAN and not is_literal(operand)
    ]
    combined = _combined(terms, Kind.BOOLEAN, compare)
    return replace(combined, measured=(*combined.measured, *own))


def _comparable(node: Node) -> Term:
    term = resolve(node)
    refuse_vector(node, term.kind)
    return term


def _check_quoted(node: Node) -> None:
    """Refuse a text that was written without its quotes."""
    if isinstance(node, Name) and node.name not in ENTRIES and node.name not in READINGS:
        quotes = f"a text stands in quotes: {write_text(node.name)}"
        refuse(node, f"there is nothing called {quoted(node.name)}; {quotes}")


def _check_pair(left: Node, right: Node, operator: Operator, one: Kind, other: Kind) -> None:
    """Refuse the comparison of two parts of these kinds."""
    if one is not other and not {one, other} <= TEXTS:
        message = f"{shown(left)} is {one.value} and not compared with {other.value}"
        if one in TEXTS and isinstance(right, Number):
            message += f"; a text stands in quotes: {write_text(write(right))}"
        refuse(right, message)
    if one is not Kind.NUMBER and operator.symbol not in ("==", "!="):
        raise ConditionError(
            f"{one.value} is compared by == or !=, not by {operator.symbol}",
            operator.column,
            operator.column + len(operator.symbol),
        )


def _combined(terms: Sequence[Term], kind: Kind, value: Callable[[Columns], Value]) -> Term:
    """A term made of others, that depends on what they depend on."""
    return Term(
        kind,
        value,
        max((term.lookback for term in terms), default=0),
        tuple(check for term in terms for check in term.checks),
        tuple(part for term in terms for part in term.measured),
    )


# -- names ----------------------------------------------------------------------------------


def _entry(name: str, node: Node) -> Entry:
    if name in ENTRIES:
        return ENTRIES[name]
    end = node.column + len(name) if isinstance(node, Call) else node.end
    if name in READINGS:
        message = f"{name} is a reading and stands inside others, as in token({name}) or "
        message += f"entropy({name})"
    else:
        message = f"there is nothing called {quoted(name)}"
        similar = nearest(name, (*ENTRIES, *READINGS, *KEYWORDS))
        message += f"; did you mean {' or '.join(similar)}?" if similar else ""
    raise ConditionError(message, node.column, end)


def _called(name: str, node: Call, count: int) -> Entry:
    entry = _entry(name, node)
    if not entry.parameters:
        refuse(node, f"{name} stands alone, without parentheses")
    if count == 0 or not entry.fits(count):
        given = {0: "no argument", 1: "one argument"}.get(count, f"{count} arguments")
        refuse(node, f"{name} with {given} means nothing; it is written {entry.signature}")
    return entry


def _applied(entry: Entry, node: Node, nodes: Sequence[Node]) -> Term:
    """A name with its arguments."""
    fixed: list[str | int | None] = []
    terms: list[Term] = []
    for parameter, argument in zip(entry.parameters, nodes, strict=False):
        held = _argument(entry, parameter, argument)
        if isinstance(held, Term):
            terms.append(held)
            fixed.append(None)
        else:
            fixed.append(held)

    def value(columns: Columns) -> Value:
        rest = iter(terms)
        return entry.compute(
            columns, *(next(rest).value(columns) if held is None else held for held in fixed)
        )

    def value_once(columns: Columns) -> Value:
        return columns.once((entry.name, *fixed), lambda: value(columns))

    term = _combined(terms, entry.gives, value if terms else value_once)
    term = replace(term, lookback=term.lookback + entry.lookback)
    if entry.gives is Kind.BOOLEAN:
        return replace(term, measured=((write(node), term),))
    if entry.name == "gate":
        return replace(term, checks=(_gate_check(nodes[0], str(fixed[0])),))
    return term


def _argument(entry: Entry, parameter: Parameter, node: Node) -> Term | str | int:
    """What is handed to a name as one of its arguments."""
    match node:
        case Name(name) if name in parameter.names:
            return name
        case Text(text) if parameter.literal:
            return text
        case Number(number) if parameter.whole and number.is_integer():
            least, most = parameter.whole
            if least <= number <= most:
                return int(number)
    if parameter.kinds:
        term = resolve(node)
        if term.kind in parameter.kinds:
            return term
        given = f"{shown(node)}, {term.kind.value}"
    else:
        if isinstance(node, Name):
            _check_known(node)
        given = shown(node)
    refuse(node, f"{entry.name} takes {parameter.what} here, not {given}")


def _check_known(node: Name) -> None:
    if node.name not in READINGS:
        _entry(node.name, node)


def _gate_check(node: Node, gate: str) -> Check:
    def check(run: RunRecord, steps: Sequence[StepRecord]) -> None:
        gates = list(dict.fromkeys(name for step in steps for name in step.active.gates))
        if steps and gate not in gates:
            there = f"; there are {', '.join(gates)}" if gates else ""
            refuse(node, f"no gate {quoted(gate)} is recorded{there}")

    return check


# -- places ---------------------------------------------------------------------------------


def _indexed(base: Node, index: Node) -> Term:
    """vector["word"], vector[place]."""
    vector = resolve(base)
    if vector.kind not in VECTORS:
        refuse(base, f"{shown(base)} is {vector.kind.value}, of which there is no part")
    if isinstance(index, Text):
        return _at_word(base, vector, index)
    place = resolve(index)
    if place.kind is not Kind.NUMBER:
        refuse(index, f"a part is named by its number or a word in quotes, not by {shown(index)}")
    term = _combined(
        (vector, place),
        Kind.NUMBER,
        lambda columns: values.entry(vector.value(columns), place.value(columns)),
    )
    if not is_literal(index):
        return term
    first = values.first_place(vector.kind)
    if not isinstance(index, Number) or not index.value.is_integer() or index.value < first:
        things = "source positions" if vector.kind is Kind.SOURCE else "dimensions"
        refuse(index, f"{things} are whole numbers from {first}")
    check = _place_check(index, vector.kind, int(index.value))
    return replace(term, checks=(*term.checks, check))


def _at_word(base: Node, vector: Term, word: Text) -> Term:
    if vector.kind is not Kind.SOURCE or not isinstance(base, Name):
        refuse(word, "words can be looked up in alpha, energies and coverage; elsewhere write [3]")
    name = base.name
    term = _combined(
        (vector,),
        Kind.NUMBER,
        lambda columns: values.of_word(columns, name, vector.value(columns), word.value),
    )

    def check(run: RunRecord, steps: Sequence[StepRecord]) -> None:
        known = places_of(run)
        if spelling(word.value) not in known:
            similar = nearest(word.value, known)
            hint = f"; there is {', '.join(map(quoted, similar))}" if similar else ""
            if run.grid is not None:
                hint = f", whose regions are r1c1 to r{run.grid[0]}c{run.grid[1]}"
            refuse(word, f"{quoted(word.value)} is not in the source{hint}")

    return replace(term, checks=(*term.checks, check))


def _place_check(node: Node, kind: Kind, place: int) -> Check:
    def check(run: RunRecord, steps: Sequence[StepRecord]) -> None:
        match kind:
            case Kind.SOURCE:
                size, what = len(run.source), "source position"
            case Kind.CONTEXT:
                size, what = run.states.shape[1], "dimension"
            case _:
                size, what = len(run.start_state), "dimension"
        first = values.first_place(kind)
        if place >= first + size:
            refuse(node, f"there is no {what} {place}; they go from {first} to {first + size - 1}")

    return check
