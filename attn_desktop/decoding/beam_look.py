"""One step of beam search in the model: what each hypothesis could go on with.

Shapes: R hypotheses, of one search or of several side by side, S source positions, V target
vocabulary, K likeliest tokens of a hypothesis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from attn_desktop.attention.attend import UNTOUCHED, Intervention, Memory
from attn_desktop.common.mode import Mode
from attn_desktop.decoding import draws
from attn_desktop.decoding.choosers import log_probabilities
from attn_desktop.decoding.hypotheses import BeamSettings, Floats, Ints
from attn_desktop.families.base import Family
from attn_desktop.families.cells import State


@dataclass(frozen=True, eq=False)
class Looked:
    """A step of R live hypotheses: α and u, s_t, and the likeliest tokens of each (R, K)."""

    alpha: Tensor | None
    draw: Tensor
    state: State
    tokens: Ints
    log_probs: Floats


@torch.inference_mode()
def look(
    model: Family,
    memory: Memory,
    state: State,
    last: Sequence[int],
    mode: Mode,
    t: int,
    settings: BeamSettings,
    intervention: Intervention = UNTOUCHED,
) -> Looked:
    """Step t of R hypotheses: memory and s_{t-1} of R rows, y_{t-1} of each in `last`."""
    previous = model.embed(torch.tensor(last, device=model.device))
    u = torch.from_numpy(draws.uniform(settings.seed, draws.ATTENTION, t)).to(model.device)
    draw = u.expand(len(last))
    reading = settings.read_in(mode)
    stepped = model.step(memory, state, previous, mode, t, draw, (reading,), intervention)
    (advanced,) = stepped.readings.values()  # without attention the one reading is `soft`
    logits = model.readout(advanced.state.hidden, advanced.context, previous)
    # No more of a hypothesis can be in the beam or shown, however large the vocabulary.
    log_probs, tokens = torch.topk(
        log_probabilities(logits, model.never_chosen), min(2 * settings.width, logits.shape[1])
    )
    return Looked(
        stepped.attended.alpha,
        draw,
        advanced.state,
        tokens.cpu().numpy(),
        log_probs.double().cpu().numpy(),
    )
