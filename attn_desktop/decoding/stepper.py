"""One call, one token, one complete record.

`Stepper` encodes an input once; `Stepper.step` is a pure function from a position to the next one
and its record, so stepping back is taking an earlier position, and repeating a step repeats its
record to the last bit.
"""

from __future__ import annotations

import functools
import platform
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attn_desktop.attention.attend import UNTOUCHED, Attended, Intervention
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.common.version import VERSION
from attn_desktop.decoding import draws
from attn_desktop.decoding.choosers import choose, log_probabilities
from attn_desktop.decoding.edits import intervention_of
from attn_desktop.families.base import Advanced, Given, Stepped
from attn_desktop.families.cells import State
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.trace.edits import Edit, check_edits
from attn_desktop.trace.records import (
    CROSS,
    AttentionRecord,
    FloatArray,
    IntArray,
    Reading,
    RunRecord,
    StepRecord,
)
from attn_desktop.trace.run_tree import GIVEN, Choice, Node

TOP_TOKENS = 20
#: Below every log p of a float32 distribution that is not −inf.
LOWEST = -1e4
#: Where there is no α, nothing is drawn from it.
_NO_DRAW = np.zeros(1)

#: Ids and log p of the likeliest tokens, best first: (readings, K) each.
_Top = tuple[IntArray, FloatArray]


@dataclass(frozen=True)
class Position:
    """Where a decoding stands after step t: the state s_t and the token y_t. t = 0 at the start."""

    t: int
    state: State
    token: int
    node: int | None = None


