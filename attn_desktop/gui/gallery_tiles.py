"""The pictures of a gallery as tiles: thumbnail, caption, scores and name, as many as fit across.

A thumbnail is read and scaled when it is first seen, and only the last few hundred are kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QFont,
    QImage,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QListView, QStyle

from attn_desktop.gui.gallery import Entry
from attn_desktop.gui.gallery_words import caption_text, file_name, scores_texts, tip
from attn_desktop.gui.painting import elided, fill_rounded, is_screen, write_longest
from attn_desktop.gui.picture_image import fitted
from attn_desktop.gui.row_list import SMALL, Row, RowList, line_height, write
from attn_desktop.gui.theme import Theme

#: Pixels at normal type: least and largest width of a tile, its margin, from picture to words.
WIDTHS, INSET, APART = (96, 212), 5, 3
#: Its width where there is room for several, and how many there shall be before it is as wide.
GOOD_WIDTH, GOOD_COUNT = 164, 3
#: Height of the room of a picture to its width: that of most photographs.
RATIO = 0.75
#: Pixels at normal type: its least height, where the list is too low for a whole tile.
LEAST_HIGH = 48
#: Lines of a caption.
LINES = 2
#: Type of a caption, relative to the window's.
CAPTION = 0.9
#: In the place of a picture whose turn has not come.
NOT_YET = "…"
#: Thumbnails that are kept as they are painted.
MOST_KEPT = 400


class Thumbnails:
    """Scaled once for each size; the longest unused are dropped."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[Path, tuple[object, QPixmap]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, entry: Entry, room: QSizeF, scale: float) -> QPixmap:
        """As it fits into a room of logical pixels; null for none. scale: of the screen."""
        key = (entry.thumbnail, room, scale)
        held = self._kept.get(entry.path)
        if held is None or held[0] != key:
            self._kept[entry.path] = held = (key, _scaled(entry.thumbnail, room, scale))
        self._kept.move_to_end(entry.path)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return held[1]


def _scaled(data: bytes, room: QSizeF, scale: float) -> QPixmap:
    image = QImage.fromData(data)
    if image.isNull():
        return QPixmap()
    size = fitted(image.width() / image.height(), QRectF(QPointF(), room * scale)).size().toSize()
    keep, smooth = Qt.AspectRatioMode, Qt.TransformationMode
    pixmap = QPixmap.fromImage(
        image.scaled(size, keep.IgnoreAspectRatio, smooth.SmoothTransformation)
    )
    pixmap.setDevicePixelRatio(scale)
    return pixmap


