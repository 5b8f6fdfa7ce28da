"""models/scenes-vqa: questions about rendered scenes, answered after two glimpses.

It needs no data: the scenes are rendered, from seeds that nothing else uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from attn_desktop.analysis.pointing import regions_in
from attn_desktop.common.errors import InputError
from attn_desktop.families.checkpoint import save_checkpoint
from attn_desktop.families.vqa import Asked, Vqa, VqaConfig
from attn_desktop.inputs.scene_sets import questions_of, training_scene
from attn_desktop.inputs.scene_words import NO, YES
from attn_desktop.inputs.scenes import ANSWERS, KINDS, WORDS, Question
from attn_desktop.inputs.words import WordCodec
from attn_desktop.training.loop import LoopSettings
from attn_desktop.training.mode_draws import ModeDraws
from attn_desktop.training.recipe import Recipe, Request
from attn_desktop.training.replicas import Replicas
from attn_desktop.training.scenes import EYES, SCENES, Rows, train_on_scenes
from attn_desktop.training.side_by_side import side_by_side

#: What a question about one object asks is soon learnt: fewer of each scene than of the others.
SEEDS = dict.fromkeys(KINDS, 6) | dict.fromkeys(("colour", "shape", "texture", "where"), 2)
SCENES_AT_ONCE, QUESTIONS_OF_EACH = 128, 8


class ScenesVqa(Recipe, name="scenes-vqa"):
    """Every glimpse learns the answer; soft attention first, hard attention later."""

    needs_data = False
    example = 'PICTURE --question "..."'
    summary = "Questions about rendered scenes, answered with two glimpses at 14 × 14 regions"
    settings: ClassVar[LoopSettings] = LoopSettings(
        epochs=6, smoothing=0.0, weight_decay=0.02, peak_rate=1.5e-3, pointing_weight=0.3
    )
    modes: ClassVar[ModeDraws] = ModeDraws(
        {"additive/global/soft": 0.85, "none": 0.15},
        {"additive/global/hard": 0.25},
        hard_from=0.7,
        switch_share=0.0,
    )

    def run(self, request: Request, replicas: Replicas) -> bool:
        words, answers = WordCodec.of_words(WORDS), WordCodec.of_words(ANSWERS)
        config = VqaConfig(
            family="vqa",
            language="English",
            question_vocabulary=len(words),
            answer_vocabulary=len(answers),
            embedding_size=128,
            state_size=256,
            projection_size=None,
            scores=("additive",),
            trained_modes=self.modes.names,
            vision=EYES,
            dropout=0.0,
        )
        torch.manual_seed(request.seed)
        model = Vqa(config, words, answers).to(request.device)
        every = chain(*side_by_side(partial(questions_of, SEEDS), SCENES))
        asked = [(number, question) for number, found in enumerate(every) for question in found]
        rows = Rows(
            np.array([number for number, _ in asked]),
            [[_id(answers, question.answer)] * config.glimpses for _, question in asked],
            _Questions([words.encode_known(question.text) for _, question in asked]),
            SCENES_AT_ONCE,
            QUESTIONS_OF_EACH,
            _Glimpses(asked, config.vision.grid),
        )
        trainer = train_on_scenes(
            model,
            model.vision,
            rows,
            self.settings,
            self.modes,
            request,
            replicas,
        )
        finished = trainer.run()
        if replicas.leads:
            with trainer.averaged():
                save_checkpoint(model, config, request.out)
        return finished


def _id(codec: WordCodec, answer: str) -> int:
    token = codec.find(answer)
    if token is None:
        raise InputError(f"{answer!r} is none of the answers")
    return token


class _Questions:
    """What the model takes, from a picture and the row of a question."""

    def __init__(self, questions: list[list[int]]) -> None:
        self._ids: list[NDArray[np.int64]] = [np.array(q, dtype=np.int64) for q in questions]

    def __call__(self, picture: NDArray[Any], row: int) -> Asked:
        return Asked(picture, self._ids[row])


class _Glimpses:
    """Where both glimpses of some rows should look: at one thing, or at one after the other."""

    def __init__(self, asked: Sequence[tuple[int, Question]], grid: tuple[int, int]) -> None:
        #: (R, 2, 4): the boxes; NaN, which nothing lies in, where a question has no two.
        self._boxes = np.full((len(asked), 2, 4), np.nan, dtype=np.float32)
        for row, (number, question) in enumerate(asked):
            objects = training_scene(number).objects
            for glimpse, thing in enumerate(glimpses(question)):
                self._boxes[row, glimpse] = objects[thing].box
        self._grid = grid

    def __call__(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        return regions_in(self._boxes[rows], self._grid)


def glimpses(question: Question) -> tuple[int, ...]:
    """The objects that two glimpses should look at, or none where it is for the model to find out.

    "What is left of the ball" wants the ball first, a comparison what is named first.
    """
    match question.objects:
        case (only,):
            return only, only
        case (first, second) if question.kind == "relation" and question.answer not in (YES, NO):
            return second, first
        case (first, second) if question.kind in ("relation", "comparison"):
            return first, second
    return ()
