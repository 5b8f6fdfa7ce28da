"""models/en-fr: English to French, one switchable checkpoint with every mode of attention.

The data folder holds tatoeba_en_fr, canada_laws_en_fr, europarl_sample_en_fr and tico19_en_fr_hi.
About one Tatoeba sentence in a hundred is never trained on; it is what the card's scores are
measured on; a training writes them to `training/held_out.tsv.gz` in its folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from attn_desktop.families.checkpoint import save_checkpoint
from attn_desktop.families.seq2seq import Seq2Seq, Seq2SeqConfig
from attn_desktop.inputs.text import END_ID, TextCodec
from attn_desktop.training.data import (
    Batch,
    EncodedPairs,
    Pair,
    Split,
    hold_out,
    read_table,
    write_table,
)
from attn_desktop.training.held_out import held_out_loss
from attn_desktop.training.loop import LoopSettings, Trainer
from attn_desktop.training.mode_draws import ModeDraws
from attn_desktop.training.recipe import Recipe, Request
from attn_desktop.training.replicas import Replicas

HELD_OUT_SHARE = 100
#: Where the held-out pairs go, below `training`, for `attn-desktop evaluate`.
HELD_OUT = "held_out.tsv.gz"
LONGER_ROWS = 40_000
#: Each epoch sees all short rows and one of this many parts of the longer ones.
LONGER_PARTS = 5

SOFT_WEIGHTS = {
    "additive/global/soft": 0.18,
    "general/global/soft": 0.11,
    "dot/global/soft": 0.11,
    "scaled-dot/global/soft": 0.11,
    "cosine/global/soft": 0.11,
    "location/global/soft": 0.11,
    "additive/local-m/soft": 0.08,
    "additive/local-p/soft": 0.09,
    "none": 0.10,
}
HARD_WEIGHTS = {"additive/global/hard": 0.18, "dot/global/hard": 0.12}


@dataclass(frozen=True)
class Corpus:
    """Tatoeba split into train and held out, and the longer rows."""

    short: Split
    longer: list[Pair]


def read_corpus(data: Path) -> Corpus:
    """Read the four data sets; the same folder always gives the same corpus."""
    tatoeba = read_table(data / "tatoeba_en_fr" / "tatoeba_en_fr.tsv.gz", ("en", "fr"))
    split = hold_out(((row[0], row[1]) for row in tatoeba), HELD_OUT_SHARE)
    longer = list(_longer_rows(data))
    order = np.random.default_rng(1).permutation(len(longer))[:LONGER_ROWS]
    return Corpus(split, [longer[index] for index in order])


def _longer_rows(data: Path) -> Iterator[Pair]:
    laws = data / "canada_laws_en_fr" / "canada_laws_en_fr.tsv.gz"
    for en, fr, kind in read_table(laws, ("en", "fr", "type")):
        if kind == "text" and 8 <= len(en.split()) <= 40 and len(fr.split()) <= 50:
            yield en, fr.replace("’", "'")  # the other sets write the plain apostrophe
    for name in ("europarl_sample_en_fr", "tico19_en_fr_hi"):
        for en, fr in read_table(data / name / f"{name}.tsv.gz", ("en", "fr")):
            if len(en.split()) <= 40 and len(fr.split()) <= 50:
                yield en, fr.replace("’", "'")


class EnFr(Recipe, name="en-fr"):
    """The switchable checkpoint: soft modes first, hard ones later, one batch in five switches."""

    summary = "English to French, every score, scope and weighting on one encoder and decoder"
    epochs: ClassVar[int] = 12
    modes: ClassVar[ModeDraws] = ModeDraws(SOFT_WEIGHTS, HARD_WEIGHTS)
    scores: ClassVar[tuple[str, ...]] = (
        "cosine",
        "additive",
        "location",
        "general",
        "dot",
        "scaled-dot",
    )
    projection_size: ClassVar[int | None] = 128
    vocabulary: ClassVar[int] = 4000
    embedding_size: ClassVar[int] = 256
    encoder_size: ClassVar[int] = 256
    decoder_size: ClassVar[int] = 384

    def run(self, request: Request, replicas: Replicas) -> bool:
        say = replicas.voice(request.say)
        say("reading the data")
        assert request.data is not None
        corpus = read_corpus(request.data)
        source, target = self._codecs(corpus, request.out, replicas)
        state = request.out / "training"
        if replicas.leads:
            state.mkdir(parents=True, exist_ok=True)
            write_table(state / HELD_OUT, ("en", "fr"), corpus.short.held_out)
        config = self._config(len(source), len(target))
        torch.manual_seed(request.seed)
        model = Seq2Seq(config, source, target).to(request.device)
        count = sum(parameter.numel() for parameter in model.parameters())
        pairs = _encode([*corpus.short.train, *corpus.longer], model)
        held_out = _encode(corpus.short.held_out[:400], model)
        held = Batch(held_out.sources, held_out.targets)
        say(f"{count:,} parameters, {len(pairs):,} sentence pairs")
        trainer = Trainer(
            model,
            pairs,
            state,
            LoopSettings(self.epochs).of(request.epochs, request.seed),
            _EpochRows(len(corpus.short.train), len(corpus.longer)),
            self.modes,
            lambda averaged: held_out_loss(averaged, held),
            say,
            replicas,
        )
        finished = trainer.run()
        if replicas.leads:
            with trainer.averaged():
                save_checkpoint(model, config, request.out)
        return finished

    def _config(self, source: int, target: int) -> Seq2SeqConfig:
        return Seq2SeqConfig(
            family="seq2seq",
            source_language="English",
            target_language="French",
            source_vocabulary=source,
            target_vocabulary=target,
            embedding_size=self.embedding_size,
            encoder_size=self.encoder_size,
            decoder_size=self.decoder_size,
            projection_size=self.projection_size,
            scores=self.scores,
            trained_modes=self.modes.names,
        )

    def _codecs(self, corpus: Corpus, out: Path, replicas: Replicas) -> tuple[TextCodec, TextCodec]:
        """Train both tokenizers, or read them where a run has already begun."""
        paths = [out / f"{side}.tokenizer.json" for side in ("source", "target")]
        if replicas.leads:
            out.mkdir(parents=True, exist_ok=True)
            for index, path in enumerate(paths):
                if not path.is_file():
                    texts = [pair[index] for pair in (*corpus.short.train, *corpus.longer[:12_000])]
                    TextCodec.train(texts, self.vocabulary).save(path)
        replicas.wait()
        source, target = (TextCodec.load(path) for path in paths)
        return source, target


class EnFrDedicated(EnFr, name="en-fr-dedicated"):
    """Additive soft attention alone, without projections: what the switchable one must match."""

    summary = "English to French, additive global soft attention and nothing else"
    epochs = 3
    modes: ClassVar[ModeDraws] = ModeDraws({"additive/global/soft": 1.0})
    scores = ("additive",)
    projection_size = None


@dataclass(frozen=True)
class _EpochRows:
    """All short rows and, in turn, one part of the longer ones."""

    short: int
    longer: int

    def __call__(self, epoch: int, generator: np.random.Generator) -> NDArray[np.int64]:
        part = np.arange(epoch % LONGER_PARTS, self.longer, LONGER_PARTS, dtype=np.int64)
        return np.concatenate([np.arange(self.short, dtype=np.int64), self.short + part])


def _encode(pairs: list[Pair], model: Seq2Seq) -> EncodedPairs:
    sources = model.source_codec.encode_many([source for source, _ in pairs])
    targets = model.target_codec.encode_many([target for _, target in pairs])
    return EncodedPairs([[*ids, END_ID] for ids in sources], [[*ids, END_ID] for ids in targets])
