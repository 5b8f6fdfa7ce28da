"""The history: what is listed, which change is the last one done, and how one goes to another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attn_desktop.gui.intents import Hover, Intent, ToHistory
from attn_desktop.gui.panels.history import EMPTY, UNDONE, HistoryPanel
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.theme import theme
from tests.gui import pointer
from tests.gui.heard import Heard
from tests.gui.painted import opened, pixels
from tests.toy_scenes import toy_scene

LOOK = theme(dark=False)
TEXTS = ("encode “a man”", "run to the end", "α² at step 2", "force “dog”")


class Shown(Heard[HistoryPanel]):
    """A panel on the screen; keeps what it asked and said."""

    def __init__(
        self,
        qtbot: QtBot,
        done: int,
        texts: tuple[str, ...] = TEXTS,
        size: tuple[int, int] = (230, 240),
    ) -> None:
        super().__init__(opened(qtbot, HistoryPanel, Scene(), size))
        self.scene = replace(toy_scene(steps=4), history=texts, done=done)
        self.show(self.scene)

    def show(self, scene: Scene) -> None:
        self.scene = scene
        self.panel.set_scene(scene)
        pointer.settle()

    @property
    def chosen(self) -> list[Intent]:
        return [intent for intent in self.asked if not isinstance(intent, Hover)]

    def row(self, row: int) -> QPoint:
        listed = self.panel.list
        return listed.viewport().mapTo(self.panel, listed.place(row).center().toPoint())

    def rows_with(self, colour: QColor) -> list[int]:
        """The rows in which a colour is seen."""
        wanted, ground, share = colour, LOOK.colour("card"), colour.alphaF()
        rgb = [
            share * over + (1 - share) * under
            for over, under in (
                (wanted.red(), ground.red()),
                (wanted.green(), ground.green()),
                (wanted.blue(), ground.blue()),
            )
        ]
        near = (np.abs(pixels(self.panel) - rgb) <= 4).all(axis=2).any(axis=1)
        middles = {row: self.row(row).y() for row in range(len(self.scene.history) + 1)}
        return [row for row, y in middles.items() if near[max(0, y - 6) : y + 6].any()]


def test_the_table_says_what_is_done(qtbot: QtBot) -> None:
    table = Shown(qtbot, 2).panel.table()
    assert table.columns == ("number", "change", "done")
    assert [tuple(row) for row in table.rows] == [
        (1, TEXTS[0], True),
        (2, TEXTS[1], True),
        (3, TEXTS[2], False),
        (4, TEXTS[3], False),
    ]


def test_the_first_row_is_the_start(qtbot: QtBot) -> None:
    panel = Shown(qtbot, 2).panel
    assert [row.words for row in panel.rows()] == ["opened", *TEXTS]
    assert panel.caption() == "2 of 4 done"


def test_without_a_change_it_says_what_will_be_there(qtbot: QtBot) -> None:
    shown = Shown(qtbot, 0, ())
    assert shown.panel.blank() == EMPTY
    assert not shown.panel.list.isVisible()
    assert shown.panel.caption() == ""
    QTest.keyClick(shown.panel, Qt.Key.Key_Down)
    assert shown.chosen == []


def test_the_last_change_done_is_filled_and_those_undone_are_pale(qtbot: QtBot) -> None:
    shown = Shown(qtbot, 2)
    assert shown.rows_with(LOOK.hue("target")) == [2]
    assert shown.rows_with(LOOK.colour("text")) == [1, 2]
    assert {3, 4} <= set(shown.rows_with(LOOK.colour("dim", UNDONE)))
    shown.show(replace(shown.scene, done=4))
    assert shown.rows_with(LOOK.hue("target")) == [4]
    assert shown.rows_with(LOOK.colour("text")) == [1, 2, 3, 4]
    shown.show(replace(shown.scene, done=0))
    assert shown.rows_with(LOOK.hue("target")) == [0]
    assert shown.rows_with(LOOK.colour("text")) == [0], "only the start is done"


def test_a_click_goes_there(qtbot: QtBot) -> None:
    shown = Shown(qtbot, 2)
    for row in (0, 4, 1):
        pointer.click(shown.panel, shown.row(row))
    assert shown.chosen == [ToHistory(0), ToHistory(4), ToHistory(1)]
    pointer.click(shown.panel, shown.row(2))
    assert len(shown.chosen) == 3, "it is the last one already"


def test_pointing_says_what_a_click_does(qtbot: QtBot) -> None:
    shown = Shown(qtbot, 2)
    for row, said in ((0, "undo 2 changes"), (3, "redo 1 change"), (2, "the last change")):
        pointer.point(shown.panel, shown.row(row))
        assert said in shown.said[-1]


def test_arrows_undo_and_redo_one_and_end_there(qtbot: QtBot) -> None:
    shown = Shown(qtbot, 2)
    shown.panel.window().activateWindow()
    pointer.click(shown.panel, shown.row(2))
    assert QApplication.focusWidget() is shown.panel
    QTest.keyClick(shown.panel, Qt.Key.Key_Up)
    QTest.keyClick(shown.panel, Qt.Key.Key_Down)
    assert shown.chosen == [ToHistory(1), ToHistory(3)]
    shown.show(replace(shown.scene, done=4))
    QTest.keyClick(shown.panel, Qt.Key.Key_Down)
    assert len(shown.chosen) == 2


def test_the_current_change_stays_in_view(qtbot: QtBot) -> None:
    texts = tuple(f"change {number}" for number in range(200))
    shown = Shown(qtbot, 200, texts, (230, 120))
    assert 0 < shown.row(200).y() < 120
    shown.show(replace(shown.scene, done=40))
    assert 0 < shown.row(40).y() < 120
    shown.show(replace(shown.scene, history=(*texts[:40], "another"), done=41))
    assert 0 < shown.row(41).y() < 120
    assert shown.panel.list.model().rowCount() == 42
    shown.panel.resize(230, 60)
    pointer.settle()
    assert 0 < shown.row(41).y() < 60


def test_a_change_of_several_lines_takes_one(qtbot: QtBot) -> None:
    panel = Shown(qtbot, 1, ("encode “a\n\tman <b>”",)).panel
    assert panel.rows()[1].words == "encode “a man <b>”"
    assert "&lt;b&gt;" in panel.rows()[1].tip
