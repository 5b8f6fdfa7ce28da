"""The map of α over a picture: its colours, where they end, and what lies between the cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from attn_desktop.gui.picture_overlay import colour_end, overlay_image, smoothed, step_map
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.theme import theme
from tests.toy_records import FIXED
from tests.toy_scenes import spoiled, toy_scene


def interpolated(alpha: NDArray[np.float64], y: float, x: float) -> float:
    """Bilinear between the centres of cells, level beyond the outermost ones; y, x in cells."""
    rows, columns = alpha.shape
    y, x = min(max(y - 0.5, 0), rows - 1), min(max(x - 0.5, 0), columns - 1)
    top, left = min(int(y), max(rows - 2, 0)), min(int(x), max(columns - 2, 0))
    low, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
    down, across = y - top, x - left
    above = alpha[top, left] * (1 - across) + alpha[top, right] * across
    below = alpha[low, left] * (1 - across) + alpha[low, right] * across
    return float(above * (1 - down) + below * down)


@pytest.mark.parametrize("shape", [(14, 14), (3, 4), (1, 1), (1, 5), (6, 2)])
def test_smooth_is_bilinear_between_the_centres(shape: tuple[int, int]) -> None:
    alpha = np.random.default_rng(1).random(shape)
    fine = smoothed(alpha)
    times = fine.shape[0] // shape[0]
    assert fine.shape == (times * shape[0], times * shape[1])
    expected = [
        [interpolated(alpha, (i + 0.5) / times, (j + 0.5) / times) for j in range(fine.shape[1])]
        for i in range(fine.shape[0])
    ]
    np.testing.assert_allclose(fine, expected, atol=1e-12)


def test_colours_end_at_the_largest_alpha_that_is_meant() -> None:
    scene = toy_scene(grid=(3, 4), steps=4, t=2)
    largest = [float(scene.alpha[t].max()) for t in range(4)]
    assert colour_end(scene, 2, "step") == largest[1]
    assert colour_end(scene, 2, "output") == max(largest)
    assert colour_end(scene, 2, "one") == 1.0
    assert colour_end(toy_scene(grid=(3, 4), mode=FIXED), 2, "step") == 1.0
    assert colour_end(spoiled(scene), 2, "output") == 1.0


def test_a_pixel_a_cell_from_black_to_white() -> None:
    alpha = np.array([[0.0, 0.1, 0.2], [0.05, 0.15, 0.4]])
    shown = overlay_image(alpha, 0.2, smooth=False, theme=theme(dark=False))
    assert (shown.width(), shown.height()) == (3, 2)
    levels = [[shown.pixelColor(x, y).red() for x in range(3)] for y in range(2)]
    assert levels == [[0, 128, 255], [64, 191, 255]]


def test_what_is_no_number_is_faint_and_spoils_nothing_around_it() -> None:
    look = theme(dark=True)
    alpha = np.array([[0.5, np.nan], [0.25, 0.0]])
    for smooth in (False, True):
        shown = overlay_image(alpha, 0.5, smooth, look)
        assert shown.pixelColor(1, 0) == look.colour("faint")
        assert shown.pixelColor(0, 0) == QColor("white")


def test_there_is_a_map_only_of_what_is_known() -> None:
    scene = toy_scene(grid=(3, 4), steps=3, t=2)
    found = step_map(scene, 2)
    assert found is not None
    np.testing.assert_array_equal(found.ravel(), scene.alpha[1])
    assert found.shape == (3, 4)
    assert step_map(replace(scene, phase=Phase.WINDOW), 2) is None
    assert step_map(replace(scene, phase=Phase.WINDOW), 3) is not None
    assert step_map(replace(scene, phase=Phase.ALPHA), 2) is not None
    for other in (Scene(), toy_scene(), toy_scene(grid=(3, 4), mode=FIXED)):
        assert step_map(other, min(1, len(other.steps))) is None
    assert step_map(scene, 0) is None
