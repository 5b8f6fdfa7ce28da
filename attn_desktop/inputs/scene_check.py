"""Whether a caption is true of a scene, word by word: also one that a model wrote.

What a caption claims is read leniently, so that a slip of grammar costs nothing but
`well_formed`: noun phrases by their attributes, what stands between two of them as their relation,
a background wherever it is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from attn_desktop.inputs.scene_captions import NamedAttribute
from attn_desktop.inputs.scene_objects import (
    ATTRIBUTES,
    BACKGROUNDS,
    RELATIONS,
    Scene,
    may_be_said,
)
from attn_desktop.inputs.scene_words import (
    BACKGROUND_PHRASES,
    NUMBERS,
    PLURALS,
    RELATION_PHRASES,
    WORDS,
    article,
)

ARTICLES = ("a", "an", "the")
#: An attribute's kind and value by the word that names it, in the singular or the plural.
MEANINGS = {
    **{value: (kind, value) for kind, values in ATTRIBUTES.items() for value in values},
    **{PLURALS[shape]: ("shape", shape) for shape in ATTRIBUTES["shape"]},
}


@dataclass(frozen=True)
class MentionCheck:
    """The words start to end − 1, which claim that something with these attributes is there.

    number: how many exactly, where the caption says so. objects: those that have all of the
    attributes. wrong: the kinds of attribute in which the most similar object differs; a kind that
    is named twice with different values is always wrong, and a missing noun is a wrong shape.
    """

    start: int
    end: int
    attributes: tuple[NamedAttribute, ...]
    plural: bool
    number: int | None
    objects: tuple[int, ...]
    wrong: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the scene has what is claimed, and as many of it."""
        if self.wrong:
            return False
        if self.number is not None:
            return len(self.objects) == self.number
        return len(self.objects) >= (2 if self.plural else 1)


@dataclass(frozen=True)
class RelationCheck:
    """A relation that is claimed between two mentions, by their numbers, and whether it holds."""

    thing: int
    relation: str
    other: int
    holds: bool


@dataclass(frozen=True)
class CaptionCheck:
    """What a caption claims, and what of it is true.

    words: the caption as it was read. background: the one that is claimed, if any. unknown: words
    outside the vocabulary. well_formed: whether it follows the grammar of captions to the letter.
    correct: it names something, and all that it says is true of different objects at once.
    """

    words: tuple[str, ...]
    mentions: tuple[MentionCheck, ...]
    relations: tuple[RelationCheck, ...]
    background: str | None
    background_holds: bool
    unknown: tuple[str, ...]
    well_formed: bool
    correct: bool


def check_caption(scene: Scene, text: str) -> CaptionCheck:
    """Check a caption; punctuation may touch its word, and case does not count."""
    words = tuple(re.findall(r"\w+|[^\w\s]", text.lower()))
    mentions = tuple(_check(scene, words, start, end) for start, end in _spans(words))
    claims = _claims(words, mentions)
    relations = tuple(
        RelationCheck(
            thing,
            relation,
            other,
            _can_hold(scene, (mentions[thing], mentions[other]), [(0, relation, 1)]),
        )
        for thing, relation, other in claims
    )
    places = _backgrounds(words)
    background_holds = all(place == scene.background for place in places)
    true = bool(mentions) and background_holds and _can_hold(scene, mentions, claims)
    return CaptionCheck(
        words,
        mentions,
        relations,
        places[0] if places else None,
        background_holds,
        tuple(word for word in words if word not in WORDS),
        _is_well_formed(words, mentions),
        true and all(mention.holds for mention in mentions),
    )


# -- mentions -----------------------------------------------------------------------------


