"""Captions of scenes: true, read back as they were meant, and false ones found out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product

import pytest

from attn_desktop.inputs.scene_objects import MARGIN, clear_relation, may_be_said
from attn_desktop.inputs.scenes import (
    WORDS,
    Caption,
    Scene,
    check_caption,
    make_captions,
    make_scene,
    reference_captions,
)
from tests.inputs.scene_reading import (
    COUNTS,
    KINDS,
    clearly,
    fits,
    hardly,
    matching,
    offsets,
    split_relation,
)

SEEDS = range(400)


def captions_of(scene: Scene) -> list[Caption]:
    return [*reference_captions(scene), *make_captions(scene)]


def is_true(scene: Scene, text: str) -> bool:
    """Whether a caption in good grammar is true: by loops over its parts and the objects."""
    assert text.endswith(" .")
    text = text.removesuffix(" .")
    for background in ("room", "table", "grass", "sand", "tiles", "road"):
        for start in ("in a", "on a", "on the"):
            if text.endswith(f" {start} {background}"):
                if scene.background != background:
                    return False
                text = text.removesuffix(f" {start} {background}")
    text = text.removeprefix("there is ").removeprefix("there are ")
    related = split_relation(text)
    if related is not None:
        thing, relation, other = related
        for one in matching(scene, thing.removesuffix(" is").split(" ", 1)[1]):
            for two in matching(scene, other.split(" ", 1)[1]):
                if one != two and clearly(scene.objects[one], relation, scene.objects[two]):
                    return True
        return False
    groups: list[list[int]] = []
    singles: list[list[int]] = []
    for part in text.replace(" and ", " , ").split(" , "):
        first, rest = part.split(" ", 1)
        found = matching(scene, rest)
        if first in COUNTS:
            if len(found) != COUNTS.index(first):
                return False
            groups.append(found)
        else:
            assert first == ("an" if rest[0] == "o" else "a")
            singles.append(found)
    # Any way to point at an object of its own for each of the things.
    for pointed in product(*singles):
        everyone = [*pointed, *(number for group in groups for number in group)]
        if len(everyone) == len(set(everyone)):
            return True
    return False


# -- what is written ----------------------------------------------------------------------


def test_every_caption_is_true_of_its_scene() -> None:
    for seed in SEEDS:
        scene = make_scene(seed)
        for caption in captions_of(scene):
            assert is_true(scene, caption.text), (seed, caption.text)


def test_mentions_name_their_objects_and_attributes() -> None:
    for seed in SEEDS:
        scene = make_scene(seed)
        for caption in captions_of(scene):
            assert 1 <= len(caption.mentions) <= 3
            named = [number for mention in caption.mentions for number in mention.objects]
            assert len(named) == len(set(named))
            for mention in caption.mentions:
                first, *rest = caption.words[mention.start : mention.end]
                assert all(
                    fits(scene.objects[number], " ".join(rest)) for number in mention.objects
                )
                assert [attribute.word for attribute in mention.attributes] == list(
                    range(mention.start + 1, mention.end)
                )
                for attribute in mention.attributes:
                    assert attribute.value in KINDS[attribute.kind]
                    word = caption.words[attribute.word]
                    assert word in (attribute.value, f"{attribute.value}s", f"{attribute.value}es")
                count = COUNTS.index(first) if first in COUNTS else 1
                assert count == len(mention.objects)


def test_references_follow_their_rule() -> None:
    for seed in SEEDS:
        scene = make_scene(seed)
        references = reference_captions(scene)
        assert 2 <= len(references) <= 6
        assert len({caption.text for caption in references}) == len(references)
        order = []
        for size in ("large", "small"):
            near = []
            for number, thing in enumerate(scene.objects):
                if thing.size == size:
                    x, y = (thing.box[0] + thing.box[2]) / 2, (thing.box[1] + thing.box[3]) / 2
                    near.append(((x - 0.5) ** 2 + (y - 0.5) ** 2, number))
            order += [number for _, number in sorted(near)]
        first = references[0]
        assert [m.objects for m in first.mentions] == [(number,) for number in order[:2]]
        assert all(scene.background in caption.words for caption in references)
        for mention in first.mentions:
            thing = scene.objects[mention.objects[0]]
            kinds = [attribute.kind for attribute in mention.attributes]
            plain = thing.texture == "plain"
            assert kinds == ["size", *([] if plain else ["texture"]), "colour", "shape"]


def test_captions_vary_and_their_vocabulary_is_closed() -> None:
    texts: set[str] = set()
    used: set[str] = set()
    for seed in SEEDS:
        for caption in make_captions(make_scene(seed)):
            texts.add(caption.text)
            used.update(caption.words)
    assert len(WORDS) <= 120
    assert used <= set(WORDS)
    assert len(texts) > 0.8 * 5 * len(SEEDS)
    starts = Counter(" ".join(text.split()[:2]) for text in texts)
    assert starts["there is"] > 20
    assert starts["there are"] > 20


# -- relations ----------------------------------------------------------------------------


def test_relations_have_margins() -> None:
    unclear = 0
    for seed in SEEDS:
        scene = make_scene(seed)
        for thing in scene.objects:
            for other in scene.objects:
                if thing is other:
                    continue
                relation = clear_relation(thing, other)
                unclear += relation is None
                for said in ("left", "right", "behind", "front"):
                    assert clearly(thing, said, other) == (said == relation)
                    assert may_be_said(thing, said, other) != hardly(thing, said, other)
    assert unclear > 100


def test_a_large_object_beside_a_small_one_is_not_behind_it() -> None:
    thing = replace(make_scene(0).objects[0], y=0.8, box=(0.1, 0.4, 0.4, 0.85))
    other = replace(thing, size="small", y=0.8, box=(0.42, 0.65, 0.58, 0.85))
    assert thing.middle[1] + MARGIN < other.middle[1]
    assert offsets(thing, other)[1] == 0
    assert clear_relation(thing, other) == "left"
    assert clear_relation(other, thing) == "right"


# -- what is read -------------------------------------------------------------------------


def test_the_check_agrees_with_the_loops_about_the_captions_of_other_scenes() -> None:
    right = Counter[bool]()
    for seed in SEEDS:
        scene = make_scene(seed)
        for caption in (*captions_of(scene), *make_captions(make_scene(seed + 1))):
            check = check_caption(scene, caption.text)
            assert check.well_formed
            assert not check.unknown
            found = is_true(scene, caption.text)
            # Near a diagonal a relation may be said though it is not the clear one.
            if found or not check.relations or not check.relations[0].holds:
                assert check.correct == found, (seed, caption.text)
            right[check.correct] += 1
    assert min(right.values()) > 300


def test_mentions_are_read_as_they_were_meant() -> None:
    for seed in SEEDS:
        scene = make_scene(seed)
        for caption in captions_of(scene):
            check = check_caption(scene, caption.text)
            assert check.correct
            for meant, read in zip(caption.mentions, check.mentions, strict=True):
                assert (read.start, read.end) == (meant.start, meant.end)
                assert read.attributes == meant.attributes
                assert set(meant.objects) <= set(read.objects)
                assert read.holds


def test_one_wrong_word_is_found() -> None:
    """Any attribute that no object can bear out, any other relation, count and background."""
    for seed in range(60):
        scene = make_scene(seed)
        for caption in reference_captions(scene):
            for mention in caption.mentions:
                for attribute in mention.attributes:
                    for value in KINDS[attribute.kind]:
                        words = list(caption.words)
                        plural = words[attribute.word] not in KINDS[attribute.kind]
                        words[attribute.word] = (
                            value if not plural else "boxes" if value == "box" else f"{value}s"
                        )
                        phrase = " ".join(words[mention.start + 1 : mention.end])
                        if not matching(scene, phrase):
                            check = check_caption(scene, " ".join(words))
                            assert not check.correct
                            assert any(attribute.kind in m.wrong for m in check.mentions) or all(
                                m.holds for m in check.mentions if m.start != mention.start
                            )
            for background in {"room", "table", "grass", "sand", "tiles", "road"}:
                words = [background if w == scene.background else w for w in caption.words]
                check = check_caption(scene, " ".join(words))
                assert check.background == background
                assert check.correct == check.background_holds == (background == scene.background)


@pytest.fixture
def scene() -> Scene:
    """On grass: a large blue ball, a small yellow and a small striped blue ring, a black cone."""
    scene = make_scene(0)
    here = (
        (0.05, 0.3, 0.25, 0.5),
        (0.3, 0.6, 0.4, 0.7),
        (0.6, 0.6, 0.7, 0.7),
        (0.72, 0.3, 0.95, 0.5),
    )
    what = (
        ("ball", "blue", "large", "plain"),
        ("ring", "yellow", "small", "plain"),
        ("ring", "blue", "small", "striped"),
        ("cone", "black", "large", "plain"),
    )
    things = [
        replace(
            scene.objects[0],
            shape=shape, colour=colour, size=size, texture=texture,
            x=(box[0] + box[2]) / 2, y=box[3], box=box,
        )
        for (shape, colour, size, texture), box in zip(what, here, strict=True)
    ]  # fmt: skip
    return replace(scene, background="grass", objects=tuple(things))


@pytest.mark.parametrize(
    ("text", "correct", "well_formed"),
    [
        ("a blue ball .", True, True),
        ("A large blue ball.", True, True),
        ("two rings and a cone on the grass .", True, True),
        ("a ring to the left of a striped ring .", True, True),
        ("a striped ring to the left of a ring .", False, True),
        ("a blue ball is left of a black cone .", True, True),
        ("a ring in front of a cone .", True, True),
        ("three rings .", False, True),
        ("two rings and a ring .", False, True),
        ("a ring and a ring .", True, True),
        ("a ring , a ring and a ring .", False, True),
        ("a yellow ball .", False, True),
        ("a blue ball on the sand .", False, True),
        # Bad grammar, still read.
        ("ball blue", False, False),
        ("blue ball", True, False),
        ("a blue blue ball .", True, False),
        ("a blue yellow ball .", False, False),
        ("blue large ball and rings", True, False),
        ("an blue ball .", True, False),
        ("there are a ring .", True, False),
        ("the yellow ring is behind", True, False),
        ("a dog and a blue ball .", True, False),
        ("a blue .", False, False),
        ("a a a a", False, False),
        ("two", False, False),
        ("", False, False),
        (" . . , ", False, False),
        ("a ball " * 200, False, False),
        ("a ring " * 200, False, False),
    ],
)
def test_captions_of_a_model(scene: Scene, text: str, correct: bool, well_formed: bool) -> None:
    check = check_caption(scene, text)
    assert (check.correct, check.well_formed) == (correct, well_formed)


def test_a_check_says_what_is_wrong(scene: Scene) -> None:
    text = "a small yellow ball behind a striped blue ring , two cones and a dog on the sand ."
    check = check_caption(scene, text)
    ball, ring, cones = check.mentions
    assert ball.objects == ()
    assert ball.wrong == ("shape",)  # the small yellow ring is the most similar object
    assert (ring.objects, ring.wrong, ring.holds) == ((2,), (), True)
    assert (cones.objects, cones.wrong, cones.number, cones.holds) == ((3,), (), 2, False)
    assert [(r.thing, r.relation, r.other, r.holds) for r in check.relations] == [
        (0, "behind", 1, False)
    ]
    assert (check.background, check.background_holds) == ("sand", False)
    assert check.unknown == ("dog",)
    assert check_caption(scene, "a blue .").mentions[0].wrong == ("shape",)
