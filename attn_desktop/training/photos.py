"""Photographs with captions, for training: read once, then all on the device.

Shapes: P pictures (P, side, side, 3) uint8; each has captions, and each caption is a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from attn_desktop.common.cores import usable_cores
from attn_desktop.common.errors import InputError
from attn_desktop.inputs.captioned import Pictures
from attn_desktop.inputs.image import Pixels, squeeze
from attn_desktop.inputs.text import END_ID
from attn_desktop.inputs.words import WordCodec, split_words
from attn_desktop.training.photo_views import Variety
from attn_desktop.training.pictures import ShownTexts

#: Words of the longest caption that is learnt: a longer one makes its whole batch slow.
LONGEST = 20


@dataclass(frozen=True, eq=False)
class Photos:
    """squares: (P, side, side, 3) uint8. captions: those of each, without punctuation."""

    squares: NDArray[np.uint8]
    captions: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.captions)

    def first(self, count: int) -> Photos:
        """So many of them, or all."""
        return Photos(self.squares[:count], self.captions[:count])


def read_photos(
    pictures: Pictures,
    captioned: Sequence[tuple[str, Sequence[str]]],
    side: int,
    report: Callable[[str], None],
) -> Photos:
    """Pictures by name, with captions, as squares; those that are broken are reported, left out.

    Raises InputError where none is left.
    """

    def load(name: str) -> Pixels | str:
        try:
            return squeeze(pictures.load(name), side)
        except InputError as error:
            return str(error)

    squares, captions = [], []
    with ThreadPoolExecutor(usable_cores()) as pool:
        loaded = pool.map(load, (name for name, _ in captioned))
        for square, (_, said) in zip(loaded, captioned, strict=True):
            if isinstance(square, str):
                report(f"{square}; left out")
            else:
                squares.append(square)
                captions.append(tuple(plain(caption) for caption in said))
    if not squares:
        raise InputError(f"{pictures.path}: none of the pictures with captions can be read")
    return Photos(np.stack(squares), tuple(captions))


def plain(caption: str) -> str:
    """The words of a caption in lower case, without punctuation."""
    return " ".join(word for word in split_words(caption) if word[0].isalnum())


def words_of(photos: Photos, least: int) -> WordCodec:
    """The words that occur in the captions at least so often; InputError where there are none."""
    codec = WordCodec.of_texts(
        (caption for captions in photos.captions for caption in captions), least
    )
    if len(codec) <= len(WordCodec.of_words(())):
        raise InputError(f"no word occurs {least} times in the captions; more of them are needed")
    return codec


def shown_texts(
    photos: Photos,
    codec: WordCodec,
    device: str,
    pictures_at_once: int,
    variety: Variety | None = None,
) -> ShownTexts:
    """The captions as rows to learn from, of those of 1 to `LONGEST` words, on a device.

    Raises InputError where there are none.
    """
    owners, targets = [], []
    for number, captions in enumerate(photos.captions):
        for caption in captions:
            ids = codec.encode(caption)
            if 1 <= len(ids) <= LONGEST:
                owners.append(number)
                targets.append([*ids, END_ID])
    if not owners:
        raise InputError(f"there is no caption of 1 to {LONGEST} words")
    squares = torch.from_numpy(photos.squares).to(device)
    return ShownTexts(squares, np.array(owners), targets, pictures_at_once, variety)
