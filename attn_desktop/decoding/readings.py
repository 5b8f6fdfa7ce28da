"""The four readings of one step, side by side: what averaging, drawing and mixing each predict.

With α over the positions k and p(y | c) for what the decoder makes of the context c:

- soft      p(y | Σ_k α_k h_k)       (Bahdanau et al. 2015, equation 5)
- sampled   p(y | h_k), k ~ α        (Xu et al. 2015, equations 8 and 9)
- argmax    p(y | h_k), k = argmax α, the usual deterministic stand-in for a draw
- expected  Σ_k α_k p(y | h_k)       (Xu et al. 2015, equation 10, marginalised exactly)

E[c] of the drawn context is the soft context, yet soft and expected differ, since p is not linear
in c. Shapes: B source positions with α > 0, V target vocabulary, K listed tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attn_desktop.attention.attend import Intervention
from attn_desktop.common.mode import SOFT
from attn_desktop.decoding.choosers import log_probabilities
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.trace.records import ProbeRecord, StepRecord

KIND = "readings"
READINGS = ("soft", "sampled", "argmax", "expected")
TOP_TOKENS = 10


@torch.inference_mode()
def probe_readings(stepper: Stepper, before: Position, step: StepRecord) -> ProbeRecord | None:
    """The four readings of `step`, which `stepper` made from `before`; None without attention.

    settings: `readings` (their names, the order of every first axis), `top_tokens` (the labels of
    top_ids), `chosen` (the label of y_t). arrays: `top_ids`, `top_log_probs` (4, K), best first;
    `log_prob` (4,) of y_t; `entropy` (4,); `kl` (4, 4), KL(a‖b) in row a, `js` (4, 4) and `tv`
    (4, 4), between the whole distributions; `argmax_position` (1,). Nats throughout, but tv is a
    share.
    """
    cross = step.cross
    if cross is None:
        return None
    # Copied: torch warns of arrays that are read-only.
    alpha = torch.tensor(cross.alpha[0, 0], device=stepper.memory.states.device)
    sampled, argmax = int(cross.sampled[0, 0]), int(cross.alpha[0, 0].argmax())
    looked = alpha > 0
    looked[[sampled, argmax]] = True  # one that an edit picked may have no α; nor has any of NaN
    looked_at = looked.nonzero().squeeze(1)
    logs = position_log_probs(stepper, before, step, looked_at)
    soft, single = logs[0], logs[1:]
    rows = looked_at.tolist()
    expected = torch.logsumexp(single + alpha[looked_at].log().unsqueeze(1), dim=0)
    four = torch.stack([soft, single[rows.index(sampled)], single[rows.index(argmax)], expected])
    choosable = four.shape[1] - len(stepper.model.never_chosen)
    top_log_probs, top_ids = torch.topk(four, min(TOP_TOKENS, choosable), dim=1)
    entropy, kl, js, tv = divergences(four)
    label = stepper.model.token_label
    return ProbeRecord(
        node=step.node,
        kind=KIND,
        settings={
            "readings": list(READINGS),
            "top_tokens": [[label(token) for token in row] for row in top_ids.tolist()],
            "chosen": step.token,
        },
        arrays={
            "top_ids": top_ids.cpu().numpy(),
            "top_log_probs": top_log_probs.cpu().numpy(),
            "log_prob": four[:, step.token_id].cpu().numpy(),
            "entropy": entropy.cpu().numpy(),
            "kl": kl.cpu().numpy(),
            "js": js.cpu().numpy(),
            "tv": tv.cpu().numpy(),
            "argmax_position": cross.alpha[0, 0].argmax(keepdims=True),
        },
    )


def divergences(log_probs: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Entropy (R,), KL, JS and TV (R, R) of R distributions given as log p (R, V), in float64.

    KL(a‖b) = Σ_y a log (a / b) (Kullback and Leibler 1951), in row a and column b, in nats;
    TV(a, b) = ½ Σ_y |a − b|, from 0 to 1: the probability that would have to be moved. A token is
    −inf in every row or in none.
    """
    logs = torch.log_softmax(log_probs.double(), dim=1)
    p = logs.exp()
    # p log p is 0 where p is, but 0 · −inf is not: any finite number does in its place.
    cross_entropy = -(p @ logs.clamp(min=torch.finfo(logs.dtype).min).T)
    entropy = cross_entropy.diagonal()
    kl = (cross_entropy - entropy.unsqueeze(1)).clamp(min=0.0)
    js, tv = torch.zeros_like(kl), torch.zeros_like(kl)
    a, b = torch.triu_indices(len(p), len(p), 1, device=p.device)
    js[a, b] = js[b, a] = jensen_shannon(p[a], p[b])
    tv[a, b] = tv[b, a] = (p[a] - p[b]).abs().sum(dim=1) / 2
    return entropy, kl, js, tv


def jensen_shannon(p: Tensor, q: Tensor) -> Tensor:
    """JS of distributions (R, V) row by row, (R,), in nats; one may be (1, V), for all rows.

    JS(a, b) = H((a + b) / 2) − (H(a) + H(b)) / 2, from 0 to log 2 (Lin 1991).
    """
    middle, first, second = (torch.special.entr(own).sum(dim=1) for own in ((p + q) / 2, p, q))
    divergence: Tensor = middle - (first + second) / 2
    return divergence.clamp(min=0.0)


def position_log_probs(
    stepper: Stepper, before: Position, step: StepRecord, looked_at: Tensor
) -> Tensor:
    """log p(y | c) for the soft context, then for h_k of each position (B,): (1 + B, V).

    Edits of the step's context and state are made to each of them.
    """
    states = stepper.memory.states[0]
    soft = torch.tensor(step.readings[SOFT].context, device=states.device)
    change, single = stepper.intervention(step.mode, step.edits), states[looked_at]
    if change.context is not None:
        single = change.context(single)
    return context_log_probs(stepper, before, change, torch.cat([soft.unsqueeze(0), single]))


def context_log_probs(
    stepper: Stepper, before: Position, change: Intervention, contexts: Tensor
) -> Tensor:
    """log p(y | c) of each context (B, H) in the step after `before`, as one batch: (B, V).

    change: what an edit does to the state; contexts are taken as they are.
    """
    model = stepper.model
    rows = torch.zeros(len(contexts), dtype=torch.int64, device=contexts.device)
    previous = model.embed(torch.tensor([before.token], device=contexts.device))[rows]
    state, _ = model.advance(before.state.rows(rows), previous, contexts)
    hidden = state.hidden if change.state is None else change.state(state.hidden)
    logits = model.readout(hidden, contexts, previous)
    return log_probabilities(logits, model.never_chosen)
