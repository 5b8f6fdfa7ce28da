"""The arithmetic of looking: energies e_tj and their shares α_tj."""

from __future__ import annotations

import numpy as np

from attn_desktop.analysis.alpha_edits import EditedAlpha, edit_alpha
from attn_desktop.analysis.edit_words import describe
from attn_desktop.common.errors import InputError
from attn_desktop.gui.formula_blocks import QUERY, asked, by_size, term_block, without, words
from attn_desktop.gui.formula_markup import literal
from attn_desktop.gui.formula_page import (
    Block,
    Check,
    Column,
    Floats,
    Page,
    agrees,
    check,
    equation,
    number,
    share,
)
from attn_desktop.gui.formula_probe import Arithmetic
from attn_desktop.gui.formula_scope import passed
from attn_desktop.gui.formula_step import FormulaStep, asking

KEY = "\\source{h_j}"
ENERGY = "e_{t\\source{j}}"
ALPHA = "α_{t\\source{j}}"
#: The formulas of the scores by name; another one is written as the model's own file has it.
SCORES = {
    "cosine": f"{ENERGY} = β \\frac{{{QUERY}^⊤ {KEY}}}{{‖{QUERY}‖ ‖{KEY}‖}}",
    "additive": f"{ENERGY} = v^⊤ tanh( W [ {QUERY} ; {KEY} ] )",
    "location": f"{ENERGY} = W_{{\\source{{j}}}} {QUERY}",
    "general": f"{ENERGY} = {QUERY}^⊤ W {KEY}",
    "dot": f"{ENERGY} = {QUERY}^⊤ {KEY}",
    "scaled-dot": f"{ENERGY} = \\frac{{{QUERY}^⊤ {KEY}}}{{√n}}",
}


def energies_page(look: FormulaStep) -> Page:
    """e_tj as the sum of its terms."""
    if look.cross is None:
        return without(look, "no energies: nothing is compared with the annotations")
    energy = float(look.row(look.cross.energies)[look.position])
    symbol, model = f"e_{{{look.place}}}", look.model
    known = model is not None and model.position == look.position
    formula, asking_with = asked(SCORES.get(look.step.mode.score) or _own_formula(model), look)
    live = (
        f"{symbol} = {number(energy, signed=True)}   for \\source{{j}} = {look.word(look.position)}"
    )
    if not known or model is None or model.left is None or model.right is None:
        return Page(
            formula,
            (*asking_with, live),
            _energy_rows(look),
            missing=asking(f"\\text{{the terms of}} {symbol}"),
            note=look.note,
            needs=True,
        )
    with np.errstate(invalid="ignore", over="ignore"):
        terms = model.left * model.right
        total = float(terms.sum())
    left, right = (_indexed(name) for name in model.factors)
    projected = "   s\\text{ and }h_j\\text{ projected for this score}" if model.projected else ""
    live = f"{symbol} = Σ_i {left} · {right}¦ = {number(energy, signed=True)}¦\\dim{{{projected}}}"
    block = term_block(
        (
            Column("i", texts=tuple(map(str, range(1, len(terms) + 1))), role="dim", keep=3),
            Column(left, model.left, keep=2, signed=True),
            Column(right, model.right, keep=2, signed=True),
            Column("product", terms, signed=True, keep=4),
        ),
        terms,
    )
    largest = float(np.nan_to_num(np.abs(terms)).max(initial=0.0))
    checks = (check(f"Σ of {len(terms)} terms", total, symbol, energy, largest),)
    return Page(formula, (*asking_with, live), block, checks, note=look.note)


