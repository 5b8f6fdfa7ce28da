"""Toy models for tests: real Seq2Seq models with random weights and tokenizers of a few sentences.

Everything follows from the seed and the changes to the config: the same arguments give the same
numbers. Models are in evaluation mode. The switchable one (the default) has every registered
score, a dedicated one is `toy_model(**dedicated("dot"))`. The state is as large as an annotation,
as `dot` wants it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import torch

from attn_desktop.attention.scores import SCORES
from attn_desktop.families.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from attn_desktop.families.seq2seq import Seq2Seq, Seq2SeqConfig
from attn_desktop.inputs.text import TextCodec

#: English and French; toy tokenizers learn from these.
TOY_SENTENCES = (
    ("The red car stands in front of the house.", "La voiture rouge est devant la maison."),
    ("A man walks on the beach with his dog.", "Un homme marche sur la plage avec son chien."),
    ("Where is the station?", "Où est la gare ?"),
    ("I don't know what he wants.", "Je ne sais pas ce qu'il veut."),
    ("She reads a book in the old garden.", "Elle lit un livre dans le vieux jardin."),
    ("We were at home at 7 o'clock.", "Nous étions à la maison à 7 heures."),
    ("The children play with the white dog.", "Les enfants jouent avec le chien blanc."),
    ("It was a long day, and he is tired.", "C'était une longue journée, et il est fatigué."),
)

TOY_MODES = (
    "additive/global/soft",
    "additive/local-m/soft",
    "additive/local-p/soft",
    "additive/global/hard",
    "dot/global/soft",
    "none",
)

#: Enough for markers, bytes and letters, and a few merges.
TOY_VOCABULARY = 340


@cache
def toy_codecs() -> tuple[TextCodec, TextCodec]:
    """Tokenizers of source and target, learnt from `TOY_SENTENCES`."""
    sources, targets = zip(*TOY_SENTENCES, strict=True)
    return TextCodec.train(sources, TOY_VOCABULARY), TextCodec.train(targets, TOY_VOCABULARY)


def toy_config(**changes: Any) -> Seq2SeqConfig:
    """The config of the switchable toy model, with the given fields changed."""
    source, target = toy_codecs()
    config = Seq2SeqConfig(
        family="seq2seq",
        source_language="en",
        target_language="fr",
        source_vocabulary=len(source),
        target_vocabulary=len(target),
        embedding_size=6,
        encoder_size=5,
        decoder_size=10,
        projection_size=4,
        scores=tuple(SCORES),
        trained_modes=TOY_MODES,
        longest_source=100,
    )
    return msgspec.structs.replace(config, **changes)


def dedicated(score: str) -> dict[str, Any]:
    """The changes that make a toy model a dedicated one: one score, no projections."""
    return {"projection_size": None, "scores": (score,), "trained_modes": (score,)}


def toy_model(seed: int = 0, **changes: Any) -> Seq2Seq:
    """A toy model with random weights in evaluation mode; the global random state stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Seq2Seq(toy_config(**changes), *toy_codecs())
        # As spread as trained weights: with smaller ones every state and distribution is alike.
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(torch.randn_like(parameter) * 0.7)
    return model.eval()


def toy_checkpoint(folder: Path, seed: int = 0, **changes: Any) -> Checkpoint:
    """`toy_model` written to a folder, made if need be, and read back (so rounded to half)."""
    model = toy_model(seed, **changes)
    save_checkpoint(model, model.config, folder)
    return load_checkpoint(folder)
