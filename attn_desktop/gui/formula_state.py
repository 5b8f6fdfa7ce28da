"""The arithmetic of vectors: the context c_t and the state s_t, one dimension of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from attn_desktop.analysis.edit_words import describe
from attn_desktop.common.mode import HARD
from attn_desktop.gui.formula_blocks import fixed_formula, term_block
from attn_desktop.gui.formula_markup import literal
from attn_desktop.gui.formula_page import (
    Block,
    Check,
    Column,
    Page,
    check,
    equation,
    factor,
    number,
    number_text,
    share,
)
from attn_desktop.gui.formula_step import FormulaStep, Vector, vector_stages
from attn_desktop.trace.records import FloatArray

BEFORE = "\\target{s_{t−1}}"
#: What the gates of a cell are called in a record, and how they are worked out.
GRU = {
    "reset": ("r", "sigmoid( W_r x_t + U_r s )"),
    "update": ("z", "sigmoid( W_z x_t + U_z s )"),
    "candidate": ("n", "tanh( W_n x_t + r ∘ U_n s )"),
}
LSTM = {
    "input": ("i", "sigmoid( W_i x_t + U_i s )"),
    "forget": ("f", "sigmoid( W_f x_t + U_f s )"),
    "output": ("o", "sigmoid( W_o x_t + U_o s )"),
    "candidate": ("g", "tanh( W_g x_t + U_g s )"),
}
STATE = {
    "gru": f"\\target{{s_t}} = (1 − z) ∘ n + z ∘ {BEFORE}",
    "lstm": "\\target{s_t} = o ∘ tanh( m_t )¦,   m_t = f ∘ m_{t−1} + i ∘ g",
    "": f"\\target{{s_t}} = f( {BEFORE} , \\target{{y_{{t−1}}}} , c_t )",
}


#: What is computed, how, and what comes of it.
_Row = tuple[str, str, float]


@dataclass(frozen=True)
class _Cell:
    """One dimension of a recurrent cell at a step. gates: by name; before: s_{t−1}[d]."""

    gates: Mapping[str, float]
    before: float
    dimension: int
    symbol: str
    recorded: float
    note: str

    def page(
        self,
        look: FormulaStep,
        formula: str,
        live: Sequence[str],
        rows: Sequence[_Row],
        checks: tuple[Check, ...],
    ) -> Page:
        """The page of any cell: what it reads stands below its numbers."""
        beta = look.active.gates.get("beta")
        context = f"c_{{{look.t}}}" if beta is None else f"β_{{{look.t}}} c_{{{look.t}}}"
        read = context
        if not look.run.model.answers:
            read = f"[ {look.token(look.step.token_in)} ; {context} ]"
        inputs = f"x_t = {read},   s = s_{{{look.t - 1}}}"
        if beta is not None:
            inputs += f",   β_{{{look.t}}} = {share(float(beta[0]))}"
        return Page(
            formula,
            (*live, inputs),
            _rows(rows),
            checks,
            note=self.note,
            dimension=self.dimension,
        )


def context_page(look: FormulaStep) -> Page:
    """c_t[d]: a sum over all positions, or the number of the drawn one."""
    context = look.active.context
    d = look.chosen_dimension(context)
    recorded = float(context[d])
    symbol = f"c_{{{look.t}}}[{d + 1}]"
    note = look.dimension_note(f"c_{{{look.t}}}", len(context), d)
    if look.cross is None:
        computed = float(look.run.fixed_context[d])
        same = "\\dim{\\text{the same at every step}}"
        live = f"{symbol} = {number(computed, signed=True)}¦   {same}"
        lines, checks = _edited(
            look, "context", d, computed, symbol, recorded, f"\\text{{fixed }}c[{d + 1}]"
        )
        return Page(fixed_formula(look), (live, *lines), checks=checks, note=note, dimension=d)
    if look.step.mode.weighting == HARD:
        return _drawn_page(look, d, symbol, recorded, note)
    alpha, values = look.row(look.cross.alpha), look.run.states[:, d].astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        terms = alpha * values
        total = float(terms.sum())
    block = term_block(
        (
            Column("source", texts=look.labels, role="source", keep=4),
            Column("α_j", alpha, share=True, keep=2),
            Column(f"h_j[{d + 1}]", values, signed=True, keep=2),
            Column("product", terms, signed=True, keep=5),
        ),
        terms,
        look.position,
    )
    lines, checks = _edited(look, "context", d, total, symbol, recorded, "Σ", terms)
    live = f"{symbol} = Σ_j α_{{{look.t}j}} · h_j[{d + 1}]¦ = {number(total, signed=True)}"
    formula = "\\soft{c_t} = Σ_j α_{t\\source{j}} \\source{h_j}"
    return Page(formula, (live, *lines), block, checks, note=note, dimension=d)


def _drawn_page(look: FormulaStep, d: int, symbol: str, recorded: float, note: str) -> Page:
    """Hard: u on the running sum of α says which annotation is taken."""
    assert look.cross is not None
    alpha = look.row(look.cross.alpha)
    k, u = int(look.cross.sampled[-1, 0]), float(look.cross.draw[-1, 0])
    value = float(look.run.states[k, d])
    with np.errstate(invalid="ignore"):
        ends = np.cumsum(alpha)
    picked = any(edit.target == "position" for edit in look.step.edits)
    if picked:
        drawn = f"k = {k + 1}  {look.word(k)}   \\text{{picked by hand}}"
    else:
        low, high = number_text(float(ends[k] - alpha[k]), 4), number_text(float(ends[k]), 4)
        drawn = f"u = {number_text(u, 4)} in [{low}, {high})¦  →  k = {k + 1}  {look.word(k)}"
    live = f"{symbol} = h_{{{k + 1}}}[{d + 1}] = {number(value, signed=True)}"
    lines, checks = _edited(look, "context", d, value, symbol, recorded, f"h_{{{k + 1}}}[{d + 1}]")
    block = Block(
        (
            Column("source", texts=look.labels, role="source", keep=4),
            Column(f"h_j[{d + 1}]", look.run.states[:, d].astype(np.float64), signed=True, keep=1),
            Column("α_j", alpha, share=True, keep=3),
            Column("Σ_{i ≤ j} α_i", ends, share=True, keep=2),
        ),
        tuple(range(look.size)),
        bars=alpha,
        role=HARD,
        full=1.0,
        marked=frozenset({k}),
        around=k,
        positions=True,
        mark=HARD,
        rest=lambda rows: (
            f"… {len(rows)} more: {equation('α', share(float(alpha[list(rows)].sum())))}"
        ),
    )
    formula = "\\hard{c_t} = \\source{h}_{\\hard{k}},   \\hard{k} ∼ Categorical( α_t )"
    return Page(formula, (drawn, live, *lines), block, checks, note=note, dimension=d)


def state_page(look: FormulaStep) -> Page:
    """s_t[d]: what the cell lets in and what it keeps."""
    state = look.active.state
    d = look.chosen_dimension(state)
    cell = _Cell(
        gates={
            name: float(values[d])
            for name, values in look.active.gates.items()
            if len(values) == len(state)  # β is one number for all of c_t
        },
        before=float(look.query[d]),
        dimension=d,
        symbol=f"s_{{{look.t}}}[{d + 1}]",
        recorded=float(state[d]),
        note=look.dimension_note(f"s_{{{look.t}}}", len(state), d),
    )
    if set(GRU) <= set(cell.gates):
        return _gru_page(look, cell)
    if set(LSTM) | {"cell"} <= set(cell.gates):
        return _lstm_page(look, cell)
    rows = [(literal(name), "", value) for name, value in cell.gates.items()]
    rows.append((f"s_{{{look.t - 1}}}", "\\text{the state before}", cell.before))
    live = f"{cell.symbol} = {number(cell.recorded, signed=True)}"
    return cell.page(look, STATE[""], [live], rows, ())


def _gru_page(look: FormulaStep, cell: _Cell) -> Page:
    z, n, before = cell.gates["update"], cell.gates["candidate"], cell.before
    total = (1 - z) * n + z * before
    rows = [(name, how, cell.gates[gate]) for gate, (name, how) in GRU.items()]
    rows += [
        ("(1 − z) · n", f"{share(1 - z)} · {factor(n)}", (1 - z) * n),
        (f"z · s_{{{look.t - 1}}}", f"{share(z)} · {factor(before)}", z * before),
    ]
    live = (
        f"{cell.symbol} = (1 − {share(z)}) · {factor(n)} + {share(z)} · {factor(before)}"
        f"¦ = {number(total, signed=True)}"
    )
    largest = np.array([n, before])
    lines, checks = _edited(
        look, "state", cell.dimension, total, cell.symbol, cell.recorded, "Σ", largest
    )
    return cell.page(look, STATE["gru"], [live, *lines], rows, checks)


def _lstm_page(look: FormulaStep, cell: _Cell) -> Page:
    held = 0.0
    if look.before is not None and "cell" in look.before.active.gates:
        held = float(look.before.active.gates["cell"][cell.dimension])
    enter, forget, out, g = (cell.gates[gate] for gate in LSTM)
    memory = forget * held + enter * g
    total = out * float(np.tanh(memory))
    rows = [(name, how, cell.gates[gate]) for gate, (name, how) in LSTM.items()]
    rows += [
        (f"f · m_{{{look.t - 1}}}", f"{share(forget)} · {factor(held)}", forget * held),
        ("i · g", f"{share(enter)} · {factor(g)}", enter * g),
    ]
    m = f"m_{{{look.t}}}"
    live = f"{cell.symbol} = {share(out)} · tanh({number(memory)})¦ = {number(total, signed=True)}"
    lines, checks = _edited(
        look, "state", cell.dimension, total, cell.symbol, cell.recorded, f"o · tanh({m})"
    )
    size = max(1.0, abs(held))
    own = check("Σ", memory, f"{m} \\text{{ (the cell)}}", cell.gates["cell"], size)
    return cell.page(look, STATE["lstm"], [live, *lines], rows, (own, *checks))


def _rows(rows: Sequence[_Row]) -> Block:
    """Gates and products of one dimension."""
    values = np.array([value for _, _, value in rows])
    return Block(
        (
            Column("what", texts=tuple(name for name, _, _ in rows), math=True, keep=4),
            Column("how", texts=tuple(how for _, how, _ in rows), math=True, role="dim", keep=1),
            Column("value", values, keep=5),
        ),
        tuple(range(len(rows))),
        bars=values,
        full=1.0,
    )


def _edited(
    look: FormulaStep,
    target: Vector,
    dimension: int,
    computed: float,
    symbol: str,
    recorded: float,
    name: str,
    terms: FloatArray | None = None,
) -> tuple[list[str], tuple[Check, ...]]:
    """What edits make of a number, a line each; and whether that is the one recorded."""
    largest = 0.0 if terms is None else float(np.nan_to_num(np.abs(terms)).max(initial=0.0))
    stages = vector_stages(look.step.edits, target, dimension, computed)
    lines = [
        f"{literal(f'edited, {describe(edit, look.labels)}:  ')} {symbol} = "
        f"{number(value, signed=True)}"
        for edit, value in stages
    ]
    last = stages[-1][1] if stages else computed
    name = "\\text{edited}" if stages else name
    return lines, (check(name, last, symbol, recorded, largest),)
