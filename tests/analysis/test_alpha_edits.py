from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from attn_desktop.analysis.alpha_edits import EditedAlpha, edit_alpha
from attn_desktop.common.errors import InputError
from attn_desktop.trace.edits import WAYS, Edit
from tests.plain_edits import plain_alpha

ALPHA = (0.1, 0.0, 0.4, 0.3, 0.2, 0.0)
COUNT = len(ALPHA)
WINDOW = (False, True, True, True, True, False)
CASES = [
    Edit("alpha", "set", values=(0.0, 1.0, 2.0, 3.0, 0.0, 4.0)),
    Edit("alpha", "set", values=(0.0, 0.0, 7.0, 0.0, 0.0, 0.0)),
    Edit("alpha", "mask", (2,)),
    Edit("alpha", "mask", (0, 1, 3, 4, 5)),
    Edit("alpha", "pin", (2,)),
    Edit("alpha", "pin", (0, 1, 4)),
    Edit("alpha", "pin", (1, 5)),
    Edit("alpha", "power", values=(2.0,)),
    Edit("alpha", "power", values=(0.25,)),
    Edit("alpha", "power", values=(1.0,)),
    Edit("alpha", "shift", values=(1.0,)),
    Edit("alpha", "shift", values=(-2.0,)),
    Edit("alpha", "shift", values=(0.0,)),
    Edit("alpha", "shift", values=(float(COUNT - 1),)),
    Edit("alpha", "uniform"),
]


def edited(
    edits: Sequence[Edit],
    alpha: Sequence[float] | NDArray[np.floating] = ALPHA,
    mask: Sequence[bool] | None = None,
    window: Sequence[bool] | None = None,
) -> list[EditedAlpha]:
    count = len(alpha)
    real = np.ones(count, np.bool_) if mask is None else np.array(mask)
    near = np.ones(count, np.bool_) if window is None else np.array(window)
    return edit_alpha(edits, np.asarray(alpha), real, near)


def test_every_way_has_a_case() -> None:
    assert {edit.how for edit in CASES} == {how for target, how in WAYS if target == "alpha"}


@pytest.mark.parametrize("edit", CASES, ids=str)
def test_an_edit_is_what_a_plain_loop_makes_of_it(edit: Edit) -> None:
    (stage,) = edited([edit], window=WINDOW)
    expected = plain_alpha([edit], ALPHA, WINDOW)
    assert stage.edit is edit
    assert stage.alpha.tolist() == pytest.approx(expected, abs=1e-12)
    assert stage.total == pytest.approx(math.fsum(stage.raw.tolist()))
    assert (stage.raw / stage.total).tolist() == stage.alpha.tolist()
    assert [array.dtype for array in (stage.raw, stage.alpha)] == ["float64", "float64"]


def test_numbers_that_are_known_by_heart() -> None:
    def one(how: str, positions: tuple[int, ...] = (), *values: float) -> list[float]:
        (stage,) = edited([Edit("alpha", how, positions, values)], (0.5, 0.25, 0.25))
        return [float(value) for value in stage.alpha]

    assert one("set", (), 1, 0, 3) == [0.25, 0, 0.75]
    assert one("mask", (0,)) == [0, 0.5, 0.5]
    assert one("pin", (0, 1)) == pytest.approx([2 / 3, 1 / 3, 0])
    assert one("pin", (2,)) == [0, 0, 1]
    assert one("power", (), 2) == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert one("power", (), 0.5) == pytest.approx(
        [math.sqrt(2) / (math.sqrt(2) + 2), *[1 / (math.sqrt(2) + 2)] * 2]
    )
    assert one("shift", (), 1) == pytest.approx([0, 2 / 3, 1 / 3])
    assert one("shift", (), -1) == [0.5, 0.5, 0]
    assert one("uniform") == pytest.approx([1 / 3] * 3)


def test_stages_follow_each_other_in_their_order() -> None:
    edits = [CASES[8], Edit("state", "zero"), CASES[2], Edit("position", "pick", (1,)), CASES[10]]
    stages = edited(edits)
    assert [stage.edit for stage in stages] == [CASES[8], CASES[2], CASES[10]]
    for number, stage in enumerate(stages):
        own = [stage.edit for stage in stages[: number + 1]]
        assert stage.alpha.tolist() == pytest.approx(plain_alpha(own, ALPHA), abs=1e-12)
    backwards = edited(edits[::-1])[-1]
    assert backwards.alpha.tolist() != pytest.approx(stages[-1].alpha.tolist(), abs=1e-3)
    assert edited([edits[1], edits[3]]) == []


