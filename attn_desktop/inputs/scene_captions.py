"""Sentences that are true of a scene, with the words that name each object.

sentence  = ["there" ("is" | "are")] things [background] "."
          | ["there" "is"] thing ["is"] relation thing [background] "."
things    = thing | thing "and" thing | thing "," thing "and" thing
thing     = ("a" | "an") [size] [texture] [colour] shape
          | number [size] [texture] [colour] shapes
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from attn_desktop.inputs.scene_draws import CAPTIONS, Draws
from attn_desktop.inputs.scene_objects import (
    ATTRIBUTES,
    INVERSE,
    SHAPES,
    Scene,
    SceneObject,
    clear_relation,
)
from attn_desktop.inputs.scene_words import (
    BACKGROUND_PHRASES,
    NUMBERS,
    RELATION_PHRASES,
    article,
    noun_phrase,
)

#: How often a caption of the free kind names an attribute that it need not name.
NAMED = 0.6
SOME_CAPTIONS = 5


@dataclass(frozen=True)
class NamedAttribute:
    """A word of a caption that says something of an object: kind and value, and which word."""

    kind: str
    value: str
    word: int


@dataclass(frozen=True)
class Mention:
    """The words start to end − 1, which name these objects of the scene by these attributes."""

    start: int
    end: int
    objects: tuple[int, ...]
    attributes: tuple[NamedAttribute, ...]


@dataclass(frozen=True)
class Caption:
    """A sentence word by word, its full stop included."""

    words: tuple[str, ...]
    mentions: tuple[Mention, ...]

    @property
    def text(self) -> str:
        """The words with spaces between them."""
        return " ".join(self.words)


def reference_captions(scene: Scene) -> tuple[Caption, ...]:
    """Two to six equally good captions, by a rule that a model can learn.

    They tell of the two most salient objects (large before small, then nearest to the middle of
    the picture) and of their relation where it is clear; then of the three most salient ones; then
    of the largest group of one shape and the most salient other object. Of each object they name
    the size, the texture unless it is plain, the colour and the shape; of a group its number and
    shape. All end with the background.
    """
    order = by_salience(scene)
    group = _largest_group(scene)
    others = [number for number in order if number not in group]
    if len(order) == 1:
        return _things(scene, [order]), _things(scene, [order], there=True)
    first, second = order[:2]
    relation = clear_relation(scene.objects[first], scene.objects[second])
    if relation is None:
        captions = [_things(scene, [[first], [second]]), _things(scene, [[second], [first]])]
    else:
        captions = [
            _related(scene, first, relation, second),
            _related(scene, second, INVERSE[relation], first),
            _related(scene, first, relation, second, there=True),
            _things(scene, [[first], [second]]),
        ]
    if len(order) > 2:
        captions.append(_things(scene, [[number] for number in order[:3]]))
    if group:
        captions.append(_things(scene, [group, *([number] for number in others[:1])]))
    return tuple(captions)


def make_captions(scene: Scene, count: int = SOME_CAPTIONS) -> tuple[Caption, ...]:
    """So many captions of free choice: objects, attributes, relation and wording by the seed."""
    draws = Draws(CAPTIONS, scene.seed)
    return tuple(_free(scene, draws) for _ in range(count))


def by_salience(scene: Scene) -> list[int]:
    """The numbers of the objects, large ones first, then by the distance from the middle."""

    def key(number: int) -> tuple[bool, float]:
        thing = scene.objects[number]
        x, y = thing.middle
        return thing.size != "large", (x - 0.5) ** 2 + (y - 0.5) ** 2

    return sorted(range(len(scene.objects)), key=key)


def told(thing: SceneObject) -> dict[str, str]:
    """What a reference says of an object: everything but that it is plain."""
    named = {kind: thing.attribute(kind) for kind in ATTRIBUTES}
    if thing.texture == "plain":
        del named["texture"]
    return named


# -- building a sentence ------------------------------------------------------------------


class _Sentence:
    """Words and mentions as they are said."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._words: list[str] = []
        self._mentions: list[Mention] = []

    def say(self, words: str) -> None:
        self._words += words.split()

    def name(self, objects: Sequence[int], named: dict[str, str]) -> None:
        """A thing or, with a number, several."""
        several = len(objects) > 1
        phrase = noun_phrase(named, plural=several)
        start = len(self._words)
        self._words += [NUMBERS[len(objects)] if several else article(phrase[0]), *phrase]
        kinds = [kind for kind in ATTRIBUTES if kind in named]
        attributes = tuple(
            NamedAttribute(kind, named[kind], start + 1 + place) for place, kind in enumerate(kinds)
        )
        self._mentions.append(Mention(start, len(self._words), tuple(objects), attributes))

    def caption(self, background: bool = True) -> Caption:
        """The finished sentence."""
        if background:
            self.say(BACKGROUND_PHRASES[self._scene.background])
        self.say(".")
        return Caption(tuple(self._words), tuple(self._mentions))


