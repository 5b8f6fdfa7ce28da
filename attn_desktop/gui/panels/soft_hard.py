"""Soft against hard: four readings of one step, their contexts and what each would say."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.analysis.four_readings import NAMES, SAMPLED, NamedReading, four_readings
from attn_desktop.common.mode import SOFT
from attn_desktop.gui.intents import Hover
from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.panel import Change, PaintedPanel, Table
from attn_desktop.gui.raster import colour_limit, paint_cells, peaks, signed_image
from attn_desktop.gui.reading_rows import AFTER, MARGIN, SMALL, ReadingRows, lay_out
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.theme import Role, Theme

#: Largest heights of strips and bars; least width of a cell of a strip, for colours to be seen.
STRIP, BAR, CELL = 32, 16, 3
ROLES: dict[str, Role] = {
    "soft": "soft",
    "sampled": "hard",
    "argmax": "argmax",
    "expected": "expected",
}


class SoftHardPanel(PaintedPanel):
    """Four readings of the step at the playhead, a row each."""

    name = "soft-hard"
    title = "Soft against hard"
    short = "Readings"
    about = (
        "Four readings of one step: context c_t, likeliest y_t, and p of the token taken.\n"
        "soft: p(y | Σ_k α_k h_k) · sampled: p(y | h_k), k ~ α · argmax: p(y | h_k), k = argmax α"
        " · expected: Σ_k α_k p(y | h_k).\n"
        "The mean of the sampled context is the soft one, yet soft and expected differ, since p is "
        "not linear in c.\nHover a row for entropies and divergences."
    )
    natural = (760, 160)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._readings: tuple[NamedReading, ...] = ()
        self._limit = 1.0
        self._places: ReadingRows | None = None
        self._pointer: QPointF | None = None

    def draw(self, change: Change) -> None:
        scene, step = self.scene, self.scene.step
        self._places = None
        if change.steps or change.place:
            self._readings = ()
            if scene.run is not None and step is not None and scene.reveals(Phase.CONTEXT):
                self._readings = four_readings(scene.run, step, scene.probe("readings"))
            contexts = [r.context for r in self._readings if r.context is not None]
            self._limit = colour_limit(np.concatenate(contexts)) if contexts else 1.0
        super().draw(change)

    def caption(self) -> str:
        self.flush()
        found = {reading.name: reading for reading in self._readings}
        if not found:
            return ""
        parts = []
        soft, sampled = found[SOFT], found[SAMPLED]
        if soft.context is not None and sampled.context is not None:
            with np.errstate(invalid="ignore", over="ignore"):
                distance = np.linalg.norm(soft.context - sampled.context)
            parts.append(f"‖c_soft − c_hard‖ {distance:.2f}")
        if self.scene.reveals(Phase.LOGITS) and soft.prediction and soft.prediction.js:
            parts.append(f"JS {short_text(soft.prediction.js[SAMPLED])} nats")
        return " · ".join(parts)

    def table(self) -> Table:
        self.flush()
        if not self._readings or not self.scene.reveals(Phase.LOGITS):
            return Table((), ())
        taken, unknown = self.scene.reveals(Phase.TOKEN), float("nan")
        rows: list[tuple[str | float, ...]] = []
        for reading in self._readings:
            if (told := reading.prediction) is not None:
                p_chosen = told.p_chosen if taken else unknown
                js = [told.js.get(name, 0.0 if told.js else unknown) for name in NAMES]
                rows.append((reading.name, told.token, told.p, p_chosen, told.entropy, *js))
        columns = ("reading", "token", "p", "p of chosen", "entropy")
        return Table((*columns, *(f"js to {name}" for name in NAMES)), rows)

    # -- where things are -------------------------------------------------------------------

    def places(self) -> ReadingRows:
        """Columns and rows for the present size."""
        if self._places is None:
            said = [self._said_by(reading) for reading in self._readings]
            header = self._chosen_header()
            self._places = lay_out(NAMES, said, header, self.theme, self.size())
        return self._places

    def row_box(self, index: int) -> QRectF:
        """The row of a reading."""
        return self.places().box(index)

    def _said_by(self, reading: NamedReading) -> str:
        """What stands after the bar."""
        told = reading.prediction
        return "not recorded" if told is None else f"{told.token} {short_text(told.p)}"

    def _chosen_header(self) -> str:
        if not self.scene.reveals(Phase.TOKEN):
            return ""
        return f"p({self.scene.tokens[self.scene.t - 1]})"

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._places = None
        super().resizeEvent(event)

    # -- painting ---------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        scene, step = self.scene, self.scene.step
        if scene.run is None:
            self.paint_blank(painter, "Encode a sentence to compare soft with hard attention.")
        elif step is None:
            self.paint_blank(painter, "Step (F10) to see the first token read in four ways.")
        elif not step.mode.attends or step.cross is None:
            self.paint_blank(
                painter, "Without attention there is one reading: c is the fixed vector."
            )
        elif not self._readings:
            self.paint_blank(painter, f"c_{scene.t} is computed after α. F11: next phase.")
        else:
            self._paint_rows(painter, self.places())

    def _paint_rows(self, painter: QPainter, places: ReadingRows) -> None:
        theme = self.theme
        if places.header:
            self._paint_header(painter, places)
        pointed = self._pointed()
        for index, reading in enumerate(self._readings[: places.count]):
            box = self.row_box(index)
            if reading is pointed:
                around = box.adjusted(theme.px(3), 0, -theme.px(3), 0)
                fill_rounded(painter, around, theme.px(4), theme.colour("faint"))
            painter.setFont(theme.font(bold=True))
            painter.setPen(theme.ink(ROLES[reading.name]))
            self._write(painter, places.name, box, reading.name)
            self._paint_strip(painter, places, box, reading)
            if self.scene.reveals(Phase.LOGITS):
                self._paint_prediction(painter, places, box, reading)
        if not self.scene.reveals(Phase.LOGITS):
            t, area = self.scene.t, (places.bar[0], self.width() - theme.px(MARGIN))
            painter.setFont(theme.font(SMALL))
            painter.setPen(theme.colour("dim"))
            box = self.row_box(0).united(self.row_box(places.count - 1))
            texts = (f"p(y_{t}) is computed after s_{t}", f"p(y_{t}) after s_{t}")
            self._write_longest(painter, area, box, texts)

    def _paint_header(self, painter: QPainter, places: ReadingRows) -> None:
        theme = self.theme
        painter.setFont(theme.font(SMALL))
        painter.setPen(theme.colour("dim"))
        box = QRectF(0, theme.px(MARGIN) / 2, self.width(), places.header)
        name = f"c_{self.scene.t}"
        self._write_longest(painter, places.strip, box, (f"{name}  ±{self._limit:.2g}", name))
        if not self.scene.reveals(Phase.LOGITS):
            return
        self._write(painter, (places.bar[0], places.right), box, "likeliest token")
        if places.chosen is not None:
            painter.setPen(theme.ink("target"))
            text = self._chosen_header()
            self._write(painter, places.chosen, box, text, Qt.AlignmentFlag.AlignRight)

    def _paint_strip(
        self, painter: QPainter, places: ReadingRows, box: QRectF, reading: NamedReading
    ) -> None:
        theme, (left, right) = self.theme, places.strip
        if reading.context is None:
            painter.setFont(theme.font(SMALL))
            painter.setPen(theme.colour("dim"))
            self._write_longest(
                painter, places.strip, box, ("no single context", "no single c", "–")
            )
            return
        high = min(theme.px(STRIP), box.height() * 0.75)
        # On whole pixels, or else the frame is blurred.
        top = round(box.center().y() - high / 2)
        area = QRectF(round(left), top, round(right) - round(left), round(high))
        if area.width() < 1 or not reading.context.size:
            return
        row = reading.context[None]
        cells = peaks(row, 1, int(area.width() / theme.px(CELL)))
        image = signed_image(cells.values, self._limit, theme)
        paint_cells(painter, area, cells, image, row.shape)
        lit = bool(self.light.all_source.intersection(reading.positions))
        pen = QPen(theme.hue("source"), theme.px(2)) if lit else QPen(theme.colour("border"), 1)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = pen.widthF() / 2
        painter.drawRect(area.adjusted(inset, inset, -inset, -inset))

    def _paint_prediction(
        self, painter: QPainter, places: ReadingRows, box: QRectF, reading: NamedReading
    ) -> None:
        theme, told, (left, right) = self.theme, reading.prediction, places.bar
        painter.setFont(theme.font(SMALL))
        if told is None:
            painter.setPen(theme.colour("dim"))
            self._write(painter, (left, places.right), box, "not recorded")
            return
        high = min(theme.px(BAR), box.height() * 0.55)
        end = left - theme.px(AFTER)
        if right > left and told.p > 0:
            end = left + max(1.0, min(told.p, 1.0) * (right - left))
            bar = QRectF(left, box.center().y() - high / 2, end - left, high)
            hue = theme.hue(ROLES[reading.name], 0.8)
            fill_rounded(painter, bar, min(theme.px(2), bar.width() / 2), hue)
        number = f" {short_text(told.p)}"
        painter.setPen(theme.colour("text"))
        label = (end + theme.px(AFTER), places.right)
        room = label[1] - label[0] - QFontMetricsF(painter.font()).horizontalAdvance(number)
        text = elided(told.token, painter.font(), room) + number
        self._write(painter, label, box, text)
        taken = self.scene.reveals(Phase.TOKEN)
        if taken and right > left and math.isfinite(told.p_chosen):
            x = left + min(max(told.p_chosen, 0.0), 1.0) * (right - left)
            painter.setPen(QPen(theme.hue("target"), theme.px(2)))
            painter.drawLine(QLineF(x, box.center().y() - high / 2, x, box.center().y() + high / 2))
        if taken and places.chosen is not None:
            painter.setPen(theme.ink("target"))
            number = short_text(told.p_chosen)
            self._write(painter, places.chosen, box, number, Qt.AlignmentFlag.AlignRight)

    def _write(
        self,
        painter: QPainter,
        across: tuple[float, float],
        box: QRectF,
        text: str,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        """A text in the middle of a row, cut to a column."""
        area = QRectF(across[0], box.top(), across[1] - across[0], box.height())
        flags = side | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, flags, elided(text, painter.font(), area.width()))

    def _write_longest(
        self, painter: QPainter, across: tuple[float, float], box: QRectF, texts: Sequence[str]
    ) -> None:
        """The first of several texts that fits, or else the last."""
        metrics, room = QFontMetricsF(painter.font()), across[1] - across[0]
        fitting = (text for text in texts if metrics.horizontalAdvance(text) <= room)
        self._write(painter, across, box, next(fitting, texts[-1]))

    # -- pointer ----------------------------------------------------------------------------

    def _pointed(self) -> NamedReading | None:
        if self._pointer is None or not self._readings:
            return None
        row = self.places().at(self._pointer)
        return None if row is None else self._readings[row]

    def _about(self, reading: NamedReading) -> str:
        """Where a reading looks, how sure it is, and how far it is from the others."""
        scene, told = self.scene, reading.prediction
        text = reading.name
        for column in scene.source.columns(frozenset(reading.positions)):
            text += f" “{scene.source.labels[column]}”"
        if reading.context is None:
            text += "   no single context"
        if not scene.reveals(Phase.LOGITS):
            return text
        if told is None:
            return f"{text}   not recorded"
        text += f"   H {told.entropy:.3f} nats"
        for symbol, distances in (("JS", told.js), (f"KL({reading.name}‖·)", told.kl)):
            if distances:
                each = ", ".join(f"{name} {value:.3f}" for name, value in distances.items())
                text += f"   {symbol}: {each}"
        return text

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer = event.position()
        reading = self._pointed()
        self.ask(Hover(source=frozenset(() if reading is None else reading.positions)))
        self.said.emit("" if reading is None else self._about(reading))
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
        super().leaveEvent(event)
