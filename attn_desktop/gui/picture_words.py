"""Which words looked at some regions of a picture: a line of them below it, the most first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.theme import Theme

SMALL = 0.9
#: Pixels at normal type: beside a word, between two of them.
PAD, GAP = 4, 5
#: Words that looked at less of it are left out.
LEAST = 0.005
#: The colour of a word is this strong at least, and stronger by up to that.
PALE, STRONGER = 0.1, 0.6


@dataclass(frozen=True)
class Looked:
    """Step t looked with `share` of its α: Σ_j α_tj over the regions j that are meant."""

    t: int
    label: str
    share: float


def shares(scene: Scene, positions: Collection[int]) -> list[float]:
    """Σ_j α_tj over some regions, one a step; 0 where that is not known or not a number."""
    chosen = sorted(position for position in positions if position < scene.source.size)
    summed = np.nan_to_num(scene.alpha[:, chosen].sum(axis=1)).tolist()
    return [
        share if scene.knows(t, Phase.ALPHA) else 0.0 for t, share in enumerate(summed, start=1)
    ]


def looked(scene: Scene, positions: Collection[int]) -> list[Looked]:
    """The steps that looked at some regions, those that did most first."""
    found = [
        Looked(t, scene.label(t), share)
        for t, share in enumerate(shares(scene, positions), start=1)
        if share >= LEAST
    ]
    return sorted(found, key=lambda one: (-one.share, one.t))


class WordLine:
    """The line, as it was painted last."""

    def __init__(self) -> None:
        self._boxes: list[tuple[QRectF, Looked]] = []

    def height(self, theme: Theme) -> float:
        """Pixels that it takes."""
        return QFontMetricsF(theme.font(SMALL)).height() + theme.px(PAD)

    def clear(self) -> None:
        """Nothing is painted any more."""
        self._boxes = []

    def step_at(self, at: QPointF) -> Looked | None:
        """The word at a place."""
        return next((word for box, word in self._boxes if box.contains(at)), None)

    def paint(
        self,
        painter: QPainter,
        area: QRectF,
        theme: Theme,
        about: str,
        words: list[Looked],
        lit: Collection[int],
    ) -> None:
        """Write `about` and as many words as there is room for, each as strong as it looked."""
        self.clear()
        font, pad = theme.font(SMALL), theme.px(PAD)
        metrics, middle = QFontMetricsF(font), Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font)
        painter.setPen(theme.colour("dim"))
        said = elided(about, font, area.width())
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignLeft, said)
        left = area.left() + metrics.horizontalAdvance(said) + theme.px(GAP)
        more = metrics.horizontalAdvance("…")
        for number, word in enumerate(words):
            text = f"{word.label} {short_text(word.share)}"
            wide = metrics.horizontalAdvance(text) + 2 * pad
            last = number == len(words) - 1
            if left + wide + (0 if last else more) > area.right():
                painter.setPen(theme.colour("dim"))
                rest = QRectF(left, area.top(), area.right() - left, area.height())
                painter.drawText(rest, middle | Qt.AlignmentFlag.AlignLeft, "…")
                return
            box = QRectF(left, area.top(), wide, area.height())
            strong = PALE + STRONGER * min(word.share, 1.0)
            fill_rounded(painter, box, theme.px(3), theme.hue("target", strong))
            painter.setFont(theme.font(SMALL, bold=word.t in lit))
            painter.setPen(theme.colour("text"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
            self._boxes.append((box, word))
            left += wide + theme.px(GAP)
