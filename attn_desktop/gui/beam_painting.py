"""The tree of a beam search, painted: cells with token and score, and lines between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from attn_desktop.analysis.beam_tree import Fate, label, number
from attn_desktop.gui.beam_layout import BeamLayout
from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.theme import Theme
from attn_desktop.trace.records import ProbeRecord

Ints = NDArray[np.int64]

#: Share of a column's width that its cells have; the rest is for lines and marks.
CELL = 0.82
#: Pixels between two rows of cells, and around a cell's words.
APART, PAD = 4, 4
#: Type in cells, relative to the window's; where not even the smaller one fits there are no words.
TYPE, SMALLER = 0.85, 0.7
#: Widths of cells, at normal type, from which there is room for a token, and for its score too.
WITH_TOKEN, WITH_SCORE = 26, 62
#: Half a side of the mark of an end.
MARK = 3.0
START = "start"


@dataclass(frozen=True)
class Grid:
    """Where places are: pixels of the first cell's corner, and from one cell to the next."""

    left: float
    top: float
    across: float
    down: float

    def cell(self, column: int, row: int) -> QRectF:
        """The cell of a place."""
        x, y = self.left + column * self.across, self.top + row * self.down
        gap = min(APART, 0.3 * self.down)
        return QRectF(x, y, CELL * self.across, self.down - gap)

    def place(self, at: QPointF) -> tuple[int, int]:
        """The place at a pixel, whether or not something is there."""
        return (
            int(np.floor((at.x() - self.left) / self.across)),
            int(np.floor((at.y() - self.top) / self.down)),
        )

    def seen(self, width: float, height: float) -> tuple[tuple[int, int], tuple[int, int]]:
        """The columns and rows in view, each from the first to before the last."""
        first, upper = self.place(QPointF(0, 0))
        last, lower = self.place(QPointF(width, height))
        return (first, last + 1), (upper, lower + 1)


@dataclass(frozen=True)
class Marked:
    """Hypotheses that stand out: under the pointer, chosen, and at the playhead."""

    pointed: int | None = None
    chosen: int | None = None
    here: int | None = None


