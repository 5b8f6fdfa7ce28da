"""The context menus of alignment and context: what they offer, and about which step."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.gui.alpha_edit_actions import EDITS
from attn_desktop.gui.edit_menu import EditMenu, VectorMenu
from attn_desktop.gui.intents import GoTo, Intent, MakeEdit, OpenEditor
from attn_desktop.gui.panels.alignment import AlignmentPanel
from attn_desktop.gui.panels.context import ContextPanel
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.trace.edits import Edit
from tests.gui.edit_scenes import with_edits
from tests.gui.painted import opened
from tests.gui.plot_pointer import PlotPointer
from tests.gui.pointer import settle
from tests.toy_scenes import toy_scene

MOUSE, KEYBOARD = QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard
NO_KEY, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def ask_menu(
    widget: QWidget,
    at: QPoint,
    reason: QContextMenuEvent.Reason = MOUSE,
    held: Qt.KeyboardModifier = NO_KEY,
) -> QMenu | None:
    event = QContextMenuEvent(reason, at, widget.mapToGlobal(at), held)
    QApplication.sendEvent(widget, event)
    return next((menu for menu in widget.findChildren(QMenu) if menu.isVisible()), None)


def action(menu: QMenu | None, name: str) -> QAction:
    assert menu is not None
    return next(action for action in menu.actions() if action.objectName() == name)


def test_a_menu_offers_every_what_if(qtbot: QtBot) -> None:
    asked: list[Intent] = []
    menu = EditMenu(toy_scene(t=3), {2}, asked.append)
    qtbot.addWidget(menu)
    names = [entry.objectName() for entry in menu.actions() if entry.objectName()]
    assert names == [kind.name for kind in EDITS]
    assert menu.actions()[0].text() == "Step 3 ← “word2”"
    assert not menu.actions()[0].isEnabled()
    assert not action(menu, "as-model").isEnabled()
    action(menu, "look-only").trigger()
    action(menu, "draw-here").trigger()
    assert asked == [
        MakeEdit((Edit("alpha", "pin", (2,)),)),
        MakeEdit((Edit("position", "pick", (2,)),), hard=True),
    ]


def test_its_title_says_what_was_done_and_how_many_are_meant(qtbot: QtBot) -> None:
    scene = with_edits(toy_scene(t=3), Edit("alpha", "mask", (1,)))
    menus = [EditMenu(scene, positions, lambda _: None) for positions in ((), (0, 1, 2, 3), (500,))]
    for menu in menus:
        qtbot.addWidget(menu)
    titles = [menu.actions()[0].text() for menu in menus]
    assert titles == [
        "Step 3 · α: not “word1”",
        "Step 3 ← “word0”, “word1”, “word2”, … · α: not “word1”",
        "Step 3 · α: not “word1”",
    ]
    empty = EditMenu(Scene(), (), lambda _: None)
    qtbot.addWidget(empty)
    assert not any(entry.isEnabled() for entry in empty.actions() if not entry.isSeparator())


def test_a_cell_of_the_matrix_is_a_position_at_the_step(qtbot: QtBot) -> None:
    panel = opened(qtbot, AlignmentPanel, toy_scene(t=3), (420, 320))
    pointer = PlotPointer(panel)
    menu = ask_menu(panel, pointer.at(4.5, 2.5))
    action(menu, "look-away").trigger()
    assert pointer.asked == [MakeEdit((Edit("alpha", "mask", (4,)),))]


def test_a_cell_of_another_row_goes_there_first(qtbot: QtBot) -> None:
    panel = opened(qtbot, AlignmentPanel, toy_scene(t=0), (420, 320))
    pointer = PlotPointer(panel)
    menu = ask_menu(panel, pointer.at(4.5, 1.5))
    assert pointer.asked == [GoTo(2)]
    assert menu is not None
    assert menu.actions()[0].text() == "Step 2 ← “word4”"
    action(menu, "look-only").trigger()
    assert pointer.asked[1:] == [MakeEdit((Edit("alpha", "pin", (4,)),))]


def test_a_brushed_cell_means_all_that_is_brushed(qtbot: QtBot) -> None:
    panel = opened(qtbot, AlignmentPanel, toy_scene(t=3), (420, 320))
    panel.set_light(Light(brushed_source=frozenset({1, 4})))
    pointer = PlotPointer(panel)
    menu = ask_menu(panel, pointer.at(4.5, 2.5))
    action(menu, "look-only").trigger()
    assert pointer.asked == [MakeEdit((Edit("alpha", "pin", (1, 4)),))]


def test_by_key_it_is_about_what_is_brushed_and_shift_f10_opens_none(qtbot: QtBot) -> None:
    panel = opened(qtbot, AlignmentPanel, toy_scene(t=3), (420, 320))
    panel.set_light(Light(brushed_source=frozenset({1})))
    pointer = PlotPointer(panel)
    at = pointer.at(4.5, 1.5)
    assert ask_menu(panel, at, KEYBOARD, SHIFT) is None
    menu = ask_menu(panel, at, KEYBOARD)
    action(menu, "look-only").trigger()
    assert pointer.asked == [MakeEdit((Edit("alpha", "pin", (1,)),))]


@pytest.mark.parametrize("scene", [Scene(), toy_scene(steps=0)], ids=["no run", "no steps"])
def test_a_menu_about_nothing_offers_nothing(qtbot: QtBot, scene: Scene) -> None:
    panel = opened(qtbot, AlignmentPanel, scene, (420, 320))
    menu = ask_menu(panel, panel.rect().center())
    assert menu is not None
    assert not any(entry.isEnabled() for entry in menu.actions() if entry.objectName())


def test_the_context_panel_asks_for_an_editor(qtbot: QtBot) -> None:
    panel = opened(qtbot, ContextPanel, toy_scene(t=3, phase=Phase.CONTEXT), (360, 230))
    asked: list[Intent] = []
    panel.wanted.connect(asked.append)
    menu = ask_menu(panel, panel.rect().center())
    assert isinstance(menu, VectorMenu)
    assert action(menu, "edit-context").text() == "Edit c_3…"
    assert not action(menu, "edit-state").isEnabled()
    assert "F11" in action(menu, "edit-state").toolTip()
    action(menu, "edit-context").trigger()
    assert asked == [OpenEditor("context")]
    menu.close()
    settle()
    panel.set_scene(replace(panel.scene, t=0))
    menu = ask_menu(panel, panel.rect().center())
    assert not action(menu, "edit-context").isEnabled()
    assert menu is not None
    menu.close()
    settle()
    assert ask_menu(panel, panel.rect().center(), KEYBOARD, SHIFT) is None
