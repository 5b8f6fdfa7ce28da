"""Fuzzy matching of what somebody types with the name of a command."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

#: Points of one matched letter: anywhere, at the start of a word, right after the one before.
LETTER, WORD_START, NEIGHBOUR = 1.0, 8.0, 9.0
#: What every letter before the first matched one costs, so that early matches win.
LATE = 0.05


@dataclass(frozen=True)
class Match:
    """score: the higher the better. places: the indices of the matched letters, ascending."""

    score: float
    places: tuple[int, ...]


def match(query: str, text: str) -> Match | None:
    """The best way to find the letters of `query` in this order in `text`; None if there is none.

    Case, accents and spaces of the query do not matter. An empty query matches with score 0.
    """
    wanted = [letter for letter in map(_plain, query) if not letter.isspace()]
    letters = [_plain(letter) for letter in text]
    starts = [_starts_word(text, place) for place in range(len(text))]
    # ways[place]: the best match so far whose last letter is at `place`.
    ways: dict[int, Match] = {}
    for row, letter in enumerate(wanted):
        found: dict[int, Match] = {}
        best: Match | None = None  # of those that end two or more places before
        for place, other in enumerate(letters):
            if place >= 2:
                best = _better(best, ways.get(place - 2))
            if other != letter:
                continue
            value = LETTER + (WORD_START if starts[place] else 0.0)
            if row == 0:
                found[place] = Match(value - LATE * place, (place,))
                continue
            near = ways.get(place - 1)
            if near is not None:
                near = Match(near.score + NEIGHBOUR, near.places)
            before = _better(near, best)
            if before is not None:
                found[place] = Match(before.score + value, (*before.places, place))
        ways = found
        if not ways:
            return None
    return max(ways.values(), key=lambda way: way.score) if wanted else Match(0.0, ())


def _better(one: Match | None, other: Match | None) -> Match | None:
    if one is None or (other is not None and other.score > one.score):
        return other
    return one


def _plain(letter: str) -> str:
    """A letter without case and accents; one letter stays one."""
    return (unicodedata.normalize("NFD", letter)[:1] or letter).casefold()[:1]


def _starts_word(text: str, place: int) -> bool:
    return text[place].isalnum() and (place == 0 or not text[place - 1].isalnum())
