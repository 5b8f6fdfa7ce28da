"""How the scores of a step are drawn: e, α and c of each, and how alike their α are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.analysis.score_bench import ScoreBench, ScoreRow, agreement, same_argmax
from attn_desktop.gui.numbers import level_text, short_text
from attn_desktop.gui.painting import elided, fill_rounded, write_longest
from attn_desktop.gui.picture_image import PictureImage
from attn_desktop.gui.raster import colour_limit, paint_cells, peaks, signed_image
from attn_desktop.gui.score_layout import BenchPlaces
from attn_desktop.gui.small_plots import (
    SMALL,
    SmallPlot,
    SourceLabels,
    paint_button,
    paint_tag,
)
from attn_desktop.gui.step_attention import mean_energies
from attn_desktop.gui.theme import Theme

#: Type of what names the columns; least width of a cell of a strip, for colours to be seen.
TITLE, CELL = 0.78, 3
UNTRAINED = "untrained"


@dataclass(frozen=True)
class Known:
    """What the phase at the playhead reveals of the rows."""

    alpha: bool
    context: bool
    tokens: bool


@dataclass(frozen=True, eq=False)
class Shown:
    """What is drawn. names: of all rows, also of those that are not known yet; rows: by name.

    bench: as the sliders have it; plain: as the model has it. own: the score of the step; fixed:
    whether decoding on with it would change nothing. buttons: whether there are any.
    picture: whose regions they look at.
    """

    names: tuple[str, ...]
    bench: ScoreBench
    plain: ScoreBench
    axis: SourceAxis
    own: str
    fixed: bool
    known: Known
    buttons: bool = True
    picture: PictureImage | None = None

    def row(self, index: int) -> ScoreRow | None:
        """As the sliders have it; None where it is not known yet."""
        return _named(self.bench, self.names[index])

    def plain_row(self, index: int) -> ScoreRow | None:
        """As the model has it."""
        return _named(self.plain, self.names[index])

    def takes(self, index: int) -> bool:
        """Whether decoding on with the score of a row would change anything."""
        row = self.row(index)
        return self.buttons and row is not None and not (self.fixed and row.name == self.own)


def shown_energies(axis: SourceAxis, row: ScoreRow) -> NDArray[np.float64]:
    """e of each column, (G,)."""
    return mean_energies(axis, row.energies[np.newaxis, np.newaxis])


def _named(bench: ScoreBench, name: str) -> ScoreRow | None:
    return next((row for row in bench.rows if row.name == name), None)


class BenchPainter:
    """Paints what is shown at its places. lit: columns of the source."""

    def __init__(self, shown: Shown, places: BenchPlaces, theme: Theme) -> None:
        self._shown, self._places, self._theme = shown, places, theme
        contexts = [row.context for row in shown.plain.rows]
        self._limit = colour_limit(np.concatenate(contexts)) if contexts else 1.0
        rows = [shown.row(index) for index in range(len(shown.names))]
        nothing = np.full(shown.axis.size, np.nan)
        alphas = np.array([nothing if row is None else row.alpha for row in rows])
        #: The α at which its scales end: over the regions of a picture the largest that there is.
        self.end = shown.axis.alpha_end(alphas)
        self.agreement, self.same = agreement(alphas), same_argmax(alphas)

    # -- where things are -----------------------------------------------------------------

    def energies(self, index: int) -> SmallPlot:
        """The plot of e of a row: from 0, and as far as the model's own energies reach."""
        row, axis = self._shown.plain_row(index), self._shown.axis
        low, high = 0.0, 0.0
        if row is not None:
            values = shown_energies(axis, row)
            values = values[np.isfinite(values)]
            low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
        area = self._places.plot(index, self._places.energies)
        return SmallPlot(area, len(axis), low, high if high > low else low + 1)

    def alpha(self, index: int) -> SmallPlot:
        """The plot of α of a row."""
        area = self._places.plot(index, self._places.alpha)
        return SmallPlot(area, len(self._shown.axis), high=self.end)

    def column(self, index: int, at: QPointF) -> int | None:
        """The column of the source at a place in the plots of a row."""
        first, second = self.energies(index), self.alpha(index)
        column = first.column(at)
        return second.column(at) if column is None else column

    # -- painting -------------------------------------------------------------------------

    def paint(
        self,
        painter: QPainter,
        labels: SourceLabels,
        lit: frozenset[int],
        pointed: int | None,
        on_button: bool,
    ) -> None:
        """All rows. pointed: the row under the pointer, or chosen by key."""
        places = self._places
        self._paint_titles(painter)
        for index in range(places.first, places.first + places.count):
            self._paint_row(painter, index, lit, index == pointed, on_button)
        if places.labels and places.count:
            last = places.first + places.count - 1
            for plot in (self.energies(last), self.alpha(last)):
                painter.setClipRect(places.area.adjusted(-2, 0, 2, 4))
                labels.paint(painter, plot, places.labels, lit)
                painter.setClipping(False)

    def _paint_titles(self, painter: QPainter) -> None:
        theme, places = self._theme, self._places
        painter.setFont(theme.font(TITLE))
        painter.setPen(theme.colour("dim"))
        for column in range(min(places.tiles.across, places.count)):
            aside = places.row(places.first + column).left() - places.area.left()
            for (left, right), texts in self.titles():
                top, high = places.titles.top(), places.titles.height()
                write_longest(painter, QRectF(left + aside, top, right - left, high), texts)

    def titles(self) -> list[tuple[tuple[float, float], list[str]]]:
        """What stands above the columns of the first row, the longest first, and where."""
        places = self._places
        both = (places.energies[0], places.alpha[1])
        return [
            *(
                [(both, [f"e, α · {self._some()}"])]
                if places.count < places.total
                else [(places.energies, ["e"]), (places.alpha, [self._alpha_title()])]
            ),
            (places.context, [self._context_title()]),
            (places.matrix, ["agreement" if places.total > 1 else ""]),
        ]

    def _some(self) -> str:
        return f"{self._places.count} of {self._places.total} scores, ↑ ↓ for more"

    def _context_title(self) -> str:
        return f"c ±{self._limit:.2g}" if self._shown.known.context else "c"

    def _alpha_title(self) -> str:
        return "α" if self.end == 1 else f"α to {level_text(self.end)}"

    def _paint_row(
        self, painter: QPainter, index: int, lit: frozenset[int], pointed: bool, on_button: bool
    ) -> None:
        theme, shown, places = self._theme, self._shown, self._places
        row = shown.row(index)
        if pointed:
            around = places.row(index).adjusted(-theme.px(4), 0, theme.px(4), 0)
            fill_rounded(painter, around, theme.px(4), theme.colour("raised"))
        self._paint_words(painter, index, row, pointed and on_button)
        self._paint_plots(painter, index, row, lit)
        if row is not None and shown.known.alpha:
            self._paint_agreement(painter, index)
        if row is not None and shown.known.context:
            self._paint_context(painter, index, row)

    def _paint_plots(
        self, painter: QPainter, index: int, row: ScoreRow | None, lit: frozenset[int]
    ) -> None:
        theme, shown = self._theme, self._shown
        plots = (self.energies(index), self.alpha(index))
        for plot in plots:
            if row is not None:
                outside = np.flatnonzero(~shown.axis.any(row.inside)).tolist()
                plot.paint_bands(painter, outside, theme.colour("faint"))
            plot.paint_bands(painter, lit, theme.hue("source", 0.18))
            plot.paint_base(painter, theme)
        if row is None:
            return
        energies = shown_energies(shown.axis, row)
        plots[0].paint_bars(painter, energies, theme.colour("dim"), theme)
        if shown.known.alpha:
            alpha = shown.axis.sum(row.alpha)
            plots[1].paint_bars(painter, alpha, theme.hue("soft"), theme)
            if row.k is not None and shown.known.context:
                column = shown.axis.column(row.k)
                value = float(np.nan_to_num(alpha[column]))
                plots[1].paint_mark(painter, column, value, theme.hue("hard"), theme)

    def _paint_words(
        self, painter: QPainter, index: int, row: ScoreRow | None, on_button: bool
    ) -> None:
        theme, shown, places = self._theme, self._shown, self._places
        name, box = shown.names[index], places.words(index)
        own = name == shown.own
        middle, right = box.center().y(), box.right()
        if shown.takes(index):
            button = places.button_box(index)
            paint_button(painter, button, places.text, theme, on_button)
            right = button.left() - theme.px(6)
        elif own:
            right -= self._write(painter, box, "in use", theme.colour("dim"), right=right) + 6
        x = box.left()
        x += self._write(painter, box, name, theme.colour("text"), left=x, bold=own, room=right - x)
        x += theme.px(6)
        if row is not None and not row.trained and right - x > theme.px(70):
            x += paint_tag(painter, x, middle, UNTRAINED, theme) + theme.px(6)
        said = self._said(row)
        for text, ink in said:
            if right - x < theme.px(12):
                break
            x += self._write(painter, box, text, ink, left=x, room=right - x) + theme.px(8)

    def _said(self, row: ScoreRow | None) -> list[tuple[str, QColor]]:
        """What a row says in words, the most important first."""
        theme, shown = self._theme, self._shown
        if row is None:
            return [("…", theme.colour("dim"))]
        said = []
        if shown.known.alpha:
            said.append((f"H {row.entropy:.2f}", theme.ink("soft")))
        if shown.known.tokens and row.tokens:
            label, p = row.tokens[0]
            # What the sliders do does not reach the model.
            plain = shown.bench is shown.plain
            ink = theme.ink("target") if plain else theme.colour("dim")
            said.append((f"→ {label} {short_text(p)}", ink))
        return said

    def _write(
        self,
        painter: QPainter,
        box: QRectF,
        text: str,
        ink: QColor,
        *,
        left: float = 0.0,
        right: float | None = None,
        bold: bool = False,
        room: float = 1e6,
    ) -> float:
        """A text in a line, from `left` on or up to `right`; its width."""
        font = self._theme.font(SMALL, bold=bold)
        painter.setFont(font)
        painter.setPen(ink)
        text = elided(text, font, max(0.0, room))
        width = QFontMetricsF(font).horizontalAdvance(text)
        start = left if right is None else right - width
        area = QRectF(start, box.top(), width + 2, box.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        return width

    def _paint_context(self, painter: QPainter, index: int, row: ScoreRow) -> None:
        theme, box = self._theme, self._places.context_box(index)
        area = QRectF(box.toRect())
        values = row.context[None]
        if area.width() < 1 or area.height() < 1 or not values.size:
            return
        cells = peaks(values, 1, max(1, int(area.width() / theme.px(CELL))))
        image = signed_image(cells.values, self._limit, theme)
        paint_cells(painter, area, cells, image, values.shape)
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_agreement(self, painter: QPainter, index: int) -> None:
        """A cell for each other score, as opaque as their α are alike; a dot: the same argmax."""
        theme, places = self._theme, self._places
        if places.total < 2:
            return
        for other in range(places.total):
            value, box = self.agreement[index, other], places.cell(index, other)
            inner = box.adjusted(0.5, 0.5, -0.5, -0.5)
            if not np.isfinite(value):
                painter.fillRect(inner, theme.colour("faint"))
                continue
            painter.fillRect(inner, theme.colour("dim", 0.05 + 0.5 * float(value)))
            self._paint_cell(
                painter, inner, float(value), other == index, bool(self.same[index, other])
            )

    def _paint_cell(
        self, painter: QPainter, box: QRectF, value: float, own: bool, same: bool
    ) -> None:
        theme = self._theme
        font = theme.font(0.7)
        metrics = QFontMetricsF(font)
        text = f"{value:.2f}".replace("0.", ".").replace("1.00", "1")
        ink = theme.colour("text")
        painter.setPen(ink)
        if (
            not own
            and metrics.horizontalAdvance(text) <= box.width() - 2
            and metrics.height() <= box.height()
        ):
            painter.setFont(font)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        if same and not own:
            y, half = box.bottom() - 2, min(box.width() * 0.3, theme.px(5))
            painter.setPen(QPen(ink, theme.px(1)))
            painter.drawLine(QLineF(box.center().x() - half, y, box.center().x() + half, y))
