"""The command palette, driven by real keys and clicks, and the matching behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QMenu
from pytestqt.qtbot import QtBot

from attn_desktop.gui.command_palette import CommandPalette, describe
from attn_desktop.gui.fuzzy import match
from attn_desktop.gui.theme import LIGHT, theme

# -- matching -----------------------------------------------------------------------------


def ranked(query: str, *texts: str) -> list[str]:
    found = [(match(query, text), text) for text in texts]
    return [
        text
        for score, text in sorted(
            ((way.score, text) for way, text in found if way is not None), reverse=True
        )
    ]


def test_letters_have_to_come_in_order() -> None:
    assert match("stb", "Step back") is not None
    assert match("bst", "Step back") is None
    assert match("stepp", "Step") is None


def test_starts_of_words_are_preferred() -> None:
    found = match("sb", "aside: step back")
    assert found is not None
    assert found.places == (7, 12)
    assert ranked("sb", "Step back", "Scrub", "Use bars") == ["Step back", "Scrub", "Use bars"]


def test_letters_beside_each_other_are_preferred() -> None:
    assert ranked("st", "Save the table", "Step", "Last") == ["Step", "Save the table", "Last"]
    found = match("ap", "Alpha map")
    assert found is not None
    assert found.places == (7, 8)


def test_early_letters_are_preferred() -> None:
    assert ranked("export", "Open the export", "Export panel") == [
        "Export panel",
        "Open the export",
    ]


def test_case_accents_and_spaces_do_not_matter() -> None:
    for query in ("STEP BACK", "étape", "  step "):
        assert match(query, "Étape: step back") is not None
    assert match("", "Step") == match("  ", "Step")


@given(st.text(max_size=12), st.text(max_size=30))
def test_the_places_are_those_of_the_letters(query: str, text: str) -> None:
    found = match(query, text)
    if found is None:
        return
    assert list(found.places) == sorted(set(found.places))
    assert all(0 <= place < len(text) for place in found.places)
    assert len(found.places) == sum(not letter.isspace() for letter in query)


@given(st.text(alphabet="abc ", max_size=8), st.text(alphabet="abc ", max_size=12))
def test_what_is_a_subsequence_matches(query: str, text: str) -> None:
    rest = iter(text.replace(" ", ""))
    expected = all(letter in rest for letter in query.replace(" ", ""))
    assert (match(query, text) is not None) == expected


# -- the palette --------------------------------------------------------------------------


@dataclass
class Desk:
    """A window with a text field and some actions; done: what was triggered."""

    window: QMainWindow
    below: QLineEdit
    actions: list[QAction]
    palette: CommandPalette
    done: list[str] = field(default_factory=list)

    def texts(self) -> list[str]:
        return [command.text for command in self.palette.shown_commands()]

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier | None = None) -> None:
        target = QApplication.focusWidget()
        assert target is not None
        QTest.keyClick(target, key, modifiers or Qt.KeyboardModifier.NoModifier)

    def type(self, text: str) -> None:
        QTest.keyClicks(self.palette.edit, text)

    @property
    def current(self) -> str:
        return self.texts()[self.palette.list.currentIndex().row()]


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(900, 600)
    text_field = QLineEdit()
    window.setCentralWidget(text_field)
    actions = []
    done: list[str] = []
    for text, shortcut, tip in (
        ("&Step", "F10", "Decode the next token (F10)"),
        ("Step &back", "Shift+F10", ""),
        ("&Run to the end", "F5", "<b>Run</b> on<br>and on"),
        ("&Open…", "Ctrl+O", ""),
        ("&Words", "Space", "Join pieces\nof a word"),
        ("Find && go", "", ""),
    ):
        action = QAction(text, window)
        action.setShortcut(QKeySequence(shortcut))
        if tip:
            action.setToolTip(tip)
        action.triggered.connect(lambda _=False, said=text: done.append(said))
        actions.append(action)
        window.addAction(action)
    actions[2].setEnabled(False)
    separator, hidden, submenu = QAction(window), QAction("Hidden", window), QAction("More", window)
    separator.setSeparator(True)
    hidden.setVisible(False)
    submenu.setMenu(QMenu(window))
    window.show()
    window.activateWindow()
    text_field.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is text_field)
    palette = CommandPalette([*actions, separator, hidden, submenu], LIGHT, window)
    palette.open()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is palette.edit)
    return Desk(window, text_field, actions, palette, done)


def gone(desk: Desk) -> bool:
    return QApplication.focusWidget() is desk.below


def test_it_lists_what_can_be_chosen_in_the_order_given(desk: Desk) -> None:
    assert desk.texts() == ["Step", "Step back", "Run to the end", "Open…", "Words", "Find & go"]
    assert desk.current == "Step"


def test_a_command_is_shown_with_its_keys_and_the_first_line_of_its_tooltip(desk: Desk) -> None:
    shown = [(command.shortcut, command.about) for command in desk.palette.shown_commands()]
    assert shown == [
        ("F10", "Decode the next token"),
        ("Shift+F10", ""),
        ("F5", "Run on"),
        ("Ctrl+O", ""),
        ("Space", "Join pieces"),
        ("", ""),
    ]


def test_typing_and_enter_trigger_the_best_match_after_closing(desk: Desk) -> None:
    visible: list[bool] = []
    desk.actions[1].triggered.connect(lambda: visible.append(desk.palette.isVisible()))
    desk.type("sb")
    assert desk.texts() == ["Step back"]
    desk.press(Qt.Key.Key_Return)
    assert desk.done == ["Step &back"]
    assert visible == [False]
    assert gone(desk)


def test_keys_and_descriptions_are_found_too(desk: Desk) -> None:
    desk.type("f10")
    assert desk.texts() == ["Step", "Step back"]
    desk.palette.edit.clear()
    desk.type("token")
    assert desk.texts() == ["Step"]


def test_the_arrows_go_round_and_pages_stop_at_the_ends(desk: Desk) -> None:
    desk.press(Qt.Key.Key_Down)
    assert desk.current == "Step back"
    desk.press(Qt.Key.Key_Up)
    desk.press(Qt.Key.Key_Up)
    assert desk.current == "Find & go"
    desk.press(Qt.Key.Key_Down)
    assert desk.current == "Step"
    desk.press(Qt.Key.Key_PageDown)
    assert desk.current == "Find & go"
    desk.press(Qt.Key.Key_PageUp)
    assert desk.current == "Step"


def test_a_disabled_command_is_shown_and_stays_undone(desk: Desk, qtbot: QtBot) -> None:
    desk.type("run")
    assert desk.texts() == ["Run to the end"]
    desk.press(Qt.Key.Key_Return)
    assert desk.palette.isVisible()
    row = desk.palette.list.visualRect(desk.palette.list.currentIndex())
    QTest.mouseClick(desk.palette.list.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert desk.palette.isVisible()
    assert desk.done == []


def test_a_click_chooses(desk: Desk) -> None:
    view = desk.palette.list
    row = view.visualRect(view.model().index(3, 0))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert desk.done == ["&Open…"]
    assert gone(desk)


def test_the_pointer_moves_the_choice(desk: Desk) -> None:
    view = desk.palette.list
    row = view.visualRect(view.model().index(4, 0))
    QTest.mouseMove(view.viewport(), row.center() - QPoint(1, 1))
    QTest.mouseMove(view.viewport(), row.center())
    assert desk.current == "Words"


@pytest.mark.parametrize(
    ("key", "modifiers"),
    [
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier),
    ],
)
def test_it_is_left_without_a_choice(
    desk: Desk, key: Qt.Key, modifiers: Qt.KeyboardModifier
) -> None:
    desk.press(key, modifiers)
    assert not desk.palette.isVisible()
    assert gone(desk)
    assert desk.done == []


def test_it_closes_when_something_else_gets_the_focus(desk: Desk) -> None:
    QTest.mouseClick(desk.below, Qt.MouseButton.LeftButton, pos=QPoint(5, 590))
    assert not desk.palette.isVisible()
    assert gone(desk)


def test_keys_of_the_window_are_text_while_it_is_open(desk: Desk) -> None:
    desk.press(Qt.Key.Key_Space)
    desk.press(Qt.Key.Key_F10)
    desk.press(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert desk.done == []
    assert desk.palette.edit.text() == " "
    desk.press(Qt.Key.Key_Escape)
    desk.press(Qt.Key.Key_F10)
    assert desk.done == ["&Step"], "afterwards they are shortcuts again"


def test_nothing_found_is_said(desk: Desk) -> None:
    desk.type("zzz")
    assert desk.texts() == []
    assert not desk.palette.list.isVisible()
    desk.press(Qt.Key.Key_Down)
    desk.press(Qt.Key.Key_Return)
    assert desk.palette.isVisible()
    desk.palette.edit.clear()
    assert len(desk.texts()) == 6
    assert desk.current == "Step"


def test_it_lies_at_the_top_in_the_middle_whatever_the_size(desk: Desk, qtbot: QtBot) -> None:
    for width, height in ((900, 600), (400, 200)):
        desk.window.resize(width, height)
        qtbot.waitUntil(lambda width=width: desk.window.width() == width)  # type: ignore[misc]
        area = desk.palette.geometry()
        assert abs(area.center().x() - width / 2) <= 1
        assert area.top() < 20
        assert desk.window.rect().contains(area)


@pytest.mark.parametrize("presenter", [False, True])
def test_it_shows_shortcuts_at_the_right_and_greys_what_is_disabled(
    desk: Desk, qtbot: QtBot, presenter: bool
) -> None:
    desk.press(Qt.Key.Key_Escape)
    look = theme(dark=True, presenter=presenter)
    palette = CommandPalette(desk.actions, look, desk.window)
    palette.open()
    image = palette.list.viewport().grab().toImage()
    rows = [palette.list.visualRect(palette.list.model().index(row, 0)) for row in (1, 2)]
    brightest = [
        max(
            image.pixelColor(x, y).lightness()
            for x in range(row.left(), row.width() * 2 // 3)
            for y in range(row.top(), row.bottom())
        )
        for row in rows
    ]
    assert brightest[0] > 200 > brightest[1] > 60
    right = rows[0].adjusted(rows[0].width() - look.px(70), 0, 0, 0)
    assert any(
        image.pixelColor(x, y).lightness() > 120
        for x in range(right.left(), right.right())
        for y in range(right.top(), right.bottom())
    )


def test_a_tooltip_that_says_no_more_than_the_text_is_left_out(qtbot: QtBot) -> None:
    action = QAction("&Model…")
    assert (describe(action).text, describe(action).about) == ("Model…", "")
    action.setToolTip("Model (Ctrl+M)")
    action.setShortcut(QKeySequence("Ctrl+M"))
    assert describe(action).about == ""
