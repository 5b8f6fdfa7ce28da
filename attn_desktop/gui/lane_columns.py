"""What the source row of the lanes holds: all columns, or the regions that are looked at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attn_desktop.common.mode import HARD
from attn_desktop.gui.scene import Scene

#: Of a picture a region has a lane where some step looks at it that much; so many have one.
SEEN, MOST = 0.05, 14
#: The lane of all other regions.
ELSEWHERE = "elsewhere"


@dataclass(frozen=True, eq=False)
class LaneColumns:
    """columns: (L,) those of the source that have a lane of their own, in order.

    elsewhere: whether one more lane holds what goes to all others. labels: of the lanes.
    alpha: (T, lanes) as `Scene.alpha`, added up elsewhere; rows of steps without attention are NaN.
    """

    columns: NDArray[np.int64]
    elsewhere: bool
    labels: tuple[str, ...]
    alpha: NDArray[np.float64]

    def lane(self, column: int) -> int:
        """The lane of a column of the source."""
        found = int(np.searchsorted(self.columns, column))
        own = found < len(self.columns) and self.columns[found] == column
        return found if own else len(self.columns)

    def lanes(self, columns: Collection[int]) -> list[int]:
        """The lanes of some columns, each once."""
        return sorted({self.lane(column) for column in columns})

    def column(self, lane: int) -> int | None:
        """The column of a lane, None for that of all others."""
        return int(self.columns[lane]) if lane < len(self.columns) else None


def lane_columns(scene: Scene, brushed: Collection[int] = ()) -> LaneColumns:
    """The lanes of a scene that has a run.

    A text has one a column. Of the many regions of a picture those have one that some step looks
    at most or has drawn, and those that are brushed: the row can be read then, and no α is lost.
    brushed: source positions.
    """
    alpha, labels = scene.alpha, scene.source.labels
    assert scene.run is not None
    if scene.run.grid is None or len(labels) <= MOST:
        return LaneColumns(np.arange(len(labels)), False, labels, alpha)
    most = np.nan_to_num(alpha).max(axis=0, initial=0.0)
    for step in scene.steps:
        if step.mode.weighting == HARD and step.cross is not None:
            most[step.cross.sampled.ravel()] += 1.0
    most[[position for position in brushed if position < len(most)]] += 2.0
    strongest = np.argsort(-most, kind="stable")[:MOST]
    chosen = np.sort(strongest[most[strongest] >= SEEN])
    own = alpha[:, chosen]
    rest = alpha.sum(axis=1, keepdims=True) - own.sum(axis=1, keepdims=True)
    return LaneColumns(
        chosen,
        True,
        (*(labels[column] for column in chosen.tolist()), ELSEWHERE),
        np.concatenate([own, rest.clip(min=0.0)], axis=1),
    )
