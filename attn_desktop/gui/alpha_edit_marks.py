"""What stands at the bars of α while they are edited: handles, raw weights, the model's own α."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from attn_desktop.gui.alpha_marks import Frame
from attn_desktop.gui.step_attention import Floats
from attn_desktop.gui.theme import Theme

#: Of a handle: its height, that of the chosen one, and the least and most width, in pixels.
HIGH, CHOSEN, NARROWEST, WIDEST = 3, 8, 4, 22


class OwnMark:
    """An outline of α as the model made it, around bars that were edited."""

    def __init__(self) -> None:
        self.outline = QGraphicsPathItem()

    def set_theme(self, theme: Theme) -> None:
        self.outline.setPen(pg.mkPen(theme.colour("dim"), width=1, style=Qt.PenStyle.DashLine))

    def place(self, alpha: Floats | None, half: float) -> None:
        """alpha: (G,) of the model, None where it is what the bars show. half: of a bar's width."""
        self.outline.setPath(QPainterPath() if alpha is None else _outlines(alpha, half))


class EditMarks:
    """Outlines of weights while they are dragged, and what they are dragged by."""

    def __init__(self) -> None:
        self.raw, self.handles = QGraphicsPathItem(), QGraphicsPathItem()
        self.chosen = QGraphicsPathItem()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        ink = theme.ink("soft")
        self.raw.setPen(pg.mkPen(ink, width=1))
        self.handles.setPen(pg.mkPen(None))
        self.handles.setBrush(ink)
        self.chosen.setPen(pg.mkPen(ink, width=theme.px(2)))
        self.chosen.setBrush(theme.colour("card"))

    def place(
        self, heights: Floats | None, dragged: bool, chosen: int | None, frame: Frame, half: float
    ) -> None:
        """heights: (G,) where the tops are, None where nothing can be dragged.

        dragged: whether they differ from the bars, so that they are outlined. half: of a bar.
        """
        outlines, handles, chosen_one = QPainterPath(), QPainterPath(), QPainterPath()
        if heights is not None:
            if dragged:
                outlines = _outlines(heights, half)
            across = min(2 * half * frame.across, self._theme.px(WIDEST))
            if across >= NARROWEST:
                for column, height in enumerate(heights.tolist()):
                    handles.addRect(self._handle(column, height, across, HIGH, frame))
            if chosen is not None:
                wide, height = max(across, 2 * NARROWEST), float(heights[chosen])
                box = self._handle(chosen, height, wide, CHOSEN, frame)
                chosen_one.addRoundedRect(box, 50, 50, Qt.SizeMode.RelativeSize)
        self.raw.setPath(outlines)
        self.handles.setPath(handles)
        self.chosen.setPath(chosen_one)

    def _handle(
        self, column: int, height: float, across: float, high: float, frame: Frame
    ) -> QRectF:
        """A bar around a top, in pixels; on the ground it stands instead of sinking in."""
        wide, tall = across / frame.across, self._theme.px(high) / frame.down
        return QRectF(column + 0.5 - wide / 2, max(height - tall / 2, 0.0), wide, tall)

    def set_visible(self, visible: bool) -> None:
        """Show or hide all of them."""
        for item in (self.raw, self.handles, self.chosen):
            item.setVisible(visible)


def _outlines(heights: Floats, half: float) -> QPainterPath:
    path = QPainterPath()
    for column in np.flatnonzero(heights > 0).tolist():
        path.addRect(QRectF(column + 0.5 - half, 0, 2 * half, heights[column]))
    return path
