"""The beam searches along the branch shown: which there are, which is looked at, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attn_desktop.analysis.beam_tree import KIND, children, is_sound
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import WEIGHTINGS, Mode
from attn_desktop.gui.scene import Scene, start_key
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import MAX_SEED

#: Settings that the user gives, in the words of the row of fields.
GIVEN = {
    "width": "width",
    "length_penalty": "length",
    "coverage_penalty": "coverage",
    "max_steps": "up to step",
}


@dataclass(frozen=True)
class SearchKey:
    """Which search it is, however it has grown. at: key of its node; number: which one there."""

    at: int
    number: int


@dataclass(frozen=True, eq=False)
class Search:
    """t: the step after which it began. problem: why it cannot be shown. growing: under way.

    answers: whether its tokens are answers, of which the last one counts.
    """

    key: SearchKey
    t: int
    record: ProbeRecord
    problem: str = ""
    growing: bool = False
    answers: bool = False

    @property
    def mode(self) -> Mode:
        """In which it is to be followed: of the reading that it went on with, where that is one."""
        mode = Mode.parse(self.record.settings["mode"])
        used = self.record.settings.get("reading_used")
        if mode.attends and used in WEIGHTINGS:
            return Mode(mode.score, mode.scope, str(used))
        return mode

    @property
    def finished(self) -> bool:
        """Whether it came to its end."""
        return self.record.settings.get("finished") is True


class Searches:
    """Finds the searches of a scene; what has been looked through once is not looked through again.

    found: those at the playhead first, newest first; then those of other steps of the branch.
    """

    def __init__(self) -> None:
        self.found: tuple[Search, ...] = ()
        self._problems: dict[ProbeRecord, str] = {}

    def look(self, scene: Scene) -> None:
        """Find the searches of another scene."""
        run, problems = scene.run, self._problems
        self._problems = {}
        found: list[Search] = []
        if run is not None:
            keys = [start_key(scene.run_number), *(step.node for step in scene.steps)]
            for t in sorted(range(len(keys)), key=lambda t: (t != scene.t, t)):
                own = [probe for probe in scene.probes.get(keys[t], ()) if probe.kind == KIND]
                for number, record in reversed(list(enumerate(own))):
                    if record not in problems:
                        problems[record] = _problem(record, len(run.source), t)
                    self._problems[record] = problems[record]
                    growing = record.settings.get("finished") is False and scene.probing == KIND
                    found.append(
                        Search(
                            SearchKey(keys[t], number),
                            t,
                            record,
                            problems[record],
                            growing and number == len(own) - 1,
                            run.model.answers,
                        )
                    )
        self.found = tuple(found)

    def chosen(self, t: int, picked: SearchKey | None) -> Search | None:
        """The search to look at with the playhead at step t: of those there the one picked.

        Without one there it is the one picked before, or the nearest on the way there.
        """
        here = [search for search in self.found if search.t == t]
        for search in here or self.found:
            if search.key == picked:
                return search
        before = [search for search in self.found if search.t <= t]
        # Of one step the newest comes first.
        return max(before, key=lambda search: search.t, default=next(iter(self.found), None))


def _problem(record: ProbeRecord, source_length: int, t: int) -> str:
    """Why a record, which may come from any file, is not what it should be; empty if it is."""
    if not is_sound(record, source_length):
        return "This search cannot be shown: its numbers do not fit together, or not this source."
    numbers = [value for value in record.settings.values() if isinstance(value, int | float)]
    if not all(abs(value) <= MAX_SEED for value in numbers):
        return f"This search cannot be shown: one of its settings is beyond ±{MAX_SEED}."
    began, seed = int(record.arrays["t"][0]), record.settings.get("seed")
    if began != t or len(record.settings["prefix"]) != t:
        return f"This search cannot be shown: it began after step {began}, but is kept at step {t}."
    if not isinstance(seed, int) or not 0 <= seed:
        return f"This search cannot be shown: its seed is {str(seed)[:40]}, not a number from 0 on."
    mode = record.settings.get("mode")
    if not isinstance(mode, str):
        return "This search cannot be shown: its mode is not written as score/scope/weighting."
    try:
        Mode.parse(mode)
    except InputError as error:
        return f"This search cannot be shown: {error}."
    return ""


def along(record: ProbeRecord, tokens: Sequence[int]) -> list[int]:
    """The hypotheses that these tokens, of the steps after the search began, lead along."""
    rows = [0]
    for token in tokens:
        following = [
            row for row in children(record, rows[-1]) if record.arrays["token_id"][row] == token
        ]
        if not following:
            break
        rows.append(following[0])
    return rows


def where(t: int) -> str:
    """After which step, in words."""
    return f"after step {t}" if t else "from the start"


def settings_text(settings: Any) -> str:
    """What was asked for, in short."""
    parts = []
    for name, word in GIVEN.items():
        value = settings.get(name)
        if isinstance(value, int | float) and (value or name == "length_penalty"):
            parts.append(f"{word} {value:g}")
    return " · ".join(parts)


def name_of(search: Search) -> str:
    """For a list of searches."""
    if search.problem:
        return f"{where(search.t)} · broken"
    state = "" if search.finished else " · growing" if search.growing else " · stopped"
    return f"{where(search.t)} · {settings_text(search.record.settings)} · {search.mode}{state}"
