"""What each source position would say alone: p(y | h_j) for all j, where soft attention averages.

The state advances with c = h_j in place of c_t, for every j in one batch; Σ_j α_j p(y | h_j) is
then the expected reading of the step (Xu et al. 2015, equation 10, marginalised exactly).
Shapes: S source positions, V target vocabulary, K listed tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from attn_desktop.analysis.each_position import KIND
from attn_desktop.common.errors import InputError
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import PROBES
from attn_desktop.decoding.readings import jensen_shannon, position_log_probs
from attn_desktop.decoding.repeat import step_again
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Node

TOP_TOKENS = 5


@torch.inference_mode()
def probe_each_position(
    positions: Positions, path: Sequence[Node], settings: Mapping[str, Any]
) -> Iterator[ProbeRecord]:
    """What each position alone makes of the step that `path` ends in, masked ones too.

    settings: none. Edits of the step's context and state are made to each of them. Raises
    InputError before the first step and for a step without attention.

    The record's settings: `top_tokens`, the labels of top_ids; `token_id` and `token` of y_t. Its
    arrays: `top_ids`, `top_log_probs` (S, K), best first; `log_prob` (S,) of y_t; `entropy` (S,);
    `js` (S,), Jensen–Shannon from the soft reading. Nats throughout.
    """
    if not path:
        raise InputError("no position says anything before the first step; go to a step")
    stepper, node = positions.stepper, path[-1]
    if not node.mode.attends:
        raise InputError(
            f"step {node.t} has no attention, thus no position that it could look at alone; "
            "choose a step with a score"
        )
    before = positions.after(path[:-1])
    step = step_again(stepper, before, node)
    model, states = stepper.model, stepper.memory.states[0]
    every = torch.arange(len(states), device=states.device)
    logs = position_log_probs(stepper, before, step, every)
    p = torch.softmax(logs.double(), dim=1)
    soft, single = logs[0], logs[1:]
    choosable = len(soft) - len(model.never_chosen)
    top_log_probs, top_ids = torch.topk(single, min(TOP_TOKENS, choosable), dim=1)
    tensors = {
        "top_ids": top_ids,
        "top_log_probs": top_log_probs,
        "log_prob": single[:, node.token_id],
        "entropy": torch.special.entr(p[1:]).sum(dim=1),
        "js": jensen_shannon(p[1:], p[:1]),
    }
    yield ProbeRecord(
        node=node.id,
        kind=KIND,
        settings={
            "top_tokens": [[model.token_label(id) for id in row] for row in top_ids.tolist()],
            "token_id": node.token_id,
            "token": step.token,
        },
        arrays={name: tensor.cpu().numpy() for name, tensor in tensors.items()},
    )


PROBES.add(KIND, probe_each_position)
