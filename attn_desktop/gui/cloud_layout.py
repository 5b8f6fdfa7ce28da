"""A cloud of labelled points in pixels: what is where, and what is under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QFont, QFontMetricsF

from attn_desktop.gui.plane import Plane

Floats = NDArray[np.float64]

Kind = Literal["point", "mark", "path", "label"]


@dataclass(frozen=True, eq=False)
class CloudLayout:
    """What is where, in pixels. points: (S, 2) with radii (S,); labels: (G, 4) boxes.

    marks: (M, 2) what stands out, of radius `mark`, with labels in mark_labels (M, 4). path:
    (T, 2), NaN where there is none. left_out: how many labels found no room; outside: how many
    points are not in view. Boxes are left, top, right, bottom, NaN for a label that is left out.
    """

    plane: Plane
    points: Floats
    radii: Floats
    labels: Floats
    marks: Floats
    mark: float
    mark_labels: Floats
    path: Floats
    left_out: int
    outside: int

    def under(self, x: float, y: float, near: float) -> tuple[Kind, int] | None:
        """What is nearest to a pixel, at most `near` from its rim, or the label there."""
        kinds: tuple[tuple[Kind, Floats, Floats | float], ...] = (
            ("point", self.points, self.radii),
            ("mark", self.marks, self.mark),
            ("path", self.path, 0.0),
        )
        found: tuple[float, Kind, int] | None = None
        for kind, places, radii in kinds:
            away = np.linalg.norm(places - (x, y), axis=1) - radii
            away[np.isnan(away)] = np.inf
            index = int(away.argmin()) if len(away) else -1
            if index >= 0 and away[index] <= near and (found is None or away[index] < found[0]):
                found = float(away[index]), kind, index
        if found is not None:
            return found[1:]
        here, boxes = np.array([x, y]), self.labels
        inside = ((boxes[:, :2] <= here) & (here <= boxes[:, 2:])).all(axis=1)
        return ("label", int(inside.argmax())) if inside.any() else None


def text_sizes(texts: Sequence[str], font: QFont) -> Floats:
    """Widths and heights (N, 2) of texts."""
    metrics = QFontMetricsF(font)
    height = metrics.height() * 0.9
    sizes = [(metrics.horizontalAdvance(text) + 2, height) for text in texts]
    return np.array(sizes, dtype=np.float64).reshape(-1, 2)
