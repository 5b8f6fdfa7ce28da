"""Where the panels are: the layout a window starts with, and the one it is reset to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QMainWindow, QTabBar

from attn_desktop.gui.panel_dock import PanelDock

#: Shares of the width, and where the outer columns stop growing.
LEFT, RIGHT = 0.18, 0.27
MAX_LEFT_PX, MAX_RIGHT_PX = 320, 620
TIMELINE_PX = 190
#: Shares of the height of the window that the timeline has at most: usually, and with watches.
USUAL_SHARE, MOST_SHARE = 0.24, 0.36
#: Share of the height of the window that a beam search has at most in the place of the timeline.
BEAM_SHARE = 0.42
#: Tabs no further below a dock belong to it.
TOUCHING_PX = 3
#: Panels that share a place, in tabs: behind the first the others wait until they are wanted.
TABS = (
    ("branches", "notes", "history"),
    ("lanes", "formula", "thumbnails"),
    ("alignment", "compare", "gradients", "rollouts", "picture"),
    ("alpha", "scores", "scopes", "each-position", "gallery"),
    ("context", "ledger"),
    ("timeline", "beam"),
)
#: What shares a place in a low window besides.
LOW_TABS = (("context", "geometry", "soft-hard"), ("branches", "conditions"))
#: Below it three rows of panels would be too low to read: some share a place in tabs.
LOW_PX = 960


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
        window.splitDockWidget(source, docks["conditions"], vertical)
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
    timeline = timeline_height(docks["timeline"], height)
    rest = height - timeline
    _hold_height(docks["timeline"], timeline)
    if low:
        _resize(window, [docks["source"], docks["branches"]], [rest * 0.4, rest * 0.6], vertical)
        _resize(window, [docks["lanes"], docks["alignment"]], [rest * 0.33, rest * 0.67], vertical)
        stack = [docks["next-token"], docks["context"]]
        _resize(window, stack, [rest * 0.4, rest * 0.6], vertical)
    else:
        stack = [docks["source"], docks["conditions"], docks["branches"]]
        _resize(window, stack, [rest * 0.3, rest * 0.38, rest * 0.32], vertical)
        centre = [docks["lanes"], docks["alignment"], docks["soft-hard"]]
        _resize(window, centre, [rest * 0.25, rest * 0.5, rest * 0.25], vertical)
        stack = [docks["next-token"], docks["context"], docks["geometry"]]
        _resize(window, stack, [rest * 0.3, rest * 0.35, rest * 0.35], vertical)


def timeline_height(timeline: PanelDock, height: int) -> int:
    """Pixels for the timeline at first in a window of this height: more for its watches."""
    scale = timeline.panel.theme.scale
    usual = min(height * USUAL_SHARE, TIMELINE_PX * scale)
    return round(min(usual + _for_watches(timeline), max(usual, height * MOST_SHARE)))


class TimelineRoom(QObject):
    """Makes the timeline higher when watches are added, and lower when they are taken away."""

    def __init__(self, window: QMainWindow, timeline: PanelDock) -> None:
        super().__init__(timeline)
        self._window, self._timeline = window, timeline
        self._count = 0
        #: Pixels at normal type that it has got for its watches.
        self._added = 0.0
        timeline.panel.captioned.connect(self._fit)

    def _fit(self) -> None:
        timeline, panel = self._timeline, self._timeline.panel
        if len(panel.scene.watches) == self._count:
            return
        self._count, scale = len(panel.scene.watches), panel.theme.scale
        own = max(
            round(timeline.height() - self._added * scale), timeline.minimumSizeHint().height()
        )
        # One that somebody made higher than it would be is not made lower.
        most = max(own, timeline.height(), round(self._window.height() * MOST_SHARE))
        height = min(own + _for_watches(timeline), most)
        self._added = (height - own) / scale
        _hold_height(timeline, height)


class BeamRoom(QObject):
    """Makes the place that the beam search shares with the timeline higher while it is in front.

    Afterwards every row has the height again that it had before.
    """

    def __init__(self, window: QMainWindow, beam: PanelDock, timeline: PanelDock) -> None:
        super().__init__(beam)
        self._window, self._beam, self._timeline = window, beam, timeline
        self._in_front = False
        #: What the places had before, and the timeline; None while the search is behind.
        self._before: dict[PanelDock, int] | None = None
        self._height = 0
        # Docks also come and go while a layout is made, or the window taken apart.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._fit)
        beam.visibilityChanged.connect(self._changed)

    @contextmanager
    def lowered(self) -> Iterator[None]:
        """The sizes of the places as they are without the search, to be written down."""
        if self._before is None:
            yield
            return
        now = self._heights()
        self._give(self._before)
        try:
            yield
        finally:
            self._give(now)

    def forget(self) -> None:
        """The docks have got other places, and those are what there is to come back to."""
        self._before = None
        self._timer.start(0)

    def _changed(self, in_front: bool) -> None:
        self._in_front = in_front
        self._timer.start(0)

    def _fit(self) -> None:
        beam, timeline, in_front = self._beam, self._timeline, self._in_front
        together = beam in self._window.tabifiedDockWidgets(timeline)
        if in_front and together and self._before is None:
            self._before, self._height = self._heights(), timeline.height()
            # The lowest of the greatest heights holds for all tabs.
            timeline.setMaximumHeight(beam.maximumHeight())
            wanted = min(beam.sizeHint().height(), round(self._window.height() * BEAM_SHARE))
            # Held until the others have what is left; later it may be lower.
            beam.setMinimumHeight(max(wanted, self._height))
            QTimer.singleShot(0, beam, partial(beam.setMinimumHeight, 0))
        elif not in_front and self._before is not None:
            _hold_height(timeline, self._height)
            self._give(self._before)
            self._before = None

    def _heights(self) -> dict[PanelDock, int]:
        """Of each place with its tabs, by the dock that is in front in it."""
        docks = self._window.findChildren(PanelDock)
        return {
            dock: dock.height() + self._tabs_height(dock)
            for dock in docks
            if _is_docked(self._window, dock) and not dock.visibleRegion().isEmpty()
        }

    def _tabs_height(self, dock: PanelDock) -> int:
        """What the tabs below a dock take of its place; they are not all of one height."""
        only = Qt.FindChildOption.FindDirectChildrenOnly
        for bar in self._window.findChildren(QTabBar, options=only):
            box, above = bar.geometry(), dock.geometry()
            beside = above.left() <= box.center().x() <= above.right()
            if bar.isVisible() and beside and 0 < box.top() - above.bottom() <= TOUCHING_PX:
                return box.bottom() - above.bottom()
        return 0

    def _give(self, heights: Mapping[PanelDock, int]) -> None:
        docks = [dock for dock in heights if _is_docked(self._window, dock)]
        sizes: list[float] = [heights[dock] for dock in docks]
        _resize(self._window, docks, sizes, Qt.Orientation.Vertical)


def _is_docked(window: QMainWindow, dock: PanelDock) -> bool:
    nowhere = Qt.DockWidgetArea.NoDockWidgetArea
    return not dock.isFloating() and window.dockWidgetArea(dock) != nowhere


def _for_watches(timeline: PanelDock) -> int:
    """Pixels that the panel asks for besides its natural height."""
    panel = timeline.panel
    return panel.sizeHint().height() - panel.theme.px(panel.natural[1])


def _hold_height(timeline: PanelDock, height: int) -> None:
    """Hold it at a height until the others have theirs.

    Later it may be smaller, and not grow into what a window made larger has to give.
    """
    timeline.setFixedHeight(height)
    QTimer.singleShot(0, timeline, partial(_free_height, timeline))


def _free_height(timeline: PanelDock) -> None:
    timeline.setMinimumHeight(0)
    most = TIMELINE_PX * timeline.panel.theme.scale + _for_watches(timeline)
    timeline.setMaximumHeight(round(most))


def _resize(
    window: QMainWindow, docks: list[PanelDock], sizes: list[float], way: Qt.Orientation
) -> None:
    window.resizeDocks(docks, [max(1, round(size)) for size in sizes], way)
