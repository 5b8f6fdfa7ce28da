"""A captioner of a user's own pictures, from their captions and the encoder they have."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import msgspec
import torch

from attn_desktop.common.errors import InputError
from attn_desktop.families.captioner import Captioner
from attn_desktop.inputs.captioned import Captions, Pictures, matched, open_pictures, read_captions
from attn_desktop.training.loop import LoopSettings
from attn_desktop.training.mode_draws import ModeDraws
from attn_desktop.training.photo_eyes import eyes_config, load_eyes
from attn_desktop.training.photo_stages import Course, Stage
from attn_desktop.training.photos import read_photos, shown_texts, words_of
from attn_desktop.training.recipe import Recipe, Request
from attn_desktop.training.recipes.photo_captioner import (
    EYES,
    HELD_OUT,
    PICTURES_AT_ONCE,
    VARIETY,
    PhotoCaptioner,
    photo_config,
)
from attn_desktop.training.replicas import Replicas

#: Where the table has no splits, about one picture in so many is held out.
HELD_SHARE = 20
TRAIN, DEV = "train", "dev"
#: Least occurrences of a word by the number of captions: few captions must use all their words.
RARE = ((20_000, 4), (5_000, 3), (1_000, 2), (0, 1))
Captioned = list[tuple[str, tuple[str, ...]]]


class OwnCaptioner(Recipe, name="own-captioner"):
    """With an encoder: the decoder learns from captions, then both together. Without: both at once.

    DATA is a folder of pictures, as files or in zip files, with one table of captions (TSV, with
    the columns image and caption, and split if there is one).
    """

    summary = "A folder of your own pictures and captions, with an encoder if you have one"
    takes_encoder = True
    example = "PICTURE"
    modes: ClassVar[ModeDraws] = PhotoCaptioner.modes
    decoder: ClassVar[LoopSettings] = PhotoCaptioner.decoder
    together: ClassVar[LoopSettings] = replace(PhotoCaptioner.decoder, epochs=20)

    def run(self, request: Request, replicas: Replicas) -> bool:
        say, data, encoder = replicas.voice(request.say), request.data, request.encoder
        assert data is not None
        # Eyes that learn from captions alone need the normalisation that taught ones have behind
        # them.
        fresh = msgspec.structs.replace(EYES, normed=True)
        config = fresh if encoder is None else eyes_config(encoder, EYES)
        captions = read_captions(find_table(data), say)
        with open_pictures(data, say) as pictures:
            parts = divide(pictures, captions, say)
            learnt, held = (read_photos(pictures, part, config.side, say) for part in parts)
        said = sum(map(len, learnt.captions))
        codec = words_of(learnt, next(least for count, least in RARE if said >= count))
        whole = photo_config(codec, self.modes, config)
        torch.manual_seed(request.seed)
        model = Captioner(whole, codec)
        if encoder is not None:
            load_eyes(model.vision, encoder)
        model.to(request.device)
        say(f"{len(learnt):,} pictures to learn from, {len(held):,} held out, {len(codec):,} words")
        course = Course(
            model,
            whole,
            shown_texts(learnt, codec, request.device, PICTURES_AT_ONCE, VARIETY),
            shown_texts(held.first(HELD_OUT), codec, request.device, PICTURES_AT_ONCE),
            request,
            replicas,
        )
        if encoder is None:
            say("no encoder is given: the eyes learn from nothing but these captions")
            return course.take(Stage("together", self.together, self.modes))
        if not course.take(Stage("decoder", self.decoder, self.modes, blind=True)):
            return False
        assert PhotoCaptioner.together is not None
        return course.take(Stage("together", PhotoCaptioner.together, self.modes))


def find_table(folder: Path) -> Path:
    """The one table of captions in a folder; InputError where there is none, or several."""
    tables = sorted([*folder.glob("*.tsv"), *folder.glob("*.tsv.gz")])
    if len(tables) != 1:
        found = ", ".join(table.name for table in tables) or "none"
        raise InputError(
            f"{folder}: one table of captions is needed, *.tsv or *.tsv.gz with the columns image "
            f"and caption; there is: {found}"
        )
    return tables[0]


def divide(
    pictures: Pictures, captions: Captions, report: Callable[[str], None]
) -> tuple[Captioned, Captioned]:
    """What is learnt, and what is held out: the splits train and dev where the table has both.

    Otherwise one picture in `HELD_SHARE` is held out, chosen by its name, of those in the split
    train or of all. Raises InputError where there are fewer than two pictures with captions.
    """
    if TRAIN in captions.splits and DEV in captions.splits:
        return (
            matched(pictures, captions, TRAIN, report),
            matched(pictures, captions, DEV, report),
        )
    every = matched(pictures, captions, TRAIN if TRAIN in captions.splits else None, report)
    if len(every) < 2:
        raise InputError(f"{captions.path}: at least two pictures with captions are needed")
    order = sorted(every, key=lambda entry: hashlib.sha256(entry[0].encode()).digest())
    count = max(1, len(every) // HELD_SHARE)
    return sorted(order[count:]), sorted(order[:count])
