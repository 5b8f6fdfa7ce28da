"""The same tokens and energies on the CPU and on CUDA, in float32 with TF32 off."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from attn_desktop.common.mode import HARD, Mode
from attn_desktop.common.paths import shipped_models
from attn_desktop.decoding.corpus import decode_corpus
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.base import Given
from attn_desktop.families.checkpoint import Checkpoint, load_checkpoint
from attn_desktop.trace.run_tree import Choice
from tests.decoding.helpers import as_checkpoint
from tests.toy_models import TOY_SENTENCES, toy_model

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")

MODELS = ("toy", *(folder.name for folder in shipped_models()))


@pytest.fixture(autouse=True)
def _no_tf32() -> Iterator[None]:
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def both(name: str) -> tuple[Checkpoint, Checkpoint]:
    if name != "toy":
        folder = next(folder for folder in shipped_models() if folder.name == name)
        return load_checkpoint(folder), load_checkpoint(folder, "cuda")
    model = toy_model(embedding_size=24, encoder_size=16, decoder_size=32).requires_grad_(False)
    for parameter in model.parameters():
        parameter.mul_(0.4)  # larger weights are chaotic: rounding would grow from step to step
    return as_checkpoint(model), as_checkpoint(copy.deepcopy(model).to("cuda"))


def sentences(count: int) -> list[str]:
    words = [word for source, _ in TOY_SENTENCES for word in source.rstrip(".?").split()]
    generator = np.random.default_rng(0)
    return [
        " ".join(generator.choice(words, size=generator.integers(2, 16))) + "."
        for _ in range(count)
    ]


@pytest.mark.parametrize("mode", ["additive", "additive/local-p", "additive/global/hard", "none"])
@pytest.mark.parametrize("name", MODELS)
def test_greedy_tokens_of_200_sentences_are_the_same(name: str, mode: str) -> None:
    outputs = []
    for checkpoint in both(name):
        inputs = [checkpoint.model.prepare(Given(text)) for text in sentences(200)]
        outputs.append(
            decode_corpus(checkpoint.model, inputs, Mode.parse(mode), Choice(), max_steps=30)
        )
    on_cpu, on_cuda = outputs
    assert [output.tokens for output in on_cuda] == [output.tokens for output in on_cpu]


@pytest.mark.parametrize("name", MODELS)
def test_energies_agree_to_4_digits(name: str) -> None:
    steppers = [[Stepper(c, text) for text in sentences(10)] for c in both(name)]
    for on_cpu, on_cuda in zip(*steppers, strict=True):
        assert on_cuda.run.device.startswith("cuda")
        position, other = on_cpu.start, on_cuda.start
        for node in range(8):
            if position.token == on_cpu.model.end_id:
                break
            mode = Mode("dot" if node % 2 else "additive", "global", HARD if node % 3 else "soft")
            record, position = on_cpu.step(position, node, mode, Choice())
            mirrored, other = on_cuda.step(other, node, mode, Choice())
            assert mirrored.token_id == record.token_id
            assert record.cross is not None
            assert mirrored.cross is not None
            assert mirrored.cross.energies == pytest.approx(record.cross.energies, abs=1e-4)
