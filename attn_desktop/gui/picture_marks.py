"""What is marked on a picture: the window, what was drawn, what is lit, and a name beside that."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen

from attn_desktop.common.mode import HARD
from attn_desktop.gui.painting import fill_rounded
from attn_desktop.gui.picture_grid import CellGrid
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.theme import Theme

#: Type of the name, relative to the window's; its margins, and its distance from the cell.
SMALL, PAD, APART = 0.85, 4, 4
#: Pixels at normal type: of frames, and of the paler line on either side that sets them off.
FRAME, HALO = 2.0, 1.5
#: Half the length of the arms of the cross at p_t.
CROSS = 6


def stroke(
    painter: QPainter,
    path: QPainterPath,
    colour: QColor,
    theme: Theme,
    style: Qt.PenStyle = Qt.PenStyle.SolidLine,
) -> None:
    """A line that is seen on any picture: set off by one of the card's colour behind it."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width = theme.px(FRAME)
    halo = QPen(theme.colour("card", 0.75), width + 2 * HALO)
    halo.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(halo)
    painter.drawPath(path)
    pen = QPen(colour, width, style)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.drawPath(path)


def framed(box: QRectF) -> QPainterPath:
    """Along the inside of a box, so that frames of neighbours stay apart."""
    path = QPainterPath()
    path.addRect(box.adjusted(1, 1, -1, -1))
    return path


def paint_lines(painter: QPainter, cells: CellGrid) -> None:
    """The edges of the patches, dark and light side by side: one of them shows on any ground."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shift, ink in ((0.0, QColor(0, 0, 0, 90)), (1.0, QColor(255, 255, 255, 110))):
        painter.setPen(QPen(ink, 1))
        painter.drawPath(cells.lines().translated(shift - 0.5, shift - 0.5))


def paint_scope(painter: QPainter, cells: CellGrid, scene: Scene, theme: Theme) -> None:
    """The edge of a local window, and a cross at p_t."""
    step = scene.step
    if step is None or step.cross is None or not scene.reveals(Phase.WINDOW):
        return
    inside = (step.cross.mask & step.cross.window).any(axis=(0, 1))
    if not inside.all():
        edge = cells.outline(np.flatnonzero(inside).tolist())
        stroke(painter, edge, theme.colour("text"), theme, Qt.PenStyle.DotLine)
    center = step.cross.center
    if center is None or center.ndim != 3:
        return
    arm, path = theme.px(CROSS), QPainterPath()
    for row, column in center.reshape(-1, 2).astype(np.float64).tolist():
        if np.isfinite([row, column]).all():
            at = QPointF(cells.x(column - 0.5), cells.y(row - 0.5))
            path.moveTo(at.x() - arm, at.y())
            path.lineTo(at.x() + arm, at.y())
            path.moveTo(at.x(), at.y() - arm)
            path.lineTo(at.x(), at.y() + arm)
    stroke(painter, path, theme.colour("text"), theme)


def drawn_positions(scene: Scene) -> list[int]:
    """Where hard attention looked at the step shown, as far as that is known."""
    step = scene.step
    if step is None or step.cross is None or not scene.reveals(Phase.CONTEXT):
        return []
    return sorted(set(step.cross.sampled.ravel().tolist()))


def paint_drawn(painter: QPainter, cells: CellGrid, scene: Scene, theme: Theme) -> None:
    """A frame around what was drawn; dashed where the context is soft all the same."""
    assert scene.step is not None
    hard = scene.step.mode.weighting == HARD
    style = Qt.PenStyle.SolidLine if hard else Qt.PenStyle.DashLine
    for position in drawn_positions(scene):
        stroke(painter, framed(cells.cell(position)), theme.hue("hard"), theme, style)


def paint_brushed(
    painter: QPainter, cells: CellGrid, positions: Collection[int], theme: Theme
) -> None:
    """A tint over regions, and their common edge."""
    for position in positions:
        painter.fillRect(cells.cell(position), theme.hue("source", 0.22))
    stroke(painter, cells.outline(positions), theme.hue("source"), theme)


def paint_field(
    painter: QPainter, cells: CellGrid, position: int, share: float | None, theme: Theme
) -> None:
    """A frame around a region, and around all that its annotation depends on."""
    if share is not None:
        path = QPainterPath()
        path.addRect(cells.field(position, share))
        stroke(painter, path, theme.hue("source"), theme, Qt.PenStyle.DashLine)
    stroke(painter, framed(cells.cell(position)), theme.hue("source"), theme)


def paint_name(painter: QPainter, cells: CellGrid, position: int, text: str, theme: Theme) -> None:
    """A line beside a region, inside the picture as far as it fits."""
    font = theme.font(SMALL, bold=True)
    metrics, pad = QFontMetricsF(font), theme.px(PAD)
    wide, high = metrics.horizontalAdvance(text) + 2 * pad, metrics.height() + pad
    box, area = cells.cell(position), cells.area
    top = box.top() - high - theme.px(APART)
    if top < area.top():
        top = box.bottom() + theme.px(APART)
    left = min(max(box.center().x() - wide / 2, area.left()), max(area.left(), area.right() - wide))
    place = QRectF(left, top, wide, high)
    fill_rounded(painter, place, theme.px(3), theme.colour("card", 0.92))
    painter.setFont(font)
    painter.setPen(theme.ink("source"))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
