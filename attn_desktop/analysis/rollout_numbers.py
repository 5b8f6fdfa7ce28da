"""What rollouts say together: sentences, tokens, where the draws fell, the mean of c_hard.

Of records that `rollouts.is_sound` lets through. Shapes: n rollouts, T steps of the longest one,
S source positions, H size of the annotations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.labels import token_labels
from attn_desktop.analysis.pieces import escape_unsafe, join_pieces
from attn_desktop.analysis.rollouts import NOTHING
from attn_desktop.trace.records import FloatArray, IntArray, ProbeRecord

#: Share of repetitions in which the mean of c_hard is no further from c_soft than `limit`.
CONFIDENCE = 0.95
#: That quantile of the standard normal distribution.
_Z = 1.6448536269514722

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sentence:
    """What some of the rollouts say.

    count: how many of them, share: of all. row: the first of them, log_prob: of its tokens given
    its draws, steps: how many it took. ended: whether with an end token.
    """

    text: str
    ended: bool
    count: int
    share: float
    row: int
    log_prob: float
    steps: int


def sentences(record: ProbeRecord, answers: bool = False) -> tuple[Sentence, ...]:
    """The different sentences, the most frequent first; of equals the one that came first.

    answers: whether the tokens are answers, of which the last one counts.
    """
    tokens, labels = record.arrays["tokens"], record.settings["labels"]
    lengths = (tokens != NOTHING).sum(axis=1).tolist()
    ended = record.arrays["ended"].tolist()
    spelt: dict[tuple[int, ...], str] = {}
    rows: dict[tuple[str, bool], list[int]] = {}
    for row, own in enumerate(tokens.tolist()):
        ids = tuple(own[: lengths[row]])
        if ids not in spelt:
            spoken = ids[-1:] if answers else ids
            spelt[ids] = escape_unsafe(join_pieces(labels[str(token)] for token in spoken))
        rows.setdefault((spelt[ids], ended[row]), []).append(row)
    log_probs = record.arrays["log_probs"].astype(np.float64).sum(axis=1).tolist()
    found = (
        Sentence(
            text,
            whole,
            len(own),
            len(own) / len(tokens),
            own[0],
            log_probs[own[0]],
            lengths[own[0]],
        )
        for (text, whole), own in rows.items()
    )
    return tuple(sorted(found, key=lambda sentence: (-sentence.count, sentence.row)))


@dataclass(frozen=True)
class StepTokens:
    """The tokens of one step t. tokens: id, label and how many took it, the most frequent first.

    over: how many rollouts had ended, or were cut off, before.
    """

    t: int
    tokens: tuple[tuple[int, str, int], ...]
    over: int

    @property
    def count(self) -> int:
        """How many rollouts there are in all."""
        return self.over + sum(count for _, _, count in self.tokens)


def tokens_by_step(record: ProbeRecord) -> tuple[StepTokens, ...]:
    """What the rollouts said at each of their steps, from the first on."""
    labels, start = record.settings["labels"], record.settings["start"]
    shown: dict[int, str] = {}
    steps = []
    for place, column in enumerate(record.arrays["tokens"].T):
        ids, counts = np.unique(column[column != NOTHING], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        for token in ids.tolist():
            if token not in shown:
                # As after a letter: rollouts differ in what came before it.
                shown[token] = token_labels(["", labels[str(token)]])[1]
        found = tuple(
            (token, shown[token], count)
            for token, count in zip(ids[order].tolist(), counts[order].tolist(), strict=True)
        )
        over = len(column) - int(counts.sum())
        steps.append(StepTokens(start + place + 1, found, over))
    return tuple(steps)


def draw_shares(record: ProbeRecord) -> Floats:
    """Where the draws fell: (T, S) shares of the rollouts that were under way at each step."""
    sampled = record.arrays["sampled"]
    length = len(record.arrays["alpha"])
    shares = np.zeros((sampled.shape[1], length))
    for place, column in enumerate(sampled.T):
        drawn = column[column != NOTHING]
        shares[place] = np.bincount(drawn, minlength=length) / max(1, len(drawn))
    return shares


@dataclass(frozen=True, eq=False)
class MeanContext:
    """How far the mean of c_hard over the first 1, 2, … n rollouts is from c_soft, at one step.

    distances: (n,) ‖(1/N) Σ_{i≤N} h_{k_i} − Σ_k α_k h_k‖. expected: (n,) the root of its expected
    square, sqrt(tr Σ / N). limit: (n,) below which it lies with probability `CONFIDENCE`.
    """

    distances: Floats
    expected: Floats
    limit: Floats

    @property
    def inside(self) -> int:
        """For how many of the numbers of rollouts the mean lies within the limit."""
        return int(np.count_nonzero(self.distances <= self.limit))


def mean_context(states: FloatArray, alpha: FloatArray, positions: IntArray) -> MeanContext:
    """The mean of c_hard of a step against c_soft: h_j (S, H), α (S,), drawn positions (n,).

    Draws are independent, so E‖mean − c_soft‖² = tr(Σ) / N with the covariance of one draw,
    Σ = Σ_k α_k h_k h_kᵀ − c cᵀ. For large N the squared distance is a sum of squared normal
    variables weighted by the eigenvalues of Σ / N; its quantile is that of a scaled χ² with
    ν = tr(Σ)² / tr(Σ²) degrees of freedom (Satterthwaite 1946), by Wilson and Hilferty's (1931)
    formula for χ².
    """
    annotations, weights = states.astype(np.float64), alpha.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        weights = weights / weights.sum()
        counts = np.cumsum(positions[:, None] == np.arange(len(weights)), axis=0)
        numbers = np.arange(1, len(positions) + 1)
        distances = np.linalg.norm((counts / numbers[:, None] - weights) @ annotations, axis=1)
        around = annotations - weights @ annotations
        gram = around @ around.T
        trace = float(weights @ np.diag(gram))
        squared = float(weights @ gram**2 @ weights)
        expected = np.sqrt(trace / numbers)
        return MeanContext(distances, expected, expected * math.sqrt(_excess(trace, squared)))


def _excess(trace: float, squared: float) -> float:
    """The quantile of the squared distance over its mean; 1 where there is no spread."""
    if not trace > 0 or not squared > 0:
        return 1.0
    spread = 2 * squared / (9 * trace**2)
    return float((1 - spread + _Z * math.sqrt(spread)) ** 3)
