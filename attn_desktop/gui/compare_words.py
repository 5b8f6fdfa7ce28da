"""What is said of two branches: of all steps, of the one at the playhead, of what is pointed at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attn_desktop.analysis.candidates import probability
from attn_desktop.analysis.compare import (
    ALPHA,
    CONTEXT,
    STATE,
    TOKEN,
    Comparison,
    largest_change,
    variation,
)
from attn_desktop.gui.compare_axes import MISSING, difference_text
from attn_desktop.gui.compare_map import CompareMap, Floats
from attn_desktop.gui.compare_strip import BothSteps
from attn_desktop.gui.numbers import UNKNOWN, short_text
from attn_desktop.gui.panel import Table
from attn_desktop.gui.scene import HIDDEN, Baseline, Phase, Scene

#: When a step comes to know what may differ.
KNOWN_FROM = {
    ALPHA: Phase.ALPHA,
    CONTEXT: Phase.CONTEXT,
    STATE: Phase.STATE,
    TOKEN: Phase.TOKEN,
}


@dataclass(frozen=True, eq=False)
class Compared:
    """Everything about a pair of branches that stays while the playhead moves."""

    baseline: Baseline
    numbers: Comparison
    map: CompareMap

    @property
    def has_alpha(self) -> bool:
        """Whether any number of the map is known."""
        return bool(np.isfinite(self.map.values).any())

    def tokens(self, scene: Scene) -> tuple[list[str], list[str]]:
        """Labels of both, a row each; those that one does not have are dashes."""
        count = len(self.numbers)
        own = [scene.label(t) for t in range(1, len(scene.steps) + 1)]
        other = list(self.baseline.tokens)
        return (
            own + [MISSING] * (count - len(own)),
            other + [MISSING] * (count - len(other)),
        )

    def marked(self, scene: Scene) -> frozenset[int]:
        """The rows whose tokens differ, as far as they are known."""
        rows = np.flatnonzero(self.numbers.token_differs).tolist()
        return frozenset(
            row for row in rows if row + 1 > len(scene.steps) or scene.knows(row + 1, Phase.TOKEN)
        )

    def parting(self, scene: Scene) -> tuple[int | None, str]:
        """Where they part, and in what as far as that is known."""
        if self.numbers.parting is None:
            return None, ""
        t, name = self.numbers.parting
        return t, name if scene.knows(t, KNOWN_FROM[name]) else ""


def parting_text(t: int, how: str) -> str:
    """Where branches part, and in what, as far as that is known."""
    return f"parts at t={t} · {how}" if how else f"parts at t={t}"


def parting_texts(t: int | None, how: str) -> tuple[str, ...]:
    """Where branches part, None where they do not, in more and in fewer words."""
    if t is None:
        return "no difference", "="
    brief = (f"t={t} · {how}",) if how else ()
    return (parting_text(t, how), *brief, f"t={t}")


def caption(compared: Compared) -> str:
    """What the outputs come to as wholes."""
    numbers, note = compared.numbers, compared.map.note
    one, other = numbers.totals
    parts = [f"Σ log p {_log(one)} vs {_log(other)}", f"Δ {difference_text(one - other)}"]
    if numbers.steps and numbers.steps != numbers.baseline_steps:
        means = one / numbers.steps, other / numbers.baseline_steps
        parts.append(f"per token {_log(means[0])} vs {_log(means[1])}")
    if not compared.has_alpha:
        note = "no α in common" if compared.map.signed else note
    if compared.map.end < 1:
        parts.append(f"colours ±{short_text(compared.map.end)}")
    return " · ".join([*parts, *filter(None, [note])])


def both_steps(scene: Scene, compared: Compared, outside: float | None) -> BothSteps:
    """The step at the playhead in both. outside: how much of Σ|Δα| / 2 is out of view."""
    t, shown, numbers = scene.t, compared.map, compared.numbers
    if not t:
        return BothSteps(summary="before the first step")
    has_other = t <= numbers.baseline_steps
    own = shown.alpha[t - 1] if scene.reveals(Phase.ALPHA) else None
    other = shown.baseline_alpha[t - 1] if has_other else None
    own_said = HIDDEN
    if scene.reveals(Phase.TOKEN):
        own_said = _choice(scene.tokens[t - 1], numbers.log_prob[t - 1])
    other_said = "ended"
    if has_other:
        other_said = _choice(compared.baseline.tokens[t - 1], numbers.baseline_log_prob[t - 1])
    parts = [f"t={t}"]
    if not has_other:
        parts.append("the baseline has no such step")
    elif shown.signed and scene.reveals(Phase.ALPHA):
        moved = float(variation(shown.values[t - 1 : t])[0])
        beyond = "" if outside is None or math.isnan(outside) else f" ({outside:.2f} out of view)"
        parts += [] if math.isnan(moved) else [f"Σ|Δα|/2 {_distance(moved)}{beyond}"]
    if has_other and scene.reveals(Phase.CONTEXT):
        parts.append(f"‖Δc‖ {_distance(float(numbers.context_distance[t - 1]))}")
    if has_other and scene.reveals(Phase.STATE):
        parts.append(f"‖Δs‖ {_distance(float(numbers.state_distance[t - 1]))}")
    return BothSteps((own, other), (own_said, other_said), " · ".join(parts))


def about_cell(scene: Scene, compared: Compared, row: int | None, column: int | None) -> str:
    """What is at a row and a column, either of which may be None."""
    shown = compared.map
    parts = []
    if row is not None:
        own, other = compared.tokens(scene)
        parts.append(f"t {row + 1}  “{own[row]}” | “{other[row]}”")
    if column is not None and shown.labels[column]:
        parts.append(f"“{shown.labels[column]}”")
    text = " ← ".join(parts)
    if row is None:
        return text
    if column is None:
        return f"{text}  {_about_log_prob(scene, compared, row)}"
    return f"{text}  {_about_alpha(scene, compared, row, column)}"


def _about_alpha(scene: Scene, compared: Compared, row: int, column: int) -> str:
    shown, t = compared.map, row + 1
    is_own = shown.signed or shown.source_column(column) is not None
    if is_own and t <= len(scene.steps) and not scene.knows(t, Phase.ALPHA):
        return "α not computed yet"
    one, other = (
        float(alpha[row, column]) if row < len(alpha) else math.nan
        for alpha in (shown.alpha, shown.baseline_alpha)
    )
    if not shown.signed:
        value = one if is_own else other
        return "" if math.isnan(value) else f"α = {value:.4f}"
    if row >= min(compared.numbers.steps, compared.numbers.baseline_steps):
        return "only one of them has this step"
    if math.isnan(one) and math.isnan(other):
        return "no attention"
    values = (UNKNOWN if math.isnan(value) else f"{value:.4f}" for value in (one, other))
    return f"Δα = {_signed(float(shown.values[row, column]))} ({' − '.join(values)})"


def _about_log_prob(scene: Scene, compared: Compared, row: int) -> str:
    numbers, t = compared.numbers, row + 1
    if t <= len(scene.steps) and not scene.knows(t, Phase.TOKEN):
        return "log p not computed yet"
    one, other = float(numbers.log_prob[row]), float(numbers.baseline_log_prob[row])
    text = f"log p {_log(one)} vs {_log(other)}"
    return (
        text
        if t > min(numbers.steps, numbers.baseline_steps)
        else (f"{text}, Δ {difference_text(float(numbers.delta_log_prob[row]))}")
    )


def table(scene: Scene, compared: Compared) -> Table:
    """A row a step; NaN where only one branch has it."""
    numbers, shown = compared.numbers, compared.map
    delta = shown.values if shown.signed else np.full((len(numbers), 1), np.nan)
    own = [*scene.tokens, *[""] * (len(numbers) - len(scene.steps))]
    other = [*compared.baseline.tokens, *[""] * (len(numbers) - numbers.baseline_steps)]
    columns: list[Floats] = [
        numbers.log_prob,
        numbers.baseline_log_prob,
        numbers.delta_log_prob,
        largest_change(delta),
        variation(delta),
        numbers.context_distance,
        numbers.state_distance,
    ]
    names = (
        "t",
        "token modified",
        "token baseline",
        "log p modified",
        "log p baseline",
        "Δ log p",
        "max |Δα|",
        "Σ|Δα|/2",
        "‖Δc‖",
        "‖Δs‖",
    )
    rows = [
        (t, one, two, *values)
        for t, (one, two, *values) in enumerate(
            zip(own, other, *(column.tolist() for column in columns), strict=True), start=1
        )
    ]
    return Table(names, rows)


def _choice(token: str, log_prob: float) -> str:
    return f"{token} {short_text(probability(log_prob))}"


def _signed(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:+.4f}".replace("-", "−")


def _log(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def _distance(value: float) -> str:
    return "0" if value == 0 else short_text(value)
