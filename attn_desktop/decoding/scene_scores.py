"""How well a model captions rendered scenes, answers questions about them, and where it looks.

Pictures are rendered at the size that `attn-desktop scene` writes and go the way of any file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from attn_desktop.analysis.pointing import Box, mass_inside, points_into
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.corpus import Output, decode_corpus
from attn_desktop.families.base import Family, Given
from attn_desktop.inputs.scene_captions import told
from attn_desktop.inputs.scenes import (
    TRAINING_SEED,
    CaptionCheck,
    Question,
    Scene,
    check_caption,
    make_questions,
    make_scene,
    render,
)
from attn_desktop.trace.run_tree import Choice

Grid: TypeAlias = tuple[int, int] | None
#: Scenes decoded at once, which bounds the memory that their pictures take.
AT_ONCE = 100
#: The mode of each name in what is told.
MODES = {"none": Mode("none"), "soft": Mode("additive"), "hard": Mode("additive", "global", HARD)}


def check_seeds(count: int, seed: int) -> None:
    """Raise InputError where there are no such scenes, or models were trained on them."""
    if count < 1:
        raise InputError(f"the number of scenes must be at least 1, not {count}")
    if not 0 <= seed <= TRAINING_SEED - count:
        raise InputError(
            f"scenes {seed} to {seed + count - 1}: give a seed of 0 or more so that they end below "
            f"{TRAINING_SEED}, where those begin that models are trained on"
        )


def score_captions(
    model: Family, count: int, seed: int, on_batch: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Scores of captions by mode, over the scenes from `seed` on; greedy, draws of seed 0.

    attribute_accuracy: share of captions of which every noun phrase is true and complete: it
    names size, texture unless plain, colour and shape of an object that is there, or the right
    number and shape of a group. true: share of which relations and background are true as well.
    pointing: of the phrases that are true, how often the region looked at when the noun is
    written (the strongest; with hard weighting the sampled one) lies in the box of an object
    that the phrase fits. mass_in_box: mean share of α there. No attention, no pointing.
    """
    check_seeds(count, seed)
    tallies = {name: _Tally() for name in MODES}
    for scenes in _scenes(count, seed):
        inputs = [model.prepare(_given(scene)) for scene in scenes]
        for name, mode in MODES.items():
            outputs = decode_corpus(model, inputs, mode, Choice(), looks=True)
            for scene, output in zip(scenes, outputs, strict=True):
                text = model.detokenize(output.tokens)
                tallies[name].add_caption(scene, text, output, inputs[0].grid)
        on_batch(scenes[-1].seed - seed + 1)
    return {"scenes": count, "seed": seed} | {
        "modes": {name: tally.captions() for name, tally in tallies.items()}
    }


def score_answers(
    model: Family, count: int, seed: int, on_batch: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Scores of answers by mode, over the questions on the scenes from `seed` on.

    accuracy: share of right answers, by_kind for each kind of question. pointing: how often the
    region looked at in the last glimpse lies in the box of an object that the question is about,
    where there is one. The figures of soft attention stand at the top too.
    """
    check_seeds(count, seed)
    tallies = {name: _Tally() for name in MODES}
    for scenes in _scenes(count, seed):
        asked = [(scene, question) for scene in scenes for question in make_questions(scene)]
        pictures = {scene.seed: _given(scene).picture for scene in scenes}
        inputs = [model.prepare(Given(q.text, pictures[scene.seed])) for scene, q in asked]
        for name, mode in MODES.items():
            outputs = decode_corpus(model, inputs, mode, Choice(), looks=True)
            for (scene, question), output in zip(asked, outputs, strict=True):
                answer = model.detokenize(output.tokens)
                tallies[name].add_answer(scene, question, answer, output, inputs[0].grid)
        on_batch(scenes[-1].seed - seed + 1)
    modes = {name: tally.answers() for name, tally in tallies.items()}
    return {"scenes": count, "seed": seed} | modes["soft"] | {"modes": modes}


def _scenes(count: int, seed: int) -> Iterator[list[Scene]]:
    for start in range(seed, seed + count, AT_ONCE):
        yield [make_scene(number) for number in range(start, min(start + AT_ONCE, seed + count))]


def _given(scene: Scene) -> Given:
    return Given(picture=np.asarray(render(scene)))


def is_complete(scene: Scene, check: CaptionCheck) -> bool:
    """Whether every noun phrase of a caption is true and says all that one should."""
    return bool(check.mentions) and all(
        mention.holds
        and (
            mention.number is not None
            or any(
                told(scene.objects[number]).keys() <= {named.kind for named in mention.attributes}
                for number in mention.objects
            )
        )
        for mention in check.mentions
    )


@dataclass(frozen=True)
class _Look:
    """One look at something: whether it hit, and the share of α that did."""

    hit: bool
    mass: float


class _Tally:
    """What is counted in one mode."""

    def __init__(self) -> None:
        self._complete: list[bool] = []
        self._true: list[bool] = []
        self._right: dict[str, list[bool]] = defaultdict(list)
        self._looks: list[_Look] = []

    def add_caption(self, scene: Scene, text: str, output: Output, grid: Grid) -> None:
        check = check_caption(scene, text)
        self._complete.append(is_complete(scene, check))
        self._true.append(check.correct)
        if len(check.words) != len(output.tokens):
            return  # words and steps cannot be matched
        for mention in check.mentions:
            if mention.holds:
                boxes = [scene.objects[number].box for number in mention.objects]
                self._look(output, mention.end - 1, boxes, grid)

    def add_answer(
        self, scene: Scene, question: Question, answer: str, output: Output, grid: Grid
    ) -> None:
        self._right[question.kind].append(answer == question.answer)
        if question.objects:
            boxes = [scene.objects[number].box for number in question.objects]
            self._look(output, len(output.tokens) - 1, boxes, grid)

    def captions(self) -> dict[str, float | None]:
        return {
            "attribute_accuracy": _mean(self._complete),
            "true": _mean(self._true),
            **self._pointing(),
        }

    def answers(self) -> dict[str, Any]:
        every = [right for kind in self._right.values() for right in kind]
        by_kind = {kind: _mean(right) for kind, right in sorted(self._right.items())}
        return {"accuracy": _mean(every), "by_kind": by_kind, **self._pointing()}

    def _look(self, output: Output, step: int, boxes: Sequence[Box], grid: Grid) -> None:
        looks = output.looks
        if looks is None or grid is None:
            return
        alpha = looks.alpha[step]
        position = int(alpha.argmax() if looks.sampled is None else looks.sampled[step])
        hit = points_into(position, grid, boxes)
        self._looks.append(_Look(hit, mass_inside(alpha, grid, boxes)))

    def _pointing(self) -> dict[str, float | None]:
        return {
            "pointing": _mean([look.hit for look in self._looks]),
            "mass_in_box": _mean([look.mass for look in self._looks]),
        }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
