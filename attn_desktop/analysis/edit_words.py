"""Edits in a few words, for the history, the list of branches and reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from attn_desktop.analysis.labels import CONTINUES
from attn_desktop.analysis.region_names import short_names
from attn_desktop.trace.edits import Edit

#: Most positions that are named, and most characters of each.
NAMED, LONGEST = 3, 18
SYMBOLS = {"context": "c", "state": "s"}
POWERS = {2.0: "²", 3.0: "³"}


def describe_all(edits: Sequence[Edit], source_labels: Sequence[str]) -> str:
    """What edits come to: those that a later one makes void are left out; empty for none."""
    return ", ".join(describe(edit, source_labels) for edit in _joined(_effective(edits)))


def describe(edit: Edit, source_labels: Sequence[str]) -> str:
    """One edit in short, such as `α: only “car”`. source_labels: of all S positions."""
    match edit.target:
        case "alpha":
            return _alpha(edit, source_labels)
        case "position":
            return f"k = {_names(edit.positions, source_labels)}"
        case _:
            return _vector(edit)


def dimension_text(dimensions: Iterable[int]) -> str:
    """Numbers with runs of three and more joined: `3, 7-12`."""
    runs: list[list[int]] = []
    for dimension in sorted(dimensions):
        if runs and dimension == runs[-1][-1] + 1:
            runs[-1].append(dimension)
        else:
            runs.append([dimension])
    return ", ".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs
    )


def number_text(value: float) -> str:
    """A number with the sign that papers have."""
    return f"{value:g}".replace("-", "−")


def _alpha(edit: Edit, labels: Sequence[str]) -> str:
    regions = short_names([labels[j] for j in edit.positions if j < len(labels)], NAMED)
    match edit.how:
        case "pin" if regions:
            return f"look only at {regions}"
        case "mask" if regions:
            return f"do not look at {regions}"
        case "pin":
            return f"α: only {_names(edit.positions, labels)}"
        case "mask":
            return f"α: not {_names(edit.positions, labels)}"
        case "power":
            power = edit.values[0]
            return f"α{POWERS[power]}" if power in POWERS else f"α^{power:g}"
        case "shift":
            return f"α shifted {'+' if edit.values[0] > 0 else ''}{number_text(edit.values[0])}"
        case "uniform":
            return "α uniform"
        case _:
            most = max(range(len(edit.values)), key=lambda position: edit.values[position])
            return f"α by hand, most on {_names((most,), labels)}"


def _vector(edit: Edit) -> str:
    name, values = SYMBOLS[edit.target], edit.values
    if edit.positions:
        name += f"[{dimension_text(edit.positions)}]"
    if edit.how == "zero":
        return f"{name} = 0"
    if edit.how == "replace":
        return f"{name} = {number_text(values[0])}" if len(values) == 1 else f"{name} replaced"
    if len(values) > 1:
        return f"{name} + …"
    return f"{name} {'−' if values[0] < 0 else '+'} {abs(values[0]):g}"


def _names(positions: Sequence[int], labels: Sequence[str]) -> str:
    """Words in quotes; pieces of one word that follow each other are joined."""
    names: list[str] = []
    last = -2
    for position in sorted(positions):
        label = labels[position] if position < len(labels) else f"#{position + 1}"
        if names and position == last + 1 and label.startswith(CONTINUES):
            names[-1] += label.removeprefix(CONTINUES)
        else:
            names.append(label)
        last = position
    shown = [f"“{name if len(name) <= LONGEST else name[: LONGEST - 1] + '…'}”" for name in names]
    more = len(shown) - NAMED
    return ", ".join(shown[:NAMED]) + (f" + {more} more" if more > 0 else "")


def _effective(edits: Sequence[Edit]) -> list[Edit]:
    """The edits without those of which a later one leaves no trace."""
    kept: list[Edit] = []
    for edit in edits:
        if _replaces_all(edit):
            kept = [other for other in kept if other.target != edit.target]
        kept.append(edit)
    return kept


def _replaces_all(edit: Edit) -> bool:
    if edit.target in SYMBOLS:
        return edit.how in ("zero", "replace") and not edit.positions
    return edit.how in ("set", "uniform", "pick")


def _joined(edits: Sequence[Edit]) -> list[Edit]:
    """Powers after each other as one, (α^a)^b = α^(ab); shifts the same way as one too."""
    joined: list[Edit] = []
    for edit in edits:
        before = joined[-1] if joined else None
        if before is not None and (before.target, before.how) == (edit.target, edit.how):
            if edit.how == "power":
                joined[-1] = replace(edit, values=(before.values[0] * edit.values[0],))
                continue
            if edit.how == "shift" and before.values[0] * edit.values[0] > 0:
                joined[-1] = replace(edit, values=(before.values[0] + edit.values[0],))
                continue
        joined.append(edit)
    return joined
