"""A pointer over a plot panel, aimed in the coordinates of its view."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from attn_desktop.gui.intents import Brush, Intent
from attn_desktop.gui.panel import Panel

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class PlotPointer:
    """Moves, clicks, drags and turns the wheel over `panel`; keeps what it asked and said."""

    def __init__(self, panel: Any) -> None:
        self.panel: Panel = panel
        self.view = panel.source_view
        self.canvas = panel.canvas
        self.port: QWidget = panel.canvas.viewport()
        self.asked: list[Intent] = []
        self.said: list[str] = []
        self.panel.wanted.connect(self.asked.append)
        self.panel.said.connect(self.said.append)

    @property
    def brushes(self) -> list[Brush]:
        """What it asked to brush; a pointer that stays hovers as well."""
        return [intent for intent in self.asked if isinstance(intent, Brush)]

    def at(self, x: float, y: float) -> QPoint:
        """The pixel of the canvas where a place of the view is."""
        spot: QPoint = self.canvas.mapFromScene(self.view.mapViewToScene(QPointF(x, y)))
        return spot

    def move(self, x: float, y: float) -> None:
        QTest.mouseMove(self.port, self.at(x, y))
        settle()

    def click(self, x: float, y: float) -> None:
        QTest.mouseClick(self.port, LEFT, NO_KEY, self.at(x, y))
        settle()

    def double_click(self, x: float, y: float) -> None:
        QTest.mouseClick(self.port, LEFT, NO_KEY, self.at(x, y))
        QTest.mouseDClick(self.port, LEFT, NO_KEY, self.at(x, y))
        # What a hand does and QTest leaves out.
        QTest.mouseRelease(self.port, LEFT, NO_KEY, self.at(x, y))
        settle()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        QTest.mousePress(self.port, LEFT, NO_KEY, self.at(*start))
        for share in (0.2, 0.6, 1.0):
            between = [a + share * (b - a) for a, b in zip(start, end, strict=True)]
            QTest.mouseMove(self.port, self.at(*between))
        QTest.mouseRelease(self.port, LEFT, NO_KEY, self.at(*end))
        settle()

    def turn_wheel(self, x: float, y: float, clicks: int) -> None:
        spot = self.at(x, y)
        event = QWheelEvent(
            QPointF(spot),
            QPointF(self.port.mapToGlobal(spot)),
            QPoint(),
            QPoint(0, 120 * clicks),
            Qt.MouseButton.NoButton,
            NO_KEY,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.port, event)
        settle()


def settle() -> None:
    """Lay out, draw and paint what is waiting."""
    for _ in range(3):
        QApplication.sendPostedEvents()
        QApplication.processEvents()
