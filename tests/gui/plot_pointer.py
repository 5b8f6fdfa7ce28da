"""A pointer over a plot panel, aimed in the coordinates of its view."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, QPointF

from attn_desktop.gui.intents import Brush, Intent
from attn_desktop.gui.panel import Panel
from tests.gui import pointer


class PlotPointer:
    """Moves, clicks, drags and turns the wheel over `panel`; keeps what it asked and said."""

    def __init__(self, panel: Any) -> None:
        self.panel: Panel = panel
        self.view = panel.source_view
        self.canvas = panel.canvas
        self.asked: list[Intent] = []
        self.said: list[str] = []
        self.panel.wanted.connect(self.asked.append)
        self.panel.said.connect(self.said.append)

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
