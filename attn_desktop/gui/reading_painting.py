"""How the rows of the four readings are drawn: context, likeliest token, p of the token taken."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from attn_desktop.analysis.four_readings import NamedReading
from attn_desktop.common.mode import SOFT
from attn_desktop.gui.numbers import UNKNOWN, short_text
from attn_desktop.gui.painting import elided, fill_rounded, write_in, write_longest
from attn_desktop.gui.raster import paint_cells, peaks, signed_image
from attn_desktop.gui.reading_rows import AFTER, MARGIN, SMALL, ReadingRows, Span
from attn_desktop.gui.theme import Role, Theme

#: Largest heights of strips and bars; least width of a cell of a strip, for colours to be seen.
STRIP, BAR, CELL = 32, 16, 3
ROLES: dict[str, Role] = {
    "soft": "soft",
    "sampled": "hard",
    "argmax": "argmax",
    "expected": "expected",
}
RIGHT = Qt.AlignmentFlag.AlignRight


@dataclass(frozen=True, eq=False)
class ReadingPainter:
    """Paints rows at their places. limit: where the colours of contexts end. t: the step.

    predicts, taken: whether p(y_t) and y_t are known yet. chosen: what heads the p of y_t.
    """

    readings: Sequence[NamedReading]
    places: ReadingRows
    theme: Theme
    limit: float
    t: int
    predicts: bool
    taken: bool
    chosen: str

    def paint(self, painter: QPainter, lit: Collection[int], pointed: NamedReading | None) -> None:
        """All rows that there is room for. lit: source positions; pointed: under the pointer."""
        theme, places = self.theme, self.places
        if places.header:
            self._paint_header(painter)
        for index, reading in enumerate(self.readings[: places.count]):
            box = places.box(index)
            if reading is pointed:
                around = box.adjusted(theme.px(3), 0, -theme.px(3), 0)
                fill_rounded(painter, around, theme.px(4), theme.colour("faint"))
            painter.setFont(theme.font(bold=True))
            painter.setPen(theme.ink(ROLES[reading.name]))
            write_in(painter, _across(places.name, box), reading.name)
            self._paint_strip(painter, box, reading, bool(set(lit).intersection(reading.positions)))
            if self.predicts:
                self._paint_prediction(painter, box, reading)
        if not self.predicts:
            area = (places.bar[0], places.area.right() - theme.px(MARGIN))
            painter.setFont(theme.font(SMALL))
            painter.setPen(theme.colour("dim"))
            box = places.box(0).united(places.box(places.count - 1))
            texts = (
                f"p(y_{self.t}) is computed after s_{self.t}",
                f"p(y_{self.t}) after s_{self.t}",
            )
            write_longest(painter, _across(area, box), texts)

    def _paint_header(self, painter: QPainter) -> None:
        theme, places = self.theme, self.places
        painter.setFont(theme.font(SMALL))
        painter.setPen(theme.colour("dim"))
        area = places.area
        box = QRectF(area.left(), places.top - places.header, area.width(), places.header)
        name = f"c_{self.t}"
        names = (f"{name}  ±{self.limit:.2g}", name, "c")
        write_longest(painter, _across(places.strip, box), names)
        if not self.predicts:
            return
        write_longest(
            painter, _across((places.bar[0], places.right), box), ("likeliest token", "likeliest")
        )
        if places.js is not None:
            write_in(painter, _across(places.js, box), "JS", RIGHT)
        if places.chosen is not None:
            painter.setPen(theme.ink("target"))
            write_in(painter, _across(places.chosen, box), self.chosen, RIGHT)

    def _paint_strip(
        self, painter: QPainter, box: QRectF, reading: NamedReading, lit: bool
    ) -> None:
        theme, (left, right) = self.theme, self.places.strip
        if reading.context is None:
            painter.setFont(theme.font(SMALL))
            painter.setPen(theme.colour("dim"))
            texts = ("no single context", "no single c", "–")
            write_longest(painter, _across(self.places.strip, box), texts)
            return
        high = min(theme.px(STRIP), box.height() * 0.75)
        # On whole pixels, or else the frame is blurred.
        top = round(box.center().y() - high / 2)
        area = QRectF(round(left), top, round(right) - round(left), round(high))
        if area.width() < 1 or not reading.context.size:
            return
        row = reading.context[None]
        cells = peaks(row, 1, int(area.width() / theme.px(CELL)))
        image = signed_image(cells.values, self.limit, theme)
        paint_cells(painter, area, cells, image, row.shape)
        pen = QPen(theme.hue("source"), theme.px(2)) if lit else QPen(theme.colour("border"), 1)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = pen.widthF() / 2
        painter.drawRect(area.adjusted(inset, inset, -inset, -inset))

    def _paint_prediction(self, painter: QPainter, box: QRectF, reading: NamedReading) -> None:
        theme, places, told = self.theme, self.places, reading.prediction
        left, right = places.bar
        painter.setFont(theme.font(SMALL))
        if told is None:
            painter.setPen(theme.colour("dim"))
            write_in(painter, _across((left, places.right), box), "not recorded")
            return
        high = min(theme.px(BAR), box.height() * 0.55)
        end = left - theme.px(AFTER)
        if right > left and told.p > 0:
            end = left + max(1.0, min(told.p, 1.0) * (right - left))
            bar = QRectF(left, box.center().y() - high / 2, end - left, high)
            hue = theme.hue(ROLES[reading.name], 0.8)
            fill_rounded(painter, bar, min(theme.px(2), bar.width() / 2), hue)
        number = f" {short_text(told.p)}"
        # A reading that would say something else than soft does stands out.
        soft = self.readings[0].prediction
        other = soft is not None and soft.token != told.token
        painter.setFont(theme.font(SMALL, bold=other))
        painter.setPen(theme.colour("text"))
        label = (end + theme.px(AFTER), places.right)
        room = label[1] - label[0] - QFontMetricsF(painter.font()).horizontalAdvance(number)
        text = elided(told.token, painter.font(), room) + number
        write_in(painter, _across(label, box), text)
        painter.setFont(theme.font(SMALL))
        if places.js is not None:
            painter.setPen(theme.colour("dim"))
            js = told.js.get(SOFT)
            js_text = "" if reading.name == SOFT else UNKNOWN if js is None else short_text(js)
            write_in(painter, _across(places.js, box), js_text, RIGHT)
        if self.taken and right > left and math.isfinite(told.p_chosen):
            x = left + min(max(told.p_chosen, 0.0), 1.0) * (right - left)
            painter.setPen(QPen(theme.hue("target"), theme.px(2)))
            painter.drawLine(QLineF(x, box.center().y() - high / 2, x, box.center().y() + high / 2))
        if self.taken and places.chosen is not None:
            painter.setPen(theme.ink("target"))
            write_in(painter, _across(places.chosen, box), short_text(told.p_chosen), RIGHT)


def _across(span: Span, box: QRectF) -> QRectF:
    """A column of a row."""
    return QRectF(span[0], box.top(), max(0.0, span[1] - span[0]), box.height())