class Tiles:
    """Paints the entries of a gallery in the order in which they are shown."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.framed = False
        #: Pixels of a tile across, and of the list from top to bottom.
        self.width, self.height = theme.px(WIDTHS[0]), 0
        self.entries: Sequence[Entry] = ()
        self.chosen: Path | None = None
        self.thumbnails = Thumbnails()
        self._rows: dict[Entry, Row] = {}

    def show(self, entries: Sequence[Entry]) -> list[Row]:
        """List these entries; what is said of those that are the same stays."""
        self.entries = entries
        before = self._rows
        self._rows = {entry: before.get(entry) or _row(entry) for entry in entries}
        return list(self._rows.values())

    def current(self) -> int | None:
        """The one that was chosen last, or that keys have come to."""
        places = (place for place, own in enumerate(self.entries) if own.path == self.chosen)
        return next(places, None)

    def row_height(self, number: int) -> int:
        return round(self._room(QRectF(0, 0, self.width, 0)).height() + self._around())

    def _around(self) -> float:
        """Pixels of a tile above and below its picture."""
        theme = self.theme
        lines = LINES * line_height(theme.font(CAPTION)) + 2 * line_height(theme.font(SMALL))
        return 2 * theme.px(INSET) + theme.px(APART) + lines

    def _room(self, area: QRectF) -> QRectF:
        """Where the picture of a tile goes: lower in a low list, so that its words are seen."""
        px = self.theme.px
        inset = px(INSET)
        wide = max(1.0, area.width() - 2 * inset)
        most = max(px(LEAST_HIGH), self.height - self._around())
        high = round(min(RATIO * wide, most))
        return QRectF(area.left() + inset, area.top() + inset, wide, high)

    # -- painting ---------------------------------------------------------------------------

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        theme, entry = self.theme, self.entries[number]
        room = self._room(area)
        if entry.problem:
            self._paint_problem(painter, room, entry.problem)
        else:
            self._paint_picture(painter, room, entry)
        below = QRectF(room.left(), room.bottom() + theme.px(APART), room.width(), 0)
        if entry.said is not None:
            below = self._write_said(painter, below, entry)
        small = theme.font(SMALL)
        below.setHeight(line_height(small))
        write(painter, below, small, theme.colour("dim"), file_name(entry))

    def _paint_picture(self, painter: QPainter, room: QRectF, entry: Entry) -> None:
        theme = self.theme
        fill_rounded(painter, room, theme.px(3), theme.colour("raised"))
        if not entry.thumbnail:
            painter.setFont(theme.font())
            painter.setPen(theme.colour("dim"))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, NOT_YET)
        area = room
        if entry.thumbnail and is_screen(painter):
            scale = painter.deviceTransform().m11()
            pixmap = self.thumbnails.of(entry, room.size(), scale)
            if not pixmap.isNull():
                area = QRectF(QPointF(), pixmap.deviceIndependentSize())
                area.moveCenter(room.center())
                area.moveTo(round(area.left()), round(area.top()))
                painter.drawPixmap(area.topLeft(), pixmap)
        elif entry.thumbnail:
            image = QImage.fromData(entry.thumbnail)
            if not image.isNull():
                area = fitted(image.width() / image.height(), room)
                painter.drawImage(area, image)
        if entry.path == self.chosen:
            painter.setPen(QPen(theme.hue("source"), theme.px(2)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area)

    def _paint_problem(self, painter: QPainter, room: QRectF, problem: str) -> None:
        theme = self.theme
        fill_rounded(painter, room, theme.px(3), theme.colour("faint"))
        font, inset = theme.font(SMALL), theme.px(4)
        area = room.adjusted(inset, inset, -inset, -inset)
        most = max(1, int(area.height() // line_height(font)))
        lines = wrapped(problem, font, area.width(), most)
        painter.setFont(font)
        painter.setPen(theme.colour("warning"))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "\n".join(lines))

    def _write_said(self, painter: QPainter, below: QRectF, entry: Entry) -> QRectF:
        """Caption and scores; what is left below them."""
        theme, said = self.theme, entry.said
        assert said is not None
        font, small = theme.font(CAPTION), theme.font(SMALL)
        lines = wrapped(caption_text(said), font, below.width(), LINES)
        line = QRectF(below)
        line.setHeight(line_height(font))
        for place in range(LINES):
            if place < len(lines):
                write(painter, line, font, theme.colour("text"), lines[place])
            line.translate(0, line.height())
        line.setHeight(line_height(small))
        painter.setFont(small)
        painter.setPen(theme.ink("source"))
        write_longest(painter, line, scores_texts(said))
        return line.translated(0, line.height())


class TileList(RowList):
    """Tiles beside and below each other, all of one size, which fill the width."""

    def __init__(self, tiles: Tiles) -> None:
        super().__init__(tiles)
        self._tiles = tiles
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setUniformItemSizes(True)

    @property
    def across(self) -> int:
        """How many there are beside each other."""
        return max(1, self._wide() // self.row_width)

    def fit(self) -> None:
        """Make tiles as wide as the list and the theme have it."""
        px, wide = self._tiles.theme.px, self._wide()
        least, most = map(px, WIDTHS)
        across = max(1, wide // min(px(GOOD_WIDTH), max(least, wide // GOOD_COUNT)))
        self._tiles.height = self.height()
        self._tiles.width = self.row_width = max(1, min(most, wide // across))
        self.verticalScrollBar().setSingleStep(self._tiles.theme.px(24))
        self.doItemsLayout()

    def _wide(self) -> int:
        """Pixels beside a scroll bar, whether or not there is one now."""
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self)
        return max(1, self.width() - bar - 2 * self.frameWidth() - 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.fit()
        super().resizeEvent(event)


def wrapped(text: str, font: QFont, width: float, most: int) -> list[str]:
    """A text in lines of a width in pixels, `most` at most, the last of them elided."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    lines: list[str] = []
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(1.0, width))
        start = line.textStart()
        if len(lines) == most - 1:
            lines.append(elided(_from(text, start), font, width))
            break
        lines.append(_from(text, start, line.textLength()).strip())
    layout.endLayout()
    return lines


def _from(text: str, start: int, length: int | None = None) -> str:
    """A part of a text by Qt's places, which count UTF-16."""
    data = text.encode("utf-16-le", "surrogatepass")
    end = None if length is None else 2 * (start + length)
    return data[2 * start : end].decode("utf-16-le", "surrogatepass")


def _row(entry: Entry) -> Row:
    words = caption_text(entry.said) if entry.said is not None else entry.problem
    return Row(entry.path, f"{file_name(entry)}: {words}", tip(entry), not entry.problem)
