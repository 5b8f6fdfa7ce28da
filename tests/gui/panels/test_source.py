"""The source panel: what it sends, what it keeps, and which keys are its own."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QAction,
    QDragEnterEvent,
    QDropEvent,
    QFontMetricsF,
    QKeySequence,
    QTextDocument,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from attn_desktop.gui.intents import ChoosePicture, EncodeText, Hover, NewScene
from attn_desktop.gui.panels.source import UNSENT, SourcePanel
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.theme import theme
from tests.gui import pointer
from tests.gui.heard import Heard
from tests.toy_scenes import asked, toy_scene

KEY, CONTROL, SHIFT = (
    Qt.Key,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
LOOK = theme(dark=False)


def scene_of(text: str, pieces: list[tuple[int, int]]) -> Scene:
    """A run of a text, cut into one-word pieces at these spans, then the end."""
    scene = toy_scene(steps=1, source=len(pieces) + 1)
    assert scene.run is not None
    run = replace(
        scene.run,
        text=text,
        source=(*(text[start:end].replace(" ", "▁") for start, end in pieces), "</s>"),
        words=np.array([*range(len(pieces)), -1]),
        spans=np.array([*pieces, (len(text), len(text))]),
    )
    return replace(scene, run=run)


class Shown(Heard[SourcePanel]):
    """A panel in a window, whose shortcuts are counted; keeps what it asked and said."""

    def __init__(self, qtbot: QtBot, scene: Scene | None = None) -> None:
        super().__init__(SourcePanel(LOOK))
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.window.setCentralWidget(self.panel)
        self.window.resize(300, 220)
        self.window.show()
        self.window.activateWindow()
        self.show(scene or toy_scene())

    def show(self, scene: Scene, light: Light | None = None) -> None:
        self.panel.set_scene(scene)
        self.panel.set_light(light or Light())
        pointer.settle()

    @property
    def text(self) -> str:
        return self.panel.field.toPlainText()

    @property
    def sent(self) -> list[str]:
        return [intent.text for intent in self.asked if isinstance(intent, EncodeText)]

    @property
    def error(self) -> str:
        return self.panel._error.text() if self.panel._error.isVisible() else ""

    @property
    def counts(self) -> str:
        return self.panel._counts.text()

    @property
    def marked(self) -> list[str]:
        marks = self.panel.field.extraSelections()
        return [mark.cursor.selectedText() for mark in marks]

    def type(self, text: str) -> None:
        self.panel.edit()
        QTest.keyClicks(self.panel.field, text)
        pointer.settle()

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = pointer.NO_KEY) -> None:
        QTest.keyClick(self.panel.field, key, held)
        pointer.settle()

    def place(self, text: str) -> QPoint:
        """The middle of the first character of a text in the field, in the panel."""
        field = self.panel.field
        cursor = field.textCursor()
        cursor.setPosition(self.text.index(text))
        left = field.cursorRect(cursor)
        cursor.setPosition(cursor.position() + 1)
        middle = (left.center() + field.cursorRect(cursor).center()) / 2
        return field.viewport().mapTo(self.panel, middle)


# -- what the field shows -----------------------------------------------------------------


def test_it_shows_the_text_of_the_run_and_counts(qtbot: QtBot) -> None:
    scene = toy_scene(source=9, pieces=2)
    shown = Shown(qtbot, scene)
    assert scene.run is not None
    assert shown.text == scene.run.text
    assert shown.counts == "4 words · 8 pieces"
    assert shown.panel.caption() == "8 pieces"
    assert shown.sent == []
    shown.show(toy_scene(source=2))
    assert shown.counts == "1 word · 1 piece"
    shown.show(Scene())
    assert (shown.text, shown.panel.caption()) == ("", "")
    assert not shown.panel._counts.isVisible()


def test_a_picture_has_regions(qtbot: QtBot) -> None:
    assert Shown(qtbot, toy_scene(grid=(3, 4))).counts == "3 × 4 regions"


def test_the_table_lists_pieces_with_their_places_in_the_text(qtbot: QtBot) -> None:
    table = Shown(qtbot, scene_of("A dog", [(0, 1), (1, 5)])).panel.table()
    assert table.columns == ("position", "piece", "word", "start", "end")
    assert table.rows == [(0, "A", 0, 0, 1), (1, "▁dog", 1, 1, 5), (2, "</s>", -1, 5, 5)]


def test_a_scrub_leaves_what_is_being_written(qtbot: QtBot) -> None:
    scene = toy_scene(t=2)
    shown = Shown(qtbot, scene)
    shown.type("Where?")
    shown.show(replace(scene, t=3))
    assert shown.text == "Where?"
    assert shown.panel.caption() == "edited"


def test_unsent_edits_stay_when_another_run_comes(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.type("Where?")
    shown.show(scene_of("A dog", [(0, 5)]))
    assert shown.text == "Where?"
    assert shown.panel.caption() == "edited"
    shown.show(scene_of("Where?", [(0, 6)]))
    assert shown.panel.caption() == "1 piece"


def test_what_was_sent_gives_way_to_the_next_run(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    before = shown.text
    shown.type("Where?")
    shown.press(KEY.Key_Return)
    shown.show(scene_of("Where?", [(0, 6)]))
    assert shown.panel.caption() == "1 piece"
    shown.press(KEY.Key_Z, CONTROL)
    assert shown.text != "Where?", "what was typed can still be undone"
    shown.press(KEY.Key_Z, CONTROL | SHIFT)
    shown.show(toy_scene())
    assert shown.text == before


def test_writing_the_same_again_is_no_edit(qtbot: QtBot) -> None:
    shown = Shown(qtbot, scene_of("A dog", [(0, 5)]))
    shown.type("A do")
    assert shown.panel.caption() == "edited"
    assert shown.panel.button.property("unsent")
    QTest.keyClicks(shown.panel.field, "g")
    assert shown.text == "A dog"
    assert shown.panel.caption() == "1 piece"
    assert not shown.panel.button.property("unsent")


@pytest.mark.parametrize("text", ["a\r\nb", "a\nb\n", "a\u2028b", "a\xa0b", "\U0001f600 b"])
def test_a_text_of_odd_characters_is_no_edit(text: str, qtbot: QtBot) -> None:
    shown = Shown(qtbot, scene_of(text, [(0, len(text))]))
    assert shown.panel.caption() == "1 piece"


# -- sending ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "held"),
    [
        (KEY.Key_Return, pointer.NO_KEY),
        (KEY.Key_Enter, Qt.KeyboardModifier.KeypadModifier),
        (KEY.Key_Return, CONTROL),
    ],
)
def test_enter_sends(key: Qt.Key, held: Qt.KeyboardModifier, qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.type("Where is it?")
    shown.press(key, held)
    assert shown.sent == ["Where is it?"]
    assert shown.text == "Where is it?"


def test_shift_enter_breaks_the_line(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.type("Where")
    shown.press(KEY.Key_Return, SHIFT)
    QTest.keyClicks(shown.panel.field, "is it?")
    assert shown.sent == []
    shown.press(KEY.Key_Return)
    assert shown.sent == ["Where\nis it?"]


def test_after_a_click_on_the_button_keys_step_again(qtbot: QtBot) -> None:
    shown, act = with_shortcut(qtbot, "Left")
    shown.type("Where?")
    QTest.mouseClick(shown.panel.button, pointer.LEFT)
    assert shown.sent == ["Where?"]
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, KEY.Key_Left)
    act.assert_called_once()


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_text_is_not_sent(text: str, qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.panel.field.setPlainText(text)
    shown.panel.submit()
    assert shown.sent == []
    assert "empty" in shown.error


def test_nothing_is_sent_while_a_text_is_being_encoded(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.panel.set_busy(True)
    assert shown.panel.button.text() == "Encoding…"
    shown.type("Where?")
    shown.press(KEY.Key_Return)
    QTest.mouseClick(shown.panel.button, pointer.LEFT)
    assert shown.sent == []
    shown.panel.set_busy(False)
    assert shown.panel.button.text() == "Encode"
    shown.press(KEY.Key_Return)
    assert shown.sent == ["Where?"]


def test_a_sample_is_shown_and_sent(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    assert not shown.panel.samples.isVisible()
    shown.panel.set_samples(("Salt & pepper.", "word " * 40))
    assert shown.panel.samples.isVisible()
    actions = shown.panel.samples.menu().actions()
    assert actions[0].text() == "Salt && pepper."
    assert len(actions[1].text()) < 70
    actions[0].trigger()
    assert shown.text == "Salt & pepper."
    assert shown.sent == ["Salt & pepper."]
    shown.panel.set_samples(())
    assert not shown.panel.samples.isVisible()


# -- what is wrong ------------------------------------------------------------------------


def test_an_error_stands_below_the_field_until_the_text_changes(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.type("Where?")
    shown.press(KEY.Key_Return)
    shown.panel.set_error("too many pieces <b>")
    pointer.settle()
    assert shown.error == "Too many pieces <b>"
    label, field = shown.panel._error.geometry(), shown.panel.field.geometry()
    assert field.bottom() < label.top() < field.bottom() + 12
    assert shown.panel.caption() == "edited", "it is not the text of the run"
    shown.type("Where")
    assert shown.error == ""
    shown.panel.set_error("no")
    shown.panel.set_error("")
    assert shown.error == ""


def mime(text: str) -> QMimeData:
    data = QMimeData()
    data.setText(text)
    return data


def test_a_paste_that_is_too_long_is_refused(qtbot: QtBot) -> None:
    shown = Shown(qtbot, scene_of("A dog", [(0, 5)]))
    shown.panel.field.insertFromMimeData(mime("x" * 20_000))
    assert shown.text == "A dog"
    assert shown.error == "20,005 characters; the longest is 20,000"
    shown.panel.field.selectAll()
    shown.panel.field.insertFromMimeData(mime("x" * 20_000))
    assert shown.text == "x" * 20_000, "what is replaced does not count"
    assert shown.error == ""


def test_a_drop_that_is_too_long_is_refused(qtbot: QtBot) -> None:
    shown = Shown(qtbot, scene_of("A dog", [(0, 5)]))
    for text, expected in (("x" * 20_000, "A dog"), ("x", "xA dog")):
        data, at, copy = mime(text), QPoint(1, 8), Qt.DropAction.CopyAction
        for event in (
            QDragEnterEvent(at, copy, data, pointer.LEFT, pointer.NO_KEY),
            QDropEvent(QPointF(at), copy, data, pointer.LEFT, pointer.NO_KEY),
        ):
            QApplication.sendEvent(shown.panel.field.viewport(), event)
        assert shown.text == expected
        assert bool(shown.error) == (expected == "A dog")


def test_a_text_that_was_made_too_long_by_hand_is_not_sent(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    shown.panel.field.setPlainText("x" * 20_001)
    shown.panel.submit()
    assert shown.sent == []
    assert shown.error == "20,001 characters; the longest is 20,000"


# -- keys ---------------------------------------------------------------------------------

OWN = [
    "Space",
    "Left",
    "Right",
    "Up",
    "Down",
    "Home",
    "End",
    "Shift+Home",
    "Ctrl+Left",
    "Ctrl+Home",
    "Del",
    "Backspace",
    "Ctrl+Backspace",
    "[",
    "]",
    "Ctrl+Z",
    "Ctrl+Shift+Z",
    "Ctrl+Y",
    "Ctrl+C",
    "Ctrl+V",
    "Ctrl+X",
    "Ctrl+A",
    "Ctrl+Return",
    "Return",
    "Esc",
]


@pytest.mark.parametrize("keys", OWN)
def test_keys_that_edit_are_the_fields_own(keys: str, qtbot: QtBot) -> None:
    shown, act = with_shortcut(qtbot, keys)
    shown.type("Where")
    press(shown, keys)
    act.assert_not_called()
    shown.panel.field.clearFocus()
    shown.window.setFocus()
    QTest.keySequence(shown.window, QKeySequence(keys))
    act.assert_called_once()


@pytest.mark.parametrize("keys", ["F10", "Shift+F10", "F5", "Ctrl+S", "Ctrl+H", "Alt+Left"])
def test_other_keys_go_to_the_window(keys: str, qtbot: QtBot) -> None:
    shown, act = with_shortcut(qtbot, keys)
    shown.type("Where")
    press(shown, keys)
    act.assert_called_once()
    assert shown.text == "Where"


def with_shortcut(qtbot: QtBot, keys: str) -> tuple[Shown, Mock]:
    """A panel in a window that has a shortcut, and what is called by it."""
    shown, act = Shown(qtbot), Mock()
    action = QAction(shown.window)
    action.setShortcut(QKeySequence(keys))
    action.triggered.connect(lambda: act())
    shown.window.addAction(action)
    return shown, act


def press(shown: Shown, keys: str) -> None:
    QTest.keySequence(shown.panel.field, QKeySequence(keys))
    pointer.settle()


@pytest.mark.parametrize("keys", ["Ctrl+Shift+Z", "Ctrl+Y"])
def test_undo_and_redo_are_of_the_text(keys: str, qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    before = shown.text
    shown.panel.field.insertPlainText("Well. ")
    press(shown, "Ctrl+Z")
    assert shown.text == before
    press(shown, keys)
    assert shown.text == f"Well. {before}"


def test_escape_gives_the_keys_back(qtbot: QtBot) -> None:
    shown, act = with_shortcut(qtbot, "Left")
    shown.type("Where")
    shown.press(KEY.Key_Escape)
    assert not shown.panel.field.hasFocus()
    assert shown.text == "Where"
    QTest.keyClick(shown.window, KEY.Key_Left)
    act.assert_called_once()


def test_a_window_does_not_begin_in_the_field(qtbot: QtBot) -> None:
    panel = SourcePanel(LOOK)
    qtbot.addWidget(panel)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    assert not panel.field.hasFocus()
    panel.edit()
    assert panel.field.hasFocus()


# -- light --------------------------------------------------------------------------------

DOG = scene_of("A dog was \U0001f600 here", [(0, 1), (1, 5), (5, 9), (9, 11), (11, 16)])


def test_lit_positions_are_marked_without_the_space_before_them(qtbot: QtBot) -> None:
    shown = Shown(qtbot, DOG)
    shown.show(DOG, Light(source=frozenset({1}), brushed_source=frozenset({4, 5, 77})))
    assert shown.marked == ["dog", "here"]
    shown.show(DOG)
    assert shown.marked == []


def test_what_is_lit_is_not_marked_in_another_text(qtbot: QtBot) -> None:
    shown = Shown(qtbot, DOG)
    shown.show(DOG, Light(source=frozenset({1})))
    shown.panel.field.insertPlainText("x")
    assert shown.marked == []
    shown.panel.field.undo()
    assert shown.marked == ["dog"]


def test_pointing_at_a_word_lights_it(qtbot: QtBot) -> None:
    shown = Shown(qtbot, DOG)
    for text, position in (("A", 0), ("og", 1), ("was", 2), ("here", 4)):
        pointer.point(shown.panel, shown.place(text))
        assert shown.asked[-1] == Hover(source=frozenset({position}))
    assert shown.said[-1] == "“here”  source position 5"


def test_pointing_at_a_piece_lights_its_word_where_words_are_shown(qtbot: QtBot) -> None:
    scene = scene_of("A dog", [(0, 1), (1, 3), (3, 5)])
    assert scene.run is not None
    run = replace(scene.run, words=np.array([0, 1, 1, -1]))
    shown = Shown(qtbot, replace(scene, run=run, words=True))
    pointer.point(shown.panel, shown.place("og"))
    assert shown.asked[-1] == Hover(source=frozenset({1, 2}))
    assert shown.said[-1] == "“dog”  source position 2–3"


def test_pointing_beside_the_text_or_leaving_puts_the_light_out(qtbot: QtBot) -> None:
    shown = Shown(qtbot, DOG)
    lit = Light(source=frozenset({1}))
    for leave in (
        lambda: pointer.point(shown.panel, shown.place("here") + QPoint(90, 0)),
        lambda: pointer.point(shown.panel, shown.place("A") + QPoint(0, 80)),
        lambda: QApplication.sendEvent(shown.panel.field.viewport(), QEvent(QEvent.Type.Leave)),
    ):
        pointer.point(shown.panel, shown.place("dog"))
        shown.show(DOG, lit)
        leave()
        assert shown.asked[-1] == Hover()
        assert shown.said[-1] == ""
        shown.show(DOG)


def test_pointing_into_another_text_lights_nothing(qtbot: QtBot) -> None:
    shown = Shown(qtbot, DOG)
    shown.panel.field.insertPlainText("x")
    pointer.point(shown.panel, shown.place("was"))
    assert not [intent for intent in shown.asked if isinstance(intent, Hover)]


def output_of(shown: Shown) -> str:
    """What is seen of the output, without its colours."""
    document = QTextDocument()
    document.setHtml(shown.panel.output.text())
    return document.toPlainText()


def spelling(*tokens: str, t: int | None = None) -> Scene:
    scene = toy_scene(steps=len(tokens))
    steps = tuple(
        replace(step, token=token) for step, token in zip(scene.steps, tokens, strict=True)
    )
    return replace(scene, steps=steps, t=len(tokens) if t is None else t)


def test_the_output_is_running_text_pale_after_the_playhead(qtbot: QtBot) -> None:
    scene = spelling("▁L", "'", "homme", "▁<b>", "▁rit", ".", "</s>")
    shown = Shown(qtbot, scene)
    assert output_of(shown) == "L'homme <b> rit."
    assert shown.panel.output.isVisible()
    ink = LOOK.ink("target")
    whole = f"rgba({ink.red()}, {ink.green()}, {ink.blue()}, 255)"
    assert shown.panel.output.text().count("rgba") == 1
    shown.show(replace(scene, t=3))
    assert f'color: {whole};">L&#x27;homme</span>' in shown.panel.output.text()
    assert shown.panel.output.text().count("rgba") == 2
    shown.show(replace(scene, t=3, phase=Phase.LOGITS))
    assert f'color: {whole};">L&#x27;</span>' in shown.panel.output.text()
    shown.show(replace(scene, t=0))
    assert whole not in shown.panel.output.text()
    assert output_of(shown) == "L'homme <b> rit."


def test_half_a_character_is_not_shown_before_the_playhead(qtbot: QtBot) -> None:
    scene = spelling("▁a", "<0xC3>", "<0xA9>", "▁b", t=2)
    shown = Shown(qtbot, scene)
    assert output_of(shown) == "aé b"
    assert ">a</span>" in shown.panel.output.text()


def test_without_steps_there_is_no_output(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_scene(steps=0))
    assert not shown.panel.output.isVisible()
    shown.show(Scene())
    assert not shown.panel.output.isVisible()


@pytest.mark.parametrize(("height", "lines"), [(150, 2), (300, 3)])
@pytest.mark.parametrize("presenter", [False, True])
def test_a_long_output_is_cut_and_leaves_room_for_the_field(
    height: int, lines: int, presenter: bool, qtbot: QtBot
) -> None:
    look = theme(dark=False, presenter=presenter)
    scene = spelling(*(f"▁word{i}" for i in range(60)))
    shown = Shown(qtbot, scene)
    shown.panel.set_theme(look)
    shown.window.resize(look.px(230), look.px(height))
    pointer.settle()
    output, panel = shown.panel.output, shown.panel
    assert output_of(shown).endswith("…")
    assert "word59" in output.toolTip()
    line = QFontMetricsF(output.font()).lineSpacing()
    assert lines <= output.height() / line < lines + 1
    boxes = [panel.field, panel.button, panel._counts, output]
    tops = [widget.geometry().top() for widget in boxes]
    bottoms = [widget.geometry().bottom() for widget in boxes]
    assert all(bottom < top for bottom, top in zip(bottoms, tops[1:], strict=False))
    assert panel.field.height() >= look.px(40)
    assert bottoms[-1] < panel.height()


def test_a_short_output_has_no_more_lines_than_it_needs(qtbot: QtBot) -> None:
    shown = Shown(qtbot, spelling("▁a", "▁b"))
    assert shown.panel.output.height() < 2 * QFontMetricsF(shown.panel.output.font()).lineSpacing()
    assert shown.panel.output.toolTip() == ""


def test_the_output_can_be_copied_without_its_title(qtbot: QtBot) -> None:
    shown = Shown(qtbot, spelling("▁a", "▁b"))
    output = shown.panel.output
    QTest.mouseDClick(output, Qt.MouseButton.LeftButton, pos=QPoint(output.width() // 3, 8))
    QTest.keySequence(output, QKeySequence.StandardKey.SelectAll)
    assert output.selectedText() == "a b"


def test_nothing_is_counted_while_an_edit_is_unsent(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    counted = shown.counts
    QTest.keyClicks(shown.panel.field, "more")
    assert shown.counts == UNSENT
    shown.panel.set_error("too long")
    QTest.keyClicks(shown.panel.field, "!")
    assert shown.panel._error.isHidden()
    assert shown.counts == UNSENT
    shown.panel.field.setPlainText(shown.panel.scene.run.text if shown.panel.scene.run else "")
    assert shown.counts == counted


# -- models that take pictures ------------------------------------------------------------


def test_it_offers_what_the_model_takes(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    panel = shown.panel
    panel.set_samples(("One.", "Two."))

    def visible() -> list[bool]:
        widgets = (panel.field, panel.button, panel.beside, panel.samples, panel.picture)
        return [widget.isVisible() for widget in widgets]

    assert visible() == [True, True, True, True, False]
    assert (panel.button.text(), panel.samples.text()) == ("Encode", "Samples ▾")
    scene = asked(toy_scene(grid=(3, 4)))
    shown.show(scene)
    panel.set_scene_words((("how many are there", "two"), ("why", "")), ("two dogs .",))
    assert visible() == [True, True, True, True, True]
    assert (panel.button.text(), panel.samples.text()) == ("Ask", "Questions ▾")
    assert shown.text == "is there a dog"
    assert "two dogs" in panel.picture.view.toolTip()
    menu = panel.samples.menu().actions()
    assert [action.text() for action in menu] == ["how many are there", "why"]
    assert [action.toolTip() for action in menu] == ["The true answer: two", "why"]
    menu[0].trigger()
    assert shown.sent == ["how many are there"]
    assert scene.run is not None
    alone = replace(scene.run, text="", model=replace(scene.run.model, takes=("picture",)))
    shown.show(replace(scene, run=alone))
    assert visible() == [False, False, False, False, True]
    assert panel.caption() == "3 × 4 regions"
    assert panel.unsent() == ""
    panel.submit(beside=True)
    assert "no text" in shown.error
    shown.show(toy_scene())
    assert visible() == [True, True, True, True, False]
    assert (panel.button.text(), panel.samples.text()) == ("Encode", "Samples ▾")


def test_what_is_there_already_is_not_put_beside_itself(qtbot: QtBot) -> None:
    shown = Shown(qtbot)
    before = list(shown.sent)
    shown.panel.beside.click()
    assert shown.sent == before
    assert "change it first" in shown.error
    shown.panel.field.setPlainText("Something else.")
    assert not shown.error
    shown.panel.beside.click()
    assert shown.sent == [*before, "Something else."]


def test_however_low_the_panel_is_a_line_of_the_output_is_in_sight(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_scene(steps=4, t=3))
    shown.window.resize(240, 40)
    pointer.settle()
    output = shown.panel.output
    assert output.isVisible()
    assert output.height() >= output.fontMetrics().height()
    assert output._title.isVisible()


def test_the_seed_of_a_scene_stands_in_the_title(qtbot: QtBot) -> None:
    scene = toy_scene(grid=(3, 4))
    assert scene.run is not None
    shown = Shown(qtbot, scene)
    assert shown.panel.caption() == "3 × 4 regions"
    shown.show(replace(scene, run=replace(scene.run, scene=7)))
    assert shown.panel.caption() == "scene 7 · 3 × 4"


def test_words_that_the_model_never_learnt_are_named(qtbot: QtBot) -> None:
    known = asked(toy_scene(grid=(3, 4)), "how many <b>unicorns</b>")
    assert known.run is not None
    shown = Shown(qtbot, known)
    told = shown.panel._counts
    assert not told.isVisible()
    shown.show(replace(known, run=replace(known.run, unknown=("<", "b", "unicorns"))))
    assert told.isVisible()
    assert told.text() == "never learnt by the model: <, b, unicorns"
    many = tuple(f"word{n}" for n in range(7))
    shown.show(replace(known, run=replace(known.run, unknown=many)))
    assert told.text().endswith(": word0, word1, word2, word3, word4 and 2 more")
    shown.show(known)
    assert not told.isVisible()


def test_a_question_of_two_lines_is_in_sight(qtbot: QtBot) -> None:
    shown = Shown(qtbot, asked(toy_scene(grid=(3, 4)), "how many striped cones can you see"))
    for width in range(200, 320, 10):
        shown.window.resize(width, 150)
        pointer.settle()
        if shown.panel.field.lines() == 2:
            assert shown.panel.field.verticalScrollBar().maximum() == 0


def test_pictures_and_scenes_are_asked_for_with_buttons(qtbot: QtBot) -> None:
    shown = Shown(qtbot, asked(toy_scene(grid=(3, 4))))
    picture = shown.panel.picture
    picture.open.click()
    assert shown.asked[-1:] == [ChoosePicture()]
    shown.panel.set_seed(41)
    picture.scene.click()
    assert shown.asked[-1:] == [NewScene(41)]
    picture.seed.setFocus()
    picture.seed.selectAll()
    QTest.keyClicks(picture.seed, "7")
    QTest.keyClick(picture.seed, KEY.Key_Return)
    assert shown.asked[-1:] == [NewScene(7)]
    shown.panel.set_busy(True)
    assert not picture.open.isEnabled()
    QTest.keyClick(picture.seed, KEY.Key_Return)
    assert shown.asked.count(NewScene(7)) == 1
    shown.panel.set_busy(False)
    assert picture.scene.isEnabled()


def test_a_question_that_is_being_written_is_known(qtbot: QtBot) -> None:
    shown = Shown(qtbot, asked(toy_scene(grid=(3, 4))))
    assert shown.panel.unsent() == ""
    shown.type("where is it ")
    assert shown.panel.unsent() == "where is it"


def test_of_glimpses_the_last_answer_is_the_output(qtbot: QtBot) -> None:
    scene = asked(toy_scene(grid=(3, 4), steps=3, t=3))
    answers = ("▁one", "▁two", "▁three")
    steps = tuple(
        replace(step, token=answer) for step, answer in zip(scene.steps, answers, strict=True)
    )
    shown = Shown(qtbot, replace(scene, steps=steps))
    assert (shown.panel.output._text, shown.panel.output._known) == ("three", 5)
    shown.show(replace(scene, steps=steps, t=2))
    assert (shown.panel.output._text, shown.panel.output._known) == ("three", 0)
