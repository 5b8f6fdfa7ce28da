"""Beam search with length and coverage penalty (Wu et al. 2016, equation 14), step by step.

Hypotheses of one step have one length, so pruning compares log p; the penalties order what has
ended. `beam_search` is what `beam_steps` yields, drained.

Shapes: W live hypotheses (at most the width), S source positions, V target vocabulary, K likeliest
tokens of a hypothesis, C continuations that a step shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attn_desktop.analysis.beam_tree import Fate, length_divisor
from attn_desktop.attention.attend import UNTOUCHED, Intervention, Memory
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.decoding.beam_look import Looked, look
from attn_desktop.decoding.corpus import Output, step_limit
from attn_desktop.decoding.hypotheses import (
    BeamSettings,
    Expansion,
    Floats,
    Hypothesis,
    Ints,
    Prefix,
    coverage_terms,
)
from attn_desktop.families.base import Family, Prepared
from attn_desktop.families.cells import State

__all__ = ["BeamSettings", "Hypothesis", "Search", "beam_output", "beam_search", "beam_steps"]


def beam_search(
    model: Family, prepared: Prepared, mode: Mode, settings: BeamSettings
) -> list[Hypothesis]:
    """The hypotheses that ended (or were cut off at the last step), best score first.

    Stops when no live hypothesis could still beat the best that ended.
    """
    model.check_mode(mode)
    with torch.inference_mode():
        memory = model.encode([prepared.inputs])
    finished: list[Hypothesis] = []
    for expansion in beam_steps(model, memory, mode, settings):
        finished.extend(expansion.finished)
    # Of equals the one that was found first stays first.
    return sorted(finished, key=lambda hypothesis: -hypothesis.score)


def beam_output(model: Family, hypothesis: Hypothesis) -> Output:
    """A hypothesis as `decode_corpus` gives it, without the end token."""
    tokens = tuple(token for token in hypothesis.tokens if token != model.end_id)
    return Output(tokens, hypothesis.log_prob, hypothesis.ended)


def beam_steps(
    model: Family,
    memory: Memory,
    mode: Mode,
    settings: BeamSettings,
    prefix: Prefix | None = None,
    intervention: Intervention = UNTOUCHED,
) -> Iterator[Expansion]:
    """A search, a step at a time, from the start or from where a prefix leads.

    memory: of one input, encoded. intervention: what is otherwise in every step.
    Raises InputError for a mode that the model does not have, and where nothing can follow.
    """
    model.check_mode(mode)
    search = Search(model, memory, mode, settings, prefix or Prefix(), intervention)
    over = False
    while not over:
        expansion = search.step()
        over = expansion.last
        yield expansion


@dataclass(frozen=True, eq=False)
class _Live:
    """Hypotheses being extended: W token tuples, (W,) log p, (W, S) coverage, states of W rows.

    coverage: None where it does not count.
    """

    tokens: list[tuple[int, ...]]
    log_probs: Floats
    coverage: Floats | None
    state: State


class Search:
    """Where a search stands: step t, its live hypotheses and the best score that ended.

    memory: of one input, encoded.
    """

    def __init__(
        self,
        model: Family,
        memory: Memory,
        mode: Mode,
        settings: BeamSettings,
        prefix: Prefix,
        intervention: Intervention = UNTOUCHED,
    ) -> None:
        length = memory.states.shape[1]
        self._model, self._mode, self._settings = model, mode, settings
        self._intervention = intervention
        self._limit = step_limit(model, length, settings.max_steps)
        _check_goes_on(model, prefix, self._limit)
        self._t = len(prefix.tokens)
        self._best = -math.inf
        self._memory = self._rows = memory
        self._live = _Live(
            [prefix.tokens],
            np.array([prefix.log_prob]),
            prefix.seen(length) if mode.attends and settings.coverage_penalty else None,
            _start(model, memory) if prefix.state is None else prefix.state,
        )

    @property
    def state(self) -> State:
        """s_{t-1} of the W live hypotheses."""
        return self._live.state

    def last_tokens(self) -> list[int]:
        """y_{t-1} of the W live hypotheses."""
        return [tokens[-1] if tokens else self._model.start_id for tokens in self._live.tokens]

    def step(self) -> Expansion:
        """Extend every live hypothesis by a token and keep the likeliest."""
        last = self.last_tokens()
        if len(last) != len(self._rows.states):
            self._rows = self._memory.repeated(len(last))
        looked = look(
            self._model,
            self._rows,
            self.state,
            last,
            self._mode,
            self._t + 1,
            self._settings,
            self._intervention,
        )
        return self.take(looked)

    def take(self, looked: Looked) -> Expansion:
        """The next step, looked: what its live hypotheses, in their order, could go on with."""
        self._t += 1
        settings, live = self._settings, self._live
        count = looked.tokens.shape[1]
        totals = (live.log_probs[:, np.newaxis] + looked.log_probs).ravel()
        order = np.argsort(-totals, kind="stable")
        order = order[totals[order] != -np.inf]
        places = _shown(order, len(live.tokens), count, 2 * settings.width)
        picked = order[places]
        parent, token, total = picked // count, looked.tokens.ravel()[picked], totals[picked]
        inside = places < settings.width
        on = Fate.KEPT if self._t < self._limit else Fate.CUT_OFF
        fate = np.where(inside, on, Fate.PRUNED).astype(np.int8)
        ends = [self._model.ends(each, self._t) for each in token.tolist()]
        fate[inside & np.array(ends, dtype=np.bool_)] = Fate.ENDED
        coverage, terms = self._cover(looked.alpha)
        divisor = length_divisor(self._t, settings.length_penalty)
        finished = tuple(
            Hypothesis(
                (*live.tokens[parent[i]], int(token[i])),
                float(total[i]),
                divisor,
                float(terms[parent[i]]),
                bool(fate[i] == Fate.ENDED),
            )
            for i in np.flatnonzero((fate == Fate.ENDED) | (fate == Fate.CUT_OFF)).tolist()
        )
        self._best = max([self._best, *(hypothesis.score for hypothesis in finished)])
        kept = fate == Fate.KEPT
        if kept.any() and _settled(self._best, float(total[kept][0]), settings, self._limit):
            fate[kept] = Fate.OUTSCORED
        last = not (fate == Fate.KEPT).any()
        if not last:
            self._go_on(parent[kept], token[kept], total[kept], coverage, looked.state)
        return Expansion(
            t=self._t,
            parent=parent,
            token=token,
            log_prob=looked.log_probs.ravel()[picked],
            total=total,
            rank=places + 1,
            margin=np.where(inside, 0.0, total[inside][-1:] - total),
            fate=fate,
            length_divisor=divisor,
            coverage_term=terms,
            alpha=looked.alpha,
            draw=looked.draw,
            finished=finished,
            last=last,
        )

    def _cover(self, alpha: Tensor | None) -> tuple[Floats | None, Floats]:
        """Σ α with this step's, (W, S), and cp of it, (W,)."""
        coverage = self._live.coverage
        if coverage is None or alpha is None:
            return None, np.zeros(len(self._live.tokens))
        coverage = coverage + alpha.double().cpu().numpy()
        return coverage, coverage_terms(coverage, self._settings.coverage_penalty)

    def _go_on(
        self, parents: Ints, tokens: Ints, totals: Floats, coverage: Floats | None, state: State
    ) -> None:
        before = self._live.tokens
        self._live = _Live(
            [
                (*before[parent], token)
                for parent, token in zip(parents.tolist(), tokens.tolist(), strict=True)
            ],
            totals,
            None if coverage is None else coverage[parents],
            state.rows(torch.from_numpy(parents).to(state.hidden.device)),
        )


@torch.inference_mode()
def _start(model: Family, memory: Memory) -> State:
    return model.start(memory)


def _shown(order: Ints, parents: int, count: int, most: int) -> Ints:
    """Places in `order` that are shown: the first, and the first of every parent without one."""
    first = np.arange(min(most, len(order)))
    missing = np.setdiff1d(np.arange(parents), order[first] // count)
    # The likeliest continuation of parent p is number p · count.
    return np.append(first, most + np.flatnonzero(np.isin(order[most:], missing * count)))


def _settled(best: float, live: float, settings: BeamSettings, limit: int) -> bool:
    """Whether nothing live can win: log p only falls, the divisor is at most lp(limit), cp ≤ 0.

    best: score of the best that ended. live: log p of the likeliest that goes on.
    """
    return best >= live / length_divisor(limit, settings.length_penalty)


def _check_goes_on(model: Family, prefix: Prefix, limit: int) -> None:
    if any(model.ends(token, t) for t, token in enumerate(prefix.tokens, start=1)):
        raise InputError("the output has ended; a search can only go on before its end")
    if len(prefix.tokens) >= limit:
        raise InputError(
            f"the output is {len(prefix.tokens)} tokens long already, and a search is cut off "
            f"after step {limit}"
        )
