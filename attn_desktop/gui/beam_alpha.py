"""α of one hypothesis over the source: a bar a column, with as many labels as fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.gui.axes import shortened
from attn_desktop.gui.numbers import level_text
from attn_desktop.gui.painting import diamond, fill_rounded
from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.theme import Theme

Floats = NDArray[np.float64]

#: Height of a bar of 1, widest bar, radius of the mark of a draw, at normal type.
HIGH, WIDEST, DIAMOND = 30, 46, 4
#: A position is looked at from this share of the largest α on.
LOOKED_AT = 0.5


class BeamAlpha(QWidget):
    """pointed: the column under the pointer, −1 for none."""

    pointed = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._labels: tuple[str, ...] = ()
        self._alpha: Floats | None = None
        self._drawn: int | None = None
        self._end = 1.0
        self._lit: frozenset[int] = frozenset()
        self.setMouseTracking(True)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self._theme = theme
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def show_alpha(
        self,
        alpha: Floats | None,
        labels: tuple[str, ...],
        drawn: int | None,
        end: float = 1.0,
    ) -> None:
        """alpha: (G,) of each column, None without attention. drawn: the column of a hard draw.

        end: the α of a full bar.
        """
        self._alpha, self._labels, self._drawn, self._end = alpha, labels, drawn, end
        self.setToolTip(f"α from 0 to {level_text(end)}")
        self.update()

    def light(self, columns: frozenset[int]) -> None:
        """Let columns stand out."""
        if columns != self._lit:
            self._lit = columns
            self.update()

    def sizeHint(self) -> QSize:
        label = QFontMetricsF(self._theme.font(SMALL)).height()
        return QSize(self._theme.px(120), round(self._theme.px(HIGH) + label + self._theme.px(3)))

    # -- where things are -------------------------------------------------------------------

    def bar(self, column: int) -> QRectF:
        """The room of the bar of a column."""
        pitch = self._pitch()
        return QRectF(column * pitch, 0, pitch, self._theme.px(HIGH))

    def _pitch(self) -> float:
        return min(self.width() / max(1, len(self._labels)), float(self._theme.px(WIDEST)))

    def _column(self, at: QPointF) -> int:
        column = int(at.x() / self._pitch())
        return column if self._alpha is not None and 0 <= column < len(self._labels) else -1

    # -- painting ---------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint(painter)
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        theme = self._theme
        if self._alpha is None:
            painter.setFont(theme.font(SMALL))
            painter.setPen(theme.colour("dim"))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(self.rect()), flags, "no attention: every step has the same c")
            return
        hue = theme.hue("soft" if self._drawn is None else "hard")
        weights = (np.nan_to_num(self._alpha) / self._end).clip(0, 1)
        gap = 1.0 if self._pitch() >= 4 else 0.0
        for column, weight in enumerate(weights.tolist()):
            room = self.bar(column).adjusted(0, 0, -gap, 0)
            ground = theme.hue("source", 0.25) if column in self._lit else theme.colour("raised")
            painter.fillRect(room, ground)
            bar = QRectF(room)
            bar.setTop(room.bottom() - weight * room.height())
            painter.fillRect(bar, hue)
        if self._drawn is not None:
            radius = theme.px(DIAMOND)
            centre = QPointF(self.bar(self._drawn).center().x(), radius + 1.0)
            painter.setPen(theme.colour("card"))
            painter.setBrush(hue)
            painter.drawPolygon(diamond(centre, radius))
        self._paint_labels(painter, weights)

    def _paint_labels(self, painter: QPainter, weights: Floats) -> None:
        """The lit ones first, then those with the largest α, as far as there is room."""
        theme, font = self._theme, self._theme.font(SMALL)
        metrics, gap = QFontMetricsF(font), self._theme.px(5)
        texts = shortened(self._labels, font)
        painter.setFont(font)
        top, right = self._theme.px(HIGH) + 2.0, float(self.width())
        taken: list[tuple[float, float]] = []
        for column in sorted(
            range(len(texts)), key=lambda column: (column not in self._lit, -weights[column])
        ):
            wide = metrics.horizontalAdvance(texts[column])
            left = self.bar(column).center().x() - wide / 2
            left = max(0.0, min(left, right - wide))
            if any(left < end + gap and start < left + wide + gap for start, end in taken):
                continue
            taken.append((left, left + wide))
            box = QRectF(left, top, wide + 1, metrics.height())
            if column in self._lit:
                fill_rounded(painter, box.adjusted(-2, 0, 2, 0), 3, theme.hue("source", 0.25))
            painter.setPen(theme.ink("source"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, texts[column])

    # -- pointer ----------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointed.emit(self._column(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(-1)
        super().leaveEvent(event)


def looked_at(alpha: Floats) -> list[int]:
    """The columns that a hypothesis looks at most: at least half as much as at any other."""
    weights = np.nan_to_num(alpha)
    most = float(weights.max(initial=0.0))
    return [int(column) for column in np.flatnonzero(weights >= LOOKED_AT * most)] if most else []
