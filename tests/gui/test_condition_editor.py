"""Writing a condition: what is offered, what is told to be wrong and when, and what keys do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import shiboken6
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QVBoxLayout, QWidget

from attn_desktop.analysis.conditions import REFERENCE, parse, parse_breakpoint
from attn_desktop.gui.condition_editor import EMPTY, ConditionEditor
from attn_desktop.gui.condition_help import examples, groups
from attn_desktop.gui.condition_rows import BREAKPOINT, WATCH
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.text_field import utf16_length
from attn_desktop.gui.theme import theme
from tests.gui import pointer
from tests.toy_scenes import toy_scene

KEY = Qt.Key
NO_KEY = Qt.KeyboardModifier.NoModifier
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Desk:
    """An editor beside another field; keeps what was written. The playhead is at step 3 of 5."""

    def __init__(self) -> None:
        self.window = QWidget()
        self.editor, self.other = ConditionEditor(theme(dark=False)), QLineEdit()
        layout = QVBoxLayout(self.window)
        layout.addWidget(self.editor)
        layout.addWidget(self.other)
        layout.addStretch(1)
        self.window.resize(240, 200)
        self.window.show()
        self.window.activateWindow()
        self.written: list[tuple[str, str]] = []
        self.done: list[None] = []
        self.editor.written.connect(lambda kind, text: self.written.append((kind, text)))
        self.editor.done.connect(lambda: self.done.append(None))
        self.scene = toy_scene(t=3)
        self.editor.show_scene(self.scene)
        self.editor.new()
        pointer.settle()

    @property
    def text(self) -> str:
        return self.editor.field.text()

    def type(self, text: str) -> None:
        QTest.keyClicks(self.editor.field, text)
        pointer.settle()

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.keyClick(self.editor.field, key, held)
        pointer.settle()

    def fill(self, text: str) -> None:
        """Write all of it at once, with nothing offered."""
        self.editor.field.setPlainText(text)
        self.editor.field.moveCursor(QTextCursor.MoveOperation.End)

    @property
    def offered(self) -> list[str]:
        popup = self.editor.field.popup
        return [one.label for one in popup.candidates] if popup.isVisible() else []

    @property
    def problem(self) -> str:
        return self.editor.problem.text() if self.editor.problem.isVisible() else ""

    @property
    def marked(self) -> str:
        """What is underlined."""
        found = self.editor.field.extraSelections()
        return "".join(selection.cursor.selectedText() for selection in found)


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    made = Desk()
    yield made
    shiboken6.delete(made.window)
    pointer.settle()


# -- what is offered ------------------------------------------------------------------------


def test_names_are_offered_while_one_is_typed(desk: Desk) -> None:
    assert desk.offered == []
    desk.type("entr")
    assert desk.offered == ["entropy(alpha), entropy(soft)"]
    desk.type("opy(")
    assert desk.offered == ["alpha", "soft", "hard", "active"]
    desk.type("zzz")
    assert desk.offered == []


@pytest.mark.parametrize("key", [KEY.Key_Return, KEY.Key_Tab])
def test_enter_or_tab_takes_what_is_offered(desk: Desk, key: Qt.Key) -> None:
    desk.type("t > 2 and entr")
    desk.press(key)
    assert desk.text == "t > 2 and entropy("
    assert desk.written == []
    assert QApplication.focusWidget() is desk.editor.field
    desk.press(KEY.Key_Down)
    desk.press(KEY.Key_Down)
    desk.press(key)
    assert desk.text == "t > 2 and entropy(soft"
    desk.press(KEY.Key_Z, CONTROL)
    assert desk.text == "t > 2 and entropy(", "it can be undone"


def test_words_of_the_source_and_known_tokens_are_offered(desk: Desk) -> None:
    desk.type('alpha["')
    assert desk.offered[:2] == ["word0", "word1"]
    desk.press(KEY.Key_Tab)
    assert desk.text == 'alpha["word0"]'
    desk.editor.show_scene(replace(desk.scene, phase=Phase.ALPHA))
    desk.fill("")
    desk.type('token == "')
    known = [step.token for step in desk.scene.steps if step.t != 3]
    assert len(desk.offered) == len(set(known)), "that of the step at the playhead is not"


def test_what_is_typed_in_full_is_not_taken_for_something_longer(desk: Desk) -> None:
    desk.type("t")
    assert len(desk.offered) > 1
    desk.press(KEY.Key_Return, CONTROL)
    assert desk.written == [(WATCH, "t")]
    desk.fill("")
    desk.type("entropy(alpha) > t")
    desk.press(KEY.Key_Return)
    assert desk.written[1:] == [(BREAKPOINT, "entropy(alpha) > t")]
    assert desk.offered == []


def test_arrows_choose_around_the_ends_and_move_the_cursor_only_without_a_list(
    desk: Desk,
) -> None:
    desk.type("tok")
    popup, count = desk.editor.field.popup, len(desk.offered)
    assert popup.at == 0
    desk.press(KEY.Key_Up)
    assert popup.at == count - 1
    desk.press(KEY.Key_Down)
    assert popup.at == 0
    desk.press(KEY.Key_Left)
    assert desk.offered == []
    assert desk.editor.field.place() == 2


def test_escape_puts_the_list_away_first(desk: Desk) -> None:
    desk.type("en")
    desk.press(KEY.Key_Escape)
    assert desk.offered == []
    assert desk.done == []
    desk.press(KEY.Key_Escape)
    assert desk.done == [None]
    assert desk.text == "en", "what was written stays"


def test_control_space_asks_for_all(desk: Desk) -> None:
    desk.press(KEY.Key_Space, CONTROL)
    assert len(desk.offered) > 20
    desk.press(KEY.Key_Return)
    assert desk.text == "", "Enter takes only what was chosen"
    desk.press(KEY.Key_Space, CONTROL)
    desk.press(KEY.Key_Tab)
    assert desk.text == REFERENCE[0].name


def test_a_click_takes_a_candidate_and_leaves_the_keyboard(desk: Desk) -> None:
    desk.type("en")
    popup = desk.editor.field.popup
    at = popup.list.place(1).center().toPoint()
    QTest.mouseClick(popup.list.viewport(), Qt.MouseButton.LeftButton, NO_KEY, at)
    assert desk.text == "entropy("
    assert desk.editor.field.hasFocus()


def test_the_list_stays_on_the_screen_and_goes_with_the_keyboard(desk: Desk) -> None:
    screen = desk.window.screen().availableGeometry()
    desk.window.move(screen.right() - 200, screen.bottom() - 120)
    pointer.settle()
    desk.press(KEY.Key_Space, CONTROL)
    assert screen.contains(desk.editor.field.popup.geometry())
    desk.other.setFocus(Qt.FocusReason.TabFocusReason)
    pointer.settle()
    assert desk.offered == []


def test_tab_goes_on_to_the_next_control_with_nothing_offered(desk: Desk) -> None:
    desk.press(KEY.Key_Tab)
    assert not desk.editor.field.hasFocus()


def test_candidates_beyond_the_basic_plane_replace_what_was_typed(desk: Desk) -> None:
    desk.fill('token == "😀" or en')
    desk.type("t")
    desk.press(KEY.Key_Tab)
    assert desk.text == 'token == "😀" or entropy('


# -- what is wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "entropy(alpha) > 1",
        'alpha["word1"] > .3 and not token == "a"',
        "repeated(token, 3) or (t > 2 and rank(token) > 1)",
        "norm(context(soft) - context(hard)) >= 2.5e-1",
    ],
)
def test_nothing_is_wrong_at_any_moment_of_typing_what_is_right(desk: Desk, text: str) -> None:
    for char in text:
        QTest.keyClicks(desk.editor.field, char)
        desk.editor.field.popup.hide()
        assert desk.problem == "", f"at {desk.text!r}"
        assert desk.marked == ""
    desk.press(KEY.Key_Return)
    assert desk.written == [(BREAKPOINT, text)]


def test_a_name_that_does_not_exist_is_told_once_one_types_on(desk: Desk) -> None:
    desk.type("foo ")
    assert desk.problem == ""
    desk.type("> 1")
    assert "“foo”" in desk.problem
    assert desk.marked == "foo"
    desk.fill("entropy > 1")
    assert "Entropy of what" in desk.problem
    assert desk.marked == "entropy"


def test_what_is_wrong_is_told_when_the_keyboard_goes(desk: Desk) -> None:
    desk.type("entropy(alpha) >")
    assert desk.problem == ""
    desk.other.setFocus(Qt.FocusReason.TabFocusReason)
    pointer.settle()
    assert "missing at the end" in desk.problem
    assert desk.marked == ">"


def test_enter_tells_what_is_missing_and_adds_nothing(desk: Desk) -> None:
    desk.type("(t == 1")
    desk.press(KEY.Key_Return)
    assert ") is missing" in desk.problem
    assert desk.marked == "1"
    assert desk.written == []
    desk.type(")")
    assert desk.problem == ""
    desk.press(KEY.Key_Return)
    assert desk.written == [(BREAKPOINT, "(t == 1)")]


def test_a_number_can_only_be_watched(desk: Desk) -> None:
    desk.fill("entropy(alpha)")
    desk.press(KEY.Key_Return)
    assert "cannot stop" in desk.problem
    assert "Ctrl+Enter" in desk.problem
    assert desk.marked == "entropy(alpha)"
    desk.editor.second.click()
    assert desk.written == [(WATCH, "entropy(alpha)")]


def test_a_text_can_neither_stop_nor_be_watched(desk: Desk) -> None:
    desk.fill("token")
    for held in (NO_KEY, CONTROL):
        desk.press(KEY.Key_Return, held)
        assert "compare it" in desk.problem
    assert desk.written == []


@pytest.mark.parametrize(
    ("text", "said", "marked"),
    [
        ('  alpha["wrod1"] > .5', "word1", '"wrod1"'),
        ("alpha[99] > 1", "99", "99"),
        ("alpha > 1", "alpha", "alpha"),
        ("t = 3 ", "==", "="),
        ('token == "😀" and foo', "“foo”", "foo"),
        ("t == 3 )", ")", ")"),
        ("1e999 > t", "too large", "1e999"),
        ("not " * 90 + "edited", "deep", None),
        ("t > 1 and " * 60 + "t > 1", "500", None),
    ],
)
def test_what_is_wrong_is_marked_in_its_place(
    desk: Desk, text: str, said: str, marked: str | None
) -> None:
    desk.fill(text)
    desk.press(KEY.Key_Return)
    assert said in desk.problem
    assert desk.written == []
    if marked is not None:
        assert desk.marked == marked
        (selection,) = desk.editor.field.extraSelections()
        assert selection.cursor.selectionStart() == utf16_length(text[: text.index(marked)])


def test_a_text_that_grows_too_long_is_told_while_it_is_typed(desk: Desk) -> None:
    desk.fill("t > 1 and " * 50)
    assert desk.problem == ""
    desk.type("t")
    assert "500" in desk.problem


def test_nothing_at_all_is_told_to_be_nothing(desk: Desk) -> None:
    desk.fill("   ")
    desk.press(KEY.Key_Return)
    assert desk.problem.casefold() == EMPTY
    assert desk.written == []


def test_half_a_character_cannot_be_kept(desk: Desk) -> None:
    desk.fill('token == "\ud83d"')
    desk.press(KEY.Key_Return)
    for _, text in desk.written:
        text.encode()


# -- what it comes to -----------------------------------------------------------------------


def test_it_says_what_the_text_comes_to(desk: Desk) -> None:
    for text, said in (
        ("t > 2", "3 of 5"),
        ("t * 2", "= 6"),
        ("token", f"= “{desk.scene.tokens[2]}”"),
        ("t >", ""),
        ("", ""),
    ):
        desk.fill(text)
        assert desk.editor.preview.full_text == said
    desk.fill("t > 2")
    desk.editor.show_scene(replace(desk.scene, phase=Phase.ALPHA))
    assert desk.editor.preview.full_text == "2 of 5"
    desk.fill("t * 2")
    assert desk.editor.preview.full_text == "= ?"
    desk.fill("token")
    assert desk.editor.preview.full_text == ""
    desk.editor.show_scene(Scene())
    assert desk.editor.preview.full_text == ""


def test_another_source_is_asked_for_its_own_words(desk: Desk) -> None:
    desk.fill('alpha["word3"] > .5 ')
    assert desk.problem == ""
    desk.editor.show_scene(toy_scene(source=2))
    assert "word3" in desk.problem


# -- keys -----------------------------------------------------------------------------------


def test_the_field_keeps_the_keys_that_edit_and_leaves_the_others(desk: Desk) -> None:
    def is_kept(key: Qt.Key, held: Qt.KeyboardModifier = NO_KEY, text: str = "") -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, held, text)
        event.ignore()
        QApplication.sendEvent(desk.editor.field, event)
        return event.isAccepted()

    for key in (KEY.Key_Left, KEY.Key_Home):
        assert not is_kept(key), "an empty field has nowhere to go"
    desk.editor.field.setPlainText("t > 1")
    for key in (KEY.Key_Left, KEY.Key_Home, KEY.Key_Escape, KEY.Key_Delete):
        assert is_kept(key)
    assert is_kept(KEY.Key_Space, text=" ")
    assert is_kept(KEY.Key_BracketLeft, text="[")
    assert is_kept(KEY.Key_Z, CONTROL)
    for key in (KEY.Key_F5, KEY.Key_F9, KEY.Key_F10):
        assert not is_kept(key)


def test_it_is_one_line_however_it_is_pasted(desk: Desk) -> None:
    data = QMimeData()
    data.setText("t > 1\nand\r\nt < 4\u2028")
    desk.editor.field.insertFromMimeData(data)
    assert desk.text == "t > 1 and t < 4"
    desk.press(KEY.Key_Return, SHIFT)
    assert "\n" not in desk.text


def test_the_field_grows_with_its_text_up_to_three_lines(desk: Desk) -> None:
    heights = []
    for count in (1, 4, 40):
        desk.fill("t > 1 and " * count)
        pointer.settle()
        heights.append(desk.editor.field.height())
    assert heights[0] < heights[1] < heights[2] < 3.2 * heights[0]


def test_buttons_say_what_they_do_to_an_old_condition(desk: Desk) -> None:
    editor = desk.editor
    assert (editor.first.text(), editor.second.text()) == ("Break", "Watch")
    desk.fill("draft")
    editor.change(WATCH, "entropy(alpha)")
    assert (editor.first.text(), editor.second.text()) == ("Change", "Cancel")
    editor.first.click()
    assert desk.written == [(WATCH, "entropy(alpha)")]
    editor.second.click()
    assert desk.text == "draft"
    assert editor.editing is None
    assert desk.done == [None]


# -- help -----------------------------------------------------------------------------------


def test_examples_are_right_for_every_source() -> None:
    for scene in (toy_scene(), toy_scene(source=9, pieces=3), toy_scene(steps=0)):
        assert scene.run is not None
        tokens = [step.token for step in scene.steps]
        found = list(examples(scene.run, tokens))
        assert len(found) == 6
        for text, _ in found:
            parse_breakpoint(text).check(scene.run, scene.steps)
    for text, _ in examples(None, ()):
        parse(text)


def test_every_name_is_in_the_help_once() -> None:
    listed = [entry for entries in groups().values() for entry in entries]
    assert sorted(listed) == sorted(REFERENCE)
    assert all(groups().values())


def test_the_help_writes_examples_and_names(desk: Desk) -> None:
    desk.editor.help.click()
    pointer.settle()
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert all(action.toolTip() for action in menu.actions() if not action.isSeparator())
    by_text = {action.text(): action for action in menu.actions()}
    by_text["repeated(token)"].trigger()
    assert desk.text == "repeated(token)"
    functions = by_text["&Functions"].menu()
    assert isinstance(functions, QMenu)
    desk.fill("t > ")
    next(action for action in functions.actions() if action.text() == "max(alpha)").trigger()
    assert desk.text == "t > max(alpha)"
    by_text["jump(alpha) > 2"].trigger()
    assert desk.text == "jump(alpha) > 2", "a whole condition takes the place of what was there"
    menu.close()
    pointer.settle()
    assert desk.editor.field.hasFocus()
    QTest.mouseMove(desk.editor, QPoint(1, 1))
