"""Breakpoints and watches in words: where one holds, what one comes to, and why there is nothing.

What the step at the playhead has not come to yet is not told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from attn_desktop.analysis.conditions import REFERENCE, Condition, ConditionError
from attn_desktop.gui.marks import Marks, parse_once
from attn_desktop.gui.scene import HIDDEN, Phase, Scene, Stop, Watch
from attn_desktop.gui.timeline_watches import value_at
from attn_desktop.trace.annotations import Breakpoint

#: How many steps are named one by one.
NAMED = 12
#: Names that mean nothing at a step without attention.
OF_ATTENTION = ("alpha", "energies", "coverage", "sampled", "center", "outside")


def holding(stop: Stop, scene: Scene) -> tuple[int, ...]:
    """The steps of the branch shown at which a condition is known to hold."""
    return tuple(t for t in stop.steps if scene.knows(t, Phase.TOKEN))


def now_text(watch: Watch, scene: Scene) -> str:
    """What a watch comes to at the playhead, `HIDDEN` as long as that is not known."""
    if watch.problem or not scene.t:
        return ""
    return value_at(scene, watch, scene.t) if scene.knows(scene.t, Phase.TOKEN) else HIDDEN


def why_none(expression: str, scene: Scene, t: int) -> str:
    """Why an expression has no value at step t of the branch shown."""
    assert scene.run is not None
    parts = parse_once(expression).measured(scene.run, scene.steps, t)
    missing = [text for text, value in parts if value is None]
    if not missing:
        spoiled = [text for text, value in parts if value != value]  # NaN alone is not itself
        return f"{_listed(spoiled) or expression} is not a number at t = {t}"
    said = f"{_listed(missing)} cannot be had at t = {t}"
    names = set(re.findall(r"\w+", expression.replace("α", "alpha")))
    if scene.steps[t - 1].cross is None and names.intersection(OF_ATTENTION):
        return f"{said}: the step has no attention"
    rules = [entry.help.rpartition("; ")[2] for entry in REFERENCE if entry.name in names]
    rules = [rule for rule in rules if rule.startswith("unknown")]
    return f"{said} ({'; '.join(rules)})" if rules else said


def comes_to(condition: Condition, scene: Scene, marks: Marks) -> str:
    """What a condition comes to that is still being written: `3 of 12`, or its value `= 0.71`.

    marks: keep what does not change with the playhead.
    """
    run, t = scene.run, scene.t
    if run is None or not scene.steps:
        return ""
    if condition.is_boolean:
        (stop,) = marks.stops(run, scene.steps, [Breakpoint(condition.text)])
        return count_text(holding(stop, scene), scene)
    if condition.is_numeric:
        (watch,) = marks.watches(run, scene.steps, [condition.text])
        value = now_text(watch, scene)
    else:
        known = bool(t) and scene.knows(t, Phase.TOKEN)
        value = f"“{condition.evaluate(run, scene.steps, t)}”" if known else ""
    return f"= {value}" if value else ""


def same(text: str, other: str) -> bool:
    """Whether two expressions say the same, however they are spaced."""
    try:
        return parse_once(text).canonical == parse_once(other).canonical
    except ConditionError:
        return text == other


def where_text(steps: Sequence[int]) -> str:
    """`t = 2, 5, 9`, the first few of many."""
    named = ", ".join(map(str, steps[:NAMED]))
    more = len(steps) - NAMED
    return f"t = {named} and {more} more" if more > 0 else f"t = {named}"


def count_text(steps: Sequence[int], scene: Scene) -> str:
    """At how many steps of the branch shown a condition holds: `3 of 12`."""
    return f"{len(steps)} of {len(scene.steps)}"


def hits_text(hits: int) -> str:
    """`0`, `1 hit`, `2 hits`."""
    return f"{hits} hit{'' if hits == 1 else 's'}" if hits else "0"


def _listed(texts: Sequence[str]) -> str:
    return " and ".join(texts)
