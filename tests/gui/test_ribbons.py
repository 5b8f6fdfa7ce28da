"""Ribbons worked out as an image: the same as strokes, to the eye."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPicture
from pytestqt.qtbot import QtBot

from attn_desktop.gui import ribbons as module
from attn_desktop.gui.ribbons import FEW, paint_ribbons

WIDTH, HEIGHT, TOP, BOTTOM = 300, 120, 20.0, 100.0
GREY = QColor(90, 100, 110, 61)


def made(count: int, seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    ends = rng.uniform(20, WIDTH - 20, (count, 2))
    return np.column_stack([ends, rng.uniform(1, 14, count)])


def painted(
    ribbons: NDArray[np.float64], colour: QColor = GREY, scale: float = 1.0
) -> NDArray[np.int64]:
    """(rows, columns) of how dark the pixels are, on white."""
    image = QImage(round(WIDTH * scale), round(HEIGHT * scale), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_ribbons(painter, ribbons, TOP, BOTTOM, colour)
    painter.end()
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), -1, 4)
    return 255 - rows[..., 0].astype(np.int64)


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_many_ribbons_look_like_strokes(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, scale: float
) -> None:
    ribbons = made(FEW + 20)
    image = painted(ribbons, scale=scale)
    monkeypatch.setattr(module, "FEW", len(ribbons))
    strokes = painted(ribbons, scale=scale)
    assert strokes.max() > 90, "some cross"
    # Rims differ by a part of a pixel.
    assert np.abs(image - strokes).mean() < 2
    assert image.sum() == pytest.approx(strokes.sum(), rel=0.01)


def test_ribbons_that_cross_add_up(qtbot: QtBot) -> None:
    same = np.tile([[150.0, 150.0, 10.0]], (FEW + 1, 1))
    middle = painted(same)[60, 145:155]
    through = (1 - GREY.alphaF()) ** len(same)
    assert middle == pytest.approx(np.full(10, (255 - GREY.blue()) * (1 - through)), abs=2)


def test_an_opaque_ribbon_has_its_colour(qtbot: QtBot) -> None:
    same = np.tile([[150.0, 150.0, 10.0]], (FEW + 1, 1))
    assert painted(same, QColor(0, 0, 55))[60, 150] == pytest.approx(200, abs=2)


@pytest.mark.parametrize("ends", [(0.0, 0.0), (0.0, WIDTH), (WIDTH, WIDTH), (-400.0, 700.0)])
def test_ribbons_at_and_beyond_the_edges_are_cut(qtbot: QtBot, ends: tuple[float, float]) -> None:
    seen = painted(np.tile([[*ends, 14.0]], (FEW + 1, 1)))
    assert seen.any()
    assert not seen[: int(TOP)].any()
    assert not seen[int(BOTTOM) + 1 :].any()


def test_a_file_holds_strokes(qtbot: QtBot) -> None:
    picture = QPicture()
    painter = QPainter(picture)
    paint_ribbons(painter, made(FEW + 1), TOP, BOTTOM, GREY)
    painter.end()
    assert 0 < picture.size() < 4 * WIDTH * HEIGHT / 8, "an image would take more"


def test_no_ribbon_paints_nothing(qtbot: QtBot) -> None:
    assert not painted(np.zeros((0, 3))).any()
