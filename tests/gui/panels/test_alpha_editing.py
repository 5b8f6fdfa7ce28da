"""α edited by hand in its panel: dragged, typed, by key and by button."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QImage, QKeyEvent, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attn_desktop.gui.alpha_edit_actions import NOTHING_BRUSHED
from attn_desktop.gui.edit_menu import EditMenu
from attn_desktop.gui.intents import Brush, MakeEdit
from attn_desktop.gui.panels.alpha import AlphaPanel
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.theme import theme
from attn_desktop.trace.edits import Edit
from tests.gui.edit_scenes import with_alpha, with_edits, with_mask
from tests.gui.painted import opened
from tests.gui.plot_pointer import PlotPointer, show
from tests.gui.pointer import settle
from tests.toy_records import FIXED
from tests.toy_scenes import toy_scene

ALPHA = (0.1, 0.2, 0.0, 0.4, 0.3, 0.0)
LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def panel(qtbot: QtBot) -> AlphaPanel:
    panel = opened(qtbot, AlphaPanel, with_alpha(toy_scene(t=3), ALPHA), (420, 320))
    panel.set_editing(True)
    settle()
    return panel


class Hand(PlotPointer):
    """A pointer that can stop in the middle of a drag, and a keyboard."""

    @property
    def edits(self) -> list[MakeEdit]:
        return [intent for intent in self.asked if isinstance(intent, MakeEdit)]

    def press(self, x: float, y: float) -> None:
        QTest.mousePress(self.canvas.viewport(), LEFT, NO_KEY, self._at(x, y))

    def pull(self, x: float, y: float) -> None:
        QTest.mouseMove(self.canvas.viewport(), self._at(x, y))
        settle()

    def release(self, x: float, y: float) -> None:
        QTest.mouseRelease(self.canvas.viewport(), LEFT, NO_KEY, self._at(x, y))
        settle()

    def key(self, key: Qt.Key) -> None:
        QTest.keyClick(self.panel, key)
        settle()

    def _at(self, x: float, y: float) -> QPoint:
        return QPoint(self.canvas.viewport().mapFrom(self.panel, self.at(x, y)))


def set_to(intent: MakeEdit) -> list[float]:
    (edit,) = intent.edits
    assert (edit.target, edit.how) == ("alpha", "set")
    return list(edit.values)


def bars(panel: AlphaPanel) -> list[float]:
    """Heights of the bars that are drawn, left to right."""
    path = panel._bars.path()
    tops = {
        int(path.elementAt(i).x): path.elementAt(i + 2).y
        for i in range(path.elementCount())
        if path.elementAt(i).isMoveTo()
    }
    return [tops.get(column, 0.0) for column in range(6)]


def note(panel: AlphaPanel) -> str:
    return panel._edit.strip.note.full_text


# -- on and off ---------------------------------------------------------------------------


def test_the_pencil_turns_it_on_and_off(panel: AlphaPanel, qtbot: QtBot) -> None:
    pencil = panel._edit.pencil
    changed: list[bool] = []
    panel.editing_changed.connect(changed.append)
    assert pencil.isChecked()
    assert panel._edit.strip.isVisible()
    QTest.mouseClick(pencil, LEFT)
    settle()
    assert not pencil.isChecked()
    assert not panel._edit.strip.isVisible()
    assert panel._edit.marks.handles.path().isEmpty()
    QTest.mouseClick(pencil, LEFT)
    assert panel.editing
    panel.set_editing(True)
    assert changed == [False, True], "told more than once"
    panel.set_editing(False)
    assert not pencil.isChecked()
    assert changed == [False, True, False]


def test_without_it_a_drag_of_a_bar_brushes(panel: AlphaPanel) -> None:
    panel.set_editing(False)
    settle()
    hand = Hand(panel)
    hand.drag((3.5, 0.4), (4.5, 0.9))
    assert hand.brushes[-1] == Brush(frozenset({3, 4}))
    hand.key(Qt.Key.Key_Up)
    hand.double_click(3.5, 0.2)
    assert not panel._edit.field.isVisible()
    assert hand.edits == []


def test_every_bar_has_a_handle_at_its_top(panel: AlphaPanel) -> None:
    path = panel._edit.marks.handles.path()
    starts = [i for i in range(path.elementCount()) if path.elementAt(i).isMoveTo()]
    assert len(starts) == 6
    polygons = [polygon.boundingRect().center() for polygon in path.toSubpathPolygons()]
    assert [at.x() for at in polygons] == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
    assert [at.y() for at in polygons] == pytest.approx(ALPHA, abs=0.02)


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        (Scene(), "encode a sentence"),
        (toy_scene(t=0), "before the first step"),
        (toy_scene(t=3, phase=Phase.WINDOW), "F11"),
        (toy_scene(mode=FIXED), "no attention"),
    ],
)
def test_where_nothing_can_be_edited_it_says_why(
    panel: AlphaPanel, scene: Scene, reason: str
) -> None:
    show(panel, scene)
    assert reason in note(panel)
    assert panel._edit.marks.handles.path().isEmpty() or panel.canvas.isHidden()
    tools = panel._edit.strip.tools
    assert not any(button.isEnabled() for button in tools.values())
    assert reason in tools["sharpen"].toolTip()
    hand = Hand(panel)
    if scene.run is not None and scene.step is not None and scene.step.cross is not None:
        hand.drag((3.5, 0.0), (3.5, 0.8))
        hand.double_click(3.5, 0.2)
    hand.key(Qt.Key.Key_Up)
    hand.key(Qt.Key.Key_Return)
    assert hand.edits == []
    assert not panel._edit.field.isVisible()


# -- dragging -----------------------------------------------------------------------------


def test_dragging_the_top_of_a_bar_sets_its_weight(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    hand.press(3.5, 0.4)
    hand.pull(3.5, 0.6)
    hand.pull(3.5, 0.75)
    # What comes of it is seen before it is asked for.
    assert hand.edits == []
    assert "Σ raw 1.35 → ÷ 1.35" in note(panel)
    assert panel.caption() == "Σ raw 1.35 → ÷ 1.35"
    raw = np.array([0.1, 0.2, 0.0, 0.75, 0.3, 0.0])
    assert bars(panel) == pytest.approx((raw / 1.35).tolist(), abs=0.01)
    outlines = panel._edit.marks.raw.path().toSubpathPolygons()
    assert [outline.boundingRect().height() for outline in outlines] == pytest.approx(
        [0.1, 0.2, 0.75, 0.3], abs=0.01
    )
    assert hand.said[-1].startswith("“word3” weight 0.7")
    hand.release(3.5, 0.75)
    (intent,) = hand.edits
    assert set_to(intent) == pytest.approx(raw.tolist(), abs=0.01)
    assert not intent.lasting
    assert intent.hard is None
    assert hand.brushes == []


def test_weights_stay_from_0_to_1(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    hand.drag((3.5, 0.4), (3.5, 5.0))
    assert set_to(hand.edits[-1])[3] == 1
    hand.drag((3.5, 0.4), (3.5, -2.0))
    assert set_to(hand.edits[-1])[3] == 0


def test_a_bar_of_0_can_be_lifted(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    hand.drag((5.5, 0.0), (5.5, 0.5))
    assert set_to(hand.edits[-1]) == pytest.approx([*ALPHA[:5], 0.5], abs=0.01)


def test_beside_the_tops_a_drag_brushes_as_ever(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    hand.drag((1.2, 0.7), (3.8, 0.9))
    assert hand.brushes[-1] == Brush(frozenset({1, 2, 3}))
    assert hand.edits == []


def test_escape_while_dragging_drops_it(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    hand.press(3.5, 0.4)
    hand.pull(3.5, 0.8)
    hand.key(Qt.Key.Key_Escape)
    assert bars(panel) == pytest.approx(ALPHA)
    hand.pull(3.5, 0.9)
    assert bars(panel) == pytest.approx(ALPHA)
    hand.release(3.5, 0.9)
    assert hand.edits == []
    hand.drag((3.5, 0.4), (3.5, 0.7))
    assert len(hand.edits) == 1, "the next drag counts again"


def test_what_was_dragged_stays_until_the_step_is_there(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    hand.drag((3.5, 0.4), (3.5, 0.9))
    asked = np.array(set_to(hand.edits[-1]))
    assert bars(panel) == pytest.approx((asked / asked.sum()).tolist())
    edited = with_edits(panel.scene, *hand.edits[-1].edits)
    show(panel, edited)
    assert panel._edit.weights is None
    assert bars(panel) == pytest.approx((asked / asked.sum()).tolist())


def test_where_no_step_comes_alpha_is_shown_again(panel: AlphaPanel, qtbot: QtBot) -> None:
    panel._edit._waiting.setInterval(1)
    Hand(panel).drag((3.5, 0.4), (3.5, 0.9))
    qtbot.waitUntil(lambda: panel._edit.weights is None)
    assert bars(panel) == pytest.approx(ALPHA)


def test_another_step_drops_what_is_dragged(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    hand.press(3.5, 0.4)
    hand.pull(3.5, 0.8)
    show(panel, replace(panel.scene, t=2))
    hand.pull(3.5, 0.9)
    hand.release(3.5, 0.9)
    assert hand.edits == []
    assert panel.caption().startswith("H(α)")


def test_more_steps_of_a_run_do_not_disturb_a_drag(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    hand.press(3.5, 0.4)
    hand.pull(3.5, 0.8)
    show(panel, replace(panel.scene, steps=panel.scene.steps[:4], busy=True))
    hand.release(3.5, 0.8)
    assert len(hand.edits) == 1


def test_all_of_alpha_cannot_be_taken_away(panel: AlphaPanel) -> None:
    show(panel, with_alpha(panel.scene, (0, 0, 0, 1, 0, 0)))
    hand = Hand(panel)
    hand.press(3.5, 1.0)
    hand.pull(3.5, 0.5)
    hand.pull(3.5, -0.1)
    assert "leave a bar above 0" in note(panel)
    hand.release(3.5, -0.1)
    assert hand.edits == []
    assert "sum to 0" in note(panel)
    assert any("sum to 0" in said for said in hand.said)
    assert bars(panel)[3] == 1


def test_a_masked_position_takes_no_weight(panel: AlphaPanel) -> None:
    show(panel, with_mask(panel.scene, [1, 1, 1, 1, 1, 0]))
    hand = Hand(panel)
    hand.press(5.5, 0.0)
    hand.pull(5.5, 0.5)
    assert "masked" in note(panel)
    hand.release(5.5, 0.5)
    assert hand.edits == []


def test_a_word_shares_its_weight_among_its_pieces(panel: AlphaPanel) -> None:
    scene = toy_scene(t=3, source=6, pieces=2, words=True)
    show(panel, with_alpha(scene, ALPHA))
    hand = Hand(panel)
    hand.drag((0.5, 0.3), (0.5, 0.9))
    assert set_to(hand.edits[-1]) == pytest.approx([0.3, 0.6, *ALPHA[2:]], abs=0.02)


def test_from_here_on(panel: AlphaPanel) -> None:
    hand, strip = Hand(panel), panel._edit.strip
    QTest.mouseClick(strip.lasting, LEFT)
    hand.drag((3.5, 0.4), (3.5, 0.9))
    assert hand.edits[-1].lasting
    QTest.mouseClick(strip.tools["uniform"], LEFT)
    assert hand.edits[-1] == MakeEdit((Edit("alpha", "uniform"),), lasting=True)


# -- keys and typing ----------------------------------------------------------------------


def test_arrows_nudge_the_chosen_bar_and_enter_applies(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    hand.click(3.5, 0.2)
    for _ in range(3):
        hand.key(Qt.Key.Key_Up)
    hand.key(Qt.Key.Key_Down)
    assert hand.edits == []
    assert "Σ raw 1.10" in note(panel)
    hand.key(Qt.Key.Key_Return)
    assert set_to(hand.edits[-1]) == pytest.approx([0.1, 0.2, 0, 0.5, 0.3, 0])


def test_by_keys_alone(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    assert panel.hasFocus(), "editing begins with the keys where the bars are"
    hand.key(Qt.Key.Key_Up)
    assert panel._edit.chosen == 3, "the largest bar comes first"
    hand.key(Qt.Key.Key_Right)
    hand.key(Qt.Key.Key_Up)
    hand.key(Qt.Key.Key_Escape)
    assert bars(panel) == pytest.approx(ALPHA)
    hand.key(Qt.Key.Key_Down)
    hand.key(Qt.Key.Key_Enter)
    assert set_to(hand.edits[-1]) == pytest.approx([0.1, 0.2, 0, 0.4, 0.25, 0])
    show(panel, with_edits(panel.scene, *hand.edits[-1].edits))
    assert panel._edit.chosen is None


def accepts(panel: AlphaPanel, key: Qt.Key) -> bool:
    """Whether the panel keeps a key from the shortcuts of the window."""
    event = QKeyEvent(QKeyEvent.Type.ShortcutOverride, key, NO_KEY)
    event.ignore()
    QApplication.sendEvent(panel, event)
    return event.isAccepted()


def test_keys_are_the_window_s_unless_a_bar_is_chosen(panel: AlphaPanel) -> None:
    arrows = (Qt.Key.Key_Left, Qt.Key.Key_Right)
    assert not any(accepts(panel, key) for key in (*arrows, Qt.Key.Key_Escape, Qt.Key.Key_Return))
    assert accepts(panel, Qt.Key.Key_Up)
    hand = Hand(panel)
    hand.key(Qt.Key.Key_Up)
    assert all(accepts(panel, key) for key in (*arrows, Qt.Key.Key_Escape))
    hand.key(Qt.Key.Key_Escape)
    assert not any(accepts(panel, key) for key in arrows)
    panel.set_editing(False)
    assert not accepts(panel, Qt.Key.Key_Up)


def test_a_double_click_asks_for_a_number(panel: AlphaPanel) -> None:
    hand, field = Hand(panel), panel._edit.field
    hand.double_click(3.5, 0.2)
    assert field.isVisible()
    assert field.text() == "0.4"
    assert panel.rect().contains(field.geometry())
    for text in ("much", "-1", "nan"):
        field.setText(text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert "is not a number from 0" in note(panel)
        assert "is not a number from 0" in hand.said[-1]
        assert field.isVisible()
    field.setText("2.5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert not field.isVisible()
    (intent,) = hand.edits
    assert set_to(intent) == pytest.approx([0.1, 0.2, 0, 2.5, 0.3, 0])


def test_escape_leaves_the_field(panel: AlphaPanel) -> None:
    hand, field = Hand(panel), panel._edit.field
    hand.double_click(3.5, 0.2)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not field.isVisible()
    assert panel.editing
    assert hand.edits == []


# -- buttons ------------------------------------------------------------------------------


def test_buttons_need_brushed_positions(panel: AlphaPanel) -> None:
    tools, hand = panel._edit.strip.tools, Hand(panel)
    for name in ("look-only", "look-away", "draw-here"):
        assert not tools[name].isEnabled()
        assert NOTHING_BRUSHED in tools[name].toolTip()
    panel.set_light(Light(brushed_source=frozenset({1, 3})))
    settle()
    QTest.mouseClick(tools["look-only"], LEFT)
    assert hand.edits[-1] == MakeEdit((Edit("alpha", "pin", (1, 3)),))
    QTest.mouseClick(tools["look-away"], LEFT)
    assert hand.edits[-1] == MakeEdit((Edit("alpha", "mask", (1, 3)),))
    assert "one position" in tools["draw-here"].toolTip()
    panel.set_light(Light(brushed_source=frozenset({4})))
    settle()
    QTest.mouseClick(tools["draw-here"], LEFT)
    assert hand.edits[-1] == MakeEdit((Edit("position", "pick", (4,)),), hard=True)


def test_as_the_model_takes_all_edits_back(panel: AlphaPanel) -> None:
    button, hand = panel._edit.strip.tools["as-model"], Hand(panel)
    assert not button.isEnabled()
    show(panel, with_edits(panel.scene, Edit("alpha", "mask", (3,))))
    QTest.mouseClick(button, LEFT)
    assert hand.edits == [MakeEdit((), instead=True)]


def test_every_button_has_a_formula_and_room(panel: AlphaPanel) -> None:
    strip = panel._edit.strip
    for width in (300, 420, 900):
        panel.resize(width, 260)
        settle()
        for button in strip._texts:
            assert button.toolTip()
            assert strip.rect().contains(strip.mapFromGlobal(button.mapToGlobal(QPoint(0, 0))))
            assert button.width() >= button.minimumSizeHint().width()
        right = max(button.mapTo(panel, QPoint(button.width(), 0)).x() for button in strip._texts)
        assert right <= panel._edit.pencil.x()
    assert strip.tools["sharpen"].text() == "sharpen"
    panel.resize(300, 220)
    settle()
    assert strip.tools["sharpen"].text() == "α²"
    assert panel.source_view.height() > 60


# -- what was edited ----------------------------------------------------------------------


def test_an_edited_step_shows_the_model_s_own_alpha_too(panel: AlphaPanel) -> None:
    scene = panel.scene
    assert panel._own.outline.path().isEmpty()
    show(panel, with_edits(scene, Edit("alpha", "mask", (3,))))
    assert panel.caption().startswith("edited: Σ 0.60 → 1 · H(α)")
    outlines = panel._own.outline.path().toSubpathPolygons()
    heights = [outline.boundingRect().height() for outline in outlines]
    assert heights == pytest.approx([0.1, 0.2, 0.4, 0.3])
    assert bars(panel) == pytest.approx([1 / 6, 1 / 3, 0, 0, 0.5, 0])
    table = panel.table()
    assert [row[table.columns.index("α unedited")] for row in table.rows] == pytest.approx(ALPHA)
    hand = Hand(panel)
    hand.move(3.5, 0.7)
    assert hand.said[-1].endswith("the model's own 0.4000")
    show(panel, replace(panel.scene, phase=Phase.WINDOW))
    assert panel._own.outline.path().isEmpty()
    assert panel.caption() == ""
    show(panel, scene)
    assert panel._own.outline.path().isEmpty()


def test_a_picture_of_the_panel_has_no_buttons(panel: AlphaPanel) -> None:
    def picture() -> QImage:
        image = QImage(panel.size(), QImage.Format.Format_RGB32)
        image.fill(panel.theme.colour("card"))
        painter = QPainter(image)
        panel.render(painter, QPoint())
        painter.end()
        return image

    edited = picture()
    assert panel._edit.strip.isVisible()
    assert panel._edit.pencil.isVisible()
    panel.set_editing(False)
    settle()
    assert picture() == edited


def test_the_strip_follows_the_theme(panel: AlphaPanel) -> None:
    height = panel._edit.strip.tools["sharpen"].height()
    panel.set_theme(theme(dark=True, presenter=True))
    panel.resize(640, 480)
    settle()
    assert panel._edit.strip.tools["sharpen"].height() > height
    assert panel._edit.pencil.geometry().right() <= panel.rect().right()


# -- context menu -------------------------------------------------------------------------


def open_menu(panel: AlphaPanel, at: QPoint, reason: QContextMenuEvent.Reason) -> EditMenu | None:
    shift = Qt.KeyboardModifier.ShiftModifier
    by_mouse = reason == QContextMenuEvent.Reason.Mouse
    held = NO_KEY if by_mouse else shift
    QApplication.sendEvent(panel, QContextMenuEvent(reason, at, panel.mapToGlobal(at), held))
    menus = [menu for menu in panel.findChildren(EditMenu) if menu.isVisible()]
    return menus[-1] if menus else None


def test_a_right_click_asks_what_if(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    panel.set_editing(False)
    settle()
    menu = open_menu(panel, hand.at(3.5, 0.1), QContextMenuEvent.Reason.Mouse)
    assert menu is not None
    action = next(action for action in menu.actions() if action.objectName() == "look-away")
    action.trigger()
    assert hand.edits == [MakeEdit((Edit("alpha", "mask", (3,)),))]
    menu.close()
    settle()
    assert open_menu(panel, hand.at(3.5, 0.1), QContextMenuEvent.Reason.Keyboard) is None


def test_a_right_click_on_what_is_brushed_means_all_of_it(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    panel.set_light(Light(brushed_source=frozenset({1, 3})))
    for column, meant in ((3.5, (1, 3)), (4.5, (4,))):
        menu = open_menu(panel, hand.at(column, 0.1), QContextMenuEvent.Reason.Mouse)
        assert menu is not None
        next(a for a in menu.actions() if a.objectName() == "look-only").trigger()
        assert hand.edits[-1] == MakeEdit((Edit("alpha", "pin", meant),))
        menu.close()
        settle()


def test_the_pointer_shows_what_can_be_dragged(panel: AlphaPanel) -> None:
    hand = Hand(panel)
    hand.move(3.5, 0.4)
    assert panel.canvas.viewport().cursor().shape() == Qt.CursorShape.SizeVerCursor
    hand.move(3.5, 0.8)
    assert panel.canvas.viewport().cursor().shape() == Qt.CursorShape.ArrowCursor


def test_columns_without_room_for_handles_can_be_dragged_too(panel: AlphaPanel) -> None:
    show(panel, toy_scene(t=2, steps=3, source=300))
    assert panel._edit.marks.handles.path().isEmpty()
    hand = Hand(panel)
    hand.drag((150.5, float(panel.scene.alpha[1, 150])), (150.5, 0.5))
    assert max(set_to(hand.edits[-1])[145:156]) == pytest.approx(0.5, abs=0.01)
