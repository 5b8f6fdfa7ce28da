"""The seven phases of a step in a strip: what is done, what was computed last, what is next."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from attn_desktop.gui.formula_pages import NAMES, SYMBOLS
from attn_desktop.gui.formula_text import Typesetter
from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.scene import Phase, Scene

#: Height, gap between chips, room around their text, and how much wider they get, at normal type.
HIGH, GAP, PAD, MORE = 24, 8, 5, 24
SIZE = 0.92
#: Text on the amber of what has just been computed, in either theme.
ON_TARGET = "#241a00"


class PhaseStrip:
    """Where the chips are in an area, for painting and for the pointer."""

    def __init__(self, type_: Typesetter, area: QRectF, scene: Scene) -> None:
        self._type, self._area, self._scene = type_, area, scene
        theme = type_.theme
        self._next, room = self._next_text(), area.width()
        # The longest of what it may say, so that chips stay where they are from phase to phase.
        texts = ("next: mask", f"next: step {scene.t + 1}")
        wanted = max(type_.width(text, SIZE) for text in texts) + theme.px(8)
        for names, beside in ((NAMES, wanted), (SYMBOLS, wanted), (SYMBOLS, 0.0)):
            self._texts = names
            widths = [type_.width(names[p], SIZE, bold=True) + 2 * theme.px(PAD) for p in Phase]
            spare = room - beside - sum(widths) - (len(widths) - 1) * theme.px(GAP)
            if spare >= 0:
                break
        if not beside:
            self._next = ""
        # Where even symbols have no room they are squeezed.
        more = min(spare / len(widths), theme.px(MORE))
        self._lefts, self._widths = [], [max(1.0, width + more) for width in widths]
        left = area.left()
        for width in self._widths:
            self._lefts.append(left)
            left += width + theme.px(GAP)

    def box(self, phase: Phase) -> QRectF:
        """The chip of a phase."""
        left, width = self._lefts[phase], self._widths[phase]
        return QRectF(left, self._area.top(), width, self._area.height())

    def at(self, place: QPointF) -> Phase | None:
        """The phase whose chip is at a place."""
        return next((phase for phase in Phase if self.box(phase).contains(place)), None)

    def _next_text(self) -> str:
        scene = self._scene
        if not scene.t:
            return "next: e"
        if scene.phase < Phase.TOKEN:
            return f"next: {SYMBOLS[Phase(scene.phase + 1)]}"
        step = scene.step
        return "the end" if step is not None and step.is_end else f"next: step {scene.t + 1}"

    def paint(self, painter: QPainter, pointed: Phase | None) -> None:
        """All chips, and at the right what runs next."""
        theme = self._type.theme
        middle = self._area.center().y()
        for phase in Phase:
            box = self.box(phase)
            if phase > 0:
                before = self.box(Phase(phase - 1)).right()
                done = self._scene.reveals(phase)
                painter.setPen(QPen(theme.colour("dim" if done else "border"), theme.px(1)))
                painter.drawLine(QLineF(before + 1, middle, box.left() - 1, middle))
            self._paint_chip(painter, phase, box, phase is pointed)
        if self._next:
            start = self.box(Phase.TOKEN).right() + theme.px(8)
            painter.setFont(self._type.font(SIZE))
            painter.setPen(theme.colour("dim"))
            rest = QRectF(start, self._area.top(), self._area.right() - start, self._area.height())
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(rest, flags, self._next)

    def _paint_chip(self, painter: QPainter, phase: Phase, box: QRectF, pointed: bool) -> None:
        theme, scene = self._type.theme, self._scene
        current = scene.t > 0 and phase is scene.phase
        done = scene.reveals(phase)
        following = phase == (scene.phase + 1 if scene.t else 0)
        radius = theme.px(5)
        if current:
            fill_rounded(painter, box, radius, theme.hue("target"))
        elif done:
            fill_rounded(painter, box, radius, theme.colour("faint"))
        if not done or pointed:
            pen = QPen(theme.colour("dim" if following or pointed else "border"), theme.px(1))
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        font = self._type.font(SIZE, bold=current)
        painter.setFont(font)
        painter.setPen(QColor(ON_TARGET) if current else theme.colour("text" if done else "dim"))
        text = elided(self._texts[phase], font, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
