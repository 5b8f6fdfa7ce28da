"""Where the panels are: the layout a window starts with, and the one it is reset to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMainWindow

from attn_desktop.gui.panel_dock import PanelDock

#: Shares of the width, and where the outer columns stop growing.
LEFT, RIGHT = 0.18, 0.27
MAX_LEFT_PX, MAX_RIGHT_PX = 320, 620
TIMELINE_PX = 190
#: Panels that share a place, in tabs: behind the first the others wait until they are wanted.
TABS = (
    ("branches", "notes", "history"),
    ("lanes", "formula"),
    ("alignment", "compare"),
)
#: What shares a place in a low window besides.
LOW_TABS = (("context", "geometry", "soft-hard"),)
#: Below it three rows of panels would be too low to read: some share a place in tabs.
LOW_PX = 900


def arrange(window: QMainWindow, docks: Mapping[str, PanelDock]) -> None:
    """Put every dock in its first place and show it."""
    low = window.height() < LOW_PX * docks["source"].panel.theme.scale
    for dock in docks.values():
        dock.setFloating(False)
        window.removeDockWidget(dock)
    horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    top, bottom = Qt.DockWidgetArea.TopDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
    source, lanes, token = docks["source"], docks["lanes"], docks["next-token"]
    window.addDockWidget(top, source)
    window.splitDockWidget(source, lanes, horizontal)
    window.splitDockWidget(lanes, token, horizontal)
    window.splitDockWidget(source, docks["branches"], vertical)
    if not low:
        window.splitDockWidget(lanes, docks["soft-hard"], vertical)
    window.splitDockWidget(lanes, docks["alignment"], vertical)
    window.splitDockWidget(docks["alignment"], docks["alpha"], horizontal)
    window.splitDockWidget(token, docks["context"], vertical)
    if not low:
        window.splitDockWidget(docks["context"], docks["geometry"], vertical)
    window.addDockWidget(bottom, docks["timeline"])
    for group in (*(LOW_TABS if low else ()), *TABS):
        for name in group[1:]:
            window.tabifyDockWidget(docks[group[0]], docks[name])
    for dock in docks.values():
        dock.show()
    size_docks(window, docks)
    front = [group[0] for group in TABS] + (["soft-hard"] if low else [])
    for name in front:
        # Tabs are made when the event loop runs; before that there is nothing to come to the fore.
        QTimer.singleShot(0, docks[name], docks[name].raise_)


def size_docks(window: QMainWindow, docks: Mapping[str, PanelDock]) -> None:
    """Give the docks their first sizes, wherever they are by now."""
    low = docks["soft-hard"] in window.tabifiedDockWidgets(docks["context"])
    horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    scale = docks["source"].panel.theme.scale
    width, height = window.width(), window.height()
    left = min(width * LEFT, MAX_LEFT_PX * scale)
    right = min(width * RIGHT, MAX_RIGHT_PX * scale)
    centre_width = width - left - right
    pair = [docks["alignment"], docks["alpha"]]
    _resize(window, pair, [centre_width / 2] * 2, horizontal)
    columns = [docks["source"], docks["lanes"], docks["next-token"]]
    _resize(window, columns, [left, centre_width, right], horizontal)
    timeline = min(height * 0.24, TIMELINE_PX * scale)
    rest = height - timeline
    # Held at its height until the others have theirs; later it may be smaller, and not grow into
    # what a window made larger has to give.
    docks["timeline"].setFixedHeight(round(timeline))
    QTimer.singleShot(0, docks["timeline"], partial(_free_height, docks["timeline"], scale))
    _resize(window, [docks["source"], docks["branches"]], [rest * 0.4, rest * 0.6], vertical)
    if low:
        _resize(window, [docks["lanes"], docks["alignment"]], [rest * 0.33, rest * 0.67], vertical)
        stack = [docks["next-token"], docks["context"]]
        _resize(window, stack, [rest * 0.4, rest * 0.6], vertical)
    else:
        centre = [docks["lanes"], docks["alignment"], docks["soft-hard"]]
        _resize(window, centre, [rest * 0.25, rest * 0.5, rest * 0.25], vertical)
        stack = [docks["next-token"], docks["context"], docks["geometry"]]
        _resize(window, stack, [rest * 0.3, rest * 0.35, rest * 0.35], vertical)


def _free_height(timeline: PanelDock, scale: float) -> None:
    timeline.setMinimumHeight(0)
    timeline.setMaximumHeight(round(TIMELINE_PX * scale))


def _resize(
    window: QMainWindow, docks: list[PanelDock], sizes: list[float], way: Qt.Orientation
) -> None:
    window.resizeDocks(docks, [max(1, round(size)) for size in sizes], way)
