"""A picture of the window without anybody there: decode to the end, draw, save, leave."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from attn_desktop.common.errors import UserError
from attn_desktop.gui.engine_client import Condition, Health
from attn_desktop.gui.export import save_window
from attn_desktop.gui.main_window import MainWindow

#: For docks and plots to take their final sizes after the last step.
SETTLE_MS = 300


class Screenshot(QObject):
    """ended: why there is no picture; empty if there is one.

    at: the step to show, None for the last that is not the end.
    """

    ended = Signal(str)

    def __init__(self, window: MainWindow, path: Path, at: int | None = None) -> None:
        super().__init__(window)
        self._window, self._path, self._at = window, path, at
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.timeout.connect(self._take)
        window.playhead.scene_changed.connect(self._look)
        window.link.finished.connect(self._look)
        window.session.failed.connect(lambda text, cause: self.ended.emit(text))
        window.files.failed.connect(self.ended)
        window.client.conditioned.connect(self._conditioned)

    def _look(self) -> None:
        scene = self._window.playhead.scene
        if scene.steps and not self._window.link.busy:
            last = len(scene.steps) - (1 if scene.complete and len(scene.steps) > 1 else 0)
            wanted = last if self._at is None else min(self._at, len(scene.steps))
            if scene.t != wanted:
                self._window.session.go(wanted)
            self._settle.start(SETTLE_MS)

    def _conditioned(self, condition: Condition) -> None:
        if condition.health is Health.FAILED and not self._window.playhead.scene.steps:
            self.ended.emit(condition.text)

    def _take(self) -> None:
        for dock in self._window.docks.values():
            if dock.panel.isVisible():
                dock.panel.flush()
        try:
            save_window(self._window, self._path)
        except UserError as error:
            self.ended.emit(str(error))
        else:
            self.ended.emit("")
