"""Questions about scenes: each answered anew by plain loops over the objects."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cache

from attn_desktop.inputs.scenes import (
    ANSWERS,
    KINDS,
    WORDS,
    Question,
    Scene,
    make_questions,
    make_scene,
)
from tests.inputs.scene_reading import (
    COUNTS,
    clearly,
    hardly,
    matching,
    split_relation,
    the_one,
)

SEEDS = range(600)
RELATION = "to the left of|left of|to the right of|right of|behind|in front of"


def answer(scene: Scene, text: str) -> tuple[str, set[int]]:
    """The answer by looking, and the objects that had to be looked at."""
    if found := re.fullmatch("how many (.+) (?:are there|can you see)", text):
        things = matching(scene, found[1])
        return COUNTS[len(things)], set(things)
    if found := re.fullmatch("(?:is there an?|can you see an?|are there any) (.+)", text):
        things = matching(scene, found[1])
        return ("yes" if things else "no"), set(things)
    if found := re.fullmatch("are there (more|fewer) (.+) than (.+)", text):
        one, other = matching(scene, found[2]), matching(scene, found[3])
        more = len(one) > len(other) if found[1] == "more" else len(one) < len(other)
        return ("yes" if more else "no"), {*one, *other}
    if found := re.fullmatch("do (.+) and (.+) have the same (colour|shape|pattern)", text):
        first, second = the_one(scene, found[1]), the_one(scene, found[2])
        kind = "texture" if found[3] == "pattern" else found[3]
        same = getattr(scene.objects[first], kind) == getattr(scene.objects[second], kind)
        return ("yes" if same else "no"), {first, second}
    if found := re.fullmatch("is (.+) (larger|smaller) than (.+)", text):
        first, second = the_one(scene, found[1]), the_one(scene, found[3])
        sizes = scene.objects[first].size, scene.objects[second].size
        assert sizes[0] != sizes[1], "neither is larger"
        larger = sizes[0] == "large"
        return ("yes" if larger == (found[2] == "larger") else "no"), {first, second}
    if found := re.fullmatch(f"what (?:is|colour is the object) ({RELATION}) (the .+)", text):
        return what_is_there(scene, text, found[1], found[2])
    if text.startswith("is "):
        return yes_no_relation(scene, text.removeprefix("is "))
    if found := re.fullmatch("where is (.+)", text):
        thing = the_one(scene, found[1])
        return where(scene, thing), {thing}
    for kind, word in (("colour", "colour"), ("shape", "shape"), ("texture", "pattern")):
        wordings = (
            f"(?:what {word} is|what is the {word} of|what {word} is on) (.+)",
            f"(?:what|which) {word} does (.+) have",
        )
        for wording in wordings:
            if found := re.fullmatch(wording, text):
                thing = the_one(scene, found[1].removeprefix("on "))
                return str(getattr(scene.objects[thing], kind)), {thing}
    raise AssertionError(f"an unknown question: {text}")


def what_is_there(scene: Scene, text: str, wording: str, phrase: str) -> tuple[str, set[int]]:
    other = the_one(scene, phrase)
    related = split_relation(f"x {wording} y")
    assert related is not None
    clear = []
    for number, thing in enumerate(scene.objects):
        if number == other:
            continue
        if clearly(thing, related[1], scene.objects[other]):
            clear.append(number)
        else:
            assert hardly(thing, related[1], scene.objects[other]), "two might be meant"
    assert len(clear) == 1
    thing = scene.objects[clear[0]]
    return (thing.shape if text.startswith("what is") else thing.colour), {clear[0], other}


def yes_no_relation(scene: Scene, text: str) -> tuple[str, set[int]]:
    related = split_relation(text)
    assert related is not None
    one, other = the_one(scene, related[0]), the_one(scene, related[2])
    true = clearly(scene.objects[one], related[1], scene.objects[other])
    assert true or hardly(scene.objects[one], related[1], scene.objects[other]), "it is unclear"
    return ("yes" if true else "no"), {one, other}


def where(scene: Scene, number: int) -> str:
    x0, y0, x1, y1 = scene.objects[number].box
    right, down = (x0 + x1) / 2 - 0.5, (y0 + y1) / 2 - 0.5
    if -0.13 <= right <= 0.13 and -0.13 <= down <= 0.13:
        return "centre"
    sides = {"left": -right, "right": right, "top": -down, "bottom": down}
    ranked = sorted(sides, key=lambda side: sides[side], reverse=True)
    assert sides[ranked[0]] >= 0.2
    assert sides[ranked[0]] >= 1.5 * sides[ranked[1]]
    return ranked[0]


@cache
def all_questions() -> list[tuple[Scene, Question]]:
    scenes = [make_scene(seed) for seed in SEEDS]
    return [(scene, question) for scene in scenes for question in make_questions(scene)]


def test_every_answer_is_the_one_that_looking_gives() -> None:
    for scene, question in all_questions():
        expected, objects = answer(scene, question.text)
        assert question.answer == expected, (scene.seed, question)
        assert set(question.objects) == objects, (scene.seed, question)
        assert len(question.objects) == len(objects)


def test_no_question_gives_its_answer_away() -> None:
    for _, question in all_questions():
        if question.kind in ("colour", "shape", "texture"):
            assert question.answer not in question.text.split()


def test_vocabularies_are_closed() -> None:
    asked = all_questions()
    used = {word for _, question in asked for word in question.text.split()}
    assert used <= set(WORDS)
    assert len(ANSWERS) <= 40
    assert {question.answer for _, question in asked} == set(ANSWERS)


def test_every_kind_is_asked_often_and_at_most_once_a_scene() -> None:
    asked = Counter(question.kind for _, question in all_questions())
    assert set(asked) == set(KINDS)
    assert min(asked.values()) > 0.7 * len(SEEDS)
    assert max(asked.values()) <= len(SEEDS)


def test_answers_are_balanced_within_each_kind() -> None:
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for _, question in all_questions():
        answers[question.kind][question.answer] += 1
    for kind in ("existence", "comparison", "relation"):
        yes, no = answers[kind]["yes"], answers[kind]["no"]
        assert 0.43 < yes / (yes + no) < 0.57, kind
    for kind, most in (
        ("counting", 0.27),
        ("colour", 0.2),
        ("shape", 0.2),
        ("texture", 0.4),
        ("where", 0.3),
    ):
        share = max(answers[kind].values()) / sum(answers[kind].values())
        assert share < most, (kind, share)
    # A relation asks for yes or no as often as for a shape or a colour.
    relation = answers["relation"]
    assert 0.4 < (relation["yes"] + relation["no"]) / sum(relation.values()) < 0.6


def test_words_betray_no_answer() -> None:
    """No frequent word makes yes or no much likelier by itself."""
    seen: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for seed in range(2000):
        for question in make_questions(make_scene(seed)):
            if question.answer in ("yes", "no"):
                for word in set(question.text.split()):
                    seen[question.kind, word][question.answer] += 1
    frequent = {key: found for key, found in seen.items() if sum(found.values()) > 150}
    assert len(frequent) > 20
    for key, found in frequent.items():
        assert 0.38 < found["yes"] / sum(found.values()) < 0.62, key


def test_wordings_vary_and_another_seed_asks_something_else() -> None:
    starts = Counter(" ".join(question.text.split()[:2]) for _, question in all_questions())
    assert len(starts) >= 12
    scene = make_scene(1)
    different = {tuple(make_questions(scene, seed)) for seed in range(10)}
    assert len(different) == 10
    assert make_questions(scene, 3) == make_questions(scene, 3)
