"""The arithmetic of the window: what mask and scope let through, and with what prior."""

from __future__ import annotations

import numpy as np

from attn_desktop.gui.formula_blocks import QUERY, without, words
from attn_desktop.gui.formula_markup import prose
from attn_desktop.gui.formula_page import (
    Block,
    Check,
    Column,
    Floats,
    Page,
    number,
    number_text,
    share,
)
from attn_desktop.gui.formula_step import FormulaStep, asking

CENTERS = {
    "local-m": "p_t = min(t, S)",
    "local-p": f"p_t = S · sigmoid( v_p^⊤ tanh( W_p {QUERY} ) )",
}
#: The same on a grid of m × n regions.
GRID_CENTER = f"p_t = ( m · sigmoid(x_1) , n · sigmoid(x_2) )¦,   x = V_p tanh( W_p {QUERY} )"
GRID_AXES = ("row", "column")


def window_page(look: FormulaStep) -> Page:
    """Which positions may be looked at, and with what prior."""
    if look.cross is None:
        return without(look, "neither mask nor scope: no position is looked at")
    scope, inside, model = look.step.mode.scope, look.allowed, look.model
    formula = "1 ≤ \\source{j} ≤ S"
    if len(look.distances) == 2:
        formula = f"{GRID_CENTER},¦   |r_j − p_{{t1}}| ≤ D,   |c_j − p_{{t2}}| ≤ D"
    elif look.center is not None:
        formula = f"{CENTERS.get(scope, 'p_t')},¦   |\\source{{j}} − p_t| ≤ D"
    block = Block(
        _columns(look),
        tuple(range(look.size)),
        bars=passed(look),
        marked=frozenset({look.position}),
        around=look.position,
        positions=True,
        rest=lambda rows: (
            f"… {len(rows)} more: {int(inside[list(rows)].sum())} in, "
            f"{int((~inside[list(rows)]).sum())} out"
        ),
    )
    needs = scope == "local-p" and (model is None or not model.center)
    return Page(
        formula,
        tuple(_live(look)),
        block,
        (Check(f"{int(inside.sum())} of {look.size} positions are in"),),
        missing=asking("x \\text{ in } S · sigmoid(x)") if needs else "",
        note=look.note,
        needs=needs,
    )


def _live(look: FormulaStep) -> list[str]:
    """Whether the position is in or out, and why."""
    assert look.cross is not None
    j, inside = look.position, bool(look.allowed[look.position])
    verdict = f"→   \\bold{{{'in' if inside else 'out'}}}"
    near, lines = True, [f"\\source{{j}} = {j + 1} ≤ S = {look.real}   {verdict}"]
    if look.center is not None:
        near = all(away[j] <= look.half_width for away in look.distances)
        tests = [
            f"|{place[j]} − {_short(center)}| = {_short(away[j])} "
            f"{'≤' if away[j] <= look.half_width else '>'} D = {_short(look.half_width)}"
            for place, center, away in zip(look.places, look.center, look.distances, strict=True)
        ]
        if len(tests) == 2:
            named = zip(GRID_AXES, tests, strict=True)
            tests = [f"\\text{{{axis}: }} {test}" for axis, test in named]
        lines = [*_center_texts(look), *tests[:-1], f"{tests[-1]}   {verdict}"]
        if look.gaussian is not None:
            signed = zip(look.places, look.center, strict=True)
            squares = " + ".join(f"({_short(place[j] - center)})^2" for place, center in signed)
            over = squares if len(tests) == 1 else f"({squares})"
            lines.append(
                f"g_{{{j + 1}}} = exp(−{over} / 2σ^2) = {share(look.gaussian[j])},   σ = D/2"
            )
    if not look.cross.mask[-1, 0, j]:
        lines.append(prose("the position is masked: nothing stands there"))
    elif near and not inside:
        lines.append(prose("out of reach of this score, which knows no position so far back"))
    elif inside and not near:
        lines.append("\\text{the position nearest to }p_t\\text{ is always in}")
    return lines


def _columns(look: FormulaStep) -> tuple[Column, ...]:
    numbers = tuple(str(position + 1) for position in range(look.size))
    columns = [Column("j", texts=numbers, role="dim", keep=2), words(look)]
    names = ("|j − p_t|",) if len(look.distances) == 1 else ("|r_j − p_{t1}|", "|c_j − p_{t2}|")
    for name, away in zip(names, look.distances, strict=False):
        columns.append(Column(name, away, keep=2))
    if look.gaussian is not None:
        columns.append(Column("g_j", look.gaussian, share=True, keep=2))
    verdicts = tuple("in" if inside else "out" for inside in look.allowed)
    columns.append(Column("scope", texts=verdicts, keep=5))
    name = "e_j" if look.gaussian is None else "e_j + log g_j"
    columns.append(Column(name, passed(look), signed=True, keep=4))
    return tuple(columns)


def passed(look: FormulaStep) -> Floats:
    """What the softmax is taken of: e_j (+ log g_j) inside mask and window, −∞ elsewhere."""
    assert look.cross is not None
    logits = look.row(look.cross.energies)
    with np.errstate(divide="ignore", invalid="ignore"):
        if look.gaussian is not None:
            logits = logits + np.log(look.gaussian)
    return np.asarray(np.where(look.allowed, logits, -np.inf), dtype=np.float64)


def _center_texts(look: FormulaStep) -> list[str]:
    """How p_t comes about, on a grid a line for each of its two numbers."""
    assert look.center is not None
    symbol, model, lines = f"p_{{{look.t}}}", look.model, []
    if look.step.mode.scope == "local-m":
        return [f"{symbol} = min({look.t}, {look.real}) = {_short(look.center[0])}"]
    known = model.center if model is not None else ()
    grid = look.run.grid if len(look.center) == 2 else None
    lengths = grid or (look.real,)
    for axis, (center, length) in enumerate(zip(look.center, lengths, strict=True), start=1):
        name = symbol if grid is None else f"p_{{{look.t},{axis}}}"
        if len(known) != len(look.center):
            lines.append(f"{name} = {_short(center)}")
            continue
        logit, part = known[axis - 1]
        lines.append(
            f"{name} = {length} · sigmoid({number(logit)})¦ = {length} · {share(part)} = "
            f"{_short(center)}"
        )
    return lines


def _short(value: float) -> str:
    """A place or a distance: two decimals, none of a whole number."""
    if not np.isfinite(value):
        return number_text(value)
    return f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−")
