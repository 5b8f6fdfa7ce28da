"""A row of the list of notes: a star, the step with its token, and how the note begins."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPen, QPolygonF, QTextLayout, QTextOption

from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.row_list import SMALL, Row, line_height, write
from attn_desktop.gui.scene import NoteMark, Scene
from attn_desktop.gui.theme import Theme

#: Most lines that a row shows of a note; the tooltip has all of them.
MOST_LINES = 3
#: Pixels at normal type: the star's column, the right edge, above and below the words.
STAR, EDGE, PAD = 24, 6, 4
ELSEWHERE = "on another branch"
#: How strongly the row of the step at the playhead is tinted.
TINT = 0.14


@dataclass(frozen=True)
class NoteRow(Row):
    """A note with the step that it is about."""

    mark: NoteMark


def note_rows(scene: Scene) -> tuple[NoteRow, ...]:
    """The notes in the order of their steps."""
    marks = sorted(scene.notes, key=lambda mark: (mark.t, mark.note.node))
    return tuple(_note_row(mark) for mark in marks)


def where(mark: NoteMark) -> str:
    """On which branch a note is, nothing for the one shown."""
    if mark.here:
        return ""
    return f"on {mark.about}" if mark.about else ELSEWHERE


def _note_row(mark: NoteMark) -> NoteRow:
    name = ", ".join(filter(None, (f"step {mark.t} “{mark.token}”", where(mark))))
    star = ", bookmarked" if mark.note.bookmarked else ""
    text = f'<br><span style="white-space: pre-wrap;">{html.escape(mark.note.text)}</span>'
    tip = f"<b>{html.escape(name)}</b>{text if mark.note.text else ''}"
    return NoteRow(mark.note.node, f"{name}{star}: {mark.note.text}", tip, True, mark)


class NotePainter:
    """Paints rows at a width."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme

    def height(self, row: NoteRow, width: float) -> int:
        """Pixels that a row takes in a list of this width."""
        lines = len(self._lines(row, width))
        first, others = line_height(self.theme.font()), line_height(self._font())
        return math.ceil(first + lines * others) + 2 * self.theme.px(PAD)

    def star(self, area: QRectF) -> QRectF:
        """What bookmarks a step, on the left of its row."""
        high = line_height(self.theme.font()) + self.theme.px(PAD)
        return QRectF(area.left(), area.top(), self.theme.px(STAR), high)

    def paint(
        self,
        painter: QPainter,
        area: QRectF,
        row: NoteRow,
        current: bool,
        pointer: QPointF | None,
    ) -> None:
        """A note. current: whether its step is at the playhead. pointer: of the mouse, if any."""
        theme, px, mark = self.theme, self.theme.px, row.mark
        if current:
            box = area.adjusted(px(2), px(1), -px(2), -px(1))
            fill_rounded(painter, box, px(4), theme.hue("target", TINT))
        star = self.star(area)
        over = pointer is not None and star.contains(pointer)
        centre = QPointF(star.center().x(), star.top() + px(PAD) + line_height(theme.font()) / 2)
        paint_star(painter, centre, theme, mark.note.bookmarked, over)
        line = QRectF(star.right(), area.top() + px(PAD), 0, line_height(theme.font()))
        line.setRight(max(line.left(), area.right() - px(EDGE)))
        t = f"t={mark.t}"
        line.adjust(write(painter, line, theme.font(SMALL), theme.colour("dim"), t), 0, 0, 0)
        line.adjust(px(6), 0, 0, 0)
        ink = theme.ink("target") if mark.here else theme.colour("dim")
        line.adjust(write(painter, line, theme.font(bold=current), ink, mark.token), 0, 0, 0)
        line.adjust(px(6), 0, 0, 0)
        write(painter, line, theme.font(SMALL), theme.colour("dim"), where(mark))
        below = QRectF(star.right(), line.bottom(), self._room(area.width()), 0)
        below.setHeight(line_height(self._font()))
        for text in self._lines(row, area.width()):
            ink = theme.colour("text" if mark.here else "dim")
            write(painter, below, self._font(), ink, text)
            below.translate(0, below.height())

    def _font(self) -> QFont:
        return self.theme.font(0.95)

    def _room(self, width: float) -> float:
        return max(1.0, width - self.theme.px(STAR) - self.theme.px(EDGE))

    def _lines(self, row: NoteRow, width: float) -> tuple[str, ...]:
        return wrapped(row.mark.note.text, self._font(), self._room(width), MOST_LINES)


@lru_cache(maxsize=1024)
def wrapped(text: str, font: QFont, width: float, most: int) -> tuple[str, ...]:
    """A text on at most so many lines, the last one elided if there are more."""
    if not text:
        return ()
    # Qt breaks a line at this character and not at a line feed.
    whole = text.replace("\n", "\u2028")
    layout, option = QTextLayout(whole, font), QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    starts: list[int] = []
    while len(starts) <= most and (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        starts.append(line.textStart())
    layout.endLayout()
    # Qt counts in UTF-16, in which some characters are two.
    units = whole.encode("utf-16-le", "surrogatepass")
    ends = [*starts[1:], len(units) // 2]
    lines = [
        units[2 * start : 2 * end].decode("utf-16-le", "replace").rstrip("\u2028 ")
        for start, end in zip(starts, ends, strict=True)
    ]
    if len(lines) > most:
        kept = lines[: most - 1]
        rest = f"{lines[most - 1]} …"
        lines = [*kept, elided(rest, font, width)]
    return tuple(lines)


def paint_star(
    painter: QPainter,
    centre: QPointF,
    theme: Theme,
    filled: bool,
    over: bool = False,
    size: float = 6.0,
) -> None:
    """The mark of a bookmark, an outline where there is none. over: with the pointer on it.

    size: from its middle to its points, in pixels at normal type.
    """
    radius = size * theme.scale
    corners = []
    for corner in range(10):
        long = radius if corner % 2 == 0 else 0.45 * radius
        angle = math.pi * corner / 5
        corners.append(centre + QPointF(long * math.sin(angle), -long * math.cos(angle)))
    strong = theme.colour("text" if over else "dim")
    painter.setPen(QPen(strong, theme.px(1), j=Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(strong if filled else Qt.BrushStyle.NoBrush)
    painter.drawPolygon(QPolygonF(corners))
