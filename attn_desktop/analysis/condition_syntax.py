"""The grammar of conditions: text to a tree and back. What the names mean is not known here.

From loosest to tightest: `or`, `and`, `not`, comparisons (`1 < t < 5` is `1 < t and t < 5`),
`+ -`, `* /`, unary `-`, then `name`, `name(…)`, `…[…]`, numbers, texts and parentheses. Neighbours
of one rank make one flat `Chain`, so a tree is never deeper than its parentheses are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from attn_desktop.analysis.condition_tokens import (
    KEYWORDS,
    ConditionError,
    Token,
    tokenize,
    write_text,
)

MAX_DEPTH = 40

OR, AND, NOT, COMPARISON, SUM, PRODUCT, MINUS, POSTFIX = range(1, 9)
RANKS = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), COMPARISON),
    **dict.fromkeys("+-", SUM),
    **dict.fromkeys("*/", PRODUCT),
}


@dataclass(frozen=True)
class Node:
    """A part of a condition, written from `column` up to `end`; equal wherever it stands."""

    column: int = field(compare=False, kw_only=True)
    end: int = field(compare=False, kw_only=True)


@dataclass(frozen=True)
class Number(Node):
    """A number written out."""

    value: float


@dataclass(frozen=True)
class Text(Node):
    """A text in quotes."""

    value: str


@dataclass(frozen=True)
class Name(Node):
    """A name that stands alone."""

    name: str


@dataclass(frozen=True)
class Call(Node):
    """A name with arguments in parentheses."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Index(Node):
    """A part of something: base[index]."""

    base: Node
    index: Node


@dataclass(frozen=True)
class Prefix(Node):
    """`-` or `not` and what it applies to."""

    operator: str
    operand: Node


@dataclass(frozen=True)
class Operator:
    """A symbol between two operands."""

    symbol: str
    column: int = field(compare=False)


@dataclass(frozen=True)
class Chain(Node):
    """Operands with operators of one rank between them; operators[i] stands before [i + 1]."""

    operands: tuple[Node, ...]
    operators: tuple[Operator, ...]

    @property
    def rank(self) -> int:
        return RANKS[self.operators[0].symbol]


def read(text: str) -> Node:
    """The tree of a condition; ConditionError where it is none."""
    return _Parser(text).whole()


