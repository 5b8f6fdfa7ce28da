"""BLEU by the text of Papineni et al. 2002, in plain loops, to compare that of the package with."""

from __future__ import annotations

import math
from collections.abc import Sequence

Words = list[str]


def ngrams(words: Words, order: int) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + order]) for at in range(len(words) - order + 1)]


def modified_precision(
    candidates: Sequence[Words], references: Sequence[Sequence[Words]], order: int
) -> tuple[int, int]:
    """Section 2.1.1: clipped counts of the whole corpus, and all counts."""
    clipped = total = 0
    for candidate, several in zip(candidates, references, strict=True):
        found = ngrams(candidate, order)
        for gram in set(found):
            most = max(ngrams(reference, order).count(gram) for reference in several)
            clipped += min(found.count(gram), most)
        total += len(found)
    return clipped, total


def best_match_length(candidate: Words, several: Sequence[Words]) -> int:
    """Section 2.2.2: the reference closest in length, of two the shorter one."""
    lengths = sorted(len(reference) for reference in several)
    best = lengths[0]
    for length in lengths:
        if abs(length - len(candidate)) < abs(best - len(candidate)):
            best = length
    return best


def brevity_penalty(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """Section 2.3: exp(1 − r/c) where c ≤ r, for the corpus as a whole."""
    c = sum(map(len, candidates))
    r = sum(best_match_length(one, many) for one, many in zip(candidates, references, strict=True))
    if c >= r:
        return 1.0  # with equal lengths as exp(0) is, and without any words
    return math.exp(1 - r / c) if c else 0.0


def plain_bleu(
    candidates: Sequence[Words],
    references: Sequence[Sequence[Words]],
    order: int,
    penalised: bool = True,
) -> float:
    """BP · exp Σ_n (1/N) log p_n in per cent; 0 where any p_n is."""
    logs = 0.0
    for n in range(1, order + 1):
        clipped, total = modified_precision(candidates, references, n)
        if clipped == 0:
            return 0.0
        logs += math.log(clipped / total) / order
    penalty = brevity_penalty(candidates, references) if penalised else 1.0
    return 100 * penalty * math.exp(logs)
