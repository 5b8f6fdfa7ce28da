"""The place of the beam search: what its action does, and the height that it has while in front."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow

from attn_desktop.common.registry import import_modules
from attn_desktop.gui import panels
from attn_desktop.gui.debug_desk import DebugDesk
from attn_desktop.gui.layout import TIMELINE_PX, BeamRoom, arrange
from attn_desktop.gui.panel import PANELS
from attn_desktop.gui.panel_dock import PanelDock
from attn_desktop.gui.panels.beam import BeamPanel
from attn_desktop.gui.theme import theme
from attn_desktop.trace.records import ProbeRecord
from tests.gui.desk import Desk
from tests.gui.pointer import settle

LOOK = theme(dark=False)


@dataclass
class Place:
    """A window with the panels concerned, and the debugger that brings them to the fore."""

    window: QMainWindow
    docks: dict[str, PanelDock]
    room: BeamRoom
    debugger: DebugDesk
    notes: list[str]

    def raise_dock(self, name: str) -> None:
        self.docks[name].raise_()
        settle()

    def heights(self) -> dict[str, int]:
        """Of the panels that are seen."""
        return {
            name: dock.height()
            for name, dock in self.docks.items()
            if not dock.visibleRegion().isEmpty()
        }


@pytest.fixture
def place(desk: Desk) -> Iterator[Place]:
    window = QMainWindow()
    window.resize(1280, 800)
    import_modules(panels)
    docks = {name: PanelDock(PANELS[name](LOOK), window) for name in PANELS}
    for dock in docks.values():
        dock.hide()
    areas = Qt.DockWidgetArea
    window.addDockWidget(areas.TopDockWidgetArea, docks["alpha"])
    docks["alpha"].show()
    for name in ("timeline", "beam"):
        window.addDockWidget(areas.BottomDockWidgetArea, docks[name])
        docks[name].show()
    window.tabifyDockWidget(docks["timeline"], docks["beam"])
    docks["timeline"].setMaximumHeight(TIMELINE_PX)
    room = BeamRoom(window, docks["beam"], docks["timeline"])
    debugger = DebugDesk(window, desk.session, desk.stepping, docks)
    for dock in docks.values():
        dock.panel.wanted.connect(debugger.take)
        desk.playhead.scene_changed.connect(dock.panel.set_scene)
    notes: list[str] = []
    debugger.noted.connect(notes.append)
    window.show()
    made = Place(window, docks, room, debugger, notes)
    made.raise_dock("timeline")
    yield made
    shiboken6.delete(window)


def test_it_is_higher_than_the_timeline_while_it_is_in_front(place: Place) -> None:
    timeline, beam = place.docks["timeline"], place.docks["beam"]
    low = timeline.height()
    assert low <= TIMELINE_PX
    for _ in range(2):
        place.raise_dock("beam")
        assert beam.height() > TIMELINE_PX
        assert beam.minimumHeight() == 0, "it may be made lower"
        place.raise_dock("timeline")
        assert timeline.height() == low
    beam.close()
    settle()
    assert timeline.height() == low


@pytest.mark.parametrize("size", [(1280, 800), (1440, 900), (1600, 1000)])
def test_all_rows_come_back_to_the_heights_that_they_had(
    place: Place, size: tuple[int, int]
) -> None:
    place.window.resize(*size)
    arrange(place.window, place.docks)
    settle()
    place.raise_dock("formula")
    before = place.heights()
    assert {"source", "formula", "alignment", "alpha", "timeline"} <= set(before)
    for _ in range(2):
        place.raise_dock("beam")
        squeezed = place.heights()
        assert squeezed["beam"] > before["timeline"]
        assert squeezed["alignment"] < before["alignment"]
        place.raise_dock("timeline")
        assert place.heights() == before


def test_a_layout_written_down_while_it_is_in_front_has_the_usual_heights(place: Place) -> None:
    place.window.resize(1440, 900)
    arrange(place.window, place.docks)
    settle()
    before = place.heights()
    place.raise_dock("beam")
    squeezed = place.heights()
    with place.room.lowered():
        state = place.window.saveState()
    settle()
    assert place.heights() == squeezed, "nothing has moved"
    place.raise_dock("timeline")
    place.window.resizeDocks(
        [place.docks["lanes"], place.docks["alignment"]], [300, 150], Qt.Orientation.Vertical
    )
    settle()
    assert place.heights() != before
    place.window.restoreState(state)
    place.room.forget()
    settle()
    assert place.heights() == squeezed, "it is in front, as it was"
    place.raise_dock("timeline")
    assert place.heights() == before


def test_the_action_searches_from_the_playhead(place: Place, desk: Desk) -> None:
    actions = place.debugger.handlers()
    actions["search"]()
    assert "Encode a sentence" in place.notes[-1]
    desk.stepping.run_after_encoding = False
    desk.encode()
    desk.stepping.step()
    desk.settle()
    panel = place.docks["beam"].panel
    assert isinstance(panel, BeamPanel)
    place.raise_dock("timeline")
    panel.settings.width_field.setValue(2)
    panel.settings.limit.setValue(50)
    actions["search"]()
    settle()
    assert not place.docks["beam"].visibleRegion().isEmpty(), "it came to the fore"
    node = desk.scene.steps[0].node

    def found() -> list[ProbeRecord]:
        return [probe for probe in desk.scene.probes.get(node, ()) if probe.kind == "beam"]

    desk.wait(lambda: bool(found()))
    actions["stop-probe"]()
    desk.wait(lambda: not desk.session.probing)
    (record,) = found()
    assert (record.settings["width"], record.settings["start"]) == (2, 1)
    assert not desk.failures