class Stepper:
    """One input on one model. given: a text alone may be given as it is.

    run: its record. start: the position before the first step. memory: what the encoder made of it.
    """

    def __init__(self, checkpoint: Checkpoint, given: Given | str) -> None:
        self.model = checkpoint.model
        # Looked up once: finding it takes longer than a chooser.
        self._device = self.model.device
        prepared = self.model.prepare(Given(given) if isinstance(given, str) else given)
        with torch.inference_mode():
            self.memory = self.model.encode([prepared.inputs])
            state = self.model.start(self.memory)
        self.start = Position(0, state, self.model.start_id)
        self.run = RunRecord(
            model=checkpoint.info,
            text=prepared.text,
            source=prepared.labels,
            words=prepared.words,
            spans=prepared.spans,
            states=_array(self.memory.states[0]),
            mask=_array(self.memory.mask[0]),
            start_state=_array(state.hidden[0]),
            fixed_context=_array(self.memory.fixed_context[0]),
            device=str(self._device),
            dtype=str(self.memory.states.dtype).removeprefix("torch."),
            grid=prepared.grid,
            picture=prepared.picture,
            receptive_field=prepared.receptive_field,
            unknown=prepared.unknown,
            versions=_versions(self._device),
        )
        self._mask = self.run.mask.reshape(1, 1, -1)
        self._label = self.model.token_label
        self._is_trained = functools.cache(self.model.is_trained)

    @torch.inference_mode()
    def step(
        self,
        position: Position,
        node: int,
        mode: Mode,
        choice: Choice,
        forced: int | None = None,
        edits: tuple[Edit, ...] = (),
    ) -> tuple[StepRecord, Position]:
        """Decode one token from a position, with both weightings computed and recorded.

        node: id of the new step in whatever tree owns it. forced: the token to take when
        `choice.how` is one of `GIVEN`. edits: what is changed on the way. Raises InputError for a
        mode the model does not have, a token outside the vocabulary, a step after the end or an
        edit that cannot be made.
        """
        model, t = self.model, position.t + 1
        self._check(position, choice, forced)
        previous, draw, stepped = self._advance(position, mode, choice.seed, edits)
        names = list(stepped.readings)
        log_probs = self._log_probs(stepped, previous)
        top = self._top(log_probs)
        active = names.index(mode.weighting)
        token = forced
        if token is None:
            token = self._choose(log_probs, top, active, choice, t)
        elif not 0 <= token < log_probs.shape[1]:
            raise InputError(f"token {token} is outside the vocabulary of {log_probs.shape[1]}")
        return (
            StepRecord(
                node=node,
                parent=position.node,
                t=t,
                mode=mode,
                token_in=self._label(position.token),
                token_in_id=position.token,
                token=self._label(token),
                token_id=token,
                chosen_by=choice.how,
                seed=choice.seed,
                trained=self._is_trained(mode),
                is_end=model.ends(token, t),
                attention=self._attention(stepped.attended, draw),
                readings=self._readings(stepped, log_probs, top, token),
                edits=edits,
            ),
            Position(t, stepped.readings[mode.weighting].state, token, node),
        )

    @torch.inference_mode()
    def replay(self, position: Position, node: Node) -> Position:
        """The position after a step that a run tree remembers: the same to the last bit.

        Raises InputError for a node that no step can have made: a mode that the model lacks, a
        token outside the vocabulary or one after the end.
        """
        self._check_goes_on(position)
        self._label(node.token_id)
        _, _, stepped = self._advance(position, node.mode, node.choice.seed, node.edits)
        state = stepped.readings[node.mode.weighting].state
        return Position(position.t + 1, state, node.token_id, node.id)

    def _advance(
        self, position: Position, mode: Mode, seed: int, edits: tuple[Edit, ...]
    ) -> tuple[Tensor, NDArray[np.float64], Stepped]:
        """The embedded y_{t-1}, u of the hard position and both weightings of step t."""
        t = position.t + 1
        change = self.intervention(mode, edits)
        previous = self.model.embed(torch.tensor([position.token], device=self._device))
        draw = draws.uniform(seed, draws.ATTENTION, t) if mode.attends else _NO_DRAW
        stepped = self.model.step(
            self.memory,
            position.state,
            previous,
            mode,
            t,
            self._tensor(draw),
            intervention=change,
        )
        return previous, draw, stepped

    def query(self, position: Position) -> Tensor:
        """What attention asks with at the step after a position: (1, N)."""
        previous = self.model.embed(torch.tensor([position.token], device=self._device))
        return self.model.query(self.memory, position.state.hidden, previous, position.t + 1)

    def intervention(self, mode: Mode, edits: tuple[Edit, ...]) -> Intervention:
        """What edits do to a step in this mode; InputError for one that cannot be made."""
        if not edits:
            return UNTOUCHED
        run = self.run
        check_edits(edits, len(run.source), run.states.shape[1], len(run.start_state))
        return intervention_of(mode, edits)

    def _check_goes_on(self, position: Position) -> None:
        if self.model.ends(position.token, position.t):
            raise InputError(f"the output ended at step {position.t}; there is no step after it")

    def _check(self, position: Position, choice: Choice, forced: int | None) -> None:
        self._check_goes_on(position)
        if (choice.how in GIVEN) != (forced is not None):
            raise InputError(
                "a forced step needs the token to force, and only a forced one takes it"
            )
        if forced is not None and forced in self.model.never_chosen:
            raise InputError(f"{self.model.token_label(forced)} cannot be an output token")

    def _log_probs(self, stepped: Stepped, previous: Tensor) -> Tensor:
        """log p(y_t) of each reading: (readings, V)."""
        readings = list(stepped.readings.values())
        logits = self.model.readout(
            torch.cat([reading.state.hidden for reading in readings]),
            torch.cat([reading.context for reading in readings]),
            previous.expand(len(readings), -1),
        )
        return log_probabilities(logits, self.model.never_chosen)

    def _top(self, log_probs: Tensor) -> _Top:
        choosable = log_probs.shape[1] - len(self.model.never_chosen)
        values, ids = torch.topk(log_probs, min(TOP_TOKENS, choosable), dim=1)
        return _array(ids), _array(values)

    def _choose(self, log_probs: Tensor, top: _Top, active: int, choice: Choice, t: int) -> int:
        ids, values = top[0][active], top[1][active]
        # Greedy: already found, unless two tokens tie, which `choose` settles for everyone.
        if choice.how == "greedy" and (len(ids) == 1 or values[0] > values[1]):
            return int(ids[0])

        def draw() -> Tensor:
            return self._tensor(draws.uniform(choice.seed, draws.TOKEN, t))

        return int(choose(log_probs[active : active + 1], choice, draw))

    def _attention(
        self, attended: Attended, draw: NDArray[np.float64]
    ) -> dict[str, AttentionRecord]:
        if attended.alpha is None:
            return {}
        assert attended.energies is not None
        assert attended.window is not None
        assert attended.sampled is not None
        shape = (1, 1, -1)
        return {
            CROSS: AttentionRecord(
                energies=_array(attended.energies).reshape(shape),
                mask=self._mask,
                window=_array(attended.window).reshape(shape),
                alpha=_array(attended.alpha).reshape(shape),
                draw=draw.reshape(1, 1),
                sampled=_array(attended.sampled).reshape(1, 1),
                # (B,), or (B, 2) on a grid: one row becomes one layer and one head.
                center=None if attended.center is None else _array(attended.center)[np.newaxis],
                half_width=attended.half_width,
                unedited=(
                    None if attended.unedited is None else _array(attended.unedited).reshape(shape)
                ),
            )
        }

    def _readings(
        self, stepped: Stepped, log_probs: Tensor, top: _Top, token: int
    ) -> dict[str, Reading]:
        logs = _array(log_probs)
        chosen = logs[:, token].tolist()
        # p log p is 0 where p is, but 0 · −inf is not: any finite number does in its place.
        entropies = (-np.vecdot(np.exp(logs), np.maximum(logs, LOWEST))).tolist()
        return {
            name: self._reading(advanced, top, row, chosen[row], entropies[row])
            for row, (name, advanced) in enumerate(stepped.readings.items())
        }

    def _reading(
        self, advanced: Advanced, top: _Top, row: int, log_prob: float, entropy: float
    ) -> Reading:
        ids, values = top
        return Reading(
            context=_array(advanced.context)[0],
            state=_array(advanced.state.hidden)[0],
            top_ids=ids[row],
            top_tokens=tuple(map(self._label, ids[row].tolist())),
            top_log_probs=values[row],
            log_prob=log_prob,
            entropy=entropy,
            gates={name: _array(values)[0] for name, values in advanced.gates.items()},
        )

    def _tensor(self, draw: FloatArray) -> Tensor:
        tensor = torch.from_numpy(draw)
        return tensor if self._device.type == "cpu" else tensor.to(self._device)


def _array(tensor: Tensor) -> NDArray[Any]:
    """A tensor as numpy; on the CPU without a copy, since a step's tensors are its own."""
    return (tensor if tensor.is_cpu else tensor.cpu()).numpy()


def _versions(device: torch.device) -> dict[str, str]:
    """What a number that differs elsewhere may come from."""
    versions = {
        "attn_desktop": VERSION,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "machine": platform.machine(),
    }
    if device.type == "cuda":
        versions["gpu"] = torch.cuda.get_device_name(device)
    return versions
