"""Where the panels are: the layout a window starts with, and the one it is reset to."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow

from attn_desktop.gui.panel_dock import PanelDock

LEFT, CENTRE, RIGHT = 0.18, 0.55, 0.27
#: Below it three rows of panels would be too low to read: some share a place in tabs.
LOW_PX = 900


def arrange(window: QMainWindow, docks: Mapping[str, PanelDock], low: bool) -> None:
    """Put every dock in its first place and show it.

    low: for a low window, in which fewer panels stand above each other.
    """
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
    if low:
        window.tabifyDockWidget(docks["context"], docks["geometry"])
        window.tabifyDockWidget(docks["context"], docks["soft-hard"])
    else:
        window.splitDockWidget(docks["context"], docks["geometry"], vertical)
    window.addDockWidget(bottom, docks["timeline"])
    for dock in docks.values():
        dock.show()
    if low:
        docks["soft-hard"].raise_()
    _size(window, docks, low)


def _size(window: QMainWindow, docks: Mapping[str, PanelDock], low: bool) -> None:
    horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    width, height = window.width(), window.height()
    columns = [docks["source"], docks["lanes"], docks["next-token"]]
    window.resizeDocks(columns, [round(width * f) for f in (LEFT, CENTRE, RIGHT)], horizontal)
    pair = [docks["alignment"], docks["alpha"]]
    window.resizeDocks(pair, [round(width * CENTRE / 2)] * 2, horizontal)
    timeline = round(height * (0.17 if low else 0.14))
    rest = height - timeline - 140
    window.resizeDocks([docks["timeline"]], [timeline], vertical)
    window.resizeDocks(
        [docks["source"], docks["branches"]], [rest * 2 // 5, rest * 3 // 5], vertical
    )
    if low:
        window.resizeDocks(
            [docks["lanes"], docks["alignment"]], [rest // 3, rest * 2 // 3], vertical
        )
        right = [docks["next-token"], docks["context"]]
        window.resizeDocks(right, [rest * 2 // 5, rest * 3 // 5], vertical)
    else:
        centre = [docks["lanes"], docks["alignment"], docks["soft-hard"]]
        window.resizeDocks(centre, [round(rest * f) for f in (0.27, 0.48, 0.25)], vertical)
        right = [docks["next-token"], docks["context"], docks["geometry"]]
        window.resizeDocks(right, [round(rest * f) for f in (0.3, 0.35, 0.35)], vertical)
