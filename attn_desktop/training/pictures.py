"""Pictures with texts: captions, or questions with answers; many texts of one picture at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.training.data import Batch

Pixels = NDArray[np.uint8]


class PicturedTexts:
    """Each row is one text of one picture.

    pictures: (P, side, side, 3) uint8, held in memory or mapped. owners: (R,) the picture of each
    row. targets: R sequences of ids, the end included. source: what `Family.encode` takes, from a
    picture and the row. A batch has every chosen row of so many pictures, and each of those only
    once in memory, so that a model can encode it once.
    """

    def __init__(
        self,
        pictures: Pixels,
        owners: NDArray[np.int64],
        targets: Sequence[Sequence[int]],
        pictures_per_batch: int,
        source: Callable[[Pixels, int], Any] = lambda picture, row: picture,
    ) -> None:
        self.pictures = pictures
        self.owners = owners
        self.targets = [np.array(ids, dtype=np.int64) for ids in targets]
        self.pictures_per_batch = pictures_per_batch
        self._source = source

    def __len__(self) -> int:
        return len(self.targets)

    def batches(
        self, chosen: NDArray[np.int64], generator: np.random.Generator
    ) -> list[NDArray[np.int64]]:
        """The chosen rows by picture, in an order that is drawn."""
        pictures = generator.permutation(np.unique(self.owners[chosen]))
        place = np.empty(len(self.pictures), dtype=np.int64)
        place[pictures] = np.arange(len(pictures))
        order = chosen[np.argsort(place[self.owners[chosen]], kind="stable")]
        ends = np.arange(self.pictures_per_batch, len(pictures), self.pictures_per_batch)
        return np.split(order, np.searchsorted(place[self.owners[order]], ends))

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """The rows with their pictures."""
        held = {owner: np.array(self.pictures[owner]) for owner in np.unique(self.owners[rows])}
        return Batch(
            [self._source(held[self.owners[row]], int(row)) for row in rows],
            [self.targets[row] for row in rows],
        )


@dataclass(frozen=True, eq=False)
class SomeOfEach:
    """For each epoch at most `count` rows of each owner, drawn. owners: (R,) ascending."""

    owners: NDArray[np.int64]
    count: int

    def __call__(self, epoch: int, generator: np.random.Generator) -> NDArray[np.int64]:
        mixed = np.lexsort((generator.random(len(self.owners)), self.owners))
        first = np.searchsorted(self.owners, self.owners[mixed])
        return np.sort(mixed[np.arange(len(self.owners)) - first < self.count])
