"""Questions about a scene, each with its one true answer and the objects that it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from types import MappingProxyType

from attn_desktop.inputs.scene_draws import QUESTIONS, Draws
from attn_desktop.inputs.scene_objects import (
    ATTRIBUTES,
    INVERSE,
    RELATIONS,
    Scene,
    SceneObject,
    clear_relation,
    may_be_said,
)
from attn_desktop.inputs.scene_references import referable
from attn_desktop.inputs.scene_words import (
    NO,
    NUMBERS,
    RELATION_PHRASES,
    YES,
    article,
    noun_phrase,
)


@dataclass(frozen=True)
class Question:
    """kind: see KINDS. objects: the numbers of those to look at; none where nothing is there."""

    kind: str
    text: str
    answer: str
    objects: tuple[int, ...]


def make_questions(scene: Scene, seed: int = 0) -> tuple[Question, ...]:
    """At most one question of each kind: those that the scene allows; another seed, other ones."""
    found = []
    for place, (kind, ask) in enumerate(KINDS.items()):
        question = ask(scene, Draws(QUESTIONS, scene.seed, seed, place))
        if question is not None:
            found.append(Question(kind, *question))
    return tuple(found)


#: The text, the answer and the objects of a question, or None where the scene allows none.
Asked = tuple[str, str, tuple[int, ...]] | None


# -- the kinds ----------------------------------------------------------------------------

#: Small counts are to be had in every scene; these keep them from being most answers.
COUNT_WEIGHTS = (0.7, 0.8, 1.2, 2.0, 3.0, 4.0, 4.0)


def _counting(scene: Scene, draws: Draws) -> Asked:
    by_count: dict[int, list[dict[str, str]]] = {len(scene.objects): [{}]}
    for named in _described(scene):
        by_count.setdefault(len(scene.matching(named)), []).append(named)
    counts = sorted(by_count)
    count = draws.choose(counts, [COUNT_WEIGHTS[count] for count in counts])
    named = draws.choose(by_count[count])
    things = " ".join(noun_phrase(named, plural=True))
    text = draws.choose((f"how many {things} are there", f"how many {things} can you see"))
    return text, NUMBERS[count], scene.matching(named)


def _described(scene: Scene) -> list[dict[str, str]]:
    """Descriptions by one or two attributes that fit an object, or nearly do.

    The near ones mix attributes that different objects have, so that their words betray nothing.
    """
    present = {
        kind: sorted({thing.attribute(kind) for thing in scene.objects}) for kind in ATTRIBUTES
    }
    found = [{kind: value} for kind, values in ATTRIBUTES.items() for value in values]
    for first, second in combinations(ATTRIBUTES, 2):
        found += [{first: a, second: b} for a in present[first] for b in present[second]]
    return found


def _existence(scene: Scene, draws: Draws) -> Asked:
    wanted = draws.chance(0.5)
    thing = draws.choose(scene.objects)
    # Where one attribute cannot be missing (both sizes are there), two or three can.
    for size in (draws.choose((1, 2, 3), (2, 4, 1)), 2, 3):
        kinds = draws.choose(list(combinations(ATTRIBUTES, size)))
        named = {kind: thing.attribute(kind) for kind in kinds}
        absent = _missing(scene, named)
        if absent:
            break
    else:
        return None
    if not wanted:
        # Plain objects are the most frequent ones, which the word is not to betray.
        weights = [1.5 if "plain" in other.values() else 1.0 for other in absent]
        named = draws.choose(absent, weights)
    phrase = noun_phrase(named)
    one = " ".join([article(phrase[0]), *phrase])
    many = " ".join(noun_phrase(named, plural=True))
    text = draws.choose((f"is there {one}", f"can you see {one}", f"are there any {many}"))
    return text, YES if wanted else NO, scene.matching(named)


def _missing(scene: Scene, named: dict[str, str]) -> list[dict[str, str]]:
    """The same description with one attribute changed, where it then fits no object."""
    changed = [{**named, kind: value} for kind in named for value in ATTRIBUTES[kind]]
    return [other for other in changed if not scene.matching(other)]


def _attribute(kind: str, wordings: Sequence[str]) -> Callable[[Scene, Draws], Asked]:
    def ask(scene: Scene, draws: Draws) -> Asked:
        by_answer: dict[str, list[tuple[int, str]]] = {}
        for number, phrase in referable(scene, draws, hidden=(kind,)):
            by_answer.setdefault(scene.objects[number].attribute(kind), []).append((number, phrase))
        if not by_answer:
            return None
        answer = draws.choose(sorted(by_answer))
        number, phrase = draws.choose(by_answer[answer])
        return draws.choose(wordings).format(phrase), answer, (number,)

    return ask


def _relation(scene: Scene, draws: Draws) -> Asked:
    if draws.chance(0.5):
        return _related(scene, draws)
    return _at(scene, draws) or _related(scene, draws)


def _related(scene: Scene, draws: Draws) -> Asked:
    """Is this one left of that one?"""
    known = referable(scene, draws)
    pairs = [
        (thing, relation, other)
        for thing, other in permutations(known, 2)
        if (relation := clear_relation(scene.objects[thing[0]], scene.objects[other[0]]))
    ]
    if not pairs:
        return None
    (number, phrase), relation, (other, other_phrase) = draws.choose(pairs)
    true = draws.chance(0.5)
    if not true:
        # Mostly the opposite, so that a rarer relation is not more often a false one.
        others = [said for said in RELATIONS if said != relation]
        relation = INVERSE[relation] if draws.chance(0.8) else draws.choose(others)
    said = draws.choose(RELATION_PHRASES[relation])
    return f"is {phrase} {said} {other_phrase}", YES if true else NO, (number, other)


def _at(scene: Scene, draws: Draws) -> Asked:
    """What is left of this one? Asked where one object clearly is and no other one might be."""
    found = []
    for other, phrase in referable(scene, draws):
        for relation in RELATIONS:
            there = [
                number
                for number, thing in enumerate(scene.objects)
                if number != other and may_be_said(thing, relation, scene.objects[other])
            ]
            if len(there) == 1:
                thing = scene.objects[there[0]]
                if clear_relation(thing, scene.objects[other]) == relation:
                    found.append((there[0], relation, other, phrase))
    if not found:
        return None
    number, relation, other, phrase = draws.choose(found)
    said = draws.choose(RELATION_PHRASES[relation])
    if draws.chance(0.5):
        return f"what is {said} {phrase}", scene.objects[number].shape, (number, other)
    text = f"what colour is the object {said} {phrase}"
    return text, scene.objects[number].colour, (number, other)


def _comparison(scene: Scene, draws: Draws) -> Asked:
    ways = draws.shuffled([_more, _larger, _same])
    return next((asked for way in ways if (asked := way(scene, draws)) is not None), None)


def _more(scene: Scene, draws: Draws) -> Asked:
    """Are there more of these than of those?"""
    groups = [
        ({kind: value}, scene.matching({kind: value}))
        for kind in ("colour", "shape")
        for value in ATTRIBUTES[kind]
    ]
    pairs = [
        (one, other)
        for one, other in permutations([group for group in groups if group[1]], 2)
        if list(one[0]) == list(other[0])
    ]
    true, more = draws.chance(0.5), draws.chance(0.5)
    # "fewer" is "more" the other way round; as many of both is neither.
    fitting = [
        (one, other)
        for one, other in pairs
        if ((len(one[1]) > len(other[1])) if more else (len(one[1]) < len(other[1]))) == true
    ]
    if not fitting or not any(len(one[1]) != len(other[1]) for one, other in pairs):
        return None
    one, other = draws.choose(fitting)
    names = [" ".join(noun_phrase(group[0], plural=True)) for group in (one, other)]
    text = f"are there {'more' if more else 'fewer'} {names[0]} than {names[1]}"
    return text, YES if true else NO, tuple(sorted({*one[1], *other[1]}))


def _larger(scene: Scene, draws: Draws) -> Asked:
    """Is this one larger than that one?"""
    known = referable(scene, draws, hidden=("size",))
    pairs = [
        (one, other)
        for one, other in permutations(known, 2)
        if scene.objects[one[0]].size != scene.objects[other[0]].size
    ]
    if not pairs:
        return None
    one, other = draws.choose(pairs)
    word = draws.choose(("larger", "smaller"))
    true = (scene.objects[one[0]].size == "large") == (word == "larger")
    return f"is {one[1]} {word} than {other[1]}", YES if true else NO, (one[0], other[0])


def _same(scene: Scene, draws: Draws) -> Asked:
    """Do these two have the same colour? Shapes and patterns likewise."""
    kind, word = draws.choose((("colour", "colour"), ("shape", "shape"), ("texture", "pattern")))
    known = referable(scene, draws, hidden=(kind,))
    pairs: dict[bool, list[tuple[tuple[int, str], tuple[int, str]]]] = {True: [], False: []}
    for one, other in permutations(known, 2):
        alike = scene.objects[one[0]].attribute(kind) == scene.objects[other[0]].attribute(kind)
        pairs[alike].append((one, other))
    # Asked only where both answers are possible: pairs that differ are to be had everywhere.
    if not pairs[True] or not pairs[False]:
        return None
    true = draws.chance(0.5)
    one, other = draws.choose(pairs[true])
    text = f"do {one[1]} and {other[1]} have the same {word}"
    return text, YES if true else NO, (one[0], other[0])


#: Off the middle by this much something is at a side, if clearly more than along the other axis.
ASIDE, CENTRED, OBLIQUE = 0.2, 0.13, 1.5
#: Objects stand below the horizon, so the top is asked for wherever something is there.
PLACE_WEIGHTS = {"left": 1.0, "right": 1.0, "top": 8.0, "bottom": 1.5, "centre": 2.0}


def place_of(thing: SceneObject) -> str | None:
    """Where in the picture an object is: one of PLACES, or None where two might be said."""
    x, y = thing.middle[0] - 0.5, thing.middle[1] - 0.5
    if max(abs(x), abs(y)) <= CENTRED:
        return "centre"
    if abs(x) >= ASIDE and abs(x) >= OBLIQUE * abs(y):
        return "left" if x < 0 else "right"
    if abs(y) >= ASIDE and abs(y) >= OBLIQUE * abs(x):
        return "top" if y < 0 else "bottom"
    return None


def _where(scene: Scene, draws: Draws) -> Asked:
    by_place: dict[str, list[tuple[int, str]]] = {}
    for number, phrase in referable(scene, draws):
        place = place_of(scene.objects[number])
        if place is not None:
            by_place.setdefault(place, []).append((number, phrase))
    if not by_place:
        return None
    places = sorted(by_place)
    place = draws.choose(places, [PLACE_WEIGHTS[place] for place in places])
    number, phrase = draws.choose(by_place[place])
    return f"where is {phrase}", place, (number,)


#: Each kind of question; a question's `kind` is its name here.
KINDS: MappingProxyType[str, Callable[[Scene, Draws], Asked]] = MappingProxyType(
    {
        "counting": _counting,
        "colour": _attribute(
            "colour",
            ("what colour is {}", "which colour does {} have", "what is the colour of {}"),
        ),
        "shape": _attribute("shape", ("what shape is {}", "what is the shape of {}")),
        "texture": _attribute(
            "texture",
            ("what pattern is on {}", "what pattern does {} have", "which pattern does {} have"),
        ),
        "relation": _relation,
        "comparison": _comparison,
        "existence": _existence,
        "where": _where,
    }
)
