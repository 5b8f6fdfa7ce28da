"""One toy checkpoint for each model family, and inputs that it takes: for the contract tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from attn_desktop.families.base import Given
from attn_desktop.families.checkpoint import Checkpoint
from tests.toy_models import toy_checkpoint
from tests.toy_seers import (
    TOY_QUESTIONS,
    toy_captioner_checkpoint,
    toy_picture,
    toy_vqa_checkpoint,
)

TOY_CHECKPOINTS: dict[str, Callable[[Path], Checkpoint]] = {
    "seq2seq": toy_checkpoint,
    "captioner": toy_captioner_checkpoint,
    "vqa": toy_vqa_checkpoint,
}

#: Three inputs of each family, of different lengths where there are any.
TOY_GIVEN: dict[str, tuple[Given, Given, Given]] = {
    "seq2seq": (Given("The red car 🙂"), Given("A man walks on the beach"), Given("dog")),
    "captioner": (
        Given(picture=toy_picture(0)),
        Given(picture=toy_picture(1, 30, 7)),
        Given(picture=toy_picture(2, 1, 1)),
    ),
    "vqa": (
        Given(TOY_QUESTIONS[0], toy_picture(0)),
        Given(TOY_QUESTIONS[1], toy_picture(1, 30, 7)),
        Given("why 🙂", toy_picture(2, 1, 1)),
    ),
}
