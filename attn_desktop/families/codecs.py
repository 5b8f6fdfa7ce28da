"""The vocabularies in a model's folder, as its config.json announces them."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from attn_desktop.common.errors import CheckpointError
from attn_desktop.inputs.text import TextCodec
from attn_desktop.inputs.words import WordCodec

Codec = TypeVar("Codec", TextCodec, WordCodec)


def load_words(folder: Path, side: str, expected: int) -> WordCodec:
    """The list of words `SIDE.tokenizer.json`; CheckpointError unless it has `expected` ones."""
    path = folder / f"{side}.tokenizer.json"
    return _sized(WordCodec.load(path), path, side, expected)


def load_pieces(folder: Path, side: str, expected: int) -> TextCodec:
    """The tokenizer `SIDE.tokenizer.json`; CheckpointError unless it has `expected` pieces."""
    path = folder / f"{side}.tokenizer.json"
    return _sized(TextCodec.load(path), path, side, expected)


def _sized(codec: Codec, path: Path, side: str, expected: int) -> Codec:
    if len(codec) != expected:
        raise CheckpointError(
            f"{path}: has {len(codec)} pieces, but config.json says {side}_vocabulary {expected}"
        )
    return codec
