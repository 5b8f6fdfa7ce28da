"""α over the regions of a picture as a small map."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from attn_desktop.gui.region_map import RegionMap
from attn_desktop.gui.theme import theme
from tests.toy_scenes import toy_scene

ROOM = QRectF(10, 20, 200, 60)


def test_a_text_has_none() -> None:
    assert RegionMap.of(toy_scene().source, ROOM) is None


def test_regions_are_squares_at_the_left_of_the_room() -> None:
    regions = RegionMap.of(toy_scene(grid=(3, 4)).source, ROOM)
    assert regions is not None
    assert regions.cells.area == QRectF(10, 20, 80, 60)
    assert regions.position(QPointF(11, 21)) == 0
    assert regions.position(QPointF(89, 79)) == 11
    assert regions.position(QPointF(120, 50)) is None


@pytest.mark.parametrize("dark", [False, True])
def test_the_largest_is_white_and_the_window_has_a_line(qtbot: QtBot, dark: bool) -> None:
    regions = RegionMap.of(toy_scene(grid=(3, 4)).source, ROOM)
    assert regions is not None
    alpha = np.zeros(12)
    alpha[6] = 0.2
    picture, look = QImage(240, 100, QImage.Format.Format_RGB32), theme(dark=dark)
    painter = QPainter(picture)
    regions.paint(painter, alpha, 0.2, {5, 6}, (), look)
    painter.end()
    assert picture.pixelColor(60, 50).lightness() == 255
    assert picture.pixelColor(20, 30).lightness() == 0
    line = picture.pixelColor(30, 50)
    assert line.hsvHue() == pytest.approx(look.hue("target").hsvHue(), abs=6)
    assert picture.pixelColor(49, 45).lightness() == 0, "no line between regions inside"
