"""One `step` and one `readout` for training, batched decoding and stepping: equal numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding import draws
from attn_desktop.decoding.corpus import decode_corpus
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.base import Given
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice
from attn_desktop.training.data import Batch
from attn_desktop.training.loss import token_likelihoods, unroll
from tests.decoding.helpers import NONE, SENTENCES, as_checkpoint, ending_model

CHOICE = Choice("sampled", seed=4)
HARD_MODE = Mode("additive", "global", HARD)
CASES: dict[str, list[Mode]] = {
    "soft": [Mode()],
    "scaled-dot": [Mode("scaled-dot")],
    "local-m": [Mode("general", "local-m")],
    "local-p": [Mode("additive", "local-p")],
    "none": [NONE],
    "hard": [HARD_MODE],
    "hard local-p": [Mode("dot", "local-p", HARD)],
    "soft, then hard": [Mode(), Mode(), HARD_MODE],
    "none, then local-p": [NONE, Mode("cosine", "local-p")],
}


def model_that_knows_its_targets(**changes: Any) -> Seq2Seq:
    """Training never saw padding or the start as a target, so it gives them next to nothing."""
    model = ending_model(bias=1.0, **changes)
    model.output_bias[list(model.never_chosen)] = -1e4
    return model


def stepped(model: Seq2Seq, text: str, modes: list[Mode], steps: int) -> list[StepRecord]:
    stepper = Stepper(as_checkpoint(model), text)
    position = stepper.start
    records: list[StepRecord] = []
    while len(records) < steps and not (records and records[-1].is_end):
        mode = modes[min(len(records), len(modes) - 1)]
        record, position = stepper.step(position, len(records), mode, CHOICE)
        records.append(record)
    return records


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("name", CASES)
def test_teacher_forcing_gives_the_numbers_of_the_stepper(
    monkeypatch: pytest.MonkeyPatch, name: str, cell: str
) -> None:
    model, modes = model_that_knows_its_targets(cell=cell), CASES[name]
    texts = (SENTENCES[0], SENTENCES[2], SENTENCES[5])
    runs = [
        stepped(model, text, modes, steps) for text, steps in zip(texts, (4, 9, 6), strict=True)
    ]
    drawn = iter(range(1, 100))

    def same_draws(rows: int, device: torch.device) -> torch.Tensor:
        u = draws.uniform(CHOICE.seed, draws.ATTENTION, next(drawn))[0]
        return torch.full((rows,), u, dtype=torch.float64, device=device)

    monkeypatch.setattr(torch, "rand", same_draws)
    batch = Batch(
        [model.prepare(Given(text)).inputs for text in texts],
        [np.array([record.token_id for record in run]) for run in runs],
    )
    with torch.no_grad():
        unrolled = unroll(model, batch, modes)
        _, log_probs = token_likelihoods(model, unrolled)
    rows = torch.arange(len(texts)).expand(unrolled.real.shape)[unrolled.real]
    for row, run in enumerate(runs):
        assert log_probs[rows == row].tolist() == pytest.approx(
            [record.log_prob for record in run], abs=1e-5
        )
        for t, record in enumerate(run):
            assert unrolled.contexts[t, row].numpy() == pytest.approx(
                record.active.context, abs=1e-5
            )
            assert unrolled.states[t, row].numpy() == pytest.approx(record.active.state, abs=1e-5)


@pytest.mark.parametrize("name", [name for name, modes in CASES.items() if len(modes) == 1])
def test_batched_decoding_gives_the_numbers_of_the_stepper(name: str) -> None:
    model, (mode,) = model_that_knows_its_targets(), CASES[name]
    for text in SENTENCES:
        # One input a call: the stepper draws as row 0 does.
        (output,) = decode_corpus(model, [model.prepare(Given(text))], mode, CHOICE, max_steps=9)
        run = stepped(model, text, [mode], 9)
        tokens = [record.token_id for record in run]
        assert list(output.tokens) == tokens[: len(tokens) - run[-1].is_end]
        assert output.ended == run[-1].is_end
        assert output.log_prob == pytest.approx(sum(r.log_prob for r in run), abs=1e-5)


def test_greedy_decoding_in_a_batch_gives_the_tokens_of_the_stepper() -> None:
    model = ending_model(bias=2.0)
    inputs = [model.prepare(Given(text)) for text in SENTENCES]
    outputs = decode_corpus(model, inputs, Mode(), Choice(), max_steps=12)
    for text, output in zip(SENTENCES, outputs, strict=True):
        stepper = Stepper(as_checkpoint(model), text)
        position, tokens = stepper.start, list[int]()
        while position.token != model.end_id and len(tokens) < 12:
            record, position = stepper.step(position, position.t, Mode(), Choice())
            tokens.append(record.token_id)
        assert output.tokens == tuple(t for t in tokens if t != model.end_id)
