"""The notes: what is listed, how one goes to a step and bookmarks it, and how notes are written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QFont, QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from attn_desktop.gui.intents import GoToNode, Hover, Intent, SetNote
from attn_desktop.gui.note_editor import ADRIFT, NO_STEP, UNSAVED
from attn_desktop.gui.note_rows import wrapped
from attn_desktop.gui.panels.notes import EMPTY, NO_RUN, NotesPanel
from attn_desktop.gui.scene import Light, NoteMark, Phase, Scene
from attn_desktop.gui.theme import theme
from attn_desktop.trace.annotations import MAX_TEXT, Note
from tests.gui import pointer
from tests.gui.heard import Heard
from tests.gui.painted import opened, pixels
from tests.toy_scenes import toy_scene

LOOK = theme(dark=False)
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ELSEWHERE = 77


class Shown(Heard[NotesPanel]):
    """A panel on the screen that keeps what it asked and said; the playhead is at step 3 of 5."""

    def __init__(self, qtbot: QtBot, size: tuple[int, int] = (230, 320)) -> None:
        super().__init__(opened(qtbot, NotesPanel, Scene(), size))
        self.panel.window().activateWindow()
        self.scene = toy_scene(t=3)

    def mark(self, t: int, text: str, star: bool = False) -> NoteMark:
        """A note about step t of the branch shown."""
        node = self.scene.steps[t - 1].node
        return NoteMark(Note(node, text, star), t, self.scene.tokens[t - 1], "original", True)

    def show(self, *notes: NoteMark) -> None:
        self.show_scene(replace(self.scene, notes=notes))

    def show_scene(self, scene: Scene) -> None:
        self.scene = scene
        self.panel.set_scene(scene)
        pointer.settle()

    def go(self, t: int) -> None:
        self.show_scene(replace(self.scene, t=t))

    @property
    def chosen(self) -> list[Intent]:
        return [intent for intent in self.asked if not isinstance(intent, Hover)]

    @property
    def node(self) -> int:
        """At the playhead."""
        assert self.scene.step is not None
        return self.scene.step.node

    @property
    def text(self) -> str:
        """In the field."""
        return self.panel.editor.field.text()

    def type(self, text: str) -> None:
        QTest.keyClicks(self.panel.editor.field, text)

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = pointer.NO_KEY) -> None:
        """In the field."""
        QTest.keyClick(self.panel.editor.field, key, held)
        pointer.settle()

    def row(self, row: int) -> QPoint:
        return self.within(self.panel.list.place(row).center())

    def star(self, row: int) -> QPoint:
        return self.within(self.panel._painter.star(self.panel.list.place(row)).center())

    def within(self, place: QPointF) -> QPoint:
        return self.panel.list.viewport().mapTo(self.panel, place.toPoint())


def elsewhere(text: str = "of another", about: str = "t=2 seed 7") -> NoteMark:
    return NoteMark(Note(ELSEWHERE, text), 2, "▁fut", about, False)


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    made = Shown(qtbot)
    made.show()
    return made


# -- what it lists --------------------------------------------------------------------------


def test_notes_are_in_the_order_of_their_steps_whatever_their_nodes(shown: Shown) -> None:
    shown.show(shown.mark(1, "first"), shown.mark(4, "", star=True), elsewhere())
    table = shown.panel.table()
    assert table.columns == ("t", "token", "branch", "note", "bookmarked", "on the branch shown")
    tokens = shown.scene.tokens
    assert [tuple(row) for row in table.rows] == [
        (1, tokens[0], "original", "first", False, True),
        (2, "▁fut", "t=2 seed 7", "of another", False, False),
        (4, tokens[3], "original", "", True, True),
    ]
    assert shown.panel.caption() == "3 notes"
    shown.show(elsewhere())
    assert shown.panel.caption() == "1 note"


def test_without_notes_it_says_how_to_write_one(shown: Shown) -> None:
    assert shown.panel.blank() == EMPTY
    assert not shown.panel.list.isVisible()
    assert shown.panel.editor.isVisible()
    shown.show_scene(Scene())
    assert shown.panel.blank() == NO_RUN
    assert not shown.panel.editor.isVisible()


def test_the_note_of_the_step_shown_is_tinted(shown: Shown) -> None:
    shown.show(shown.mark(1, "first"), shown.mark(3, "third"))
    hue, card = LOOK.hue("target"), LOOK.colour("card")
    tint = [
        0.14 * over + 0.86 * under
        for over, under in (
            (hue.red(), card.red()),
            (hue.green(), card.green()),
            (hue.blue(), card.blue()),
        )
    ]

    def tinted() -> list[bool]:
        near = (np.abs(pixels(shown.panel) - tint) <= 3).all(axis=2).sum(axis=1)
        return [bool(near[shown.row(row).y()] > 100) for row in range(2)]

    assert tinted() == [False, True]
    shown.go(1)
    assert tinted() == [True, False]
    shown.go(2)
    assert tinted() == [False, False]


def test_a_longer_note_has_a_higher_row_up_to_three_lines(shown: Shown) -> None:
    words = "looks at a man and not at the beach " * 10
    shown.show(shown.mark(1, "", True), shown.mark(2, "short"), shown.mark(3, words))
    heights = [shown.panel.list.place(row).height() for row in range(3)]
    assert heights[0] < heights[1] < heights[2] < 2.6 * heights[1]
    shown.panel.resize(900, 320)
    pointer.settle()
    wide = [shown.panel.list.place(row).height() for row in range(3)]
    assert wide[:2] == heights[:2]


@pytest.mark.parametrize(
    "text",
    ["one", "one two three four five", "a\n\nb\nc\nd", "x" * 300, "😀 " * 80, "\n", "\ud83d"],
)
def test_text_is_wrapped_into_lines_that_fit(qtbot: QtBot, text: str) -> None:
    font = QFont()
    lines = wrapped(text, font, 120.0, 3)
    assert 1 <= len(lines) <= 3
    # What is elided once more by painting may be a little wider than its letters one by one.
    assert all(QFontMetricsF(font).horizontalAdvance(line) <= 121 for line in lines)
    shown, whole = "".join(lines).replace(" ", ""), "".join(text.split())
    if "…" in shown:
        assert whole.startswith(shown.rstrip("…"))
    elif "\ud83d" not in text:
        assert shown == whole
    assert wrapped("", font, 120.0, 3) == ()


# -- going to a step ------------------------------------------------------------------------


def test_a_click_goes_to_its_step_on_whatever_branch(shown: Shown) -> None:
    shown.show(shown.mark(1, "first"), elsewhere(), shown.mark(3, "third"))
    pointer.click(shown.panel, shown.row(1))
    pointer.click(shown.panel, shown.row(0))
    assert shown.chosen == [GoToNode(ELSEWHERE), GoToNode(shown.scene.steps[0].node)]
    pointer.click(shown.panel, shown.row(2))
    assert len(shown.chosen) == 2, "it is there already"


def test_arrows_go_to_the_next_note(shown: Shown) -> None:
    shown.show(shown.mark(1, "first"), elsewhere(), shown.mark(3, "third"))
    QTest.keyClick(shown.panel, Qt.Key.Key_Up)
    assert shown.chosen == [GoToNode(ELSEWHERE)]
    QTest.keyClick(shown.panel, Qt.Key.Key_Down)
    assert len(shown.chosen) == 1
    shown.go(2)
    QTest.keyClick(shown.panel, Qt.Key.Key_Down)
    QTest.keyClick(shown.panel, Qt.Key.Key_Up)
    first, last = (shown.scene.steps[t - 1].node for t in (1, 3))
    assert shown.chosen[1:] == [GoToNode(first), GoToNode(last)], "from where no note is"


def test_pointing_says_all_of_it_and_lights_steps_of_the_branch_shown(shown: Shown) -> None:
    shown.show(shown.mark(1, "first\nline"), elsewhere())
    pointer.point(shown.panel, shown.row(0))
    assert shown.said[-1] == f"step 1 “{shown.scene.tokens[0]}”: first line"
    assert shown.asked[-1] == Hover(target=frozenset({1}))
    shown.panel.set_light(Light(target=frozenset({1})))
    pointer.point(shown.panel, shown.row(1))
    assert shown.said[-1] == "step 2 “▁fut” on t=2 seed 7: of another"
    assert shown.asked[-1] == Hover()
    pointer.point(shown.panel, shown.panel.editor.geometry().center())
    assert shown.said[-1] == ""


def test_a_branch_that_has_no_name_is_another_one(shown: Shown) -> None:
    shown.show(elsewhere("", about=""))
    pointer.point(shown.panel, shown.row(0))
    assert shown.said[-1] == "step 2 “▁fut” on another branch: bookmarked"


# -- bookmarks ------------------------------------------------------------------------------


def test_the_star_of_a_row_bookmarks_its_step_or_no_longer(shown: Shown) -> None:
    shown.show(shown.mark(1, "first"), shown.mark(3, "", star=True))
    first, third = (shown.scene.steps[t - 1].node for t in (1, 3))
    pointer.click(shown.panel, shown.star(0))
    pointer.click(shown.panel, shown.star(1))
    assert shown.chosen == [SetNote(first, "first", True), SetNote(third, "", False)]
    pointer.point(shown.panel, shown.star(1))
    assert "bookmark" in shown.said[-1]


def test_the_star_of_the_editor_keeps_what_is_written_too(shown: Shown) -> None:
    shown.panel.edit()
    shown.type("why")
    shown.panel.editor.star.click()
    assert shown.chosen == [SetNote(shown.node, "why", True)]
    shown.show(shown.mark(3, "why", star=True))
    assert shown.panel.editor.star.isChecked()
    shown.panel.editor.star.click()
    assert shown.chosen[1:] == [SetNote(shown.node, "why", False)]
    shown.go(0)
    assert not shown.panel.editor.star.isEnabled()
    assert not shown.panel.editor.star.isChecked()


def test_the_menu_of_a_note(shown: Shown) -> None:
    shown.show(shown.mark(1, "first", star=True))
    first = shown.scene.steps[0].node
    for text in ("&Go to its step", "Take the &bookmark away", "&Delete the note"):
        at = shown.row(0)
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, at, shown.panel.mapToGlobal(at), pointer.NO_KEY
        )
        QApplication.sendEvent(shown.panel, event)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        next(action for action in menu.actions() if action.text() == text).trigger()
        menu.close()
        pointer.settle()
    assert shown.chosen == [
        GoToNode(first),
        SetNote(first, "first", False),
        SetNote(first, "", False),
    ]


# -- writing --------------------------------------------------------------------------------


def test_control_enter_keeps_what_is_written_about_the_step_at_the_playhead(shown: Shown) -> None:
    shown.panel.edit()
    assert QApplication.focusWidget() is shown.panel.editor.field
    shown.type("one")
    shown.press(Qt.Key.Key_Return)
    shown.type("two  ")
    assert shown.panel.editor.state.text() == UNSAVED
    shown.press(Qt.Key.Key_Return, CONTROL)
    assert shown.chosen == [SetNote(shown.node, "one\ntwo", False)]
    assert QApplication.focusWidget() is shown.panel, "so that keys step again"
    shown.show(shown.mark(3, "one\ntwo"))
    assert shown.text == "one\ntwo"
    assert not shown.panel.editor.state.isVisible()
    assert len(shown.chosen) == 1


def test_escape_restores_what_was_there(shown: Shown) -> None:
    shown.show(shown.mark(3, "kept"))
    shown.panel.edit()
    shown.type(" and more")
    assert shown.text == "kept and more"
    shown.press(Qt.Key.Key_Escape)
    assert shown.text == "kept"
    assert shown.chosen == []
    assert QApplication.focusWidget() is shown.panel


def test_leaving_the_field_keeps_what_is_written(shown: Shown) -> None:
    shown.panel.edit()
    shown.type("why")
    shown.panel.setFocus(Qt.FocusReason.MouseFocusReason)
    assert shown.chosen == [SetNote(shown.node, "why", False)]
    shown.panel.edit()
    shown.panel.setFocus(Qt.FocusReason.MouseFocusReason)
    assert len(shown.chosen) == 1, "nothing has changed since"


def test_its_own_menu_only_borrows_the_keyboard(shown: Shown) -> None:
    shown.panel.edit()
    shown.type("why")
    shown.panel.setFocus(Qt.FocusReason.PopupFocusReason)
    assert shown.chosen == []


def test_without_text_and_bookmark_there_is_no_note(shown: Shown) -> None:
    shown.show(shown.mark(3, "kept"))
    shown.panel.edit()
    shown.press(Qt.Key.Key_A, CONTROL)
    shown.press(Qt.Key.Key_Delete)
    shown.press(Qt.Key.Key_Return, CONTROL)
    assert shown.chosen == [SetNote(shown.node, "", False)]


def test_a_bookmark_stays_when_its_text_goes(shown: Shown) -> None:
    shown.show(shown.mark(3, "kept", star=True))
    shown.panel.edit()
    shown.press(Qt.Key.Key_A, CONTROL)
    shown.press(Qt.Key.Key_Delete)
    shown.press(Qt.Key.Key_Return, CONTROL)
    assert shown.chosen == [SetNote(shown.node, "", True)]


def test_the_editor_follows_the_playhead(shown: Shown) -> None:
    shown.show(shown.mark(2, "second"), shown.mark(3, "third", star=True))
    assert shown.text == "third"
    shown.go(2)
    assert shown.text == "second"
    shown.go(4)
    assert shown.text == ""
    assert shown.panel.editor.about.full_text == f"t=4  {shown.scene.tokens[3]}"
    shown.go(0)
    assert shown.panel.editor.about.full_text == NO_STEP
    assert not shown.panel.editor.field.isEnabled()
    assert shown.chosen == []


def test_a_token_that_is_not_known_yet_is_not_told(shown: Shown) -> None:
    shown.show_scene(replace(shown.scene, phase=Phase.ALPHA))
    assert shown.panel.editor.about.full_text == "t=3  ?"


def test_stepping_on_while_writing_keeps_it_about_its_own_step(shown: Shown) -> None:
    node = shown.node
    shown.panel.edit()
    shown.type("why")
    shown.go(4)
    assert shown.chosen == [SetNote(node, "why", False)]
    assert shown.text == ""


def test_other_news_of_the_scene_leave_alone_what_is_being_written(shown: Shown) -> None:
    shown.panel.edit()
    shown.type("why")
    shown.show(shown.mark(1, "first"))
    shown.show_scene(replace(shown.scene, busy=True))
    assert shown.text == "why"
    assert shown.chosen == []


def test_an_undone_note_is_gone_from_the_field(shown: Shown) -> None:
    shown.show(shown.mark(3, "kept"))
    shown.show()
    assert shown.text == ""
    assert shown.chosen == []


def test_what_is_being_written_outlives_another_source_and_waits_to_be_kept(shown: Shown) -> None:
    shown.panel.edit()
    shown.type("why")
    shown.show_scene(toy_scene(t=2, seed=5))
    assert shown.text == "why"
    assert shown.panel.editor.state.text() == ADRIFT
    shown.go(1)
    shown.panel.setFocus(Qt.FocusReason.MouseFocusReason)
    assert shown.chosen == [], "it would be written about a step that nobody meant"
    shown.panel.edit()
    shown.press(Qt.Key.Key_Return, CONTROL)
    assert shown.chosen == [SetNote(shown.node, "why", False)]


def test_what_outlived_another_source_can_be_dropped(shown: Shown) -> None:
    shown.panel.edit()
    shown.type("why")
    shown.show_scene(toy_scene(t=0, seed=5))
    assert shown.text == "why"
    assert shown.panel.editor.field.isEnabled()
    shown.press(Qt.Key.Key_Return, CONTROL)
    assert shown.said[-1] == NO_STEP
    shown.press(Qt.Key.Key_Escape)
    assert shown.text == ""
    assert shown.chosen == []


def test_before_the_first_step_there_is_nothing_to_write_about(shown: Shown) -> None:
    shown.go(0)
    shown.panel.edit()
    assert shown.said[-1] == NO_STEP
    assert QApplication.focusWidget() is not shown.panel.editor.field


def test_enter_in_the_list_writes(shown: Shown) -> None:
    shown.show(shown.mark(3, "kept"))
    pointer.click(shown.panel, shown.row(0))
    QTest.keyClick(shown.panel, Qt.Key.Key_Return)
    shown.type(", and more")
    assert shown.text == "kept, and more", "behind what is there"


def test_a_note_that_is_too_long_is_refused_and_not_lost(shown: Shown) -> None:
    shown.panel.edit()
    shown.panel.editor.field.insertPlainText("x" * (MAX_TEXT + 1))
    shown.press(Qt.Key.Key_Return, CONTROL)
    assert "10,001" in shown.said[-1]
    shown.go(4)
    assert len(shown.text) == MAX_TEXT + 1
    assert shown.chosen == []


def test_half_a_character_is_kept_as_one_that_can_be_saved(shown: Shown) -> None:
    shown.panel.edit()
    shown.panel.editor.field.insertPlainText("a\ud83db")
    shown.press(Qt.Key.Key_Return, CONTROL)
    (intent,) = shown.chosen
    assert isinstance(intent, SetNote)
    intent.text.encode()


def test_the_field_grows_with_its_text_and_leaves_half_to_the_list(shown: Shown) -> None:
    few = shown.panel.editor.field.height()
    shown.show(shown.mark(3, "one\ntwo\nthree\nfour"))
    four = shown.panel.editor.field.height()
    assert four > 1.5 * few
    assert shown.panel.editor.field.verticalScrollBar().maximum() == 0
    shown.panel.resize(230, 120)
    pointer.settle()
    assert shown.panel.editor.field.height() == few
    assert shown.panel.editor.geometry().bottom() < 120
    assert shown.panel.list.height() > 40


def test_a_hidden_one_comes_up_to_date_before_it_is_written_in(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.show()
    shown.panel.set_scene(replace(shown.scene, t=5))
    shown.panel.edit()
    shown.type("late")
    shown.press(Qt.Key.Key_Return, CONTROL)
    assert shown.chosen == [SetNote(shown.scene.steps[4].node, "late", False)]
