"""Thumbnails: their size, what they show, and which sizes there are."""

from __future__ import annotations

import numpy as np
import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.inputs.image import load_picture
from attn_desktop.inputs.thumbnails import LEAST_SIDE, MOST_SIDE, thumbnail


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((600, 900), (80, 120)),
        ((900, 600), (120, 80)),
        ((50, 70), (50, 70)),
        ((1024, 2), (120, 1)),
        ((1, 1), (1, 1)),
    ],
)
def test_the_longer_side_is_bounded_and_nothing_is_enlarged(
    shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    small = load_picture(thumbnail(np.zeros((*shape, 3), dtype=np.uint8), 120))
    assert small.shape == (*expected, 3)


def test_it_shows_the_picture() -> None:
    quarters = np.zeros((400, 600, 3), dtype=np.uint8)
    quarters[:200, :300], quarters[200:, 300:] = (250, 10, 10), (10, 10, 250)
    small = load_picture(thumbnail(quarters, 60)).astype(int)
    for colour, part in (
        ((250, 10, 10), small[2:18, 2:28]),
        ((10, 10, 250), small[22:38, 32:58]),
        ((0, 0, 0), small[2:18, 32:58]),
    ):
        assert np.abs(part - colour).max() < 25


@pytest.mark.parametrize("side", [0, -3, LEAST_SIDE - 1, MOST_SIDE + 1, 10**9])
def test_a_side_that_is_none_is_refused(side: int) -> None:
    with pytest.raises(InputError, match=f"16 to 512 pixels, not {side}"):
        thumbnail(np.zeros((4, 4, 3), dtype=np.uint8), side)
