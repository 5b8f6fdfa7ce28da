"""Watched expressions in a timeline: a row each, with a curve, or cells where it is true."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from attn_desktop.gui.numbers import UNKNOWN
from attn_desktop.gui.painting import draw_line, elided
from attn_desktop.gui.scene import Phase, Scene, Watch
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.timeline_cells import Cells
from attn_desktop.gui.timeline_places import (
    GAP,
    NAME,
    NUMBER,
    START,
    Areas,
    cell_width,
    middle,
)

Floats = NDArray[np.float64]

#: Most of the width that names and ranges may take; at normal type, most pixels of both, and those
#: between them.
SHARE, WIDEST, APART = 0.22, 230, 6
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
#: From so wide cells on every value is a dot, as curves have few points then.
DOTS_FROM = 14


def known_values(scene: Scene, watch: Watch) -> Floats:
    """(T,) its values, NaN also at the playhead until that step is complete."""
    if scene.knows(scene.t, Phase.TOKEN):
        return watch.values
    values = watch.values.copy()
    values[scene.t - 1] = np.nan
    return values


def value_text(watch: Watch, value: float) -> str:
    """A value in short, a dash where it is unknown."""
    if math.isnan(value):
        return UNKNOWN
    if watch.boolean:
        return "true" if value else "false"
    return number_text(value, 4)


def number_text(value: float, digits: int) -> str:
    """A number of so many digits, with the signs that papers have."""
    return f"{value:.{digits}g}".replace("-", "−").replace("inf", "∞")


def value_at(scene: Scene, watch: Watch, t: int) -> str:
    """Its value at step t as far as that is known."""
    return value_text(watch, float(known_values(scene, watch)[t - 1])) if t else UNKNOWN


def value_range(values: Floats) -> tuple[float, float]:
    """The least and the largest finite value, NaN where there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (math.nan, math.nan)


def range_texts(watch: Watch, values: Floats) -> tuple[str, ...]:
    """What stands beside a curve: the largest value, the least; or how many are true."""
    if watch.boolean:
        known = np.isfinite(values)
        return (f"{int((values[known] > 0).sum())} of {int(known.sum())}",)
    ends = value_range(values)
    if math.isnan(ends[0]):
        return ()
    low, high = (number_text(end, 3) for end in ends)
    return (high,) if low == high else (high, low)


@dataclass(frozen=True, eq=False)
class WatchRow:
    """A watch with the box of its row. values: (T,) as far as known."""

    watch: Watch
    box: QRectF
    values: Floats

    @cached_property
    def range(self) -> tuple[float, float]:
        """As `value_range`."""
        return value_range(self.values)

    @cached_property
    def ends(self) -> tuple[str, ...]:
        """As `range_texts`."""
        return range_texts(self.watch, self.values)

    def y(self, values: Floats) -> Floats:
        """Pixels of values, infinite ones at the edges; the middle where all are the same."""
        low, high = self.range
        top, bottom = self.box.top() + 4.0, self.box.bottom() - 5.0
        if not low < high:
            return np.where(np.isnan(values), np.nan, (top + bottom) / 2)
        shares = (np.clip(values, low, high) - low) / (high - low)
        return np.asarray(bottom - shares * (bottom - top))


def watch_rows(scene: Scene, areas: Areas, first: int) -> list[WatchRow]:
    """The watches that have a row. first: how many are scrolled out of view above."""
    rows = []
    for index, watch in enumerate(scene.watches[first : first + areas.rows]):
        box = QRectF(areas.watches)
        box.setTop(areas.watches.top() + index * areas.row)
        box.setHeight(areas.row)
        rows.append(WatchRow(watch, box, known_values(scene, watch)))
    return rows


def label_width(theme: Theme, scene: Scene) -> float:
    """Pixels that names of watches and their ranges want left of the cells; 0 without watches."""
    if not scene.watches:
        return 0.0
    # As wide for any value and range: cells shall stand still while steps arrive.
    small = QFontMetricsF(theme.font(NUMBER)).horizontalAdvance("−0.00e+00")
    value = QFontMetricsF(theme.font(NUMBER, bold=True)).horizontalAdvance("t 000  −0.0000")
    metrics = QFontMetricsF(theme.font(NAME))
    names = (metrics.horizontalAdvance(watch.expression) for watch in scene.watches)
    return max(value, *names) + small + theme.px(APART)


def label_room(theme: Theme, wanted: float, width: float) -> float:
    """Pixels that they get in a timeline of this width, as many as `start` at least."""
    return max(float(theme.px(START)), min(wanted, SHARE * width, theme.px(WIDEST)))


def paint_rows(
    painter: QPainter, theme: Theme, cells: Cells, areas: Areas, rows: Sequence[WatchRow]
) -> None:
    """All of rows that stays while the playhead moves."""
    for row in rows:
        line = QRectF(cells.left, row.box.bottom() - 1, cells.right - cells.left, 1)
        painter.fillRect(line, theme.colour("faint"))
        _paint_name(painter, theme, cells, row)
    painter.save()
    painter.setClipRect(
        QRectF(
            cells.left - 2,
            areas.watches.top(),
            cells.right - cells.left + 4,
            areas.watches.height(),
        )
    )
    shown = slice(cells.near.start - 1, cells.near.stop - 1)
    for row in rows:
        if row.watch.problem:
            continue
        if row.watch.boolean:
            _paint_flags(painter, theme, cells, row, shown)
        else:
            _paint_curve(painter, theme, cells, row, shown)
    painter.restore()


