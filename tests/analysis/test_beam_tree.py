from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from attn_desktop.analysis.beam_tree import (
    DESCRIPTION,
    FATE_NAMES,
    KIND,
    Fate,
    children,
    extended,
    is_sound,
    join,
    label,
    length_divisor,
    n_best,
    number,
    path,
    survivors,
    text,
    token_ids,
    why,
)
from attn_desktop.common.errors import InputError
from attn_desktop.trace.records import ProbeRecord

KEPT, PRUNED, ENDED, CUT_OFF, OUTSCORED = Fate
#: parent, token, log p of it, fate, rank, margin. A search of width 2 with a limit of 4 steps.
ROWS = (
    (-1, "<s>", 0.0, KEPT, 0, 0.0),
    (0, "▁La", -0.5, KEPT, 1, 0.0),
    (0, "▁Le", -1.0, KEPT, 2, 0.0),
    (0, "▁Un", -1.25, PRUNED, 3, 0.25),
    (1, "</s>", -0.25, ENDED, 1, 0.0),
    (1, "▁voitu", -1.5, KEPT, 2, 0.0),
    (2, "▁t", -1.004, PRUNED, 3, 0.004),
    (5, "re", -0.5, KEPT, 1, 0.0),
    (5, "res", -0.5, KEPT, 2, 0.0),
    (7, "</s>", -1.0, ENDED, 1, 0.0),
    (7, "▁rouge", -2.0, CUT_OFF, 2, 0.0),
    (8, "▁bleu", -3.0, PRUNED, 3, 1.0),
)


def search(
    rows: tuple[tuple[Any, ...], ...] = ROWS, coverage: float = 0.0, **settings: Any
) -> ProbeRecord:
    """A search as its probe tells it; lp of a step is 1 + its number / 10."""
    t, total = [settings.get("start", 0)], [0.0]
    for parent, _, log_prob, *_ in rows[1:]:
        t.append(t[parent] + 1)
        total.append(total[parent] + log_prob)
    divisors = 1 + np.array(t) / 10
    terms = np.full(len(rows), coverage)
    columns = list(zip(*rows, strict=True))
    arrays: dict[str, Any] = {
        "parent": np.array(columns[0]),
        "t": np.array(t),
        "token_id": np.arange(len(rows)) + 40,
        "log_prob": np.array(columns[2]),
        "total": np.array(total),
        "length_divisor": divisors,
        "coverage_term": terms,
        "score": np.array(total) / divisors + terms,
        "fate": np.array(columns[3], dtype=np.int8),
        "rank": np.array(columns[4]),
        "margin": np.array(columns[5]),
        "alpha": np.full((len(rows), 3), 1 / 3, dtype=np.float32),
        "sampled": np.array([-1, *([2] * (len(rows) - 1))]),
    }
    given = {
        "width": 2,
        "length_penalty": 0.5,
        "coverage_penalty": 0.2 if coverage else 0.0,
        "limit": 4,
        "start": 0,
        "prefix": [],
        "finished": True,
        "first_row": 0,
        "fates": list(FATE_NAMES),
        "tokens": list(columns[1]),
    }
    return ProbeRecord(3, KIND, {**given, **settings}, arrays)


def cut(record: ProbeRecord, start: int, stop: int, **settings: Any) -> ProbeRecord:
    """Some of the rows, as a part."""
    tokens = record.settings["tokens"][start:stop]
    return ProbeRecord(
        record.node,
        KIND,
        {**record.settings, "first_row": start, "tokens": tokens, **settings},
        {name: values[start:stop].copy() for name, values in record.arrays.items()},
    )


def test_the_tree_can_be_walked() -> None:
    record = search()
    assert path(record, 9) == [0, 1, 5, 7, 9]
    assert path(record, 0) == [0]
    assert children(record, 5) == [7, 8]
    assert children(record, 11) == []
    assert token_ids(record, 7) == (41, 45, 47)
    assert token_ids(search(prefix=[8, 9], start=2), 7) == (8, 9, 41, 45, 47)
    assert [text(record, row) for row in (0, 8, 9)] == ["", "La voitures", "La voiture"]
    assert [text(record, row, answers=True) for row in (0, 8)] == ["", "res"]
    assert [label(record, row) for row in (0, 1, 7, 10)] == ["<s>", "La", "·re", "rouge"]
    assert label(search(prefix=[8], start=1), 1) == "La"


def test_the_best_score_comes_first_and_equals_in_their_order() -> None:
    record = search()
    assert n_best(record) == [4, 9, 10]
    record.arrays["score"].setflags(write=True)
    record.arrays["score"][[4, 9, 10]] = -1.0, -0.5, -0.5
    assert n_best(record) == [9, 10, 4]


def test_survivors_are_the_ways_to_what_ended_or_is_live() -> None:
    assert np.flatnonzero(survivors(search())).tolist() == [0, 1, 4, 5, 7, 9, 10]
    growing = cut(search(), 0, 7, finished=False)
    assert np.flatnonzero(survivors(growing)).tolist() == [0, 1, 4, 5]
    assert np.flatnonzero(survivors(cut(search(), 0, 4, finished=False))).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (0, "the search began here"),
        (1, "kept at step 1: log p −0.50 was number 1 of 2; it went on with “</s>”, “voitu”"),
        (
            2,
            "kept at step 1: log p −1.00 was number 2 of 2; at step 2 no continuation of it was "
            "kept: the best, “t” with log p −2.00, is 0.004 below the last of the 2 kept",
        ),
        (3, "pruned at step 1: log p −1.25 is 0.25 below the last of the 2 kept"),
        (4, "ended at step 2 with score −0.62 (log p −0.75 / 1.20), the best"),
        (9, "ended at step 4 with score −2.50 (log p −3.50 / 1.40), number 2; the best has −0.62"),
        (
            10,
            "cut off at step 4 with score −3.21 (log p −4.50 / 1.40), number 3; the best has −0.62",
        ),
    ],
)
def test_why_tells_what_became_of_a_hypothesis_with_its_numbers(row: int, sentence: str) -> None:
    assert why(search(), row) == sentence


