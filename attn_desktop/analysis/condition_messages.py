"""How conditions are refused: by what is wrong, at its column, with what to write instead."""

from __future__ import annotations

from typing import NoReturn

from attn_desktop.analysis.condition_syntax import Name, Node, Number, Prefix, Text, write
from attn_desktop.analysis.condition_tokens import ConditionError, quoted
from attn_desktop.analysis.condition_values import TEXTS, VECTORS, Kind


def refuse(node: Node, message: str) -> NoReturn:
    """Raise ConditionError at a part of a condition."""
    raise ConditionError(message, node.column, node.end)


def shown(node: Node) -> str:
    """A part of a condition as messages quote it."""
    return quoted(write(node))


def is_literal(node: Node) -> bool:
    """Whether a part is a number or a text written out."""
    match node:
        case Number() | Text():
            return True
        case Prefix("-", operand):
            return is_literal(operand)
        case _:
            return False


def refuse_vector(node: Node, kind: Kind) -> None:
    """Refuse a vector where one number, truth or text belongs."""
    if kind not in VECTORS:
        return
    text = write(node)
    examples = f"max({text}) or norm({text})"
    if kind is Kind.SOURCE:
        examples = f"max({text})" + (f' or {text}["word"]' if isinstance(node, Name) else "")
    refuse(node, f"{quoted(text)} is {kind.value}; use one number of it, such as {examples}")


def hint(node: Node, kind: Kind) -> str:
    """What to write instead of something that is neither true nor false."""
    text = write(node)
    if kind is Kind.SOURCE:
        return f"compare one number of it, such as max({text}) > .3"
    if kind in VECTORS:
        return f"compare one number of it, such as norm({text}) > 3"
    if isinstance(node, Text):
        return f"compare it, such as token == {text}"
    return f'compare it, such as {text} == "a"' if kind in TEXTS else f"compare it: {text} > 1"
