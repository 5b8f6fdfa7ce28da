"""One look at the source: score → mask and scope → α → context.

Shapes: B rows, S source positions, H size of the annotations, N size of the decoder state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from attn_desktop.attention.grid_scopes import GRID_SCOPES
from attn_desktop.attention.scopes import SCOPES, Scope, View
from attn_desktop.attention.scores import Projected
from attn_desktop.attention.weighting import hard_context, sample_position, soft_context
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import ARGMAX, HARD, NO_ATTENTION, SOFT, Mode


@dataclass
class Memory:
    """What the encoder hands to the decoder.

    states: (B, S, H) annotations h_j. mask: (B, S) True where a position is real.
    fixed_context: (B, H), the context of the mode without attention.
    prepared: by score, what it makes of the states before any query; filled on first use.
    question: (B, ·), what was asked about the source, where a model is asked something.
    """

    states: Tensor
    mask: Tensor
    fixed_context: Tensor
    prepared: dict[str, Tensor] = field(default_factory=dict)
    question: Tensor | None = None

    def repeated(self, count: int) -> Memory:
        """Its one row as often as asked for, without a copy of it."""
        return Memory(
            self.states.expand(count, -1, -1),
            self.mask.expand(count, -1),
            self.fixed_context.expand(count, -1),
            {
                name: tensor.expand(count, *tensor.shape[1:])
                for name, tensor in self.prepared.items()
            },
            None if self.question is None else self.question.expand(count, -1),
        )

    def rows(self, index: Tensor) -> Memory:
        """The memory of the given rows, in their order; a row may be taken more than once."""
        return Memory(
            self.states[index],
            self.mask[index],
            self.fixed_context[index],
            {name: tensor[index] for name, tensor in self.prepared.items()},
            None if self.question is None else self.question[index],
        )


@dataclass(frozen=True)
class Attended:
    """All that one look produced.

    energies, window, alpha: (B, S). unedited: α as computed, where it was changed.
    center: (B,), on a grid (B, 2), or None. half_width: D or None.
    draw, sampled: (B,) u and k. contexts: (B, H) by weighting, those that were asked for.
    Without attention all but contexts is None.
    """

    contexts: dict[str, Tensor]
    energies: Tensor | None = None
    window: Tensor | None = None
    alpha: Tensor | None = None
    center: Tensor | None = None
    half_width: float | None = None
    draw: Tensor | None = None
    sampled: Tensor | None = None
    unedited: Tensor | None = None


@dataclass(frozen=True)
class Intervention:
    """What someone wants otherwise within one step; None leaves it as the model has it.

    alpha: from α, mask and window, (B, S) each, to another α. position: of every hard context.
    context: from c_t (B, H), and state: from s_t (B, N), to another; of every weighting alike.
    """

    alpha: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None
    position: int | None = None
    context: Callable[[Tensor], Tensor] | None = None
    state: Callable[[Tensor], Tensor] | None = None


#: The step as the model takes it.
UNTOUCHED = Intervention()


class Attention(nn.Module):
    """Every score and scope that a checkpoint has, on one encoder and decoder.

    scores: names of those to build. projection_size: None for a dedicated checkpoint.
    grid: (rows, columns) where the source positions are the regions of a picture, row by row.
    """

    def __init__(
        self,
        state_size: int,
        key_size: int,
        scores: tuple[str, ...],
        projection_size: int | None,
        longest_source: int,
        half_width: float,
        grid: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.scores = nn.ModuleDict(
            {
                name: Projected(name, state_size, key_size, longest_source, projection_size)
                for name in scores
            }
        )
        scopes = SCOPES if grid is None else GRID_SCOPES
        self.scopes = nn.ModuleDict(
            {name: scopes[name](state_size, half_width, grid) for name in scopes}
        )

    def forward(
        self,
        memory: Memory,
        state: Tensor,
        mode: Mode,
        t: int,
        draw: Tensor,
        weightings: tuple[str, ...] = (SOFT, HARD),
        intervention: Intervention = UNTOUCHED,
    ) -> Attended:
        """Look at the memory with query s_{t-1} (B, N) at step t (1-based).

        draw: (B,) u in [0, 1) for the hard position. weightings: the contexts to compute, of
        `soft`, `hard` and `argmax`. intervention: what is to be otherwise on the way.
        Raises InputError where the checkpoint has no such score.
        """
        change = intervention.context
        if not mode.attends:
            fixed = memory.fixed_context
            return Attended(contexts={SOFT: fixed if change is None else change(fixed)})
        self.check(mode)
        score = self.score(mode.score)
        if mode.score not in memory.prepared:
            memory.prepared[mode.score] = score.prepare(memory.states)
        energies: Tensor = score(state, memory.prepared[mode.score])
        scope = self.scope(mode.scope)
        view: View = scope(state, memory.mask, t)
        window = _within_reach(view.window, memory.mask, score.reach)
        alpha = weigh(energies, memory.mask & window, view.log_prior)
        unedited = None
        if intervention.alpha is not None:
            unedited, alpha = alpha, intervention.alpha(alpha, memory.mask, window)
        contexts: dict[str, Tensor] = {}
        sampled = None
        if SOFT in weightings:
            contexts[SOFT] = soft_context(alpha, memory.states)
        if HARD in weightings:
            sampled = sample_position(alpha.detach(), draw)
            if intervention.position is not None:
                sampled = torch.full_like(sampled, intervention.position)
            contexts[HARD] = hard_context(sampled, memory.states)
        if ARGMAX in weightings:
            contexts[ARGMAX] = hard_context(alpha.argmax(dim=1), memory.states)
        if change is not None:
            contexts = {name: change(context) for name, context in contexts.items()}
        return Attended(
            contexts=contexts,
            energies=energies,
            window=window,
            alpha=alpha,
            center=view.center,
            half_width=scope.half_width if scope.is_local else None,
            draw=draw,
            sampled=sampled,
            unedited=unedited,
        )

    def check(self, mode: Mode) -> None:
        """Raise InputError where the checkpoint lacks the mode's score or its scope."""
        if mode.attends and mode.score not in self.scores:
            valid = ", ".join([*self.scores, NO_ATTENTION])
            raise InputError(f"this checkpoint has no score {mode.score!r}; it has: {valid}")
        SCOPES[mode.scope]
        if mode.scope not in self.scopes:
            raise InputError(
                f"scope {mode.scope!r} follows a sequence step by step, and the regions of a "
                f"picture are none; valid here are: {', '.join(self.scopes)}"
            )

    def score(self, name: str) -> Projected:
        """A score of the checkpoint with its own projections."""
        score = self.scores[name]
        assert isinstance(score, Projected)
        return score

    def scope(self, name: str) -> Scope:
        """A scope with the weights of the checkpoint."""
        scope = self.scopes[name]
        assert isinstance(scope, Scope)
        return scope


def weigh(energies: Tensor, allowed: Tensor, log_prior: Tensor | None = None) -> Tensor:
    """α: softmax of energies (B, S) over the allowed positions, exactly 0 elsewhere.

    log_prior: (B, S) added first, such as the Gaussian of local-p. Each row must allow one.
    """
    logits = energies if log_prior is None else energies + log_prior
    return torch.softmax(logits.masked_fill(~allowed, -torch.inf), dim=1)


def _within_reach(window: Tensor, mask: Tensor, reach: int | None) -> Tensor:
    """Cut off the positions that a score cannot tell apart, unless nothing were left."""
    if reach is None or window.shape[1] <= reach:
        return window
    inside = window.clone()
    inside[:, reach:] = False
    return torch.where((inside & mask).any(dim=1, keepdim=True), inside, window)
