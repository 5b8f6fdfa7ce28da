"""The arithmetic of one step: the numbers between the records that only the weights know.

What a `StepRecord` holds is left out but where the sums have to end in it; the window shows both
together. Shapes: n terms of one energy, S source positions, K listed tokens, V target vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attn_desktop.attention.scopes import LocalPredictive
from attn_desktop.attention.scores import SCORES
from attn_desktop.common.errors import InputError
from attn_desktop.decoding import draws
from attn_desktop.decoding.choosers import log_probabilities, tempered
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import PROBES
from attn_desktop.decoding.repeat import step_again
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.families.base import Family
from attn_desktop.families.cells import Cell
from attn_desktop.trace.numbers import is_whole
from attn_desktop.trace.records import ProbeRecord, StepRecord
from attn_desktop.trace.run_tree import Choice, Node

KIND = "arithmetic"
_POSITION = "position"

_Arrays = dict[str, NDArray[Any]]


@torch.inference_mode()
def probe_arithmetic(
    positions: Positions, path: Sequence[Node], settings: Mapping[str, Any]
) -> Iterator[ProbeRecord]:
    """The arithmetic of the step that `path` ends in, for one source position.

    settings: `position` j, from 0; it may be left out where the mode has no attention.

    The record's settings: `position`; `score` and `scope`, their `score_formula`, `score_source`,
    `scope_formula`, `scope_source`; `factors`, names of left and right; `projected`, whether s and
    h are projected first (all of these only with attention); `cell` and `cell_formulas`;
    `reading`, the one that gave the token; `token` and `top_tokens`, labels; `choice`: how,
    temperature, top_k and top_p.

    Its arrays: `left`, `right` (n,), whose products sum to e_tj, and `energies` (S,);
    `center_logit`, `center_share` (1,): x and sigmoid(x) in p_t = S · sigmoid(x), for local-p only,
    and (2,) on a grid, for its row and its column;
    `logit` (1,) of y_t, `log_sum_exp` (1,) over all tokens that may be chosen, `top_ids` and
    `logits` (K,) of the likeliest. For a token that was drawn: `draw` (1,) u; `shares` (K,) of the
    likeliest, after temperature, top-k and top-p, and `chosen_range` (2,) of their running sum,
    within which u lies.
    """
    if not path:
        raise InputError("there is no arithmetic before the first step")
    stepper, node = positions.stepper, path[-1]
    before = positions.after(path[:-1])
    step = step_again(stepper, before, node)
    told: dict[str, Any] = {_POSITION: None}
    arrays: _Arrays = {}
    if node.mode.attends:
        position = _position(settings, len(stepper.run.source))
        told |= {_POSITION: position} | _about_attention(stepper, node)
        arrays |= _energy(stepper, before, node, position)
        assert step.cross is not None
        arrays["energies"] = step.cross.energies[0, 0].copy()
        arrays |= _center(stepper, before, node)
    logits = _logits(stepper, before, step)
    arrays |= _readout(stepper.model, step, logits)
    if node.choice.how == "sampled":
        arrays |= _drawn(stepper.model, step, logits, node.choice)
    cell = _cell(stepper.model)
    told |= {
        "cell": None if cell is None else cell.name,
        "cell_formulas": [] if cell is None else list(cell.formulas),
        "reading": node.mode.weighting,
        "token": step.token,
        "top_tokens": list(step.active.top_tokens),
        "choice": {
            "how": node.choice.how,
            "temperature": node.choice.temperature,
            "top_k": node.choice.top_k,
            "top_p": node.choice.top_p,
        },
    }
    yield ProbeRecord(node.id, KIND, told, arrays)


def _position(settings: Mapping[str, Any], length: int) -> int:
    """j as it came from outside; InputError, naming it, for one that cannot be."""
    position: Any = settings.get(_POSITION)
    if not is_whole(position) or not 0 <= position < length:
        raise InputError(
            f"position must be a whole number from 0 to {length - 1}, not {position!r}"
        )
    return int(position)


# -- attention --------------------------------------------------------------------------------


def _about_attention(stepper: Stepper, node: Node) -> dict[str, Any]:
    score, scope = SCORES[node.mode.score], stepper.model.attention.scope(node.mode.scope)
    return {
        "score": score.name,
        "score_formula": score.formula,
        "score_source": score.source,
        "factors": list(score.factor_names),
        "projected": stepper.model.attention.score(node.mode.score).query_projection is not None,
        "scope": scope.name,
        "scope_formula": scope.formula,
        "scope_source": scope.source,
    }


def _energy(stepper: Stepper, before: Position, node: Node, position: int) -> _Arrays:
    # The step that was made again has left there what the score makes of the annotations.
    prepared = stepper.memory.prepared[node.mode.score][0]
    query = stepper.query(before)[0]
    left, right = stepper.model.attention.score(node.mode.score).factors(query, prepared, position)
    return {"left": _array(left), "right": _array(right)}


def _center(stepper: Stepper, before: Position, node: Node) -> _Arrays:
    scope = stepper.model.attention.scope(node.mode.scope)
    if not isinstance(scope, LocalPredictive):
        return {}
    logit = scope.predict(stepper.query(before)).flatten()
    return {"center_logit": _array(logit), "center_share": _array(torch.sigmoid(logit))}


# -- output -----------------------------------------------------------------------------------


def _logits(stepper: Stepper, before: Position, step: StepRecord) -> Tensor:
    """Logits (V,) of the reading that gave the token, computed beside the other one, as then."""
    model = stepper.model
    readings = list(step.readings.values())

    def rows(vectors: Sequence[NDArray[Any]]) -> Tensor:
        return torch.from_numpy(np.stack(vectors)).to(model.device)

    previous = model.embed(torch.tensor([before.token], device=model.device))
    logits = model.readout(
        rows([reading.state for reading in readings]),
        rows([reading.context for reading in readings]),
        previous.expand(len(readings), -1),
    )
    return logits[list(step.readings).index(step.mode.weighting)]


def _readout(model: Family, step: StepRecord, logits: Tensor) -> _Arrays:
    choosable = logits.clone()
    choosable[list(model.never_chosen)] = -torch.inf
    top = step.active.top_ids
    return {
        "logit": _array(logits[[step.token_id]]),
        "log_sum_exp": _array(torch.logsumexp(choosable, dim=0, keepdim=True)),
        "top_ids": top.copy(),
        "logits": _array(logits[top.tolist()]),
    }


def _drawn(model: Family, step: StepRecord, logits: Tensor, choice: Choice) -> _Arrays:
    """How u picked the token: where on the running sum of the shares it lies."""
    log_probs = log_probabilities(logits[None].clone(), model.never_chosen)
    shares, order = (rows[0] for rows in tempered(log_probs, choice))
    shares = shares / shares.sum()
    ends = shares.cumsum(dim=0)
    rank = int((order == step.token_id).nonzero()[0, 0])
    shares_of = dict(zip(order.tolist(), shares.tolist(), strict=True))
    return {
        "draw": draws.uniform(choice.seed, draws.TOKEN, step.t),
        "shares": np.array([shares_of[token] for token in step.active.top_ids.tolist()]),
        "chosen_range": np.array([float(ends[rank] - shares[rank]), float(ends[rank])]),
    }


def _cell(model: Family) -> Cell | None:
    """The recurrent cell of the decoder, where the family has one."""
    return next((module for module in model.modules() if isinstance(module, Cell)), None)


def _array(tensor: Tensor) -> NDArray[Any]:
    """A copy: what a record holds is frozen, and weights are not."""
    return tensor.detach().cpu().numpy().copy()


PROBES.add(KIND, probe_arithmetic)
