"""Panels as files: a picture (PNG), a drawing for papers and slides (SVG), its numbers (CSV).

Picture and drawing carry heading and caption above the panel, which on the screen its dock shows.
Whatever is written replaces the old file only once it is complete.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QCoreApplication,
    QEvent,
    QIODevice,
    QPoint,
    QRect,
    QRectF,
    QSaveFile,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QImage, QImageWriter, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from attn_desktop.common.errors import ExportError
from attn_desktop.gui.panel import Panel
from attn_desktop.gui.plot_panel import PlotPanel
from attn_desktop.gui.svg import draw_svg

PathLike = str | os.PathLike[str]
#: What a spreadsheet takes for the beginning of a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def save_png(
    panel: Panel, path: PathLike, size: tuple[int, int] | None = None, scale: float = 2.0
) -> None:
    """Save a panel as a picture of `size` × `scale` pixels; ExportError where that cannot be.

    size: (width, height) of the whole, title included; None for the panel as it is on the screen.
    """
    with _posed(panel, size) as posed:
        head = _Head(posed)
        whole = head.around(posed)
        image = QImage(whole * scale, QImage.Format.Format_RGB32)
        if image.isNull():
            raise ExportError(
                f"{os.fspath(path)} cannot be written: a picture of {round(whole.width() * scale)} "
                f"× {round(whole.height() * scale)} pixels does not fit into memory"
            )
        image.setDevicePixelRatio(scale)
        painter = QPainter(image)
        _paint(posed, head, painter, whole)
        painter.end()
    _write(path, _png(image))


def save_svg(panel: Panel, path: PathLike, size: tuple[int, int] | None = None) -> None:
    """Save a panel as a vector drawing, text as text; only photos and huge matrices are images.

    size: as for `save_png`. ExportError where the file cannot be written.
    """
    with _posed(panel, size) as posed, _drawn_afresh(posed):
        head = _Head(posed)
        whole = head.around(posed)
        drawing = draw_svg(
            whole,
            head.heading,
            head.caption,
            lambda painter: _paint(posed, head, painter, whole),
        )
    _write(path, drawing)


def save_csv(panel: Panel, path: PathLike) -> None:
    """Save all numbers of a panel as a CSV file (RFC 4180, UTF-8), exact to the last digit.

    Text that a spreadsheet would run as a formula gets an apostrophe before it. ExportError where
    there are no numbers or the file cannot be written.
    """
    panel.flush()
    table = panel.table()
    if not table.columns:
        raise ExportError(f"{panel.title} shows no numbers yet; there is nothing to save")
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(map(_cell, table.columns))
    writer.writerows(map(_cell, row) for row in table.rows)
    _write(path, text.getvalue().encode("utf-8", errors="backslashreplace"))


def save_window(window: QWidget, path: PathLike) -> None:
    """Save what a window shows as a PNG; ExportError where the file cannot be written."""
    _write(path, _png(window.grab().toImage()))


# -- pictures -----------------------------------------------------------------------------


class _Head:
    """Heading and caption of a panel: beside each other, or one below the other in a narrow one."""

    def __init__(self, panel: Panel) -> None:
        theme = panel.theme
        self.theme = theme
        self.heading, self.caption = panel.heading(), panel.caption()
        self.bold, self.normal = theme.font(bold=True), theme.font(0.9)
        self.margin = theme.px(10)

    def stacked(self, width: int) -> bool:
        """Whether both are too long for one line."""
        room = width - 3 * self.margin
        used = QFontMetrics(self.bold).horizontalAdvance(self.heading)
        used += QFontMetrics(self.normal).horizontalAdvance(self.caption)
        return bool(self.caption) and used > room

    def height(self, width: int) -> int:
        """Pixels that it takes above a panel of `width`."""
        line = QFontMetrics(self.bold).height()
        return line * (2 if self.stacked(width) else 1) + self.theme.px(10)

    def around(self, panel: Panel) -> QSize:
        """The size of panel and head together."""
        return panel.size() + QSize(0, self.height(panel.width()))

    def paint(self, painter: QPainter, width: int) -> None:
        """Paint it at the top, `width` wide."""
        line = QFontMetrics(self.bold).height()
        area = QRect(self.margin, self.theme.px(6), width - 2 * self.margin, line)
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


def _paint(panel: Panel, head: _Head, painter: QPainter, whole: QSize) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(QRect(QPoint(), whole), panel.theme.colour("card"))
    head.paint(painter, whole.width())
    at = QPoint(0, whole.height() - panel.height())
    panel.render(painter, at, QRegion(), QWidget.RenderFlag.DrawChildren)


@contextmanager
def _posed(panel: Panel, size: tuple[int, int] | None) -> Iterator[Panel]:
    """The panel itself where it can be drawn as it is on the screen, else a copy of that size.

    A panel of a window is never resized for a picture: its dock would resize it back, and the
    views that are linked with its own would move.
    """
    panel.flush()
    if size is None and panel.isVisible():
        yield panel
        return
    copy = type(panel)(panel.theme)
    try:
        copy.setPalette(panel.palette())
        copy.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        copy.set_scene(panel.scene)
        copy.set_light(panel.light)
        copy.resize(_natural_size(panel))
        copy.show()
        zoomed = _zoomed(panel, copy)
        if size is not None:
            width, height = size
            copy.resize(width, max(1, height - _Head(copy).height(width)))
        for view, area in zoomed:
            view.setRange(area, padding=0)
        yield copy
    finally:
        copy.close()
        # Now, and by Qt: pyqtgraph's scenes do not survive that Python deletes them.
        copy.deleteLater()
        QCoreApplication.sendPostedEvents(copy, QEvent.Type.DeferredDelete.value)


def _natural_size(panel: Panel) -> QSize:
    """What a dock gave it, or else what it asks for."""
    given = panel.testAttribute(Qt.WidgetAttribute.WA_Resized)
    return panel.size() if given else panel.sizeHint()


def _zoomed(panel: Panel, copy: Panel) -> list[tuple[Any, QRectF]]:
    """The views of `copy` whose originals show something else in the same room: the user's zoom."""
    if not panel.isVisible():
        return []
    return [
        (mine, original.viewRect())
        for original, mine in zip(_views(panel), _views(copy), strict=True)
        if not np.allclose(original.viewRange(), mine.viewRange())
    ]


def _views(panel: Panel) -> list[Any]:
    if not isinstance(panel, PlotPanel):
        return []
    panel.canvas.scene().prepareForPaint()  # brings their ranges up to date
    return [item for item in panel.canvas.scene().items() if isinstance(item, pg.ViewBox)]


@contextmanager
def _drawn_afresh(panel: Panel) -> Iterator[None]:
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


# -- bytes --------------------------------------------------------------------------------


def _png(image: QImage) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(data.data())


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    # numpy writes its own numbers shorter than they are.
    return float(value) if isinstance(value, np.floating) else value


def _write(path: PathLike, data: bytes) -> None:
    """Put `data` in place of the file at once or not at all."""
    target = Path(path)
    cause = ""
    if not target.parent.is_dir():
        cause = f"there is no folder {target.parent}"
    elif target.is_dir():
        cause = "it is a folder"
    elif target.exists() and not target.is_file():
        cause = "it is a device or a pipe, not a file"
    else:
        file = QSaveFile(str(target))
        opened = file.open(QIODevice.OpenModeFlag.WriteOnly)
        if not (opened and file.write(data) == len(data) and file.commit()):
            cause = file.errorString()
    if cause:
        raise ExportError(f"{target} cannot be written: {cause}")
