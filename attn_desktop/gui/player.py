"""Playing: steps by themselves, along what is recorded and then as they are decoded."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from attn_desktop.gui.scene import Scene
from attn_desktop.gui.stepping import Stepping

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


class Player(QObject):
    """playing_changed: whether it plays. steps_per_s: one of `SPEEDS`."""

    playing_changed = Signal(bool)

    def __init__(self, stepping: Stepping, steps_per_s: float, parent: QObject | None) -> None:
        super().__init__(parent)
        self._stepping = stepping
        self.steps_per_s = min(SPEEDS, key=lambda speed: abs(speed - steps_per_s))
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        stepping.playhead.scene_changed.connect(self._stop_at_the_end)

    @property
    def playing(self) -> bool:
        """Whether steps follow by themselves."""
        return self._timer.isActive()

    def play(self) -> None:
        """Play on; from the start again if the end has been reached."""
        scene = self._stepping.playhead.scene
        if scene.complete and scene.t == len(scene.steps):
            self._stepping.session.go(0)
        self._timer.start(self._interval_ms())
        self.playing_changed.emit(True)

    def pause(self) -> None:
        """Stop where it is."""
        if self.playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    def change_speed(self, by: int) -> None:
        """To the next faster (by 1) or slower (by −1) speed."""
        index = SPEEDS.index(self.steps_per_s) + by
        self.steps_per_s = SPEEDS[max(0, min(index, len(SPEEDS) - 1))]
        self._timer.setInterval(self._interval_ms())

    def _interval_ms(self) -> int:
        return round(1000 / self.steps_per_s)

    def _tick(self) -> None:
        stepping = self._stepping
        scene = stepping.playhead.scene
        if stepping.session.document is None:
            self.pause()
        elif scene.t < len(scene.steps) or not stepping.link.busy:
            stepping.step(breaks=True)

    def _stop_at_the_end(self, scene: Scene) -> None:
        if self.playing and scene.complete and scene.t == len(scene.steps):
            self.pause()
