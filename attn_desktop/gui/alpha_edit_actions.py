"""The what-ifs about α and the hard position in one table, for menus, buttons and the palette."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from attn_desktop.gui.alpha_edit import problem_of, sentence, why_not_alpha
from attn_desktop.gui.intents import MakeEdit
from attn_desktop.gui.scene import Scene
from attn_desktop.trace.edits import Edit

Positions = tuple[int, ...]
NOTHING_BRUSHED = "Brush source positions first: click or drag over them."
ONE_POSITION = "k is one position: brush one word only."
UNTOUCHED = "Nothing was edited in this step."


@dataclass(frozen=True)
class EditKind:
    """One way to change a step. name: of its action. text: in a menu. tip: its formula.

    word, glyph: on a button, where there is room and where there is little; none where it has no
    button. edits: made of the positions that are meant. chooses: whether it needs any.
    lasting, hard, instead: as in `MakeEdit`.
    """

    name: str
    text: str
    tip: str
    edits: Callable[[Positions], tuple[Edit, ...]]
    word: str = ""
    glyph: str = ""
    chooses: bool = False
    lasting: bool = False
    hard: bool | None = None
    instead: bool = False


def _pin(positions: Positions) -> tuple[Edit, ...]:
    return (Edit("alpha", "pin", positions),)


def _mask(positions: Positions) -> tuple[Edit, ...]:
    return (Edit("alpha", "mask", positions),)


def _pick(positions: Positions) -> tuple[Edit, ...]:
    return (Edit("position", "pick", positions),)


def _whole(how: str, *values: float) -> Callable[[Positions], tuple[Edit, ...]]:
    """An edit of all of α."""
    return lambda _: (Edit("alpha", how, values=values),)


PIN_TIP = "α_j of the brushed positions divided by their sum, 0 elsewhere; alike where all were 0"
MASK_TIP = "α_j = 0 at the brushed positions; the others are divided by what is left of their sum"
#: In the order of menus.
EDITS: tuple[EditKind, ...] = (
    EditKind("look-only", "Look &only here", PIN_TIP, _pin, "only", "only", chooses=True),
    EditKind("look-away", "Do &not look here", MASK_TIP, _mask, "not", "not", chooses=True),
    EditKind(
        "look-only-on",
        "Look only here, from this step on",
        f"{PIN_TIP}; at every later step too",
        _pin,
        chooses=True,
        lasting=True,
    ),
    EditKind(
        "look-away-on",
        "Do not look here, from this step on",
        f"{MASK_TIP}; at every later step too",
        _mask,
        chooses=True,
        lasting=True,
    ),
    EditKind(
        "sharpen",
        "&Sharpen α",
        "α_j² / Σ_i α_i²; repeated, it nears the argmax",
        _whole("power", 2.0),
        "sharpen",
        "α²",
    ),
    EditKind(
        "flatten",
        "&Flatten α",
        "√α_j / Σ_i √α_i; repeated, it nears the same for all",
        _whole("power", 0.5),
        "flatten",
        "√α",
    ),
    EditKind(
        "uniform",
        "&Uniform α",
        "α_j = 1/n at the n positions inside mask and window, 0 elsewhere",
        _whole("uniform"),
        "uniform",
        "1/n",
    ),
    EditKind(
        "shift-left",
        "Shift α to the &left",
        "α_j becomes α_{j+1}; what leaves the source at its start is lost, the rest divided by "
        "its sum",
        _whole("shift", -1.0),
        "◀",
        "◀",
    ),
    EditKind(
        "shift-right",
        "Shift α to the &right",
        "α_j becomes α_{j−1}; what leaves the source at its end is lost, the rest divided by "
        "its sum",
        _whole("shift", 1.0),
        "▶",
        "▶",
    ),
    EditKind(
        "draw-here",
        "&Draw k here (hard)",
        "k = the brushed position and c_t = h_k, as if hard attention had drawn it",
        _pick,
        "◆ draw",
        "◆",
        chooses=True,
        hard=True,
    ),
    EditKind(
        "as-model",
        "&As the model",
        "Decode this step again without the edits in it",
        lambda _: (),
        "as the model",
        "↺",
        instead=True,
    ),
)


@dataclass(frozen=True)
class EditSpec:
    """A kind of edit about the step at the playhead.

    intent: what to ask for, None where it cannot be had; why_not: why, else empty.
    """

    kind: EditKind
    intent: MakeEdit | None = None
    why_not: str = ""

    @property
    def name(self) -> str:
        """That of the action."""
        return self.kind.name

    @property
    def tip(self) -> str:
        """The formula, and why it cannot be had where it cannot."""
        return f"{self.kind.tip}\n{self.why_not}" if self.why_not else self.kind.tip


def edit_specs(
    scene: Scene, positions: Iterable[int], lasting: bool = False
) -> tuple[EditSpec, ...]:
    """All of `EDITS` about the step at the playhead, in their order.

    positions: source positions that are meant, such as the brushed ones; those that the source
    does not have are left out. lasting: all of them at every later step too.
    """
    size = 0 if scene.run is None else len(scene.run.source)
    chosen = tuple(sorted(j for j in set(positions) if j < size))
    blocked = why_not_alpha(scene)
    return tuple(_spec(scene, kind, chosen, lasting or kind.lasting, blocked) for kind in EDITS)


def _spec(
    scene: Scene, kind: EditKind, positions: Positions, lasting: bool, blocked: str
) -> EditSpec:
    if kind.instead:
        # What was done to context and state can be taken back where there is no α too.
        edited = scene.step is not None and scene.step.edits
        intent = MakeEdit((), lasting, instead=True)
        return EditSpec(kind, intent) if edited else EditSpec(kind, why_not=UNTOUCHED)
    if blocked:
        return EditSpec(kind, why_not=blocked)
    if kind.chooses and not positions:
        return EditSpec(kind, why_not=NOTHING_BRUSHED)
    if kind.hard:
        if len(scene.source.columns(positions)) > 1:
            return EditSpec(kind, why_not=ONE_POSITION)
        positions = (_likeliest(scene, positions),)
    intent = MakeEdit(kind.edits(positions), lasting, kind.hard)
    problem = problem_of(scene, intent)
    return EditSpec(kind, why_not=sentence(problem)) if problem else EditSpec(kind, intent)


def _likeliest(scene: Scene, positions: Positions) -> int:
    """Of the pieces of a word, the one with the largest α; of equal ones the first."""
    assert scene.step is not None
    assert scene.step.cross is not None
    alpha = np.nan_to_num(scene.step.cross.alpha.mean(axis=(0, 1)))
    return max(positions, key=lambda position: (alpha[position], -position))
