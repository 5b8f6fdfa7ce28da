from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.common.errors import InputError
from attn_desktop.trace.edits import (
    LARGEST_TOTAL,
    TARGETS,
    WAYS,
    Edit,
    check_attends,
    check_edits,
    inherited,
)

#: One that is valid for each way, in a run of 4 positions and vectors of 3 and 2.
VALID: dict[tuple[str, str], Edit] = {
    ("alpha", "set"): Edit("alpha", "set", values=(0.0, 2.0, 0.5, 0.0)),
    ("alpha", "mask"): Edit("alpha", "mask", (3, 0)),
    ("alpha", "pin"): Edit("alpha", "pin", (1,)),
    ("alpha", "power"): Edit("alpha", "power", values=(0.5,)),
    ("alpha", "shift"): Edit("alpha", "shift", values=(-2.0,)),
    ("alpha", "uniform"): Edit("alpha", "uniform"),
    ("position", "pick"): Edit("position", "pick", (3,)),
    ("context", "add"): Edit("context", "add", (0, 2), (1.0, -1.0)),
    ("context", "zero"): Edit("context", "zero"),
    ("context", "replace"): Edit("context", "replace", values=(1.0, 2.0, 3.0)),
    ("state", "add"): Edit("state", "add", values=(0.5,)),
    ("state", "zero"): Edit("state", "zero", (1,)),
    ("state", "replace"): Edit("state", "replace", (0,), (-1.0,)),
}
SIZES = {"source": 4, "context": 3, "state": 2}


def refusal(*args: Any, **fields: Any) -> str:
    with pytest.raises(InputError) as caught:
        Edit(*args, **fields)
    return str(caught.value)


def test_there_is_one_of_every_kind() -> None:
    assert VALID.keys() == WAYS.keys()
    assert {target for target, _ in WAYS} == set(TARGETS)
    for (target, how), edit in VALID.items():
        assert edit.name == f"{target} {how}"
        assert not edit.lasting


@pytest.mark.parametrize(
    ("target", "how"),
    [("alpha", "zero"), ("alpha", ""), ("position", "set"), ("logits", "add"), ("", ""), ("k", 3)],
)
def test_what_is_not_there_names_all_that_is(target: str, how: str) -> None:
    message = refusal(target, how)
    assert f"there is no edit {target} {how!r}" in message
    for known in VALID.values():
        assert known.name in message


COUNTS = {
    "": (0,),
    "1": (1,),
    "+": (1, 2, 3),
    "*": (0, 1, 2, 3),
}


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize("positions", range(4))
@pytest.mark.parametrize("values", range(4))
def test_every_way_takes_the_counts_that_it_says(
    way: tuple[str, str], positions: int, values: int
) -> None:
    def make() -> Edit:
        return Edit(*way, tuple(range(positions)), (1.0,) * values)

    wanted = WAYS[way]
    fits = positions in COUNTS[wanted[0]] and values in COUNTS[wanted[1]]
    if fits and values > 1 and way[1] in ("add", "replace"):
        fits = positions in (0, values)
    if fits:
        assert make().positions == tuple(range(positions))
        return
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value).startswith(f"{way[0]} {way[1]}")


