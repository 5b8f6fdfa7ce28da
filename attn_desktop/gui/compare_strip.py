"""The step at the playhead in both branches: α as mirrored bars under the map, and what each chose.

It is an axis of the map, so that its bars stand below the columns that are in view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from attn_desktop.gui.axes import OwnAxis
from attn_desktop.gui.compare_axes import side_hue
from attn_desktop.gui.painting import elided
from attn_desktop.gui.theme import Theme

Floats = NDArray[np.float64]

SMALL = 0.82
#: Side of the mark that says which branch it is where a name has no room.
MARK = 9
#: Share of a column that its bar fills, and the most pixels that it takes.
BAR_SHARE, BAR_WIDTH = 0.7, 44
#: Share of a canvas that the strip takes, its least and its greatest height, and the height of a
#: canvas that has room for it, in pixels at normal type.
PART, LOWEST, HIGHEST, LEAST_CANVAS = 0.26, 62, 116, 230


@dataclass(frozen=True, eq=False)
class BothSteps:
    """One step of two branches, the modified one first.

    alpha: (C,) of each over the columns of the map; None where it is not known or not there.
    said: what each chose, and how likely that was. summary: how far apart they are.
    """

    alpha: tuple[Floats | None, Floats | None] = (None, None)
    said: tuple[str, str] = ("", "")
    summary: str = ""


class StepStrip(OwnAxis):
    """α of the modified branch upwards, of the baseline downwards, both from 0 to 1."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self._shown = BothSteps()
        self._height = 0.0

    def show_step(self, shown: BothSteps, theme: Theme) -> None:
        """Show another step."""
        self._theme, self._shown = theme, shown
        self._draw_again()

    def take(self, width: float, height: float, theme: Theme) -> None:
        """Take as much room below the map as a canvas of this size can spare."""
        self._overhang = width
        low, high = theme.px(LOWEST), theme.px(HIGHEST)
        enough = height >= theme.px(LEAST_CANVAS)
        self.setHeight(round(min(high, max(low, PART * height))) if enough else 0)
        self._draw_again()

    @property
    def is_shown(self) -> bool:
        """Whether there is room for it."""
        return bool(self.size().height() >= 2)

    def paint_labels(self, painter: QPainter, view: Any, theme: Theme) -> None:
        if not self.is_shown:
            return
        around = self._around()
        painter.setFont(theme.font(SMALL))
        metrics = QFontMetricsF(painter.font())
        top = theme.px(5.0)
        self._write(painter, QRectF(0, top, around.right(), metrics.height()), self._shown.summary)
        bars = QRectF(0, top + metrics.height() + theme.px(2), self.size().width(), 0)
        bars.setBottom(self.size().height() - 1)
        half = bars.height() / 2
        painter.fillRect(
            QRectF(0, bars.center().y() - 0.5, bars.width(), 1), theme.colour("border")
        )
        for side, modified in enumerate((True, False)):
            box = QRectF(bars.left(), bars.top() + side * half, bars.width(), half)
            self._paint_bars(painter, view, box, self._shown.alpha[side], modified)
            self._paint_beside(painter, box, around, side, metrics)

    def _paint_bars(
        self, painter: QPainter, view: Any, box: QRectF, alpha: Floats | None, up: bool
    ) -> None:
        if alpha is None or self._theme is None:
            return
        if np.isnan(alpha).all():
            self._write(painter, box, "no attention", Qt.AlignmentFlag.AlignHCenter)
            return
        start = self._place(view, 0.0)
        across = self._place(view, 1.0) - start
        wide = max(1.0, min(BAR_SHARE * across, self._theme.px(BAR_WIDTH)))
        colour = side_hue(self._theme, up)
        painter.save()
        painter.setClipRect(box)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, wide > 3)
        known = np.nan_to_num(alpha, nan=0.0, posinf=1.0, neginf=0.0).clip(0, 1)
        for column in np.flatnonzero(known > 0).tolist():
            x, high = start + (column + 0.5) * across - wide / 2, known[column] * box.height()
            if -wide <= x <= box.right():
                y = box.bottom() - high if up else box.top()
                painter.fillRect(QRectF(x, y, wide, high), colour)
        painter.restore()

    def _paint_beside(
        self, painter: QPainter, box: QRectF, around: QRectF, side: int, metrics: QFontMetricsF
    ) -> None:
        """Left which branch it is, right what it chose."""
        theme = self._theme
        assert theme is not None
        middle = box.center().y() - metrics.height() / 2
        gap = theme.px(6)
        left = QRectF(around.left() + 2, middle, -around.left() - gap - 2, metrics.height())
        name = ("modified", "baseline")[side]
        if metrics.horizontalAdvance(name) > left.width():
            name = ("mod.", "base")[side]
        if metrics.horizontalAdvance(name) <= left.width():
            self._write(painter, left, name, Qt.AlignmentFlag.AlignRight)
        else:
            # As the line above the map marks the two.
            mark = QRectF(0, 0, theme.px(MARK), theme.px(MARK))
            mark.moveCenter(QPointF(left.right() - mark.width() / 2, left.center().y()))
            painter.fillRect(mark, side_hue(theme, side == 0))
        right = QRectF(box.right() + gap, middle, around.right() - box.right() - gap, box.height())
        right.setHeight(metrics.height())
        self._write(painter, right, self._shown.said[side], ink=theme.colour("text"))

    def _write(
        self,
        painter: QPainter,
        box: QRectF,
        text: str,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        ink: QColor | None = None,
    ) -> None:
        assert self._theme is not None
        painter.setPen(ink or self._theme.colour("dim"))
        cut = elided(text, painter.font(), box.width())
        painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, cut)
