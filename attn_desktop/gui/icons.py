"""Icons from resources/icons, drawn in a placeholder colour, shown in the colours of a theme."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from attn_desktop.common.paths import resources_folder
from attn_desktop.gui.theme import Theme

#: What the files of one colour are drawn in.
PLACEHOLDER = b'"#000"'
#: Pixels; Qt takes the next larger one and shrinks it.
SIZES = (16, 24, 32, 48, 72, 96)
APPLICATION = "attn-desktop"
APPLICATION_SIZES = (16, 24, 32, 48, 64, 128, 256)


def icon(name: str, theme: Theme) -> QIcon:
    """An icon of one colour: that of text, faint where the action is disabled.

    A name without a file gives an empty icon, so that the window opens without its resources.
    """
    return _icon(name, theme.text, theme.dim)


def application_icon() -> QIcon:
    """The icon of the program, in its own colours."""
    result = QIcon()
    drawing = _read(APPLICATION)
    for size in APPLICATION_SIZES if drawing else ():
        result.addPixmap(_draw(drawing, size))
    return result


@cache
def _icon(name: str, normal: str, disabled: str) -> QIcon:
    result = QIcon()
    drawing = _read(name)
    modes = {QIcon.Mode.Normal: (normal, 1.0), QIcon.Mode.Disabled: (disabled, 0.45)}
    for mode, (colour, opacity) in modes.items() if drawing else ():
        coloured = drawing.replace(PLACEHOLDER, f'"{QColor(colour).name()}"'.encode())
        for size in SIZES:
            result.addPixmap(_draw(coloured, size, opacity), mode)
    return result


@cache
def _read(name: str) -> bytes:
    try:
        return (resources_folder() / "icons" / f"{name}.svg").read_bytes()
    except OSError:
        return b""


def _draw(drawing: bytes, size: int, opacity: float = 1.0) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(drawing)).render(painter, QRectF(0, 0, size, size))
    # Of the whole, not of each stroke: where two overlap nothing may shine through.
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.fillRect(pixmap.rect(), QColor.fromRgbF(0, 0, 0, opacity))
    painter.end()
    return pixmap
