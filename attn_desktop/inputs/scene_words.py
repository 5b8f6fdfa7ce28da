"""The closed vocabulary of captions and questions, and how a noun phrase is put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from attn_desktop.inputs.scene_objects import (
    ATTRIBUTES,
    COLOURS,
    MOST_OBJECTS,
    SHAPES,
    SIZES,
    TEXTURES,
)

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six")
assert len(NUMBERS) == MOST_OBJECTS + 1
PLURALS = MappingProxyType(
    {"box": "boxes", **{shape: f"{shape}s" for shape in (*SHAPES, "object") if shape != "box"}}
)
#: How captions and questions say where something stands; the first way is the usual one.
RELATION_PHRASES = MappingProxyType(
    {
        "left": ("to the left of", "left of"),
        "right": ("to the right of", "right of"),
        "behind": ("behind",),
        "front": ("in front of",),
    }
)
BACKGROUND_PHRASES = MappingProxyType(
    {
        "room": "in a room",
        "table": "on a table",
        "grass": "on the grass",
        "sand": "on the sand",
        "tiles": "on the tiles",
        "road": "on the road",
    }
)
#: Where in the picture something is.
PLACES = ("left", "right", "top", "bottom", "centre")
YES, NO = "yes", "no"

_GLUE = "a an the and there is are . ,"
_ASKED = (
    "how many can you see what which colour shape pattern have does do of same any "
    "more fewer than larger smaller where object objects"
)


def _closed(*sources: Iterable[str]) -> tuple[str, ...]:
    """Every word of these phrases once, sorted."""
    phrases = [phrase for source in sources for phrase in source]
    return tuple(sorted({word for phrase in phrases for word in phrase.split()}))


_NAMES = (*SHAPES, *PLURALS.values(), *COLOURS, *SIZES, *TEXTURES)
_RELATIONS = tuple(phrase for phrases in RELATION_PHRASES.values() for phrase in phrases)

#: Every word that a caption or a question may hold.
WORDS = _closed(
    _NAMES, NUMBERS[2:], _RELATIONS, BACKGROUND_PHRASES.values(), _GLUE.split(), _ASKED.split()
)
#: Every answer; each is one word.
ANSWERS = tuple(dict.fromkeys((YES, NO, *NUMBERS, *COLOURS, *SHAPES, *TEXTURES, *PLACES)))


def article(word: str) -> str:
    """The indefinite article before a word of this vocabulary."""
    return "an" if word[0] in "aeiou" else "a"


def noun_phrase(named: Mapping[str, str], plural: bool = False) -> list[str]:
    """Attributes in English order without an article; "object" where no shape is named."""
    words = [named[kind] for kind in ATTRIBUTES if kind in named and kind != "shape"]
    noun = named.get("shape", "object")
    return [*words, PLURALS[noun] if plural else noun]
