"""The tokens of conditions, and the error that says what is wrong with one and where.

Columns count characters from 0. Numbers are ASCII and finite, texts stand in double or single
quotes, names are letters, digits and underscores. `α ≤ ≥ ≠ − ×` may be written for
`alpha <= >= != - *`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from attn_desktop.analysis.pieces import escape_unsafe, shorten
from attn_desktop.common.errors import UserError

MAX_LENGTH = 500
KEYWORDS = ("and", "or", "not")
#: Longest first, since `<` begins `<=`.
SYMBOLS = ("==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "(", ")", "[", "]", ",")

_SYNONYMS = {"≤": "<=", "≥": ">=", "≠": "!=", "−": "-", "×": "*", "α": "alpha"}
#: What other languages write, and what is written here instead; longest first.
_FOREIGN = {
    "&&": "and",
    "||": "or",
    "&": "and",
    "|": "or",
    "!": "not",
    "=": "==",
    "“": '"',
    "”": '"',
    "„": '"',
    "’": "'",
    "‘": "'",
}
_ESCAPES = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "t": "\t"}
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NAME = re.compile(r"[^\W\d]\w*")
_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_SHOWN = 24


class ConditionError(UserError):
    """A condition that cannot be used. column, end: the characters at fault; equal if missing."""

    def __init__(self, message: str, column: int, end: int | None = None) -> None:
        super().__init__(message)
        self.column = column
        self.end = column if end is None else end


class UnclosedTextError(ConditionError):
    """A text without its closing quote, such as one that is still being typed."""


@dataclass(frozen=True)
class Token:
    """A number, text, name, keyword or symbol, or the end, from `column` up to `end`.

    text: as written, of texts what they say, of synonyms what they stand for.
    """

    kind: Literal["number", "text", "name", "keyword", "symbol", "end"]
    text: str
    column: int
    end: int

    @property
    def shown(self) -> str:
        """The token as messages name it."""
        return "the end" if self.kind == "end" else quoted(self.text)


def quoted(text: str) -> str:
    """Text as messages quote it: short, and safe to print."""
    return f"“{shorten(escape_unsafe(text), _SHOWN)}”"


def tokenize(text: str) -> list[Token]:
    """The tokens of a condition, the last one its end; ConditionError for what is none."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(
            f"a condition has at most {MAX_LENGTH} characters, not {len(text)}",
            MAX_LENGTH,
            len(text),
        )
    tokens: list[Token] = []
    column = 0
    while column < len(text):
        if text[column].isspace():
            column += 1
            continue
        tokens.append(_token(text, column))
        column = tokens[-1].end
    return [*tokens, Token("end", "", len(text), len(text))]


def _token(text: str, column: int) -> Token:
    char = text[column]
    if char in "\"'":
        return _text(text, column)
    number = _NUMBER.match(text, column)
    if number:
        if not math.isfinite(float(number[0])):
            raise ConditionError(f"{quoted(number[0])} is too large a number", column, number.end())
        return Token("number", number[0], column, number.end())
    name = _NAME.match(text, column)
    if name:
        kind: Literal["keyword", "name"] = "keyword" if name[0] in KEYWORDS else "name"
        return Token(kind, _SYNONYMS.get(name[0], name[0]), column, name.end())
    for symbol in (*SYMBOLS, *_SYNONYMS):
        if text.startswith(symbol, column):
            return Token("symbol", _SYNONYMS.get(symbol, symbol), column, column + len(symbol))
    for foreign, ours in _FOREIGN.items():
        if text.startswith(foreign, column):
            raise ConditionError(
                f"write {ours} instead of {foreign}", column, column + len(foreign)
            )
    raise ConditionError(f"{quoted(char)} means nothing here", column, column + 1)


def _text(text: str, start: int) -> Token:
    parts: list[str] = []
    column = start + 1
    while column < len(text):
        char = text[column]
        if char == text[start]:
            return Token("text", "".join(parts), start, column + 1)
        if char != "\\":
            parts.append(char)
            column += 1
            continue
        code = text[column + 1 : column + 2]
        digits = _HEX.match(text, column + 2) if code == "u" else None
        if digits:
            parts.append(chr(int(digits[0], 16)))
            column = digits.end()
        elif code in _ESCAPES:
            parts.append(_ESCAPES[code])
            column += 2
        elif code:
            raise ConditionError(
                f"\\{escape_unsafe(code)} means nothing in a text; a backslash is written \\\\, "
                "others are \\\" \\' \\n \\t \\u00e9",
                column,
                column + 2,
            )
        else:
            break
    raise UnclosedTextError(f"this text has no closing {text[start]}", start, len(text))


def write_text(text: str, quote: str = '"') -> str:
    """Text in quotes, as `tokenize` reads it."""
    escapes = {"\\": "\\\\", quote: f"\\{quote}", "\n": "\\n", "\t": "\\t"}
    return quote + "".join(escapes.get(char, char) for char in text) + quote
