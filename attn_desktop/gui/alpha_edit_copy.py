"""α of another step, of this branch or of the baseline, in place of that of the step shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from attn_desktop.common.errors import InputError
from attn_desktop.gui.alpha_edit import problem_of, sentence, why_not_alpha
from attn_desktop.gui.intents import MakeEdit
from attn_desktop.gui.scene import Scene
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import StepRecord

#: From so many steps on one is asked for by its number instead of listed.
LISTED = 24


@dataclass(frozen=True)
class Original:
    """A step whose α can be taken over. intent: None where it cannot; why_not: why."""

    text: str
    intent: MakeEdit | None = None
    why_not: str = ""


def neighbours(scene: Scene, lasting: bool) -> tuple[Original, ...]:
    """The same step of the baseline, the step before and the one after."""
    t = scene.t
    return (
        _of_baseline(scene, lasting),
        original(scene, t - 1, "the previous step", lasting),
        original(scene, t + 1, "the next step", lasting),
    )


def every_step(scene: Scene, lasting: bool) -> Iterator[Original]:
    """Every step of the branch shown."""
    for t in range(1, len(scene.steps) + 1):
        yield original(scene, t, f"step {t} “{scene.label(t)}”", lasting)


def original(scene: Scene, t: int, name: str, lasting: bool) -> Original:
    """Step t of the branch shown."""
    if not 1 <= t <= len(scene.steps):
        return Original(name, why_not=f"{sentence(name)[:-1]} has not been decoded.")
    if t == scene.t:
        return Original(name, why_not="It is the step shown.")
    return _taken(scene, scene.steps[t - 1], name, lasting)


def _of_baseline(scene: Scene, lasting: bool) -> Original:
    name, baseline = "the same step of the baseline", scene.baseline
    if baseline is None:
        return Original(name, why_not="No branch is compared with: choose a baseline first.")
    if scene.t < 1 or scene.t > len(baseline.steps):
        return Original(name, why_not=f"The baseline has {len(baseline.steps)} steps only.")
    token = baseline.tokens[scene.t - 1]
    return _taken(scene, baseline.steps[scene.t - 1], f"{name} “{token}”", lasting)


def _taken(scene: Scene, step: StepRecord, name: str, lasting: bool) -> Original:
    blocked = why_not_alpha(scene)
    if blocked:
        return Original(name, why_not=blocked)
    if step.cross is None:
        return Original(name, why_not="That step has no attention.")
    alpha = step.cross.alpha.mean(axis=(0, 1), dtype=np.float64)
    size = scene.source.size
    if len(alpha) != size:
        return Original(name, why_not=f"It looks at {len(alpha)} positions, this step at {size}.")
    try:
        edit = Edit("alpha", "set", values=tuple(alpha.tolist()))
    except InputError as error:
        return Original(name, why_not=sentence(str(error)))
    intent = MakeEdit((edit,), lasting)
    problem = problem_of(scene, intent)
    return Original(name, why_not=sentence(problem)) if problem else Original(name, intent)


class CopyMenu(QMenu):
    """wanted: the intent that takes over the α of the step that was chosen. refused: why not."""

    wanted = Signal(object)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self._scene, self._lasting = Scene(), False
        self.aboutToShow.connect(self.fill)

    def show_step(self, scene: Scene, lasting: bool) -> None:
        """Offer what there is for the step at the playhead, from the next time it is opened."""
        self._scene, self._lasting = scene, lasting

    def fill(self) -> None:
        """Put in what can be chosen now."""
        self.clear()
        scene = self._scene
        _fill(self, neighbours(scene, self._lasting), self.wanted.emit)
        self.addSeparator()
        if len(scene.steps) <= LISTED:
            steps = self.addMenu("any step")
            steps.setToolTipsVisible(True)
            steps.setEnabled(bool(scene.steps))
            _fill(steps, every_step(scene, self._lasting), self.wanted.emit)
        else:
            self.addAction("any step…").triggered.connect(self._ask)

    def _ask(self) -> None:
        scene = self._scene
        label = f"α of step (1 to {len(scene.steps)}):"
        nearest = max(1, scene.t - 1)
        t, taken = QInputDialog.getInt(self, "Copy α", label, nearest, 1, len(scene.steps))
        if not taken:
            return
        found = original(scene, t, f"step {t}", self._lasting)
        if found.intent is None:
            self.refused.emit(found.why_not)
        else:
            self.wanted.emit(found.intent)


def _fill(menu: QMenu, originals: Iterable[Original], wanted: Callable[[MakeEdit], object]) -> None:
    for found in originals:
        action = menu.addAction(found.text.replace("&", "&&"))
        action.setEnabled(found.intent is not None)
        action.setToolTip(found.why_not or f"α of {found.text} in place of this step's")
        action.triggered.connect(lambda _=False, intent=found.intent: wanted(intent))