@pytest.mark.parametrize(
    ("edit", "shown"),
    [
        (("alpha", "set"), "alpha set takes at least one of values, not 0"),
        (("alpha", "set", (1,), (1.0,)), "alpha set takes none of positions, not 1"),
        (("alpha", "mask"), "alpha mask takes at least one of positions, not 0"),
        (("alpha", "mask", (1,), (0.0,)), "alpha mask takes none of values, not 1"),
        (("alpha", "power", (), (1.0, 2.0)), "alpha power takes one of values, not 2"),
        (("position", "pick", (1, 2)), "position pick takes one of positions, not 2"),
        (("alpha", "mask", (-1,)), "alpha mask: -1 is no position; they count from 0"),
        (("alpha", "pin", (1.0,)), "alpha pin: 1.0 is no position"),
        (("alpha", "pin", (True,)), "alpha pin: True is no position"),
        (("context", "zero", ("0",)), "context zero: '0' is no position"),
        (("state", "zero", (2, 0, 2)), "state zero: a position is given twice"),
        (("state", "add", (), (math.nan,)), "state add: nan is not a finite number"),
        (("context", "replace", (), (math.inf,)), "context replace: inf is not a finite number"),
        (("alpha", "set", (), (0.5, -math.inf)), "alpha set: -inf is not a finite number"),
        (("alpha", "power", (), ("2",)), "alpha power: '2' is not a finite number"),
        (("alpha", "shift", (), (None,)), "alpha shift: None is not a finite number"),
        (("state", "add", (), (10**400,)), "is not a finite number"),
        (("alpha", "set", (), (1.0, 0.5, -0.25)), "α of position 3 cannot be negative (-0.25)"),
        (("alpha", "set", (), (0.0, 0.0)), "α would sum to 0; leave at least one position above"),
        (("alpha", "set", (), (0.0, -0.0)), "α would sum to 0"),
        (("alpha", "set", (), (1e308, 1e308)), "α would sum to more than 1e+300"),
        (("alpha", "power", (), (0.0,)), "α can be raised to a power above 0, not 0"),
        (("alpha", "power", (), (-1.5,)), "α can be raised to a power above 0, not -1.5"),
        (("alpha", "shift", (), (0.5,)), "α moves by whole positions, not by 0.5"),
        (("state", "add", (0, 1, 2), (1.0, 2.0)), "state add: 2 values for 3 dimensions"),
        (("context", "replace", (0,), (1.0, 2.0)), "context replace: 2 values for 1 dimensions"),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_is_named(edit: tuple[Any, ...], shown: str) -> None:
    assert shown in refusal(*edit)


def test_numbers_of_any_kind_are_numbers() -> None:
    edit = Edit("state", "add", (np.int64(1),), (np.float32(0.5),))  # type: ignore[arg-type]
    assert edit == Edit("state", "add", (1,), (0.5,))
    assert Edit("alpha", "shift", values=(3,)) == Edit("alpha", "shift", values=(3.0,))
    assert Edit("alpha", "power", values=(Fraction(1, 2),)).values == (0.5,)  # type: ignore[arg-type]
    assert Edit("alpha", "set", values=(5e-324, 0.0)).values[0] > 0
    assert Edit("alpha", "set", values=(LARGEST_TOTAL,)).values == (LARGEST_TOTAL,)


@pytest.mark.parametrize("edit", VALID.values(), ids=lambda edit: edit.name)
def test_what_fits_a_run_passes(edit: Edit) -> None:
    check_edits([edit], **SIZES)
    check_edits([], **SIZES)


@pytest.mark.parametrize(
    ("edit", "shown"),
    [
        (Edit("alpha", "set", values=(1.0,) * 3), "alpha set: 3 values for 4 source positions"),
        (Edit("alpha", "set", values=(1.0,) * 5), "alpha set: 5 values for 4 source positions"),
        (Edit("alpha", "set", values=(1.0,)), "alpha set: 1 values for 4 source positions"),
        (
            Edit("alpha", "mask", (0, 4)),
            "alpha mask: there is no position 5; there are 4 source positions",
        ),
        (Edit("alpha", "pin", (10**30,)), "there are 4 source positions"),
        (Edit("position", "pick", (4,)), "position pick: there is no position 5"),
        (
            Edit("context", "zero", (3,)),
            "context zero: there is no position 4; there are 3 dimensions",
        ),
        (Edit("context", "add", values=(1.0, 2.0)), "context add: 2 values for 3 dimensions"),
        (Edit("state", "add", (2,), (1.0,)), "there are 2 dimensions"),
        (Edit("state", "replace", values=(1.0,) * 3), "state replace: 3 values for 2 dimensions"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_does_not_fit_a_run_is_named(edit: Edit, shown: str) -> None:
    with pytest.raises(InputError) as caught:
        check_edits([*VALID.values(), edit], **SIZES)
    assert shown in str(caught.value)


@given(
    st.sampled_from(sorted(WAYS)),
    st.lists(st.integers(-1, 5), max_size=4).map(tuple),
    st.lists(st.floats(), max_size=5).map(tuple),
    st.integers(1, 5),
)
def test_any_edit_is_refused_by_name_or_indexes_safely(
    way: tuple[str, str], positions: tuple[int, ...], values: tuple[float, ...], length: int
) -> None:
    edit, message = None, ""
    try:
        edit = Edit(*way, positions, values)
        check_edits([edit], length, length, length)
    except InputError as error:
        message = str(error)
    if message or edit is None:
        assert message.startswith((" ".join(way), "α"))
        return
    vector = np.zeros(length)
    if edit.positions:
        vector[list(edit.positions)] = edit.values if way[1] in ("add", "replace") else 1.0
    elif len(edit.values) > 1:
        assert len(edit.values) == length


@pytest.mark.parametrize("edit", VALID.values(), ids=lambda edit: edit.name)
def test_only_what_lasts_passes_on_and_alpha_only_where_there_is_some(edit: Edit) -> None:
    lasting = replace(edit, lasting=True)
    of_attention = edit.target in ("alpha", "position")
    assert inherited([edit, lasting], attends=True) == (lasting,)
    assert inherited([edit, lasting], attends=False) == (() if of_attention else (lasting,))
    check_attends([edit], attends=True)
    if of_attention:
        with pytest.raises(InputError, match="this mode has no attention"):
            check_attends([edit], attends=False)
    else:
        check_attends([edit], attends=False)


def test_lasting_edits_keep_their_order() -> None:
    edits = [replace(edit, lasting=i % 2 == 0) for i, edit in enumerate(VALID.values())]
    assert inherited(edits, attends=True) == tuple(edits[::2])
