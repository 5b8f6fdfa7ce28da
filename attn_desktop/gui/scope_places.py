"""Where the scopes of a step stand in a panel, and what of a window the pointer takes hold of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF

from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.analysis.weighing import Window
from attn_desktop.gui.bench_tiles import MARGIN, Tiles, best_across, tile_width, words_height
from attn_desktop.gui.small_plots import SMALL, SmallPlot
from attn_desktop.gui.step_attention import column_places
from attn_desktop.gui.theme import Theme

#: Room of the numbers beside the plots, gap between lanes, at normal type.
NUMBERS, APART = 14, 4
#: Between two lanes side by side, at normal type.
BETWEEN = 20
#: Room above the bars for the bracket of a window, and how near the pointer must come to it.
BRACKET, REACH = 9, 7
#: Most of the height that the labels of the source may take; the least of a lane that has words.
LABELS, LEAST = 0.22, 22

Grip = Literal["center", "edge"]


@dataclass(frozen=True)
class ScopePlaces:
    """Lanes, each a line of words above a plot over the columns of the source, or above a map.

    tiles: where they are. labels: room for the labels below the last one.
    """

    tiles: Tiles
    axis: SourceAxis
    count: int
    head: float
    bracket: float
    labels: float

    def lane(self, index: int) -> QRectF:
        """All of a lane."""
        return self.tiles.box(index)

    def words(self, index: int) -> QRectF:
        """The line above the plot of a lane."""
        lane = self.lane(index)
        return QRectF(lane.left(), lane.top(), lane.width(), self.head)

    def plot(self, index: int, left: float) -> SmallPlot:
        """The bars of a lane. left: what numbers need beside them."""
        lane = self.lane(index)
        top = lane.top() + self.head + self.bracket
        high = max(1.0, lane.bottom() - APART - top)
        wide = max(1.0, lane.width() - left)
        return SmallPlot(QRectF(lane.left() + left, top, wide, high), len(self.axis))

    def at(self, place: QPointF) -> int | None:
        """The lane at a place."""
        return next((at for at in range(self.count) if self.lane(at).contains(place)), None)


def lay_out(
    area: QRectF, axis: SourceAxis, count: int, label_height: float, theme: Theme
) -> ScopePlaces:
    """So many lanes; the labels go where it is too low for both."""
    px, margin = theme.px, theme.px(MARGIN)
    area = area.adjusted(margin, 2, -margin, -2)
    metrics = QFontMetricsF(theme.font(SMALL))
    head = words_height(theme)
    labels = min(label_height, LABELS * area.height())
    room = max(1.0, area.height() - labels)
    if labels < metrics.height() or room / max(1, count) < head + px(LEAST):
        labels, room = 0.0, max(1.0, area.height())
    pitch = room / max(1, count)
    if pitch < metrics.height() + px(LEAST):
        head = min(head, pitch / 2)
    bracket = min(px(BRACKET), pitch / 6)
    return ScopePlaces(Tiles(area, 1, pitch), axis, count, head, bracket, labels)


def lay_out_maps(
    area: QRectF, axis: SourceAxis, count: int, ratio: float, theme: Theme
) -> ScopePlaces:
    """So many lanes, as many side by side as makes their maps largest.

    ratio: of the width of a map to its height.
    """
    margin, between = theme.px(MARGIN), theme.px(BETWEEN)
    area = area.adjusted(margin, 2, -margin, -2)
    head = words_height(theme)

    def high(across: int, rows: int) -> float:
        wide = tile_width(area.width(), across, between)
        return min(area.height() / rows - head - APART, wide / ratio)

    across, size = best_across(count, high)
    pitch = max(1.0, head + APART + size)
    tiles = Tiles(area, across, pitch, between)
    return ScopePlaces(tiles, axis, count, min(head, pitch / 2), 0.0, 0.0)


@dataclass(frozen=True)
class WindowMarks:
    """A window in the pixels of a plot. left, middle, right: of p_t − D, p_t and p_t + D.

    They are held at the ends of the plot where they are beyond them.
    """

    plot: SmallPlot
    left: float
    middle: float
    right: float

    @classmethod
    def of(cls, window: Window, axis: SourceAxis, plot: SmallPlot) -> WindowMarks:
        """Where a window along a sequence is. Position j, 1-based, has its middle at j − 1/2."""
        middle, reach = window.center[0] - 0.5, window.half_width
        places = column_places(axis, np.array([middle - reach, middle, middle + reach]))
        left, centre, right = (plot.x(place) for place in places.tolist())
        return cls(plot, left, centre, right)

    def grip(self, at: QPointF, above: float, theme: Theme) -> Grip | None:
        """What is taken hold of at a place: the centre before an edge. above: of the bracket."""
        area = self.plot.area.adjusted(-theme.px(REACH), -above, theme.px(REACH), 0)
        if not area.contains(at):
            return None
        if abs(at.x() - self.middle) <= theme.px(REACH):
            return "center"
        near = min(abs(at.x() - self.left), abs(at.x() - self.right))
        return "edge" if near <= theme.px(REACH) else None


def position_at(axis: SourceAxis, plot: SmallPlot, x: float) -> float:
    """The 1-based place along the positions at a pixel; within a column in proportion."""
    place = min(max(plot.place(x), 0.0), float(len(axis)))
    edges = np.append(axis.starts, axis.size)
    return float(np.interp(place, np.arange(len(axis) + 1), edges)) + 0.5


def dragged(window: Window, grip: Grip, to: tuple[float, ...]) -> Window:
    """The window with its centre, or one of its edges, at a place along the positions.

    to: as a window has its centre.
    """
    if grip == "center":
        return replace(window, center=to)
    apart = (abs(own - other) for own, other in zip(to, window.center, strict=True))
    return replace(window, half_width=max(apart))
