"""The arithmetic of the output: from logits to log p, and how the token was picked."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from attn_desktop.analysis.candidates import probability
from attn_desktop.analysis.labels import candidate_label
from attn_desktop.gui.formula_markup import literal, prose
from attn_desktop.gui.formula_page import (
    Block,
    Check,
    Column,
    Floats,
    Page,
    agrees,
    equation,
    factor,
    number,
    number_text,
    share,
)
from attn_desktop.gui.formula_probe import Arithmetic
from attn_desktop.gui.formula_step import FormulaStep, asking

TOKEN = "\\target{y}"
LOGITS = f"log p({TOKEN}) = ℓ({TOKEN}) − log Σ_{{y'}} exp ℓ(y')"
PICKS = {
    "greedy": "\\target{y_t} = argmax_y p(y)",
    "sampled": "\\target{y_t} ∼ p(y)",
    "forced": "\\target{y_t}  ←  your choice",
    "beam": "\\target{y_t}  ←  beam search",
}


def logits_page(look: FormulaStep) -> Page:
    """log p of the likeliest token: its logit against all others."""
    reading, model = look.active, look.model
    if not len(reading.top_ids):
        return Page(LOGITS, missing=prose("no token was recorded"))
    likeliest, recorded = int(reading.top_ids[0]), float(reading.top_log_probs[0])
    token = look.token(reading.top_tokens[0])
    logit = None if model is None else model.logits.get(likeliest)
    p = equation("p", share(probability(recorded)))
    known = logit is not None and model is not None and model.log_sum_exp is not None
    live = f"log p({token}) = {number(recorded)},   {p}"
    checks: tuple[Check, ...] = ()
    if known and model is not None and logit is not None and model.log_sum_exp is not None:
        log_p = logit - model.log_sum_exp
        equal = "=" if agrees(log_p, recorded, logit) else "≠"
        live = (
            f"log p({token}) = {number(logit)} − {factor(model.log_sum_exp)}"
            f"¦ {equal} {number(recorded)},   {p}"
        )
        checks = (Check(f"log Σ exp ℓ = {number(model.log_sum_exp)},   \\text{{over all tokens}}"),)
    return Page(
        LOGITS,
        (live,),
        _tokens(look, model if known else None, chosen=False),
        checks,
        missing="" if known else asking("ℓ\\text{, the logits}"),
        note=_reading_note(look),
        needs=not known,
    )


def token_page(look: FormulaStep) -> Page:
    """How y_t was picked."""
    step, model = look.step, look.model
    token = look.token(step.token)
    p = equation("p", share(probability(step.log_prob)))
    how = step.chosen_by if step.chosen_by in PICKS else "forced"
    live = [f"y_{{{look.t}}} = {token},   {p},   log p = {number(step.log_prob)}"]
    drawn = how == "sampled" and model is not None and model.draw is not None
    formula = PICKS[how]
    missing = ""
    if how == "greedy":
        live.append(prose("the largest p of all tokens is taken"))
    elif how == "sampled":
        if drawn and model is not None:
            formula = _sampled_formula(model)
            live.append(_draw_text(model, token))
        else:
            missing = asking("u\\text{ and where it falls}")
    elif how == "forced":
        live.append(prose(_rank_text(look)))
    else:
        live.append(prose("a hypothesis is kept for its whole score, not for one token"))
    note = _reading_note(look)
    if step.is_end:
        note = f"\\text{{the end of the output}}¦  ·  {note}"
    return Page(
        formula,
        tuple(live),
        _tokens(look, model if drawn else None, chosen=True),
        missing=missing,
        note=note,
        needs=bool(missing),
    )


def _tokens(look: FormulaStep, model: Arithmetic | None, chosen: bool) -> Block:
    """The likeliest tokens with log p and p; with their logits or shares where these are known.

    chosen: whether y_t is known, which is then among them however unlikely it is.
    """
    reading, step = look.active, look.step
    ids = [int(token) for token in reading.top_ids]
    words, logs = list(reading.top_tokens), [float(log_p) for log_p in reading.top_log_probs]
    if chosen and step.token_id not in ids:
        ids.append(step.token_id)
        words.append(step.token)
        logs.append(reading.log_prob)
    log_p = np.array(logs, dtype=np.float64)
    p = np.array([probability(value) for value in logs])
    labels = tuple(candidate_label(step, word) for word in words)
    columns = [Column("token", texts=labels, role="target", keep=4)]
    bars = p
    if model is not None and model.logits and not chosen:
        logits = np.array([model.logits.get(token, math.nan) for token in ids])
        columns.append(Column("ℓ", logits, keep=2))
    columns.append(Column("log p", log_p, keep=1))
    columns.append(Column("p", p, share=True, keep=5))
    if model is not None and model.shares and chosen:
        shares = np.array([model.shares.get(token, math.nan) for token in ids])
        columns.append(Column("share", shares, share=True, keep=2))
        columns.append(Column("running Σ", np.cumsum(shares), share=True, keep=3))
        bars = shares
    marked = {row for row, token in enumerate(ids) if chosen and token == step.token_id}
    return Block(
        tuple(columns),
        tuple(range(len(ids))),
        bars=bars,
        role=look.weighting if look.weighting != "text" else "dim",
        full=1.0,
        marked=frozenset(marked),
        mark="target",
        rest=lambda rows: _others(p, rows),
    )


def _others(p: Floats, rows: Sequence[int]) -> str:
    shown = np.delete(p, list(rows))
    with np.errstate(invalid="ignore"):
        left = max(0.0, 1.0 - float(shown.sum()))
    return f"… all other tokens: {equation('p', share(left))}"


def _sampled_formula(model: Arithmetic) -> str:
    """What the token was drawn from, in the words of its settings."""
    temperature, top_k, top_p = (
        model.choice.get(name) for name in ("temperature", "top_k", "top_p")
    )
    power = ""
    if isinstance(temperature, int | float) and temperature != 1:
        power = f"^{{1/{temperature:g}}}"
    cuts = [] if top_k is None else [f"top-{top_k}"]
    cuts += [] if top_p is None else [f"top-p {top_p}"]
    of = f"¦   \\dim{{{literal('of the ' + ', '.join(cuts))}}}" if cuts else ""
    return f"\\target{{y_t}} ∼ p(y){power}{of}"


def _draw_text(model: Arithmetic, token: str) -> str:
    u = "u" if model.draw is None else f"u = {number_text(model.draw, 4)}"
    if model.drawn_range is None:
        return f"{u}  →  {token}"
    low, high = (number_text(value, 4) for value in model.drawn_range)
    return f"{u} in [{low}, {high})¦  of the running sum of shares  →  {token}"


def _rank_text(look: FormulaStep) -> str:
    ids = look.active.top_ids.tolist()
    if look.step.token_id not in ids:
        return f"taken by hand; it is not among the {len(ids)} likeliest"
    rank = ids.index(look.step.token_id) + 1
    return "taken by hand; it is the likeliest" if rank == 1 else f"taken by hand; rank {rank}"


def _reading_note(look: FormulaStep) -> str:
    if not look.step.mode.attends:
        return literal("from the fixed context")
    name = look.step.mode.weighting
    return f"\\text{{from the }}\\{name}{{{name}}}\\text{{ context, which is the one in use}}"
