"""A pointer over a plot panel, aimed in the coordinates of its view."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF

from attn_desktop.gui.intents import Brush
from attn_desktop.gui.panel import Panel
from attn_desktop.gui.plot_panel import PlotPanel
from attn_desktop.gui.scene import Scene
from tests.gui import pointer
from tests.gui.heard import Heard


@contextmanager
def every_move_counts() -> Iterator[None]:
    """pyqtgraph leaves out moves of the pointer that follow each other fast."""
    rate = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", -1)
    yield
    pg.setConfigOption("mouseRateLimit", rate)


def show(panel: Panel, scene: Scene) -> None:
    """Show a scene and wait until it is drawn."""
    panel.set_scene(scene)
    panel.flush()
    pointer.settle()


class PlotPointer(Heard[PlotPanel]):
    """Moves, clicks, drags and turns the wheel over a panel; keeps what it asked and said."""

    def __init__(self, panel: PlotPanel) -> None:
        super().__init__(panel)
        self.view = panel.source_view
        self.canvas = panel.canvas

    @property
    def brushes(self) -> list[Brush]:
        """What it asked to brush; a pointer that stays hovers as well."""
        return [intent for intent in self.asked if isinstance(intent, Brush)]

    def at(self, x: float, y: float) -> QPoint:
        """The pixel of the panel where a place of the view is."""
        spot = self.canvas.mapFromScene(self.view.mapViewToScene(QPointF(x, y)))
        return QPoint(self.canvas.viewport().mapTo(self.panel, spot))

    def move(self, x: float, y: float) -> None:
        pointer.point(self.panel, self.at(x, y))

    def click(self, x: float, y: float) -> None:
        pointer.click(self.panel, self.at(x, y))

    def double_click(self, x: float, y: float) -> None:
        pointer.click(self.panel, self.at(x, y), double=True)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        pointer.drag(self.panel, self.at(*start), self.at(*end))

    def turn_wheel(self, x: float, y: float, clicks: int) -> None:
        pointer.turn_wheel(self.panel, self.at(x, y), clicks)
