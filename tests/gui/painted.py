"""A painted panel under test: a pointer over it, and what colours are seen where."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.gui.panel import Panel
from attn_desktop.gui.scene import Light, Scene
from attn_desktop.gui.theme import Theme, theme
from tests.gui.heard import Heard
from tests.gui.pointer import settle, turn_wheel

P = TypeVar("P", bound=Panel)
LIGHT = theme(dark=False)
LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def pixels(widget: QWidget) -> NDArray[np.int64]:
    """(height, width, 3) of what is painted."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8)
    rows = rows[: image.height() * image.bytesPerLine()].reshape(image.height(), -1)
    seen = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    return seen.astype(np.int64)


def opened(
    qtbot: QtBot, kind: type[P], scene: Scene, size: tuple[int, int], look: Theme = LIGHT
) -> P:
    """A panel of a kind, on the screen."""
    panel = kind(look)
    qtbot.addWidget(panel)
    panel.resize(*size)
    panel.set_scene(scene)
    panel.show()
    settle()
    return panel


class Painted(Heard[P]):
    """Shows a panel of a kind; keeps what it asked and said."""

    def __init__(
        self, qtbot: QtBot, kind: type[P], scene: Scene, size: tuple[int, int], look: Theme = LIGHT
    ) -> None:
        super().__init__(opened(qtbot, kind, scene, size, look))

    def show(self, scene: Scene, light: Light | None = None) -> None:
        self.panel.set_scene(scene)
        self.panel.set_light(light or Light())
        settle()

    def pixels(self) -> NDArray[np.int64]:
        """(height, width, 3) of what is painted."""
        return pixels(self.panel)

    def seen(self, colour: QColor, tolerance: int = 6) -> NDArray[np.bool_]:
        """(height, width) where a colour is seen, as it looks on the panel's ground."""
        ground, share = self.panel.theme.colour("card"), colour.alphaF()
        wanted = [
            share * own + (1 - share) * below
            for own, below in (
                (colour.red(), ground.red()),
                (colour.green(), ground.green()),
                (colour.blue(), ground.blue()),
            )
        ]
        near: NDArray[np.bool_] = (np.abs(self.pixels() - wanted) <= tolerance).all(axis=2)
        return near

    def move(self, x: float, y: float) -> None:
        QTest.mouseMove(self.panel, QPoint(round(x), round(y)))
        settle()

    def click(self, x: float, y: float) -> None:
        QTest.mouseClick(self.panel, LEFT, NO_KEY, QPoint(round(x), round(y)))
        settle()

    def press(self, x: float, y: float) -> None:
        QTest.mousePress(self.panel, LEFT, NO_KEY, QPoint(round(x), round(y)))
        settle()

    def release(self, x: float, y: float) -> None:
        QTest.mouseRelease(self.panel, LEFT, NO_KEY, QPoint(round(x), round(y)))
        settle()

    def turn_wheel(self, x: float, y: float, turned: int) -> None:
        """turned: in Qt's eighths of a degree, 120 a notch; positive is away from the user."""
        turn_wheel(self.panel, QPoint(round(x), round(y)), turned / 120)
