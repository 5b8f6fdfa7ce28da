"""A beam search as a tree, from its `beam` probe: paths, the n-best list, why a hypothesis died.

Every row of the arrays is a hypothesis: row 0 is where the search began, any other continues the
one at `parent` by a token. A search that is still growing comes in parts, which `extended` and
`join` put together. `DESCRIPTION` says what each array holds.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from enum import IntEnum
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.labels import token_labels
from attn_desktop.analysis.pieces import join_pieces
from attn_desktop.common.errors import InputError
from attn_desktop.trace.records import ProbeRecord

KIND = "beam"

#: (rows,) each; rows of one step stand together, likeliest first.
DESCRIPTION = {
    "parent": "row of the hypothesis that this one continues, -1 for the first",
    "t": "step that it is of",
    "token_id": "the token that it adds",
    "log_prob": "log p of that token",
    "total": "log p of the whole hypothesis",
    "length_divisor": "lp of its length",
    "coverage_term": "cp of what it has looked at",
    "score": "total / lp + cp, as if it ended here",
    "fate": "a `Fate`",
    "rank": "place among the continuations of its step, from 1; 0 for the first row",
    "margin": "log p that it falls short of the last in the beam, 0 for those in it",
}
#: (rows, S) and (rows,), only with attention; zeros and -1 in the first row.
OF_ATTENTION = {
    "alpha": "α of the step that added the token",
    "sampled": "the position that the step's u picks",
}


class Fate(IntEnum):
    """What became of a hypothesis.

    KEPT: it went on. PRUNED: likelier ones took its place. ENDED: with the end token.
    CUT_OFF: at the last step. OUTSCORED: kept, but it could no longer beat the best that ended.
    """

    KEPT = 0
    PRUNED = 1
    ENDED = 2
    CUT_OFF = 3
    OUTSCORED = 4


#: By code, as `settings` of the probe has them.
FATE_NAMES = ("kept", "pruned", "ended", "cut off", "outscored")

#: Settings that the sentences need, and the least that each can be.
_NUMBERS = {"width": 1, "length_penalty": 0, "coverage_penalty": 0, "limit": 1, "start": 0}
#: Arrays that index.
_WHOLE = frozenset({"parent", "t", "token_id", "fate", "rank", "sampled"})


def length_divisor(length: int, alpha: float) -> float:
    """lp(Y) = ((5 + |Y|) / 6)^α (Wu et al. 2016, equation 14)."""
    try:
        return float(((5 + length) / 6) ** alpha)
    except OverflowError:
        return sys.float_info.max


def is_sound(record: ProbeRecord, source_length: int) -> bool:
    """Whether a record, which may come from any file, is a whole search that can be read here.

    source_length: S of the run.
    """
    settings, arrays = record.settings, record.arrays
    tokens, prefix = settings.get("tokens"), settings.get("prefix")
    if (
        record.kind != KIND
        or settings.get("first_row") != 0
        or not isinstance(settings.get("finished"), bool)
        or not all(_is_at_least(least, settings.get(name)) for name, least in _NUMBERS.items())
        or not _is_list_of(str, tokens)
        or not _is_list_of(int, prefix)
        or not tokens
    ):
        return False
    rows = len(tokens)
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(DESCRIPTION, (rows,))
    if OF_ATTENTION.keys() & arrays.keys():
        shapes |= {"alpha": (rows, source_length), "sampled": (rows,)}
    for name, shape in shapes.items():
        kinds = "iu" if name in _WHOLE else "iuf"
        if (
            name not in arrays
            or arrays[name].shape != shape
            or arrays[name].dtype.kind not in kinds
        ):
            return False
    if "sampled" in arrays and not np.isin(arrays["sampled"], range(-1, source_length)).all():
        return False
    parent, t = arrays["parent"].astype(np.int64), arrays["t"].astype(np.int64)
    return bool(
        parent[0] == -1
        and ((parent[1:] >= 0) & (parent[1:] < np.arange(1, rows))).all()
        and (t[1:] == t[parent[1:]] + 1).all()
        and (np.diff(t) >= 0).all()
        and np.isin(arrays["fate"], list(Fate)).all()
    )


def _is_at_least(least: float, value: object) -> bool:
    return isinstance(value, int | float) and least <= value < math.inf


def _is_list_of(kind: type, values: object) -> bool:
    return isinstance(values, list | tuple) and all(isinstance(value, kind) for value in values)


def extended(whole: ProbeRecord, part: ProbeRecord) -> ProbeRecord:
    """A search and its next rows as one record; rows that both have are the part's.

    Raises InputError where rows are missing between them.
    """
    first, rows = part.settings["first_row"], len(whole.arrays["parent"])
    if first > rows:
        raise InputError(f"rows {rows} to {first - 1} of the beam search are missing")
    labels = [*whole.settings["tokens"][:first], *part.settings["tokens"]]
    return ProbeRecord(
        node=part.node,
        kind=part.kind,
        settings={**part.settings, "tokens": labels, "first_row": whole.settings["first_row"]},
        arrays={
            name: np.concatenate([whole.arrays[name][:first], rest])
            for name, rest in part.arrays.items()
        },
        run=part.run,
    )


def join(parts: Sequence[ProbeRecord]) -> ProbeRecord:
    """All parts of one search, in the order in which they came, as one record."""
    return reduce(extended, parts)


def n_best(record: ProbeRecord) -> list[int]:
    """Rows of the hypotheses that ended or were cut off, best score first."""
    fate = record.arrays["fate"]
    rows = np.flatnonzero((fate == Fate.ENDED) | (fate == Fate.CUT_OFF))
    return [int(row) for row in rows[np.argsort(-record.arrays["score"][rows], kind="stable")]]


def path(record: ProbeRecord, row: int) -> list[int]:
    """Rows from the first one to this one."""
    parent = record.arrays["parent"]
    rows = [row]
    while parent[rows[-1]] >= 0:
        rows.append(int(parent[rows[-1]]))
    return rows[::-1]


def children(record: ProbeRecord, row: int) -> list[int]:
    """Rows that continue this one, likeliest first."""
    return [int(child) for child in np.flatnonzero(record.arrays["parent"] == row)]


def token_ids(record: ProbeRecord, row: int) -> tuple[int, ...]:
    """The output of a hypothesis from t = 1 on: what came before the search, then its own."""
    own = record.arrays["token_id"][path(record, row)[1:]]
    return (*record.settings["prefix"], *(int(token) for token in own))


def text(record: ProbeRecord, row: int, answers: bool = False) -> str:
    """What a hypothesis spells from the start of the search on.

    answers: whether its tokens are answers, of which the last one counts.
    """
    labels = record.settings["tokens"]
    rows = path(record, row)[1:]
    return join_pieces(labels[place] for place in (rows[-1:] if answers else rows))


def label(record: ProbeRecord, row: int) -> str:
    """The token that a hypothesis adds, as it is shown wherever an output is."""
    tokens, arrays = record.settings["tokens"], record.arrays
    if arrays["t"][row] <= 1:
        return token_labels([tokens[row]])[0]
    return token_labels([tokens[max(0, arrays["parent"][row])], tokens[row]])[1]


def survivors(record: ProbeRecord) -> NDArray[np.bool_]:
    """(rows,) True for those on the way to a hypothesis that ended, was cut off or is live."""
    parent, fate, t = (record.arrays[name] for name in ("parent", "fate", "t"))
    lives: NDArray[np.bool_] = (fate == Fate.ENDED) | (fate == Fate.CUT_OFF)
    if not record.settings["finished"]:
        lives |= (fate == Fate.KEPT) & (t == t[-1])
    for step in range(int(t[-1]), int(t[0]), -1):
        lives[parent[lives & (t == step)]] = True
    return lives


def why(record: ProbeRecord, row: int) -> str:
    """What became of a hypothesis, in a sentence with the numbers that decided it."""
    arrays = record.arrays
    t, total, fate = int(arrays["t"][row]), float(arrays["total"][row]), int(arrays["fate"][row])
    if row == 0:
        return f"the search began here, after step {t}" if t else "the search began here"
    match fate:
        case Fate.PRUNED:
            return f"pruned at step {t}: log p {number(total)} is {_short(record, row)}"
        case Fate.ENDED | Fate.CUT_OFF:
            return _finish(record, row)
        case Fate.OUTSCORED:
            return _outscored(record, row)
        case _:
            rank, count = int(arrays["rank"][row]), _beam_size(record, t)
            kept = f"kept at step {t}: log p {number(total)} was number {rank} of {count}"
            return f"{kept}; {_continuation(record, row)}"


def number(value: float) -> str:
    """Two decimals, or two digits of a smaller number, with the sign that papers have."""
    digits = f"{value:.2f}" if value == 0 or abs(value) >= 0.01 else f"{value:.2g}"
    return digits.replace("-", "−")


def _beam_size(record: ProbeRecord, t: int) -> int:
    arrays = record.arrays
    return int(np.count_nonzero((arrays["t"] == t) & (arrays["fate"] != Fate.PRUNED)))


def _short(record: ProbeRecord, row: int) -> str:
    """How far a pruned row falls short."""
    margin = float(record.arrays["margin"][row])
    count = _beam_size(record, int(record.arrays["t"][row]))
    last = "the one kept" if count == 1 else f"the last of the {count} kept"
    return f"{number(margin)} below {last}" if margin > 0 else f"no more than that of {last}"


def _terms(record: ProbeRecord, row: int) -> str:
    """The score of a row as it is made up."""
    arrays = record.arrays
    total, divisor, coverage = (
        float(arrays[name][row]) for name in ("total", "length_divisor", "coverage_term")
    )
    terms = f"log p {number(total)} / {number(divisor)}"
    if record.settings["coverage_penalty"] > 0:
        terms += f" + coverage {number(coverage)}"
    return f"score {number(float(arrays['score'][row]))} ({terms})"


def _finish(record: ProbeRecord, row: int) -> str:
    t = int(record.arrays["t"][row])
    ended = record.arrays["fate"][row] == Fate.ENDED
    ranking = n_best(record)
    place, best = ranking.index(row) + 1, float(record.arrays["score"][ranking[0]])
    so_far = "" if record.settings["finished"] else " so far"
    said = f"{'ended' if ended else 'cut off'} at step {t} with {_terms(record, row)}"
    if place == 1:
        return f"{said}, the best{so_far}"
    return f"{said}, number {place}{so_far}; the best has {number(best)}"


def _outscored(record: ProbeRecord, row: int) -> str:
    arrays, settings = record.arrays, record.settings
    total, limit = float(arrays["total"][row]), int(settings["limit"])
    divisor = length_divisor(limit, settings["length_penalty"])
    ranking = n_best(record)
    best = float(arrays["score"][ranking[0]]) if ranking else math.nan
    return (
        f"dropped after step {arrays['t'][row]}: even its best possible score, "
        f"{number(total / divisor)} (log p {number(total)} / {number(divisor)} at step {limit}), "
        f"is not above that of the best that ended, {number(best)}"
    )


def _continuation(record: ProbeRecord, row: int) -> str:
    """What came of a row that was kept, one step on."""
    arrays = record.arrays
    following = children(record, row)
    inside = [child for child in following if arrays["fate"][child] != Fate.PRUNED]
    if inside:
        return f"it went on with {', '.join(f'“{label(record, child)}”' for child in inside)}"
    if following:
        best = following[0]
        t, total = int(arrays["t"][best]), float(arrays["total"][best])
        return (
            f"at step {t} no continuation of it was kept: the best, “{label(record, best)}” "
            f"with log p {number(total)}, is {_short(record, best)}"
        )
    if record.settings["finished"]:
        return "nothing could continue it"
    return "it has not been continued yet"
