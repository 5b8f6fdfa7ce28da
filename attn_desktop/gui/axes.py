"""Axes that paint themselves: words along source positions or steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from attn_desktop.gui.theme import Role, Theme

ANGLE_DEG = 38
COSINE, SINE = math.cos(math.radians(ANGLE_DEG)), math.sin(math.radians(ANGLE_DEG))
#: Longest label, in average characters; a longer one is cut with an ellipsis.
LABEL_CHARACTERS = 14
#: Sizes of type of the labels, the largest that fits.
SIZES = (0.9, 0.82, 0.74)
#: One more where all type is large.
SMALLEST = 0.62
#: Least distance of lines of type, in heights of a line: of upright ones only letters must not
#: touch; leaning ones are closer to each other than their feet.
UPRIGHT, LEANING = 0.82, 1.15
#: Of a grid, whose labels are left out by rows, how much further apart those are that stay: for
#: all that one row more tells, they should not be crowded.
AIR = 1.2
#: Pixels between a leaning label at the top and the plot.
FOOT = 4
#: Most of the canvas that labels may take from the plot, along each side.
SHARE = 0.36
#: What is mostly left to the plot, along each side.
PLOT = 0.76


def shortened(labels: Sequence[str], font: QFont) -> tuple[str, ...]:
    """Labels no longer than a label may be."""
    metrics, right = QFontMetricsF(font), Qt.TextElideMode.ElideRight
    room = metrics.averageCharWidth() * LABEL_CHARACTERS
    return tuple(metrics.elidedText(label, right, room) for label in labels)


def stride_of(least: float, across: int) -> int:
    """How many labels apart those are that are shown, at least `least`.

    across: of a grid the columns of a row: then whole rows, or equal parts of one.
    """
    stride = max(1, math.ceil(least))
    if across == 1 or stride == 1:
        return stride
    stride = math.ceil(AIR * least)
    parts = (part for part in range(stride, across) if across % part == 0)
    return next(parts, math.ceil(stride / across) * across)


class OwnAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no annotations
    """An axis along one side of a plot, painted by the subclass from the range of the view."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self._theme: Theme | None = None
        #: Pixels that labels may reach beyond the ends.
        self._overhang = 15.0

    @property
    def _is_leaning(self) -> bool:
        return self.orientation in ("top", "bottom")

    def boundingRect(self) -> QRectF:
        # Labels at the ends hang over into the corners. Asking the plot for its size from here
        # crashes when Qt takes both apart.
        size, over = self.size(), self._overhang
        if self._is_leaning:
            return QRectF(-over, 0, size.width() + 2 * over, size.height())
        return QRectF(0, -over, size.width(), size.height() + 2 * over)

    def hoverEvent(self, event: Any) -> None:
        """To the view: pointing at a label is pointing at its row or column."""
        view = self.linkedView()
        if view is not None:
            view.hoverEvent(event)

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        view = self.linkedView()
        if view is not None and self._theme is not None:
            self.paint_labels(painter, view, self._theme)

    def paint_labels(self, painter: QPainter, view: Any, theme: Theme) -> None:
        """Paint along `view`; called only once there is something to paint."""
        raise NotImplementedError

    def _place(self, view: Any, value: float) -> float:
        """Where a value of the view is, in pixels along this axis."""
        at = self.mapFromItem(view, view.mapFromView(QPointF(value, value)))
        return float(at.x() if self._is_leaning else at.y())

    def _draw_again(self) -> None:
        self.prepareGeometryChange()
        self.picture = None
        self.update()

    def _around(self) -> QRectF:
        """The plot, in coordinates of the axis."""
        plot = self.parentItem()
        return QRectF(self.mapRectFromItem(plot, plot.boundingRect()))


