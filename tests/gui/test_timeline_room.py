"""The dock of the timeline: higher for watches, up to a share of the window, and back again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from attn_desktop.gui.layout import MOST_SHARE, TimelineRoom
from attn_desktop.gui.panel_dock import PanelDock
from attn_desktop.gui.panels.lanes import LanesPanel
from attn_desktop.gui.panels.timeline import TimelinePanel
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.theme import theme
from attn_desktop.gui.timeline_places import row_height
from tests.gui.pointer import settle
from tests.gui.watched_scenes import with_annotations
from tests.toy_scenes import toy_scene

LIGHT, BEFORE = theme(dark=False), 190
WATCHES = ("log_prob", "p", "t", "t > 1", "entropy(alpha)", "norm(state)", "norm(context)")


@pytest.fixture
def dock(qtbot: QtBot) -> PanelDock:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(1000, 900)
    above, timeline = (PanelDock(kind(LIGHT), window) for kind in (LanesPanel, TimelinePanel))
    window.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, above)
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, timeline)
    TimelineRoom(window, timeline)
    window.show()
    show(timeline, 0)
    give(timeline, BEFORE)
    assert timeline.height() == pytest.approx(BEFORE, abs=10), "separators take some"
    return timeline


def give(dock: PanelDock, height: int) -> None:
    """As somebody who drags its upper edge."""
    window = dock.parent()
    assert isinstance(window, QMainWindow)
    docks = [other for other in window.findChildren(PanelDock) if other is not dock]
    sizes = [window.height() - height, height]
    window.resizeDocks([*docks, dock], sizes, Qt.Orientation.Vertical)
    settle()


def show(dock: PanelDock, watches: int) -> None:
    scene: Scene = with_annotations(toy_scene(steps=8), watches=WATCHES[:watches])
    dock.panel.set_scene(scene)
    settle()


def test_it_grows_by_a_row_a_watch_and_shrinks_again(dock: PanelDock) -> None:
    before = dock.height()
    for count in (1, 3, 2, 0):
        show(dock, count)
        assert dock.height() == pytest.approx(before + count * row_height(LIGHT), abs=2)
        if count:
            assert "watch" not in dock.panel.caption(), "there is room for all of them"


def test_it_leaves_most_of_the_window_to_the_others(dock: PanelDock) -> None:
    before = dock.height()
    show(dock, 7)
    assert dock.height() == pytest.approx(900 * MOST_SHARE, abs=2)
    assert "below" in dock.panel.caption()
    show(dock, 0)
    assert dock.height() == pytest.approx(before, abs=2)


def test_it_keeps_the_height_that_somebody_gave_it(dock: PanelDock) -> None:
    give(dock, BEFORE - 40)
    lower = dock.height()
    assert lower < BEFORE - 20
    show(dock, 2)
    assert dock.height() == pytest.approx(lower + 2 * row_height(LIGHT), abs=2)
    scene = with_annotations(toy_scene(steps=8, seed=1), watches=WATCHES[:2])
    dock.panel.set_scene(scene.at(3, scene.phase))
    settle()
    assert dock.height() == pytest.approx(lower + 2 * row_height(LIGHT), abs=2)
