"""Pictures with texts: captions, or questions with answers; many texts of one picture at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attn_desktop.families.vision import Shown
from attn_desktop.training.data import Batch
from attn_desktop.training.photo_views import Variety, views


class PicturedTexts:
    """Each row is one text of one picture.

    pictures: (P, side, side, 3) uint8, held in memory or mapped, or what `Vision.look` saw in them.
    owners: (R,) the picture of each row. targets: R sequences of ids, the end included. source:
    what `Family.encode` takes, from a picture and the row. A batch has every chosen row of so many
    pictures, and each of those only once in memory, so that a model can encode it once. where:
    from row numbers to `Batch.where`.
    """

    def __init__(
        self,
        pictures: NDArray[Any],
        owners: NDArray[np.int64],
        targets: Sequence[Sequence[int]],
        pictures_per_batch: int,
        source: Callable[[NDArray[Any], int], Any] = lambda picture, row: picture,
        where: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None,
    ) -> None:
        self.pictures = pictures
        self.owners = owners
        self.targets = [np.array(ids, dtype=np.int64) for ids in targets]
        self.pictures_per_batch = pictures_per_batch
        self._source = source
        self._where = where

    def __len__(self) -> int:
        return len(self.targets)

    def batches(
        self, chosen: NDArray[np.int64], generator: np.random.Generator
    ) -> list[NDArray[np.int64]]:
        """The chosen rows by picture, in an order that is drawn."""
        return by_picture(self.owners, chosen, self.pictures_per_batch, generator)

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """The rows with their pictures."""
        held = {owner: np.asarray(self.pictures[owner]) for owner in np.unique(self.owners[rows])}
        return Batch(
            [self._source(held[self.owners[row]], int(row)) for row in rows],
            [self.targets[row] for row in rows],
            None if self._where is None else self._where(rows),
        )


#: From the squares of some pictures, texts and the picture of each, to `Batch.where`.
Point = Callable[[Tensor, Sequence[NDArray[np.int64]], NDArray[np.int64]], NDArray[np.bool_] | None]


class ShownTexts:
    """The same with all pictures on the device, where each is seen in another view every time.

    pictures: (P, side, side, 3) uint8 tensor. owners, targets, pictures_per_batch: as for
    `PicturedTexts`. variety: of the views; None shows the pictures as they are.
    """

    #: Whether `squares` gives what `Vision.look` saw in the pictures.
    seen: ClassVar[bool] = False

    def __init__(
        self,
        pictures: Tensor,
        owners: NDArray[np.int64],
        targets: Sequence[Sequence[int] | NDArray[np.int64]],
        pictures_per_batch: int,
        variety: Variety | None = None,
    ) -> None:
        self.pictures = pictures
        self.owners = owners
        self.targets = [np.array(ids, dtype=np.int64) for ids in targets]
        self.pictures_per_batch = pictures_per_batch
        self.variety = variety
        self.point: Point | None = None  # says where a step should look

    @property
    def rows(self) -> NDArray[np.int64]:
        """All rows."""
        return np.arange(len(self.owners))

    def batches(
        self, chosen: NDArray[np.int64], generator: np.random.Generator
    ) -> list[NDArray[np.int64]]:
        """The chosen rows by picture, in an order that is drawn."""
        return by_picture(self.owners, chosen, self.pictures_per_batch, generator)

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """The rows with one view of each of their pictures."""
        numbers, places = np.unique(self.owners[rows], return_inverse=True)
        squares = self.squares(numbers)
        owners = torch.from_numpy(places).to(squares.device)
        targets = [self.targets[row] for row in rows]
        where = None if self.point is None else self.point(squares.float(), targets, places)
        return Batch(Shown(squares, owners, self.seen), targets, where)

    def pointed(self, point: Point) -> ShownTexts:
        """The same texts with someone who says where to look."""
        texts = copy(self)
        texts.point = point
        return texts

    def squares(self, numbers: NDArray[np.int64]) -> Tensor:
        """A view of each of these pictures, (B, side, side, 3)."""
        squares = self.pictures[torch.from_numpy(numbers).to(self.pictures.device)]
        if self.variety is None:
            return squares
        return views(squares, self.variety).permute(0, 2, 3, 1)


class SeenTexts(ShownTexts):
    """The same for eyes that learn no more: with what they saw in some views of each picture.

    looks: (V · P, m, n, H − 2), all pictures in one view after the other. device: of the model.
    """

    seen: ClassVar[bool] = True

    def __init__(self, texts: ShownTexts, looks: NDArray[np.float16], device: torch.device) -> None:
        super().__init__(
            texts.pictures, texts.owners, texts.targets, texts.pictures_per_batch, texts.variety
        )
        self.looks = looks
        self._device = device

    def squares(self, numbers: NDArray[np.int64]) -> Tensor:
        """One of the looks at each of these pictures, drawn: (B, m, n, H − 2)."""
        count = len(self.pictures)
        view = torch.randint(len(self.looks) // count, (len(numbers),)).numpy()
        return torch.from_numpy(self.looks[view * count + numbers]).to(self._device)


def by_picture(
    owners: NDArray[np.int64],
    chosen: NDArray[np.int64],
    pictures_per_batch: int,
    generator: np.random.Generator,
) -> list[NDArray[np.int64]]:
    """The chosen rows in batches of whole pictures, in an order that is drawn.

    owners: (R,) the picture of each row.
    """
    pictures = generator.permutation(np.unique(owners[chosen]))
    place = np.empty(owners.max() + 1, dtype=np.int64)
    place[pictures] = np.arange(len(pictures))
    order = chosen[np.argsort(place[owners[chosen]], kind="stable")]
    ends = np.arange(pictures_per_batch, len(pictures), pictures_per_batch)
    return np.split(order, np.searchsorted(place[owners[order]], ends))


@dataclass(frozen=True, eq=False)
class SomeOfEach:
    """For each epoch at most `count` rows of each owner, drawn. owners: (R,) ascending."""

    owners: NDArray[np.int64]
    count: int

    def __call__(self, epoch: int, generator: np.random.Generator) -> NDArray[np.int64]:
        mixed = np.lexsort((generator.random(len(self.owners)), self.owners))
        first = np.searchsorted(self.owners, self.owners[mixed])
        return np.sort(mixed[np.arange(len(self.owners)) - first < self.count])
