"""Two small charts: the variance of estimates against K, and why the drawn k has no gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from attn_desktop.analysis.gradients import BASELINES, Floats, Gradients, Sweep
from attn_desktop.gui.formula_page import number_text
from attn_desktop.gui.gradient_scale import Chart, Scale
from attn_desktop.gui.line_plot import SMALL
from attn_desktop.gui.painting import diamond, draw_way, elided
from attn_desktop.gui.theme import Role, Theme

#: Room at the left for numbers, right for names of lines, above for the title; radius of a point.
LEFT, NAMES, RIGHT, POINT = 48, 62, 10, 3
#: A position in a chart is near a point up to so many pixels.
NEAR = 14
#: Least height and width of a chart that is drawn at all.
LEAST_HIGH, LEAST_WIDE = 70, 110


@dataclass(frozen=True, eq=False)
class Shown:
    """What the charts are about. labels: of source positions. position: whose energy moves.

    slope: ∂J/∂e of that position, NaN without a record. sampled: whether k comes from the draw.
    """

    found: Gradients | None
    sweep: Sweep | None
    labels: tuple[str, ...]
    position: int
    draw: float
    baseline: int
    count: int

    @property
    def slope(self) -> float:
        """∂J/∂e_j, NaN where it is not known."""
        return math.nan if self.found is None else float(self.found.array("exact")[self.position])


class GradientCharts(QWidget):
    """said: what is under the pointer. count_chosen: index of a number of samples."""

    said = Signal(str)
    count_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: Shown | None = None
        self._parts: tuple[str, ...] = ("variance", "sweep")
        self._stacked = True
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def show_state(
        self, theme: Theme, shown: Shown | None, parts: tuple[str, ...], stacked: bool
    ) -> None:
        """Draw this. parts: of `variance` and `sweep`; stacked: one below the other."""
        self._theme, self._shown, self._parts, self._stacked = theme, shown, parts, stacked
        self.update()

    # -- where things are ---------------------------------------------------------------------

    def _cell(self, part: str) -> QRectF:
        """The share of the widget that a chart has."""
        index, count = self._parts.index(part), len(self._parts)
        whole = QRectF(self.rect())
        if self._stacked:
            high = whole.height() / count
            return QRectF(0, index * high, whole.width(), high)
        wide = whole.width() / count
        return QRectF(index * wide, 0, wide, whole.height())

    def _area(self, cell: QRectF, left: float, right: float) -> QRectF:
        """What is left of a cell beside its title and its numbers."""
        high = QFontMetricsF(self._theme.font(SMALL, bold=True)).height()
        px = self._theme.px
        return cell.adjusted(px(left), high + px(8), -px(right), -high - px(4))

    def variance_chart(self) -> Chart | None:
        """Where the variances go; None where there are none, or no room."""
        shown, theme = self._shown, self._theme
        if shown is None or shown.found is None or "variance" not in self._parts:
            return None
        area = self._area(self._cell("variance"), LEFT, NAMES)
        if area.width() < theme.px(LEAST_WIDE) / 2 or area.height() < theme.px(LEAST_HIGH) / 2:
            return None
        counts = np.array(shown.found.counts, dtype=np.float64)
        both = shown.found.empirical, shown.found.array("analytic")
        x = Scale.around(counts, area.left(), area.right(), log=True)
        y = Scale.around(np.stack(both), area.bottom(), area.top(), log=True)
        if x is None or y is None:
            return None
        return Chart(area, x, y, theme, "Var ĝ:  ● measured  — exact", "K")

    def sweep_charts(self) -> tuple[Chart, Chart] | None:
        """Where k and J go, one above the other with the same δ; None where there is no room."""
        shown, theme = self._shown, self._theme
        if shown is None or shown.sweep is None or "sweep" not in self._parts:
            return None
        cell = self._cell("sweep")
        half = cell.height() / 2
        upper = self._area(QRectF(cell.left(), cell.top(), cell.width(), half), LEFT, RIGHT)
        lower = upper.translated(0, half)
        if upper.width() < theme.px(LEAST_WIDE) / 2 or upper.height() < theme.px(LEAST_HIGH) / 4:
            return None
        found = shown.sweep
        reach = float(found.shifts[-1])
        x = Scale(-reach, reach, upper.left(), upper.right())
        low, high = float(found.levels.min()) - 0.5, float(found.levels.max()) + 0.5
        k = Scale(low, high, upper.bottom(), upper.top())
        # Where r is not known yet, α of the moved position is what there is to see.
        curve = found.alpha if shown.found is None else found.expected
        y = Scale.around(curve, lower.bottom(), lower.top())
        if y is None:
            return None
        j = shown.position + 1
        above = f"k(e_{j} + δ), u = {shown.draw:.3f}: jumps, else slope 0"
        below = f"J(e_{j} + δ)" if shown.found else f"α_{j}(e_{j} + δ)"
        below += f" of “{shown.labels[shown.position]}”: smooth"
        if math.isfinite(shown.slope):
            below = f"{below}, slope {number_text(shown.slope)} at 0"
        return (
            Chart(upper, x, k, theme, above),
            Chart(lower, x, y, theme, below, "δ"),
        )

    # -- painting -------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("card"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        try:
            variance, sweeps = self.variance_chart(), self.sweep_charts()
            if self._shown is not None and "variance" in self._parts and variance is None:
                self._paint_no_variance(painter)
            if variance is not None:
                self._paint_variance(painter, variance)
            if sweeps is not None:
                self._paint_drawn(painter, sweeps[0])
                self._paint_expected(painter, sweeps[1])
        finally:
            painter.end()

    def _paint_no_variance(self, painter: QPainter) -> None:
        found = None if self._shown is None else self._shown.found
        text = "The variance of estimates: press Compute."
        if found is not None:
            text = "The variance is 0: α is one position." if not found.empirical.any() else ""
        painter.setFont(self._theme.font(SMALL))
        painter.setPen(self._theme.colour("dim"))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        margin = self._theme.px(8)
        area = self._cell("variance").adjusted(margin, margin, -margin, -margin)
        painter.drawText(area, flags, text)

    def _line_colour(self, baseline: int) -> QColor:
        shown = self._shown
        assert shown is not None
        theme = self._theme
        return theme.hue("hard") if baseline == shown.baseline else theme.colour("dim")

    def _paint_variance(self, painter: QPainter, chart: Chart) -> None:
        shown, theme = self._shown, self._theme
        assert shown is not None and shown.found is not None
        chart.paint_frame(painter)
        x = chart.x.at(np.array(shown.found.counts, dtype=np.float64))
        painter.setPen(QPen(theme.colour("border"), 1))
        here = float(x[shown.count])
        painter.drawLine(QLineF(here, chart.area.top(), here, chart.area.bottom()))
        analytic, measured = shown.found.array("analytic"), shown.found.empirical
        # The chosen one last, on top of the others.
        order = sorted(range(len(BASELINES)), key=lambda baseline: baseline == shown.baseline)
        for baseline in order:
            colour, strong = self._line_colour(baseline), baseline == shown.baseline
            draw_way(painter, np.stack([x, chart.y.at(analytic[baseline])], axis=1), colour)
            radius = theme.px(POINT) * (1.3 if strong else 0.8)
            painter.setPen(QPen(colour, theme.px(1.2)))
            painter.setBrush(colour if strong else theme.colour("card"))
            for px, py in zip(x.tolist(), chart.y.at(measured[baseline]).tolist(), strict=True):
                if math.isfinite(py):
                    painter.drawEllipse(QPointF(px, py), radius, radius)
        self._paint_names(painter, chart, analytic)

    def _paint_names(self, painter: QPainter, chart: Chart, analytic: Floats) -> None:
        """The baselines at the right ends of their lines, apart from each other."""
        theme, shown = self._theme, self._shown
        assert shown is not None
        ends = chart.y.at(analytic[:, -1])
        known = [int(b) for b in np.argsort(ends) if math.isfinite(ends[b])]
        metrics = QFontMetricsF(theme.font(SMALL, bold=True))
        high = metrics.height() * 0.95
        y = -math.inf
        places = {}
        for baseline in known:
            y = max(y + high, float(ends[baseline]) + metrics.capHeight() / 2)
            places[baseline] = y
        over = max(0.0, y - chart.area.bottom())
        for baseline, place in places.items():
            strong = baseline == shown.baseline
            painter.setFont(theme.font(SMALL, bold=strong))
            painter.setPen(theme.ink("hard") if strong else theme.colour("dim"))
            left = chart.area.right() + theme.px(5)
            room = self._cell("variance").right() - left
            text = elided(BASELINES[baseline], painter.font(), room)
            painter.drawText(QPointF(left, place - over), text)

    def _paint_drawn(self, painter: QPainter, chart: Chart) -> None:
        shown, theme = self._shown, self._theme
        assert shown is not None and shown.sweep is not None
        found = shown.sweep
        ticks = [(float(k), shown.labels[k]) for k in sorted(set(found.levels.tolist()))]
        chart.paint_frame(painter, ticks)
        self._paint_zero(painter, chart)
        ends = [chart.area.left(), *chart.x.at(found.jumps).tolist(), chart.area.right()]
        painter.setPen(QPen(theme.hue("hard", 0.5), 1, Qt.PenStyle.DotLine))
        for jump in ends[1:-1]:
            painter.drawLine(QLineF(jump, chart.area.top(), jump, chart.area.bottom()))
        pen = QPen(theme.hue("hard"), theme.px(2.2))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        # A level for each stretch between two jumps; between levels k takes no values.
        heights = chart.y.at(found.levels.astype(np.float64)).tolist()
        for (left, right), y in zip(pairwise(ends), heights, strict=True):
            painter.drawLine(QLineF(left, y, right, y))
        drawn = float(found.drawn[len(found.shifts) // 2])
        here = QPointF(chart.x.pixel(0.0), chart.y.pixel(drawn))
        painter.setPen(QPen(theme.hue("hard"), theme.px(1.5)))
        painter.setBrush(theme.colour("card"))
        painter.drawPolygon(diamond(here, theme.px(5)))

    def _paint_expected(self, painter: QPainter, chart: Chart) -> None:
        shown, theme = self._shown, self._theme
        assert shown is not None and shown.sweep is not None
        found = shown.sweep
        chart.paint_frame(painter)
        self._paint_zero(painter, chart)
        curve = found.alpha if shown.found is None else found.expected
        painter.save()
        painter.setClipRect(chart.area)
        x, y = chart.x.at(found.shifts), chart.y.at(curve)
        here = len(x) // 2
        if math.isfinite(shown.slope):
            tangent = curve[here] + shown.slope * found.shifts
            painter.setPen(QPen(theme.colour("text"), 1, Qt.PenStyle.DashLine))
            ends = chart.y.at(tangent)
            if np.isfinite(ends[[0, -1]]).all():
                painter.drawLine(QLineF(x[0], ends[0], x[-1], ends[-1]))
        path = pg.arrayToQPath(x, y, connect="finite")
        role: Role = "source" if shown.found is None else "expected"
        painter.setPen(QPen(theme.hue(role), theme.px(2.2)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        painter.restore()

    def _paint_zero(self, painter: QPainter, chart: Chart) -> None:
        zero = chart.x.pixel(0.0)
        painter.setPen(QPen(self._theme.colour("border"), 1))
        painter.drawLine(QLineF(zero, chart.area.top(), zero, chart.area.bottom()))

    # -- pointer ----------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.said.emit(self._about(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.said.emit("")
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        count = self._count_at(event.position())
        if count is not None and event.button() == Qt.MouseButton.LeftButton:
            self.count_chosen.emit(count)

    def _count_at(self, at: QPointF) -> int | None:
        """The number of samples nearest to a pixel inside the variances."""
        chart, shown = self.variance_chart(), self._shown
        if chart is None or shown is None or shown.found is None:
            return None
        around = self._theme.px(NEAR)
        if not chart.area.adjusted(-around, 0, around, around).contains(at):
            return None
        x = chart.x.at(np.array(shown.found.counts, dtype=np.float64))
        return int(np.abs(x - at.x()).argmin())

    def _about(self, at: QPointF) -> str:
        shown = self._shown
        if shown is None:
            return ""
        count = self._count_at(at)
        if count is not None and shown.found is not None:
            analytic, measured = shown.found.array("analytic"), shown.found.empirical
            pairs = zip(measured[:, count].tolist(), analytic[:, count].tolist(), strict=True)
            each = "   ".join(
                f"{name} {number_text(found)} (exact {number_text(exact)})"
                for name, (found, exact) in zip(BASELINES, pairs, strict=True)
            )
            return f"K = {shown.found.counts[count]}: Var ĝ   {each}"
        charts = self.sweep_charts()
        if charts is None or shown.sweep is None:
            return ""
        if not any(chart.area.contains(at) for chart in charts):
            return ""
        sweep, shift = shown.sweep, charts[0].x.value(at.x())
        index = int(np.abs(sweep.shifts - shift).argmin())
        k = int(sweep.drawn[index])
        text = f"δ = {number_text(sweep.shifts[index])}: k = {k + 1} “{shown.labels[k]}”"
        if shown.found is not None:
            text += f"   J = {number_text(sweep.expected[index])}"
        return f"{text}   α_{shown.position + 1} = {number_text(sweep.alpha[index])}"
