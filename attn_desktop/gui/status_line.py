"""The line below the panels: the value under the pointer, else where the playhead is."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from attn_desktop.gui.elided_label import ElidedLabel
from attn_desktop.gui.engine_client import Condition, Health
from attn_desktop.gui.scene import Phase, Scene

#: Milliseconds from which on steps have a pace.
LEAST_MS = 5
PHASE_NAMES = {
    Phase.ENERGIES: "energies e",
    Phase.WINDOW: "mask and window",
    Phase.ALPHA: "α",
    Phase.CONTEXT: "context c",
    Phase.STATE: "state s",
    Phase.LOGITS: "p(y)",
    Phase.TOKEN: "token ŷ",
}


class StatusLine(QStatusBar):
    """Left what is pointed at, right how the engine is and how fast it steps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(10, 2, 10, 2)
        self._left, self._right = ElidedLabel(), QLabel()
        self.addWidget(self._left, 1)
        self.addPermanentWidget(self._right)
        self._said, self._place = "", ""
        self._condition, self._health = "", Health.OFF
        self._busy, self._about_run = "", ""
        self._clock = QElapsedTimer()
        self._steps, self._pace = 0, ""

    @property
    def text(self) -> str:
        """What stands at the left."""
        return self._left.full_text

    @property
    def engine_text(self) -> str:
        """What stands at the right."""
        return self._right.text()

    def say(self, text: str) -> None:
        """Show the value under the pointer; empty to show the place again."""
        self._said = text
        self._left.set_full_text(self._said or self._place)

    def show_scene(self, scene: Scene) -> None:
        """Show the place of the playhead."""
        # What was pointed at may no longer be there; the next move of the pointer says it again.
        self._said, self._place = "", _place(scene)
        run = scene.run
        self._about_run = "" if run is None else run.dtype
        self._left.set_full_text(self._place)
        self._show_right()

    def show_condition(self, condition: Condition) -> None:
        """Show how the engine is."""
        self._condition, self._health = condition.text, condition.health
        self._show_right()

    def show_busy(self, busy: bool, text: str) -> None:
        """Show what the engine is doing."""
        self._busy = text if busy else ""
        self._clock.invalidate()
        self._steps = 0
        self._show_right()

    def count_step(self) -> None:
        """Measure the pace of steps that follow each other: the first only starts the clock."""
        if not self._clock.isValid():
            self._clock.start()
            return
        self._steps += 1
        elapsed = self._clock.elapsed()
        # Steps that were waiting together have no pace.
        if elapsed >= LEAST_MS:
            self._pace = f"{elapsed / self._steps:.1f} ms a step"
            self._show_right()

    def _show_right(self) -> None:
        ready = self._health is Health.READY
        state = self._busy if ready and self._busy else self._condition
        parts = [state, self._pace, self._about_run]
        self._right.setText(" · ".join(part for part in parts if part))


def _place(scene: Scene) -> str:
    if scene.run is None:
        return "no sentence yet"
    total = f"of {len(scene.steps)}"
    if scene.cut_off:
        total += ", cut off without an end"
    elif not scene.complete:
        total += " so far"
    if scene.step is None:
        return f"before the first step · {len(scene.source)} source positions"
    step = scene.step
    where = f"step {scene.t} {total} · {PHASE_NAMES[scene.phase]} · {step.mode}"
    if scene.reveals(Phase.TOKEN):
        where += f" · “{scene.tokens[scene.t - 1]}” {step.chosen_by}, log p {step.log_prob:.3f}"
    return f"{where} · seed {step.seed}"
