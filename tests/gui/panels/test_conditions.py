"""Breakpoints and watches: what is listed, what a click or a key does, and how one is written."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.conditions import parse
from attn_desktop.gui.condition_rows import TINT, StopRow, WatchRow
from attn_desktop.gui.intents import GoTo, Hover, Intent, SetBreakpoints, SetWatches
from attn_desktop.gui.panels.conditions import EMPTY, NO_RUN, ConditionsPanel
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.theme import theme
from attn_desktop.trace.annotations import Breakpoint
from tests.gui import pointer
from tests.gui.desk import Desk
from tests.gui.heard import Heard
from tests.gui.painted import opened, pixels
from tests.toy_scenes import conditioned, spoiled, toy_scene

LOOK = theme(dark=False)
NO_KEY, CONTROL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
KEY = Qt.Key
STEPS = 12
SPREAD = Breakpoint("entropy(alpha) > 1", hits=2)
OFF = Breakpoint("t == 3", enabled=False)
ELSEWHERE = Breakpoint('alpha["nowhere"] > .5', hits=1)
POINTS = (SPREAD, OFF, ELSEWHERE)
WATCHES = ("entropy(alpha)", "jump(alpha) > 1", "nothing + 1")


class Shown(Heard[ConditionsPanel]):
    """A panel on the screen that keeps what it asked and said; the playhead is at step 5 of 12."""

    def __init__(self, qtbot: QtBot, size: tuple[int, int] = (230, 420)) -> None:
        super().__init__(opened(qtbot, ConditionsPanel, Scene(), size))
        self.panel.window().activateWindow()
        self.bare = toy_scene(steps=STEPS, t=5)
        self.scene = self.bare

    def show(
        self, breakpoints: tuple[Breakpoint, ...] = POINTS, watches: tuple[str, ...] = WATCHES
    ) -> None:
        self.show_scene(conditioned(self.bare, breakpoints, watches))

    def show_scene(self, scene: Scene) -> None:
        self.scene = scene
        self.panel.set_scene(scene)
        pointer.settle()

    @property
    def chosen(self) -> list[Intent]:
        return [intent for intent in self.asked if not isinstance(intent, Hover)]

    def obey(self) -> None:
        """Do as a session would what was asked last."""
        intent = self.chosen[-1]
        points = [Breakpoint(s.condition, s.enabled, s.hits) for s in self.scene.breakpoints]
        watches = [watch.expression for watch in self.scene.watches]
        if isinstance(intent, SetBreakpoints):
            points = list(intent.breakpoints)
        if isinstance(intent, SetWatches):
            watches = list(intent.watches)
        self.show_scene(conditioned(self.scene, points, watches))

    def within(self, place: QPointF) -> QPoint:
        return self.panel.list.viewport().mapTo(self.panel, place.toPoint())

    def words(self, row: int) -> QPoint:
        """Of a row."""
        box = self.panel._painter.mark(self.panel.list.place(row))
        return self.within(QPointF(box.right() + 20, box.center().y()))

    def dot(self, row: int) -> QPoint:
        return self.within(self.panel._painter.mark(self.panel.list.place(row)).center())

    def step(self, row: int, t: int) -> QPoint:
        """A step in the strip of a row."""
        place = self.panel.list.place(row)
        axis, strip = self.panel._painter.axis(place), self.panel._painter.strip(place)
        return self.within(QPointF(axis.x(t), strip.center().y()))

    def count(self, row: int) -> QPoint:
        """Where a row says at how many steps it holds."""
        strip = self.panel._painter.strip(self.panel.list.place(row))
        return self.within(QPointF(strip.right() + 20, strip.center().y()))

    def click(self, at: QPoint, double: bool = False) -> None:
        pointer.click(self.panel, at, double)

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = NO_KEY) -> None:
        """In the list."""
        QTest.keyClick(self.panel, key, held)
        pointer.settle()

    def write(self, text: str, held: Qt.KeyboardModifier = NO_KEY) -> None:
        """In the field, with Enter."""
        field = self.panel.editor.field
        field.setPlainText(text)
        QTest.keyClick(field, KEY.Key_Return, held)
        pointer.settle()

    def menu(self, row: int, text: str) -> None:
        """Choose from the context menu of a row."""
        menu = self.open_menu(row)
        next(action for action in menu.actions() if action.text() == text).trigger()
        menu.close()
        pointer.settle()

    def open_menu(self, row: int) -> QMenu:
        at = self.words(row)
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, at, self.panel.mapToGlobal(at), NO_KEY
        )
        QApplication.sendEvent(self.panel, event)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        return menu

    def rows_with(self, colour: QColor) -> list[int]:
        """The rows at whose left edge a colour is seen."""
        ground, share = LOOK.colour("card"), colour.alphaF()
        wanted = [
            share * over + (1 - share) * under
            for over, under in (
                (colour.red(), ground.red()),
                (colour.green(), ground.green()),
                (colour.blue(), ground.blue()),
            )
        ]
        near = np.asarray((np.abs(pixels(self.panel) - wanted) <= 3).all(axis=2))
        count = len(self.panel.rows())
        return [row for row in range(count) if near[self.words(row).y(), 4:8].any()]


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    made = Shown(qtbot)
    made.show()
    return made


def expected_steps(scene: Scene, text: str) -> list[int]:
    """Where a condition holds, step by step."""
    assert scene.run is not None
    found = [parse(text).evaluate(scene.run, scene.steps, t + 1) for t in range(len(scene.steps))]
    return [t for t, value in enumerate(found, start=1) if value is True]


# -- what it lists --------------------------------------------------------------------------


def test_breakpoints_come_first_each_with_where_it_holds(shown: Shown) -> None:
    rows = shown.panel.rows()
    assert [row.text for row in rows] == [point.condition for point in POINTS] + list(WATCHES)
    assert [type(row) for row in rows] == [StopRow] * 3 + [WatchRow] * 3
    for row in (0, 1, 4):
        assert list(rows[row].steps) == expected_steps(shown.scene, rows[row].text)
    assert "runs stopped here: 2" in rows[0].words
    assert "disabled" in rows[1].words
    assert "nowhere" in rows[2].problem
    assert "nothing" in rows[5].problem


def test_the_table_has_a_line_for_every_row_and_step(shown: Shown) -> None:
    table = shown.panel.table()
    assert table.columns[:5] == ("kind", "expression", "enabled", "hits", "t")
    lines = [tuple(row) for row in table.rows]
    assert len(lines) == 4 * STEPS + 2
    assert shown.scene.run is not None
    spread = parse("entropy(alpha)").over(shown.scene.run, shown.scene.steps)
    for t in range(1, STEPS + 1):
        own = [line for line in lines if line[4] == t]
        token = shown.scene.tokens[t - 1]
        value = float(t in expected_steps(shown.scene, SPREAD.condition))
        assert ("breakpoint", SPREAD.condition, True, 2, t, token, value, "") in own
        assert ("breakpoint", OFF.condition, False, 0, t, token, float(t == 3), "") in own
        assert ("watch", WATCHES[0], True, 0, t, token, spread[t - 1], "") in own
    problems = {line[1]: line[7] for line in lines if line[4] == 0}
    assert set(problems) == {ELSEWHERE.condition, WATCHES[2]}
    assert all(problems.values())


def test_with_nothing_to_list_it_says_what_to_do(shown: Shown) -> None:
    shown.show((), ())
    assert shown.panel.blank() == EMPTY
    assert shown.panel.editor.isVisible()
    shown.show_scene(Scene())
    assert shown.panel.blank() == NO_RUN
    assert not shown.panel.editor.isVisible()
    shown.panel.edit()
    assert shown.said[-1] == NO_RUN


def test_what_holds_at_the_playhead_is_tinted(shown: Shown) -> None:
    shown.show((Breakpoint("t > 4"), Breakpoint("t == 6")), ("t > 1",))
    tint = LOOK.hue("breakpoint", TINT)
    assert shown.rows_with(tint) == [0]
    shown.show_scene(replace(shown.scene, t=6))
    assert shown.rows_with(tint) == [0, 1]
    shown.show_scene(replace(shown.scene, t=6, phase=Phase.LOGITS))
    assert shown.rows_with(tint) == [], "the step is not known yet"
    shown.show_scene(replace(shown.scene, t=0, phase=Phase.TOKEN))
    assert shown.rows_with(tint) == []


def test_what_holds_keeps_its_tint_when_it_is_chosen(shown: Shown) -> None:
    shown.show((Breakpoint("t > 4"), Breakpoint("t == 6")), ())
    shown.press(KEY.Key_Down)
    assert shown.panel.current() == 0
    tint, ground = LOOK.hue("breakpoint", TINT), LOOK.hue("source", 0.16)
    assert shown.rows_with(tint) == [0]
    assert shown.rows_with(ground) == []
    shown.press(KEY.Key_Down)
    assert shown.rows_with(tint) == [0]
    assert shown.rows_with(ground) == [1]


def test_a_step_that_is_not_known_yet_is_nowhere_told(shown: Shown) -> None:
    shown.bare = replace(shown.bare, phase=Phase.ALPHA)
    shown.show((Breakpoint("t > 4"),), ("t", "t > 4"))
    stop, number, truth = shown.panel.rows()
    assert stop.steps == (6, 7, 8, 9, 10, 11, 12)
    assert truth.steps == stop.steps
    assert isinstance(number, WatchRow)
    assert number.now == "?"
    assert math.isnan(number.values[4])
    assert number.values[5] == 6
    assert "y_5" in number.words
    lines = [row for row in shown.panel.table().rows if row[4] == 5]
    assert all(math.isnan(float(row[6])) and row[5] == "?" for row in lines)
    pointer.point(shown.panel, shown.step(1, 5))
    assert "not known yet" in shown.said[-1]


def test_an_unknown_value_is_a_dash_with_a_reason(shown: Shown) -> None:
    shown.bare = replace(shown.bare, t=1)
    shown.show((), ("jump(alpha)", "alpha[1] > 2"))
    jump, truth = shown.panel.rows()
    assert isinstance(jump, WatchRow)
    assert isinstance(truth, WatchRow)
    assert jump.now == "–"
    assert "unknown at t = 1" in jump.words
    assert truth.now == "false"
    shown.bare = spoiled(shown.bare)
    shown.show((), ("entropy(alpha)",))
    assert "not a number" in shown.panel.rows()[0].words


def test_rows_are_low_without_steps_and_higher_with_a_line(shown: Shown) -> None:
    place = shown.panel.list.place
    stop, problem, watch = place(0).height(), place(2).height(), place(3).height()
    assert stop < watch
    assert stop <= problem + 2
    shown.bare = toy_scene(steps=0)
    shown.show((SPREAD,), ("t",))
    assert place(0).height() == place(1).height() < stop


def test_marks_are_seen_where_it_holds_and_nowhere_else(shown: Shown) -> None:
    shown.show((Breakpoint("t == 2 or t == 9"),), ())
    hue = LOOK.hue("breakpoint")
    rgb = [hue.red(), hue.green(), hue.blue()]
    near = np.asarray((np.abs(pixels(shown.panel) - rgb) <= 6).all(axis=2))
    seen = [t for t in range(1, STEPS + 1) if near[shown.step(0, t).y(), shown.step(0, t).x()]]
    assert seen == [2, 9]


# -- going to a step --------------------------------------------------------------------------


def test_a_click_on_a_mark_goes_to_the_nearest_step_where_it_holds(shown: Shown) -> None:
    shown.show((Breakpoint("t == 2 or t == 9"),), ("t",))
    shown.click(shown.step(0, 9))
    shown.click(shown.step(0, 3))
    assert shown.chosen == [GoTo(9), GoTo(2)]
    shown.click(shown.step(1, 7))
    assert shown.chosen[2:] == [GoTo(7)], "any step of a watch"


def test_a_click_on_the_count_goes_to_the_next_of_them_around_the_end(shown: Shown) -> None:
    shown.show((Breakpoint("t == 2 or t == 9"), Breakpoint("t < 0")), ())
    shown.click(shown.count(0))
    shown.show_scene(replace(shown.scene, t=9))
    shown.click(shown.count(0))
    shown.click(shown.count(1))
    shown.click(shown.step(1, 4))
    assert shown.chosen == [GoTo(9), GoTo(2)]


def test_n_goes_to_the_next_step_where_it_holds_and_back(shown: Shown) -> None:
    shown.show((Breakpoint("t == 2 or t == 9"),), ("t > 10", "t"))
    shown.press(KEY.Key_N)
    assert shown.chosen == [], "nothing is chosen yet"
    shown.press(KEY.Key_Down)
    shown.press(KEY.Key_N)
    shown.press(KEY.Key_N, SHIFT)
    shown.press(KEY.Key_Down)
    shown.press(KEY.Key_N)
    shown.press(KEY.Key_Down)
    shown.press(KEY.Key_N)
    assert shown.chosen == [GoTo(9), GoTo(2), GoTo(11)]


def test_pointing_says_values_and_lights_steps(shown: Shown) -> None:
    shown.show((Breakpoint("t == 2"),), ("t * 2",))
    pointer.point(shown.panel, shown.step(1, 3))
    assert shown.said[-1].startswith(f"t * 2 = 6 at t = 3 “{shown.scene.tokens[2]}”")
    assert shown.asked[-1] == Hover(target=frozenset({3}))
    pointer.point(shown.panel, shown.step(0, 12))
    assert "t == 2 holds at t = 2" in shown.said[-1]
    pointer.point(shown.panel, shown.dot(0))
    assert shown.said[-1] == "click to disable t == 2"
    pointer.point(shown.panel, shown.words(0))
    assert "holds at 1 of 12 steps: t = 2" in shown.said[-1]
    pointer.point(shown.panel, shown.count(0))
    assert "click" in shown.said[-1]


# -- switching, removing, copying --------------------------------------------------------------


def test_the_dot_switches_a_breakpoint_and_keeps_its_hits(shown: Shown) -> None:
    shown.click(shown.dot(0))
    assert shown.chosen == [SetBreakpoints((replace(SPREAD, enabled=False), OFF, ELSEWHERE))]
    shown.obey()
    shown.click(shown.dot(1), double=True)
    on = replace(OFF, enabled=True)
    assert shown.chosen[1:] == [SetBreakpoints((replace(SPREAD, enabled=False), on, ELSEWHERE))]


def test_delete_removes_what_is_chosen_and_goes_on_with_the_next(shown: Shown) -> None:
    shown.press(KEY.Key_Delete)
    assert shown.chosen == []
    shown.click(shown.words(1))
    shown.press(KEY.Key_Delete)
    assert shown.chosen == [SetBreakpoints((SPREAD, ELSEWHERE))]
    shown.obey()
    for left in ((SPREAD,), None, None, None):
        shown.press(KEY.Key_Delete)
        shown.obey()
        if left is not None:
            assert shown.chosen[-1] == SetBreakpoints(left)
    assert [row.text for row in shown.panel.rows()] == [SPREAD.condition]
    shown.press(KEY.Key_Delete)
    shown.obey()
    assert shown.panel.blank() == EMPTY
    shown.press(KEY.Key_Delete)


def test_space_switches_only_where_keys_are_seen_to_go(shown: Shown) -> None:
    space = QKeyEvent(QEvent.Type.ShortcutOverride, KEY.Key_Space, NO_KEY, " ")

    def is_kept() -> bool:
        space.ignore()
        QApplication.sendEvent(shown.panel, space)
        return space.isAccepted()

    shown.click(shown.words(0))
    assert not is_kept(), "after a click it plays"
    shown.press(KEY.Key_Space)
    assert shown.chosen == []
    shown.panel.editor.field.setFocus()
    shown.panel.setFocus(Qt.FocusReason.TabFocusReason)
    assert is_kept()
    shown.press(KEY.Key_Space)
    assert shown.chosen == [SetBreakpoints((replace(SPREAD, enabled=False), OFF, ELSEWHERE))]


def test_f2_is_the_panels_own_only_with_something_to_change(shown: Shown) -> None:
    def is_kept() -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, KEY.Key_F2, NO_KEY)
        event.ignore()
        QApplication.sendEvent(shown.panel, event)
        return event.isAccepted()

    assert not is_kept()
    shown.click(shown.words(3))
    assert is_kept()


def test_the_menu_of_a_breakpoint(shown: Shown) -> None:
    disabled = tuple(replace(point, enabled=False) for point in POINTS)
    enabled = tuple(replace(point, enabled=True) for point in POINTS)
    for text, asked in (
        ("&Disable", SetBreakpoints((disabled[0], OFF, ELSEWHERE))),
        ("D&isable all", SetBreakpoints(disabled)),
        ("E&nable all", SetBreakpoints(enabled)),
        ("&Remove\tDel", SetBreakpoints((OFF, ELSEWHERE))),
        ("Remove &all breakpoints", SetBreakpoints(())),
        ("&Watch it too", SetWatches((*WATCHES, SPREAD.condition))),
    ):
        shown.menu(0, text)
        assert shown.chosen[-1] == asked, text
    shown.menu(0, "&Copy\tCtrl+C")
    assert QApplication.clipboard().text() == SPREAD.condition


def test_the_menu_of_a_watch(shown: Shown) -> None:
    for text, asked in (
        ("&Remove\tDel", SetWatches((WATCHES[0], WATCHES[2]))),
        ("Remove &all watches", SetWatches(())),
        ("&Stop at it too", SetBreakpoints((*POINTS, Breakpoint(WATCHES[1])))),
        ("Go to the &next step where it holds\tN", GoTo(expected_after(shown, WATCHES[1]))),
    ):
        shown.menu(4, text)
        assert shown.chosen[-1] == asked, text
    menu = shown.open_menu(3)
    stop = next(action for action in menu.actions() if "Stop" in action.text())
    assert not stop.isEnabled(), "a number cannot stop anything"
    menu.close()


def expected_after(shown: Shown, text: str) -> int:
    steps = expected_steps(shown.scene, text)
    return min((t for t in steps if t > shown.scene.t), default=steps[0])


def test_two_of_the_same_words_are_told_apart(shown: Shown) -> None:
    twice = (Breakpoint("t == 2", hits=1), Breakpoint("t == 2", hits=5))
    shown.show(twice, ("t", "t"))
    shown.click(shown.dot(1))
    assert shown.chosen == [SetBreakpoints((twice[0], replace(twice[1], enabled=False)))]
    shown.click(shown.words(2))
    shown.press(KEY.Key_Delete)
    assert shown.chosen[1:] == [SetWatches(("t",))]


@pytest.mark.parametrize("opens", ["menu", "help", "completions"])
def test_what_is_open_dies_with_its_panel(qapp: QApplication, opens: str) -> None:
    # Not in qtbot, which would close it once more.
    panel = ConditionsPanel(LOOK)
    panel.set_scene(conditioned(toy_scene(), POINTS, WATCHES))
    panel.show()
    panel.edit()
    pointer.settle()
    if opens == "menu":
        at = panel.list.viewport().mapToGlobal(panel.list.place(0).center().toPoint())
        place = panel.mapFromGlobal(at)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, at, NO_KEY)
        QApplication.sendEvent(panel, event)
    elif opens == "help":
        panel.editor.help.click()
    else:
        QTest.keyClicks(panel.editor.field, "en")
    before = {widget for widget in QApplication.topLevelWidgets() if widget.isVisible()}
    assert len(before) > 1
    shiboken6.delete(panel)
    pointer.settle()
    assert QApplication.activePopupWidget() is None
    assert not [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]


def test_an_action_of_a_menu_whose_row_is_gone_does_nothing(shown: Shown) -> None:
    menu = shown.open_menu(0)
    shown.show((), ())
    for action in menu.actions():
        action.trigger()
    menu.close()
    assert shown.chosen == []


# -- writing --------------------------------------------------------------------------------


def test_enter_adds_a_breakpoint_and_control_enter_a_watch(shown: Shown) -> None:
    shown.write("  rank(token) > 1 ")
    assert shown.chosen == [SetBreakpoints((*POINTS, Breakpoint("rank(token) > 1")))]
    assert shown.panel.editor.field.text() == ""
    shown.write("rank(token)", CONTROL)
    assert shown.chosen[1:] == [SetWatches((*WATCHES, "rank(token)"))]


def test_the_same_is_not_added_twice_however_it_is_spaced(shown: Shown) -> None:
    shown.write("entropy( alpha )>1")
    assert shown.chosen == []
    assert "already" in shown.panel.editor.problem.text()
    assert shown.panel.editor.field.text() == "entropy( alpha )>1", "it is not lost"
    shown.write("entropy( alpha )>1", CONTROL)
    assert len(shown.chosen) == 1, "as a watch it is another thing"


def test_a_double_click_or_f2_changes_a_condition_in_its_place(shown: Shown) -> None:
    shown.click(shown.words(1), double=True)
    field = shown.panel.editor.field
    assert field.text() == OFF.condition
    assert QApplication.focusWidget() is field
    shown.write("t == 4")
    assert shown.chosen == [
        SetBreakpoints((SPREAD, Breakpoint("t == 4", enabled=False), ELSEWHERE))
    ]
    assert QApplication.focusWidget() is shown.panel, "so that keys step again"
    shown.obey()
    shown.click(shown.words(3))
    shown.press(KEY.Key_F2)
    assert field.text() == WATCHES[0]
    shown.write("entropy(soft)", CONTROL)
    assert shown.chosen[1:] == [SetWatches(("entropy(soft)", *WATCHES[1:]))]


def test_a_changed_condition_has_stopped_nothing_yet(shown: Shown) -> None:
    shown.click(shown.words(0), double=True)
    shown.write(SPREAD.condition)
    assert shown.chosen == [], "nothing has changed"
    shown.click(shown.words(0), double=True)
    shown.write("entropy(alpha) > 2")
    assert shown.chosen == [SetBreakpoints((Breakpoint("entropy(alpha) > 2"), OFF, ELSEWHERE))]


def test_a_double_click_on_dot_or_strip_changes_nothing_in_the_field(shown: Shown) -> None:
    shown.click(shown.step(3, 4), double=True)
    shown.click(shown.dot(0), double=True)
    assert shown.panel.editor.field.text() == ""


def test_escape_leaves_a_condition_as_it_is_and_brings_the_draft_back(shown: Shown) -> None:
    field = shown.panel.editor.field
    shown.panel.edit()
    QTest.keyClicks(field, "t ==")
    shown.click(shown.words(0), double=True)
    assert field.text() == SPREAD.condition
    QTest.keyClick(field, KEY.Key_Escape)
    pointer.settle()
    assert field.text() == "t =="
    assert shown.chosen == []
    assert QApplication.focusWidget() is shown.panel
    shown.write("t == 8")
    assert shown.chosen == [SetBreakpoints((*POINTS, Breakpoint("t == 8")))]


def test_a_condition_that_was_removed_while_it_was_changed_is_added(shown: Shown) -> None:
    shown.click(shown.words(0), double=True)
    shown.show((OFF,), ())
    shown.write("t == 8")
    assert shown.chosen == [SetBreakpoints((OFF, Breakpoint("t == 8")))]


def test_what_is_wrong_on_this_source_is_not_added(shown: Shown) -> None:
    shown.write('alpha["nowhere else"] > .5')
    assert shown.chosen == []
    assert "nowhere else" in shown.panel.editor.problem.text()


def test_buttons_go_where_rows_need_the_room(shown: Shown) -> None:
    editor = shown.panel.editor
    assert editor.first.isVisible()
    shown.panel.resize(230, 130)
    pointer.settle()
    assert not editor.first.isVisible()
    assert shown.panel.list.height() > 80
    shown.panel.resize(230, 400)
    pointer.settle()
    assert editor.first.isVisible()


def test_the_heading_is_short_where_there_is_no_room(shown: Shown) -> None:
    shown.panel.resize(600, 400)
    assert shown.panel.heading() == "Breakpoints and watches"
    shown.panel.resize(120, 400)
    assert shown.panel.heading() == "Breakpoints"


# -- with a session -------------------------------------------------------------------------


def test_a_run_stops_where_a_condition_from_the_field_holds(desk: Desk, qtbot: QtBot) -> None:
    desk.stepping.run_after_encoding = False
    desk.encode()
    assert desk.session.document is not None
    desk.session.document.limits[0] = 8
    panel = opened(qtbot, ConditionsPanel, desk.scene, (230, 300))
    desk.playhead.scene_changed.connect(panel.set_scene)

    def obey(intent: Intent) -> None:
        if isinstance(intent, SetBreakpoints):
            desk.session.set_breakpoints(intent.breakpoints)
        if isinstance(intent, SetWatches):
            desk.session.set_watches(intent.watches)
        if isinstance(intent, GoTo):
            desk.session.go(intent.t)

    panel.wanted.connect(obey)
    panel.edit()
    QTest.keyClicks(panel.editor.field, "t == 3 or t == 6")
    QTest.keyClick(panel.editor.field, KEY.Key_Return)
    QTest.keyClicks(panel.editor.field, "entropy(alpha) + 0")
    QTest.keyClick(panel.editor.field, KEY.Key_Return, CONTROL)
    assert [point.condition for point in desk.scene.breakpoints] == ["t == 3 or t == 6"]
    desk.stepping.run()
    desk.settle()
    assert desk.scene.t == 3
    desk.stepping.run()
    desk.settle()
    assert desk.scene.t == 6
    stop, watch = panel.rows()
    assert isinstance(stop, StopRow)
    assert stop.stop.hits == 2
    assert stop.steps == (3, 6)
    assert isinstance(watch, WatchRow)
    step = desk.scene.steps[5]
    assert step.cross is not None
    alpha = step.cross.alpha[0, 0].astype(np.float64)
    assert watch.values[5] == pytest.approx(-float(np.sum(alpha * np.log(alpha))), rel=1e-5)
    desk.session.undo_stack.undo()
    desk.session.undo_stack.undo()
    desk.session.undo_stack.undo()
    assert not desk.scene.watches
    desk.session.undo_stack.undo()
    pointer.settle()
    assert panel.blank() == EMPTY
