"""Many inputs at once, through the very `step` and `readout` that the stepper uses.

Inputs are sorted by length and decoded in batches; rows that have ended leave the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.decoding import draws
from attn_desktop.decoding.choosers import choose, log_probabilities
from attn_desktop.families.base import Family, Prepared
from attn_desktop.trace.run_tree import Choice

#: Padded source positions a batch.
BATCH_POSITIONS = 8192


@dataclass(frozen=True)
class Output:
    """What one input became. tokens: ids without the end token. log_prob: of all of them.

    ended: False where the step limit cut the output off.
    """

    tokens: tuple[int, ...]
    log_prob: float
    ended: bool


def step_limit(source_length: int, asked: int | None = None) -> int:
    """Steps after which an output that has not ended is cut off: `asked`, or what usually suffices.

    Raises InputError where less than one step is asked for.
    """
    if asked is None:
        return 2 * source_length + 20
    if asked < 1:
        raise InputError(f"the number of steps must be at least 1, not {asked}")
    return asked


def decode_corpus(
    model: Family,
    inputs: Sequence[Prepared],
    mode: Mode,
    choice: Choice,
    reading: str | None = None,
    max_steps: int | None = None,
    on_batch: Callable[[int], None] = lambda count: None,
) -> list[Output]:
    """Decode every input, in the order given.

    reading: the context that is used, `soft`, `hard` or `argmax`; None for the mode's weighting.
    Draws of input i are those of row i for the choice's seed, whatever the batches.
    max_steps: None for `step_limit` of each input. on_batch: told how many are done so far.
    """
    model.check_mode(mode)
    reading = reading or mode.weighting
    order = sorted(range(len(inputs)), key=lambda row: len(inputs[row].ids))
    outputs: dict[int, Output] = {}
    while order:
        longest_first = order[::-1]
        count = max(1, BATCH_POSITIONS // len(inputs[longest_first[0]].ids))
        rows = longest_first[:count]
        order = order[: len(order) - len(rows)]
        outputs.update(_decode_batch(model, inputs, rows, mode, choice, reading, max_steps))
        on_batch(len(outputs))
    return [outputs[row] for row in range(len(inputs))]


@torch.inference_mode()
def _decode_batch(
    model: Family,
    inputs: Sequence[Prepared],
    rows: list[int],
    mode: Mode,
    choice: Choice,
    reading: str,
    max_steps: int | None,
) -> dict[int, Output]:
    memory = model.encode([inputs[row].ids for row in rows])
    state = model.start(memory)
    limits = torch.tensor([step_limit(len(inputs[row].ids), max_steps) for row in rows])
    indices = np.array(rows)
    tokens = torch.full((len(rows),), model.start_id, device=model.device)
    totals = torch.zeros(len(rows), dtype=torch.float64)
    written: list[list[int]] = [[] for _ in rows]
    alive = torch.arange(len(rows))
    outputs: dict[int, Output] = {}
    t = 0
    while len(alive):
        t += 1
        previous = model.embed(tokens)
        draw = _draws(choice, draws.ATTENTION, t, indices, model)
        stepped = model.step(memory, state, previous, mode, t, draw, (reading,))
        (advanced,) = stepped.readings.values()  # without attention the one reading is `soft`
        state = advanced.state
        logits = model.readout(state.hidden, advanced.context, previous)
        log_probs = log_probabilities(logits, model.never_chosen)
        tokens = choose(log_probs, choice, partial(_draws, choice, draws.TOKEN, t, indices, model))
        totals[alive] += log_probs.gather(1, tokens.unsqueeze(1)).squeeze(1).double().cpu()
        ended = (tokens == model.end_id).cpu()
        over = ended | (t >= limits[alive])
        for place, token, end in zip(alive.tolist(), tokens.tolist(), ended.tolist(), strict=True):
            if not end:
                written[place].append(token)
        for place, end in zip(alive[over].tolist(), ended[over].tolist(), strict=True):
            outputs[rows[place]] = Output(tuple(written[place]), float(totals[place]), end)
        if over.any():
            kept = (~over).nonzero().squeeze(1)
            alive, indices = alive[kept], indices[kept.numpy()]
            on_device = kept.to(model.device)
            tokens, state = tokens[on_device], state.rows(on_device)
            memory = memory.rows(on_device)
    return outputs


def _draws(
    choice: Choice, purpose: int, t: int, indices: NDArray[np.int64], model: Family
) -> Tensor:
    if not len(indices):
        return torch.zeros(0, device=model.device)
    numbers = draws.uniform(choice.seed, purpose, t, rows=int(indices.max()) + 1)
    return torch.from_numpy(numbers[indices]).to(model.device)
