"""What is shipped for pictures: captions and answers are right on new scenes, and α points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attn_desktop.api import decode, open_model
from attn_desktop.common.mode import Mode
from attn_desktop.decoding.scene_scores import score_answers, score_captions
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.inputs.scenes import KINDS, make_scene, render

SCENES, SEED = 30, 4000


@pytest.fixture(scope="module")
def captioner() -> Checkpoint:
    return open_model("scenes-captioner")


@pytest.fixture(scope="module")
def captions(captioner: Checkpoint) -> dict[str, Any]:
    scores: dict[str, Any] = score_captions(captioner.model, SCENES, SEED)["modes"]
    return scores


def test_captions_name_what_is_there_and_look_at_it(captions: dict[str, Any]) -> None:
    assert captions["soft"]["attribute_accuracy"] >= 0.85
    assert captions["soft"]["pointing"] >= 0.85
    assert captions["soft"]["mass_in_box"] >= 0.5
    assert captions["hard"]["pointing"] >= 0.8


def test_without_attention_they_are_clearly_worse(captions: dict[str, Any]) -> None:
    assert captions["none"]["attribute_accuracy"] < captions["soft"]["attribute_accuracy"] - 0.2
    assert captions["none"]["pointing"] is None


def test_every_trained_mode_writes_a_caption(captioner: Checkpoint) -> None:
    picture = np.asarray(render(make_scene(7)))
    trained = {str(mode) for mode in captioner.info.trained_modes}
    assert trained >= {"additive/global/soft", "additive/global/hard", "dot/global/soft", "none"}
    assert {"general/global/soft", "additive/local-p/soft"} <= trained
    for text in sorted(trained):
        mode = Mode.parse(text)
        trace = decode(
            captioner,
            picture=picture,
            score=mode.score,
            scope=mode.scope,
            weighting=mode.weighting,
        )
        assert trace.steps[-1].is_end
        assert 5 <= len(trace.steps) <= 40
        assert all(step.trained for step in trace.steps)


def test_questions_are_answered() -> None:
    scores = score_answers(open_model("scenes-vqa").model, SCENES, SEED)
    assert scores["accuracy"] >= 0.9
    assert set(scores["by_kind"]) == set(KINDS)
    assert min(scores["by_kind"].values()) >= 0.6
    assert scores["modes"]["none"]["accuracy"] < scores["accuracy"] - 0.15
