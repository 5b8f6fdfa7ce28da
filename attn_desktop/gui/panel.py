"""The contract of a panel: it is shown a scene, a light and a theme, and emits intents.

A panel is one file in `gui/panels/` that subclasses `PaintedPanel` or `PlotPanel`; its definition
registers it. State changes at once, drawing is coalesced, and a hidden panel waits until it is
seen. No panel calls a model or another panel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QLayout, QWidget

from attn_desktop.common.registry import Registry
from attn_desktop.gui.intents import Brush, Hover, Intent
from attn_desktop.gui.scene import Light, Scene
from attn_desktop.gui.theme import Theme

PANELS: Registry[type[Panel]] = Registry("panel")
#: In a panel of rows: how many further down a key goes.
NEIGHBOURS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
#: How the keyboard comes to a panel that shows then where it is; the mouse needs no such sign.
BY_KEY = {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason}
#: How it goes to a menu or another window and comes back.
FOR_A_WHILE = {Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason}


@dataclass(frozen=True)
class Change:
    """What is new since a panel last drew.

    source: run, columns or theme, so labels and axes. steps: those of the branch. place: step or
    phase at the playhead (or anything else of the scene). light: what is lit.
    """

    source: bool = True
    steps: bool = True
    place: bool = True
    light: bool = True


@dataclass(frozen=True)
class Table:
    """The numbers that a panel shows, for a CSV file: a row a line, as long as `columns`."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str | float | int]]