class LabelAxis(OwnAxis):
    """Words along an axis, entry i at i + 0.5: upright at the left, leaning at top or bottom.

    Where they would overlap the type gets smaller, then some are left out, lit ones last.
    """

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self._labels: Sequence[str] = ()
        self._lit: frozenset[int] = frozenset()
        self._known: int | None = None
        self._role: Role = "source"
        self._canvas = (math.inf, math.inf)
        #: Labels by their full text: cut, and how wide they are at most. Steps come one by one.
        self._measured: dict[str, tuple[str, float]] = {}
        self._widths: Sequence[float] = ()
        self._across = 1
        #: The size of type that labels have at most, such that all are shown.
        self._largest = SIZES[0]

    def set_labels(self, labels: Sequence[str], theme: Theme, role: Role, across: int = 1) -> None:
        """Show other labels, in the ink of `role`. across: how many make up a row of a grid."""
        held = self._measured if theme == self._theme else {}
        self._theme, self._role, self._across = theme, role, across
        bold = QFontMetricsF(theme.font(SIZES[0], bold=True))
        new = list(set(labels).difference(held))
        for label, cut in zip(new, shortened(new, theme.font(SIZES[0])), strict=True):
            held[label] = cut, bold.horizontalAdvance(cut)
        self._measured = {label: held[label] for label in labels}
        self._labels = [held[label][0] for label in labels]
        self._widths = [held[label][1] for label in labels]
        self._take_room(theme)

    def set_lit(self, lit: frozenset[int]) -> None:
        """The entries that stand out."""
        if lit != self._lit:
            self._lit = lit
            self._draw_again()

    def set_known(self, count: int | None) -> None:
        """Entries from this one on are yet to come, and faint; None where all are known."""
        if count != self._known:
            self._known = count
            self._draw_again()

    def fit(self, width: float, height: float) -> None:
        """Take no more than a share of a canvas of this size."""
        if (width, height) != self._canvas:
            self._canvas = (width, height)
            if self._theme is not None:
                self._take_room(self._theme)

    def _take_room(self, theme: Theme) -> None:
        width, height = self._canvas
        across = width if self._is_leaning else height
        self._largest = self._fitting(theme, PLOT * across / max(1, len(self._widths)))
        longest = max(self._widths, default=0.0) * self._largest / SIZES[0]
        if not self._is_leaning:
            self.setWidth(math.ceil(min(longest + theme.px(10), SHARE * width)))
        else:
            metrics = QFontMetricsF(theme.font(self._largest, bold=True))
            wanted = longest * SINE + self._least_deep(metrics) + 1
            self.setHeight(math.ceil(min(wanted, SHARE * height)))
            self._overhang = longest
            self._leave_corner(theme, longest)
        self._draw_again()

    def _leave_corner(self, theme: Theme, longest: float) -> None:
        """Beside the view, where labels at its end lean out, leave as much as they need."""
        layout = getattr(self.parentItem(), "layout", None)
        width = self._canvas[0]
        widths = [own * self._largest / SIZES[0] for own in self._widths]
        if layout is None or not math.isfinite(width):
            return
        # Of the closest columns that there may be, thus enough for any.
        pitch = max(0.0, (1 - SHARE) * width - longest * COSINE) / max(1, len(widths))
        from_end = widths if self.orientation == "bottom" else widths[::-1]
        out = max((w * COSINE - (i + 0.5) * pitch for i, w in enumerate(from_end)), default=0.0)
        if width < len(widths) * self._least_pitch(theme, _sizes(theme)[-1]):
            out = 0.0  # where not all labels are shown anyway, those that lean out are not
        column = 0 if self.orientation == "bottom" else 2
        layout.setColumnMinimumWidth(column, max(0.0, min(out, SHARE / 2 * width)))

    def _fitting(self, theme: Theme, pitch: float) -> float:
        """The largest type in which all labels are shown; where there is none, a legible one."""
        sizes = (size for size in _sizes(theme) if self._least_pitch(theme, size) <= pitch)
        return next(sizes, SIZES[-1])

    def _least_pitch(self, theme: Theme, size: float) -> float:
        """Pixels between entries from which on all labels are shown."""
        height = QFontMetricsF(theme.font(size)).height()
        return height * (LEANING if self._is_leaning else UPRIGHT)

    def _least_deep(self, metrics: QFontMetricsF) -> float:
        """What leaning letters take from the depth, however short their line is."""
        if self.orientation == "top":
            return FOOT + metrics.ascent() * COSINE
        return metrics.ascent() + metrics.descent() * COSINE

    # -- painting -------------------------------------------------------------------------

    def paint_labels(self, painter: QPainter, view: Any, theme: Theme) -> None:
        first = self._place(view, 0.5)
        apart = self._place(view, 1.5) - first
        pitch = abs(apart)
        size = min(self._largest, self._fitting(theme, pitch))
        low, high = view.viewRange()[0 if self._is_leaning else 1]
        looks = {}
        for lit in (False, True):
            font = theme.font(size, bold=lit)
            looks[lit] = font, QFontMetricsF(font)
        around = self._around()
        stride = stride_of(self._least_pitch(theme, size) / max(pitch, 1e-6), self._across)
        for index in self._thinned(low, high, stride):
            lit = index in self._lit
            font, metrics = looks[lit]
            painter.setFont(font)
            painter.setPen(self._colour(theme, index, lit))
            if self._is_leaning:
                whole = stride > 1 and not lit
                self._paint_leaning(painter, index, first + index * apart, metrics, around, whole)
            else:
                self._paint_upright(painter, index, first + index * apart, metrics)

    def _thinned(self, low: float, high: float, stride: int) -> list[int]:
        """The entries whose middle is in view, `stride` apart where that is needed."""
        first = max(0, math.ceil(low - 0.5 - 1e-6))
        last = min(len(self._labels) - 1, math.floor(high - 0.5 + 1e-6))
        if stride == 1:
            return list(range(first, last + 1))
        kept: list[int] = []
        for index in sorted(self._lit):
            if first <= index <= last and (not kept or index - kept[-1] >= stride):
                kept.append(index)
        taken = {index + d for index in kept for d in range(1 - stride, stride)}
        regular = range(-(-first // stride) * stride, last + 1, stride)
        return sorted({*kept, *(index for index in regular if index not in taken)})

    def _colour(self, theme: Theme, index: int, lit: bool) -> QColor:
        colour = theme.ink(self._role)
        if self._known is not None and index >= self._known:
            colour.setAlphaF(0.5)
        elif self._lit and not lit:
            colour.setAlphaF(0.8)
        return colour

    def _cut(self, index: int, metrics: QFontMetricsF, room: float) -> str:
        """A label in as much room."""
        label = self._labels[index]
        if self._widths[index] * self._largest / SIZES[0] <= room:
            return label
        return metrics.elidedText(label, Qt.TextElideMode.ElideRight, room)

    def _paint_leaning(
        self,
        painter: QPainter,
        index: int,
        x: float,
        metrics: QFontMetricsF,
        around: QRectF,
        whole: bool,
    ) -> None:
        """whole: not at all where the canvas ends before the label does."""
        deep, height = self.size().height(), metrics.height()
        top = self.orientation == "top"
        # Letters lean over the foot of their line: at its start to the left, below it to the right.
        before, after = metrics.ascent() * SINE, metrics.descent() * SINE
        if top:
            foot = max(x - height * 0.15, around.left() + before)
            beside = around.right() - after - foot
        else:
            foot = min(x + height * 0.3, around.right() - after)
            beside = foot - around.left() - before
        if whole and metrics.horizontalAdvance(self._labels[index]) * COSINE > beside - 1:
            return
        least = self._least_deep(metrics)
        room = min((beside - 1) / COSINE, max((deep - least) / SINE, 0.0))
        label = self._cut(index, metrics, room)
        painter.save()
        painter.translate(foot, deep - FOOT if top else metrics.ascent())
        painter.rotate(-ANGLE_DEG)
        painter.drawText(QPointF(0 if top else -metrics.horizontalAdvance(label), 0), label)
        painter.restore()

    def _paint_upright(
        self, painter: QPainter, index: int, y: float, metrics: QFontMetricsF
    ) -> None:
        height, left, right = metrics.height(), 1.0, self.size().width() - 6
        label = self._cut(index, metrics, right - left)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(left, y - height, right - left, 2 * height), flags, label)


def _sizes(theme: Theme) -> tuple[float, ...]:
    return SIZES if theme.scale == 1 else (*SIZES, SMALLEST)
