"""Beam searches of many inputs side by side: the steps of `beam_search`, one batch for all.

Shapes: B inputs, W the width of the beam, B · W rows; a search with fewer live hypotheses repeats
its first, and what comes of that is not looked at.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attn_desktop.attention.attend import Memory
from attn_desktop.common.mode import Mode
from attn_desktop.decoding.beam import Search
from attn_desktop.decoding.beam_look import Looked, look
from attn_desktop.decoding.hypotheses import BeamSettings, Hypothesis, Prefix
from attn_desktop.families.base import Family
from attn_desktop.families.cells import State

#: Source positions of all rows of a batch, which bounds its memory.
BATCH_POSITIONS = 1 << 14


def beam_searches(
    model: Family, memory: Memory, mode: Mode, settings: BeamSettings
) -> list[Hypothesis]:
    """The best hypothesis of each of the inputs, whose sources are of one length: all of it real.

    As `beam_search` finds them, but for the rounding of larger products.
    Raises InputError for a mode that the model does not have.
    """
    model.check_mode(mode)
    inputs, length = memory.states.shape[:2]
    at_once = max(1, BATCH_POSITIONS // (settings.width * length))
    found = []
    for first in range(0, inputs, at_once):
        part = torch.arange(first, min(first + at_once, inputs), device=memory.states.device)
        found += _side_by_side(model, memory.rows(part), mode, settings)
    return found


@torch.inference_mode()
def _side_by_side(
    model: Family, memory: Memory, mode: Mode, settings: BeamSettings
) -> list[Hypothesis]:
    device, width = memory.states.device, settings.width
    places = torch.arange(len(memory.states), device=device)
    start = model.start(memory)
    searches = {
        place: Search(
            model,
            memory.rows(places[place : place + 1]),
            mode,
            settings,
            Prefix(state=start.rows(places[place : place + 1])),
        )
        for place in places.tolist()
    }
    best: dict[int, Hypothesis] = {}
    rows = memory.rows(places.repeat_interleave(width))
    t = 0
    while searches:
        t += 1
        last = [search.last_tokens() for search in searches.values()]
        state = _joined([_padded(search.state, width) for search in searches.values()])
        tokens = [token for live in last for token in live + live[:1] * (width - len(live))]
        looked = look(model, rows, state, tokens, mode, t, settings)
        going = []
        for index, (place, search) in enumerate(list(searches.items())):
            expansion = search.take(_part(looked, index * width, len(last[index])))
            for hypothesis in expansion.finished:
                # Of equals the one that was found first stays.
                if place not in best or hypothesis.score > best[place].score:
                    best[place] = hypothesis
            if expansion.last:
                del searches[place]
            else:
                going.append(index)
        if len(going) < len(last):
            kept = torch.tensor(going, dtype=torch.long, device=device).unsqueeze(1) * width
            rows = rows.rows((kept + torch.arange(width, device=device)).flatten())
    return [best[place] for place in places.tolist()]


def _padded(state: State, width: int) -> State:
    """W rows, of which those past the live ones repeat the first."""
    live = len(state.hidden)
    if live == width:
        return state
    index = torch.arange(width, device=state.hidden.device)
    return state.rows(torch.where(index < live, index, 0))


def _joined(states: list[State]) -> State:
    cells = [state.cell for state in states if state.cell is not None]
    return State(torch.cat([state.hidden for state in states]), torch.cat(cells) if cells else None)


def _part(looked: Looked, first: int, count: int) -> Looked:
    own = slice(first, first + count)
    alpha: Tensor | None = None if looked.alpha is None else looked.alpha[own]
    cell = looked.state.cell
    return Looked(
        alpha,
        looked.draw[own],
        State(looked.state.hidden[own], None if cell is None else cell[own]),
        looked.tokens[own],
        looked.log_probs[own],
    )
