"""models/photo-captioner: captions for photographs, with and without attention.

It reads Flickr8k (Hodosh et al. 2013), whose terms allow research and education only, and learns
its eyes from two networks that were trained on ImageNet.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from attn_desktop.common.errors import InputError
from attn_desktop.families.base import Family
from attn_desktop.families.captioner import Captioner, CaptionerConfig
from attn_desktop.families.vision import VisionConfig
from attn_desktop.inputs.captioned import open_pictures, read_captions
from attn_desktop.inputs.words import WordCodec
from attn_desktop.training.data import Batch
from attn_desktop.training.loop import LoopSettings
from attn_desktop.training.mode_draws import ModeDraws
from attn_desktop.training.photo_distil import Lessons
from attn_desktop.training.photo_stages import Course, Stage
from attn_desktop.training.photo_teachers import open_mobilenet, open_squeezenet, read_arrays
from attn_desktop.training.photo_teaching import (
    ANEW,
    FURTHER,
    SURVEYS,
    Sights,
    Teaching,
    load_taught,
    measure,
    save_taught,
)
from attn_desktop.training.photo_views import Variety
from attn_desktop.training.photos import Photos, read_photos, shown_texts, words_of
from attn_desktop.training.recipe import Recipe, Request
from attn_desktop.training.replicas import Replicas
from attn_desktop.training.scenes import rendered

EYES = VisionConfig(
    side=160, channels=(32, 64, 128, 256), extra=(1, 2, 2, 3), annotation_size=192, normed=False
)
SCENES = 2000
#: Of the pictures that the eyes learn from: photographs, small photographs, scenes.
SHARES = (0.84, 0.1, 0.06)
#: Captions are learnt from milder views: what they say must still be seen.
VARIETY = Variety(zoom=(0.75, 1.0), stretch=0.15, turn=0.05, tone=0.2, hue=0.1)
PICTURES_AT_ONCE, HELD_OUT = 16, 300
#: How often a word must occur to be learnt.
LEAST = 4
#: What the lessons still count while decoder and eyes learn together.
LESSON_WEIGHT = 0.3


def photo_config(codec: WordCodec, modes: ModeDraws, eyes: VisionConfig) -> CaptionerConfig:
    """A captioner of photographs.

    Nothing is dropped of annotations: a decoder that learns from half of what the eyes see relies
    on the words before instead, and says the same of many pictures.
    """
    return CaptionerConfig(
        family="captioner",
        language="English",
        target_vocabulary=len(codec),
        embedding_size=256,
        decoder_size=384,
        projection_size=None,
        scores=("additive",),
        trained_modes=modes.names,
        vision=eyes,
        dropout=0.4,
        annotation_dropout=0.0,
        word_query=True,
    )


class PhotoCaptioner(Recipe, name="photo-captioner"):
    """The eyes learn from teachers; then the decoder learns from captions, then both together.

    Eyes that were taught before, with the heads of their lessons, go on learning.
    """

    takes_encoder = True
    example = "PICTURE"
    summary = "Photographs to English captions: soft, hard and no attention over 10 × 10 regions"
    modes: ClassVar[ModeDraws] = ModeDraws(
        {"none": 0.35, "additive/global/soft": 0.65},
        {"additive/global/hard": 0.25},
        hard_from=0.4,
        switch_share=0.0,
    )
    decoder: ClassVar[LoopSettings] = LoopSettings(
        epochs=10, peak_rate=2e-3, weight_decay=0.05, average_decay=0.99, pointing_weight=0.2
    )
    together: ClassVar[LoopSettings | None] = LoopSettings(
        epochs=5,
        peak_rate=5e-4,
        weight_decay=0.05,
        average_decay=0.99,
        pointing_weight=0.2,
        rate_shares={"vision.stages.": 0.3, "vision.annotate.": 0.3},
    )

    def run(self, request: Request, replicas: Replicas) -> bool:
        say, began = replicas.voice(request.say), time.monotonic()
        assert request.data is not None
        learnt, held, unsaid = _read(request.data / "flickr8k_160", request)
        say(
            f"{len(learnt):,} pictures to learn from and {len(held):,} held out, read in "
            f"{time.monotonic() - began:.0f} s"
        )
        codec = words_of(learnt, LEAST)
        config = photo_config(codec, self.modes, EYES)
        torch.manual_seed(request.seed)
        model = Captioner(config, codec).to(request.device)
        counts = [sum(p.numel() for p in part.parameters()) for part in (model, model.vision)]
        say(f"{counts[0]:,} parameters, {counts[1]:,} of them eyes; {len(codec):,} words")
        texts = shown_texts(learnt, codec, request.device, PICTURES_AT_ONCE, VARIETY)
        few = shown_texts(held.first(HELD_OUT), codec, request.device, PICTURES_AT_ONCE)
        lessons = self._open_eyes(model, texts.pictures, unsaid, few.pictures, request, replicas)
        if lessons is None:
            return False
        # What is drawn from here on does not depend on whether the eyes were there already.
        torch.manual_seed(request.seed)
        course = Course(model, config, texts, few, request, replicas)
        if not course.take(Stage("decoder", self.decoder, self.modes, blind=True)):
            return False
        if self.together is None:
            return True
        stage = Stage("together", self.together, self.modes)
        return course.take(stage, _Reminded(lessons))

    def _open_eyes(
        self,
        model: Captioner,
        learnt: Tensor,
        unsaid: Tensor,
        unseen: Tensor,
        request: Request,
        replicas: Replicas,
    ) -> Lessons | None:
        """The eyes of the model, taught or taken from a file, and the lessons they learnt from.

        None when they were stopped learning.
        """
        say, began = replicas.voice(request.say), time.monotonic()
        data, device, state = request.data, request.device, request.out / "training"
        assert data is not None
        strong = open_mobilenet(data / "mobilenet_v2_int8")
        fine = open_squeezenet(data / "squeezenet_v1_1")
        lessons = Lessons(strong, fine, EYES.annotation_size, EYES.grid).to(device)
        path = state / "eyes.safetensors"
        if not path.is_file():
            small = _small(data / "cifar10_subset" / "cifar10_subset.npz")
            scenes = replicas.lead_first(lambda: rendered(state, SCENES, EYES.side, say))
            photographs = torch.cat([learnt, unsaid.to(device)])
            parts = [photographs, small.to(device), torch.from_numpy(np.array(scenes)).to(device)]
            sights = Sights(parts, SHARES)
            pace = ANEW if request.encoder is None else FURTHER
            if request.encoder is None:
                lessons.survey([sights.draw(n, PICTURES_AT_ONCE) for n in range(SURVEYS)])
            else:
                load_taught(model.vision, lessons, request.encoder)
            state = state / "eyes"
            if not Teaching(model.vision, lessons, sights, state, say, pace, replicas).run():
                return None
            if replicas.leads:
                save_taught(model.vision, lessons, path)
                say(f"eyes on pictures never seen: {measure(model.vision, lessons, unseen)}")
                say(f"eyes: {time.monotonic() - began:.0f} s")
        replicas.wait()
        load_taught(model.vision, lessons, path)
        return lessons.requires_grad_(False)


class PhotoSoft(PhotoCaptioner, name="photo-soft"):
    """Soft attention alone on the eyes as they were taught: to be compared with `photo-none`."""

    summary = "Photographs to captions: soft attention alone, the eyes only taught by teachers"
    modes: ClassVar[ModeDraws] = ModeDraws({"additive/global/soft": 1.0}, switch_share=0.0)
    together: ClassVar[LoopSettings | None] = None


class PhotoNone(PhotoCaptioner, name="photo-none"):
    """No attention, on the same eyes: one vector for the whole picture at every step."""

    summary = "Photographs to captions: no attention, the eyes only taught by teachers"
    modes: ClassVar[ModeDraws] = ModeDraws({"none": 1.0}, switch_share=0.0)
    together: ClassVar[LoopSettings | None] = None


@dataclass(frozen=True)
class _Reminded:
    """What the teachers say of the views of a batch goes on to count."""

    lessons: Lessons

    def __call__(self, model: Family, batch: Batch) -> Tensor:
        assert isinstance(model, Captioner)
        seen = batch.sources.squares.permute(0, 3, 1, 2)
        return LESSON_WEIGHT * self.lessons.loss(model.vision, seen, self.lessons.taught(seen))[0]


def _read(folder: Path, request: Request) -> tuple[Photos, Photos, Tensor]:
    """The pictures of the splits train and dev with their captions, and those of no split.

    Those of the split test are not read.
    """
    captions = read_captions(folder / "captions.tsv.gz", request.say)
    with open_pictures(folder, request.say) as pictures:
        learnt, held, unsaid = (
            read_photos(pictures, sorted(captions.by_image(split).items()), EYES.side, request.say)
            for split in ("train", "dev", "none")
        )
    return learnt, held, torch.from_numpy(unsaid.squares)


def _small(path: Path) -> Tensor:
    """The photographs of CIFAR-10 enlarged, (P, side, side, 3) uint8."""
    arrays = read_arrays(path)
    if "train_images" not in arrays:
        raise InputError(f"{path}: there is no array 'train_images'")
    images = torch.from_numpy(arrays["train_images"].astype(np.uint8)).permute(0, 3, 1, 2)
    large = functional.interpolate(images, (EYES.side, EYES.side), mode="bilinear")
    return large.permute(0, 2, 3, 1).contiguous()
