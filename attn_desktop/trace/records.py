"""The three frozen kinds of record that cross the waist: run, step and probe.

Everything a panel draws comes from here, so a saved file needs no model and no engine.
Attention axes are layers × heads × source for each kind of attention (`cross` for an
encoder-decoder; 1 × 1 × source for a recurrent one). Symbols: h_j = `RunRecord.states[j]`,
e_tj = `energies`, α_tj = `alpha`, c_t = `Reading.context`, s_t = `Reading.state`, y_t = token.
Logarithms are natural, entropies are in nats, steps t count from 1, positions j from 0
(only p_t, the centre of a local scope, counts from 1 as in Luong et al. 2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.common.mode import Mode
from attn_desktop.trace.edits import Edit

FloatArray = NDArray[np.floating[Any]]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.integer[Any]]

CROSS = "cross"


def freeze(record: object) -> None:
    """Make every array of a record read-only, the caller's own included.

    Called by each record on construction, thus several times a step: plain loops on purpose.
    """
    for value in vars(record).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
        elif isinstance(value, dict):
            for array in value.values():
                if isinstance(array, np.ndarray):
                    array.setflags(write=False)


@dataclass(frozen=True)
class ModelInfo:
    """Which model made a record.

    hash: SHA-256 of config, weights and tokenizers, so that a changed model is noticed.
    takes: what it is given: ("text",), ("picture",) or ("picture", "question").
    fixed_formula: what the context is in the mode without attention. query_formula: what attention
    asks with; empty where that is s_{t−1} alone.
    """

    name: str
    family: str
    hash: str
    card: str = ""
    trained_modes: tuple[Mode, ...] = ()
    takes: tuple[str, ...] = ("text",)
    fixed_formula: str = "c_t = [→h_S; ←h_1]"
    query_formula: str = ""

    @property
    def fixed_expression(self) -> str:
        """What the context is in the mode without attention, without the c_t in front."""
        return self.fixed_formula.removeprefix("c_t = ")

    @property
    def answers(self) -> bool:
        """Whether a token is the answer after one more glimpse: the last one is the output.

        No glimpse reads the answer after the one before.
        """
        return "question" in self.takes


@dataclass(frozen=True, eq=False)
class RunRecord:
    """One encoded input: everything that does not change from step to step.

    text: the sentence, or the question about a picture; empty for a picture alone.
    source: label of each source position (text pieces with their ▁, or region names such as r3c5:
    row 3, column 5, both counted from 1).
    words: (S,) index of the word that each position belongs to; -1 for markers such as `</s>`.
    spans: (S, 2) start and end of each position in `text`, in characters; markers are empty.
    grid: None for a sequence, (rows, columns) for the regions of a picture, row by row.
    picture: (height, width, 3) uint8 or None: the whole picture as it was given, upright and at
    most 1024 pixels on its longer side. The model sees all of it, squeezed to its own square input:
    the region in row r and column c (from 0) of an m × n grid covers the rectangle
    [c/n, (c+1)/n] × [r/m, (r+1)/m] of it. Encoding it again gives the same numbers.
    scene: seed of the rendered scene that the picture is, None for any other.
    receptive_field: share of the picture's width, and of its height, that lies around the centre of
    a region and that its annotation can depend on; None where that is not known.
    unknown: the words of the text that the model never learnt, each once; all are one to it.
    states: (S, H) encoder annotations h_j.
    mask: (S,) True where a position may be attended to.
    start_state: (N,) the decoder state s_0.
    fixed_context: (H,) the context used without attention: [→h_S; ←h_1], or one vector for all of
    a picture.
    encoder_attention: (layers, heads, S, S), or None for a recurrent encoder.
    versions: of what computed it (`attn_desktop`, `torch`, …); empty where that is not known.
    """

    model: ModelInfo
    text: str
    source: tuple[str, ...]
    words: IntArray
    spans: IntArray
    states: FloatArray
    mask: BoolArray
    start_state: FloatArray
    fixed_context: FloatArray
    device: str
    dtype: str
    grid: tuple[int, int] | None = None
    picture: NDArray[np.uint8] | None = None
    encoder_attention: FloatArray | None = None
    receptive_field: float | None = None
    scene: int | None = None
    unknown: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        freeze(self)


@dataclass(frozen=True, eq=False)
class AttentionRecord:
    """One kind of attention at one step. Axes: (layers, heads, source) or (layers, heads).

    energies: e_tj, raw and finite, before mask and window.
    mask: True where the position is a real one; window: True where the scope lets it through.
    alpha: α_tj, 0 outside mask and window, sums to 1 over the source.
    center: p_t, 1-based, and half_width: D, of a local scope; None when global. On a grid center
    has a last axis of two, row and column: row r, counted from 1, has its middle at r - 1/2 rows
    from the top edge of the picture, so p_t does too. D holds along both.
    draw: u in [0, 1); sampled: the position k that u picks by inverse CDF over alpha, or the one
    that an edit picked.
    unedited: α as the model computed it, where an edit changed it; None otherwise.
    """

    energies: FloatArray
    mask: BoolArray
    window: BoolArray
    alpha: FloatArray
    draw: FloatArray
    sampled: IntArray
    center: FloatArray | None = None
    half_width: float | None = None
    unedited: FloatArray | None = None

    def __post_init__(self) -> None:
        freeze(self)


@dataclass(frozen=True, eq=False)
class Reading:
    """What one weighting (`soft` or `hard`) makes of a step.

    context: (H,) c_t before any gate; state: (N,) s_t. Both as edited, where an edit did so.
    top_ids, top_tokens, top_log_probs: (K,) the likeliest next tokens, best first.
    log_prob: of the token that the step chose, under this reading; entropy: of its
    distribution over the whole vocabulary.
    gates: named (N,) arrays of the recurrent cell; `beta` (1,), where a model has it, is what c_t
    is multiplied with before it enters the cell.
    """

    context: FloatArray
    state: FloatArray
    top_ids: IntArray
    top_tokens: tuple[str, ...]
    top_log_probs: FloatArray
    log_prob: float
    entropy: float
    gates: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        freeze(self)


@dataclass(frozen=True, eq=False)
class StepRecord:
    """One decoding step t: from s_{t-1} and y_{t-1} to s_t and y_t.

    node, parent: ids in the run tree that own this step.
    attention: by kind; empty without attention.
    readings: by weighting; `active` (= mode.weighting) gave the next state.
    seed: of the draws of this step; chosen_by: how the token was picked (`greedy`,
    `sampled`, `forced`, `beam`); trained: False when the checkpoint never learnt the mode.
    edits: what a user changed inside the step, in the order of doing it.
    """

    node: int
    parent: int | None
    t: int
    mode: Mode
    token_in: str
    token_in_id: int
    token: str
    token_id: int
    chosen_by: str
    seed: int
    trained: bool
    is_end: bool
    attention: Mapping[str, AttentionRecord]
    readings: Mapping[str, Reading]
    edits: tuple[Edit, ...] = ()

    @property
    def active(self) -> Reading:
        """The reading whose context gave the next state."""
        return self.readings[self.mode.weighting]

    @property
    def cross(self) -> AttentionRecord | None:
        """Attention of the decoder over the source, None without attention."""
        return self.attention.get(CROSS)

    @property
    def log_prob(self) -> float:
        """log p of the chosen token under the active reading."""
        return self.active.log_prob


@dataclass(frozen=True, eq=False)
class ProbeRecord:
    """An experiment attached to a node: rollouts, gradients, a score bench, a beam.

    node: whose step was probed, or after which something was tried; None for the start of `run`.
    kind: what it is; settings: plain JSON values that repeat it; arrays: named numpy results.
    """

    node: int | None
    kind: str
    settings: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    run: int = 0

    def __post_init__(self) -> None:
        freeze(self)
