"""Beam search one number at a time, to compare the searches of the package with."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from attn_desktop.analysis.beam_tree import Fate, token_ids
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.beam import BeamSettings, beam_steps
from attn_desktop.decoding.beam_tree import BeamTree
from attn_desktop.decoding.hypotheses import Expansion, Prefix
from attn_desktop.families.base import Given
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Choice
from tests.decoding.helpers import NONE, SENTENCES
from tests.decoding.plain_decoder import PlainDecoder

HARD_MODE = Mode("general", "global", HARD)
MODES = (Mode(), Mode("dot", "local-p"), Mode("cosine", "local-m"), HARD_MODE, NONE)
TEXT = SENTENCES[2]
SETTINGS = BeamSettings(3, 0.8, 0.3, max_steps=6, seed=5)


def watch(
    model: Seq2Seq,
    text: str = TEXT,
    mode: Mode = MODES[0],
    settings: BeamSettings = SETTINGS,
    prefix: Prefix | None = None,
) -> tuple[BeamTree, list[Expansion]]:
    """A whole search, as a tree and as it came."""
    with torch.inference_mode():
        memory = model.encode([model.prepare(Given(text)).inputs])
    tree = BeamTree(model, memory.states.shape[1], mode, settings, prefix)
    expansions = []
    for expansion in beam_steps(model, memory, mode, settings, prefix):
        tree.add(expansion)
        expansions.append(expansion)
    return tree, expansions


@dataclass
class PlainRow:
    """A hypothesis as a plain loop finds it; score in its terms."""

    parent: tuple[int, ...]
    rank: int
    log_prob: float
    total: float
    divisor: float
    coverage: float
    alpha: Sequence[float] | None
    sampled: int | None
    fate: Fate
    margin: float


def plain_search(
    model: Seq2Seq,
    text: str,
    mode: Mode,
    settings: BeamSettings,
    prefix: tuple[int, ...] = (),
    edits: Sequence[tuple[Edit, ...]] = ((),),
) -> dict[tuple[int, ...], PlainRow]:
    """All continuations of all live hypotheses of a search, one number at a time, in float64.

    Every one is decoded from the start again. edits: of each step, the last of them of all others.
    """
    decoder, limit = PlainDecoder(model, text), settings.max_steps
    assert limit is not None

    def decode(tokens: tuple[int, ...]) -> Any:
        """Steps along the tokens and one more."""
        steps = [
            (mode, Choice(seed=settings.seed), edits[min(place, len(edits) - 1)])
            for place in range(len(tokens) + 1)
        ]
        return decoder.decode(steps, forced=tokens)

    before = decode(prefix)
    total = math.fsum(
        step.readings[mode.weighting].log_probs[token]
        for step, token in zip(before, prefix, strict=False)
    )
    live, found, best = {prefix: total}, dict[tuple[int, ...], PlainRow](), -math.inf
    for t in range(len(prefix) + 1, limit + 1):
        candidates = []
        for tokens, total in live.items():
            steps = decode(tokens)
            coverage = 0.0
            if mode.attends:
                for column in zip(*(step.alpha for step in steps), strict=True):
                    seen = min(max(math.fsum(column), sys.float_info.min), 1.0)
                    coverage += settings.coverage_penalty * math.log(seen)
            for token, log in enumerate(steps[-1].readings[mode.weighting].log_probs):
                if log > -math.inf:
                    candidates.append((total + log, log, tokens, token, coverage, steps[-1]))
        candidates.sort(key=lambda candidate: -candidate[0])
        last = candidates[: settings.width][-1][0]
        divisor = ((5 + t) / 6) ** settings.length_penalty
        live = {}
        for rank, (total, log, tokens, token, coverage, step) in enumerate(candidates, 1):
            fate = Fate.KEPT
            if rank > settings.width:
                fate = Fate.PRUNED
            elif token == model.end_id:
                fate = Fate.ENDED
            elif t == limit:
                fate = Fate.CUT_OFF
            else:
                live[(*tokens, token)] = total
            if fate in (Fate.ENDED, Fate.CUT_OFF):
                best = max(best, total / divisor + coverage)
            found[(*tokens, token)] = PlainRow(
                tokens, rank, log, total, divisor, coverage, step.alpha, step.sampled, fate,
                max(0.0, last - total),
            )  # fmt: skip
        bound = max(live.values(), default=-math.inf)
        if best >= bound / ((5 + limit) / 6) ** settings.length_penalty:
            for tokens in live:
                found[tokens].fate = Fate.OUTSCORED
            live = {}
        if not live:
            break
    return found


def assert_plain(record: ProbeRecord, plain: dict[tuple[int, ...], PlainRow], width: int) -> None:
    """Every row is one of the plain loop's, and all that should be shown are there."""
    arrays = record.arrays
    shown: dict[tuple[int, ...], int] = {}
    for row in range(1, len(arrays["t"])):
        tokens = token_ids(record, row)
        shown[tokens] = row
        expected = plain[tokens]
        assert arrays["fate"][row] == expected.fate
        assert token_ids(record, int(arrays["parent"][row])) == expected.parent
        if expected.rank <= 2 * width:
            assert arrays["rank"][row] == expected.rank
        for name, value in (
            ("log_prob", expected.log_prob),
            ("total", expected.total),
            ("length_divisor", expected.divisor),
            ("coverage_term", expected.coverage),
            ("score", expected.total / expected.divisor + expected.coverage),
            ("margin", expected.margin),
        ):
            assert arrays[name][row] == pytest.approx(value, abs=2e-4), name
        if expected.alpha is None:
            assert arrays.keys().isdisjoint({"alpha", "sampled"})
        else:
            np.testing.assert_allclose(arrays["alpha"][row], expected.alpha, atol=1e-5)
            assert arrays["sampled"][row] == expected.sampled
    wanted = {tokens for tokens, row in plain.items() if row.rank <= 2 * width}
    for parent in {row.parent for row in plain.values()}:
        own = [tokens for tokens in plain if plain[tokens].parent == parent]
        wanted.add(min(own, key=lambda tokens: plain[tokens].rank))
    assert shown.keys() == wanted