def test_why_names_what_the_search_has_come_to_so_far() -> None:
    growing = cut(search(), 0, 7, finished=False)
    assert why(growing, 4).endswith("the best so far")
    assert why(growing, 5).endswith("number 2 of 2; it has not been continued yet")
    assert why(cut(search(), 0, 7), 5).endswith("nothing could continue it")
    assert why(search(start=3), 0) == "the search began here, after step 3"


def test_why_breaks_a_score_into_its_terms() -> None:
    assert why(search(coverage=-0.05), 4) == (
        "ended at step 2 with score −0.68 (log p −0.75 / 1.20 + coverage −0.05), the best"
    )


def test_why_compares_what_was_dropped_with_what_it_could_have_come_to() -> None:
    rows = (*ROWS[:5], (1, "▁voitu", -2.5, OUTSCORED, 2, 0.0))
    # −3 / sqrt(9 / 6) = −2.449
    assert why(search(rows), 5) == (
        "dropped after step 2: even its best possible score, −2.45 (log p −3.00 / 1.22 at step 4), "
        "is not above that of the best that ended, −0.62"
    )


def test_why_tells_ties_and_beams_of_one() -> None:
    rows = (*ROWS[:2], (0, "▁Le", -0.5, PRUNED, 2, 0.0), (0, "▁Un", -1.25, PRUNED, 3, 0.75))
    assert why(search(rows), 2).endswith("log p −0.50 is no more than that of the one kept")
    assert why(search(rows), 3).endswith("is 0.75 below the one kept")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-1.234, "−1.23"),
        (0.0, "0.00"),
        (0.0123, "0.01"),
        (0.00042, "0.00042"),
        (-3e-7, "−3e−07"),
        (math.nan, "nan"),
    ],
)
def test_numbers_are_short_yet_never_rounded_to_nothing(value: float, shown: str) -> None:
    assert number(value) == shown


def test_parts_are_joined_and_later_rows_replace_earlier_ones() -> None:
    record = search()
    parts = [cut(record, 0, 4, finished=False), cut(record, 4, 7, finished=False)]
    whole = join([*parts, cut(record, 7, len(ROWS))])
    assert whole.settings == record.settings
    assert (whole.node, whole.kind) == (3, KIND)
    for name, values in record.arrays.items():
        assert whole.arrays[name].tolist() == values.tolist()
    again = extended(join(parts), cut(record, 2, 5, finished=False))
    assert again.settings["tokens"] == list(record.settings["tokens"][:5])
    assert len(again.arrays["alpha"]) == 5
    with pytest.raises(InputError, match="rows 4 to 6 of the beam search are missing"):
        join([parts[0], cut(record, 7, 9)])


def test_lp_is_that_of_wu_et_al_and_never_overflows() -> None:
    assert length_divisor(1, 0.6) == 1
    assert length_divisor(13, 0.6) == pytest.approx(3**0.6)
    assert length_divisor(100, 1e6) < math.inf


def test_a_whole_search_is_sound() -> None:
    record = search()
    assert is_sound(record, 3)
    assert is_sound(search(start=2, prefix=[7, 8]), 3)
    bare = {name: values for name, values in record.arrays.items() if name in DESCRIPTION}
    assert is_sound(ProbeRecord(3, KIND, record.settings, bare), 17)
    assert not is_sound(record, 4)
    assert not is_sound(cut(record, 4, 7), 3)
    assert not is_sound(ProbeRecord(3, "rollouts", record.settings, record.arrays), 3)


@pytest.mark.parametrize(
    "settings",
    [
        {"tokens": list("abc")},
        {"tokens": []},
        {"tokens": None},
        {"tokens": [1] * len(ROWS)},
        {"width": "2"},
        {"limit": 0},
        {"length_penalty": math.nan},
        {"coverage_penalty": -1.0},
        {"finished": None},
        {"prefix": None},
        {"prefix": ["a"]},
    ],
    ids=repr,
)
def test_settings_that_no_search_has_are_noticed(settings: dict[str, Any]) -> None:
    assert not is_sound(search(**{"prefix": [], **settings}), 3)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *((name, None) for name in (*DESCRIPTION, "alpha", "sampled")),
        ("parent", np.array([-1, 2, 1, *([0] * (len(ROWS) - 3))])),
        ("parent", np.full(len(ROWS), -1)),
        ("parent", np.full(len(ROWS), 0.5)),
        ("t", np.zeros(len(ROWS), dtype=np.int64)),
        ("fate", np.full(len(ROWS), 9)),
        ("score", np.zeros((len(ROWS), 2))),
        ("score", np.full(len(ROWS), "a")),
        ("alpha", np.zeros(len(ROWS))),
        ("sampled", np.full(len(ROWS), 3)),
    ],
)
def test_arrays_that_no_search_has_are_noticed(name: str, values: Any) -> None:
    record = search()
    arrays = {**record.arrays, name: values}
    if values is None:
        del arrays[name]
    assert not is_sound(ProbeRecord(3, KIND, record.settings, arrays), 3)
