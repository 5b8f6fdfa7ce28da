"""A panel posed for its picture: in the size and the theme of the figure, below its own title.

A panel of a window is never resized for a picture: its dock would resize it back, and the views
that are linked with its own would move. A copy of it is drawn instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from attn_desktop.common.errors import ExportError
from attn_desktop.gui.export_size import FigureSize
from attn_desktop.gui.panel import Panel
from attn_desktop.gui.plot_panel import PlotPanel, PointerBox
from attn_desktop.gui.theme import Theme, palette

#: Rooms of lines and margins of a title, in pixels at normal type.
MARGIN, ABOVE, AROUND = 10, 6, 10


class Head:
    """Heading and caption of a panel: beside each other, or one below the other in a narrow one."""

    def __init__(self, panel: Panel) -> None:
        theme = panel.theme
        self.theme = theme
        self.heading, self.caption = panel.heading(), panel.caption()
        self.bold, self.normal = theme.font(bold=True), theme.font(0.9)
        self.margin = theme.px(MARGIN)

    def stacked(self, width: int) -> bool:
        """Whether both are too long for one line."""
        room = width - 3 * self.margin
        used = QFontMetrics(self.bold).horizontalAdvance(self.heading)
        used += QFontMetrics(self.normal).horizontalAdvance(self.caption)
        return bool(self.caption) and used > room

    def height(self, width: int) -> int:
        """Pixels that it takes above a panel of `width`."""
        line = QFontMetrics(self.bold).height()
        return line * (2 if self.stacked(width) else 1) + self.theme.px(AROUND)

    def paint(self, painter: QPainter, width: int) -> None:
        """Paint it at the top, `width` wide."""
        line = QFontMetrics(self.bold).height()
        area = QRect(self.margin, self.theme.px(ABOVE), width - 2 * self.margin, line)
        middle = Qt.AlignmentFlag.AlignVCenter
        elide = Qt.TextElideMode.ElideRight
        painter.setFont(self.bold)
        painter.setPen(self.theme.colour("text"))
        text = QFontMetrics(self.bold).elidedText(self.heading, elide, area.width())
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignLeft, text)
        side = Qt.AlignmentFlag.AlignRight
        if self.stacked(width):
            area.translate(0, line)
            side = Qt.AlignmentFlag.AlignLeft
        painter.setFont(self.normal)
        painter.setPen(self.theme.colour("dim"))
        text = QFontMetrics(self.normal).elidedText(self.caption, elide, area.width())
        painter.drawText(area, middle | side, text)


@dataclass(frozen=True, eq=False)
class Figure:
    """What is to be painted. size: of the whole, in logical pixels; per_inch: of them an inch."""

    panel: Panel
    head: Head
    size: QSizeF
    per_inch: float

    def paint(self, painter: QPainter) -> None:
        """Paint panel and head on the card, from (0, 0) on."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QSize(math.ceil(self.size.width()), math.ceil(self.size.height()))
        painter.fillRect(QRect(QPoint(), whole), self.panel.theme.colour("card"))
        width = self.panel.width()
        self.head.paint(painter, width)
        at = QPoint(0, self.head.height(width))
        self.panel.render(painter, at, QRegion(), QWidget.RenderFlag.DrawChildren)


@contextmanager
def posed(panel: Panel, size: FigureSize | None, theme: Theme | None) -> Iterator[Figure]:
    """The panel itself where it can be drawn as it is on the screen, else a copy.

    size: None for the panel's own, its title above it. theme: None for the panel's own.
    ExportError where the size is too small for the panel.
    """
    panel.flush()
    if size is None and theme in (None, panel.theme) and panel.isVisible():
        yield _figure(panel, None)
        return
    # Of the theme from the beginning: what a panel has measured in another one may last.
    copy = type(panel)(theme or panel.theme)
    try:
        copy.setPalette(palette(copy.theme))
        copy.setFont(copy.theme.font())
        copy.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        copy.set_scene(panel.scene)
        # What is brushed belongs to the figure, what the pointer happens to be over does not.
        copy.set_light(replace(panel.light, source=frozenset(), target=frozenset()))
        whole = _own_size(panel).toSizeF() if size is None else _whole_size(copy, size)
        copy.resize(whole.toSize())
        copy.show()
        copy.take_view(panel)
        if size is not None:
            _give_size(copy, size, whole)
        for view, area in _zoomed(panel, copy):
            view.setRange(area, padding=0)
        yield _figure(copy, None if size is None else whole)
    finally:
        copy.close()
        # Now, and by Qt: pyqtgraph's scenes do not survive that Python deletes them.
        copy.deleteLater()
        QCoreApplication.sendPostedEvents(copy, QEvent.Type.DeferredDelete.value)


