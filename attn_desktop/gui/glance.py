"""What a panel has the model compute for the step that it shows, without being told to."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from attn_desktop.gui.intents import AskProbe
from attn_desktop.gui.panel import Panel


class Glance(QObject):
    """Asks while the panel is seen, and once for each place.

    missing: what there is to ask for about the step at the playhead; None for nothing.
    """

    def __init__(self, panel: Panel, missing: Callable[[], AskProbe | None]) -> None:
        super().__init__(panel)
        self._panel, self._missing = panel, missing
        #: What was asked last: run, node and settings.
        self._asked: tuple[object, ...] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)

    def look(self) -> None:
        """Ask soon, if the panel is seen: it shows something else, or is seen now."""
        if self._panel.isVisible():
            self._timer.start(0)

    def _ask(self) -> None:
        scene, wanted = self._panel.scene, self._missing()
        if wanted is None or scene.step is None:
            self._asked = None
            return
        place = (scene.run_number, scene.step.node, *sorted(wanted.settings.items()))
        if self._panel.isVisible() and place != self._asked:
            self._asked = place
            self._panel.ask(wanted)
