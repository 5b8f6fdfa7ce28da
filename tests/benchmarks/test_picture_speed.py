"""How fast α moves over a picture, as shares of a frame.

    pytest -q -s tests/benchmarks/test_picture_speed.py

A run keeps at most 1024 pixels of a picture along its longer side, whatever its file had.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attn_desktop.gui.panel import PANELS, Panel
from attn_desktop.gui.panels.picture import PicturePanel
from attn_desktop.gui.panels.thumbnails import ThumbnailsPanel
from attn_desktop.gui.picture_overlay import OverlayLook
from attn_desktop.gui.scene import Light, Scene
from attn_desktop.gui.theme import theme
from tests.benchmarks.test_window_speed import Measures, frames
from tests.gui.pointer import settle
from tests.toy_scenes import toy_scene
from tests.toy_seers import toy_picture

GRID, STEPS = (14, 14), 40
#: Of a photo of 4000 × 3000 pixels.
KEPT = (768, 1024)


@pytest.fixture
def scene() -> Scene:
    made = toy_scene(grid=GRID, steps=STEPS, t=1)
    assert made.run is not None
    picture = toy_picture(1, *KEPT)
    return replace(made, run=replace(made.run, picture=picture, receptive_field=0.3))


@pytest.fixture
def shown(qtbot: QtBot, scene: Scene) -> Callable[[str, tuple[int, int]], Panel]:
    def make(name: str, size: tuple[int, int]) -> Panel:
        panel = PANELS[name](theme(dark=False))
        qtbot.addWidget(panel)
        panel.resize(*size)
        panel.set_scene(scene)
        panel.show()
        settle()
        return panel

    return make


def painted(act: Callable[[], object], panel: Panel) -> tuple[float, float]:
    """Seconds until a panel has drawn and painted: on the wall, of the processor."""
    began, began_cpu = time.perf_counter(), time.thread_time()
    act()
    panel.flush()
    panel.repaint()
    QApplication.processEvents()
    return time.perf_counter() - began, time.thread_time() - began_cpu


@pytest.mark.parametrize("smooth", [False, True], ids=["cells", "smooth"])
@pytest.mark.parametrize("size", [(420, 460), (1100, 900)])
def test_scrubbing_over_a_large_picture(
    shown: Callable[[str, tuple[int, int]], Panel],
    scene: Scene,
    size: tuple[int, int],
    smooth: bool,
) -> None:
    panel = shown(PicturePanel.name, size)
    assert isinstance(panel, PicturePanel)
    panel.controls.show_look(OverlayLook(smooth=smooth, grid=True))
    settle()
    measures: Measures = []
    for t in range(2, STEPS + 1):
        moved = scene.at(t, scene.phase)
        measures.append(painted(partial(panel.set_scene, moved), panel))
        assert panel.scene.t == t
    frames(f"α over a picture, {size}, {'smooth' if smooth else 'cells'}", measures, target=0.25)


def test_pointing_at_every_region(
    shown: Callable[[str, tuple[int, int]], Panel], scene: Scene
) -> None:
    panel = shown(PicturePanel.name, (700, 740))
    assert isinstance(panel, PicturePanel)
    panel.wanted.connect(lambda intent: panel.set_light(Light(intent.source)))
    cells = panel.cells()
    assert cells is not None
    measures: Measures = []
    for position in range(0, cells.rows * cells.columns, 5):
        at: QPointF = cells.cell(position).center()
        measures.append(painted(partial(QTest.mouseMove, panel, at.toPoint()), panel))
        assert panel.light.source == {position}
    frames("pointing at regions", measures, target=0.25)


def test_scrubbing_with_a_picture_for_each_word(
    shown: Callable[[str, tuple[int, int]], Panel], scene: Scene
) -> None:
    panel = shown(ThumbnailsPanel.name, (900, 420))
    measures: Measures = []
    for t in range(2, STEPS + 1):
        moved = scene.at(t, scene.phase)
        measures.append(painted(partial(panel.set_scene, moved), panel))
    frames(f"{STEPS} small pictures", measures, target=0.25)
    assert np.isfinite(scene.alpha).all()
