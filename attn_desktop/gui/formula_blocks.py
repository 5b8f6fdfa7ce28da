"""What several pages of arithmetic have in common: symbols, columns, rows by size."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from attn_desktop.gui.formula_markup import escaped, literal, prose
from attn_desktop.gui.formula_page import Block, Column, Floats, Page, decimals_of, number_text
from attn_desktop.gui.formula_step import FormulaStep

QUERY = "\\target{s_{t−1}}"
_SUBSCRIPT = re.compile(r"_(\w+(?:−\w+)?)")


def fixed_formula(look: FormulaStep) -> str:
    """What the context is without attention, as markup."""
    return _formula(look.run.model.fixed_formula)


def asked(formula: str, look: FormulaStep) -> tuple[str, tuple[str, ...]]:
    """A formula of s_{t−1} as the model asks, and lines that say what that is."""
    own = look.run.model.query_formula
    if not own:
        return formula, ()
    return formula.replace(QUERY, "\\target{q_t}"), (_formula(own),)


def _formula(text: str) -> str:
    """A formula of a file as markup."""
    return _SUBSCRIPT.sub(r"_{\1}", escaped(text, but="_"))


def without(look: FormulaStep, why: str) -> Page:
    """A phase that a mode without attention passes over."""
    return Page(
        fixed_formula(look),
        (prose(f"Without attention there are {why}."),),
        note=literal("F11 goes on to the context"),
    )


def words(look: FormulaStep) -> Column:
    """The source positions by their labels."""
    return Column("source", texts=look.labels, role="source", keep=4)


def by_size(values: Floats, magnitude: bool = True) -> tuple[int, ...]:
    """Rows by what they count, largest first; those that are no numbers last."""
    sizes = np.nan_to_num(np.abs(values) if magnitude else values, nan=-np.inf)
    return tuple(np.argsort(-sizes, kind="stable").tolist())


def sum_text(values: Floats, rows: Sequence[int]) -> str:
    """What some rows come to, with the decimals of their column."""
    with np.errstate(invalid="ignore"):
        total = float(values[list(rows)].sum())
    return number_text(total, decimals_of(values), signed=True)


def term_block(columns: Sequence[Column], terms: Floats, position: int | None = None) -> Block:
    """Products by size, with signed bars. position: j, where rows are source positions."""
    return Block(
        tuple(columns),
        by_size(terms),
        bars=terms,
        marked=frozenset() if position is None else frozenset({position}),
        positions=position is not None,
        rest=lambda rows: f"… {len(rows)} more: {sum_text(terms, rows)}",
    )
