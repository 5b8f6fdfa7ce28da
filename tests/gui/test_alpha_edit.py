"""Weights that are changed by hand, and which edits there can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.gui.alpha_edit import (
    edited_sums,
    problem_of,
    read_weight,
    sentence,
    weights_of,
    why_not_alpha,
)
from attn_desktop.gui.intents import MakeEdit
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.trace.edits import Edit
from tests.gui.edit_scenes import with_alpha, with_edits, with_mask
from tests.toy_records import FIXED
from tests.toy_scenes import spoiled, toy_scene

ALPHA = (0.1, 0.2, 0.0, 0.4, 0.3, 0.0)


def test_lifting_one_leaves_the_other_weights_alone() -> None:
    weights = weights_of(with_alpha(toy_scene(t=2), ALPHA))
    lifted = weights.lifted(2, 0.6)
    assert lifted.values.tolist() == pytest.approx([0.1, 0.2, 0.6, 0.4, 0.3, 0.0])
    assert lifted.total == pytest.approx(1.6)
    assert lifted.alpha is not None
    assert lifted.alpha.tolist() == pytest.approx((lifted.values / 1.6).tolist())
    edit = lifted.edit()
    assert (edit.target, edit.how, edit.positions) == ("alpha", "set", ())
    assert edit.values == tuple(lifted.values.tolist())


def test_of_a_word_the_pieces_keep_their_shares_or_share_alike() -> None:
    scene = with_alpha(toy_scene(t=2, source=6, pieces=2, words=True), ALPHA)
    weights = weights_of(scene)
    assert weights.columns.tolist() == pytest.approx([0.3, 0.4, 0.3, 0.0])
    assert weights.lifted(0, 0.9).values[:2].tolist() == pytest.approx([0.3, 0.6])
    emptied = weights.lifted(0, 0.0)
    assert emptied.values[:2].tolist() == [0, 0]
    assert emptied.lifted(0, 0.5).values[:2].tolist() == pytest.approx([0.25, 0.25])


def test_there_is_no_weight_on_masked_positions() -> None:
    scene = with_mask(toy_scene(t=2, source=6, pieces=2, words=True), [1, 0, 0, 0, 1, 1])
    weights = weights_of(scene)
    assert [weights.allows(column) for column in range(4)] == [True, False, True, True]
    assert weights.lifted(0, 0.5).values[:2].tolist() == [0.5, 0]
    assert weights.lifted(1, 0.5).values.tolist() == weights.values.tolist()


def test_nothing_but_zeros_is_no_alpha() -> None:
    weights = weights_of(with_alpha(toy_scene(t=2), (1, 0, 0, 0, 0, 0))).lifted(0, 0.0)
    assert weights.alpha is None
    with pytest.raises(InputError, match="sum to 0"):
        weights.edit()


def test_layers_and_heads_are_averaged_and_what_is_no_number_counts_as_0() -> None:
    scene = toy_scene(t=2, layers=2, heads=3)
    assert scene.step is not None
    assert scene.step.cross is not None
    mean = scene.step.cross.alpha.astype(np.float64).mean(axis=(0, 1))
    assert weights_of(scene).values.tolist() == pytest.approx(mean.tolist())
    assert weights_of(spoiled(scene)).values.tolist() == [0] * 6


def test_it_says_why_there_is_nothing_to_edit() -> None:
    scene = toy_scene(t=3)
    assert why_not_alpha(scene) == ""
    assert why_not_alpha(replace(scene, phase=Phase.ALPHA)) == ""
    assert "encode a sentence" in why_not_alpha(Scene())
    assert "before the first step" in why_not_alpha(replace(scene, t=0))
    assert "no attention" in why_not_alpha(toy_scene(mode=FIXED))
    assert "F11" in why_not_alpha(replace(scene, phase=Phase.WINDOW))


def test_edits_are_tried_before_they_are_asked_for() -> None:
    scene = with_mask(toy_scene(t=3), [1, 1, 1, 1, 1, 0])

    def problem(*edits: Edit) -> str:
        return problem_of(scene, MakeEdit(edits))

    assert problem(Edit("alpha", "power", values=(2.0,))) == ""
    assert problem(Edit("position", "pick", (2,))) == ""
    assert "no α anywhere" in problem(Edit("alpha", "mask", tuple(range(6))))
    assert "no α anywhere" in problem(Edit("alpha", "shift", values=(6.0,)))
    assert "position 6 is masked" in problem(Edit("alpha", "pin", (5,)))
    assert "position 6 is masked" in problem(Edit("position", "pick", (5,)))
    assert "there is no position 8" in problem(Edit("alpha", "mask", (7,)))
    assert "5 values for 6" in problem(Edit("alpha", "set", values=(1.0,) * 5))
    assert "no attention" in problem_of(
        toy_scene(mode=FIXED), MakeEdit((Edit("alpha", "uniform"),))
    )
    assert "not a number" in problem_of(
        spoiled(scene), MakeEdit((Edit("alpha", "power", values=(2.0,)),))
    )


def test_in_place_of_the_own_edits_counts_what_the_model_made() -> None:
    scene = with_edits(toy_scene(t=3), Edit("alpha", "pin", (0,)))
    rest = Edit("alpha", "mask", (0,))
    assert "no α anywhere" in problem_of(scene, MakeEdit((rest,)))
    assert problem_of(scene, MakeEdit((rest,), instead=True)) == ""


def test_the_sums_of_every_edit() -> None:
    scene = toy_scene(t=3)
    assert edited_sums(scene) == []
    assert edited_sums(replace(scene, t=0)) == []
    scene = with_alpha(scene, ALPHA)
    half, weights = Edit("alpha", "mask", (3, 5)), (1.0, 0.35, 0, 0, 0, 0)
    edited = with_edits(scene, half, Edit("alpha", "set", values=weights))
    assert edited_sums(edited) == pytest.approx([0.6, 1.35])
    # A file may hold edits that do not fit its source.
    steps = list(edited.steps)
    steps[2] = replace(steps[2], edits=(Edit("alpha", "set", values=(1.0,)),))
    assert edited_sums(replace(edited, steps=tuple(steps))) == []


@pytest.mark.parametrize(("text", "weight"), [("0.5", 0.5), (" 0,25 ", 0.25), ("0", 0), ("3", 3)])
def test_a_weight_is_a_number_from_0(text: str, weight: float) -> None:
    assert read_weight(text) == weight


@pytest.mark.parametrize("text", ["", "much", "-1", "−1", "nan", "inf", "1e999", "1 2"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="a number from 0"):
        read_weight(text)


def test_messages_begin_with_a_capital_unless_with_a_symbol() -> None:
    assert sentence("there is none") == "There is none."
    assert sentence("α would sum to 0") == "α would sum to 0."
    assert sentence("k is one") == "k is one."
    assert sentence("h_3 has 2") == "h_3 has 2."
    assert sentence("") == ""
