"""The list of branches: what its rows say and look like, and how one is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attn_desktop.gui.intents import Hover, ShowBranch
from attn_desktop.gui.panels.branches import ALONE, NO_RUN, OWN, BranchesPanel
from attn_desktop.gui.scene import Branch, Light, Scene
from attn_desktop.gui.theme import Theme, theme
from tests.gui import pointer
from tests.gui.heard import Heard
from tests.gui.painted import opened, pixels
from tests.toy_records import ADDITIVE
from tests.toy_scenes import hard, toy_scene

LOOK = theme(dark=False)
TEXTS = (
    "the court has found that the agreement on the zone was signed",
    "the court has found that the agreement on the area is void",
    "the court has ruled",
)


def branches(count: int, shown: int = 0, texts: tuple[str, ...] = TEXTS) -> tuple[Branch, ...]:
    """The first of all, then alternately hard and soft ones that part at steps 2, 3, …"""
    return tuple(
        Branch(
            leaf=10 + row,
            parted=row + 1,
            steps=5,
            mode=hard() if row % 2 else ADDITIVE,
            about=f"t={row + 1} seed {row}" if row else "original",
            text=texts[row % len(texts)],
            complete=row != 2,
            shown=row == shown,
        )
        for row in range(count)
    )


class Shown(Heard[BranchesPanel]):
    """A panel on the screen; keeps what it asked and said."""

    def __init__(
        self, qtbot: QtBot, made: tuple[Branch, ...], size: tuple[int, int] = (260, 300)
    ) -> None:
        super().__init__(opened(qtbot, BranchesPanel, Scene(), size))
        self.scene = replace(toy_scene(steps=4), branches=made)
        self.show(self.scene)

    def show(self, scene: Scene, light: Light | None = None, look: Theme = LOOK) -> None:
        self.panel.set_scene(scene)
        self.panel.set_light(light or Light())
        self.panel.set_theme(look)
        pointer.settle()

    @property
    def chosen(self) -> list[int]:
        return [intent.leaf for intent in self.asked if isinstance(intent, ShowBranch)]

    def row(self, row: int) -> QPoint:
        """The middle of a row, in the panel."""
        listed = self.panel.list
        index = listed.model().index(row, 0)
        place = listed.visualRect(index).center()
        return listed.viewport().mapTo(self.panel, place)

    def seen(self, colour: QColor, row: int) -> NDArray[np.bool_]:
        """(height, width) where a colour is seen in a row."""
        wanted = (colour.red(), colour.green(), colour.blue())
        near = np.asarray((np.abs(pixels(self.panel) - wanted) <= 3).all(axis=2))
        middle, high = self.row(row).y(), self.panel.list.sizeHintForRow(0)
        return near[max(0, middle - high // 2) : middle + high // 2]


def own_starts(panel: BranchesPanel, count: int) -> list[int]:
    """Where the text of each row may begin if it has no room."""
    return [panel.list.model().index(row, 0).data(OWN) for row in range(count)]


def test_the_table_lists_every_branch(qtbot: QtBot) -> None:
    made = branches(3, shown=1)
    table = Shown(qtbot, made).panel.table()
    assert table.columns[:4] == ("branch", "parted at t", "steps", "mode")
    assert [row[0] for row in table.rows] == ["original", "t=2 seed 1", "t=3 seed 2"]
    assert table.rows[1][3] == "additive/global/hard"
    assert [row[4] for row in table.rows] == list(TEXTS)
    assert [row[-2:] for row in table.rows] == [(True, False), (True, True), (False, False)]


def test_the_caption_counts(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3))
    assert shown.panel.caption() == "3 branches"
    shown.show(replace(shown.scene, branches=branches(1)))
    assert shown.panel.caption() == ""


def test_one_branch_is_no_list_but_a_hint(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(1))
    assert not shown.panel.list.isVisible()
    assert shown.panel._alone.text() == ALONE
    shown.show(replace(shown.scene, branches=branches(2)))
    assert shown.panel.list.isVisible()
    assert not shown.panel._alone.isVisible()
    shown.show(Scene())
    assert shown.panel._alone.text() == NO_RUN


def test_a_click_shows_a_branch(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    pointer.click(shown.panel, shown.row(2))
    assert shown.chosen == [12]
    pointer.click(shown.panel, shown.row(0))
    assert shown.chosen == [12], "it is shown already"


def test_a_click_on_a_branch_that_is_gone_asks_for_nothing(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    at = shown.row(3)
    shown.panel.set_scene(replace(shown.scene, branches=branches(2)))
    pointer.click(shown.panel, at, settled=False)
    assert shown.chosen == []


def test_arrows_go_up_and_down_and_end_there(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3, shown=1))
    shown.panel.setFocus()
    QTest.keyClick(shown.panel, Qt.Key.Key_Down)
    QTest.keyClick(shown.panel, Qt.Key.Key_Up)
    assert shown.chosen == [12, 10]
    shown.show(replace(shown.scene, branches=branches(3, shown=2)))
    QTest.keyClick(shown.panel, Qt.Key.Key_Down)
    QTest.keyClick(shown.panel, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert shown.chosen == [12, 10]


def test_the_panel_has_the_keyboard_so_that_the_list_takes_no_keys(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3))
    shown.panel.window().activateWindow()
    pointer.click(shown.panel, shown.row(1))
    assert QApplication.focusWidget() is shown.panel


def test_pointing_says_the_whole_and_lights_where_it_parts(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    pointer.point(shown.panel, shown.row(2))
    assert shown.said[-1] == f"t=3 seed 2: {TEXTS[2]} (not ended) · 5 steps · {ADDITIVE}"
    assert shown.asked[-1] == Hover(target=frozenset({3}))
    assert shown.panel.list.viewport().cursor().shape() == Qt.CursorShape.PointingHandCursor
    shown.show(shown.scene, Light(target=frozenset({3})))
    pointer.point(shown.panel, shown.row(0))
    assert shown.asked[-1] == Hover(), "the first of all parts nowhere"
    assert shown.panel.list.viewport().cursor().shape() == Qt.CursorShape.ArrowCursor
    pointer.point(shown.panel, QPoint(100, 290))
    assert shown.said[-1] == ""


def test_the_light_goes_out_when_the_pointer_leaves(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    shown.show(shown.scene, Light(target=frozenset({3})))
    QApplication.sendEvent(shown.panel, QEvent(QEvent.Type.Leave))
    assert shown.asked[-1] == Hover()
    assert shown.said[-1] == ""


def test_a_step_that_is_not_in_the_branch_shown_is_not_lit(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(6))
    pointer.point(shown.panel, shown.row(5))
    assert shown.said[-1].startswith("t=6")
    assert not any(isinstance(intent, Hover) and intent.target for intent in shown.asked)


def test_the_branch_shown_has_the_filled_circle(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3, shown=1))
    target = LOOK.hue("target")
    inked = [int(shown.seen(target, row).sum()) for row in range(3)]
    assert inked[1] > 60
    assert inked[0] == inked[2] == 0
    shown.show(replace(shown.scene, branches=branches(3, shown=2)))
    assert [shown.seen(target, row).any() for row in range(3)] == [False, False, True]


def test_hard_branches_are_pink(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3))
    assert [shown.seen(LOOK.ink("hard"), row).any() for row in range(3)] == [False, True, False]


def test_only_branches_that_part_at_a_lit_step_are_tinted(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    tint, card = LOOK.hue("target"), LOOK.colour("card")
    mixed = QColor(
        round(0.45 * tint.red() + 0.55 * card.red()),
        round(0.45 * tint.green() + 0.55 * card.green()),
        round(0.45 * tint.blue() + 0.55 * card.blue()),
    )
    assert not any(shown.seen(mixed, row).any() for row in range(4))
    shown.show(shown.scene, Light(brushed_target=frozenset({1, 3})))
    assert [shown.seen(mixed, row).any() for row in range(4)] == [False, False, True, False]


def test_a_long_text_begins_where_it_is_its_own(qtbot: QtBot) -> None:
    panel = Shown(qtbot, branches(3)).panel
    starts = own_starts(panel, 3)
    said = [text[start:] for text, start in zip(TEXTS, starts, strict=True)]
    # A word before it tells where one is.
    assert said == [TEXTS[0], "the area is void", "has ruled"]


@pytest.mark.parametrize(
    "texts", [("", ""), ("one", "one"), ("a b c", "a b"), ("a", "b c d"), ("  ", " ")]
)
def test_texts_may_be_anything(texts: tuple[str, str], qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4, texts=texts), (90, 200))
    starts = own_starts(shown.panel, 4)
    assert all(
        0 <= start <= len(text) for start, text in zip(starts, (*texts, *texts), strict=True)
    )
    assert shown.panel.grab().width() == 90


def test_the_branch_shown_is_brought_into_view(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(40), (260, 160))
    assert shown.panel.list.verticalScrollBar().maximum() > 0
    shown.show(replace(shown.scene, branches=branches(40, shown=30)))
    assert 0 < shown.row(30).y() < 160
    pointer.click(shown.panel, shown.row(30) - QPoint(0, shown.panel.list.sizeHintForRow(0)))
    assert shown.chosen == [39]


def test_a_place_that_the_user_scrolled_to_stays_on_a_scrub(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(40), (260, 160))
    shown.panel.list.verticalScrollBar().setValue(300)
    shown.show(replace(shown.scene, t=2))
    assert shown.panel.list.verticalScrollBar().value() == 300


def test_tooltips_show_tokens_that_look_like_markup(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(2, texts=("a <b> & c", "d")))
    tip = shown.panel.list.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "a &lt;b&gt; &amp; c" in str(tip)


def test_rows_are_higher_for_a_lecture(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3))
    before = shown.row(1).y() - shown.row(0).y()
    shown.show(shown.scene, look=theme(dark=False, presenter=True))
    assert shown.row(1).y() - shown.row(0).y() == pytest.approx(1.5 * before, abs=3)


def test_tab_brings_the_focus_with_a_frame_around_the_branch_shown(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3, shown=1))
    focus = LOOK.hue("source")
    shown.panel.clearFocus()
    assert not shown.seen(focus, 1).any()
    shown.panel.window().activateWindow()
    shown.panel.setFocus(Qt.FocusReason.TabFocusReason)
    pointer.settle()
    assert [shown.seen(focus, row).sum() > 100 for row in range(3)] == [False, True, False]
    shown.panel.clearFocus()
    pointer.settle()
    assert not shown.seen(focus, 1).any()
