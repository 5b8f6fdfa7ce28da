"""`attn-desktop scene`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attn_desktop.inputs.scenes import make_questions, make_scene, reference_captions, render
from tests.cli.conftest import Invoke


def test_a_scene_is_drawn_and_told_as_json(invoke: Invoke, tmp_path: Path) -> None:
    target = tmp_path / "scene.png"
    result = invoke("scene", "--seed", 8, "-o", target, "--size", 112, "--json")
    assert result.exit_code == 0, result.output
    scene = make_scene(8)
    with Image.open(target) as picture:
        assert np.array_equal(np.asarray(picture), np.asarray(render(scene, 112)))
    told = json.loads(result.stdout)
    assert set(told) == {
        "picture", "seed", "size", "background", "objects", "captions", "questions"
    }  # fmt: skip
    assert (told["picture"], told["seed"], told["size"]) == (str(target), 8, 112)
    assert told["background"] == scene.background
    for thing, expected in zip(told["objects"], scene.objects, strict=True):
        assert thing.pop("box") == pytest.approx(expected.box, abs=1e-4)
        assert thing == {kind: getattr(expected, kind) for kind in thing}
        assert set(thing) == {"shape", "colour", "size", "texture"}
    for caption, wanted in zip(told["captions"], reference_captions(scene), strict=True):
        assert caption["text"] == wanted.text
        for mention, meant in zip(caption["mentions"], wanted.mentions, strict=True):
            assert mention == {"words": [meant.start, meant.end], "objects": list(meant.objects)}
    for question, asked in zip(told["questions"], make_questions(scene), strict=True):
        assert question.pop("objects") == list(asked.objects)
        assert question == {"kind": asked.kind, "text": asked.text, "answer": asked.answer}


def test_without_json_a_reader_is_told_the_same(invoke: Invoke, tmp_path: Path) -> None:
    target = tmp_path / "scene.png"
    result = invoke("scene", "-o", target)
    assert result.exit_code == 0, result.output
    with Image.open(target) as picture:
        assert picture.size == (448, 448)
    scene = make_scene(0)
    for number, thing in enumerate(scene.objects):
        assert f"object {number} " in result.stdout
        assert f"{thing.size} {thing.texture} {thing.colour} {thing.shape} " in result.stdout
    for caption in reference_captions(scene):
        assert caption.text in result.stdout
    for question in make_questions(scene):
        assert f"{question.text} ?  {question.answer}  (objects: " in result.stdout


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--seed", -1), "the seed of a scene is -1; it is 0 or more"),
        (("--seed", 10**30), "below 2^63"),
        (("--seed", "seven"), "--seed"),
        (("--size", 0), "0 × 0 pixels; the side is 56 to 1024"),
        (("--size", 100_000), "100000 × 100000 pixels; the side is 56 to 1024"),
    ],
)
def test_a_bad_option_is_named(
    invoke: Invoke, tmp_path: Path, options: tuple[object, ...], part: str
) -> None:
    target = tmp_path / "scene.png"
    result = invoke("scene", "-o", target, *options)
    assert result.exit_code == 2
    assert part in result.stderr
    assert not result.stdout
    assert not target.exists()


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("none/scene.png", "there is no folder"),
        ("scene.jpg", "has no suffix .png"),
        ("folder.png", "it is a folder"),
    ],
)
def test_a_bad_target_is_named(invoke: Invoke, tmp_path: Path, name: str, part: str) -> None:
    (tmp_path / "folder.png").mkdir()
    result = invoke("scene", "-o", tmp_path / name)
    assert result.exit_code == 2
    assert part in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_output_is_required(invoke: Invoke) -> None:
    result = invoke("scene")
    assert result.exit_code == 2
    assert "--output" in result.stderr
