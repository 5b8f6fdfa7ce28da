"""Toy models that look at pictures: captioner and VQA with random weights, and toy pictures.

As `toy_models`: everything follows from the seed and the changes to the config, and models are in
evaluation mode. Their input has 16 pixels a side and a grid of 4 × 4 regions; the state is as large
as an annotation, as `dot` wants it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from attn_desktop.attention.scores import SCORES
from attn_desktop.families.base import Family
from attn_desktop.families.captioner import Captioner, CaptionerConfig
from attn_desktop.families.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from attn_desktop.families.vision import VisionConfig
from attn_desktop.families.vqa import Vqa, VqaConfig
from attn_desktop.inputs.words import WordCodec

AnyFamily = TypeVar("AnyFamily", bound=Family)

TOY_CAPTIONS = (
    "a red square left of a blue circle.",
    "two green triangles, and a red circle below them.",
    "nothing but a yellow star.",
)
TOY_QUESTIONS = ("what colour is the square?", "is there a circle left of the star?", "how many?")
TOY_ANSWERS = ("red", "blue", "green", "yes", "no", "2", "not there")

TOY_VISION = VisionConfig(side=16, channels=(4, 6), extra=(1, 1), annotation_size=10)
TOY_SEER_MODES = (
    "additive/global/soft",
    "additive/global/hard",
    "additive/local-p/soft",
    "dot/global/soft",
    "none",
)


def toy_picture(seed: int = 0, height: int = 12, width: int = 20) -> NDArray[np.uint8]:
    """Noise: (height, width, 3) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def toy_captioner(seed: int = 0, **changes: Any) -> Captioner:
    """A switchable captioner with every score; dedicated with the changes of `dedicated`."""
    target = WordCodec.of_texts(TOY_CAPTIONS)
    config = CaptionerConfig(
        family="captioner",
        language="English",
        target_vocabulary=len(target),
        embedding_size=6,
        decoder_size=10,
        projection_size=4,
        scores=tuple(SCORES),
        trained_modes=TOY_SEER_MODES,
        vision=TOY_VISION,
        half_width=1.5,
        longest_caption=12,
        word_query=True,
    )
    return _randomised(Captioner, seed, msgspec.structs.replace(config, **changes), target)


def toy_vqa(seed: int = 0, **changes: Any) -> Vqa:
    """A switchable VQA model of two glimpses with every score."""
    question, answer = WordCodec.of_texts(TOY_QUESTIONS), WordCodec.of_words(TOY_ANSWERS)
    config = VqaConfig(
        family="vqa",
        language="English",
        question_vocabulary=len(question),
        answer_vocabulary=len(answer),
        embedding_size=6,
        state_size=10,
        projection_size=4,
        scores=tuple(SCORES),
        trained_modes=TOY_SEER_MODES,
        vision=TOY_VISION,
        half_width=1.5,
    )
    return _randomised(Vqa, seed, msgspec.structs.replace(config, **changes), question, answer)


def toy_captioner_checkpoint(folder: Path, seed: int = 0, **changes: Any) -> Checkpoint:
    """`toy_captioner` written to a folder, made if need be, and read back."""
    model = toy_captioner(seed, **changes)
    save_checkpoint(model, model.config, folder)
    return load_checkpoint(folder)


def toy_vqa_checkpoint(folder: Path, seed: int = 0, **changes: Any) -> Checkpoint:
    """`toy_vqa` written to a folder, made if need be, and read back."""
    model = toy_vqa(seed, **changes)
    save_checkpoint(model, model.config, folder)
    return load_checkpoint(folder)


def _randomised(kind: type[AnyFamily], seed: int, *arguments: Any) -> AnyFamily:
    """As spread as trained weights; the global random state stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = kind(*arguments)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(torch.randn_like(parameter) * 0.7)
    return model.eval().requires_grad_(False)