def _spans(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Each run of one article or number and attributes; it ends with a noun."""
    start: int | None = None
    for place, word in enumerate(words):
        named = MEANINGS.get(word)
        if named is None:
            if start is not None and place > start and words[place - 1] in MEANINGS:
                yield start, place
            start = place if word in ARTICLES or word in NUMBERS else None
            continue
        start = place if start is None else start
        if named[0] == "shape":
            yield start, place + 1
            start = None
    if start is not None and words[-1] in MEANINGS:
        yield start, len(words)


def _check(scene: Scene, words: Sequence[str], start: int, end: int) -> MentionCheck:
    attributes = tuple(
        NamedAttribute(*MEANINGS[words[place]], place)
        for place in range(start, end)
        if words[place] in MEANINGS
    )
    objects = tuple(
        number
        for number, thing in enumerate(scene.objects)
        if all(thing.attribute(named.kind) == named.value for named in attributes)
    )
    number = NUMBERS.index(words[start]) if words[start] in NUMBERS else None
    plural = words[end - 1] in PLURALS.values()
    wrong = _wrong(scene, attributes)
    return MentionCheck(start, end, attributes, plural, number, objects, wrong)


def _wrong(scene: Scene, attributes: Sequence[NamedAttribute]) -> tuple[str, ...]:
    """The kinds in which the object that has most of the attributes lacks one."""
    missing = set() if any(named.kind == "shape" for named in attributes) else {"shape"}
    lacks = [
        {named.kind for named in attributes if thing.attribute(named.kind) != named.value}
        for thing in scene.objects
    ]
    fewest = min(lacks, key=len) | missing
    return tuple(kind for kind in ATTRIBUTES if kind in fewest)


def _backgrounds(words: Sequence[str]) -> list[str]:
    return [word for word in words if word in BACKGROUNDS]


def _claims(words: Sequence[str], mentions: Sequence[MentionCheck]) -> list[tuple[int, str, int]]:
    """The relations that are claimed between neighbouring mentions."""
    return [
        (place, relation, place + 1)
        for place, (one, other) in enumerate(pairwise(mentions))
        for relation in RELATIONS
        if relation in words[one.end : other.start]
    ]


def _can_hold(
    scene: Scene, mentions: Sequence[MentionCheck], claims: Sequence[tuple[int, str, int]]
) -> bool:
    """Whether each mention can stand for objects of its own so that the relations hold."""
    chosen: list[tuple[int, ...]] = []

    def fits(objects: tuple[int, ...]) -> bool:
        here = len(chosen)
        taken = {number for group in chosen for number in group}
        return taken.isdisjoint(objects) and all(
            may_be_said(scene.objects[thing], relation, scene.objects[other])
            for first, relation, second in claims
            if second == here
            for thing in chosen[first]
            for other in objects
        )

    def search() -> bool:
        if len(chosen) == len(mentions):
            return True
        mention = mentions[len(chosen)]
        several = mention.plural or mention.number is not None
        ways = [mention.objects] if several else [(number,) for number in mention.objects]
        for objects in ways:
            if fits(objects):
                chosen.append(objects)
                if search():
                    return True
                chosen.pop()
        return False

    return search()


# -- grammar ------------------------------------------------------------------------------

_RELATION = "|".join(phrase for phrases in RELATION_PHRASES.values() for phrase in phrases)
_BACKGROUND = "|".join(BACKGROUND_PHRASES.values())
_LIST = "(?:ONE|SEVERAL)(?:(?: , (?:ONE|SEVERAL))? and (?:ONE|SEVERAL))?"
_SENTENCE = re.compile(
    rf"(?:(?:there is (?=ONE)|there are (?=SEVERAL))?{_LIST}"
    rf"|(?:there is )?ONE (?:{_RELATION}) ONE|ONE is (?:{_RELATION}) ONE)"
    rf"(?: (?:{_BACKGROUND}))? \."
)


def _is_well_formed(words: Sequence[str], mentions: Sequence[MentionCheck]) -> bool:
    """Whether the words follow the grammar in `scene_captions`."""
    shape: list[str] = []
    done = 0
    for mention in mentions:
        shape += [*words[done : mention.start], _form(words, mention)]
        done = mention.end
    return _SENTENCE.fullmatch(" ".join([*shape, *words[done:]])) is not None


def _form(words: Sequence[str], mention: MentionCheck) -> str:
    """ONE or SEVERAL for a noun phrase in good order; nothing that matches for another one."""
    kinds = [named.kind for named in mention.attributes]
    ordered = [kind for kind in ATTRIBUTES if kind in kinds]
    first, *rest = words[mention.start : mention.end]
    if kinds != ordered or kinds[-1] != "shape" or len(rest) != len(kinds):
        return "?"
    if not mention.plural:
        return "ONE" if first == article(rest[0]) else "?"
    return "SEVERAL" if first in NUMBERS[2:] else "?"
