"""What conditions call the words of the source and the tokens, and how near a miss is."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from attn_desktop.analysis.labels import CONTINUES, piece_label, source_axis
from attn_desktop.analysis.pieces import group_words
from attn_desktop.trace.records import RunRecord

_NEAREST = 3


@lru_cache(maxsize=4096)
def spelling(piece: str) -> str:
    """How a token or a text reads: without ▁, and without the mark of a piece that goes on."""
    label = unicodedata.normalize("NFC", piece_label(piece))
    return label.removeprefix(CONTINUES) or label


def places_of(run: RunRecord) -> dict[str, tuple[int, ...]]:
    """Source positions from 0 by what stands there, words in order, then pieces that are no word.

    What occurs several times has the positions of all of them.
    """
    words: dict[str, list[int]] = {}
    for word in group_words(run):
        words.setdefault(spelling(word.label), []).extend(word.positions)
    pieces: dict[str, list[int]] = {}
    for position, label in enumerate(source_axis(run).labels):
        if spelling(label) not in words:
            pieces.setdefault(spelling(label), []).append(position)
    return {label: tuple(positions) for label, positions in (words | pieces).items()}


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The names most like a word, best first, letter case aside."""
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(name.casefold(), name)
    found = difflib.get_close_matches(word.casefold(), list(folded), n=_NEAREST, cutoff=0.7)
    return [folded[name] for name in found]
