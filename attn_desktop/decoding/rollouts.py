"""Rollouts: hard continuations from a node that differ by their seed only, many rows at once.

A rollout is, draw by draw and token by token, what stepping on with its seed gives. Rows of a batch
differ from a step on its own in their last bits, so a rollout in which such a difference could
have decided something is decoded again on its own.

Shapes: n rollouts of a part, R of them that are under way, T steps, S source positions,
V target vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attn_desktop.analysis.rollouts import KIND, NOTHING, RolloutSettings, hardened
from attn_desktop.attention.attend import Intervention
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding import draws
from attn_desktop.decoding.choosers import log_probabilities
from attn_desktop.decoding.corpus import BATCH_POSITIONS, step_limit
from attn_desktop.decoding.near_ties import likeliest, near_edge, sample
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import PROBES
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.trace.edits import Edit, inherited
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Choice, Node

_MODE = "mode"
#: Rollouts of the first part, which shall come at once, and of the largest.
FIRST_PART, LARGEST_PART = 16, 256
#: What stands after the end in tokens, positions and log p.
PADDING = (NOTHING, NOTHING, 0)
#: Logits of a step of all rows together.
MOST_LOGITS = 2**24


@dataclass(frozen=True, eq=False)
class Part:
    """Some rollouts, as in `DESCRIPTION`: (n, T) of steps, (n,) of whole rollouts."""

    tokens: NDArray[np.int32]
    sampled: NDArray[np.int32]
    log_probs: NDArray[np.float32]
    ended: NDArray[np.bool_]
    seeds: NDArray[np.int64]


def probe_rollouts(
    positions: Positions, path: Sequence[Node], settings: Mapping[str, Any]
) -> Iterator[ProbeRecord]:
    """Rollouts from where `path` leads, in parts that grow.

    settings: fields of `RolloutSettings` and `mode`, each of which may be left out; without a mode
    that of the last node is taken, and hard in any case. Edits that last are made to every step.
    """
    mode, asked = _read(settings, path)
    stepper = positions.stepper
    stepper.model.check_mode(mode)
    start = positions.after(path)
    limit = _limit(stepper, start, asked)
    edits = inherited(path[-1].edits, mode.attends) if path else ()
    change = stepper.intervention(mode, edits)
    alpha, most = _look(stepper, start, mode, change)
    label, first = stepper.model.token_label, 0
    for count in part_sizes(asked.count, most):
        choices = [asked.choice(number) for number in range(first, first + count)]
        part = roll_out(stepper, start, mode, choices, limit, edits)
        ids = np.unique(part.tokens[part.tokens != NOTHING]).tolist()
        yield ProbeRecord(
            node=start.node,
            kind=KIND,
            settings={
                **asdict(asked),
                _MODE: str(mode),
                "trained": stepper.model.is_trained(mode),
                "edited": bool(edits),
                "start": start.t,
                "limit": limit,
                "first_row": first,
                "finished": first + count == asked.count,
                "labels": {str(token): label(token) for token in ids},
            },
            arrays={**vars(part), "alpha": alpha.copy()},
        )
        first += count


def part_sizes(count: int, most: int) -> Iterator[int]:
    """How many rollouts each part has, `count` in all and at most `most` in one."""
    size = FIRST_PART
    while count > 0:
        taken = min(size, count, most)
        yield taken
        count -= taken
        size = min(2 * size, LARGEST_PART)


def _read(settings: Mapping[str, Any], path: Sequence[Node]) -> tuple[Mode, RolloutSettings]:
    """Settings as they came from outside; InputError, naming it, for one that cannot be."""
    valid = [_MODE, *(field.name for field in fields(RolloutSettings))]
    for name in settings:
        if name not in valid:
            raise InputError(f"unknown setting {name!r} of rollouts; valid are: {', '.join(valid)}")
    given = dict(settings)
    mode = given.pop(_MODE, None)
    if mode is None:
        mode = str(path[-1].mode if path else Mode())
    if not isinstance(mode, str):
        raise InputError(f"the mode of rollouts is a text such as {Mode()}, not {mode!r}")
    return hardened(Mode.parse(mode)), RolloutSettings(**given)


def _limit(stepper: Stepper, start: Position, asked: RolloutSettings) -> int:
    """The step after which rollouts are cut off; InputError where there is none to take."""
    limit = step_limit(stepper.model, len(stepper.run.source))
    if stepper.model.ends(start.token, start.t):
        raise InputError(
            f"the output ended at step {start.t}; rollouts can only go on before its end"
        )
    if start.t >= limit:
        raise InputError(
            f"the output is {start.t} tokens long already, and outputs are cut off there"
        )
    return limit if asked.steps is None else min(limit, start.t + asked.steps)


@torch.inference_mode()
def _look(
    stepper: Stepper, start: Position, mode: Mode, change: Intervention
) -> tuple[NDArray[np.float32], int]:
    """α of the step that all rollouts begin with, (S,), and how many rollouts a part may have."""
    model, memory = stepper.model, stepper.memory
    draw = torch.zeros(1, dtype=torch.float64, device=model.device)
    hidden = start.state.hidden
    # This prepares the memory for the score, which all rows then share.
    query = stepper.query(start)
    attended = model.attention(memory, query, mode, start.t + 1, draw, (HARD,), change)
    assert attended.alpha is not None
    previous = model.embed(torch.tensor([start.token], device=model.device))
    vocabulary = model.readout(hidden, attended.contexts[HARD], previous).shape[1]
    most = min(BATCH_POSITIONS // memory.states.shape[1], MOST_LOGITS // vocabulary)
    return attended.alpha[0].float().cpu().numpy(), max(1, most)


# -- decoding ---------------------------------------------------------------------------------


def roll_out(
    stepper: Stepper,
    start: Position,
    mode: Mode,
    choices: Sequence[Choice],
    limit: int,
    edits: tuple[Edit, ...] = (),
) -> Part:
    """One rollout for each choice, which differ in their seed only, up to step `limit`."""
    batch = _Batch(stepper, start, mode, choices, edits)
    while batch.under_way:
        batch.step(limit)
    columns, ended = batch.columns, batch.ended
    for row in np.flatnonzero(batch.close).tolist():
        steps = _alone(stepper, start, mode, choices[row], limit, edits)
        for column, values, pad in zip(columns, zip(*steps, strict=True), PADDING, strict=True):
            while len(column) < len(steps):
                column.append(np.full_like(column[0], pad))
            for place, cells in enumerate(column):
                cells[row] = values[place] if place < len(steps) else pad
        ended[row] = stepper.model.ends(steps[-1][0], start.t + len(steps))
    tokens, sampled, log_probs = (np.stack(column, axis=1) for column in columns)
    # A rollout decoded again may be shorter than the longest one was.
    taken = (tokens != NOTHING).any(axis=0)
    seeds = np.array([choice.seed for choice in choices])
    return Part(tokens[:, taken], sampled[:, taken], log_probs[:, taken], ended, seeds)


class _Batch:
    """Rollouts side by side. columns: tokens, positions and log p, for each step those of all n.

    ended: (n,) with an end. close: (n,) where the last bits of a number may have decided.
    """

    def __init__(
        self,
        stepper: Stepper,
        start: Position,
        mode: Mode,
        choices: Sequence[Choice],
        edits: tuple[Edit, ...],
    ) -> None:
        model, count = stepper.model, len(choices)
        self._model, self._mode, self._choice = model, mode, choices[0]
        self._whole, self._memory = stepper.memory, stepper.memory.repeated(count)
        self._change = stepper.intervention(mode, edits)
        self._t = start.t
        self._state = start.state.rows(torch.zeros(count, dtype=torch.int64, device=model.device))
        self._tokens = torch.full((count,), start.token, device=model.device)
        self._rows = np.arange(count)
        self._us = {
            purpose: [draws.uniforms(choice.seed, purpose, start.t + 1) for choice in choices]
            for purpose in (draws.ATTENTION, draws.TOKEN)
        }
        self.columns: tuple[list[NDArray[Any]], ...] = ([], [], [])
        self.ended, self.close = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)

    @property
    def under_way(self) -> bool:
        """Whether any goes on."""
        return len(self._rows) > 0

    @torch.inference_mode()
    def step(self, limit: int) -> None:
        """The next token of every rollout that has not ended."""
        self._t += 1
        model = self._model
        previous = model.embed(self._tokens)
        u = self._draw(draws.ATTENTION)
        stepped = model.step(
            self._memory, self._state, previous, self._mode, self._t, u, (HARD,), self._change
        )
        hard, alpha, sampled = (
            stepped.readings[HARD],
            stepped.attended.alpha,
            stepped.attended.sampled,
        )
        assert alpha is not None
        assert sampled is not None
        self._state = hard.state
        log_probs = log_probabilities(
            model.readout(hard.state.hidden, hard.context, previous), model.never_chosen
        )
        self._tokens, close = self._choose(log_probs)
        if self._change.position is None:
            close |= near_edge(alpha, u, sampled, torch.ones_like(u))
        chosen = log_probs.gather(1, self._tokens.unsqueeze(1)).squeeze(1)
        found = (self._tokens, sampled, chosen)
        for column, values, pad in zip(self.columns, found, PADDING, strict=True):
            column.append(self._spread(values, pad))
        self.close[self._rows] |= close.cpu().numpy()
        ended = np.array([model.ends(token, self._t) for token in self._tokens.tolist()])
        self.ended[self._rows] = ended
        self._go_on(~ended & (self._t < limit))

    def _draw(self, purpose: int) -> Tensor:
        numbers = [next(us) for us in self._us[purpose]]
        return torch.tensor(numbers, dtype=torch.float64, device=self._model.device)

    def _choose(self, log_probs: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (R,) as the choice has them, and whether another one was as good (R,)."""
        if self._choice.how == "greedy":
            return likeliest(log_probs)
        return sample(log_probs, self._choice, self._draw(draws.TOKEN))

    def _spread(self, values: Tensor, pad: float) -> NDArray[Any]:
        """Values of the rollouts that are under way among those of all."""
        dtype = np.float32 if values.is_floating_point() else np.int32
        column = np.full(len(self.close), pad, dtype=dtype)
        column[self._rows] = values.cpu().numpy()
        return column

    def _go_on(self, on: NDArray[np.bool_]) -> None:
        """Leave out the rollouts that are over."""
        if on.all():
            return
        places = np.flatnonzero(on)
        self._rows = self._rows[places]
        self._us = {
            purpose: [us[place] for place in places.tolist()] for purpose, us in self._us.items()
        }
        kept = torch.from_numpy(places).to(self._model.device)
        self._memory = self._whole.repeated(len(places))
        self._tokens, self._state = self._tokens[kept], self._state.rows(kept)


def _alone(
    stepper: Stepper,
    start: Position,
    mode: Mode,
    choice: Choice,
    limit: int,
    edits: tuple[Edit, ...],
) -> list[tuple[int, int, float]]:
    """Token, position and log p of each step of one rollout, decoded as any branch is."""
    position, steps = start, []
    while position.t < limit:
        record, position = stepper.step(position, 0, mode, choice, edits=edits)
        assert record.cross is not None
        steps.append((record.token_id, int(record.cross.sampled[0, 0]), record.log_prob))
        if record.is_end:
            break
    return steps


PROBES.add(KIND, probe_rollouts)