def test_what_it_is_given_stays_as_it_was() -> None:
    alpha = np.array(ALPHA, np.float32)
    alpha.setflags(write=False)
    for edit in CASES:
        edited([edit], alpha)
    assert alpha.tolist() == np.array(ALPHA, np.float32).tolist()


def test_the_scope_does_not_bind_an_edit_but_uniform_keeps_to_it() -> None:
    (outside,) = edited([CASES[0]], window=[False] * 5 + [True])
    assert outside.alpha[3] > 0
    (inside,) = edited(
        [Edit("alpha", "uniform")], window=WINDOW, mask=(True, True, True, False, True, True)
    )
    assert inside.alpha.tolist() == pytest.approx([0, 1 / 3, 1 / 3, 0, 1 / 3, 0])


# -- what cannot be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edits", "shown"),
    [
        ([Edit("alpha", "mask", (0, 2, 3, 4))], "masking these positions would leave no α"),
        ([Edit("alpha", "shift", values=(6.0,))], "shifting α by +6 would leave no α anywhere"),
        ([Edit("alpha", "shift", values=(-5.0,))], "shifting α by -5 would leave no α anywhere"),
        ([Edit("alpha", "shift", values=(1e300,))], "shifting α by +1e+300 would leave no α"),
        (
            [Edit("alpha", "pin", (3,)), Edit("alpha", "mask", (3,))],
            "masking these positions would leave no α anywhere: α must sum to 1",
        ),
    ],
    ids=str,
)
def test_nothing_left_of_alpha_is_refused(edits: list[Edit], shown: str) -> None:
    with pytest.raises(InputError) as caught:
        edited(edits)
    assert shown in str(caught.value)


@pytest.mark.parametrize(
    "edit",
    [
        Edit("alpha", "set", values=(0.0, 1.0, 0.0, 0.0, 0.0, 0.5)),
        Edit("alpha", "pin", (5,)),
        Edit("alpha", "shift", values=(1.0,)),
    ],
    ids=str,
)
def test_alpha_is_never_put_on_a_masked_position(edit: Edit) -> None:
    mask = (True, True, True, True, True, False)
    with pytest.raises(InputError, match="position 6 is masked; α cannot be put there"):
        edited([edit], mask=mask)


def test_nothing_can_be_made_of_an_alpha_that_is_nan_but_a_new_one() -> None:
    nan = (math.nan,) * COUNT
    for edit in (Edit("alpha", "mask", (2,)), CASES[7], CASES[10]):
        with pytest.raises(InputError, match="α is not a number at this step"):
            edited([edit], nan)
    for edit in (CASES[0], CASES[4], Edit("alpha", "uniform")):
        assert edited([edit], nan)[0].alpha.sum() == pytest.approx(1)


# -- properties -------------------------------------------------------------------------------

SHARES = st.one_of(
    st.just(0.0),
    st.floats(0, 1, allow_subnormal=True),
    st.sampled_from([5e-324, 1e-310, 1e-45, 1e-30, 0.5, 1.0]),
)


@st.composite
def alphas(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """α with its mask and window: 0 outside both, 1 in all, some of it as small as can be."""
    count = draw(st.integers(1, 7))
    lists = st.lists(st.booleans(), min_size=count, max_size=count)
    mask, window = np.array(draw(lists)), np.array(draw(lists))
    assume((mask & window).any())
    shares = np.array(draw(st.lists(SHARES, min_size=count, max_size=count)))
    shares[~(mask & window)] = 0.0
    assume(shares.sum() > 0)
    return shares / shares.sum(), mask, window


@st.composite
def edits_of(draw: st.DrawFn, count: int) -> Edit:
    positions = st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True)
    how = draw(st.sampled_from(["set", "mask", "pin", "power", "shift", "uniform"]))
    if how in ("mask", "pin"):
        return Edit("alpha", how, tuple(draw(positions)))
    if how == "set":
        amounts = st.one_of(SHARES, st.floats(0, 1e299))
        values = draw(st.lists(amounts, min_size=count, max_size=count))
        assume(sum(values) > 0)
        return Edit("alpha", how, values=tuple(values))
    if how == "power":
        powers = st.floats(5e-324, 1e308, allow_subnormal=True)
        return Edit("alpha", how, values=(draw(powers),))
    if how == "shift":
        return Edit("alpha", how, values=(float(draw(st.integers(-count, count))),))
    return Edit("alpha", how)


