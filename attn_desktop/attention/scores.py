"""The six scores e_tj = score(s_{t-1}, h_j), one class each.

Adding a score is adding a class here: its definition registers it, and the contract tests in
tests/contracts check it against masks, shapes and gradients without being told.

Shapes: B rows, S source positions, Q size of the query s_{t-1}, K size of the keys h_j.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from attn_desktop.common.errors import InputError
from attn_desktop.common.registry import Registry


class Score(nn.Module):
    """A way to compare one decoder state with every annotation.

    `prepare` does once per sentence what needs no query, `forward` the rest at every step.
    Energies are raw and finite: masks and windows are applied later, by `attend`.

    query_size: Q. key_size: K. longest_source: S at most, for scores whose shape depends on it.
    Raises InputError where the formula cannot be evaluated with these sizes.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    #: What `factors` returns, in the symbols of the formula: left and right.
    factor_names: ClassVar[tuple[str, str]]
    #: False for a score that never looks at h_j.
    reads_keys: ClassVar[bool] = True

    def __init_subclass__(cls, *, name: str) -> None:
        cls.name = name
        SCORES.add(name, cls)

    def __init__(self, query_size: int, key_size: int, longest_source: int) -> None:
        super().__init__()

    @property
    def reach(self) -> int | None:
        """How many source positions the score can tell apart; None for any number."""
        return None

    def prepare(self, keys: Tensor) -> Tensor:
        """Keys (B, S, K) to whatever `forward` wants beside the query, (B, S, ·)."""
        return keys

    def forward(self, query: Tensor, prepared: Tensor) -> Tensor:
        """Query (B, Q) and `prepare(keys)` to energies (B, S)."""
        raise NotImplementedError

    def factors(self, query: Tensor, prepared: Tensor, position: int) -> tuple[Tensor, Tensor]:
        """The sum that one energy is: e_tj = Σ_i left_i · right_i, left and right (n,).

        Query (Q,), `prepare(keys)` of one row (S, ·) and j from 0.
        """
        raise NotImplementedError


SCORES: Registry[type[Score]] = Registry("score")


def _dot(query: Tensor, keys: Tensor) -> Tensor:
    """(B, K) and (B, S, K) to (B, S)."""
    return torch.bmm(keys, query.unsqueeze(2)).squeeze(2)


def _same_size(name: str, query_size: int, key_size: int) -> None:
    if query_size != key_size:
        raise InputError(
            f"score {name!r} multiplies s with h, so both need one size: "
            f"the state has {query_size}, the annotations {key_size}"
        )


class Cosine(Score, name="cosine"):
    """Content-based addressing, Graves et al. 2014, section 3.3.1, equations 5 and 6."""

    formula = "e_tj = β · sᵀh_j / (‖s‖ ‖h_j‖),  β > 0 learnt"
    source = "Graves et al. 2014"
    factor_names = ("β s / ‖s‖", "h_j / ‖h_j‖")
    #: Sharpness before training: cosines lie in [-1, 1], so β = 1 could never be peaked.
    initial_sharpness: ClassVar[float] = 8.0

    def __init__(self, query_size: int, key_size: int, longest_source: int) -> None:
        super().__init__(query_size, key_size, longest_source)
        _same_size(self.name, query_size, key_size)
        self.log_sharpness = nn.Parameter(torch.tensor(math.log(self.initial_sharpness)))

    def prepare(self, keys: Tensor) -> Tensor:
        return functional.normalize(keys, dim=2)

    def forward(self, query: Tensor, prepared: Tensor) -> Tensor:
        return self.log_sharpness.exp() * _dot(functional.normalize(query, dim=1), prepared)

    def factors(self, query: Tensor, prepared: Tensor, position: int) -> tuple[Tensor, Tensor]:
        return self.log_sharpness.exp() * functional.normalize(query, dim=0), prepared[position]


class Additive(Score, name="additive"):
    """Bahdanau et al. 2015, section A.1.2: W[s; h] is written as W_s s + W_h h."""

    formula = "e_tj = vᵀ tanh(W [s; h_j])"
    source = "Bahdanau et al. 2015"
    factor_names = ("v", "tanh(W_s s + W_h h_j)")

    def __init__(self, query_size: int, key_size: int, longest_source: int) -> None:
        super().__init__(query_size, key_size, longest_source)
        self.query_weight = nn.Linear(query_size, key_size, bias=False)
        self.key_weight = nn.Linear(key_size, key_size, bias=False)
        self.v = nn.Linear(key_size, 1, bias=False)

    def prepare(self, keys: Tensor) -> Tensor:
        projected: Tensor = self.key_weight(keys)
        return projected

    def forward(self, query: Tensor, prepared: Tensor) -> Tensor:
        hidden = torch.tanh(self.query_weight(query).unsqueeze(1) + prepared)
        energies: Tensor = self.v(hidden).squeeze(2)
        return energies

    def factors(self, query: Tensor, prepared: Tensor, position: int) -> tuple[Tensor, Tensor]:
        return self.v.weight[0], torch.tanh(self.query_weight(query) + prepared[position])