class Panel(QWidget):
    """What a dock holds. Subclasses give `draw`; `title` and `about` (its tooltip) say what it is.

    wanted: an `Intent`. said: the value under the pointer, for the status line. captioned: title
    and caption may have changed.
    """

    wanted = Signal(object)
    said = Signal(str)
    captioned = Signal()

    #: Where it is registered. A class attribute: Qt's metaclass takes no class keywords.
    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]
    #: In tabs and menus; the title unless given.
    short: ClassVar[str] = ""
    #: Whether its numbers come from the mode of the step, so that an untrained one is marked.
    of_mode: ClassVar[bool] = True
    #: Whether it shows the gallery; the others are not drawn again for what is new there.
    of_gallery: ClassVar[bool] = False
    #: Natural size in pixels at normal type, from which docks start.
    natural: ClassVar[tuple[int, int]] = (360, 220)

    def __init_subclass__(cls) -> None:
        if "name" in cls.__dict__:
            PANELS.add(cls.name, cls)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.scene = Scene()
        self.light = Light()
        self._drawn: tuple[Scene, Light, Theme] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.flush)
        #: Whether what it asked last was to light something.
        self._lights = False
        self.setMouseTracking(True)
        # A click into a panel takes the keyboard from the text field, so that keys step again.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    # -- what a panel defines -------------------------------------------------------------

    def draw(self, change: Change) -> None:
        """Bring what is seen in line with scene, light and theme."""
        raise NotImplementedError

    @contextmanager
    def put_away(self) -> Iterator[None]:
        """Without what only the screen has, such as buttons, while a picture of it is painted."""
        yield

    def heading(self) -> str:
        """What stands left in the title bar."""
        return self.title

    def caption(self) -> str:
        """What stands right in the title bar: the numbers that sum the panel up."""
        return ""

    def table(self) -> Table:
        """The numbers on show; no rows where there are none."""
        return Table((), ())

    # -- what it is given -----------------------------------------------------------------

    def set_scene(self, scene: Scene) -> None:
        """Show another scene."""
        before, self.scene = self.scene, scene
        if scene is before:
            return
        if self._drawn is not None and not self.of_gallery and scene.is_beside(before):
            drawn, light, theme = self._drawn
            self._drawn = (scene if drawn is before else drawn, light, theme)
            return
        self._schedule()

    def set_light(self, light: Light) -> None:
        """Light other positions and steps."""
        if light != self.light:
            self.light = light
            self._schedule()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours or sizes."""
        if theme != self.theme:
            self.theme = theme
            self._schedule()

    def flush(self) -> None:
        """Draw now what is still to be drawn, seen or not."""
        self._timer.stop()
        now = (self.scene, self.light, self.theme)
        if self._drawn == now:
            return
        change = self._change()
        self._drawn = now
        self.draw(change)
        self.captioned.emit()

    def _change(self) -> Change:
        if self._drawn is None:
            return Change()
        scene, light, theme = self._drawn
        source = (
            scene.run is not self.scene.run
            or scene.words != self.scene.words
            or theme != self.theme
        )
        return Change(
            source=source,
            steps=source or scene.steps is not self.scene.steps,
            place=scene is not self.scene,
            light=light != self.light,
        )

    def _schedule(self) -> None:
        if self.isVisible():
            self._timer.start(0)

    # -- Qt -------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.flush()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() not in FOR_A_WHILE:
            self.frame(event.reason() in BY_KEY)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in FOR_A_WHILE:
            self.frame(False)

    def take_view(self, panel: Panel) -> None:
        """Look at the scene as another of the same kind does, for a picture of that one."""

    def frame(self, framed: bool) -> None:
        """Show whether keys go here; for a panel with keys of its own."""

    def leaveEvent(self, event: QEvent) -> None:
        self.ask(Hover())
        self.said.emit("")
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        # Behind another tab no pointer leaves it any more.
        if self._lights and not event.spontaneous():
            self.ask(Hover())
            self.said.emit("")
        super().hideEvent(event)

    def render(self, *target: Any, **options: Any) -> None:
        """Paint into a picture, in which there is nothing to press or to scroll."""
        with self.put_away():
            super().render(*target, **options)

    def sizeHint(self) -> QSize:
        return QSize(*(self.theme.px(length) for length in self.natural))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.theme.px(120), self.theme.px(70))

    def ask(self, intent: Intent) -> None:
        """Emit an intent; hovering what is lit already is not said again."""
        if isinstance(intent, Hover):
            self._lights = bool(intent.source or intent.target)
            if (intent.source, intent.target) == (self.light.source, self.light.target):
                return
        self.wanted.emit(intent)

    def brush_source(self, positions: Iterable[int]) -> None:
        """Ask to brush these positions; steps that are brushed stay so."""
        steps = frozenset(t for t in self.light.brushed_target if t <= len(self.scene.steps))
        self.ask(Brush(frozenset(positions), steps))

    def toggle_source(self, positions: Iterable[int]) -> None:
        """Ask to brush these positions too, or no longer if all of them are."""
        toggled = frozenset(positions)
        size = self.scene.source.size
        brushed = frozenset(p for p in self.light.brushed_source if p < size)
        self.brush_source(brushed - toggled if toggled <= brushed else brushed | toggled)


@contextmanager
def without(widget: QWidget, layout: QLayout) -> Iterator[None]:
    """What a layout looks like without a widget in it, such as a row of controls."""
    shown = widget.isVisible()
    widget.setVisible(False)
    layout.activate()
    try:
        yield
    finally:
        widget.setVisible(shown)
        layout.activate()


class PaintedPanel(Panel):
    """A panel that paints itself, on the screen as into an SVG."""

    def draw(self, change: Change) -> None:
        """Prepare what `paint` needs, then ask for a repaint; override and call this last."""
        self.update()

    def paint(self, painter: QPainter) -> None:
        """Paint everything into `self.rect()`, whose background is filled already."""
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:
        # A repaint may come before the timer does; `paint` counts on what `draw` prepared.
        self.flush()
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.theme.colour("card"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.theme.font())
        try:
            self.paint(painter)
        finally:
            painter.end()  # a painter that outlives its event takes the process with it

    def paint_blank(self, painter: QPainter, text: str) -> None:
        """Say in the middle why there is nothing to see."""
        painter.setPen(self.theme.colour("dim"))
        margin = self.theme.px(12)
        painter.drawText(
            self.rect().adjusted(margin, margin, -margin, -margin),
            Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
            text,
        )
