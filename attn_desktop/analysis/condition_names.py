"""The quantities of the condition language: what a step records, by name.

Attention of several layers and heads is averaged, as wherever one row of it is shown.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial

import numpy as np

from attn_desktop.analysis.candidates import probability
from attn_desktop.analysis.condition_entries import (
    GATE,
    MAYBE_READING,
    MAYBE_TOKEN,
    TOKEN,
    named,
)
from attn_desktop.analysis.condition_source import spelling
from attn_desktop.analysis.condition_values import (
    ACTIVE,
    Columns,
    Kind,
    Value,
    first_place,
    spellings,
)
from attn_desktop.analysis.labels import CONTINUES, piece_label, token_labels
from attn_desktop.analysis.pieces import join_pieces
from attn_desktop.trace.records import AttentionRecord, Reading, StepRecord

# -- attention ------------------------------------------------------------------------------


@named(
    'alpha, alpha["car"], alpha[3]',
    Kind.SOURCE,
    help="attention weights; of a word (all its pieces, wherever it stands), of a position from 1",
    formula="α_tj",
)
def _alpha(columns: Columns) -> Value:
    return columns.alpha


@named(
    'energies, energies["car"], energies[3]',
    Kind.SOURCE,
    help="scores before mask and window; pieces of a word are joined so that softmax gives its α",
    formula="e_tj = score(s_{t-1}, h_j); of a word log Σ_j exp e_tj",
)
def _energies(columns: Columns) -> Value:
    with np.errstate(invalid="ignore"):
        found = [
            None if step.cross is None else step.cross.energies.mean(axis=(0, 1), dtype=np.float64)
            for step in columns.steps
        ]
    return columns.vectors(Kind.SOURCE, found, len(columns.run.source))


@named(
    'coverage, coverage["car"], coverage[3]',
    Kind.SOURCE,
    help="how much each source position was looked at up to this step, this step included",
    formula="Σ_{τ≤t} α_τj (Tu et al. 2016)",
    lookback=math.inf,
)
def _coverage(columns: Columns) -> Value:
    alpha = columns.alpha
    total = np.cumsum(np.where(np.isfinite(alpha.data), alpha.data, 0.0), axis=0)
    return Value(Kind.SOURCE, total, np.logical_or.accumulate(alpha.known))


@named(
    "sampled",
    Kind.NUMBER,
    help="the source position that was drawn, from 1; unknown where several heads drew apart",
    formula="k ~ Categorical(α_t)",
)
def _sampled(columns: Columns) -> Value:
    def drawn(cross: AttentionRecord) -> float | None:
        positions = {int(k) for k in cross.sampled.flat}
        return positions.pop() + first_place(Kind.SOURCE) if len(positions) == 1 else None

    return columns.of_attention(drawn)


@named(
    "center",
    Kind.NUMBER,
    help="where a local scope looks, in positions from 1; unknown if the scope is global, and on "
    "a picture, where it is a row and a column",
    formula="p_t (Luong et al. 2015)",
)
def _center(columns: Columns) -> Value:
    def place(cross: AttentionRecord) -> float | None:
        if cross.center is None or cross.center.ndim != 2:
            return None
        return float(cross.center.mean())

    return columns.of_attention(place)


@named(
    "outside",
    Kind.NUMBER,
    help="what the window of a local scope cuts off: the share it would have without the window",
    formula="Σ_{j outside} softmax(e_t)_j",
)
def _outside(columns: Columns) -> Value:
    return columns.of_attention(_cut_off)


def _cut_off(cross: AttentionRecord) -> float:
    outside = cross.mask & ~cross.window
    if not outside.any():
        return 0.0
    energies = np.where(cross.mask, cross.energies.astype(np.float64), -np.inf)
    with np.errstate(all="ignore"):
        weights = np.exp(energies - energies.max(axis=-1, keepdims=True))
        shares = np.where(outside, weights, 0.0).sum(axis=-1) / weights.sum(axis=-1)
        return float(shares.mean())


#: Whether a token is the one that is asked for.
_Same = Callable[[str], bool]


# -- what is said ---------------------------------------------------------------------------


@named(
    "token, token(soft), token(hard)",
    Kind.TOKEN,
    MAYBE_READING,
    help='the token chosen, read without ▁: token == "rouge"; or the likeliest of a reading',
    formula="y_t; argmax_y p(y)",
)
def _token(columns: Columns, reading: str | None = None) -> Value:
    if reading is None:
        return columns.texts(Kind.TOKEN, [step.token for step in columns.steps])
    likeliest = [
        found.top_tokens[0] if found is not None and found.top_tokens else None
        for found in columns.readings(reading)
    ]
    return columns.texts(Kind.TOKEN, likeliest)


@named(
    "word",
    Kind.TEXT,
    help="the word that the token belongs to, as far as it is written: “rou”, then “rouge”",
    lookback=math.inf,
)
def _word(columns: Columns) -> Value:
    tokens = [step.token for step in columns.steps]
    words: list[str] = []
    start = 0
    for at, label in enumerate(token_labels(tokens)):
        goes_on = label.startswith(CONTINUES) and label != piece_label(tokens[at])
        start = start if goes_on else at
        words.append(join_pieces(tokens[start : at + 1]) or tokens[at])
    return columns.texts(Kind.TEXT, words)


@named(
    "log_prob, log_prob(hard)",
    Kind.NUMBER,
    MAYBE_READING,
    help="of the token chosen, under the active reading or under the one named; natural log",
    formula="log p(y_t)",
)
def _log_prob(columns: Columns, reading: str = ACTIVE) -> Value:
    return columns.of_reading(reading, lambda found: found.log_prob)


@named(
    'p, p("rouge"), p("rouge", hard)',
    Kind.NUMBER,
    MAYBE_TOKEN,
    MAYBE_READING,
    help="probability of the token chosen, or of another; unknown if it is not among the likeliest",
    formula="p(y)",
)
def _p(columns: Columns, wanted: Value | None = None, reading: str = ACTIVE) -> Value:
    def total(found: Reading, step: StepRecord, same: _Same) -> float | None:
        listed = [
            probability(log_p)
            for token, log_p in zip(found.top_tokens, found.top_log_probs.tolist(), strict=False)
            if same(token)
        ]
        if same(step.token) and step.token_id not in found.top_ids:
            listed.append(probability(found.log_prob))
        return sum(listed) if listed else None

    return _of_token(columns, _token(columns) if wanted is None else wanted, reading, total)


@named(
    'rank(token), rank("rouge", hard)',
    Kind.NUMBER,
    TOKEN,
    MAYBE_READING,
    help="place among the likeliest tokens, 1 the likeliest; one more than there are if not there",
)
def _rank(columns: Columns, wanted: Value, reading: str = ACTIVE) -> Value:
    def place(found: Reading, step: StepRecord, same: _Same) -> float | None:
        for rank, token in enumerate(found.top_tokens, start=1):
            if same(token):
                return rank
        return len(found.top_tokens) + 1 if found.top_tokens else None

    return _of_token(columns, wanted, reading, place)


def _of_token(
    columns: Columns,
    wanted: Value,
    reading: str,
    figure: Callable[[Reading, StepRecord, _Same], float | None],
) -> Value:
    """A number of each step that says something of one token."""
    # A token is itself alone; a text may read the same as several.
    exact = wanted.kind is Kind.TOKEN
    texts = wanted.data.tolist() if exact else spellings(wanted)
    readings = columns.readings(reading)
    numbers: list[float | None] = []
    for found, step, text, known in zip(readings, columns.steps, texts, wanted.known, strict=True):
        same = partial(operator.eq if exact else _reads, text)
        numbers.append(None if found is None or not known else figure(found, step, same))
    return columns.numbers(numbers)


def _reads(text: str, token: str) -> bool:
    return spelling(token) == text


# -- vectors --------------------------------------------------------------------------------


@named(
    "context, context(soft), context[0]",
    Kind.CONTEXT,
    MAYBE_READING,
    help="the context vector that gave the next state, or that of a reading; dimensions from 0",
    formula="c_t = Σ_j α_tj h_j (soft), h_k (hard)",
)
def _context(columns: Columns, reading: str = ACTIVE) -> Value:
    found = [None if r is None else r.context for r in columns.readings(reading)]
    return columns.vectors(Kind.CONTEXT, found, columns.run.states.shape[1])


@named(
    "state, state(soft), state[0]",
    Kind.STATE,
    MAYBE_READING,
    help="the decoder state after the step, or that of a reading; dimensions from 0",
    formula="s_t = f(s_{t-1}, y_{t-1}, c_t)",
)
def _state(columns: Columns, reading: str = ACTIVE) -> Value:
    found = [None if r is None else r.state for r in columns.readings(reading)]
    return columns.vectors(Kind.STATE, found, len(columns.run.start_state))


@named(
    'gate("update"), gate("update", hard)',
    Kind.NUMBER,
    GATE,
    MAYBE_READING,
    help="mean of a gate of the recurrent cell; GRU: reset, update, candidate; "
    "LSTM: input, forget, output, candidate, cell",
    formula="1/N Σ_i g_ti",
)
def _gate(columns: Columns, name: str, reading: str = ACTIVE) -> Value:
    def mean(found: Reading) -> float | None:
        gate = found.gates.get(name)
        with np.errstate(all="ignore"):
            return None if gate is None else float(gate.mean(dtype=np.float64))

    return columns.of_reading(reading, mean)


# -- the step -------------------------------------------------------------------------------


@named("t", Kind.NUMBER, help="number of the step, from 1")
def _t(columns: Columns) -> Value:
    return columns.numbers([step.t for step in columns.steps])


@named("seed", Kind.NUMBER, help="seed of the draws of the step")
def _seed(columns: Columns) -> Value:
    return columns.numbers([step.seed for step in columns.steps])


@named("mode", Kind.TEXT, help='how the step attends, such as "additive/global/soft" or "none"')
def _mode(columns: Columns) -> Value:
    return columns.texts(Kind.TEXT, [str(step.mode) for step in columns.steps])


@named(
    "chosen_by", Kind.TEXT, help='how the token came about: "greedy", "sampled", "forced", "beam"'
)
def _chosen_by(columns: Columns) -> Value:
    return columns.texts(Kind.TEXT, [step.chosen_by for step in columns.steps])


@named("edited", Kind.BOOLEAN, help="whether something was changed inside the step")
def _edited(columns: Columns) -> Value:
    return columns.truths([bool(step.edits) for step in columns.steps])


@named("trained", Kind.BOOLEAN, help="whether the checkpoint learnt the mode of the step")
def _trained(columns: Columns) -> Value:
    return columns.truths([step.trained for step in columns.steps])


@named("is_end", Kind.BOOLEAN, help="whether the token ends the output")
def _is_end(columns: Columns) -> Value:
    return columns.truths([step.is_end for step in columns.steps])
