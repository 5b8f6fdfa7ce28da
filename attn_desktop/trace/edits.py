"""What a user changed inside one decoding step: plain data, kept with the node that it made.

An edit says what was done, not what came of it, so that the same edit can be made to other steps
too, and a step made again from its edits is the same to the last bit. What each does to α is in
`analysis/alpha_edits.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from attn_desktop.common.errors import InputError
from attn_desktop.trace.numbers import is_finite, is_whole

Target = Literal["alpha", "position", "context", "state"]
TARGETS: tuple[Target, ...] = get_args(Target)
#: What only a step with attention has.
OF_ATTENTION = ("alpha", "position")
#: Σ_j of the values that α is set to: only their shares count, and sums must stay finite.
LARGEST_TOTAL = 1e300
#: For each target what can be done to it, and whether that takes positions and values.
#: `*`: any number; `+`: at least one; `1`: exactly one; an empty text: none.
WAYS: dict[tuple[str, str], tuple[str, str]] = {
    ("alpha", "set"): ("", "+"),
    ("alpha", "mask"): ("+", ""),
    ("alpha", "pin"): ("+", ""),
    ("alpha", "power"): ("", "1"),
    ("alpha", "shift"): ("", "1"),
    ("alpha", "uniform"): ("", ""),
    ("position", "pick"): ("1", ""),
    ("context", "add"): ("*", "+"),
    ("context", "zero"): ("*", ""),
    ("context", "replace"): ("*", "+"),
    ("state", "add"): ("*", "+"),
    ("state", "zero"): ("*", ""),
    ("state", "replace"): ("*", "+"),
}


@dataclass(frozen=True)
class Edit:
    """One change to α_t, to the hard position k, to c_t or to s_t.

    target, how: a key of `WAYS`. positions: source positions from 0, or dimensions of the vector
    (none: all of it). values: α before it is made to sum to 1 (`set`, one a source position), the
    exponent (`power`: above 1 sharpens, below flattens), by how many positions α moves (`shift`),
    or what is added to or put in place of the dimensions: one for each, or one for all.
    lasting: whether the steps that are decoded after this one are edited in the same way.
    Raises InputError, naming the value, for anything else.
    """

    target: str
    how: str
    positions: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    lasting: bool = False

    def __post_init__(self) -> None:
        if (self.target, self.how) not in WAYS:
            valid = ", ".join(f"{target} {how}" for target, how in WAYS)
            raise InputError(f"there is no edit {self.target} {self.how!r}; valid are: {valid}")
        positions, values = WAYS[self.target, self.how]
        self._check_count("positions", positions, self.positions)
        self._check_count("values", values, self.values)
        for position in self.positions:
            if not is_whole(position) or position < 0:
                raise InputError(f"{self.name}: {position!r} is no position; they count from 0")
        if len(set(self.positions)) < len(self.positions):
            raise InputError(f"{self.name}: a position is given twice")
        for value in self.values:
            if not is_finite(value):
                raise InputError(f"{self.name}: {value!r} is not a finite number")
        self._check_values()

    def _check_count(self, what: str, allowed: str, given: Sequence[object]) -> None:
        fits = {"": not given, "*": True, "+": bool(given), "1": len(given) == 1}
        if not fits[allowed]:
            wanted = {"": "none", "+": "at least one", "1": "one"}[allowed]
            raise InputError(f"{self.name} takes {wanted} of {what}, not {len(given)}")

    def _check_values(self) -> None:
        if self.target == "alpha" and self.how == "set":
            for j, value in enumerate(self.values):
                if value < 0:
                    raise InputError(f"α of position {j + 1} cannot be negative ({value:g})")
            if not sum(self.values) > 0:
                raise InputError("α would sum to 0; leave at least one position above 0")
            if sum(self.values) > LARGEST_TOTAL:
                raise InputError(
                    f"α would sum to more than {LARGEST_TOTAL:g}; only the shares of its values "
                    "count, so give smaller ones"
                )
        if self.how == "power" and self.values[0] <= 0:
            raise InputError(f"α can be raised to a power above 0, not {self.values[0]:g}")
        if self.how == "shift" and self.values[0] != int(self.values[0]):
            raise InputError(f"α moves by whole positions, not by {self.values[0]:g}")
        many = len(self.values) > 1 and self.how in ("add", "replace")
        if many and self.positions and len(self.positions) != len(self.values):
            raise InputError(
                f"{self.name}: {len(self.values)} values for {len(self.positions)} dimensions; "
                "give one for each, or one for all"
            )

    @property
    def name(self) -> str:
        """Target and way, for messages."""
        return f"{self.target} {self.how}"


def check_edits(edits: Sequence[Edit], source: int, context: int, state: int) -> None:
    """Raise InputError for a position or a number of values that a run does not have.

    source: S, number of positions; context: H and state: N, lengths of the vectors.
    """
    lengths = {"alpha": source, "position": source, "context": context, "state": state}
    units = {"alpha": "source positions", "position": "source positions"}
    for edit in edits:
        length = lengths[edit.target]
        unit = units.get(edit.target, "dimensions")
        if edit.positions and max(edit.positions) >= length:
            raise InputError(
                f"{edit.name}: there is no position {max(edit.positions) + 1}; "
                f"there are {length} {unit}"
            )
        whole = edit.how == "set" or (edit.how in ("add", "replace") and not edit.positions)
        if whole and len(edit.values) not in ({length} if edit.how == "set" else {1, length}):
            raise InputError(f"{edit.name}: {len(edit.values)} values for {length} {unit}")


def check_attends(edits: Sequence[Edit], attends: bool) -> None:
    """Raise InputError for an edit of what a mode without attention does not have."""
    if not attends and any(edit.target in OF_ATTENTION for edit in edits):
        raise InputError("this mode has no attention, so there is no α to edit")


def possible(edits: Sequence[Edit], attends: bool) -> tuple[Edit, ...]:
    """Those of them that a mode can have. attends: whether it has attention, which some need."""
    return tuple(edit for edit in edits if attends or edit.target not in OF_ATTENTION)


def inherited(edits: Sequence[Edit], attends: bool) -> tuple[Edit, ...]:
    """What the step after one with these edits is edited by: the lasting ones, as `possible`."""
    return tuple(edit for edit in possible(edits, attends) if edit.lasting)
