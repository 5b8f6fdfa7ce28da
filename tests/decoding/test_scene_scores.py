"""Scores on rendered scenes: of outputs that are known to be right, wrong or in between."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding import scene_scores
from attn_desktop.decoding.corpus import Looks, Output
from attn_desktop.decoding.scene_scores import is_complete, score_answers, score_captions
from attn_desktop.inputs.scenes import (
    TRAINING_SEED,
    WORDS,
    Caption,
    Scene,
    check_caption,
    make_questions,
    make_scene,
    reference_captions,
)
from attn_desktop.inputs.words import WordCodec
from tests.toy_seers import toy_captioner, toy_vqa

GRID = (14, 14)
COUNT, SEED = 6, 40
CODEC = WordCodec.of_words(WORDS)


def nearest(scene: Scene, number: int) -> int:
    """The region whose centre is nearest to that of an object."""
    x, y = scene.objects[number].middle
    return int(y * GRID[0]) * GRID[1] + int(x * GRID[1])


def looks_at(positions: Sequence[int], hard: bool) -> Looks:
    """All of α at these regions, one a step; the strongest is elsewhere where k is drawn."""
    alpha = np.full((len(positions), GRID[0] * GRID[1]), 0.0, dtype=np.float32)
    alpha[np.arange(len(positions)), positions] = 1.0
    return Looks(
        np.roll(alpha, 1, axis=1) if hard else alpha, np.array(positions) if hard else None
    )


def captioned(scene: Scene, caption: Caption, mode: Mode) -> Output:
    """A caption written while looking at what each mention names, elsewhere in between."""
    positions = [0] * len(caption.words)
    for mention in caption.mentions:
        positions[mention.end - 1] = nearest(scene, mention.objects[0])
    looks = looks_at(positions, mode.weighting == HARD) if mode.attends else None
    return Output(tuple(CODEC.encode_known(caption.text)), -1.0, True, looks)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A model that prepares scenes and writes what `decode_corpus` is made to return."""
    monkeypatch.setattr(scene_scores, "_given", lambda scene: SimpleNamespace(picture=None))
    return SimpleNamespace(
        prepare=lambda given: SimpleNamespace(grid=GRID, given=given), detokenize=CODEC.decode
    )


def test_captions_that_are_right_have_every_point(
    scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes = [make_scene(SEED + number) for number in range(COUNT)]

    def decode(model: object, inputs: object, mode: Mode, *_: object, looks: bool) -> list[Output]:
        assert looks
        return [captioned(scene, reference_captions(scene)[0], mode) for scene in scenes]

    monkeypatch.setattr(scene_scores, "decode_corpus", decode)
    found = score_captions(scripted, COUNT, SEED)
    assert (found["scenes"], found["seed"]) == (COUNT, SEED)
    for name, scores in found["modes"].items():
        assert scores["attribute_accuracy"] == scores["true"] == 1.0
        assert scores["pointing"] == (None if name == "none" else 1.0)
    assert found["modes"]["soft"]["mass_in_box"] > 0.9
    assert found["modes"]["hard"]["mass_in_box"] < 1.0


def test_captions_of_other_scenes_are_wrong_and_looking_away_misses(
    scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes = [make_scene(SEED + number) for number in range(COUNT)]

    def decode(model: object, inputs: object, mode: Mode, *_: object, looks: bool) -> list[Output]:
        others = [captioned(s, reference_captions(s)[0], mode) for s in scenes[1:]]
        own = captioned(scenes[-1], reference_captions(scenes[-1])[0], mode)
        away = looks_at([0] * len(own.tokens), mode.weighting == HARD) if mode.attends else None
        return [*others, Output(own.tokens, -1.0, True, away)]

    monkeypatch.setattr(scene_scores, "decode_corpus", decode)
    soft = score_captions(scripted, COUNT, SEED)["modes"]["soft"]
    assert soft["attribute_accuracy"] < 0.5
    assert soft["pointing"] < 1.0


def test_a_caption_must_say_all_that_is_asked() -> None:
    scene = next(s for s in map(make_scene, range(99)) if s.objects[0].texture != "plain")
    thing = scene.objects[0]
    whole = f"a {thing.size} {thing.texture} {thing.colour} {thing.shape} ."
    assert is_complete(scene, check_caption(scene, whole))
    for left_out in (thing.size, thing.texture, thing.colour):
        assert not is_complete(scene, check_caption(scene, whole.replace(f" {left_out}", "", 1)))
    assert not is_complete(scene, check_caption(scene, "there is ."))
    for seed in range(30):
        other = make_scene(seed)
        assert all(
            is_complete(other, check_caption(other, c.text)) for c in reference_captions(other)
        )


def test_answers_are_counted_by_kind(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        (scene, question)
        for scene in (make_scene(SEED + number) for number in range(COUNT))
        for question in make_questions(scene)
    ]
    codec = WordCodec.of_words(dict.fromkeys([*(q.answer for _, q in asked), "wrong"]))
    scripted.detokenize = codec.decode

    def decode(model: object, inputs: object, mode: Mode, *_: object, looks: bool) -> list[Output]:
        outputs = []
        for scene, question in asked:
            answer = "wrong" if question.kind == "colour" else question.answer
            token = codec.find(answer)
            assert token is not None
            place = nearest(scene, question.objects[0]) if question.objects else 0
            seen = looks_at([0, place], mode.weighting == HARD) if mode.attends else None
            outputs.append(Output((token,), -1.0, True, seen))
        return outputs

    monkeypatch.setattr(scene_scores, "decode_corpus", decode)
    found = score_answers(scripted, COUNT, SEED)
    kinds = [question.kind for _, question in asked]
    assert found["accuracy"] == pytest.approx(1 - kinds.count("colour") / len(kinds))
    assert found["by_kind"] == {kind: float(kind != "colour") for kind in sorted(set(kinds))}
    assert found["modes"]["soft"]["accuracy"] == found["accuracy"]
    assert found["modes"]["none"]["pointing"] is None


def test_a_model_without_training_is_scored_too() -> None:
    found = score_captions(toy_captioner(), 2, 3)
    assert found["modes"]["soft"]["attribute_accuracy"] == 0.0
    found = score_answers(toy_vqa(), 2, 3)
    assert 0.0 <= found["accuracy"] <= 1.0
    assert 0.0 <= found["pointing"] <= 1.0


@pytest.mark.parametrize(
    ("count", "seed"), [(0, 1), (-2, 1), (3, -1), (3, TRAINING_SEED - 2), (10**12, 0)]
)
def test_scenes_that_there_are_not_are_refused(count: int, seed: int) -> None:
    with pytest.raises(InputError):
        score_captions(toy_captioner(), count, seed)