def _things(scene: Scene, groups: Sequence[Sequence[int]], there: bool = False) -> Caption:
    """Up to three things, each an object or a group of one shape."""
    sentence = _Sentence(scene)
    if there:
        sentence.say("there is")
    _list(
        sentence,
        [
            (group, told(scene.objects[group[0]]))
            if len(group) == 1
            else (group, {"shape": scene.objects[group[0]].shape})
            for group in groups
        ],
    )
    return sentence.caption()


def _list(sentence: _Sentence, things: Sequence[tuple[Sequence[int], dict[str, str]]]) -> None:
    for place, (objects, named) in enumerate(things):
        if place:
            sentence.say("and" if place == len(things) - 1 else ",")
        sentence.name(objects, named)


def _related(scene: Scene, thing: int, relation: str, other: int, there: bool = False) -> Caption:
    sentence = _Sentence(scene)
    if there:
        sentence.say("there is")
    sentence.name([thing], told(scene.objects[thing]))
    sentence.say(RELATION_PHRASES[relation][0])
    sentence.name([other], told(scene.objects[other]))
    return sentence.caption()


def _largest_group(scene: Scene) -> tuple[int, ...]:
    """All objects of the shape that most of them have; none where no two are of one shape."""
    groups = [scene.matching({"shape": shape}) for shape in SHAPES]
    largest = max(groups, key=len)
    return largest if len(largest) > 1 else ()


# -- captions of free choice --------------------------------------------------------------


def _free(scene: Scene, draws: Draws) -> Caption:
    numbers = range(len(scene.objects))
    pairs = [
        (thing, relation, other)
        for thing, other in permutations(numbers, 2)
        if (relation := clear_relation(scene.objects[thing], scene.objects[other])) is not None
    ]
    sentence = _Sentence(scene)
    if pairs and draws.chance(0.55):
        thing, relation, other = draws.choose(pairs)
        wording = draws.choose(("", "there is", "is"))
        sentence.say(wording if wording != "is" else "")
        sentence.name([thing], _some(scene.objects[thing], draws))
        sentence.say("is" if wording == "is" else "")
        sentence.say(draws.choose(RELATION_PHRASES[relation]))
        sentence.name([other], _some(scene.objects[other], draws))
        return sentence.caption(draws.chance(0.5))
    group = _largest_group(scene)
    if not group or not draws.chance(0.5):
        group = ()
    alone = draws.shuffled([number for number in numbers if number not in group])
    most = 3 - bool(group)
    alone = alone[: 1 + int(draws.unit() * most)]
    things: list[tuple[Sequence[int], dict[str, str]]] = [
        ([number], _some(scene.objects[number], draws)) for number in alone
    ]
    if group:
        things.insert(0, (group, {"shape": scene.objects[group[0]].shape}))
    if draws.chance(0.3):
        sentence.say("there are" if group else "there is")
    _list(sentence, things)
    return sentence.caption(draws.chance(0.6))


def _some(thing: SceneObject, draws: Draws) -> dict[str, str]:
    """The shape and some of the other attributes of an object."""
    named = told(thing)
    return {kind: value for kind, value in named.items() if kind == "shape" or draws.chance(NAMED)}
