"""A report of deviations in words, for the command line and for the window."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attn_desktop.analysis.deviation import Condition, Report, Spot, Worst


def amount(report: Report) -> str:
    """What was compared, such as `19 steps in 3 branches`."""
    what = [count(report.steps, "step")]
    if report.branches > 1:
        what.append(f"in {report.branches} branches")
    if report.runs > 1:
        what.append(f"from {report.runs} inputs")
    return " ".join(what)


def verdict(report: Report, tolerance: float) -> str:
    """What it comes to, in one line."""
    if report.exact:
        return f"every number is the same to the last bit: {amount(report)}"
    beyond = sum(not worst.within(tolerance) for worst in report.worst)
    if beyond:
        return f"different: {count(beyond, 'quantity', 'quantities')} beyond {tolerance:g}"
    return f"the same within {tolerance:g}; tokens and positions are equal"


def size(worst: Worst) -> str:
    """By how much it deviates."""
    if math.isinf(worst.value):
        return "not comparable"
    if worst.quantity.counted:
        return f"{worst.value:.0f} {'differs' if worst.value == 1 else 'differ'}"
    return f"{worst.value:.2g}"


def place(spot: Spot, report: Report) -> str:
    """Where it deviates, with no more than is needed to tell it from other places."""
    of_input = f" of input {spot.run + 1}" if report.runs > 1 else ""
    if spot.node is None:
        return f"encoding{of_input}"
    branch = f", branch {spot.branch}" if report.branches > 1 else ""
    return f"t {spot.t}{branch}{of_input}"


def conditions(given: Sequence[Condition], now: bool) -> str:
    """Device, dtype and versions, as they are now or as they were then."""
    values = [(item.name, item.now if now else item.then) for item in given]
    return ", ".join(f"no {name}" if value is None else f"{name} {value}" for name, value in values)


def count(number: int, one: str, many: str = "") -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
