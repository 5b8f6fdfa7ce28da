"""Many scenes at a time, for training: what can be prepared on several cores side by side.

Numbers count the scenes that models are trained on, from 0. Everything here can be called in
another process.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.pointing import regions_in
from attn_desktop.inputs.scene_objects import ATTRIBUTES
from attn_desktop.inputs.scenes import (
    TRAINING_SEED,
    Question,
    Scene,
    make_questions,
    make_scene,
    reference_captions,
    render,
)

#: The label of a region in which no object is.
NOTHING = 0


def training_scene(number: int) -> Scene:
    """Scene number 0, 1, … of those to train on."""
    return make_scene(TRAINING_SEED + number)


def draw_pictures(path: Path, side: int, numbers: range) -> None:
    """Render scenes into their rows of an array file (P, side, side, 3) that is there already."""
    pictures = np.load(path, mmap_mode="r+")
    for number in numbers:
        pictures[number] = np.asarray(render(training_scene(number), side))
    pictures.flush()


def captions_of(numbers: range) -> list[list[str]]:
    """The reference captions of each scene."""
    return [
        [caption.text for caption in reference_captions(training_scene(number))]
        for number in numbers
    ]


def questions_of(seeds: Mapping[str, int], numbers: range) -> list[list[Question]]:
    """The questions of each scene, of each kind one with each of so many seeds, each text once."""
    asked = []
    for number in numbers:
        scene = training_scene(number)
        found = [
            question
            for seed in range(max(seeds.values()))
            for question in make_questions(scene, seed)
            if seed < seeds[question.kind]
        ]
        asked.append(list({question.text: question for question in found}.values()))
    return asked


def labels_of(grid: tuple[int, int], numbers: range) -> NDArray[np.uint8]:
    """`label_regions` of each scene: (scenes, attributes, m · n)."""
    return np.stack([label_regions(training_scene(number), grid) for number in numbers])


def label_regions(scene: Scene, grid: tuple[int, int]) -> NDArray[np.uint8]:
    """(attributes, m · n): 1 + the value of what is seen at each region's centre, 0 for ground.

    The box of an object counts as the object; of two the one in front.
    """
    labels = np.full((len(ATTRIBUTES), grid[0] * grid[1]), NOTHING, dtype=np.uint8)
    for thing in sorted(scene.objects, key=lambda thing: thing.y):
        inside = regions_in(np.array(thing.box), grid)
        for place, (kind, values) in enumerate(ATTRIBUTES.items()):
            labels[place, inside] = 1 + values.index(thing.attribute(kind))
    return labels
