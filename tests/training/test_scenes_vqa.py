from __future__ import annotations

import numpy as np
import pytest

from attn_desktop.analysis.pointing import points_into
from attn_desktop.inputs.scene_sets import questions_of, training_scene
from attn_desktop.inputs.scenes import KINDS, Question
from attn_desktop.training.recipes.scenes_vqa import _Glimpses, glimpses


@pytest.mark.parametrize(
    ("kind", "answer", "objects", "looks"),
    [
        ("colour", "red", (3,), (3, 3)),
        ("relation", "yes", (2, 0), (2, 0)),
        ("relation", "ball", (2, 0), (0, 2)),
        ("comparison", "no", (1, 4), (1, 4)),
        ("comparison", "no", (1, 2, 4), ()),
        ("counting", "two", (1, 4), ()),
        ("existence", "no", (), ()),
    ],
)
def test_glimpses_look_at_one_thing_or_at_one_after_the_other(
    kind: str, answer: str, objects: tuple[int, ...], looks: tuple[int, ...]
) -> None:
    assert glimpses(Question(kind, "?", answer, objects)) == looks


def test_where_to_look_is_in_the_boxes() -> None:
    found = questions_of(dict.fromkeys(KINDS, 2), range(6))
    asked = [(number, question) for number, each in enumerate(found) for question in each]
    where = _Glimpses(asked, (14, 14))(np.arange(len(asked)))
    assert where.shape == (len(asked), 2, 196)
    assert where.any(axis=(1, 2)).mean() > 0.5
    for row, (number, question) in enumerate(asked):
        things = glimpses(question)
        if not things:
            assert not where[row].any()
        for glimpse, thing in enumerate(things):
            box = training_scene(number).objects[thing].box
            wanted = [points_into(position, (14, 14), [box]) for position in range(196)]
            assert where[row, glimpse].tolist() == wanted
