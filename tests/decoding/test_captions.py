"""What a model says in short, against the stepper's own records of the same input."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from attn_desktop import api
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.captions import Said, say
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.base import Given
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice
from tests.toy_seers import (
    TOY_QUESTIONS,
    toy_captioner_checkpoint,
    toy_picture,
    toy_vqa_checkpoint,
)

MODES = (
    Mode(),
    Mode("dot"),
    Mode(weighting=HARD),
    Mode("additive", "local-p", HARD),
    Mode("none"),
)


@pytest.fixture(scope="module")
def captioner(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return toy_captioner_checkpoint(tmp_path_factory.mktemp("captions") / "captioner")


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return toy_vqa_checkpoint(tmp_path_factory.mktemp("captions") / "vqa")


def plain(model: Checkpoint, given: Given, mode: Mode, seed: int) -> tuple[list[StepRecord], int]:
    """Every step by the stepper alone, and S."""
    stepper = Stepper(model, given)
    position, steps = stepper.start, []
    for number in range(stepper.model.usual_steps(len(stepper.run.source))):
        record, position = stepper.step(position, number, mode, Choice(seed=seed))
        steps.append(record)
        if record.is_end:
            break
    return steps, len(stepper.run.source)


def check(model: Checkpoint, given: Given, mode: Mode, seed: int) -> Said:
    said = say(Stepper(model, given), mode, seed)
    steps, positions = plain(model, given, mode, seed)
    assert said.log_probs == tuple(step.log_prob for step in steps)
    assert said.text == model.model.detokenize([step.token_id for step in steps])
    assert said.ended == steps[-1].is_end
    expected = []
    for step in steps:
        if step.cross is not None:
            alpha = step.cross.alpha.astype(np.float64).ravel().tolist()
            assert len(alpha) == positions
            expected.append(-sum(p * math.log(p) for p in alpha if p > 0))
    assert said.entropies == pytest.approx(expected)
    return said


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_caption_is_that_of_the_stepper_in_every_mode(captioner: Checkpoint, mode: Mode) -> None:
    said = [check(captioner, Given(picture=toy_picture(n)), mode, 0) for n in range(6)]
    assert len({one.log_probs for one in said}) > 1, "all alike, they test little"
    assert all(len(one.entropies) == (len(one.log_probs) if mode.attends else 0) for one in said)


def test_the_seed_is_that_of_the_draws(captioner: Checkpoint) -> None:
    given, mode = Given(picture=toy_picture(1)), Mode(weighting=HARD)
    assert len({check(captioner, given, mode, seed).log_probs for seed in range(4)}) > 1


def test_a_question_gets_its_last_answer(answerer: Checkpoint) -> None:
    given = Given(TOY_QUESTIONS[0], toy_picture(2))
    said = check(answerer, given, Mode(), 0)
    trace = api.decode(answerer, TOY_QUESTIONS[0], picture=toy_picture(2))
    assert said.text == trace.steps[-1].token.removeprefix("▁")
    assert said.ended


def test_what_the_check_raises_ends_it_after_the_step_at_hand(captioner: Checkpoint) -> None:
    stepper, calls = Stepper(captioner, Given(picture=toy_picture())), 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        say(stepper, Mode(), 0, stop)
    assert calls == 2


def test_a_mode_that_the_model_lacks_is_named(tmp_path: Path) -> None:
    model = toy_captioner_checkpoint(
        tmp_path / "few", scores=("additive",), trained_modes=("none",)
    )
    with pytest.raises(InputError, match="dot"):
        say(Stepper(model, Given(picture=toy_picture())), Mode("dot"), 0)
