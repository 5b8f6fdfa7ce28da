"""Where the hypotheses of a beam search stand: a column a step, a row a lineage.

A lineage is a hypothesis with the best of what continues it, again and again: it stays in one row
from where it forks off. Those that came to something have the upper rows, the best the first one;
then come those that were kept for a while. What was pruned stands below all that was kept at its
step.

Shapes: N rows of the record, C columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.beam_tree import Fate, n_best, path, survivors
from attn_desktop.trace.records import ProbeRecord

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BeamLayout:
    """parent, column, row: (N,) of each hypothesis; no two are in one place.

    starts: (C + 1,) first hypothesis of each column. lives: (N,) whether it is on the way to one
    that ended, was cut off or is live. best: (N,) on the way to the best of them.
    columns, rows: how many there are.
    """

    parent: Ints
    column: Ints
    row: Ints
    starts: Ints
    lives: Flags
    best: Flags
    columns: int
    rows: int

    def seen(self, columns: tuple[int, int], rows: tuple[int, int]) -> Ints:
        """The hypotheses in these columns and rows, both from the first to before the last."""
        first = min(max(columns[0], 0), self.columns)
        last = min(max(columns[1], first), self.columns)
        found = np.arange(self.starts[first], self.starts[last])
        row = self.row[found]
        return found[(row >= rows[0]) & (row < rows[1])]

    def at(self, column: int, row: int) -> int | None:
        """The hypothesis at a place."""
        found = self.seen((column, column + 1), (row, row + 1))
        return int(found[0]) if len(found) else None

    def beside(self, hypothesis: int, by: int) -> int:
        """Of the same step, so many places further down; the last one where there are fewer."""
        column = int(self.column[hypothesis])
        own = np.arange(self.starts[column], self.starts[column + 1])
        own = own[np.argsort(self.row[own], kind="stable")]
        place = int(np.flatnonzero(own == hypothesis)[0]) + by
        return int(own[min(max(place, 0), len(own) - 1)])


def lay_out(record: ProbeRecord) -> BeamLayout:
    """Places for a search that is sound, also while it grows."""
    parent, t = (record.arrays[name].astype(np.int64) for name in ("parent", "t"))
    kept = record.arrays["fate"] != Fate.PRUNED
    column = t - t[0]
    lives = survivors(record)
    worth = _worth(record, parent, column, lives)
    chains = _chains(record, parent, column, kept, lives, worth)
    row = _pack(chains, column, kept, lives, worth)
    columns = int(column[-1]) + 1
    deepest = np.full(columns, -1)
    np.maximum.at(deepest, column[kept], row[kept])
    starts = np.searchsorted(column, np.arange(columns + 1))
    pruned = np.flatnonzero(~kept)
    before = np.cumsum(~kept) - ~kept
    row[pruned] = deepest[column[pruned]] + 1 + before[pruned] - before[starts[column[pruned]]]
    best = np.zeros(len(parent), dtype=np.bool_)
    best[path(record, leading(record))] = True
    return BeamLayout(parent, column, row, starts, lives, best, columns, int(row.max()) + 1)


def leading(record: ProbeRecord) -> int:
    """The best hypothesis that ended, or else the likeliest of the last step."""
    ranking = n_best(record)
    if ranking:
        return ranking[0]
    last = np.flatnonzero(record.arrays["t"] == record.arrays["t"][-1])
    return int(last[0])


def _worth(record: ProbeRecord, parent: Ints, column: Ints, lives: Flags) -> Floats:
    """(N,) the best score that a hypothesis comes to, −inf for those that come to nothing."""
    score = np.where(lives, record.arrays["score"].astype(np.float64), -np.inf)
    # What counts is how it ends, not what it was on the way.
    score[parent[1:][lives[1:]]] = -np.inf
    for step in range(int(column[-1]), 0, -1):
        own = np.flatnonzero(column == step)
        np.fmax.at(score, parent[own], score[own])
    return score


def _chains(
    record: ProbeRecord, parent: Ints, column: Ints, kept: Flags, lives: Flags, worth: Floats
) -> Ints:
    """(N,) the first hypothesis of the lineage that each is of; its own number if pruned."""
    reach = column.copy()
    for step in range(int(column[-1]), 0, -1):
        own = np.flatnonzero((column == step) & kept)
        np.maximum.at(reach, parent[own], reach[own])
    # What goes on a lineage: what is worth most, or else what is kept longest, then the likeliest.
    order = np.lexsort(
        (
            np.where(lives, 0.0, -record.arrays["total"].astype(np.float64)),
            np.where(lives, 0, -reach),
            -worth,
            ~lives,
            ~kept,
            parent,
        )
    )
    first = order[np.append(True, np.diff(parent[order]) > 0)]
    chains = np.arange(len(parent))
    for hypothesis in np.sort(first[kept[first] & (parent[first] >= 0)]).tolist():
        chains[hypothesis] = chains[parent[hypothesis]]
    return chains


def _pack(chains: Ints, column: Ints, kept: Flags, lives: Flags, worth: Floats) -> Ints:
    """(N,) the row of each hypothesis that was kept: the first that is free for its lineage."""
    heads = np.unique(chains[kept])
    ends = np.zeros(len(chains), dtype=np.int64)
    np.maximum.at(ends, chains[kept], column[kept])
    early = np.where(lives[heads], 0, column[heads])
    order = heads[np.lexsort((heads, early, -worth[heads], ~lives[heads]))]
    # For each row its columns, as bits.
    taken: list[int] = []
    row = np.zeros(len(chains), dtype=np.int64)
    for head in order.tolist():
        first, last = int(column[head]), int(ends[head])
        # Before a lineage that lives the row stays free, or it would seem to come from there.
        first -= int(bool(lives[head]) and first > 0)
        bits = (1 << (last + 1)) - (1 << first)
        place = next((n for n, held in enumerate(taken) if not held & bits), len(taken))
        if place == len(taken):
            taken.append(0)
        taken[place] |= bits
        row[head] = place
    return row[chains]
