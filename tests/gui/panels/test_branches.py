"""The tree of branches: what its rows say and look like, how one is chosen and compared with."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QFont, QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from attn_desktop.gui.branch_rows import BranchRow, HeadingRow, branch_rows, shortened
from attn_desktop.gui.intents import Compare, Hover, Intent, ShowBranch
from attn_desktop.gui.panels.branches import ALONE, NO_RUN, BranchesPanel
from attn_desktop.gui.row_list import NOWHERE
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
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def branches(count: int, shown: int = 0, texts: tuple[str, ...] = TEXTS) -> tuple[Branch, ...]:
    """The first of all, then alternately hard and soft ones that part from it at 2, 3, …"""
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
            origin=10 if row else None,
        )
        for row in range(count)
    )


def compared(made: tuple[Branch, ...], row: int) -> tuple[Branch, ...]:
    return tuple(replace(branch, compared=at == row) for at, branch in enumerate(made))


def line(count: int, shown: int = 0) -> tuple[Branch, ...]:
    """Each parts from the one before it."""
    made = branches(count, shown)
    return tuple(replace(each, origin=9 + at if at else None) for at, each in enumerate(made))


def two_runs() -> tuple[Branch, ...]:
    """Two branches of one input, and another one of which nothing is decoded yet."""
    empty = Branch(None, 1, 0, ADDITIVE, "“the other”", "", False, False, run=1)
    return (*branches(2), empty)


class Shown(Heard[BranchesPanel]):
    """A panel on the screen; keeps what it asked and said."""

    def __init__(
        self, qtbot: QtBot, made: tuple[Branch, ...], size: tuple[int, int] = (260, 300)
    ) -> None:
        super().__init__(opened(qtbot, BranchesPanel, Scene(), size))
        self.scene = replace(toy_scene(steps=4), branches=made)
        self.show(self.scene)

    def show(self, scene: Scene, light: Light | None = None, look: Theme = LOOK) -> None:
        self.scene = scene
        self.panel.set_scene(scene)
        self.panel.set_light(light or Light())
        self.panel.set_theme(look)
        pointer.settle()

    def show_branches(self, made: tuple[Branch, ...]) -> None:
        self.show(replace(self.scene, branches=made))

    @property
    def chosen(self) -> list[Intent]:
        """What was asked for but lights."""
        return [intent for intent in self.asked if not isinstance(intent, Hover)]

    def row(self, row: int) -> QPoint:
        """The middle of a row, in the panel."""
        return self.within(self.panel.list.place(row).center())

    def button(self, row: int) -> QPoint:
        """The middle of what compares with the branch of a row, in the panel."""
        found = self.panel.rows()[row]
        assert isinstance(found, BranchRow)
        area = self.panel.list.place(row)
        return self.within(self.panel._painter.button(area, found).center())

    def within(self, place: QPointF) -> QPoint:
        return self.panel.list.viewport().mapTo(self.panel, place.toPoint())

    def seen(self, colour: QColor, row: int) -> NDArray[np.bool_]:
        """(height, width) where a colour is seen in a row."""
        wanted = (colour.red(), colour.green(), colour.blue())
        near = np.asarray((np.abs(pixels(self.panel) - wanted) <= 3).all(axis=2))
        place = self.panel.list.place(row)
        top = self.within(place.topLeft()).y()
        return near[max(0, top) : top + round(place.height())]

    def circles(self, colour: QColor, count: int) -> list[bool]:
        """In which rows the disc of a branch is filled with a colour."""
        return [bool(self.seen(colour, row).sum() > 40) for row in range(count)]

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = pointer.NO_KEY) -> None:
        QTest.keyClick(self.panel, key, held)

    def menu(self, row: int | None, held: Qt.KeyboardModifier = pointer.NO_KEY) -> QMenu | None:
        """The context menu of a row, or of the one that a key opens."""
        reason = QContextMenuEvent.Reason
        at, how = self.panel.rect().center(), reason.Keyboard
        if row is not None:
            at, how = self.row(row), reason.Mouse
        event = QContextMenuEvent(how, at, self.panel.mapToGlobal(at), held)
        QApplication.sendEvent(self.panel, event)
        found = QApplication.activePopupWidget()
        assert found is None or isinstance(found, QMenu)
        return found


def choose(menu: QMenu | None, text: str) -> None:
    assert menu is not None
    action = next(action for action in menu.actions() if action.text().startswith(text))
    assert action.isEnabled()
    action.trigger()
    menu.close()
    pointer.settle()


# -- what it lists --------------------------------------------------------------------------


def test_the_table_lists_every_branch_with_what_it_parts_from(qtbot: QtBot) -> None:
    made = compared(branches(3, shown=1), 2)
    table = Shown(qtbot, made).panel.table()
    assert table.columns[:4] == ("branch", "parted at t", "steps", "mode")
    assert [row[0] for row in table.rows] == ["original", "t=2 seed 1", "t=3 seed 2"]
    assert table.rows[1][3] == "additive/global/hard"
    assert [row[4] for row in table.rows] == list(TEXTS)
    assert [row[5:8] for row in table.rows] == [
        (True, False, False),
        (True, True, False),
        (False, False, True),
    ]
    assert [row[8:] for row in table.rows] == [("", 1), ("original", 1), ("original", 1)]


def test_the_caption_counts(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3))
    assert shown.panel.caption() == "3 branches"
    shown.show_branches(branches(1))
    assert shown.panel.caption() == ""


def test_one_branch_is_no_tree_but_a_hint(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(1))
    assert not shown.panel.list.isVisible()
    assert shown.panel.blank() == ALONE
    shown.show_branches(branches(2))
    assert shown.panel.list.isVisible()
    shown.show(Scene())
    assert not shown.panel.list.isVisible()
    assert shown.panel.blank() == NO_RUN


def test_each_of_several_runs_has_its_text_as_heading(qtbot: QtBot) -> None:
    scene = replace(toy_scene(steps=4), branches=two_runs(), sources=("one\nsource", "the other"))
    rows = branch_rows(scene)
    assert [type(row) for row in rows] == [HeadingRow, BranchRow, BranchRow, HeadingRow, BranchRow]
    assert [row.text for row in rows if isinstance(row, HeadingRow)] == ["one source", "the other"]
    # Below its heading the first of a run need not repeat the text.
    names = [row.name for row in rows if isinstance(row, BranchRow)]
    assert names == ["original", "t=2 seed 1", "original"]
    assert not any(isinstance(row, HeadingRow) for row in branch_rows(replace(scene, branches=())))
    shown = Shown(qtbot, two_runs())
    assert shown.seen(LOOK.ink("source"), 0).any()
    assert not shown.seen(LOOK.ink("source"), 1).any()
    pointer.click(shown.panel, shown.row(0))
    assert shown.chosen == []


def test_a_source_whose_text_is_not_known_has_its_number() -> None:
    scene = replace(toy_scene(steps=4), branches=two_runs(), run_number=1)
    assert scene.run is not None
    texts = [row.text for row in branch_rows(scene) if isinstance(row, HeadingRow)]
    assert texts == ["source 1", " ".join(scene.run.text.split())]


# -- showing --------------------------------------------------------------------------------


def test_a_click_shows_a_branch(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    pointer.click(shown.panel, shown.row(2))
    assert shown.chosen == [ShowBranch(12)]
    pointer.click(shown.panel, shown.row(0))
    assert shown.chosen == [ShowBranch(12)], "it is shown already"


def test_a_double_click_shows_it_and_does_nothing_else(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    pointer.click(shown.panel, shown.row(2), double=True)
    assert shown.chosen == [ShowBranch(12)]


def test_a_run_with_nothing_decoded_can_be_shown_but_not_compared(qtbot: QtBot) -> None:
    shown = Shown(qtbot, two_runs())
    pointer.click(shown.panel, shown.button(4))
    assert shown.chosen == [ShowBranch(None, 1)]
    menu = shown.menu(4)
    assert menu is not None
    assert [action.text() for action in menu.actions()] == ["&Show"]
    menu.close()


def test_a_press_that_is_let_go_elsewhere_is_no_click(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    pointer.drag(shown.panel, shown.row(1), shown.row(3))
    assert shown.chosen == []


def test_a_click_on_a_branch_that_is_gone_asks_for_nothing(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    at = shown.row(3)
    shown.panel.set_scene(replace(shown.scene, branches=branches(2)))
    pointer.click(shown.panel, at, settled=False)
    assert shown.chosen == []


def test_a_click_means_the_branch_that_was_seen_there(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    at = shown.row(3)
    more = replace(branches(1)[0], leaf=99, about="t=2 forced", parted=2, origin=10, shown=False)
    shown.panel.set_scene(replace(shown.scene, branches=(*branches(4), more)))
    pointer.click(shown.panel, at, settled=False)
    assert shown.chosen == [ShowBranch(13)], "though another one is there by now"


def test_arrows_go_up_and_down_the_tree_and_end_there(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3, shown=1))
    shown.panel.setFocus()
    shown.press(Qt.Key.Key_Down)
    shown.press(Qt.Key.Key_Up)
    assert shown.chosen == [ShowBranch(12), ShowBranch(10)]
    shown.show_branches(branches(3, shown=2))
    shown.press(Qt.Key.Key_Down)
    shown.press(Qt.Key.Key_Up, CONTROL)
    assert len(shown.chosen) == 2


def test_arrows_pass_headings(qtbot: QtBot) -> None:
    shown = Shown(qtbot, two_runs())
    shown.press(Qt.Key.Key_Up)
    assert shown.chosen == []
    shown.show_branches(tuple(replace(each, shown=each.leaf == 11) for each in two_runs()))
    shown.press(Qt.Key.Key_Down)
    assert shown.chosen == [ShowBranch(None, 1)]


def test_the_panel_has_the_keyboard_so_that_the_list_takes_no_keys(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3))
    shown.panel.window().activateWindow()
    pointer.click(shown.panel, shown.row(1))
    assert QApplication.focusWidget() is shown.panel


# -- comparing ------------------------------------------------------------------------------


def test_the_button_compares_and_the_baseline_s_lets_go(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    pointer.point(shown.panel, shown.button(2))
    assert shown.said[-1] == "click to compare the branch shown with “t=3 seed 2”"
    pointer.click(shown.panel, shown.button(2))
    assert shown.chosen == [Compare(12)]
    shown.show_branches(compared(branches(4), 2))
    pointer.point(shown.panel, shown.button(2))
    assert "nothing" in shown.said[-1]
    pointer.click(shown.panel, shown.button(2))
    assert shown.chosen == [Compare(12), Compare(None)]
    # The branch shown has none: it cannot be compared with itself.
    pointer.click(shown.panel, shown.button(0))
    assert len(shown.chosen) == 2


def test_the_button_is_seen_where_the_pointer_is(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))

    def border(row: int) -> int:
        at = shown.button(row)
        around = pixels(shown.panel)[at.y() - 8 : at.y() + 8, at.x() - 11 : at.x() + 11]
        wanted = LOOK.colour("border")
        rgb = (wanted.red(), wanted.green(), wanted.blue())
        return int((np.abs(around - rgb) <= 6).all(axis=2).sum())

    pointer.point(shown.panel, shown.row(2))
    assert border(2) > 20
    assert border(1) == border(3) == 0


def test_the_baseline_says_so_and_has_a_ring(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4))
    before = [int(shown.seen(LOOK.colour("text"), row).sum()) for row in range(4)]
    rims = [int(shown.seen(LOOK.hue("hard"), row).sum()) for row in range(4)]
    shown.show_branches(compared(branches(4), 3))
    after = [int(shown.seen(LOOK.colour("text"), row).sum()) for row in range(4)]
    assert after[3] > before[3]
    assert after[:3] == before[:3]
    again = [int(shown.seen(LOOK.hue("hard"), row).sum()) for row in range(4)]
    assert again[3] > rims[3]
    assert "baseline" in shown.panel.rows()[3].words


def test_c_compares_with_what_it_parts_from_or_what_is_pointed_at(qtbot: QtBot) -> None:
    shown = Shown(qtbot, line(4, shown=2))
    shown.press(Qt.Key.Key_C)
    assert shown.chosen == [Compare(11)]
    shown.show_branches(compared(line(4, shown=2), 1))
    shown.press(Qt.Key.Key_C)
    assert shown.chosen[1:] == [Compare(None)]
    pointer.point(shown.panel, shown.row(3))
    shown.press(Qt.Key.Key_C)
    assert shown.chosen[2:] == [Compare(13)]
    shown.press(Qt.Key.Key_C, CONTROL)
    assert len(shown.chosen) == 3


def test_c_at_the_first_branch_compares_with_the_next(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3))
    shown.press(Qt.Key.Key_C)
    assert shown.chosen == [Compare(11)]
    shown.show_branches(branches(1))
    shown.press(Qt.Key.Key_C)
    assert len(shown.chosen) == 1, "there is nothing to compare with"


def test_shift_and_arrows_move_the_baseline_past_the_branch_shown(qtbot: QtBot) -> None:
    shown = Shown(qtbot, compared(branches(5, shown=2), 1))
    shown.press(Qt.Key.Key_Down, SHIFT)
    shown.press(Qt.Key.Key_Up, SHIFT)
    assert shown.chosen == [Compare(13), Compare(10)]
    shown.show_branches(branches(5, shown=2))
    shown.press(Qt.Key.Key_Up, SHIFT)
    assert shown.chosen[2:] == [Compare(11)]
    shown.show_branches(compared(branches(5, shown=2), 4))
    shown.press(Qt.Key.Key_Down, SHIFT)
    assert len(shown.chosen) == 3


def test_the_menu_of_a_branch(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4, shown=1))
    choose(shown.menu(3), "&Show")
    choose(shown.menu(3), "Compare with “t=4 seed 3”")
    assert shown.chosen == [ShowBranch(13), Compare(13)]
    shown.show_branches(compared(branches(4, shown=1), 3))
    choose(shown.menu(3), "Compare with nothing")
    assert shown.chosen[2:] == [Compare(None)]


def test_the_menu_key_is_about_the_branch_shown(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4, shown=1))
    choose(shown.menu(None), "Compare with “original”")
    assert shown.chosen == [Compare(10)]
    assert shown.menu(None, SHIFT) is None, "Shift+F10 steps back"
    shown.show_branches(branches(1))
    assert shown.menu(None) is None


def test_a_name_in_the_menu_keeps_its_ampersands(qtbot: QtBot) -> None:
    made = branches(2)
    menu = Shown(qtbot, (made[0], replace(made[1], about="t=2 forced “R&D”"))).menu(1)
    assert menu is not None
    assert menu.actions()[1].text() == "Compare with “t=2 forced “R&&D””\tC"
    menu.close()


# -- pointing -------------------------------------------------------------------------------


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


# -- what is drawn --------------------------------------------------------------------------


def test_the_branch_shown_has_the_filled_circle(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(3, shown=1))
    assert shown.circles(LOOK.hue("target"), 3) == [False, True, False]
    shown.show_branches(branches(3, shown=2))
    assert shown.circles(LOOK.hue("target"), 3) == [False, False, True]


def test_a_coloured_rail_leads_to_the_branch_shown_and_not_beyond(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4, shown=2))
    way = shown.panel._painter._way()
    assert [bool(shown.seen(way, row).any()) for row in range(4)] == [True, True, True, False]


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


def text_left(shown: Shown, row: int) -> int:
    """Where the words of a row begin."""
    return int(np.flatnonzero(shown.seen(LOOK.colour("text"), row).any(axis=0))[0])


def test_branches_are_indented_below_what_they_part_from_as_far_as_there_is_room(
    qtbot: QtBot,
) -> None:
    made = tuple(replace(each, mode=ADDITIVE) for each in line(40))
    shown = Shown(qtbot, made, (230, 2000))
    lefts = [text_left(shown, row) for row in range(12)]
    assert lefts[0] < lefts[1] < lefts[2] < lefts[3]
    assert max(lefts) < 0.55 * 230
    assert all(abs(left - lefts[6]) <= 10 for left in lefts[6:])
    shown.panel.resize(700, 2000)
    pointer.settle()
    wide = [text_left(shown, row) for row in range(12)]
    assert all(after > before for before, after in pairwise(wide))


def test_a_long_text_begins_where_it_is_its_own(qtbot: QtBot) -> None:
    rows = Shown(qtbot, branches(3)).panel.rows()
    said = [row.branch.text[row.twig.own :] for row in rows if isinstance(row, BranchRow)]
    # A word before it tells where one is.
    assert said == [TEXTS[0], "the area is void", "has ruled"]


def test_what_ended_is_marked_otherwise_than_what_did_not(qtbot: QtBot) -> None:
    made = branches(2, texts=("a b", "a b"))
    shown = Shown(qtbot, made)
    ended = pixels(shown.panel)
    shown.show_branches(tuple(replace(each, complete=False) for each in made))
    assert (pixels(shown.panel) != ended).any()
    assert shown.panel.rows()[0].words.endswith("(not ended)")


@pytest.mark.parametrize("room", [20, 80, 120, 400])
def test_a_name_that_is_cut_keeps_the_token_as_long_as_it_may(qtbot: QtBot, room: int) -> None:
    name, font = "t=8 α: only “signed”, forced → “fut”", QFont()
    wide = QFontMetricsF(font).horizontalAdvance
    cut = shortened(name, font, room)
    if wide(" → “fut”") > room / 2:
        assert cut == name, "the end is cut where it is painted"
    else:
        assert cut.endswith(" → “fut”")
        assert wide(cut) <= room or cut == name
    assert shortened("original", font, 5) == "original"


@pytest.mark.parametrize(
    "texts", [("", ""), ("one", "one"), ("a b c", "a b"), ("a", "b c d"), ("  ", " ")]
)
def test_texts_may_be_anything(texts: tuple[str, str], qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(4, texts=texts), (90, 200))
    for row in shown.panel.rows():
        assert isinstance(row, BranchRow)
        assert 0 <= row.twig.own <= len(row.branch.text)
    assert shown.panel.grab().width() == 90


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


# -- scrolling ------------------------------------------------------------------------------


def test_the_branch_shown_is_brought_into_view(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(40), (260, 160))
    assert shown.panel.list.verticalScrollBar().maximum() > 0
    shown.show_branches(branches(40, shown=30))
    assert 0 < shown.row(30).y() < 160
    pointer.click(shown.panel, shown.row(30) - QPoint(0, shown.panel.list.sizeHintForRow(0)))
    assert shown.chosen == [ShowBranch(39)]
    shown.panel.resize(260, 90)
    pointer.settle()
    assert 0 < shown.row(30).y() < 90


def test_a_place_that_the_user_scrolled_to_stays_as_steps_come(qtbot: QtBot) -> None:
    shown = Shown(qtbot, branches(40), (260, 160))
    shown.panel.list.verticalScrollBar().setValue(300)
    shown.show(replace(shown.scene, t=2))
    assert shown.panel.list.verticalScrollBar().value() == 300
    longer = tuple(replace(each, steps=6, text=f"{each.text} on") for each in branches(41))
    shown.show_branches(longer)
    assert shown.panel.list.verticalScrollBar().value() == 300
    assert shown.panel.list.model().rowCount() == 41
    assert "on" in shown.panel.rows()[0].words.split()
    assert shown.panel.list.row_at(QPointF(-5, 5)) == NOWHERE
