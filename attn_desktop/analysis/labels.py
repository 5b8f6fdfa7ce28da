"""What a reader sees of source positions and tokens: labels, and pieces joined to words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.pieces import MARKERS, SPACE, escape_unsafe, group_words
from attn_desktop.trace.records import RunRecord, StepRecord

#: In front of a piece that goes on with the word before it.
CONTINUES = "·"
BLANK = "␣"

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class SourceAxis:
    """The columns that every panel over source positions shares: positions, or words of them.

    labels: of G columns. starts: (G,) first position of each; a column is a run of positions,
    together all S of them in order. words: whether pieces are joined to words. across: columns of
    a row where they are the regions of a picture, else 1.
    """

    labels: tuple[str, ...]
    starts: NDArray[np.int64]
    size: int
    words: bool
    across: int = 1

    def __len__(self) -> int:
        return len(self.labels)

    def positions(self, column: int) -> range:
        """The source positions that a column stands for."""
        following = column + 1
        end = self.size if following == len(self) else int(self.starts[following])
        return range(int(self.starts[column]), end)

    def column(self, position: int) -> int:
        """The column that shows a source position."""
        return int(np.searchsorted(self.starts, position, side="right")) - 1

    def columns(self, positions: Sequence[int] | frozenset[int]) -> list[int]:
        """The columns that show any of these positions, in order."""
        return sorted({self.column(position) for position in positions if position < self.size})

    def sum(self, values: Floats) -> Floats:
        """Sums over the positions of each column: (…, S) to (…, G). For α and what adds up."""
        return np.add.reduceat(values, self.starts, axis=-1) if self.words else values

    def log_sum_exp(self, energies: Floats) -> Floats:
        """log Σ exp(e_j) over each column, whose softmax is the sum of α: (…, S) to (…, G)."""
        return np.logaddexp.reduceat(energies, self.starts, axis=-1) if self.words else energies

    def alpha_end(self, alpha: Floats) -> float:
        """The α at which scales end: 1, or over the regions of a picture the largest that there is.

        So many share an α of 1 that on a scale up to it hardly any could be seen. alpha: of any
        shape.
        """
        if self.across == 1:
            return 1.0
        return float(alpha[np.isfinite(alpha)].max(initial=0.0)) or 1.0

    def any(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether a flag holds anywhere in a column: (…, S) to (…, G)."""
        return np.logical_or.reduceat(flags, self.starts, axis=-1) if self.words else flags


def source_axis(run: RunRecord, words: bool = False) -> SourceAxis:
    """The columns of a run's source, one a position or one a word."""
    size = len(run.source)
    if words and run.grid is None:
        groups = group_words(run)
        starts = np.array([group.positions[0] for group in groups], dtype=np.int64)
        return SourceAxis(tuple(escape_unsafe(group.label) for group in groups), starts, size, True)
    index = run.words.tolist()
    labels = tuple(
        piece_label(piece, continues=j > 0 and index[j] >= 0 and index[j] == index[j - 1])
        for j, piece in enumerate(run.source)
    )
    return SourceAxis(labels, np.arange(size), size, False, 1 if run.grid is None else run.grid[1])


def token_labels(tokens: Sequence[str]) -> tuple[str, ...]:
    """Labels of target tokens in order; a piece that begins no word is marked as going on."""
    befores = (SPACE, *tokens)
    return tuple(
        _token_label(token, before) for token, before in zip(tokens, befores, strict=False)
    )


def candidate_label(step: StepRecord, token: str) -> str:
    """Label of a token that may come at a step, the same as if it had been taken."""
    return _token_label(token, SPACE if step.t == 1 else step.token_in)


def _token_label(token: str, before: str) -> str:
    # An elided article (l', qu') ends at its apostrophe.
    starts = token.startswith(SPACE) or token in MARKERS or before.endswith((SPACE, "'", "’"))
    return piece_label(token, continues=not starts and token[:1].isalnum())


def piece_label(piece: str, continues: bool = False) -> str:
    """One piece without its ▁, safe to show, never empty."""
    text = escape_unsafe(piece.removeprefix(SPACE).replace(SPACE, " "))
    if not text.strip():
        return BLANK
    return f"{CONTINUES}{text}" if continues else text
