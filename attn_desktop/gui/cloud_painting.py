"""Paints a cloud of labelled points with the contexts among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from attn_desktop.common.mode import HARD, SOFT
from attn_desktop.gui.cloud_layout import CloudLayout
from attn_desktop.gui.painting import diamond, draw_way
from attn_desktop.gui.step_contexts import FIXED
from attn_desktop.gui.theme import Theme, faded

Floats = NDArray[np.float64]

#: Type of labels, relative to the window's.
SMALL = 0.82
#: Radius of an earlier c, and of the halo of what is lit, in pixels.
EARLIER, HALO = 2.0, 4
#: How many of the last steps of the way stand out.
RECENT = 3
#: A label so many pixels from the rim of its point has a line to it.
LEADER = 6


@dataclass(frozen=True)
class CloudPainter:
    """Paints what a layout says, in the colours of a theme."""

    painter: QPainter
    theme: Theme
    layout: CloudLayout

    def paint_hull(self, corners: NDArray[np.int64]) -> None:
        """The ground that the points span."""
        self.painter.setPen(QPen(self.theme.hue("source", 0.5), 1))
        self.painter.setBrush(self.theme.hue("source", 0.09))
        self.painter.drawPolygon(QPolygonF([_point(at) for at in self.layout.points[corners]]))

    def paint_path(self) -> None:
        """The way of c_soft so far; the last steps of it stand out, the latest most."""
        painter, theme, path = self.painter, self.theme, self.layout.path
        draw_way(painter, path, _ink(theme, 0.5))
        places = path[np.isfinite(path[:, 0])]
        recent = places[-1 - RECENT :]
        for age, (start, end) in enumerate(zip(recent[-2::-1], recent[:0:-1], strict=True)):
            strength = 1 - age / RECENT
            painter.setPen(QPen(_ink(theme, strength), theme.px(2)))
            painter.drawLine(QLineF(_point(start), _point(end)))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_ink(theme, 0.8))
        radius = theme.scale * EARLIER
        for at in places:
            painter.drawEllipse(_point(at), radius, radius)

    def paint_points(self, lit: Collection[int]) -> None:
        """Large ones first, so that none hides another; a halo where one is lit."""
        points, radii, halo = self.layout.points, self.layout.radii, self.theme.px(HALO)
        self.painter.setPen(Qt.PenStyle.NoPen)
        order = np.argsort(-radii, kind="stable")
        for j in order[np.isfinite(points[order, 0])].tolist():
            at, radius = _point(points[j]), float(radii[j])
            if j in lit:
                self.painter.setBrush(self.theme.hue("source", 0.3))
                self.painter.drawEllipse(at, radius + halo, radius + halo)
            self.painter.setBrush(self.theme.hue("source"))
            self.painter.drawEllipse(at, radius, radius)

    def paint_marks(self, names: Sequence[str], rings: Floats) -> None:
        """c_soft a disc, c_hard a diamond, the fixed context a square; rings (N, 2) at others."""
        painter, theme, size = self.painter, self.theme, self.layout.mark
        marks = {name: _point(at) for name, at in zip(names, self.layout.marks, strict=True)}
        if SOFT in marks and HARD in marks:
            painter.setPen(QPen(theme.hue("hard"), 1.3 * theme.scale, Qt.PenStyle.DashLine))
            painter.drawLine(QLineF(marks[SOFT], marks[HARD]))
        painter.setPen(QPen(theme.colour("text" if theme.dark else "card"), 1.2 * theme.scale))
        if HARD in marks:
            painter.setBrush(theme.hue("hard"))
            painter.drawPolygon(diamond(marks[HARD], 1.4 * size))
        if SOFT in marks:
            painter.setBrush(theme.hue("soft"))
            painter.drawEllipse(marks[SOFT], size, size)
        if FIXED in marks:
            painter.setBrush(theme.colour("dim"))
            half = QPointF(size, size) * 0.9
            painter.drawRect(QRectF(marks[FIXED] - half, marks[FIXED] + half))
        painter.setPen(QPen(theme.hue("target"), 1.6 * theme.scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for at in rings:
            painter.drawEllipse(_point(at), size + theme.px(2), size + theme.px(2))

    def paint_labels(
        self, texts: Sequence[str], starts: NDArray[np.int64], lit: Collection[int]
    ) -> None:
        """Labels of columns, each of which begins at the point of `starts`; lit ones are bold."""
        layout, theme = self.layout, self.theme
        large = np.maximum.reduceat(layout.radii, starts) > layout.mark / 2
        for column in np.flatnonzero(np.isfinite(layout.labels[:, 0])).tolist():
            bold, box, j = column in lit, layout.labels[column], int(starts[column])
            self._paint_leader(layout.points[j], box, float(layout.radii[j]))
            ink = theme.ink("source") if bold else theme.colour("text" if large[column] else "dim")
            write(self.painter, theme, texts[column], box, ink, bold)

    def paint_mark_labels(self, names: Mapping[str, str]) -> None:
        """What each mark is called, by the name of its context."""
        theme, layout = self.theme, self.layout
        inks = {SOFT: theme.ink("soft"), HARD: theme.ink("hard"), FIXED: theme.colour("text")}
        labels = zip(names.items(), layout.marks, layout.mark_labels, strict=True)
        for (name, text), at, box in labels:
            if np.isfinite(box).all():
                self._paint_leader(at, box, layout.mark)
                write(self.painter, theme, text, box, inks[name], bold=True)

    def _paint_leader(self, at: Floats, box: Floats, radius: float) -> None:
        """A line from a point to its label, where that had to move away."""
        nearest = np.clip(at, box[:2], box[2:])
        if np.linalg.norm(nearest - at) > radius + self.theme.px(LEADER):
            self.painter.setPen(QPen(self.theme.colour("dim", 0.7), 1))
            self.painter.drawLine(QLineF(_point(at), _point(nearest)))


def write(
    painter: QPainter, theme: Theme, text: str, box: Floats, ink: QColor, bold: bool = False
) -> None:
    """A label in its box: left, top, right, bottom."""
    painter.setFont(theme.font(SMALL, bold))
    painter.setPen(ink)
    area = QRectF(_point(box[:2]), _point(box[2:])).adjusted(-4, -4, 4, 4)
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)


def _point(at: Floats) -> QPointF:
    return QPointF(float(at[0]), float(at[1]))


def _ink(theme: Theme, opacity: float) -> QColor:
    """The colour of the way of c_soft."""
    return faded(theme.inks["soft"], opacity)
