"""The picture once for each step, small, with α of that step over it and its word below."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea

from attn_desktop.common.mode import HARD
from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.picture_grid import CellGrid
from attn_desktop.gui.picture_image import PictureImage
from attn_desktop.gui.picture_overlay import colour_end, overlay_image, paint_overlay, step_map
from attn_desktop.gui.picture_words import LEAST, shares
from attn_desktop.gui.raster import Floats
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.theme import Theme

#: Pixels at normal type: least and largest side of a picture, between two, between it and its word.
SIDES, GAP, APART = (56, 260), 6, 2
#: The least one where nothing can be scrolled, as in a picture of the panel.
WHOLE = 24
#: From one size to the next smaller one that is tried.
SMALLER = 4
NAME = 0.9
OPACITY = 0.7
#: As strong as a word is lit at most.
STRONGEST = 0.7
LEFT = Qt.MouseButton.LeftButton


@dataclass(frozen=True)
class Flow:
    """Equal boxes in rows, as words of a text. side: of the picture's longer edge."""

    side: float
    wide: float
    high: float
    gap: float
    across: int
    count: int

    @property
    def height(self) -> float:
        """Pixels of all rows."""
        return math.ceil(self.count / self.across) * (self.high + self.gap) + self.gap

    def box(self, index: int) -> QRectF:
        """Where one is, before anything is scrolled."""
        row, column = divmod(index, self.across)
        x = self.gap + column * (self.wide + self.gap)
        return QRectF(
            round(x), round(self.gap + row * (self.high + self.gap)), self.wide, self.high
        )

    def index(self, at: QPointF) -> int | None:
        """The one at a place."""
        row, column = int(at.y() // (self.high + self.gap)), int(at.x() // (self.wide + self.gap))
        index = row * self.across + column
        inside = 0 <= column < self.across and 0 <= index < self.count
        return index if inside and self.box(index).contains(at) else None

    def between(self, top: float, bottom: float) -> range:
        """Those that are seen between two heights."""
        pitch = self.high + self.gap
        first = max(0, int((top - self.gap) // pitch)) * self.across
        last = (int(bottom // pitch) + 1) * self.across
        return range(min(first, self.count), max(0, min(last, self.count)))


def lay_out(
    count: int, ratio: float, room: QSize, name: float, theme: Theme, whole: bool = False
) -> Flow:
    """As large as all fit into the room, if they are not too small then; else to be scrolled.

    ratio: width to height of the picture. name: height of a word. whole: rather small than
    scrolled.
    """
    least, most = theme.px(WHOLE if whole else SIDES[0]), theme.px(SIDES[1])
    gap = theme.px(GAP)
    for side in range(most, least - 1, -SMALLER):
        flow = _flow(side, count, ratio, room.width(), name, gap)
        if flow.height <= room.height() and flow.across * (flow.wide + gap) + gap <= room.width():
            return flow
    return _flow(least, count, ratio, room.width(), name, gap)


def _flow(side: float, count: int, ratio: float, room: float, name: float, gap: float) -> Flow:
    wide = round(side * min(1.0, ratio))
    high = round(side / max(1.0, ratio)) + APART + name
    across = max(1, int((room - gap) // (wide + gap)))
    return Flow(side, max(wide, 1), max(high, 1), gap, across, count)


class ThumbnailView(QAbstractScrollArea):
    """pointed: the step under the pointer, 0 for none. chosen: a step that was clicked."""

    pointed = Signal(int)
    chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setMouseTracking(True)
        self._theme, self._scene = theme, Scene()
        self._picture: PictureImage | None = None
        self._lit: frozenset[int] = frozenset()
        self._shares: list[float] = []
        self._overlays: dict[int, tuple[Floats, QImage]] = {}
        self._pressed: int | None = None
        self._seen: tuple[object, int] = (None, 0)
        self._whole = False

    def show_scene(self, theme: Theme, scene: Scene, picture: PictureImage | None) -> None:
        """Show the steps of a scene that has a grid."""
        if theme != self._theme or scene.steps is not self._scene.steps:
            self._overlays.clear()
        self._theme, self._scene, self._picture = theme, scene, picture
        self.verticalScrollBar().setSingleStep(theme.px(SIDES[0]) // 2)
        self._fit()
        if self._seen != (scene.steps, scene.t):
            self._seen = (scene.steps, scene.t)
            self._bring(scene.t)
        self.viewport().update()

    def show_light(self, positions: Collection[int], steps: Collection[int]) -> None:
        """Light steps, and those that looked at some regions by how much they did."""
        self._lit = frozenset(steps)
        self._shares = shares(self._scene, positions) if positions and self._scene.steps else []
        self.viewport().update()

    def set_whole(self, whole: bool) -> None:
        """Whether all steps are to be seen at once, without a scroll bar."""
        self._whole = whole
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if whole else policy.ScrollBarAsNeeded
        )
        self._fit()

    # -- where things are -------------------------------------------------------------------

    def flow(self) -> Flow:
        """The rows in the present width."""
        grid = None if self._scene.run is None else self._scene.run.grid
        rows, columns = grid or (1, 1)
        ratio = columns / rows
        if self._picture is not None:
            ratio = self._picture.ratio
        name = QFontMetricsF(self._theme.font(NAME)).height() + 2
        room = self.maximumViewportSize()
        flow = lay_out(len(self._scene.steps), ratio, room, name, self._theme, self._whole)
        if flow.height > room.height() and not self._whole:
            room.setWidth(room.width() - self.verticalScrollBar().sizeHint().width())
            flow = lay_out(len(self._scene.steps), ratio, room, name, self._theme)
        return flow

    def place(self, t: int) -> QRectF:
        """Where a step is, in the viewport."""
        return self.flow().box(t - 1).translated(0, -self.verticalScrollBar().value())

    def _fit(self) -> None:
        flow, high = self.flow(), self.viewport().height()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, round(flow.height) - high))
        bar.setPageStep(high)

    def _bring(self, t: int) -> None:
        """Scroll until a step is seen."""
        if not t:
            self.verticalScrollBar().setValue(0)
            return
        box, bar, gap = self.place(t), self.verticalScrollBar(), self._theme.px(GAP)
        above = min(0.0, box.top() - gap)
        below = max(0.0, box.bottom() + gap - self.viewport().height())
        bar.setValue(round(bar.value() + (above or below)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        self._bring(self._scene.t)

    # -- painting ---------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        try:
            painter.fillRect(event.rect(), self._theme.colour("card"))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self._scene.run is not None and self._scene.run.grid is not None:
                flow, top = self.flow(), self.verticalScrollBar().value()
                area = event.rect()
                for index in flow.between(top + area.top(), top + area.bottom()):
                    self._paint_step(painter, flow.box(index).translated(0, -top), index + 1)
        finally:
            painter.end()

    def _paint_step(self, painter: QPainter, box: QRectF, t: int) -> None:
        scene, theme = self._scene, self._theme
        assert scene.run is not None
        assert scene.run.grid is not None
        name = QFontMetricsF(theme.font(NAME)).height() + 2
        area = QRectF(box.left(), box.top(), box.width(), round(box.height() - name - APART))
        if self._picture is None:
            painter.fillRect(area, theme.colour("faint"))
        else:
            self._picture.paint(painter, area)
        overlay = self._overlay(t)
        if overlay is not None:
            paint_overlay(painter, area, overlay, True, OPACITY)
            self._paint_drawn(painter, CellGrid(area, *scene.run.grid), t)
        here, lit = t == scene.t, t in self._lit
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if here or lit:
            painter.setPen(QPen(theme.hue("target"), theme.px(3 if here else 1.5)))
            painter.drawRect(area.adjusted(-1, -1, 1, 1))
        else:
            painter.setPen(QPen(theme.colour("border"), 1))
            painter.drawRect(area.adjusted(-0.5, -0.5, 0.5, 0.5))
        self._paint_name(painter, QRectF(box.left(), area.bottom() + APART, box.width(), name), t)

    def _overlay(self, t: int) -> QImage | None:
        """α of a step; made when it is first seen."""
        alpha = step_map(self._scene, t)
        if alpha is None:
            return None
        held = self._overlays.get(t)
        if held is None:
            end = colour_end(self._scene, t, "step")
            held = self._overlays[t] = (alpha, overlay_image(alpha, end, True, self._theme))
        return held[1]

    def _paint_drawn(self, painter: QPainter, cells: CellGrid, t: int) -> None:
        step, theme = self._scene.steps[t - 1], self._theme
        if step.mode.weighting != HARD or step.cross is None:
            return
        if self._scene.knows(t, Phase.CONTEXT):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.hue("hard"), theme.px(2)))
            for position in set(step.cross.sampled.ravel().tolist()):
                painter.drawRect(cells.cell(position))

    def _paint_name(self, painter: QPainter, area: QRectF, t: int) -> None:
        """The word, on a ground as strong as it looked at what is lit."""
        scene, theme = self._scene, self._theme
        share = self._shares[t - 1] if self._shares else 0.0
        if share > 0:
            strong = theme.hue("target", STRONGEST * min(share, 1.0))
            fill_rounded(painter, area, theme.px(3), strong)
        here = t == scene.t
        font = theme.font(NAME, bold=here)
        painter.setFont(font)
        pale = t > scene.t and share < LEAST
        painter.setPen(theme.colour("dim") if pale else theme.colour("text"))
        said = f"{scene.label(t)} {short_text(share)}"
        fits = QFontMetricsF(font).horizontalAdvance(said) <= area.width()
        text = said if share >= LEAST and fits else elided(scene.label(t), font, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)

    # -- pointer ----------------------------------------------------------------------------

    def _step(self, at: QPointF) -> int:
        index = self.flow().index(QPointF(at.x(), at.y() + self.verticalScrollBar().value()))
        return 0 if index is None else index + 1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointed.emit(self._step(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == LEFT:
            self._pressed = self._step(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        t = self._step(event.position())
        pressed, self._pressed = self._pressed, None
        if event.button() == LEFT and t and t == pressed:
            self.chosen.emit(t)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.pointed.emit(0)
        return super().viewportEvent(event)
