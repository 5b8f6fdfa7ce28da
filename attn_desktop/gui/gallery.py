"""The gallery: many pictures, what a model said of each, and the orders to look at them in.

It belongs to the window and to no document: what is opened from it becomes one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from attn_desktop.common.mode import Mode

Order = Literal["name", "confidence", "entropy"]


@dataclass(frozen=True)
class Ways:
    """How pictures are captioned. text: the question, for a model that takes one.

    seed: of what a hard mode draws. trained: whether the checkpoint learnt the mode.
    """

    model: str
    device: str
    mode: Mode
    seed: int = 0
    text: str = ""
    trained: bool = True

    @property
    def name(self) -> str:
        """Question, model and mode, for people to read."""
        asked = f"“{self.text}” · " if self.text else ""
        untrained = "" if self.trained else ", untrained"
        return f"{asked}{Path(self.model).name} · {self.mode}{untrained}"


@dataclass(frozen=True)
class Said:
    """What a model said of a picture. confidence: mean log p. spread: mean H(α) / log S.

    Both are NaN where they are not known. ended: False where it was cut off without an end.
    """

    text: str
    confidence: float
    spread: float
    ended: bool = True


@dataclass(frozen=True, eq=False)
class Entry:
    """A file. said: its caption, once it is there. thumbnail: an image file; empty until then.

    problem: why it has no caption and will get none.
    """

    path: Path
    said: Said | None = None
    thumbnail: bytes = field(default=b"", repr=False)
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Gallery:
    """name: of the folder. entries: by file name. note: what was left out of it, empty for nothing.

    ways: in which they are captioned; None before that began. busy: whether it goes on.
    """

    name: str
    entries: tuple[Entry, ...] = ()
    note: str = ""
    ways: Ways | None = None
    busy: bool = False

    @property
    def captioned(self) -> int:
        """How many have a caption."""
        return sum(entry.said is not None for entry in self.entries)

    @property
    def refused(self) -> int:
        """How many will get none."""
        return sum(bool(entry.problem) for entry in self.entries)

    @property
    def left(self) -> int:
        """How many have neither a caption nor a problem yet."""
        return len(self.entries) - self.captioned - self.refused


def score(entry: Entry, order: Order) -> float:
    """What an entry is sorted by, other than its name; NaN where it has none."""
    if entry.said is None:
        return math.nan
    return entry.said.confidence if order == "confidence" else entry.said.spread


def ordered(entries: Sequence[Entry], order: Order, descending: bool) -> list[Entry]:
    """Entries, given by file name, in an order; equal ones and those without a score by name.

    Whichever way it goes, those without a score come after the others, those with a problem last.
    """
    usable = [entry for entry in entries if not entry.problem]
    problems = [entry for entry in entries if entry.problem]
    if order == "name":
        return [*(reversed(usable) if descending else usable), *problems]
    known = [entry for entry in usable if not math.isnan(score(entry, order))]
    unknown = [entry for entry in usable if math.isnan(score(entry, order))]
    sign = -1 if descending else 1
    known.sort(key=lambda entry: sign * score(entry, order))
    return [*known, *unknown, *problems]