def natural_height(panel: Panel, width: float, theme: Theme, per_inch: float) -> float:
    """A good height for a whole figure of `width`, both in logical pixels.

    As the panel is proportioned, but high enough for its type.
    """
    hint, own = panel.sizeHint(), panel.theme.scale
    wide, high = hint.width() / own, hint.height() / own
    # Type grows with the resolution of the screen, the natural size does not.
    least = theme.scale * high * per_inch / 96
    head = 2 * theme.px(AROUND) + QFontMetrics(theme.font()).height()
    return float(max(width * high / wide, min(least, width)) + head)


def _figure(panel: Panel, whole: QSizeF | None) -> Figure:
    head = Head(panel)
    if whole is None:
        whole = QSizeF(panel.width(), panel.height() + head.height(panel.width()))
    return Figure(panel, head, whole, float(panel.logicalDpiX()))


def _whole_size(panel: Panel, size: FigureSize) -> QSizeF:
    """The figure in logical pixels."""
    per_inch = float(panel.logicalDpiX())
    width = size.logical(size.width, per_inch)
    if size.height is None:
        return QSizeF(width, natural_height(panel, width, panel.theme, per_inch))
    return QSizeF(width, size.logical(size.height, per_inch))


def _give_size(panel: Panel, size: FigureSize, whole: QSizeF) -> None:
    """Resize a panel such that it fills the whole below its head."""
    per_inch = float(panel.logicalDpiX())
    width = math.floor(whole.width())
    height = math.floor(whole.height()) - Head(panel).height(width)
    least = panel.minimumSizeHint().expandedTo(panel.minimumSize())
    if width < least.width() or height < least.height():
        lengths = (least.width() + 1, least.height() + 1 + Head(panel).height(least.width()))
        needed = [_text(size.from_logical(length, per_inch)) for length in lengths]
        given = [_text(size.from_logical(side, per_inch)) for side in whole.toTuple()]
        raise ExportError(
            f"{panel.title} does not fit into {' × '.join(given)} {size.unit}; "
            f"with this type it needs {' × '.join(needed)} {size.unit}"
        )
    panel.resize(width, height)
    panel.flush()


def _text(length: float) -> str:
    return f"{math.ceil(10 * length - 1e-6) / 10:g}"


def _own_size(panel: Panel) -> QSize:
    """What a dock gave it, or else what it asks for."""
    given = panel.testAttribute(Qt.WidgetAttribute.WA_Resized)
    return panel.size() if given else panel.sizeHint()


def _zoomed(panel: Panel, copy: Panel) -> list[tuple[Any, QRectF]]:
    """The views of `copy` whose originals the user has zoomed, and what those show."""
    return [
        (mine, original.viewRect())
        for original, mine in zip(_views(panel), _views(copy), strict=True)
        if original.is_zoomed(0) or original.is_zoomed(1)
    ]


def _views(panel: Panel) -> list[Any]:
    if not isinstance(panel, PlotPanel):
        return []
    panel.canvas.scene().prepareForPaint()  # brings their ranges up to date
    return [item for item in panel.canvas.scene().items() if isinstance(item, PointerBox)]


@contextmanager
def drawn_afresh(panel: Panel) -> Iterator[None]:
    """Let pyqtgraph draw what it copies from pixmaps on the screen: symbols and the background."""
    if not isinstance(panel, PlotPanel):
        yield
        return
    canvas, items = panel.canvas, []
    cache = canvas.cacheMode()
    canvas.setCacheMode(canvas.CacheModeFlag.CacheNone)
    for item in canvas.scene().items():
        if isinstance(item, pg.GraphicsObject):
            item.setExportMode(True, {"antialias": True})
            items.append(item)
    try:
        yield
    finally:
        canvas.setCacheMode(cache)
        for item in items:
            item.setExportMode(False)
