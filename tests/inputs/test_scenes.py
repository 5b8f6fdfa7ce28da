"""Scenes from seeds: what is in them, where, and that the picture shows it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from attn_desktop.common.errors import InputError
from attn_desktop.inputs.scene_objects import ATTRIBUTES, BACKGROUNDS, TEXTURES
from attn_desktop.inputs.scenes import (
    Scene,
    make_captions,
    make_questions,
    make_scene,
    reference_captions,
    render,
)

ROOT = Path(__file__).resolve().parents[2]
SEEDS = range(300)
#: Of the pictures and the texts of the first seeds, on any machine.
PICTURES = "45e045721290f485"
TEXTS = "2b0a4a48c370ffb2"


def pixels(scene: Scene, size: int = 112) -> NDArray[np.int64]:
    return np.asarray(render(scene, size)).astype(np.int64)


def changed(scene: Scene, number: int, **fields: Any) -> Scene:
    """The scene with another paint on one of its objects; its shadow stays."""
    things = list(scene.objects)
    things[number] = replace(things[number], **fields)
    return replace(scene, objects=tuple(things))


def everything(seed: int) -> list[object]:
    scene = make_scene(seed)
    captions = [*reference_captions(scene), *make_captions(scene)]
    questions = [asdict(question) for question in make_questions(scene)]
    return [asdict(scene), [asdict(caption) for caption in captions], questions]


# -- the same everywhere ------------------------------------------------------------------


def test_pictures_and_texts_of_a_seed_never_change() -> None:
    picture, text = hashlib.sha256(), hashlib.sha256()
    for seed in range(24):
        for size in (56, 112):
            picture.update(render(make_scene(seed), size).tobytes())
        text.update(json.dumps(everything(seed)).encode())
    assert (picture.hexdigest()[:16], text.hexdigest()[:16]) == (PICTURES, TEXTS)


def test_a_new_process_makes_the_same_scene() -> None:
    code = (
        "import hashlib, json\n"
        "from tests.inputs.test_scenes import everything, make_scene, render\n"
        "data = render(make_scene(5), 448).tobytes() + json.dumps(everything(5)).encode()\n"
        "print(hashlib.sha256(data).hexdigest())\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    data = render(make_scene(5), 448).tobytes() + json.dumps(everything(5)).encode()
    assert done.stdout.strip() == hashlib.sha256(data).hexdigest()


def test_seeds_differ() -> None:
    assert len({make_scene(seed).objects for seed in SEEDS}) == len(SEEDS)
    assert make_questions(make_scene(5), seed=1) != make_questions(make_scene(5))


# -- what is in them ----------------------------------------------------------------------


def test_no_two_objects_of_a_scene_are_alike_in_everything() -> None:
    for seed in SEEDS:
        named = [
            tuple(thing.attribute(kind) for kind in ATTRIBUTES)
            for thing in make_scene(seed).objects
        ]
        assert len(set(named)) == len(named)


def test_every_number_attribute_and_background_occurs() -> None:
    scenes = [make_scene(seed) for seed in SEEDS]
    assert set(Counter(len(scene.objects) for scene in scenes)) == set(range(1, 7))
    assert {scene.background for scene in scenes} == set(BACKGROUNDS)
    things = [thing for scene in scenes for thing in scene.objects]
    for kind, values in ATTRIBUTES.items():
        share = Counter(thing.attribute(kind) for thing in things)
        assert set(share) == set(values)
        assert min(share.values()) > 0.5 * len(things) / len(values), kind


def test_objects_stand_on_the_ground_inside_the_picture_and_apart() -> None:
    for seed in SEEDS:
        scene = make_scene(seed)
        assert list(scene.objects) == sorted(scene.objects, key=lambda thing: thing.x)
        for number, thing in enumerate(scene.objects):
            x0, y0, x1, y1 = thing.box
            assert 0 < x0 < x1 < 1
            assert 0 < y0 < y1 < 1
            assert thing.y > scene.horizon
            for other in scene.objects[number + 1 :]:
                wide = min(x1, other.box[2]) - max(x0, other.box[0])
                high = min(y1, other.box[3]) - max(y0, other.box[1])
                if wide > 0 and high > 0:
                    smaller = min(x1 - x0, other.box[2] - other.box[0])
                    assert wide <= 0.12 * smaller


def test_sizes_are_told_apart_and_large_enough_for_a_small_picture() -> None:
    widths: dict[str, list[float]] = {"small": [], "large": []}
    for seed in SEEDS:
        for thing in make_scene(seed).objects:
            widths[thing.size].append(112 * (thing.box[2] - thing.box[0]))
    assert min(widths["small"]) > 15
    assert max(widths["small"]) < 20
    assert min(widths["large"]) > 26
    assert max(widths["large"]) < 36


@pytest.mark.parametrize("seed", [-1, 1 << 63])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(InputError, match=rf"{seed}; it is 0 or more"):
        make_scene(seed)


# -- the picture --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [56, 112, 449])
def test_a_picture_has_the_size_that_was_asked_for(size: int) -> None:
    picture = render(make_scene(3), size)
    assert picture.size == (size, size)
    assert picture.mode == "RGB"


@pytest.mark.parametrize("size", [-1, 0, 55, 1025, 100_000])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(InputError, match=rf"{size} × {size} pixels; the side is 56 to 1024"):
        render(make_scene(3), size)


def test_a_small_picture_is_the_large_one_seen_from_afar() -> None:
    for seed in range(12):
        scene = make_scene(seed)
        afar = np.asarray(render(scene, 448).reduce(4)).astype(np.int64)
        assert np.abs(afar - pixels(scene)).mean() < 3, seed


def test_boxes_fit_the_visible_bodies() -> None:
    size = 224
    for seed in range(30):
        scene = make_scene(seed)
        for number, thing in enumerate(scene.objects):
            black = pixels(changed(scene, number, colour="black", texture="plain"), size)
            white = pixels(changed(scene, number, colour="white", texture="plain"), size)
            # A fifth of the whole difference: the body's own pixels, to its edge.
            y, x = np.nonzero(np.abs(white - black).sum(axis=2) > 60)
            seen = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1])
            assert np.abs(seen - np.array(thing.box) * size).max() < 1, (seed, thing)


def test_an_object_changes_nothing_far_from_it_and_casts_a_shadow_beside_its_box() -> None:
    size, shadowed = 112, 0
    for seed in range(24):
        scene = make_scene(seed)
        for number, thing in enumerate(scene.objects):
            rest = replace(scene, objects=scene.objects[:number] + scene.objects[number + 1 :])
            gone = pixels(rest, size) - pixels(scene, size)
            rows, columns = np.nonzero(np.abs(gone).sum(axis=2) > 12)
            x, y = (columns + 0.5) / size - thing.x, (rows + 0.5) / size - thing.y
            assert np.abs(x).max() < 2.4 * thing.scale
            assert np.abs(y).max() < 1.4 * thing.scale
            x0, y0, x1, y1 = (round(side * size) for side in thing.box)
            outside = gone.copy()
            outside[y0 - 1 : y1 + 1, x0 - 1 : x1 + 1] = 0
            assert outside.min() > -9  # an object never brightens the ground beside it
            shadowed += bool((outside > 12).any())
    assert shadowed > 60


def test_attributes_are_seen_in_a_small_picture() -> None:
    """Any other colour, texture or shape changes the object's own pixels by much."""
    for seed in range(8):
        scene = make_scene(seed)
        for number, thing in enumerate(scene.objects):
            inside = tuple(
                slice(int(thing.box[axis] * 112), int(thing.box[axis + 2] * 112) + 1)
                for axis in (1, 0)
            )
            here = pixels(scene)[inside]
            for kind in ("colour", "texture", "shape"):
                for value in ATTRIBUTES[kind]:
                    if value != thing.attribute(kind):
                        there = pixels(changed(scene, number, **{kind: value}))[inside]
                        assert np.abs(here - there).mean() > 6, (seed, thing, value)


def test_light_falls_from_its_side() -> None:
    """A white ball is brighter on the side of the light."""
    for seed in range(10):
        scene = make_scene(seed)
        for number in range(len(scene.objects)):
            ball = changed(scene, number, shape="ball", texture="plain", colour="white")
            thing = ball.objects[number]
            y, left, right = (
                int(112 * side)
                for side in (
                    thing.y - 0.46 * thing.scale,
                    thing.x - 0.3 * thing.scale,
                    thing.x + 0.3 * thing.scale,
                )
            )
            row = pixels(ball)[y].sum(axis=1)
            assert (row[right] > row[left]) == (scene.light[0] > 0)


def test_patterns_are_of_two_paints() -> None:
    for texture in TEXTURES[1:]:
        scene = make_scene(1)
        one = pixels(changed(scene, 0, texture="plain"))
        other = pixels(changed(scene, 0, texture=texture))
        part = (np.abs(one - other).sum(axis=2) > 40).sum() / (one != other).any(axis=2).sum()
        assert 0.2 < part <= 1
