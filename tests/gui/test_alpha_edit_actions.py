"""The table of what-ifs, and what there is to copy: what each asks for, and why some cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QInputDialog, QMenu
from pytestqt.qtbot import QtBot

from attn_desktop.gui.alpha_edit_actions import (
    EDITS,
    NOTHING_BRUSHED,
    ONE_POSITION,
    UNTOUCHED,
    EditSpec,
    edit_specs,
)
from attn_desktop.gui.alpha_edit_copy import LISTED, CopyMenu, every_step, neighbours, original
from attn_desktop.gui.intents import MakeEdit
from attn_desktop.gui.scene import Baseline, Phase, Scene
from attn_desktop.trace.edits import Edit
from tests.gui.edit_scenes import with_alpha, with_mask
from tests.toy_records import FIXED
from tests.toy_scenes import spoiled, toy_scene

ALPHA = (0.1, 0.2, 0.0, 0.4, 0.3, 0.0)


def specs(scene: Scene, *positions: int, lasting: bool = False) -> dict[str, EditSpec]:
    return {spec.name: spec for spec in edit_specs(scene, positions, lasting)}


def compared(scene: Scene, other: Scene) -> Scene:
    assert other.run is not None
    return replace(scene, baseline=Baseline(9, "another", other.run, other.steps))


def test_names_and_words_are_there_and_differ() -> None:
    assert len({kind.name for kind in EDITS}) == len(EDITS)
    assert len({kind.text for kind in EDITS}) == len(EDITS)
    for kind in EDITS:
        assert kind.tip
        assert kind.text.count("&") <= 1
        assert bool(kind.word) == bool(kind.glyph) != kind.lasting


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("look-only", Edit("alpha", "pin", (1, 3))),
        ("look-away", Edit("alpha", "mask", (1, 3))),
        ("sharpen", Edit("alpha", "power", values=(2.0,))),
        ("flatten", Edit("alpha", "power", values=(0.5,))),
        ("uniform", Edit("alpha", "uniform")),
        ("shift-left", Edit("alpha", "shift", values=(-1.0,))),
        ("shift-right", Edit("alpha", "shift", values=(1.0,))),
    ],
)
def test_what_each_asks_for(name: str, edit: Edit) -> None:
    scene = with_alpha(toy_scene(t=3), ALPHA)
    assert specs(scene, 3, 1)[name].intent == MakeEdit((edit,))
    assert specs(scene, 3, 1, 77)[name].intent == MakeEdit((edit,)), "of an older, longer source"
    assert specs(scene, 3, 1, lasting=True)[name].intent == MakeEdit((edit,), lasting=True)


def test_from_here_on() -> None:
    scene = toy_scene(t=3)
    pin = specs(scene, 2)["look-only-on"].intent
    assert pin == MakeEdit((Edit("alpha", "pin", (2,)),), lasting=True)


def test_k_is_one_position_the_likeliest_piece_of_a_word() -> None:
    words = with_alpha(toy_scene(t=3, pieces=2, words=True), ALPHA)
    intent = specs(words, 0, 1)["draw-here"].intent
    assert intent == MakeEdit((Edit("position", "pick", (1,)),), hard=True)
    assert specs(words, 2, 3)["draw-here"].intent == MakeEdit(
        (Edit("position", "pick", (3,)),), hard=True
    )
    assert specs(words, 1, 2)["draw-here"].why_not == ONE_POSITION


def test_why_not() -> None:
    scene = with_alpha(toy_scene(t=3), (0, 0, 0, 0, 0, 1))
    found = specs(scene)
    for name in ("look-only", "look-away", "draw-here", "look-only-on"):
        assert found[name].why_not == NOTHING_BRUSHED
        assert found[name].tip.endswith(NOTHING_BRUSHED)
    assert found["as-model"].why_not == UNTOUCHED
    assert found["shift-left"].intent is not None
    assert found["shift-right"].intent is None
    assert "no α anywhere" in found["shift-right"].why_not
    assert "no α anywhere" in specs(scene, 5)["look-away"].why_not
    masked = with_mask(toy_scene(t=3), [1, 1, 1, 1, 1, 0])
    assert "is masked" in specs(masked, 5)["look-only"].why_not
    assert "is masked" in specs(masked, 5)["draw-here"].why_not


def test_alpha_that_is_no_number_can_be_replaced() -> None:
    found = specs(spoiled(toy_scene(t=3)), 2)
    assert found["sharpen"].why_not
    assert found["uniform"].intent is not None
    assert found["look-only"].intent is not None


def test_as_the_model_is_there_without_alpha_too() -> None:
    scene = toy_scene(t=3, mode=FIXED)
    steps = list(scene.steps)
    steps[2] = replace(steps[2], edits=(Edit("context", "zero"),))
    found = specs(replace(scene, steps=tuple(steps)), 1)
    assert found["as-model"].intent == MakeEdit((), instead=True)
    assert "no attention" in found["sharpen"].why_not
    assert not any(spec.intent for spec in edit_specs(Scene(), ()))
    assert not any(spec.intent for spec in edit_specs(replace(toy_scene(), t=0), (1,)))


# -- copying ------------------------------------------------------------------------------


def test_alpha_of_other_steps() -> None:
    scene = toy_scene(t=3)
    before, after = neighbours(scene, lasting=False)[1:]
    for found, t in ((before, 2), (after, 4)):
        assert found.intent is not None
        (edit,) = found.intent.edits
        assert (edit.target, edit.how) == ("alpha", "set")
        assert edit.values == pytest.approx(scene.alpha[t - 1].tolist())
    assert "not been decoded" in neighbours(replace(scene, t=5), False)[2].why_not
    assert "not been decoded" in neighbours(replace(scene, t=1), False)[1].why_not
    assert [found.intent is None for found in every_step(scene, False)] == [
        *[False] * 2,
        True,
        *[False] * 2,
    ]
    assert original(scene, 2, "", lasting=True).intent == replace(
        before.intent or MakeEdit(()), lasting=True
    )


def test_layers_and_heads_are_averaged() -> None:
    scene = toy_scene(t=3, layers=2, heads=2)
    intent = original(scene, 2, "", False).intent
    assert intent is not None
    assert intent.edits[0].values == pytest.approx(scene.alpha[1].tolist())


def test_alpha_of_the_baseline() -> None:
    scene, other = toy_scene(t=3), toy_scene(seed=7)
    assert "choose a baseline" in neighbours(scene, False)[0].why_not
    found = neighbours(compared(scene, other), False)[0]
    assert found.intent is not None
    assert found.intent.edits[0].values == pytest.approx(other.alpha[2].tolist())
    longer = neighbours(compared(scene, toy_scene(source=9)), False)[0]
    assert longer.why_not == "It looks at 9 positions, this step at 6."
    assert "2 steps only" in neighbours(compared(scene, toy_scene(steps=2)), False)[0].why_not
    without = neighbours(compared(scene, toy_scene(mode=FIXED)), False)[0]
    assert "no attention" in without.why_not


def test_alpha_that_cannot_be_copied() -> None:
    scene = toy_scene(t=3)
    bad = spoiled(scene).steps
    mixed = replace(scene, steps=(bad[0], *scene.steps[1:]))
    assert "not a finite number" in original(mixed, 1, "", False).why_not
    early = replace(scene, phase=Phase.WINDOW)
    assert "F11" in original(early, 1, "", False).why_not
    masked = with_mask(scene, [1, 1, 1, 1, 1, 0])
    assert "masked" in original(masked, 1, "", False).why_not


def test_the_menu_lists_steps_or_asks_for_one(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    menu = CopyMenu()
    qtbot.addWidget(menu)
    asked: list[MakeEdit] = []
    refused: list[str] = []
    menu.wanted.connect(asked.append)
    menu.refused.connect(refused.append)
    scene = toy_scene(t=3)
    menu.show_step(scene, lasting=True)
    menu.fill()
    steps = menu.actions()[-1].menu()
    assert isinstance(steps, QMenu)
    assert [action.isEnabled() for action in steps.actions()] == [True, True, False, True, True]
    steps.actions()[3].trigger()
    assert asked[-1] == original(scene, 4, "", lasting=True).intent
    long = toy_scene(t=3, steps=LISTED + 1)
    menu.show_step(long, lasting=False)
    menu.fill()
    for t, taken in ((20, True), (3, True), (8, False)):
        monkeypatch.setattr(QInputDialog, "getInt", lambda *_, t=t, ok=taken: (t, ok))
        menu.actions()[-1].trigger()
    assert asked[1:] == [original(long, 20, "", lasting=False).intent]
    assert refused == ["It is the step shown."]
