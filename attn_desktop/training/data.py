"""Sentence pairs: reading tables, holding sentences back, batches of like length."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from attn_desktop.inputs.tables import numbered_rows

Pair = tuple[str, str]


def read_table(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The named columns of a tab-separated file with a header line, gzipped or not.

    Raises InputError naming the file and the line of a row with too few or too many cells.
    """
    yield from (cells for _, cells in numbered_rows(path, columns))


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a gzipped table that `read_table` reads; the same rows always give the same bytes."""
    lines = ["\t".join(columns), *("\t".join(row) for row in rows)]
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))


def _key(text: str) -> str:
    """A text without case and punctuation, to recognise a sentence that differs in nothing else."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


@dataclass(frozen=True)
class Split:
    """Sentence pairs to train on and sentence pairs never trained on."""

    train: list[Pair]
    held_out: list[Pair]


def hold_out(pairs: Iterable[Pair], share: int) -> Split:
    """Hold back about one source sentence in `share`, chosen by its hash.

    All pairs of a held-back sentence are kept out of training, and so is every pair whose target
    occurs among the held-back ones; the first translation met is the reference. Case and
    punctuation do not make two sentences different.
    """
    pairs = list(pairs)
    kept: dict[str, Pair] = {}
    targets: set[str] = set()
    sources: set[str] = set()
    for source, target in pairs:
        key = _key(source)
        digest = hashlib.sha256(key.encode()).digest()
        if int.from_bytes(digest[:8], "big") % share == 0:
            kept.setdefault(key, (source, target))
            sources.add(key)
            targets.add(_key(target))
    train = [p for p in pairs if _key(p[0]) not in sources and _key(p[1]) not in targets]
    return Split(train, list(kept.values()))


@dataclass(frozen=True, eq=False)
class Batch:
    """B examples. sources: what `Family.encode` takes. targets: ids, the end token included.

    where: (B, T, S), the positions that each step should look at, none where nobody says so.
    """

    sources: Any
    targets: list[NDArray[np.int64]]
    where: NDArray[np.bool_] | None = None


class Examples(Protocol):
    """What a model learns from: numbered rows that are put together to batches."""

    def batches(
        self, chosen: NDArray[np.int64], generator: np.random.Generator
    ) -> list[NDArray[np.int64]]:
        """The chosen rows in batches, in an order that is drawn."""

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """The examples of these rows."""


class EncodedPairs:
    """Sentence pairs as ids, kept flat in memory.

    A batch of sequences of length L has positions / L + extra_rows rows.
    """

    def __init__(
        self,
        sources: Sequence[list[int]],
        targets: Sequence[list[int]],
        positions: int = 2800,
        extra_rows: int = 32,
    ) -> None:
        self.positions, self.extra_rows = positions, extra_rows
        self.sources = [np.array(ids, dtype=np.int64) for ids in sources]
        self.targets = [np.array(ids, dtype=np.int64) for ids in targets]
        self.sizes = np.array(
            [max(len(s), len(t)) for s, t in zip(self.sources, self.targets, strict=True)]
        )
        self._source_sizes = np.array([len(ids) for ids in self.sources])

    def __len__(self) -> int:
        return len(self.sources)

    def batches(
        self, chosen: NDArray[np.int64], generator: np.random.Generator
    ) -> list[NDArray[np.int64]]:
        """Row numbers of the chosen pairs in batches.

        Sorted by length with a little noise, so that batches differ from epoch to epoch.
        """
        noise = generator.random(len(chosen))
        order = chosen[np.lexsort((self._source_sizes[chosen] + 2 * noise, self.sizes[chosen]))]
        batches: list[NDArray[np.int64]] = []
        start = 0
        for stop in range(1, len(order) + 1):
            longest = self.sizes[order[min(stop, len(order) - 1)]]
            full = (stop - start + 1 - self.extra_rows) * longest > self.positions
            if stop == len(order) or full:
                batches.append(order[start:stop])
                start = stop
        return [batches[index] for index in generator.permutation(len(batches))]

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """The pairs of the given rows."""
        return Batch([self.sources[row] for row in rows], [self.targets[row] for row in rows])
