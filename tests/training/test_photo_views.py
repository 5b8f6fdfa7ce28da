from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from attn_desktop.training.photo_views import Variety, views

PLAIN = Variety(mirror=False)
EVERYTHING = Variety(
    zoom=(0.4, 1.2), stretch=0.4, turn=0.3, tone=0.4, hue=0.5, grey=0.3, blend=0.3, paste=0.3
)


def squares(count: int = 4, side: int = 16) -> torch.Tensor:
    """Smooth pictures, so that moving them by a part of a pixel changes little."""
    patches = np.random.default_rng(0).integers(30, 220, (count, 3, 3, 3)).astype(np.uint8)
    enlarged = [
        np.asarray(Image.fromarray(patch).resize((side, side), Image.Resampling.BICUBIC))
        for patch in patches
    ]
    return torch.from_numpy(np.stack(enlarged))


def planes(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.permute(0, 3, 1, 2).float()


def test_without_variety_a_view_is_the_picture() -> None:
    pixels = squares()
    torch.testing.assert_close(views(pixels, PLAIN), planes(pixels), atol=0.02, rtol=0)


def test_half_of_the_views_are_mirrored() -> None:
    pixels = squares(1).expand(200, -1, -1, -1)
    torch.manual_seed(0)
    seen = views(pixels, Variety())
    straight, mirrored = planes(pixels), planes(pixels).flip(3)
    is_mirrored = (seen - mirrored).abs().amax(dim=(1, 2, 3)) < 0.1
    is_straight = (seen - straight).abs().amax(dim=(1, 2, 3)) < 0.1
    assert bool((is_mirrored ^ is_straight).all())
    assert 70 < int(is_mirrored.sum()) < 130


def test_zooming_in_shows_a_part() -> None:
    """The middle half of a ramp from left to right has half of its range, wherever it is taken."""
    ramp = torch.arange(32).mul(8).to(torch.uint8).view(1, 1, 32, 1).expand(50, 32, 32, 3)
    torch.manual_seed(0)
    seen = views(ramp, Variety(zoom=(0.5, 0.5), mirror=False))
    span = seen[:, 0, 16].amax(dim=1) - seen[:, 0, 16].amin(dim=1)
    torch.testing.assert_close(span, torch.full((50,), 124.0), atol=1.0, rtol=0)
    left = seen[:, 0, 16, 0]
    assert left.min() < 10
    assert left.max() > 110


def test_a_turn_of_hue_keeps_lightness_and_grey_has_no_colour() -> None:
    pixels = squares(20)
    torch.manual_seed(0)
    lightness = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    turned = views(pixels, Variety(hue=0.3, mirror=False))
    inside = ((turned > 1) & (turned < 254)).all(dim=1)
    before = (planes(pixels) * lightness).sum(1)[inside]
    after = (turned * lightness).sum(1)[inside]
    torch.testing.assert_close(after, before, atol=0.5, rtol=0)
    assert (turned - planes(pixels)).abs().mean() > 2
    grey = views(pixels, Variety(grey=1.0, mirror=False))
    assert (grey - grey.mean(dim=1, keepdim=True)).abs().max() < 0.5


def test_mixtures_are_between_a_picture_and_another() -> None:
    pixels = torch.stack([torch.zeros(12, 12, 3), torch.full((12, 12, 3), 200)]).to(torch.uint8)
    torch.manual_seed(0)
    blended = views(pixels, Variety(blend=1.0, mirror=False))
    spread = blended.amax(dim=(1, 2, 3)) - blended.amin(dim=(1, 2, 3))
    assert spread.max() < 0.1  # the same weight everywhere, and the picture itself outweighs
    assert 0 < blended[0].mean() <= 100 <= blended[1].mean() < 200
    pasted = views(pixels, Variety(paste=1.0, mirror=False))
    ends = (pasted < 0.1) | (pasted > 199.9)
    assert bool(ends.all())
    shares = (pasted[0] > 100).float().mean(), (pasted[1] < 100).float().mean()
    assert all(0 < share < 0.5 for share in shares)


@pytest.mark.parametrize("seed", range(3))
def test_views_stay_pictures_and_follow_from_the_seed(seed: int) -> None:
    pixels = squares(30)
    torch.manual_seed(seed)
    seen = views(pixels, EVERYTHING)
    assert seen.shape == (30, 3, 16, 16)
    assert 0 <= float(seen.min()) <= float(seen.max()) <= 255
    torch.manual_seed(seed)
    assert torch.equal(views(pixels, EVERYTHING), seen)
    assert not torch.equal(views(pixels, EVERYTHING), seen)
