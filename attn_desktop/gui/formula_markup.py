r"""Formulas in a line of text: letters in italics, sub- and superscripts, fractions, colours.

The markup: `_x`, `_{…}` below and `^x`, `^{…}` above what stands before; `\frac{…}{…}`;
`\source{…}` and the other roles of the theme, `\dim{…}`, `\bold{…}`, `\text{…}` (as it is, no
italics); `¦` where a line may be broken. A backslash before any other sign means that sign, which
`literal` and `prose` do for text that is not ours. Single letters are variables and slanted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from attn_desktop.gui.theme import Role

#: Groups that colour what is in them.
ROLES: dict[str, Role] = {
    "source": "source",
    "target": "target",
    "soft": "soft",
    "hard": "hard",
}
_SPECIAL = re.compile(r"([\\_^{}¦])")
_WORDS = re.compile(r"[^\W\d_]+|[^^_{}\\¦]", re.UNICODE)


@dataclass(frozen=True)
class Style:
    """How a piece looks. role: `text`, `dim` or one of `ROLES`; slanted: variables in italics."""

    role: str = "text"
    bold: bool = False
    slanted: bool = True


@dataclass(frozen=True)
class Piece:
    """Letters with what stands below and above them, or a fraction of two lines."""

    text: str
    style: Style
    italic: bool = False
    below: tuple[Piece, ...] = ()
    above: tuple[Piece, ...] = ()
    over: tuple[tuple[Piece, ...], tuple[Piece, ...]] | None = None
    breaks: bool = False


def escaped(text: str, but: str = "") -> str:
    """Text in which nothing is markup, save the signs in `but`."""
    return _SPECIAL.sub(lambda found: found[1] if found[1] in but else f"\\{found[1]}", text)


def literal(text: str) -> str:
    """Text in which nothing is markup, upright."""
    return f"\\text{{{escaped(text)}}}"


def prose(text: str) -> str:
    """A sentence, which may be broken between its words."""
    return "¦".join(literal(f" {word}") for word in text.split())


@lru_cache(maxsize=512)
def parse(markup: str) -> tuple[Piece, ...]:
    """The pieces of a formula; braces that are missing are taken to be at the end."""
    return tuple(_Parser(markup).row(Style()))


def plain(markup: str) -> str:
    """A formula as bare text: `e_tj`."""
    return "".join(map(_plain, parse(markup)))


def _plain(piece: Piece) -> str:
    below, above = ("".join(map(_plain, part)) for part in (piece.below, piece.above))
    text = piece.text
    if piece.over is not None:
        text = "/".join("".join(map(_plain, part)) for part in piece.over)
    return text + (f"_{below}" if below else "") + (f"^{above}" if above else "")


class _Parser:
    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._at = 0

    def row(self, style: Style, closed: bool = False) -> list[Piece]:
        """Pieces up to the end, or to the brace that closes a group."""
        pieces: list[Piece] = []
        while self._at < len(self._markup):
            sign = self._markup[self._at]
            if sign == "}":
                self._at += 1
                if closed:
                    break
            elif sign == "¦":
                self._at += 1
                pieces.append(Piece("", style, breaks=True))
            elif sign in "_^":
                self._at += 1
                base = pieces.pop() if pieces else Piece("", style)
                pieces.append(self._scripted(base, sign, style))
            elif sign == "{":
                self._at += 1
                pieces += self.row(style, closed=True)
            elif sign == "\\":
                pieces += self._command(style)
            else:
                pieces.append(self._letters(style))
        return pieces

    def _letters(self, style: Style) -> Piece:
        found = _WORDS.match(self._markup, self._at)
        text = found[0] if found else self._markup[self._at]
        self._at += len(text)
        return Piece(text, style, italic=style.slanted and len(text) == 1 and text.isalpha())

    def _group(self, style: Style) -> tuple[Piece, ...]:
        """What braces hold, or the next letter."""
        if self._markup[self._at : self._at + 1] == "{":
            self._at += 1
            return tuple(self.row(style, closed=True))
        if self._at >= len(self._markup):
            return ()
        self._at += 1
        letter = self._markup[self._at - 1]
        return (Piece(letter, style, italic=style.slanted and letter.isalpha()),)

    def _scripted(self, base: Piece, sign: str, style: Style) -> Piece:
        script = _slanted(self._group(replace(style, role=base.style.role)))
        return replace(base, below=script) if sign == "_" else replace(base, above=script)

    def _command(self, style: Style) -> list[Piece]:
        found = re.compile(r"\\([a-z]+)(?=\{)").match(self._markup, self._at)
        if found is None:
            sign = self._markup[self._at + 1 : self._at + 2]
            self._at += 2
            return [Piece(sign, style)]
        self._at = found.end()
        name = found[1]
        if name == "frac":
            return [Piece("", style, over=(self._group(style), self._group(style)))]
        if name == "bold":
            style = replace(style, bold=True)
        elif name == "text":
            style = replace(style, slanted=False)
        elif name in ROLES or name == "dim":
            style = replace(style, role=name)
        return list(self._group(style))


def _slanted(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Letters of a script are indices each by itself: `tj` is t and j."""
    return tuple(
        replace(piece, italic=piece.style.slanted and piece.text.isalpha()) for piece in pieces
    )