def alpha_page(look: FormulaStep) -> Page:
    """α_tj: one energy's share of all."""
    cross = look.cross
    if cross is None:
        return without(look, "no weights α: no position is weighed")
    j, gaussian = look.position, look.gaussian
    alpha, energies = look.row(cross.alpha), look.row(cross.energies)
    computed = alpha if cross.unedited is None else look.row(cross.unedited)
    weights, largest = _weights(look)
    total = float(weights.sum())
    factor = "" if gaussian is None else " g_{\\source{j}}"
    others = "" if gaussian is None else " g_i"
    over = "_i" if look.center is None else "_{i \\text{in}}"
    formula = f"{ALPHA} = \\frac{{exp({ENERGY}){factor}}}{{Σ{over} exp(e_{{ti}}){others}}}"
    symbol = f"α_{{{look.place}}}"
    if not look.allowed[j]:
        live = [f"{symbol} = 0   \\text{{since}} {look.word(j)} \\text{{is out of mask and scope}}"]
    else:
        inner = f"{number(energies[j])} − {number(largest)}".replace("− −", "+ ")
        prior = "" if gaussian is None else f" · {share(gaussian[j])}"
        with np.errstate(invalid="ignore", divide="ignore"):
            quotient = float(np.divide(weights[j], total))
        own = share(computed[j])
        equal = "" if own.startswith("<") else "= "
        if not agrees(quotient, float(computed[j]), 1.0):
            equal = "≠ "
        live = [
            f"{symbol} = \\frac{{exp({inner}){prior}}}{{{number(total)}}}¦"
            f" = \\frac{{{number(weights[j])}}}{{{number(total)}}} {equal}{own}"
        ]
    stages = _stages(look)
    live += [
        f"{literal(describe(stage.edit, look.labels))}:   {number(stage.raw[j])}"
        f"¦ / (Σ = {number(stage.total)}) = {share(stage.alpha[j])}"
        for stage in stages
    ]
    columns = [words(look), Column("e_j", energies, keep=2, signed=True)]
    if gaussian is not None:
        columns.append(Column("g_j", gaussian, share=True, keep=1))
    columns.append(Column("exp(e_j − max)" if gaussian is None else "exp(e_j − max) g_j", weights))
    if cross.unedited is not None:
        columns.append(Column("α computed", computed, share=True, keep=2))
        if stages:
            columns.append(Column("raw", stages[-1].raw, keep=1))
    columns.append(Column("α", alpha, share=True, keep=5))
    block = Block(
        tuple(columns),
        by_size(alpha),
        bars=alpha,
        role=look.weighting,
        full=1.0,
        marked=frozenset({j}),
        positions=True,
        rest=lambda rows: (
            f"… {len(rows)} more: {equation('α', share(float(alpha[list(rows)].sum())))}"
        ),
    )
    text = f"Σ_j α_{{{look.t}j}} = {share(float(alpha.sum()))}"
    told = f"   ·   max = {number(largest)},   Σ exp(e − max) = {number(total)}"
    return Page(formula, tuple(live), block, (Check(text + told),), note=look.note)


def _weights(look: FormulaStep) -> tuple[Floats, float]:
    """exp(e_j + log g_j − max) inside mask and window, 0 elsewhere; and the max."""
    logits = passed(look)
    largest = float(logits.max(initial=-np.inf))
    with np.errstate(invalid="ignore", over="ignore"):
        weights = np.where(look.allowed, np.exp(logits - largest), 0.0)
    return np.asarray(weights, dtype=np.float64), largest


def _stages(look: FormulaStep) -> list[EditedAlpha]:
    """What each edit makes of α."""
    cross = look.cross
    if cross is None or cross.unedited is None:
        return []
    try:
        return edit_alpha(
            look.step.edits, cross.unedited[-1, 0], cross.mask[-1, 0], cross.window[-1, 0]
        )
    except (InputError, IndexError, ValueError):
        return []  # of numbers that are none, as the record then shows


def _indexed(name: str) -> str:
    """Entry i of a factor: brackets around what is more than a letter."""
    return f"{name}_i" if len(name) == 1 else f"({name})_i"


def _own_formula(model: Arithmetic | None) -> str:
    text = "e_tj = score(s, h_j)" if model is None or not model.formula else model.formula
    return text.replace("_tj", "_{tj}").replace("ᵀ", "^⊤")


def _energy_rows(look: FormulaStep) -> Block:
    """The energies of all positions, as long as the terms of one are not known."""
    assert look.cross is not None
    energies = look.row(look.cross.energies)
    return Block(
        (words(look), Column("e_{tj}", energies, signed=True, keep=4)),
        by_size(energies, magnitude=False),
        bars=energies,
        marked=frozenset({look.position}),
        positions=True,
    )
