"""Lines that are painted fast: as wide and as dark as slow ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPicture
from pytestqt.qtbot import QtBot

from attn_desktop.gui.painting import draw_line, draw_way

SIDE = 100
PLACES = np.column_stack([np.linspace(5, 95, 40), 50 + 30 * np.sin(np.arange(40))])


def painted(scale: float, paint: Callable[[QPainter], None]) -> NDArray[np.float64]:
    """(rows, columns) of how much ink there is, from 0 to 1."""
    side = round(SIDE * scale)
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint(painter)
    painter.end()
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(side, side, 4)
    return 1 - rows[..., 0].astype(np.float64) / 255


def line(places: NDArray[np.float64]) -> QPainterPath:
    path = QPainterPath(QPointF(*places[0]))
    for place in places[1:]:
        path.lineTo(*place)
    return path


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("width", [1.0, 1.6, 1.9])
@pytest.mark.parametrize("upright", [False, True])
def test_a_line_is_as_wide_as_asked(
    qtbot: QtBot, scale: float, width: float, upright: bool
) -> None:
    ends = np.array([[10.0, 50.0], [90.0, 50.0]])
    path = line(ends[:, ::-1] if upright else ends)
    seen = painted(scale, lambda painter: draw_line(painter, path, QColor("black"), width))
    middle = seen[round(50 * scale)] if upright else seen[:, round(50 * scale)]
    assert middle.sum() / scale == pytest.approx(width, abs=0.3)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_dashes_are_as_long_on_every_screen(qtbot: QtBot, scale: float) -> None:
    path = line(np.array([[10.0, 50.5], [90.0, 50.5]]))
    black = QColor("black")
    seen = painted(scale, lambda painter: draw_line(painter, path, black, dashed=True))
    row = seen[round(50.5 * scale)] > 0.5
    starts = np.flatnonzero(~row[:-1] & row[1:])
    assert np.diff(starts).mean() / scale == pytest.approx(6, abs=0.2)


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_a_pale_way_is_as_dark_as_a_stroke(qtbot: QtBot, scale: float) -> None:
    pale = QColor(0, 0, 0, 100)

    def stroke(painter: QPainter) -> None:
        painter.strokePath(line(PLACES), QPen(pale, 1))

    seen = painted(scale, lambda painter: draw_way(painter, PLACES, pale))
    assert seen.sum() == pytest.approx(painted(scale, stroke).sum(), rel=0.05)
    assert seen.max() < 0.65, "only where it crosses itself it is darker"


def test_a_way_has_gaps_where_places_are_not_finite(qtbot: QtBot) -> None:
    places = np.array([[10.0, 50.0], [40.0, 50.0], [np.nan, np.nan], [60.0, 50.0], [90.0, 50.0]])
    seen = painted(1.0, lambda painter: draw_way(painter, places, QColor("black")))
    columns = set(np.flatnonzero(seen.sum(axis=0)).tolist())
    assert {15, 75} <= columns
    assert not columns & set(range(45, 55))


@pytest.mark.parametrize("places", [np.zeros((0, 2)), np.full((3, 2), np.nan), np.ones((1, 2))])
def test_a_way_through_nothing_is_nothing(qtbot: QtBot, places: NDArray[np.float64]) -> None:
    def both(painter: QPainter) -> None:
        draw_way(painter, places, QColor("black"))

    assert not painted(2.0, both).any()
    picture = QPicture()
    painter = QPainter(picture)
    both(painter)
    painter.end()
