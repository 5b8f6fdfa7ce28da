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

from attn_desktop.attention.attend import Attended, Memory
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.decoding import draws
from attn_desktop.decoding.choosers import choose, log_probabilities
from attn_desktop.families.base import Family, Prepared
from attn_desktop.trace.run_tree import Choice

#: Padded source positions a batch.
BATCH_POSITIONS = 8192


@dataclass(frozen=True, eq=False)
class Looks:
    """Where the T steps of an output looked. alpha: (T, S).

    sampled: (T,) with hard weighting, the position whose annotation was the context; else None.
    """

    alpha: NDArray[np.float32]
    sampled: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Output:
    """What one input became. tokens: ids without the end token. log_prob: of all of them.

    ended: False where the step limit cut the output off. looks: where it was asked for and the
    mode has attention.
    """

    tokens: tuple[int, ...]
    log_prob: float
    ended: bool
    looks: Looks | None = None


def step_limit(model: Family, source_length: int, asked: int | None = None) -> int:
    """Steps after which an output that has not ended is cut off: `asked`, or what usually suffices.

    source_length: S. Raises InputError where less than one step is asked for.
    """
    if asked is None:
        return model.usual_steps(source_length)
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
    looks: bool = False,
) -> list[Output]:
    """Decode every input, in the order given.

    reading: the context that is used, `soft`, `hard` or `argmax`; None for the mode's weighting.
    Draws of input i are those of row i for the choice's seed, whatever the batches.
    max_steps: None for `step_limit` of each input. on_batch: told how many are done so far.
    looks: whether to keep where each step looked.
    """
    model.check_mode(mode)
    reading = reading or mode.weighting
    order = sorted(range(len(inputs)), key=lambda row: len(inputs[row].labels))
    outputs: dict[int, Output] = {}
    while order:
        longest_first = order[::-1]
        count = max(1, BATCH_POSITIONS // len(inputs[longest_first[0]].labels))
        rows = longest_first[:count]
        order = order[: len(order) - len(rows)]
        with torch.inference_mode():
            memory = model.encode([inputs[row].inputs for row in rows])
        limits = [step_limit(model, len(inputs[row].labels), max_steps) for row in rows]
        batch = decode_encoded(model, memory, mode, choice, reading, limits, rows, looks)
        outputs.update(zip(rows, batch, strict=True))
        on_batch(len(outputs))
    return [outputs[row] for row in range(len(inputs))]


@torch.inference_mode()
def decode_encoded(
    model: Family,
    memory: Memory,
    mode: Mode,
    choice: Choice,
    reading: str,
    limits: Sequence[int],
    rows: Sequence[int],
    looks: bool = False,
) -> list[Output]:
    """Decode every row of a memory, in its order, as one batch.

    limits: the last step of each. rows: their numbers, which their draws go by.
    """
    state = model.start(memory)
    last = torch.tensor(limits)
    indices = np.array(rows)
    tokens = torch.full((len(rows),), model.start_id, device=model.device)
    totals = torch.zeros(len(rows), dtype=torch.float64)
    written: list[list[int]] = [[] for _ in rows]
    looked: list[list[Looks]] = [[] for _ in rows]
    alive = torch.arange(len(rows))
    outputs: dict[int, Output] = {}  # by place in the batch
    t = 0
    while len(alive):
        t += 1
        previous = model.embed(tokens)
        draw = _draws(choice, draws.ATTENTION, t, indices, model)
        stepped = model.step(memory, state, previous, mode, t, draw, (reading,))
        (advanced,) = stepped.readings.values()  # without attention the one reading is `soft`
        state = advanced.state
        if looks:
            for place, look in zip(alive.tolist(), _looks(stepped.attended), strict=False):
                looked[place].append(look)
        logits = model.readout(state.hidden, advanced.context, previous)
        log_probs = log_probabilities(logits, model.never_chosen)
        tokens = choose(log_probs, choice, partial(_draws, choice, draws.TOKEN, t, indices, model))
        totals[alive] += log_probs.gather(1, tokens.unsqueeze(1)).squeeze(1).double().cpu()
        chosen = tokens.tolist()
        ended = torch.tensor([model.ends(token, t) for token in chosen], dtype=torch.bool)
        over = ended | (t >= last[alive])
        for place, token in zip(alive.tolist(), chosen, strict=True):
            if token != model.end_id:
                written[place].append(token)
        for place, end in zip(alive[over].tolist(), ended[over].tolist(), strict=True):
            outputs[place] = Output(
                tuple(written[place]), float(totals[place]), end, _joined(looked[place])
            )
        if over.any():
            kept = (~over).nonzero().squeeze(1)
            alive, indices = alive[kept], indices[kept.numpy()]
            on_device = kept.to(model.device)
            tokens, state = tokens[on_device], state.rows(on_device)
            memory = memory.rows(on_device)
    return [outputs[place] for place in range(len(rows))]


def _looks(attended: Attended) -> list[Looks]:
    """One step of each row; none without attention."""
    if attended.alpha is None:
        return []
    alphas = attended.alpha.float().cpu().numpy()
    if attended.sampled is None:
        return [Looks(alpha[None]) for alpha in alphas]
    positions = attended.sampled.cpu().numpy()
    return [Looks(a[None], k[None]) for a, k in zip(alphas, positions, strict=True)]


def _joined(steps: Sequence[Looks]) -> Looks | None:
    if not steps:
        return None
    sampled = [step.sampled for step in steps if step.sampled is not None]
    return Looks(
        np.concatenate([step.alpha for step in steps]),
        np.concatenate(sampled) if sampled else None,
    )


def _draws(
    choice: Choice, purpose: int, t: int, indices: NDArray[np.int64], model: Family
) -> Tensor:
    if not len(indices):
        return torch.zeros(0, device=model.device)
    numbers = draws.uniform(choice.seed, purpose, t, rows=int(indices.max()) + 1)
    return torch.from_numpy(numbers[indices]).to(model.device)