class _Parser:
    """Precedence climbing over the tokens of a text."""

    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        if self._peek().kind == "end":
            raise ConditionError("write a condition, such as entropy(alpha) > 1.2", 0)
        node = self._expression(OR)
        if self._peek().kind != "end":
            self._refuse_the_rest(self._peek())
        return node

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._peek()
        self._at += token.kind != "end"
        return token

    def _rank(self) -> int:
        """Of the operator that comes next, 0 if it is none."""
        token = self._peek()
        return RANKS.get(token.text, 0) if token.kind in ("symbol", "keyword") else 0

    def _expression(self, least: int) -> Node:
        node = self._operand(least)
        while (rank := self._rank()) and rank >= least:
            operands, operators = [node], []
            while self._rank() == rank:
                token = self._take()
                operators.append(Operator(token.text, token.column))
                operands.append(self._expression(rank + 1))
            node = Chain(
                tuple(operands), tuple(operators), column=node.column, end=operands[-1].end
            )
        return node

    def _operand(self, least: int) -> Node:
        token = self._take()
        match token.kind, token.text:
            case "keyword", "not":
                if least > NOT:
                    raise ConditionError(
                        "put “not” and what belongs to it in parentheses here",
                        token.column,
                        token.end,
                    )
                operand = self._inner(NOT, token)
                return Prefix("not", operand, column=token.column, end=operand.end)
            case "symbol", "-":
                operand = self._inner(MINUS, token)
                return Prefix("-", operand, column=token.column, end=operand.end)
            case "symbol", "(":
                node = self._inner(OR, token)
                self._close(")", token)
            case "number", _:
                node = Number(float(token.text), column=token.column, end=token.end)
            case "text", _:
                node = Text(token.text, column=token.column, end=token.end)
            case "name", _:
                node = self._name(token)
            case _:
                self._refuse_operand(token)
        return self._indexed(node)

    def _inner(self, least: int, opening: Token) -> Node:
        """An expression inside another one."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConditionError(f"nested more than {MAX_DEPTH} deep", opening.column, opening.end)
        node = self._expression(least)
        self._depth -= 1
        return node

    def _name(self, name: Token) -> Node:
        if not self._is_symbol("("):
            return Name(name.text, column=name.column, end=name.end)
        opening, arguments = self._take(), []
        if not self._is_symbol(")"):
            arguments.append(self._inner(OR, opening))
            while self._is_symbol(","):
                self._take()
                arguments.append(self._inner(OR, opening))
        end = self._close(")", opening)
        return Call(name.text, tuple(arguments), column=name.column, end=end)

    def _indexed(self, node: Node) -> Node:
        if not self._is_symbol("["):
            return node
        opening = self._take()
        index = self._inner(OR, opening)
        end = self._close("]", opening)
        if self._is_symbol("["):
            raise ConditionError(
                "what […] gives is a number, of which there is no part",
                self._peek().column,
                self._peek().end,
            )
        return Index(node, index, column=node.column, end=end)

    def _is_symbol(self, symbol: str) -> bool:
        return self._peek().kind == "symbol" and self._peek().text == symbol

    def _close(self, bracket: str, opening: Token) -> int:
        if not self._is_symbol(bracket):
            token = self._peek()
            raise ConditionError(
                f"{bracket} is missing here, for the {opening.text} at character "
                f"{opening.column + 1}",
                token.column,
                token.end,
            )
        return self._take().end

    def _refuse_operand(self, token: Token) -> NoReturn:
        if token.kind == "end":
            raise ConditionError("something is missing at the end", token.column, token.end)
        raise ConditionError(
            f"a name, a number or a text belongs here, not {token.shown}", token.column, token.end
        )

    def _refuse_the_rest(self, token: Token) -> NoReturn:
        if token.kind == "symbol" and token.text in ")]":
            message = f"there is nothing that this {token.text} could close"
        elif token.text.lower() in KEYWORDS and token.kind == "name":
            message = f"write {token.text.lower()} in small letters"
        else:
            message = f"before {token.shown} something is missing, such as and, or, ==, < or +"
        raise ConditionError(message, token.column, token.end)


def rank(node: Node) -> int:
    """How tightly a node holds together."""
    match node:
        case Chain():
            return node.rank
        case Prefix(operator="not"):
            return NOT
        case Prefix():
            return MINUS
        case _:
            return POSTFIX


def write(node: Node) -> str:
    """A tree as text, with no parentheses but those it needs; `read` gives the same tree."""
    match node:
        case Number(value):
            whole = value.is_integer() and abs(value) < 1e15
            return str(int(value)) if whole else repr(value)
        case Text(value):
            return write_text(value)
        case Name(name):
            return name
        case Call(name, arguments):
            return f"{name}({', '.join(map(write, arguments))})"
        case Index(base, index):
            return f"{_enclosed(base, rank(base) < POSTFIX or isinstance(base, Index))}" + (
                f"[{write(index)}]"
            )
        case Prefix("not", operand):
            return f"not {_enclosed(operand, rank(operand) < NOT)}"
        case Prefix(_, operand):
            return f"-{_enclosed(operand, rank(operand) < MINUS)}"
        case Chain(operands, operators):
            parts = [_enclosed(operand, rank(operand) <= node.rank) for operand in operands]
            rest = [
                f" {operator.symbol} {part}"
                for operator, part in zip(operators, parts[1:], strict=True)
            ]
            return parts[0] + "".join(rest)
    raise TypeError(f"no node of a condition: {node!r}")


def _enclosed(node: Node, needed: bool) -> str:
    return f"({write(node)})" if needed else write(node)
