"""The captioner of photographs: what can be said of it without a photograph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from attn_desktop.api import decode, open_model
from attn_desktop.common.paths import models_folder
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.trace.trace import Trace

NAME = "photo-captioner"


@pytest.fixture(scope="module")
def captioner() -> Checkpoint:
    return open_model(NAME)


def field(ground: tuple[int, int, int], sky: tuple[int, int, int], grain: int) -> np.ndarray:
    """A plain with a sky, as rough as a photograph of one."""
    draw = np.random.default_rng(grain)
    picture = Image.new("RGB", (200, 200), sky)
    ImageDraw.Draw(picture).rectangle((0, 90, 200, 200), ground)
    noise = draw.normal(0, grain, (200, 200, 3))
    rough = np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(rough).filter(ImageFilter.GaussianBlur(1)))


MEADOW = field((70, 120, 40), (150, 190, 230), 40)
SEA = field((30, 90, 140), (200, 215, 230), 25)
SNOW = field((235, 238, 245), (120, 170, 230), 8)


def words(trace: Trace) -> list[str]:
    return [step.token.strip("▁") for step in trace.steps if not step.is_end]


def test_every_trained_mode_ends_its_caption(captioner: Checkpoint) -> None:
    trained = captioner.info.trained_modes
    assert {str(mode) for mode in trained} == {
        "none",
        "additive/global/soft",
        "additive/global/hard",
    }
    for mode in trained:
        trace = decode(
            captioner, picture=MEADOW, score=mode.score, scope=mode.scope, weighting=mode.weighting
        )
        assert trace.steps[-1].is_end
        assert 4 <= len(trace.steps) <= 30
        assert all(step.trained for step in trace.steps)


@pytest.mark.parametrize(
    ("picture", "wanted"),
    [
        (MEADOW, {"grass", "grassy", "field"}),
        (SEA, {"water", "pool", "ocean", "wave", "lake", "beach", "surfboard"}),
        (SNOW, {"snow", "snowy", "ski", "skis", "skier", "snowboarder"}),
    ],
)
def test_what_a_plain_is_of(captioner: Checkpoint, picture: Any, wanted: set[str]) -> None:
    assert wanted & set(words(decode(captioner, picture=picture)))


@pytest.mark.parametrize("middle", [50, 150])
def test_it_looks_at_what_stands_in_a_plain(captioner: Checkpoint, middle: int) -> None:
    """Something brown on legs, left or right: whatever it is called, it is looked at."""
    picture = Image.fromarray(MEADOW)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((middle - 28, 95, middle + 22, 125), (95, 60, 30))
    pen.ellipse((middle + 12, 82, middle + 32, 104), (95, 60, 30))
    for x in (-22, -12, 6, 14):
        pen.rectangle((middle + x, 115, middle + x + 5, 145), (80, 50, 25))
    named = decode(captioner, picture=np.asarray(picture)).steps[1]
    assert named.cross is not None
    across = named.cross.alpha[0, 0].reshape(10, 10).sum(axis=0)
    half = slice(0, 5) if middle < 100 else slice(5, 10)
    assert across[half].sum() > 0.7


def test_the_weights_have_a_licence_of_their_own() -> None:
    text = (models_folder() / NAME / "LICENSE.md").read_text(encoding="utf-8")
    assert "non-commercial research and education only" in text
    card = (models_folder() / NAME / "README.md").read_text(encoding="utf-8")
    assert "(LICENSE.md)" in card