class BeamPainter:
    """Paints what is in view of a search. grid: where its places are."""

    def __init__(
        self, painter: QPainter, theme: Theme, record: ProbeRecord, layout: BeamLayout, grid: Grid
    ) -> None:
        self._painter, self._theme = painter, theme
        self._record, self._layout, self._grid = record, layout, grid
        cell = grid.cell(0, 0)
        self._font = next(
            (
                theme.font(size)
                for size in (TYPE, SMALLER)
                if QFontMetricsF(theme.font(size)).height() <= cell.height() + 1
            ),
            None,
        )
        if cell.width() < theme.px(WITH_TOKEN):
            self._font = None
        self._scored = cell.width() >= theme.px(WITH_SCORE)

    def paint(self, area: QRectF) -> None:
        """Paint what is in view of an area, as long as nothing stands out."""
        layout, (columns, rows) = self._layout, self._grid.seen(area.right(), area.bottom())
        # A line may come from above or below what is in view, and from the column before it.
        near = layout.seen((columns[0] - 1, columns[1] + 1), (-1, layout.rows))
        self._paint_lines(near[near > 0], rows)
        for hypothesis in layout.seen(columns, rows).tolist():
            self._paint_cell(hypothesis)

    def paint_marks(self, marked: Marked, chain: Ints) -> None:
        """Paint what stands out over that. chain: what leads to the one that is looked at."""
        theme, px = self._theme, self._theme.px
        others = chain[~self._layout.best[chain]]
        self._draw_lines(others[others > 0], theme.colour("text"), px(1.4))
        for hypothesis, colour in (
            (marked.pointed, theme.hue("source")),
            (marked.here, theme.colour("accent")),
            (marked.chosen, theme.colour("text")),
        ):
            if hypothesis is not None:
                box = self._cell(hypothesis)
                if hypothesis == marked.pointed:
                    fill_rounded(self._painter, box, self._radius(box), theme.hue("source", 0.2))
                self._frame(box, QPen(colour, px(1.5)))

    # -- lines ------------------------------------------------------------------------------

    def _paint_lines(self, near: Ints, rows: tuple[int, int]) -> None:
        """Thick where both ends were kept, the best way in its hue, thin to what was pruned."""
        layout, theme, px = self._layout, self._theme, self._theme.px
        ends = np.stack([layout.row[near], layout.row[layout.parent[near]]])
        near = near[(ends.max(axis=0) >= rows[0]) & (ends.min(axis=0) < rows[1])]
        pruned = self._record.arrays["fate"][near] == Fate.PRUNED
        lives, best = layout.lives[near], layout.best[near]
        for chosen, colour, width in (
            (pruned, theme.colour("border"), 1.0),
            (~pruned & ~lives, theme.colour("border"), px(2)),
            (lives & ~best, theme.colour("dim", 0.8), px(2)),
            (best, theme.hue("target"), px(3)),
        ):
            self._draw_lines(near[chosen], colour, width)

    def _draw_lines(self, ends: Ints, colour: QColor, width: float) -> None:
        """From the parent of each of them."""
        path = QPainterPath()
        for hypothesis in ends.tolist():
            self._add_line(path, hypothesis)
        self._painter.setPen(QPen(colour, width))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawPath(path)

    def _add_line(self, path: QPainterPath, hypothesis: int) -> None:
        start = self._cell(int(self._layout.parent[hypothesis]))
        end = self._cell(hypothesis)
        before = QPointF(start.right(), start.center().y())
        after = QPointF(end.left(), end.center().y())
        path.moveTo(before)
        if before.y() == after.y():
            path.lineTo(after)
        else:
            bend = 0.6 * (after.x() - before.x())
            path.cubicTo(before + QPointF(bend, 0), after - QPointF(bend, 0), after)

    # -- cells ------------------------------------------------------------------------------

    def _cell(self, hypothesis: int) -> QRectF:
        layout = self._layout
        return self._grid.cell(int(layout.column[hypothesis]), int(layout.row[hypothesis]))

    def _radius(self, box: QRectF) -> float:
        return min(self._theme.px(4), box.height() / 3)

    def _frame(self, box: QRectF, pen: QPen) -> None:
        self._painter.setPen(pen)
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = self._radius(box)
        self._painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)

    def _paint_cell(self, hypothesis: int) -> None:
        painter, theme, px = self._painter, self._theme, self._theme.px
        box, fate = self._cell(hypothesis), Fate(int(self._record.arrays["fate"][hypothesis]))
        radius = self._radius(box)
        best, lives = bool(self._layout.best[hypothesis]), bool(self._layout.lives[hypothesis])
        if best:
            fill_rounded(painter, box, radius, theme.colour("card"))
            fill_rounded(painter, box, radius, theme.hue("target", 0.25))
        elif self._font is None:
            # Without words and frames only the ground tells what became of it.
            ground = theme.colour("dim", 0.55 if lives else 0.28)
            pruned = fate is Fate.PRUNED
            fill_rounded(painter, box, radius, theme.colour("faint") if pruned else ground)
        elif fate is not Fate.PRUNED:
            fill_rounded(painter, box, radius, theme.colour("faint" if lives else "raised"))
        if fate is not Fate.PRUNED and self._font is not None:
            self._frame(box, QPen(theme.hue("target") if best else theme.colour("border"), 1))
        if self._font is not None:
            self._write(hypothesis, box, self._ink(fate, best, lives), best)
        mark = min(MARK * theme.scale, box.height() / 3, (1 - CELL) * self._grid.across / 3)
        centre = QPointF(box.right() + mark + px(2), box.center().y())
        paint_end(painter, theme, centre, mark, fate, best)

    def _ink(self, fate: Fate, best: bool, lives: bool) -> QColor:
        if best:
            return self._theme.ink("target")
        if fate is Fate.PRUNED:
            return self._theme.colour("dim", 0.75)
        return self._theme.colour("text" if lives else "dim")

    def _write(self, hypothesis: int, box: QRectF, ink: QColor, bold: bool) -> None:
        """The token, and its score where there is room for it."""
        painter, pad = self._painter, self._theme.px(PAD)
        assert self._font is not None
        font = self._font
        font.setBold(bold)
        painter.setPen(ink)
        room, middle = box.adjusted(pad, 0, -pad, 0), Qt.AlignmentFlag.AlignVCenter
        if self._scored and hypothesis:
            score = number(float(self._record.arrays["score"][hypothesis]))
            small = self._theme.font(SMALLER, bold)
            painter.setFont(small)
            painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, score)
            room.setRight(room.right() - QFontMetricsF(small).horizontalAdvance(score) - pad)
        token = (
            START if not self._record.arrays["t"][hypothesis] else label(self._record, hypothesis)
        )
        text = elided(token, font, max(room.width(), 0.0))
        painter.setFont(font)
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, text)


def paint_end(
    painter: QPainter, theme: Theme, centre: QPointF, half: float, fate: Fate, best: bool
) -> None:
    """The mark of an end: ■ an end token, ▷ cut off, ✕ dropped since it could no longer win."""
    if fate not in (Fate.ENDED, Fate.CUT_OFF, Fate.OUTSCORED):
        return
    colour = theme.hue("target") if best else theme.colour("text")
    box = QRectF(centre.x() - half, centre.y() - half, 2 * half, 2 * half)
    if fate is Fate.ENDED:
        fill_rounded(painter, box, 1, colour)
        return
    painter.setPen(QPen(colour, theme.px(1.2)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if fate is Fate.CUT_OFF:
        tip = QPointF(box.right(), centre.y())
        painter.drawPolygon(QPolygonF([box.topLeft(), tip, box.bottomLeft()]))
    else:
        painter.drawLine(box.topLeft(), box.bottomRight())
        painter.drawLine(box.bottomLeft(), box.topRight())