class Location(Score, name="location"):
    """Luong et al. 2015, equation 8: the state alone says where, for a fixed longest source."""

    formula = "e_t = W s  (a row of W for each position; h is never looked at)"
    source = "Luong et al. 2015"
    factor_names = ("W_j", "s")
    reads_keys = False

    def __init__(self, query_size: int, key_size: int, longest_source: int) -> None:
        super().__init__(query_size, key_size, longest_source)
        self.weight = nn.Linear(query_size, longest_source, bias=False)

    @property
    def reach(self) -> int | None:
        return self.weight.out_features

    def forward(self, query: Tensor, prepared: Tensor) -> Tensor:
        positions = prepared.shape[1]
        energies: Tensor = self.weight(query)[:, :positions]
        missing = positions - energies.shape[1]
        return functional.pad(energies, (0, missing)) if missing > 0 else energies

    def factors(self, query: Tensor, prepared: Tensor, position: int) -> tuple[Tensor, Tensor]:
        if position >= self.weight.out_features:
            return torch.zeros_like(query), query
        return self.weight.weight[position], query


class General(Score, name="general"):
    """Luong et al. 2015, equation 7 (general)."""

    formula = "e_tj = sᵀ W h_j"
    source = "Luong et al. 2015"
    factor_names = ("s", "W h_j")

    def __init__(self, query_size: int, key_size: int, longest_source: int) -> None:
        super().__init__(query_size, key_size, longest_source)
        self.weight = nn.Linear(key_size, query_size, bias=False)

    def prepare(self, keys: Tensor) -> Tensor:
        projected: Tensor = self.weight(keys)
        return projected

    def forward(self, query: Tensor, prepared: Tensor) -> Tensor:
        return _dot(query, prepared)

    def factors(self, query: Tensor, prepared: Tensor, position: int) -> tuple[Tensor, Tensor]:
        return query, prepared[position]


class Dot(Score, name="dot"):
    """Luong et al. 2015, equation 7 (dot)."""

    formula = "e_tj = sᵀh_j"
    source = "Luong et al. 2015"
    factor_names = ("s", "h_j")

    def __init__(self, query_size: int, key_size: int, longest_source: int) -> None:
        super().__init__(query_size, key_size, longest_source)
        _same_size(self.name, query_size, key_size)

    def forward(self, query: Tensor, prepared: Tensor) -> Tensor:
        return _dot(query, prepared)

    def factors(self, query: Tensor, prepared: Tensor, position: int) -> tuple[Tensor, Tensor]:
        return query, prepared[position]


class ScaledDot(Score, name="scaled-dot"):
    """Vaswani et al. 2017, equation 1; n is the dimension of h, not the number of inputs."""

    formula = "e_tj = sᵀh_j / √n,  n the dimension of h"
    source = "Vaswani et al. 2017"
    factor_names = ("s / √n", "h_j")

    def __init__(self, query_size: int, key_size: int, longest_source: int) -> None:
        super().__init__(query_size, key_size, longest_source)
        _same_size(self.name, query_size, key_size)

    def forward(self, query: Tensor, prepared: Tensor) -> Tensor:
        return _dot(query, prepared) / math.sqrt(query.shape[1])

    def factors(self, query: Tensor, prepared: Tensor, position: int) -> tuple[Tensor, Tensor]:
        return query / math.sqrt(len(query)), prepared[position]


class Projected(nn.Module):
    """A score with linear projections of s and h of its own, for a switchable checkpoint.

    The projections stand in for the states that a model trained with this score alone would
    learn; the values that α averages stay h. projection_size None means the pure formula.
    """

    def __init__(
        self,
        score: str,
        query_size: int,
        key_size: int,
        longest_source: int,
        projection_size: int | None,
    ) -> None:
        super().__init__()
        kind = SCORES[score]
        self.query_projection: nn.Linear | None = None
        self.key_projection: nn.Linear | None = None
        if projection_size is not None:
            self.query_projection = nn.Linear(query_size, projection_size)
            query_size = projection_size
            if kind.reads_keys:
                self.key_projection = nn.Linear(key_size, projection_size)
                key_size = projection_size
        self.score = kind(query_size, key_size, longest_source)

    @property
    def reach(self) -> int | None:
        """How many source positions the score can tell apart; None for any number."""
        return self.score.reach

    def prepare(self, states: Tensor) -> Tensor:
        """Annotations (B, S, H) to what `forward` wants beside the query."""
        keys = states if self.key_projection is None else self.key_projection(states)
        return self.score.prepare(keys)

    def forward(self, query: Tensor, prepared: Tensor) -> Tensor:
        """Decoder state (B, N) and `prepare(states)` to energies (B, S)."""
        if self.query_projection is not None:
            query = self.query_projection(query)
        energies: Tensor = self.score(query, prepared)
        return energies

    def factors(self, query: Tensor, prepared: Tensor, position: int) -> tuple[Tensor, Tensor]:
        """As `Score.factors`, of the projected state; query: decoder state (N,)."""
        if self.query_projection is not None:
            query = self.query_projection(query)
        return self.score.factors(query, prepared, position)
