"""One step of a timeline as a card: its token, two lying bars, and α over the source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from attn_desktop.gui.painting import elided
from attn_desktop.gui.picture_image import fitted
from attn_desktop.gui.raster import alpha_colours, image, peaks
from attn_desktop.gui.theme import Theme

TALLEST_STRIP = 48
#: Room for “t=7” instead of “7”.
WIDE = 84


@dataclass(frozen=True, eq=False)
class StepLook:
    """What a cell shows of step t. bars: share of a full bar and its colour, None if unknown.

    strip: a row of pixels, one a column of the source, or one a region of a picture as they lie;
    None if α is unknown.
    """

    t: int
    token: str
    bars: tuple[tuple[float, QColor] | None, ...]
    strip: QImage | None


@dataclass(frozen=True)
class CardPlaces:
    """Where things are in a card whose left end is at x = 0."""

    box: QRectF
    header: QRectF
    bars: tuple[QRect, QRect]
    strip: QRect


def card_places(theme: Theme, width: float, top: float, height: float) -> CardPlaces:
    """Places for a card of this size; the strip is empty where there is no room for it."""
    px = theme.px
    box = QRectF(0, top, width, height)
    inner = box.adjusted(min(px(8), width / 8), px(4), -min(px(8), width / 8), -px(4))
    line = min(QFontMetricsF(theme.font(0.9, bold=True)).height(), inner.height())
    room = inner.height() - line
    bar, gap = max(2.0, min(px(6), 0.14 * room)), max(1.0, min(px(4), 0.09 * room))
    y = inner.top() + line + gap
    bars = []
    for _ in range(2):
        bars.append(whole(QRectF(inner.left(), y, inner.width(), bar)))
        y += bar + gap
    # Below the strip stays room for the mark of a branch.
    strip = min(inner.bottom() - y - gap / 2 - px(9), px(TALLEST_STRIP))
    return CardPlaces(
        box,
        QRectF(inner.left(), inner.top(), inner.width(), line),
        (bars[0], bars[1]),
        whole(QRectF(inner.left(), y + gap / 2, inner.width(), strip if strip >= 4 else 0)),
    )


def paint_card(painter: QPainter, theme: Theme, places: CardPlaces, look: StepLook) -> None:
    """Paint at the origin of the painter."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_frame(painter, theme, places.box)
    _paint_header(painter, theme, places.header, look)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for place, bar in zip(places.bars, look.bars, strict=True):
        painter.fillRect(place, theme.colour("faint"))
        if bar is not None:
            painter.fillRect(place.adjusted(0, 0, round((bar[0] - 1) * place.width()), 0), bar[1])
    if places.strip.height() and look.strip is not None:
        if look.strip.height() > 1:
            painter.drawImage(
                map_place(places.strip, look.strip.width(), look.strip.height()), look.strip
            )
            return
        painter.drawImage(places.strip, look.strip)
        pitch = places.strip.width() / look.strip.width()
        if pitch >= theme.px(5):
            for column in range(1, look.strip.width()):
                x = places.strip.left() + round(column * pitch)
                line = QRect(x - 1, places.strip.top(), 1, places.strip.height())
                painter.fillRect(line, theme.colour("raised"))


def paint_frame(painter: QPainter, theme: Theme, box: QRectF) -> None:
    """The ground that a card stands on."""
    painter.setPen(QPen(theme.colour("border"), 1))
    painter.setBrush(theme.colour("raised"))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), theme.px(4), theme.px(4))


def _paint_header(painter: QPainter, theme: Theme, box: QRectF, look: StepLook) -> None:
    """The token and t; where both do not fit, the token is in smaller type and then cut."""
    small, bold = theme.font(0.72), theme.font(0.9, bold=True)
    middle = Qt.AlignmentFlag.AlignVCenter
    number = f"t={look.t}" if box.width() >= theme.px(WIDE) else str(look.t)
    painter.setFont(small)
    painter.setPen(theme.colour("dim"))
    painter.drawText(box, Qt.AlignmentFlag.AlignRight | middle, number)
    room = box.width() - QFontMetricsF(small).horizontalAdvance(number) - theme.px(5)
    if QFontMetricsF(bold).horizontalAdvance(look.token) > room:
        bold = theme.font(0.75, bold=True)
    painter.setFont(bold)
    painter.setPen(theme.ink("target"))
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | middle, elided(look.token, bold, room))


def map_place(strip: QRect, columns: int, rows: int) -> QRect:
    """Where the regions of a picture are within the strip of a card, each a square."""
    return whole(fitted(columns / rows, QRectF(strip)))


def map_images(theme: Theme, alpha: NDArray[np.float64], grid: tuple[int, int]) -> list[QImage]:
    """α (T, m · n) as m × n pixels a step, each up to its own largest α."""
    ends = np.nan_to_num(alpha, posinf=1.0).max(axis=1, initial=0.0)
    maps = alpha / np.where(ends > 0, ends, 1.0)[:, None]
    return [image(alpha_colours(row.reshape(grid), theme)) for row in maps]


def strip_images(theme: Theme, alpha: NDArray[np.float64], width: int) -> list[QImage]:
    """α (T, G) as a row of at most `width` pixels a step; faint where it is not a number."""
    values = peaks(alpha, max(1, len(alpha)), max(1, width)).values
    return [image(row[None]) for row in alpha_colours(values, theme)]


def whole(box: QRectF) -> QRect:
    """The same rectangle on whole pixels, where edges are sharp."""
    left, top = round(box.left()), round(box.top())
    return QRect(left, top, round(box.right()) - left, round(box.bottom()) - top)
