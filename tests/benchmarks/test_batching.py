"""What batching gains: 256 sentences at once against one by one through the stepper.

Run with `pytest tests/benchmarks -s`. Both sides do the same number of steps per sentence; they
alternate, so that whatever else the machine does meets both, and time is processor time.
"""

from __future__ import annotations

import statistics
import time

import torch

from attn_desktop.common.mode import Mode
from attn_desktop.decoding.corpus import decode_corpus
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.base import Given
from attn_desktop.trace.run_tree import Choice
from tests.benchmarks.shipped_size import checkpoint, sentence

SENTENCES = 256
STEPS = 16
ROUNDS = 8
#: Sentences decoded one by one in each round.
SHARE = 8
TARGET = 15
MODE, CHOICE = Mode(), Choice()


def test_batched_decoding_of_256_sentences_against_one_by_one() -> None:
    torch.set_num_threads(1)
    texts = [sentence(8 + index % 12, seed=index) for index in range(SENTENCES)]
    model = checkpoint().model
    inputs = [model.prepare(Given(text)) for text in texts]
    batched, single = [], []
    for start in range(0, ROUNDS * SHARE, SHARE):
        began = time.process_time()
        outputs = decode_corpus(model, inputs, MODE, CHOICE, max_steps=STEPS)
        batched.append(time.process_time() - began)
        for index in range(start, start + SHARE):
            began = time.process_time()
            tokens = _one(texts[index])
            single.append(time.process_time() - began)
            assert tokens == outputs[index].tokens
    all_single = SENTENCES * statistics.median(single)
    print(
        f"\nbatched decoding of {SENTENCES} sentences: "
        f"{all_single / statistics.median(batched):.1f} x as fast as one by one "
        f"({statistics.median(batched):.2f} s and {all_single:.2f} s, target {TARGET})"
    )


def _one(text: str) -> tuple[int, ...]:
    stepper = Stepper(checkpoint(), text)
    position, tokens = stepper.start, []
    for _ in range(STEPS):
        record, position = stepper.step(position, position.t, MODE, CHOICE)
        tokens.append(record.token_id)
    return tuple(tokens)