@given(alphas(), st.data())
def test_whatever_is_done_alpha_sums_to_1_and_nothing_is_on_the_mask(
    given_alpha: tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]],
    data: st.DataObject,
) -> None:
    alpha, mask, window = given_alpha
    edits = data.draw(st.lists(edits_of(len(alpha)), min_size=1, max_size=5))
    try:
        stages = edit_alpha(edits, alpha, mask, window)
    except InputError:  # nothing left of it, or on the mask: tested by themselves
        return
    assert [stage.edit for stage in stages] == edits
    for number, stage in enumerate(stages):
        assert stage.alpha.sum() == pytest.approx(1, abs=1e-12)
        assert (stage.alpha >= 0).all()
        assert not stage.alpha[~mask].any()
        alone = edit_alpha(
            [stage.edit], stages[number - 1].alpha if number else alpha, mask, window
        )
        assert alone[0].alpha.tolist() == stage.alpha.tolist()
    expected = plain_alpha(edits, alpha.tolist(), (mask & window).tolist())
    assert stages[-1].alpha.tolist() == pytest.approx(expected, abs=1e-9)


@given(alphas(), st.floats(0.01, 100))
def test_a_power_keeps_the_order_and_1_changes_nothing(
    given_alpha: tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]], power: float
) -> None:
    alpha, mask, window = given_alpha
    (same,) = edit_alpha([Edit("alpha", "power", values=(1.0,))], alpha, mask, window)
    assert same.alpha.tolist() == pytest.approx(alpha.tolist(), rel=1e-12, abs=1e-300)
    (raised,) = edit_alpha([Edit("alpha", "power", values=(power,))], alpha, mask, window)
    order = np.argsort(alpha, kind="stable")
    assert (np.diff(raised.alpha[order]) >= 0).all()
    assert not raised.alpha[alpha == 0].any()


@pytest.mark.parametrize("power", [1e3, 1e10, 1e308])
def test_a_huge_power_leaves_the_largest(power: float) -> None:
    edit = Edit("alpha", "power", values=(power,))
    assert edited([edit])[0].alpha.tolist() == pytest.approx([0, 0, 1, 0, 0, 0])
    assert edited([edit], (0.4, 0.2, 0.4))[0].alpha.tolist() == pytest.approx([0.5, 0, 0.5])


@pytest.mark.parametrize("power", [1e-12, 1e-308, 5e-324])
def test_a_tiny_power_shares_alike_what_had_any(power: float) -> None:
    edit = Edit("alpha", "power", values=(power,))
    expected = [0.25, 0, 0.25, 0.25, 0.25, 0]
    assert edited([edit])[0].alpha.tolist() == pytest.approx(expected, abs=1e-9)
    smallest = edited([edit], (1.0, 1e-45, 5e-324))[0].alpha.tolist()
    assert smallest == pytest.approx([1 / 3] * 3, abs=1e-8)


def test_the_smallest_numbers_there_are_share_alpha_exactly() -> None:
    tiny = 5e-324
    (stage,) = edited([Edit("alpha", "set", values=(tiny, 0.0, 3 * tiny, 0.0, 0.0, 0.0))])
    assert stage.alpha.tolist() == [0.25, 0, 0.75, 0, 0, 0]
    (left,) = edited([Edit("alpha", "mask", (0,))], (1.0, tiny, tiny))
    assert left.alpha.tolist() == [0, 0.5, 0.5]
    (pinned,) = edited([Edit("alpha", "pin", (1,))], (1.0, tiny))
    assert pinned.alpha.tolist() == [0, 1]
    largest = edited([Edit("alpha", "set", values=(4e299, 4e299, 0.0, 0.0, 0.0, 0.0))])
    assert largest[0].alpha.tolist() == [0.5, 0.5, 0, 0, 0, 0]


@given(st.data())
def test_a_shift_back_undoes_a_shift_that_loses_nothing(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 8))
    by = data.draw(st.integers(-count + 1, count - 1))
    kept = slice(0, count - by) if by >= 0 else slice(-by, count)
    alpha = np.zeros(count)
    alpha[kept] = data.draw(
        st.lists(st.floats(1e-3, 1), min_size=count - abs(by), max_size=count - abs(by))
    )
    alpha /= alpha.sum()
    there, back = Edit("alpha", "shift", values=(by,)), Edit("alpha", "shift", values=(-by,))
    stages = edited([there, back], alpha)
    assert stages[0].total == pytest.approx(1)
    assert stages[1].alpha.tolist() == pytest.approx(alpha.tolist(), abs=1e-12)
    lost = edited([there], np.full(count, 1 / count))[0]
    assert lost.total == pytest.approx((count - abs(by)) / count)
