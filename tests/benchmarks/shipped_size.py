"""A model of the size that is shipped, with random weights: what the benchmarks measure."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch

from attn_desktop.attention.scores import SCORES
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.families.seq2seq import Seq2Seq, Seq2SeqConfig
from attn_desktop.inputs.text import END_ID, SPACE, TextCodec
from attn_desktop.trace.records import ModelInfo

VOCABULARY = 4000


@cache
def codec() -> TextCodec:
    """A tokenizer of 4000 pieces, learnt from made-up words."""
    generator = np.random.default_rng(0)
    syllables = [
        first + second for first in "bcdfglmnprst" for second in ("a", "e", "i", "o", "ou")
    ]
    words = [
        "".join(generator.choice(syllables, size=generator.integers(1, 5))) for _ in range(6000)
    ]
    texts = [" ".join(words[start : start + 12]) for start in range(0, len(words), 12)]
    return TextCodec.train(texts, VOCABULARY)


@cache
def checkpoint() -> Checkpoint:
    """A switchable model of the shipped sizes whose outputs end only at the step limit."""
    config = Seq2SeqConfig(
        family="seq2seq",
        source_language="en",
        target_language="fr",
        source_vocabulary=len(codec()),
        target_vocabulary=len(codec()),
        embedding_size=256,
        encoder_size=256,
        decoder_size=384,
        projection_size=128,
        scores=tuple(SCORES),
        trained_modes=("additive", "additive/local-p", "none"),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Seq2Seq(config, codec(), codec())
    with torch.no_grad():
        model.output_bias[END_ID] = -1e4
    model.requires_grad_(False).eval()
    return Checkpoint(model, ModelInfo("shipped-size", "seq2seq", "0" * 64), Path("nowhere"))


def sentence(pieces: int, seed: int = 0) -> str:
    """A text that becomes exactly `pieces` source positions, the end marker included."""
    words = [
        label[1:]
        for label in map(codec().label, range(VOCABULARY))
        if label.startswith(SPACE) and len(label) > 3
    ]
    chosen = np.random.default_rng([seed, pieces]).choice(words, size=pieces - 1)
    return " ".join(chosen)
