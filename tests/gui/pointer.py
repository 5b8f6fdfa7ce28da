"""A pointer over any panel, aimed in its pixels: real events to the widget that is there."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def settle() -> None:
    """Lay out, draw and paint what is waiting."""
    for _ in range(3):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def grid(panel: QWidget) -> list[QPoint]:
    """Points all over a panel, its edges included."""
    across = np.linspace(1, panel.width() - 2, 9).astype(int).tolist()
    down = np.linspace(1, panel.height() - 2, 7).astype(int).tolist()
    return [QPoint(x, y) for y in down for x in across]


def point(panel: QWidget, at: QPoint, settled: bool = True) -> None:
    widget, place = _under(panel, at)
    QTest.mouseMove(widget, place)
    if settled:
        settle()


def click(panel: QWidget, at: QPoint, double: bool = False, settled: bool = True) -> None:
    widget, place = _under(panel, at)
    QTest.mouseClick(widget, LEFT, NO_KEY, place)
    if double:
        QTest.mouseDClick(widget, LEFT, NO_KEY, place)
        # What a hand does and QTest leaves out.
        QTest.mouseRelease(widget, LEFT, NO_KEY, place)
    if settled:
        settle()


def drag(panel: QWidget, start: QPoint, end: QPoint) -> None:
    widget, place = _under(panel, start)
    QTest.mousePress(widget, LEFT, NO_KEY, place)
    for share in (0.1, 0.5, 1.0):
        QTest.mouseMove(widget, widget.mapFrom(panel, start + (end - start) * share))
    QTest.mouseRelease(widget, LEFT, NO_KEY, widget.mapFrom(panel, end))
    settle()


def turn_wheel(panel: QWidget, at: QPoint, clicks: float = 1) -> None:
    """Away from the hand, or towards it where `clicks` is negative."""
    widget, place = _under(panel, at)
    event = QWheelEvent(
        QPointF(place),
        QPointF(widget.mapToGlobal(place)),
        QPoint(),
        QPoint(0, round(120 * clicks)),
        Qt.MouseButton.NoButton,
        NO_KEY,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    settle()


def _under(panel: QWidget, at: QPoint) -> tuple[QWidget, QPoint]:
    """The widget that the pointer meets there, and the place in its own coordinates."""
    widget = panel.childAt(at) or panel
    return widget, widget.mapFrom(panel, at)