def _paint_name(painter: QPainter, theme: Theme, cells: Cells, row: WatchRow) -> None:
    """Its expression, and its range or what is wrong with it."""
    box, room = _label_box(theme, cells, row), _name_room(theme, cells, row)
    font, small = theme.font(NAME), theme.font(NUMBER)
    painter.setFont(small)
    painter.setPen(theme.colour("dim"))
    sides = (Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom)
    for text, side in zip(row.ends, sides, strict=False):
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | side, text)
    painter.setFont(font)
    painter.setPen(theme.colour("text"))
    painter.drawText(box, LEFT, elided(row.watch.expression, font, room))
    if row.watch.problem:
        below = _value_box(theme, cells, row)
        below.setRight(cells.right)
        painter.setFont(small)
        painter.setPen(theme.colour("warning"))
        painter.drawText(below, LEFT, elided(row.watch.problem, small, below.width()))


def _label_box(theme: Theme, cells: Cells, row: WatchRow) -> QRectF:
    box = QRectF(row.box)
    box.setRight(cells.left - theme.px(GAP))
    return box.adjusted(0, theme.px(1), 0, -theme.px(3))


def _value_box(theme: Theme, cells: Cells, row: WatchRow) -> QRectF:
    """Below the name."""
    box = _label_box(theme, cells, row)
    return box.adjusted(0, QFontMetricsF(theme.font(NAME)).height(), 0, theme.px(3))


def _name_room(theme: Theme, cells: Cells, row: WatchRow) -> float:
    """Pixels left of its range."""
    ends = row.ends
    metrics = QFontMetricsF(theme.font(NUMBER))
    used = max(map(metrics.horizontalAdvance, ends), default=0.0) + theme.px(APART)
    return max(0.0, _label_box(theme, cells, row).width() - used)


def _paint_flags(
    painter: QPainter, theme: Theme, cells: Cells, row: WatchRow, shown: slice
) -> None:
    """A filled cell where it is true, a low one where it is false, nothing where unknown."""
    width = max(1.0, cell_width(theme, cells) - (1 if cells.pitch >= 4 else 0))
    high = row.box.height() - 8
    colours = theme.colour("faint"), theme.colour("dim")
    for index in range(shown.start, shown.stop):
        value = row.values[index]
        if not math.isnan(value):
            left = round(cells.x(index + 1))
            wide = max(1, round(cells.x(index + 1) + width) - left)
            tall = high if value else 3
            box = QRectF(left, round(row.box.bottom()) - 4 - tall, wide, tall)
            painter.fillRect(box, colours[bool(value)])


def _paint_curve(
    painter: QPainter, theme: Theme, cells: Cells, row: WatchRow, shown: slice
) -> None:
    """A line with gaps; a value between two gaps is a dot."""
    x = middle(theme, cells, shown.start + 1) + cells.pitch * np.arange(shown.stop - shown.start)
    y = row.y(row.values[shown])
    known = np.isfinite(y)
    ink = theme.colour("text")
    draw_line(painter, pg.arrayToQPath(x, y, connect="finite"), ink, theme.scale)
    alone = known.copy()
    if cells.pitch < theme.px(DOTS_FROM):
        alone[1:] &= ~known[:-1]
        alone[:-1] &= ~known[1:]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    for index in np.flatnonzero(alone).tolist():
        painter.drawEllipse(QPointF(x[index], y[index]), theme.scale * 2, theme.scale * 2)


def paint_values(
    painter: QPainter, theme: Theme, cells: Cells, rows: Sequence[WatchRow], t: int
) -> None:
    """What each watch comes to at step t: below its name, and as a dot on its curve."""
    font = theme.font(NUMBER, bold=True)
    for row in rows if t else ():
        if row.watch.problem:
            continue
        value = float(row.values[t - 1])
        room, text = _name_room(theme, cells, row), value_text(row.watch, value)
        painter.setFont(font)
        painter.setPen(theme.ink("target"))
        long = f"t {t}  {text}"
        fits = QFontMetricsF(font).horizontalAdvance(long) <= room
        text = long if fits else elided(text, font, room)
        painter.drawText(_value_box(theme, cells, row), LEFT | Qt.TextFlag.TextDontClip, text)
        x = middle(theme, cells, t)
        if not row.watch.boolean and not math.isnan(value) and cells.left <= x <= cells.right:
            painter.setPen(theme.colour("card"))
            painter.setBrush(theme.colour("accent"))
            at = QPointF(x, float(row.y(np.array([value]))[0]))
            painter.drawEllipse(at, theme.scale * 3.5, theme.scale * 3.5)


def more_text(scene: Scene, areas: Areas, first: int) -> str:
    """How many watches have no row, on which side of those that have one."""
    below, above = len(scene.watches) - first - areas.rows, first
    if scene.watches and not areas.rows:
        return f"{_count(below + above)}: make the timeline higher"
    parts = [f"{_count(above, 'more ')} above"] if above else []
    parts += [f"{_count(below, 'more ')} below"] if below > 0 else []
    return " · ".join(parts)


def _count(number: int, more: str = "") -> str:
    return f"{number} {more}watch{'es' if number != 1 else ''}"
