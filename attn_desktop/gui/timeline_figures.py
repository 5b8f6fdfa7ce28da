"""What every step of a branch comes to in the timeline: its bars, its coverage, its words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from attn_desktop.analysis.coverage import coverage, widths
from attn_desktop.common.mode import HARD
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.step_figures import StepFigures
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.timeline_card import StepLook
from attn_desktop.trace.records import StepRecord

#: −log p in nats of a full bar, unless a step has more: p = 5 %.
FULL_SURPRISE = 3.0

Floats = NDArray[np.float64]


class TimelineFigures:
    """Figures of every step of a scene, worked out once and then asked for as far as known.

    alpha: (T, G). entropy, most: (T,) H(α) and the most it could be, in nats.
    """

    def __init__(self) -> None:
        self.alpha: Floats = np.zeros((0, 0))
        self.entropy: Floats = np.zeros(0)
        self.most: Floats = np.zeros(0)
        self._widths = StepFigures(_widths)
        self._spread, self._surprise = self.entropy, self.entropy

    def measure(self, scene: Scene) -> None:
        """Take in the steps of a scene with a run."""
        self.alpha = scene.alpha
        found = self._widths.of(scene.steps)
        self.entropy, self.most = np.array(found, dtype=np.float64).reshape(-1, 2).T
        share = self.entropy / np.where(self.most > 0, self.most, 1.0)
        self._spread = np.nan_to_num(share, posinf=1.0).clip(0, 1)
        surprise = -np.array([step.log_prob for step in scene.steps], dtype=np.float64)
        full = surprise[np.isfinite(surprise)].max(initial=FULL_SURPRISE)
        self._surprise = np.nan_to_num(surprise / full, posinf=1.0).clip(0, 1)

    def covered(self, scene: Scene) -> Floats:
        """(G,) Σ_t α_tj of the steps up to the playhead, as far as they are computed."""
        return coverage(self.alpha[: scene.t - (not scene.knows(scene.t, Phase.ALPHA))])

    def looks(
        self, scene: Scene, theme: Theme, steps: range, strips: Sequence[QImage] = ()
    ) -> Iterator[StepLook]:
        """What the cells of these steps show. strips: of the α of all steps, if they are shown."""
        # Made once: there may be hundreds of steps.
        soft, hard, dim = theme.hue("soft"), theme.hue("hard"), theme.colour("dim")
        for t in steps:
            alpha, token = scene.knows(t, Phase.ALPHA), scene.knows(t, Phase.TOKEN)
            step = scene.steps[t - 1]
            hue = hard if step.mode.weighting == HARD else soft
            spread = (float(self._spread[t - 1]), hue) if alpha and step.cross else None
            surprise = (float(self._surprise[t - 1]), dim) if token else None
            strip = strips[t - 1] if strips and alpha else None
            yield StepLook(t, scene.label(t), (spread, surprise), strip)

    def about(self, scene: Scene, t: int) -> str:
        """The numbers of step t in words."""
        if t == 0:
            return "before the first step"
        step, parts = scene.steps[t - 1], [f"t {t} “{scene.label(t)}”"]
        if step.cross is None:
            parts.append("no attention")
        elif scene.knows(t, Phase.ALPHA):
            parts.append(f"H(α) {self.entropy[t - 1]:.2f} of at most {self.most[t - 1]:.2f} nats")
        if scene.knows(t, Phase.TOKEN):
            parts.append(f"−log p {-step.log_prob:.2f}   p {np.exp(step.log_prob):.3f}")
        return "   ".join(parts)


def _widths(step: StepRecord) -> tuple[float, float]:
    """H(α) and the most it could be; NaN without attention."""
    return widths(step.cross) if step.cross else (math.nan, math.nan)
