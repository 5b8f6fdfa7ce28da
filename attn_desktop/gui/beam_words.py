"""What a beam search's panel says beside its tree: captions, reasons, names, and all numbers."""

from __future__ import annotations

from attn_desktop.analysis.beam_tree import FATE_NAMES, Fate, label, n_best, number
from attn_desktop.gui.beam_searches import Search, where
from attn_desktop.gui.panel import Table
from attn_desktop.gui.scene import Scene

NO_RUN = "Encode a sentence; then a beam search follows several outputs at once."
NO_SEARCH = (
    "No search yet. Press Search (Ctrl+Shift+B): each step keeps the likeliest continuations of "
    "its hypotheses, as many as the width says."
)
ENDED = "The output has ended here: go back to a step before its end to search."


def why_not(scene: Scene, limit: int) -> str:
    """Why no search can begin at the playhead; empty where one can. limit: 0 for the usual one."""
    if scene.run is None:
        return NO_RUN
    if scene.step is not None and scene.step.is_end:
        return ENDED
    if limit and limit <= scene.t:
        return f"A search up to step {limit} cannot begin after step {scene.t}: let it go further."
    return ""


def note(scene: Scene, search: Search | None, reason: str) -> str:
    """What is shown, where it is not of the playhead. reason: why no search can begin there."""
    if search is None or search.t == scene.t:
        return reason
    began = f"This search began {where(search.t)}"
    if reason:
        return f"{began}. {reason}"
    place = f"at step {scene.t}" if scene.t else "at the start"
    return f"{began}; the playhead is {place}, and Search goes on from there."


def caption(search: Search, scene: Scene) -> str:
    """How far a search that can be shown has come, and what is special about it."""
    record, ranking = search.record, n_best(search.record)
    steps, count = int(record.arrays["t"][-1]) - search.t, len(record.arrays["t"]) - 1
    parts = [where(search.t), f"{steps} step{'' if steps == 1 else 's'}", f"{count} hypotheses"]
    if ranking:
        parts.append(f"best {number(float(record.arrays['score'][ranking[0]]))}")
    if not search.finished:
        parts.append("growing" if search.growing else "stopped")
    if record.settings.get("edited"):
        parts.append("with edits")
    if scene.run is not None and search.mode not in scene.run.model.trained_modes:
        parts.append("untrained mode")
    return " · ".join(parts)


def path_name(search: Search, row: int) -> str:
    """What the history calls a hypothesis that is followed."""
    ranking, record = n_best(search.record), search.record
    if row in ranking:
        return f"beam {ranking.index(row) + 1}"
    pruned = "pruned " if record.arrays["fate"][row] == Fate.PRUNED else ""
    return f"beam: {pruned}“{label(record, row)}” at step {int(record.arrays['t'][row])}"


def table(search: Search) -> Table:
    """Every hypothesis of a search that can be shown, in the order in which they were found."""
    arrays = search.record.arrays
    places = {row: place for place, row in enumerate(n_best(search.record), 1)}
    whole = ("parent", "t", "token_id", "rank")
    numbers = ("log_prob", "total", "length_divisor", "coverage_term", "score", "margin")
    rows = [
        (
            row,
            *(int(arrays[name][row]) for name in whole),
            label(search.record, row),
            *(float(arrays[name][row]) for name in numbers),
            FATE_NAMES[int(arrays["fate"][row])],
            places.get(row, ""),
        )
        for row in range(len(arrays["t"]))
    ]
    return Table(("row", *whole, "token", *numbers, "fate", "n_best"), rows)
