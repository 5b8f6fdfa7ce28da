"""Which page is shown: that of the phase at the playhead, or of what phases are."""

from __future__ import annotations

from collections.abc import Callable

from attn_desktop.gui.formula_attention import alpha_page, energies_page
from attn_desktop.gui.formula_output import logits_page, token_page
from attn_desktop.gui.formula_page import Block, Column, Page
from attn_desktop.gui.formula_scope import window_page
from attn_desktop.gui.formula_state import context_page, state_page
from attn_desktop.gui.formula_step import FormulaStep
from attn_desktop.gui.scene import Phase, Scene

PAGES: dict[Phase, Callable[[FormulaStep], Page]] = {
    Phase.ENERGIES: energies_page,
    Phase.WINDOW: window_page,
    Phase.ALPHA: alpha_page,
    Phase.CONTEXT: context_page,
    Phase.STATE: state_page,
    Phase.LOGITS: logits_page,
    Phase.TOKEN: token_page,
}
#: Symbols, and what is computed in each phase, in formulas and in words.
SYMBOLS = {
    Phase.ENERGIES: "e",
    Phase.WINDOW: "mask",
    Phase.ALPHA: "α",
    Phase.CONTEXT: "c",
    Phase.STATE: "s",
    Phase.LOGITS: "p",
    Phase.TOKEN: "ŷ",
}
NAMES = {
    Phase.ENERGIES: "energies",
    Phase.WINDOW: "mask and scope",
    Phase.ALPHA: "weights α",
    Phase.CONTEXT: "context",
    Phase.STATE: "state",
    Phase.LOGITS: "logits",
    Phase.TOKEN: "token",
}
OVERVIEW = {
    Phase.ENERGIES: ("e_{tj} = score(s_{t−1}, h_j)", "how well state and source match"),
    Phase.WINDOW: ("|j − p_t| ≤ D", "where one may look"),
    Phase.ALPHA: ("α_{tj} = softmax_j e_{tj}", "how much one looks"),
    Phase.CONTEXT: ("c_t = Σ_j α_{tj} h_j", "what is seen"),
    Phase.STATE: ("s_t = f(s_{t−1}, y_{t−1}, c_t)", "what is remembered"),
    Phase.LOGITS: ("p(y_t)", "what may be said"),
    Phase.TOKEN: ("y_t", "what is said"),
}
STEP = "s_{t−1}  →  e  →  α  →  c_t  →  s_t  →  y_t"
#: What a step reads besides, unless it is a glimpse that reads no answer.
READ, READS = "y_{t−1} , ", "y_{t−1}, "


def page_of(scene: Scene, position: int, dimension: int | None) -> Page | None:
    """The page of the phase at the playhead; of all phases before the first step.

    position: j, from 0. dimension: d, None for the largest. None without a run.
    """
    if scene.run is None:
        return None
    if scene.step is None:
        return overview(scene.run.model.answers)
    look = FormulaStep(scene, scene.run, scene.step, position, dimension)
    return PAGES[scene.phase](look)


def overview(answers: bool) -> Page:
    """What the phases of a step are, and the keys that go through them.

    answers: whether steps are glimpses, none of which reads the answer after the one before.
    """
    phases = list(Phase)
    formulas = [OVERVIEW[phase][0].replace(READS, "" if answers else READS) for phase in phases]
    block = Block(
        (
            Column("phase", texts=tuple(SYMBOLS[phase] for phase in phases), keep=3),
            Column("formula", texts=tuple(formulas), math=True, keep=4),
            Column(
                "what it is",
                texts=tuple(OVERVIEW[phase][1] for phase in phases),
                role="dim",
                keep=1,
            ),
        ),
        tuple(range(len(phases))),
    )
    keys = (
        "\\bold{\\text{F11}} computes one phase,¦  \\bold{\\text{Shift+F11}} takes it back,¦"
        "  \\bold{\\text{F10}} \\text{computes a whole step}"
    )
    return Page(STEP if answers else READ + STEP, (keys,), block)
