"""The dialog that edits c_t and s_t: what it asks for, what it shows, what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from attn_desktop.gui.scene import Baseline, Phase, Scene
from attn_desktop.gui.theme import theme
from attn_desktop.gui.vector_dialog import VectorDialog
from attn_desktop.gui.vector_edit import edited, largest, vector_of, why_not_vector
from attn_desktop.trace.edits import Edit, check_edits
from tests.gui.painted import pixels
from tests.toy_records import FIXED
from tests.toy_scenes import hard, spoiled, toy_scene

LIGHT = theme(dark=False)
NUMBER, H, C, S, BASE_C, BASE_S = range(6)


@pytest.fixture
def scene() -> Scene:
    """8 numbers per annotation and context, 5 per state; compared with another branch."""
    other = toy_scene(seed=3)
    assert other.run is not None
    return replace(toy_scene(t=3), baseline=Baseline(9, "another", other.run, other.steps))


def opened(qtbot: QtBot, scene: Scene, target: str = "context") -> VectorDialog:
    dialog = VectorDialog(target, scene, LIGHT)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def before(scene: Scene, target: str = "context") -> list[float]:
    assert scene.step is not None
    return [float(value) for value in vector_of(scene.step, target)]


def kinds(dialog: VectorDialog) -> list[str]:
    """Why each kind of value cannot be chosen; empty where it can."""
    model = dialog.values.kind.model()
    assert isinstance(model, QStandardItemModel)
    items = [model.item(index) for index in range(model.rowCount())]
    return ["" if item.isEnabled() else item.toolTip() for item in items]


def test_it_begins_with_adding_1_everywhere(qtbot: QtBot, scene: Scene) -> None:
    dialog = opened(qtbot, scene)
    assert dialog.windowTitle() == "Edit the context c_3"
    assert dialog.edits() == (Edit("context", "add", (), (1.0,)),)
    assert not dialog.lasting()
    dialog.later.click()
    assert dialog.lasting()
    dialog.ok.click()
    assert dialog.result() == QDialog.DialogCode.Accepted


def test_dimensions_are_counted_as_the_panel_counts_them(qtbot: QtBot, scene: Scene) -> None:
    dialog = opened(qtbot, scene)
    dialog.list.setText("0, 5-7,")
    dialog.list.textEdited.emit("")
    assert dialog.these.isChecked()
    dialog.values.number.setText("−0,5")
    assert dialog.edits() == (Edit("context", "add", (0, 5, 6, 7), (-0.5,)),)
    dialog.factor.setText("3")
    assert dialog.edits()[0].values == (-1.5,)
    assert "c_3[0] " in dialog.outcome.text()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "at least one dimension"),
        (" , ", "“” is no dimension"),
        ("x", "“x” is no dimension"),
        ("1-", "“1-” is no dimension"),
        ("-1", "“-1” is no dimension"),
        ("8", "There is no dimension 8; they go from 0 to 7."),
        ("2-99999999999999", "There is no dimension 99999999999999"),
        ("5-2", "ends before it begins; write 2-5"),
        ("1, 0-3", "Dimension 1 is given twice."),
    ],
)
def test_dimensions_that_cannot_be_read(
    qtbot: QtBot, scene: Scene, text: str, problem: str
) -> None:
    dialog = opened(qtbot, scene)
    dialog.list.setText(text)
    dialog.list.textEdited.emit("")
    assert problem in dialog.problem.text()
    assert dialog.problem.isVisible()
    assert not dialog.ok.isEnabled()
    assert dialog.edits() == ()
    dialog.all.click()
    assert dialog.ok.isEnabled()
    assert not dialog.problem.isVisible()


@pytest.mark.parametrize("text", ["", "much", "nan", "inf", "1e400", "1e39"])
@pytest.mark.parametrize("field", ["number", "factor"])
def test_numbers_that_there_are_not(qtbot: QtBot, scene: Scene, text: str, field: str) -> None:
    dialog = opened(qtbot, scene)
    (dialog.factor if field == "factor" else dialog.values.number).setText(text)
    assert dialog.problem.text()
    assert not dialog.ok.isEnabled()


def test_the_largest(qtbot: QtBot, scene: Scene) -> None:
    dialog = opened(qtbot, scene)
    dialog.ways["zero"].click()
    dialog.count.setValue(3)
    assert dialog.some.isChecked()
    order = np.argsort(-np.abs(before(scene)))[:3]
    assert dialog.edits() == (Edit("context", "zero", tuple(sorted(order.tolist()))),)
    assert not dialog.values.isEnabled()
    assert largest(np.array([1.0, -3.0, np.nan, 3.0]), 2) == (1, 3)
    dialog.factor.setText("much")
    assert dialog.ok.isEnabled(), "zeroing takes no factor"


def test_values_from_an_annotation(qtbot: QtBot, scene: Scene) -> None:
    dialog = opened(qtbot, scene)
    dialog.values.kind.setCurrentIndex(H)
    dialog.values.position.setCurrentIndex(4)
    dialog.factor.setText("0.5")
    assert scene.run is not None
    half = (scene.run.states[4].astype(np.float64) * 0.5).tolist()
    assert dialog.edits() == (Edit("context", "add", (), tuple(half)),)
    dialog.list.setText("2, 6")
    dialog.list.textEdited.emit("")
    dialog.ways["replace"].click()
    assert dialog.edits() == (Edit("context", "replace", (2, 6), (half[2], half[6])),)
    check_edits(dialog.edits(), 6, 8, 5)


def test_values_from_another_step(qtbot: QtBot, scene: Scene) -> None:
    dialog = opened(qtbot, scene)
    dialog.values.kind.setCurrentIndex(C)
    dialog.values.step.setValue(5)
    assert dialog.edits()[0].values == tuple(vector_of(scene.steps[4], "context").tolist())
    assert dialog.values.step.minimum() == 1
    state = opened(qtbot, scene, "state")
    state.values.kind.setCurrentIndex(S)
    state.values.step.setValue(0)
    assert scene.run is not None
    assert state.edits()[0].values == tuple(scene.run.start_state.astype(np.float64).tolist())


def test_values_from_the_baseline(qtbot: QtBot, scene: Scene) -> None:
    assert scene.baseline is not None
    for target, kind in (("context", BASE_C), ("state", BASE_S)):
        dialog = opened(qtbot, scene, target)
        dialog.values.kind.setCurrentIndex(kind)
        wanted = vector_of(scene.baseline.steps[2], target)
        assert dialog.edits()[0].values == tuple(wanted.tolist())


def test_vectors_of_another_length_cannot_be_chosen(qtbot: QtBot, scene: Scene) -> None:
    assert kinds(opened(qtbot, scene)) == [
        *[""] * 3,
        "s has 5 dimensions, not 8.",
        "",
        "s has 5 dimensions, not 8.",
    ]
    reasons = kinds(opened(qtbot, scene, "state"))
    assert [bool(reason) for reason in reasons] == [False, True, True, False, True, False]
    alone = kinds(opened(qtbot, replace(scene, baseline=None)))
    assert "choose a baseline" in alone[BASE_C]
    short = toy_scene(steps=2)
    assert short.run is not None
    ended = replace(scene, baseline=Baseline(9, "short", short.run, short.steps))
    assert "2 steps only" in kinds(opened(qtbot, ended))[BASE_C]


def test_what_comes_of_it_is_shown(qtbot: QtBot, scene: Scene) -> None:
    dialog = opened(qtbot, scene)
    dialog.ways["zero"].click()
    norm = np.linalg.norm(before(scene))
    assert dialog.outcome.text().startswith(f"‖c_3‖ {norm:.4g} → 0 · most: c_3[")
    first = pixels(dialog.preview)
    dialog.ways["add"].click()
    dialog.values.number.setText("0")
    assert dialog.outcome.text().endswith("nothing changes")
    assert (pixels(dialog.preview) != first).any()


def test_the_reading_in_use_is_shown(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, mode=hard())
    assert scene.step is not None
    dialog = opened(qtbot, scene)
    dialog.ways["zero"].click()
    norm = np.linalg.norm(scene.step.readings["hard"].context.astype(np.float64))
    assert f"‖c_3‖ {norm:.4g} → 0" in dialog.outcome.text()


@pytest.mark.parametrize("target", ["context", "state"])
def test_where_there_is_none_it_says_so(qtbot: QtBot, target: str) -> None:
    scene = toy_scene(t=3)
    for early in (Scene(), replace(scene, t=0), replace(scene, phase=Phase.ALPHA)):
        reason = why_not_vector(early, target)
        assert reason
        dialog = opened(qtbot, early, target)
        assert dialog.problem.text() == reason
        assert not dialog.ok.isEnabled()
    assert why_not_vector(toy_scene(mode=FIXED), target) == ""
    assert why_not_vector(replace(scene, phase=Phase.CONTEXT), "context") == ""
    assert "F11" in why_not_vector(replace(scene, phase=Phase.CONTEXT), "state")


def test_numbers_that_are_none_can_be_replaced_but_not_taken(qtbot: QtBot) -> None:
    dialog = opened(qtbot, spoiled(toy_scene(t=3)))
    dialog.values.kind.setCurrentIndex(C)
    assert dialog.problem.text() == "c_2 holds what is not a number."
    dialog.ways["zero"].click()
    assert dialog.ok.isEnabled()
    dialog.preview.grab()


def test_edited_is_what_the_engine_does() -> None:
    vector = np.array([1.0, 2.0, 3.0])
    assert edited(vector, Edit("state", "add", (0, 2), (1.0, -1.0))).tolist() == [2, 2, 2]
    assert edited(vector, Edit("state", "add", (), (0.5,))).tolist() == [1.5, 2.5, 3.5]
    assert edited(vector, Edit("state", "zero", (1,))).tolist() == [1, 0, 3]
    assert edited(vector, Edit("state", "replace", (), (7.0, 8.0, 9.0))).tolist() == [7, 8, 9]
    assert vector.tolist() == [1, 2, 3]
