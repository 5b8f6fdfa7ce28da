"""A decoding from a model's weights alone, in plain Python floats: encoder, scores, cell, readout.

Nothing of the package computes here: the equations are those of the papers (tests/attention/
reference.py), of torch.nn.GRU and torch.nn.LSTM, and of tests/plain_edits.py. Only the weights,
the tokenizer and the numbers u of the draws are taken as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.decoding import draws
from attn_desktop.families.base import Given
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.run_tree import Choice
from tests.attention import reference
from tests.decoding.helpers import plain_sample
from tests.plain_edits import plain_alpha, plain_position, plain_vector

Vector = list[float]


@dataclass(frozen=True)
class PlainReading:
    """What one context made of a step. log_probs: (V,), -inf for what cannot be chosen."""

    context: Vector
    state: Vector
    cell: Vector | None
    log_probs: Vector

    @property
    def entropy(self) -> float:
        """H(y) in nats."""
        return -math.fsum(math.exp(log) * log for log in self.log_probs if log > -math.inf)


@dataclass(frozen=True)
class PlainStep:
    """One step. alpha: as edited, unedited: as computed; None without attention, as k is."""

    token: int
    readings: dict[str, PlainReading]
    energies: Vector | None = None
    unedited: Vector | None = None
    alpha: Vector | None = None
    sampled: int | None = None


@dataclass(frozen=True)
class _Place:
    """Where a decoding stands."""

    t: int
    state: Vector
    cell: Vector | None
    token: int


class PlainDecoder:
    """model: taken apart into lists. states: h_j of the text."""

    def __init__(self, model: Seq2Seq, text: str) -> None:
        self.model = model
        self.weights: dict[str, Any] = {
            name: tensor.double().tolist() for name, tensor in model.state_dict().items()
        }
        ids = model.prepare(Given(text)).inputs.tolist()
        embedded = [self.weights["source_embedding.weight"][token] for token in ids]
        forward, backward = self._encode(embedded, ""), self._encode(embedded[::-1], "_reverse")
        self.states = [a + b for a, b in zip(forward, backward[::-1], strict=True)]
        self.fixed_context = forward[-1] + backward[-1]
        start = [math.tanh(x) for x in self._linear("bridge", self.fixed_context)]
        cell = [0.0] * len(start) if model.config.cell == "lstm" else None
        self.start = _Place(0, start, cell, model.start_id)

    def decode(
        self, steps: Iterable[tuple[Mode, Choice, tuple[Edit, ...]]], forced: Sequence[int] = ()
    ) -> list[PlainStep]:
        """Decode a token for each of `steps`; forced: the tokens of the first of them."""
        place, done = self.start, list[PlainStep]()
        for number, (mode, choice, edits) in enumerate(steps):
            given = forced[number] if number < len(forced) else None
            step = self._step(place, mode, choice, edits, given)
            active = step.readings[mode.weighting]
            place = _Place(place.t + 1, active.state, active.cell, step.token)
            done.append(step)
        return done

    def _step(
        self, place: _Place, mode: Mode, choice: Choice, edits: tuple[Edit, ...], given: int | None
    ) -> PlainStep:
        t = place.t + 1
        looked: dict[str, Any] = {}
        contexts = {SOFT: self.fixed_context}
        if mode.attends:
            u = float(draws.uniform(choice.seed, draws.ATTENTION, t)[0])
            looked = self._look(place.state, mode, t, edits, u)
            contexts = {
                SOFT: reference.context(looked["alpha"], self.states),
                HARD: self.states[looked["sampled"]],
            }
        readings = {
            name: self.read(place, plain_vector(edits, "context", context), edits)
            for name, context in contexts.items()
        }
        token, log_probs = given, readings[mode.weighting].log_probs
        if token is None and choice.how == "greedy":
            token = int(np.argmax(log_probs))
        if token is None:
            u = float(draws.uniform(choice.seed, draws.TOKEN, t)[0])
            token = plain_sample(log_probs, choice, u)
        return PlainStep(token, readings, **looked)

    def _look(
        self, state: Vector, mode: Mode, t: int, edits: tuple[Edit, ...], u: float
    ) -> dict[str, Any]:
        """Energies, α before and after its edits, and k."""
        count, config = len(self.states), self.model.config
        own = f"attention.scores.{mode.score}"
        query, keys = state, self.states
        if f"{own}.query_projection.weight" in self.weights:
            query = self._linear(f"{own}.query_projection", state)
        if f"{own}.key_projection.weight" in self.weights:
            keys = [self._linear(f"{own}.key_projection", h) for h in self.states]
        prefix = f"{own}.score."
        weights = {
            name.removeprefix(prefix): values
            for name, values in self.weights.items()
            if name.startswith(prefix)
        }
        energies = reference.energies(mode.score, query, keys, weights)
        center = None
        if mode.scope == "local-m":
            center = float(min(t, count))
        elif mode.scope == "local-p":
            scope = "attention.scopes.local-p"
            center = reference.predicted_center(
                state, count, self.weights[f"{scope}.weight.weight"],
                self.weights[f"{scope}.v.weight"],
            )  # fmt: skip
        width = config.half_width
        unedited = reference.alpha(energies, count, center, width, mode.scope == "local-p")
        allowed = reference.allowed(count, center, width, None)
        alpha = plain_alpha(edits, unedited, [j in allowed for j in range(count)])
        sampled = plain_position(edits, reference.drawn(alpha, u))
        return {"energies": energies, "unedited": unedited, "alpha": alpha, "sampled": sampled}

    def read(self, place: _Place, context: Vector, edits: tuple[Edit, ...]) -> PlainReading:
        """What a context, as edited, makes of the step after a place."""
        previous = self.weights["target_embedding.weight"][place.token]
        hidden, cell = self._advance(
            "cell", "", previous + context, place.state, place.cell, self.model.config.cell
        )
        hidden = plain_vector(edits, "state", hidden)
        deep = [math.tanh(x) for x in self._linear("deep_output", hidden + context + previous)]
        logits = [
            x + b
            for x, b in zip(
                reference.product(self.weights["target_embedding.weight"], deep),
                self.weights["output_bias"],
                strict=True,
            )
        ]
        for token in self.model.never_chosen:
            logits[token] = -math.inf
        largest = max(logits)
        total = largest + math.log(math.fsum(math.exp(x - largest) for x in logits))
        return PlainReading(context, hidden, cell, [x - total for x in logits])

    def _encode(self, embedded: list[Vector], direction: str) -> list[Vector]:
        """States of one direction of the encoder, in the order in which it reads."""
        kind, size = self.model.config.cell, self.model.config.encoder_size
        hidden, cell, states = [0.0] * size, [0.0] * size, []
        for inputs in embedded:
            hidden, following = self._advance(
                "encoder", f"_l0{direction}", inputs, hidden, cell if kind == "lstm" else None, kind
            )
            cell = following or cell
            states.append(hidden)
        return states

    def _advance(
        self, own: str, suffix: str, inputs: Vector, hidden: Vector, cell: Vector | None, kind: str
    ) -> tuple[Vector, Vector | None]:
        """One step of torch.nn.GRU or torch.nn.LSTM, unit by unit."""

        def gates(side: str, vector: Vector) -> list[Vector]:
            matrix = self.weights[f"{own}.weight_{side}{suffix}"]
            bias = self.weights[f"{own}.bias_{side}{suffix}"]
            rows = [x + b for x, b in zip(reference.product(matrix, vector), bias, strict=True)]
            return [rows[start : start + len(hidden)] for start in range(0, len(rows), len(hidden))]

        from_input, from_state = gates("ih", inputs), gates("hh", hidden)
        following: Vector = []
        if kind == "gru":
            for i, before in enumerate(hidden):
                reset = _sigmoid(from_input[0][i] + from_state[0][i])
                update = _sigmoid(from_input[1][i] + from_state[1][i])
                candidate = math.tanh(from_input[2][i] + reset * from_state[2][i])
                following.append((1 - update) * candidate + update * before)
            return following, None
        assert cell is not None
        carried: Vector = []
        for i, before in enumerate(cell):
            enter, forget, candidate, out = (
                x[i] + y[i] for x, y in zip(from_input, from_state, strict=True)
            )
            carried.append(_sigmoid(forget) * before + _sigmoid(enter) * math.tanh(candidate))
            following.append(_sigmoid(out) * math.tanh(carried[i]))
        return following, carried

    def _linear(self, name: str, vector: Vector) -> Vector:
        rows = reference.product(self.weights[f"{name}.weight"], vector)
        bias = self.weights.get(f"{name}.bias", [0.0] * len(rows))
        return [x + b for x, b in zip(rows, bias, strict=True)]


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
