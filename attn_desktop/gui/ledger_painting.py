"""How the context ledger is drawn: entries of one dimension, norms, and shares of ‖c_t‖²."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from attn_desktop.analysis.ledger import Ledger
from attn_desktop.gui.formula_page import number
from attn_desktop.gui.ledger_controls import DIMENSION
from attn_desktop.gui.painting import write_longest
from attn_desktop.gui.small_plots import SMALL, SmallPlot, SourceLabels
from attn_desktop.gui.theme import Theme

Floats = NDArray[np.float64]

ENTRIES, NORMS, SHARES = "entries", "norms", "shares"
PLOTS = (ENTRIES, NORMS, SHARES)
#: Margin around all, gap between plots, between a title and its plot, least height of a plot
#: beside others, at normal type.
MARGIN, GAP, ABOVE, LEAST = 8, 6, 3, 40
#: Width of the panel from which on a low one has its plots side by side.
WIDE = 690
#: Share of the height that labels may take, and height of a plot that they leave at least: in a
#: low panel they may have all else, and below that there are none.
LABELS, LOW = 0.28, 24
#: Column of what an edit adds, after those of the source.
EDIT = "edit"


@dataclass(frozen=True)
class LedgerPlaces:
    """Where each plot is, by name; titles above them; labels below those that have them.

    check: the line with the sum. whole: whether all plots are seen at once.
    """

    plots: dict[str, QRectF]
    titles: dict[str, QRectF]
    labelled: frozenset[str]
    labels: float
    check: QRectF
    whole: bool


def lay_out(area: QRectF, part: str, labels: SourceLabels, theme: Theme) -> LedgerPlaces:
    """All three plots where there is room, or else those of a part."""
    px, line = theme.px, QFontMetricsF(theme.font(SMALL)).height()
    inner = area.adjusted(px(MARGIN), 0, -px(MARGIN), -px(3))
    check = QRectF(inner.left(), inner.bottom() - line, inner.width(), line)
    inner.setBottom(check.top() - px(2))
    gap, above = px(GAP), px(ABOVE)
    beside_labels = line + above + px(LOW)
    label = labels.height(max(LABELS * inner.height(), inner.height() - beside_labels))
    if inner.height() - label < beside_labels:
        label = 0.0
    beside = inner.width() >= px(WIDE) and inner.height() < 3 * (line + px(LEAST) + gap) + label
    stacked = inner.height() - label >= 3 * (line + px(LEAST) + gap)
    whole = beside or stacked
    names: Sequence[str] = PLOTS if whole else ((ENTRIES,) if part == DIMENSION else PLOTS[1:])
    plots, titles = {}, {}
    if beside:
        wide = (inner.width() - 4 * gap) / 3
        for index, name in enumerate(names):
            left = inner.left() + index * (wide + 2 * gap)
            titles[name] = QRectF(left, inner.top(), wide, line)
            high = max(1.0, inner.height() - line - above - label)
            plots[name] = QRectF(left, inner.top() + line + above, wide, high)
    else:
        pitch = (inner.height() - label) / len(names)
        for index, name in enumerate(names):
            top = inner.top() + index * pitch
            titles[name] = QRectF(inner.left(), top, inner.width(), line)
            high = max(1.0, pitch - line - above - gap)
            plots[name] = QRectF(inner.left(), top + line + above, inner.width(), high)
    return LedgerPlaces(
        plots, titles, frozenset(names if beside else names[-1:]), label, check, whole
    )


@dataclass(frozen=True, eq=False)
class LedgerView:
    """What is drawn: a ledger at one dimension d of step t, at its places.

    Columns are those of the source and, where c_t was edited, one more for what that added.
    dimension: d, from 0; it is written from 1, as everywhere.
    """

    ledger: Ledger
    dimension: int
    t: int
    hard: bool
    places: LedgerPlaces
    theme: Theme

    @property
    def count(self) -> int:
        """Columns of each plot."""
        return len(self.ledger.weights) + self.ledger.edited

    @property
    def d(self) -> int:
        """The dimension as it is written."""
        return self.dimension + 1

    def entries(self) -> Floats:
        """α_j h_j[d] of each column."""
        own = self.ledger.entries[:, self.dimension]
        return np.append(own, self.ledger.rest[self.dimension]) if self.ledger.edited else own

    def running(self) -> Floats:
        """Sum of the entries up to each column."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(np.cumsum(self.entries()))

    def norms(self) -> Floats:
        """‖α_j h_j‖ of each column."""
        own = self.ledger.norms
        if not self.ledger.edited:
            return own
        with np.errstate(invalid="ignore", over="ignore"):
            return np.append(own, np.linalg.norm(self.ledger.rest))

    def shares(self) -> Floats:
        """Which share of ‖c_t‖² each column pays."""
        return self.ledger.shares[: self.count]

    def values(self, name: str) -> Floats:
        """The numbers of a plot."""
        return {ENTRIES: self.entries, NORMS: self.norms, SHARES: self.shares}[name]()

    def plot(self, name: str) -> SmallPlot:
        """Where the numbers of a plot are; both ends are numbers in it, or 0."""
        values = self.values(name)
        if name == ENTRIES:
            values = np.concatenate([values, self.running()])
        values = values[np.isfinite(values)]
        low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
        return SmallPlot(self.places.plots[name], self.count, low, high if high > low else low + 1)

    def column(self, at: QPointF) -> int | None:
        """The column at a place of any plot."""
        found = (self.plot(name).column(at) for name in self.places.plots)
        return next((column for column in found if column is not None), None)

    # -- words ----------------------------------------------------------------------------

    def title(self, name: str) -> tuple[str, ...]:
        """What a plot shows and how far it reaches, the longest first."""
        plot, d = self.plot(name), self.d
        # An end that is next to nothing beside the other one is the line of 0.
        least = (plot.high - plot.low) / 1000
        reach = " … ".join(
            number(end, signed=True) if abs(end) > least else "0" for end in (plot.low, plot.high)
        )
        if name == ENTRIES:
            line = "line: running sum"
            return (
                f"α_j h_j[{d}], {line}   {reach}",
                f"α_j h_j[{d}], {line}",
                f"α_j h_j[{d}]",
            )
        if name == NORMS:
            return (f"‖α_j h_j‖   0 … {number(plot.high)}", "‖α_j h_j‖")
        share = "⟨α_j h_j, c⟩ / ‖c‖²"
        return (f"share of ‖c‖²: {share}   {reach}", f"{share}   {reach}", share)

    def check(self) -> tuple[tuple[str, ...], bool]:
        """Whether the entries sum up to the recorded context, in words, the longest first."""
        ledger, dimension, d = self.ledger, self.dimension, self.d
        symbol = f"c_{self.t}[{d}]"
        total = number(float(ledger.total[dimension]), signed=True)
        recorded = number(float(ledger.context[dimension]), signed=True)
        if ledger.edited:
            rest = number(float(ledger.rest[dimension]), signed=True)
            far = number(float(np.linalg.norm(ledger.rest)))
            short = f"Σ {total}, edit {rest}: {symbol} = {recorded}"
            return (
                (
                    f"Σ_j α_j h_j[{d}] = {total}, the edit adds {rest}: {symbol} = {recorded}"
                    f"   ·   all of it: ‖c − Σ‖ = {far}",
                    f"{short}   ‖c − Σ‖ = {far}",
                    short,
                ),
                True,
            )
        holds = ledger.holds(dimension)
        apart = number(float(ledger.rest[dimension]), signed=True)
        mark = "✓" if holds else f"≠, {apart} apart"
        short = f"Σ = {total}, {symbol} = {recorded} {mark}"
        tolerance = f"{ledger.tolerance:.0e}".replace("e-", "e−").replace("−0", "−")
        within = f"within {tolerance} of Σ_j |α_j h_j[{d}]|"
        return (
            (
                f"Σ_j α_j h_j[{d}] = {total}, {symbol} = {recorded} {mark} {within}"
                f"   ·   shares sum to {number(float(self.shares().sum()))}",
                f"Σ_j α_j h_j[{d}] = {total}, {symbol} = {recorded} {mark} {within}",
                f"{short} {within}",
                f"{short} (to {tolerance})",
                short,
            ),
            holds,
        )

    # -- painting -------------------------------------------------------------------------

    def paint(
        self, painter: QPainter, labels: SourceLabels, lit: frozenset[int], pointed: int | None
    ) -> None:
        """All plots that are seen. lit: columns; pointed: the one under the pointer."""
        theme, places = self.theme, self.places
        for name in places.plots:
            painter.setFont(theme.font(SMALL))
            painter.setPen(theme.colour("dim"))
            write_longest(painter, places.titles[name], self.title(name))
            plot = self.plot(name)
            plot.paint_bands(painter, lit, theme.hue("source", 0.18))
            if pointed is not None:
                plot.paint_bands(painter, [pointed], theme.colour("faint", 0.7))
            self._paint_bars(painter, plot, name)
            plot.paint_base(painter, theme)
            if name == ENTRIES:
                self._paint_running(painter, plot)
            if name in places.labelled and places.labels:
                labels.paint(painter, plot, places.labels, lit)
        texts, holds = self.check()
        painter.setFont(theme.font(SMALL))
        painter.setPen(theme.colour("text" if holds else "warning"))
        write_longest(painter, places.check, texts)

    def _paint_bars(self, painter: QPainter, plot: SmallPlot, name: str) -> None:
        theme, values = self.theme, self.values(name)
        own = values.copy()
        if self.ledger.edited:
            own[-1] = np.nan
            rest = np.full_like(values, np.nan)
            rest[-1] = values[-1]
            plot.paint_bars(painter, rest, theme.colour("dim"), theme)
        if name == NORMS:
            plot.paint_bars(painter, own, theme.hue("source"), theme)
            return
        below, above = (QColor(end) for end in theme.diverging)
        with np.errstate(invalid="ignore"):
            plot.paint_bars(painter, np.where(own < 0, own, np.nan), below, theme)
            plot.paint_bars(painter, np.where(own > 0, own, np.nan), above, theme)

    def _paint_running(self, painter: QPainter, plot: SmallPlot) -> None:
        """A step a column; a dot at its end, where c_t[d] is."""
        theme, running = self.theme, self.running()
        painter.setPen(QPen(theme.hue("hard" if self.hard else "soft"), theme.px(1.5)))
        before = 0.0
        for column, value in enumerate(running.tolist()):
            if not np.isfinite(value):
                break
            x, y = plot.x(column), plot.y(value)
            painter.drawLine(QLineF(x, plot.y(before), x, y))
            painter.drawLine(QLineF(x, y, plot.x(column + 1), y))
            before = value
        recorded = float(self.ledger.context[self.dimension])
        if np.isfinite(recorded):
            painter.setPen(QPen(theme.colour("card"), 1))
            painter.setBrush(theme.hue("hard" if self.hard else "soft"))
            radius = theme.px(4)
            painter.drawEllipse(QPointF(plot.area.right(), plot.y(recorded)), radius, radius)
            painter.setBrush(Qt.BrushStyle.NoBrush)
