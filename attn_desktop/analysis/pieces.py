"""From pieces to what a reader sees: joined text, whole words, nothing that upsets a terminal.

Pieces are written as tokenizers write them: `▁` for a space, `<0xE2>` for a byte that belongs to a
character outside the vocabulary, `<pad>`, `<s>` and `</s>` for markers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from attn_desktop.trace.records import ModelInfo, RunRecord

SPACE = "▁"
PAD, START, END = "<pad>", "<s>", "</s>"
MARKERS = frozenset({PAD, START, END})

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
#: Controls, formats, surrogates, private and unassigned characters, line and paragraph separators.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: Letters and numbers of scripts that run from right to left.
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ZERO_WIDTH = frozenset({"Mn", "Me"})
_WIDE = frozenset({"W", "F"})


def join_pieces(pieces: Iterable[str]) -> str:
    """The text that pieces spell: markers left out, `▁` a space, runs of bytes decoded.

    The space before the first word is dropped. Bytes that are no UTF-8 become U+FFFD, one each.
    """
    parts: list[str] = []
    pending = bytearray()
    for piece in pieces:
        if piece in MARKERS:
            continue
        byte = _BYTE.fullmatch(piece)
        if byte:
            pending.append(int(byte[1], 16))
            continue
        parts.append(_decode(pending))
        pending.clear()
        parts.append(piece.replace(SPACE, " "))
    parts.append(_decode(pending))
    return "".join(parts).removeprefix(" ")


def output_text(model: ModelInfo, pieces: Sequence[str]) -> str:
    """What an output says: all of its pieces joined, or the answer after the last glimpse."""
    return join_pieces(pieces[-1:] if model.answers else pieces)


def _decode(run: bytearray) -> str:
    try:
        return run.decode("utf-8")
    except UnicodeDecodeError:
        return "\ufffd" * len(run)


@dataclass(frozen=True)
class Word:
    """A word of the source and the positions of its pieces; a marker is a word of its own."""

    label: str
    positions: tuple[int, ...]


def group_words(run: RunRecord) -> list[Word]:
    """Source positions by word, in order: every position belongs to exactly one.

    Neighbours with the same index in `run.words` form a word; -1 always stands alone.
    """
    groups: list[list[int]] = []
    last = -1
    for position, index in enumerate(run.words.tolist()):
        if index < 0 or index != last:
            groups.append([])
        groups[-1].append(position)
        last = index
    return [Word(_label([run.source[p] for p in group]), tuple(group)) for group in groups]


def _label(pieces: list[str]) -> str:
    # A lone marker or a lone space would join to nothing at all.
    return join_pieces(pieces) or "".join(pieces)


def printable(text: str) -> str:
    r"""Text that is safe to print: what could steer or reorder a terminal's line is escaped.

    Control and format characters (such as `\x1b` and `\u202e`), line breaks, characters without a
    glyph of their own and letters written from right to left become Python escapes.
    """
    return "".join(char if _is_plain(char) else _escape(char) for char in text)


def escape_unsafe(text: str) -> str:
    """Text for a window, which can draw every script: only what has no glyph is escaped."""
    return "".join(char if _has_glyph(char) else _escape(char) for char in text)


def _is_plain(char: str) -> bool:
    return _has_glyph(char) and unicodedata.bidirectional(char) not in _RIGHT_TO_LEFT


def _has_glyph(char: str) -> bool:
    return unicodedata.category(char) not in _UNSAFE_CATEGORIES


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def display_width(text: str) -> int:
    """Columns that printable text takes in a terminal: 2 for CJK and emoji, 0 for accents."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.category(char) in _ZERO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1


def shorten(text: str, width: int) -> str:
    """Printable text cut to `width` columns, with … in place of what is missing."""
    if display_width(text) <= width:
        return text
    kept, used = [], 1
    for char in text:
        used += _char_width(char)
        if used > width:
            break
        kept.append(char)
    return "".join(kept) + "…"
