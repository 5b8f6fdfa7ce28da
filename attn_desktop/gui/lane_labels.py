"""Paints the labels of the lanes: words, on a pill where they are lit, and what is out of view."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from attn_desktop.gui.lane_rows import GAP, LaneRows
from attn_desktop.gui.painting import fill_rounded
from attn_desktop.gui.theme import Theme

#: Type of what tells how many more there are, relative to the window's.
SMALL = 0.75


def paint_label(
    painter: QPainter,
    theme: Theme,
    rows: LaneRows,
    source: bool,
    index: int,
    text: str,
    ink: QColor,
    pill: QColor | None,
) -> None:
    """A label of the source or the target, bold on a pill of this colour if there is one."""
    font = theme.font(rows.relative, bold=pill is not None)
    width = QFontMetricsF(font).horizontalAdvance(text) + theme.px(GAP) * rows.relative
    left = float(rows.row(source).centres[index]) - width / 2
    box = QRectF(left, rows.label_top(source), width, rows.line)
    if pill is not None:
        fill_rounded(painter, box.adjusted(1, 0, -1, 0), theme.px(4), pill)
    painter.setFont(font)
    painter.setPen(ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def paint_more(
    painter: QPainter, theme: Theme, rows: LaneRows, source: bool, lit: Iterable[int]
) -> None:
    """At the edges: how many are out of view, tinted where one of `lit` is."""
    row, y = rows.row(source), rows.label_top(source)
    left = QRectF(rows.left, y, rows.edge, rows.line)
    right = QRectF(rows.right - rows.edge, y, rows.edge, rows.line)
    sides = (
        (row.before, left, "‹ {}", any(i < row.first for i in lit)),
        (row.after, right, "{} ›", any(i >= row.last for i in lit)),
    )
    metrics = QFontMetricsF(theme.font(SMALL))
    for count, box, form, is_lit in sides:
        if not count:
            continue
        if is_lit:
            hue = theme.hue("source" if source else "target", 0.18)
            fill_rounded(painter, box, theme.px(4), hue)
        text = form.format(f"{count} more")
        if metrics.horizontalAdvance(text) > rows.edge:
            text = form.format(count)
        painter.setFont(theme.font(SMALL))
        painter.setPen(theme.colour("dim"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
