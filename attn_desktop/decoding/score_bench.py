"""The score bench: every score of a checkpoint on the same state s_{t-1} and the same h_j.

The records of a step hold what one score made of it; here all of them do, in the scope and the
weighting of that step, and each says which token would come next. Shapes: R scores, S source
positions, H size of the annotations, K listed tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from attn_desktop.attention.attend import UNTOUCHED, Attended
from attn_desktop.attention.scores import SCORES, Dot, General
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.decoding import draws
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import PROBES
from attn_desktop.decoding.readings import context_log_probs
from attn_desktop.families.base import Family
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Node

KIND = "scores"
TOP_TOKENS = 5


@torch.inference_mode()
def probe_scores(
    positions: Positions, path: Sequence[Node], settings: Mapping[str, Any]
) -> Iterator[ProbeRecord]:
    """What each score of the checkpoint makes of the step that `path` ends in.

    settings: none. As the model has it, without the edits of the step. The scope, the weighting
    and u are the step's own; without attention they are global and soft.

    The record's settings: `scope`, `weighting`; `scores` (their names, the order of every first
    axis), `formulas`, `sources`, `trained` (whether the checkpoint learnt it in this scope and
    weighting) and `unscaled` (whether it is a dot product that √n has not divided); `dimension`:
    n; `top_tokens`, the labels of top_ids.

    Its arrays: `energies`, `alpha` (R, S), `window` (R, S) bool; `contexts` (R, H), of the
    weighting; `sampled` (R,): k by the u of the step; `top_ids`, `top_log_probs` (R, K), best
    first; `log_prob` (R,) of the token that the step took; `draw` (1,): u; of a local scope
    `center` (1,) p_t, on a grid (2,), and `half_width` (1,) D.
    """
    if not path:
        raise InputError("there is nothing to score before the first step")
    stepper, node = positions.stepper, path[-1]
    before, model = positions.after(path[:-1]), stepper.model
    query = stepper.query(before)
    base = node.mode if node.mode.attends else Mode()
    names = [name for name in SCORES if name in model.attention.scores]
    if not names:
        raise InputError("this checkpoint has no score to compare: it has no attention")
    modes = [replace(base, score=name) for name in names]
    draw = torch.from_numpy(draws.uniform(node.choice.seed, draws.ATTENTION, node.t))
    looks = [
        model.attention(stepper.memory, query, mode, node.t, draw.to(model.device))
        for mode in modes
    ]
    contexts = torch.cat([look.contexts[base.weighting] for look in looks])
    log_probs = context_log_probs(stepper, before, UNTOUCHED, contexts)
    choosable = log_probs.shape[1] - len(model.never_chosen)
    top_log_probs, top_ids = torch.topk(log_probs, min(TOP_TOKENS, choosable), dim=1)
    tensors = {
        "energies": _rows(looks, "energies"),
        "window": _rows(looks, "window"),
        "alpha": _rows(looks, "alpha"),
        "contexts": contexts,
        "sampled": _rows(looks, "sampled"),
        "top_ids": top_ids,
        "top_log_probs": top_log_probs,
        "log_prob": log_probs[:, node.token_id],
        "draw": draw,
    }
    first = looks[0]
    if first.center is not None:
        tensors["center"] = first.center.flatten()
        tensors["half_width"] = first.center.new_tensor([first.half_width])
    kinds = [SCORES[name] for name in names]
    yield ProbeRecord(
        node=node.id,
        kind=KIND,
        settings={
            "scope": base.scope,
            "weighting": base.weighting,
            "scores": names,
            "formulas": [kind.formula for kind in kinds],
            "sources": [kind.source for kind in kinds],
            "trained": [model.is_trained(mode) for mode in modes],
            "unscaled": [issubclass(kind, (Dot, General)) for kind in kinds],
            "dimension": _dimension(model, names[0], query),
            "top_tokens": [[model.token_label(id) for id in row] for row in top_ids.tolist()],
        },
        arrays={name: tensor.cpu().numpy() for name, tensor in tensors.items()},
    )


def _rows(looks: Sequence[Attended], name: str) -> Tensor:
    return torch.cat([getattr(look, name) for look in looks])


def _dimension(model: Family, score: str, query: Tensor) -> int:
    """n: how many products a dot product sums, which is the size of the query that it sees."""
    projection = model.attention.score(score).query_projection
    return query.shape[1] if projection is None else projection.out_features


PROBES.add(KIND, probe_scores)
