"""What is said of rollouts beside the panel's drawings: caption, titles, table."""

from __future__ import annotations

from attn_desktop.analysis.rollout_numbers import CONFIDENCE
from attn_desktop.gui.panel import Table
from attn_desktop.gui.rollout_shown import Shown

COLUMNS = ("sentence", "count", "share", "ended", "seed of the first", "steps", "log p")


def caption(shown: Shown) -> str:
    """How many there are, and how they were made."""
    asked, settings = shown.asked, shown.record.settings
    parts = [
        f"{shown.done:,}" if shown.whole else f"{shown.done:,} of {asked.count:,}",
        f"seed {asked.seed}",
        str(shown.mode),
    ]
    if asked.how == "sampled":
        parts.append(f"drawn tokens, T {asked.temperature:g}")
    if settings["edited"]:
        parts.append("with the lasting edits of the step")
    if not settings["trained"]:
        parts.append("untrained mode")
    return " · ".join(parts)


def titles(shown: Shown) -> dict[str, str]:
    """What stands above each part."""
    count, mean, first = len(shown.sentences), shown.mean, shown.t + 1
    return {
        "sentences": f"{count:,} different sentence{'' if count == 1 else 's'}",
        "tokens": "y_t of the rollouts, step by step",
        "draws": f"where the draws fell, below α of step {first}",
        "mean": (
            f"mean of c_hard at step {first}: inside the {CONFIDENCE:.0%} band at "
            f"{mean.inside:,} of {shown.done:,} N"
        ),
    }


def table(shown: Shown | None) -> Table:
    """The sentences, the most frequent first."""
    if shown is None:
        return Table(COLUMNS, ())
    return Table(
        COLUMNS,
        [
            (s.text, s.count, s.share, s.ended, shown.seed(s.row), s.steps, s.log_prob)
            for s in shown.sentences
        ],
    )
