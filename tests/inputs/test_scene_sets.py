from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attn_desktop.inputs.scene_objects import ATTRIBUTES
from attn_desktop.inputs.scene_sets import (
    captions_of,
    draw_pictures,
    label_regions,
    labels_of,
    questions_of,
    training_scene,
)
from attn_desktop.inputs.scenes import KINDS, TRAINING_SEED, make_scene, reference_captions, render


@pytest.mark.parametrize("number", range(12))
def test_a_region_has_the_attributes_of_the_nearest_object_at_its_centre(number: int) -> None:
    scene, grid = training_scene(number), (7, 14)
    labels = label_regions(scene, grid)
    assert labels.shape == (4, 7 * 14)
    for position in range(7 * 14):
        x, y = (position % 14 + 0.5) / 14, (position // 14 + 0.5) / 7
        there = [
            thing
            for thing in scene.objects
            if thing.box[0] <= x <= thing.box[2] and thing.box[1] <= y <= thing.box[3]
        ]
        if there:
            front = max(there, key=lambda thing: thing.y)
            wanted = [1 + values.index(getattr(front, kind)) for kind, values in ATTRIBUTES.items()]
        else:
            wanted = [0, 0, 0, 0]
        assert labels[:, position].tolist() == wanted


def test_sets_are_those_of_their_scenes(tmp_path: Path) -> None:
    numbers = range(3, 6)
    assert training_scene(4) == make_scene(TRAINING_SEED + 4)
    assert captions_of(numbers) == [
        [caption.text for caption in reference_captions(training_scene(n))] for n in numbers
    ]
    labels = labels_of((14, 14), numbers)
    assert labels.shape == (3, 4, 196)
    assert labels.any()
    assert (labels[1] == label_regions(training_scene(4), (14, 14))).all()
    path = tmp_path / "pictures.npy"
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(7, 56, 56, 3)).flush()
    draw_pictures(path, 56, numbers)
    pictures = np.load(path)
    assert not pictures[:3].any()
    assert not pictures[6:].any()
    for number in numbers:
        assert (pictures[number] == np.asarray(render(training_scene(number), 56))).all()


def test_questions_are_each_asked_once() -> None:
    seeds = dict.fromkeys(KINDS, 1) | {"counting": 4}
    one, four = questions_of(dict.fromkeys(KINDS, 1), range(2)), questions_of(seeds, range(2))
    for few, many in zip(one, four, strict=True):
        texts = [question.text for question in many]
        assert len(set(texts)) == len(texts) > len(few)
        assert {question.text for question in few} <= set(texts)
        assert all(q.kind == "counting" for q in many if q.text not in {f.text for f in few})
