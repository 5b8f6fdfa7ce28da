"""What the benches share: controls above their rows, and what they ask of the model by themselves.

A bench shows what else attention would make of the step at the playhead: with other scores, or in
other scopes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.gui.bench_tiles import MARGIN
from attn_desktop.gui.glance import Glance
from attn_desktop.gui.intents import AskProbe
from attn_desktop.gui.panel import Change, PaintedPanel
from attn_desktop.gui.picture_image import Pictures
from attn_desktop.gui.small_plots import SourceLabels
from attn_desktop.gui.theme import Theme


class BenchPanel(PaintedPanel):
    """Subclasses give `controls`, `look`, `place_controls` and `missing`."""

    of_mode = False
    natural = (380, 320)

    controls: QWidget

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.labels = SourceLabels((), theme)
        self.pictures = Pictures()
        self.pointer: QPointF | None = None
        #: Whether it is painted into a picture, which has neither controls nor buttons.
        self.bare = False
        self.glance = Glance(self, self.missing)

    def draw(self, change: Change) -> None:
        """Look, place the controls, and ask for what is missing; override and call this last."""
        self.look()
        self.place_controls()
        self.glance.look()
        super().draw(change)

    def look(self) -> None:
        """Work out once more what is shown, and where."""
        raise NotImplementedError

    def place_controls(self) -> None:
        """Show the controls where there is room for them, with `set_controls`."""
        raise NotImplementedError

    def missing(self) -> AskProbe | None:
        """What only the model has of this step."""
        raise NotImplementedError

    # -- where things are -----------------------------------------------------------------

    @property
    def room_across(self) -> int:
        """Pixels that the controls may be wide."""
        return max(1, self.width() - 2 * self.theme.px(MARGIN))

    def set_controls(self, wanted: bool, high: int, least: int) -> None:
        """Above the rows, `high` pixels, if there are `least` at normal type for these."""
        room = self.height() >= self.theme.px(least) + high
        self.controls.setVisible(wanted and room and not self.bare)
        self.controls.setGeometry(QRect(self.theme.px(MARGIN), 2, self.room_across, high))

    def below_controls(self) -> QRectF:
        """What is left of the panel."""
        area = QRectF(self.rect())
        if not self.controls.isHidden():
            area.setTop(self.controls.geometry().bottom() + self.theme.px(2))
        return area

    # -- Qt -------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.glance.look()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.look()
        self.place_controls()

    def leaveEvent(self, event: QEvent) -> None:
        self.pointer = None
        self.update()
        super().leaveEvent(event)

    @contextmanager
    def put_away(self) -> Iterator[None]:
        self._strip(True)
        try:
            yield
        finally:
            self._strip(False)

    def _strip(self, bare: bool) -> None:
        self.bare = bare
        self.look()
        self.place_controls()
