"""Soft against hard: four readings of one step, their contexts and what each would say."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.analysis.four_readings import (
    NAMES,
    SAMPLED,
    NamedReading,
    distance,
    four_readings,
)
from attn_desktop.common.mode import ARGMAX, SOFT
from attn_desktop.gui.formula_page import number
from attn_desktop.gui.intents import Hover
from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.painting import write_longest
from attn_desktop.gui.panel import Change, PaintedPanel, Table
from attn_desktop.gui.raster import colour_limit
from attn_desktop.gui.reading_draw import Draw, DrawBar
from attn_desktop.gui.reading_matrix import DivergenceMatrix
from attn_desktop.gui.reading_painting import ROLES, ReadingPainter
from attn_desktop.gui.reading_places import ReadingPlaces
from attn_desktop.gui.reading_places import lay_out as lay_out_parts
from attn_desktop.gui.reading_rows import SMALL, ReadingRows, lay_out
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.theme import Theme


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
        "not linear in c.\n"
        "The bar is the cumulative α from 0 to 1: u, drawn from [0, 1), falls into the part of the "
        "position k that is taken, with probability α_k (inverse CDF).\n"
        "Matrix, of whole distributions: JS, the Jensen–Shannon divergence in nats, at most log 2 "
        "= 0.69 (Lin 1991); TV = ½ Σ_y |p − p′|, the total variation, at most 1; H, entropies. A "
        "token in bold is not the one that soft would say.\n"
        "Hover a row or a cell for more, KL among it; click a part of the bar to brush its word."
    )
    natural = (760, 160)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._readings: tuple[NamedReading, ...] = ()
        self._limit = 1.0
        self._draw: Draw | None = None
        self._parts: ReadingPlaces | None = None
        self._places: ReadingRows | None = None
        self._pointer: QPointF | None = None

    def draw(self, change: Change) -> None:
        scene, step = self.scene, self.scene.step
        self._parts = self._places = None
        if change.steps or change.place:
            self._readings, self._draw = (), None
            if scene.run is not None and step is not None and scene.reveals(Phase.CONTEXT):
                self._readings = four_readings(scene.run, step, scene.probe("readings"))
            if self._readings and step is not None and step.cross is not None:
                self._draw = Draw.of(step.cross, scene.source)
            contexts = [r.context for r in self._readings if r.context is not None]
            self._limit = colour_limit(np.concatenate(contexts)) if contexts else 1.0
        super().draw(change)

    def caption(self) -> str:
        self.flush()
        if not self._readings or not self.scene.reveals(Phase.LOGITS):
            return ""
        told = self._readings[NAMES.index(SOFT)].prediction
        return f"JS {short_text(told.js[SAMPLED])} nats" if told is not None and told.js else ""

    def _distances(self) -> tuple[str, ...]:
        """How far the contexts are from the soft one, the longest first."""
        found = {reading.name: reading for reading in self._readings}
        far = distance(found[SOFT], found[SAMPLED])
        if far is None:
            return ("c_soft or c_hard is not recorded",)
        size, share = number(far[0]), _percent(far[1])
        short = f"‖c_soft − c_hard‖ = {size} ({share})"
        texts = (f"‖c_soft − c_hard‖ = {size}, {share} of ‖c_soft‖", short)
        best = distance(found[SOFT], found[ARGMAX])
        if best is None:
            return texts
        return (f"{texts[0]}   ·   ‖c_soft − h_argmax‖ = {number(best[0])}", *texts)

    def table(self) -> Table:
        self.flush()
        if not self._readings or not self.scene.reveals(Phase.LOGITS):
            return Table((), ())
        taken, unknown = self.scene.reveals(Phase.TOKEN), float("nan")
        rows: list[tuple[str | float, ...]] = []
        for reading in self._readings:
            if (told := reading.prediction) is not None:
                p_chosen = told.p_chosen if taken else unknown
                far = [
                    held.get(name, 0.0 if held else unknown)
                    for held in (told.js, told.kl, told.tv)
                    for name in NAMES
                ]
                rows.append((reading.name, told.token, told.p, p_chosen, told.entropy, *far))
        columns = ("reading", "token", "p", "p of chosen", "entropy")
        names = [f"{what} to {name}" for what in ("js", "kl", "tv") for name in NAMES]
        return Table((*columns, *names), rows)

    # -- where things are -------------------------------------------------------------------

    def parts(self) -> ReadingPlaces:
        """Areas of draw, distance, rows and matrix for the present size."""
        if self._parts is None:
            told = [reading.prediction for reading in self._readings]
            divergent = self.scene.reveals(Phase.LOGITS) and any(one and one.js for one in told)
            self._parts = lay_out_parts(self.size(), len(told), divergent, self.theme)
        return self._parts

    def places(self) -> ReadingRows:
        """Columns and rows for the present size."""
        if self._places is None:
            parts = self.parts()
            said = [self._said_by(reading) for reading in self._readings]
            header = self._chosen_header()
            # In the place of the matrix, one column of it.
            told = [reading.prediction for reading in self._readings]
            with_js = parts.matrix is None and any(one and one.js for one in told)
            self._places = lay_out(
                NAMES, said, header, self.theme, parts.rows, with_js and self._predicts()
            )
        return self._places

    def row_box(self, index: int) -> QRectF:
        """The row of a reading."""
        return self.places().box(index)

    def draw_bar(self) -> DrawBar | None:
        """The draw where it is; None where it has no room or there is none."""
        area = self.parts().draw if self._draw is not None else None
        if area is None or self._draw is None:
            return None
        return DrawBar(self._draw, area, self.theme)

    def matrix(self) -> DivergenceMatrix | None:
        """The divergences where they are; None where they have no room or there are none."""
        area = self.parts().matrix if self._readings else None
        return None if area is None else DivergenceMatrix(self._readings, ROLES, area, self.theme)

    def _predicts(self) -> bool:
        return self.scene.reveals(Phase.LOGITS)

    def _said_by(self, reading: NamedReading) -> str:
        """What stands after the bar."""
        told = reading.prediction
        return "not recorded" if told is None else f"{told.token} {short_text(told.p)}"

    def _chosen_header(self) -> str:
        if not self.scene.reveals(Phase.TOKEN):
            return ""
        return f"p({self.scene.tokens[self.scene.t - 1]})"

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._parts = self._places = None
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
            self._paint_parts(painter)

    def _paint_parts(self, painter: QPainter) -> None:
        scene, theme, light = self.scene, self.theme, self.light.all_source
        bar, matrix, area = self.draw_bar(), self.matrix(), self.parts().distance
        if bar is not None:
            bar.paint(painter, frozenset(scene.source.columns(light)))
        if area is not None:
            painter.setFont(theme.font(SMALL))
            painter.setPen(theme.colour("text"))
            write_longest(painter, area, self._distances())
        taken = scene.reveals(Phase.TOKEN)
        rows = ReadingPainter(
            readings=self._readings,
            places=self.places(),
            theme=theme,
            limit=self._limit,
            t=scene.t,
            predicts=self._predicts(),
            taken=taken,
            chosen=self._chosen_header(),
        )
        rows.paint(painter, light, self._pointed())
        if matrix is not None:
            at = None if self._pointer is None else matrix.at(self._pointer)
            matrix.paint(painter, at)

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
        elif reading.name != SOFT and (far := distance(self._readings[0], reading)) is not None:
            text += f"   ‖c_soft − c‖ = {number(far[0])}, {_percent(far[1])} of ‖c_soft‖"
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

    def _column(self) -> int | None:
        """The column of the source whose part of the cumulative α is under the pointer."""
        bar = self.draw_bar()
        return None if bar is None or self._pointer is None else bar.column(self._pointer)

    def _under(self) -> tuple[frozenset[int], str]:
        """Source positions of what is under the pointer, and what to say of it."""
        column, reading = self._column(), self._pointed()
        if column is not None and self._draw is not None:
            return frozenset(self.scene.source.positions(column)), self._draw.about(column)
        if reading is not None:
            return frozenset(reading.positions), self._about(reading)
        matrix = self.matrix()
        cell = None if matrix is None or self._pointer is None else matrix.at(self._pointer)
        return frozenset(), "" if matrix is None or cell is None else matrix.about(*cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer = event.position()
        positions, said = self._under()
        self.ask(Hover(source=positions))
        self.said.emit(said)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.flush()
        self._pointer = event.position()
        column = self._column()
        if event.button() == Qt.MouseButton.LeftButton and column is not None:
            self.toggle_source(self.scene.source.positions(column))

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
        super().leaveEvent(event)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
