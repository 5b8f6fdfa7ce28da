"""How the scopes of a step are drawn: windows over the bars of α, and what they cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF, QTransform

from attn_desktop.analysis.scope_bench import GLOBAL, ScopeBench, Scoped, ScopeLane
from attn_desktop.analysis.weighing import SMALLEST_HALF_WIDTH, Window
from attn_desktop.gui.alpha_marks import gaussian_curve
from attn_desktop.gui.bench_tiles import MARGIN
from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.picture_image import PictureImage
from attn_desktop.gui.region_map import RegionMap
from attn_desktop.gui.scope_maps import GridMarks, region_at
from attn_desktop.gui.scope_places import (
    NUMBERS,
    Grip,
    ScopePlaces,
    WindowMarks,
    position_at,
)
from attn_desktop.gui.small_plots import (
    SMALL,
    SmallPlot,
    SourceLabels,
    button_width,
    paint_button,
    paint_tag,
)
from attn_desktop.gui.step_attention import Center, energy_span, mean_energies
from attn_desktop.gui.theme import Theme

#: Type of the numbers beside the plots; how far the ends of a bracket hang down.
TICK, HOOK = 0.74, 4
#: Width of a lane with its margins from which on its button says what it does, at normal type.
WIDE, SHORT = 330, "▸"
#: Of the heights of energies, so that both ends can be seen.
INSIDE = 0.04
UNKNOWN = "p_t is predicted by the model, which is not there; drag to place a window"


@dataclass(frozen=True, eq=False)
class Shown:
    """What is drawn. windows: by lane, as dragged or as the model has them; None for everywhere.

    moved: the lanes whose window somebody changed. scoped: by lane, None where p_t is not known.
    whole: α without a window. offers: by lane what its button says where there is room, empty for
    none. with_windows, with_alpha: whether the phase reveals them. picture: whose regions they
    look at.
    """

    bench: ScopeBench
    windows: dict[str, Window | None]
    moved: frozenset[str]
    scoped: dict[str, Scoped | None]
    whole: Scoped
    own: str
    offers: dict[str, str]
    chosen: str
    with_windows: bool
    with_alpha: bool
    picture: PictureImage | None = None

    def name(self, index: int) -> str:
        """Of a lane."""
        return self.bench.lanes[index].name


class ScopePainter:
    """Paints what is shown at its places. texts: what each lane says of itself."""

    def __init__(
        self, shown: Shown, places: ScopePlaces, theme: Theme, texts: Sequence[str] = ()
    ) -> None:
        self._shown, self._places, self._theme = shown, places, theme
        self._texts = texts

    # -- where things are -----------------------------------------------------------------

    def plot(self, index: int) -> SmallPlot:
        """The bars of a lane."""
        numbers = self._theme.px(NUMBERS) if self._places.axis.across == 1 else 0
        return self._places.plot(index, numbers)

    def map(self, index: int) -> RegionMap | None:
        """α of a lane over the regions of a picture, in place of bars; None over words."""
        return RegionMap.of(self._places.axis, self.plot(index).area, self._shown.picture)

    def column(self, index: int, at: QPointF) -> int | None:
        """The column of the source at a place in a lane."""
        regions, plot = self.map(index), self.plot(index)
        return plot.column(at) if regions is None else regions.position(at)

    def place(self, index: int, at: QPointF) -> tuple[float, ...]:
        """Where a window has its centre that is put there."""
        regions = self.map(index)
        if regions is None:
            return (position_at(self._places.axis, self.plot(index), at.x()),)
        return region_at(regions.cells, at)

    def marks(self, index: int) -> WindowMarks | None:
        """The window of a lane of bars; None where there is none to draw."""
        window = self._window(index)
        if window is None or self.map(index) is not None:
            return None
        return WindowMarks.of(window, self._places.axis, self.plot(index))

    def grid_marks(self, index: int) -> GridMarks | None:
        """The window of a lane that has a map."""
        window, regions = self._window(index), self.map(index)
        if window is None or regions is None:
            return None
        return GridMarks.of(window, regions.cells)

    def _window(self, index: int) -> Window | None:
        shown = self._shown
        return shown.windows.get(shown.name(index)) if shown.with_windows else None

    def grip(self, index: int, at: QPointF) -> Grip | None:
        """What is taken hold of at a place. A window that is not known is put where it is."""
        if self._shown.scoped[self._shown.name(index)] is None:
            inside = self.column(index, at) is not None
            return "center" if inside and self._shown.with_windows else None
        marks, on_grid = self.marks(index), self.grid_marks(index)
        if on_grid is not None:
            return on_grid.grip(at, self._theme)
        return None if marks is None else marks.grip(at, self._places.bracket, self._theme)

    def cursor(self, index: int, at: QPointF) -> Qt.CursorShape | None:
        """That of the grip at a place; None where there is none."""
        marks = self.grid_marks(index)
        if self.grip(index, at) is None:
            return None
        return Qt.CursorShape.SizeHorCursor if marks is None else marks.cursor(at, self._theme)

    def offer(self, index: int) -> str:
        """What the button of a lane says; empty for none."""
        text = self._shown.offers[self._shown.name(index)]
        room = self._places.lane(index).width() + 2 * self._theme.px(MARGIN)
        return SHORT if text and room < self._theme.px(WIDE) else text

    def button(self, index: int) -> QRectF | None:
        """Where a lane is clicked to decode with it; None where that would change nothing."""
        text = self.offer(index)
        if not text:
            return None
        words, wide = self._places.words(index), button_width(text, self._theme)
        return QRectF(words.right() - wide, words.top(), wide, words.height())

    # -- painting -------------------------------------------------------------------------

    def paint(
        self,
        painter: QPainter,
        labels: SourceLabels,
        lit: frozenset[int],
        button: int | None,
        held: int | None,
    ) -> None:
        """All lanes. button: the lane whose button, held: the one whose window is pointed at."""
        places = self._places
        for index, lane in enumerate(self._shown.bench.lanes):
            self._paint_words(painter, index, lane, index == button)
            self._paint_lane(painter, index, lane, lit, index == held)
        if places.labels and places.axis.across == 1:
            labels.paint(painter, self.plot(places.count - 1), places.labels, lit)

    def _paint_lane(
        self,
        painter: QPainter,
        index: int,
        lane: ScopeLane,
        lit: frozenset[int],
        held: bool,
    ) -> None:
        theme, shown, axis = self._theme, self._shown, self._places.axis
        plot, scoped = self.plot(index), shown.scoped[lane.name]
        regions = self.map(index)
        if regions is not None:
            alpha = scoped.alpha if scoped is not None and shown.with_alpha else None
            regions.paint(painter, alpha, self.end, range(len(axis)), lit, theme)
            marks = self.grid_marks(index)
            if marks is not None and scoped is not None:
                marks.paint(painter, np.flatnonzero(scoped.inside).tolist(), held, theme)
            return
        if scoped is not None and shown.with_windows:
            outside = np.flatnonzero(~axis.any(scoped.inside)).tolist()
            plot.paint_bands(painter, outside, theme.colour("faint"))
        plot.paint_bands(painter, lit, theme.hue("source", 0.18))
        self._paint_frame(painter, plot)
        if lane.name == GLOBAL:
            self._paint_energies(painter, plot)
        if scoped is None:
            painter.setFont(theme.font(SMALL))
            painter.setPen(theme.colour("dim"))
            text = elided(UNKNOWN, painter.font(), plot.area.width())
            painter.drawText(plot.area, Qt.AlignmentFlag.AlignCenter, text)
        elif shown.with_alpha:
            plot.paint_bars(painter, axis.sum(scoped.alpha), theme.hue("soft"), theme)
            if lane.name != GLOBAL:
                pen = QPen(theme.colour("dim"), theme.px(1.5))
                plot.paint_outlines(painter, axis.sum(shown.whole.alpha), pen, theme)
        self._paint_window(painter, index, plot, held)

    @property
    def end(self) -> float:
        """The α at which the colours of all maps end."""
        alphas = [own.alpha for own in self._shown.scoped.values() if own is not None]
        return self._places.axis.alpha_end(np.array(alphas))

    def _paint_frame(self, painter: QPainter, plot: SmallPlot) -> None:
        theme = self._theme
        painter.setPen(QPen(theme.colour("border"), 1))
        for level in (0.0, 1.0):
            y = plot.y(level)
            painter.drawLine(QLineF(plot.area.left(), y, plot.area.right(), y))
        painter.setFont(theme.font(TICK))
        painter.setPen(theme.ink("soft"))
        high = QFontMetricsF(painter.font()).height()
        if plot.area.height() < 1.6 * high:
            return
        for level, text in ((0.0, "0"), (1.0, "1")):
            box = QRectF(0, plot.y(level) - high / 2, plot.area.left() - theme.px(3), high)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_energies(self, painter: QPainter, plot: SmallPlot) -> None:
        """e as ticks between its least and its largest."""
        theme = self._theme
        energies = mean_energies(self._places.axis, self._shown.bench.energies)
        finite = energies[np.isfinite(energies)]
        if not len(finite):
            return
        low, high = energy_span([(float(finite.min()), float(finite.max()))])
        heights = INSIDE + (1 - 2 * INSIDE) * (energies - low) / max(high - low, 1e-300)
        plot.paint_outlines(painter, heights, QPen(theme.colour("dim"), theme.px(2)), theme)

    def _paint_window(self, painter: QPainter, index: int, plot: SmallPlot, held: bool) -> None:
        """The bracket p_t ± D above the bars, p_t as a line through them, the Gaussian dashed."""
        theme, marks = self._theme, self.marks(index)
        window = self._shown.windows.get(self._shown.name(index))
        if marks is None or window is None:
            return
        colour = theme.hue("source") if held else theme.colour("text")
        y, hook = plot.area.top() - self._places.bracket / 2, theme.px(HOOK)
        painter.setPen(QPen(colour, theme.px(1.5)))
        painter.drawLine(QLineF(marks.left, y, marks.right, y))
        for x in (marks.left, marks.right):
            painter.drawLine(QLineF(x, y - hook / 2, x, y + hook))
        painter.drawLine(QLineF(marks.middle, y, marks.middle, plot.area.bottom()))
        size = theme.px(HOOK)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(marks.middle - size, y - size),
                    QPointF(marks.middle + size, y - size),
                    QPointF(marks.middle, y + size),
                ]
            )
        )
        if window.gaussian and window.half_width >= SMALLEST_HALF_WIDTH:
            center = Center(window.center[0], window.half_width, gaussian=True)
            area = plot.area
            to_pixels = QTransform(plot.pitch, 0, 0, -area.height(), area.left(), area.bottom())
            painter.setPen(QPen(theme.colour("dim"), 1, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(to_pixels.map(gaussian_curve(self._places.axis, center)))

    def _paint_words(self, painter: QPainter, index: int, lane: ScopeLane, pointed: bool) -> None:
        theme, shown, box = self._theme, self._shown, self._places.words(index)
        button = self.button(index)
        right = box.right()
        if button is not None:
            paint_button(painter, button, self.offer(index), theme, pointed)
            right = button.left() - theme.px(6)
        elif lane.name == shown.own:
            font = theme.font(SMALL)
            wide = QFontMetricsF(font).horizontalAdvance("in use")
            right -= self._write(painter, box, "in use", "dim", right - wide, wide + 1) + theme.px(
                6
            )
        x = box.left()
        if lane.name == shown.chosen and shown.windows.get(lane.name) is not None:
            mark = QRectF(x, box.center().y() - theme.px(3), theme.px(6), theme.px(6))
            fill_rounded(painter, mark, theme.px(3), theme.hue("source"))
            x += theme.px(9)
        x += self._write(painter, box, lane.name, "text", x, right - x, bold=True) + theme.px(6)
        if not lane.trained and right - x > theme.px(70):
            x += paint_tag(painter, x, box.center().y(), "untrained", theme) + theme.px(6)
        unknown = shown.scoped[lane.name] is None and self.map(index) is not None
        text = UNKNOWN if unknown else self._texts[index]
        if right - x > theme.px(12):
            self._write(painter, box, text, "dim", x, right - x)

    def _write(
        self,
        painter: QPainter,
        box: QRectF,
        text: str,
        ink: str,
        left: float,
        room: float,
        bold: bool = False,
    ) -> float:
        """A text in a line from `left` on; its width."""
        font = self._theme.font(SMALL, bold=bold)
        painter.setFont(font)
        painter.setPen(self._theme.colour(ink))
        text = elided(text, font, max(0.0, room))
        area = QRectF(left, box.top(), max(0.0, room) + 2, box.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        return QFontMetricsF(font).horizontalAdvance(text)
