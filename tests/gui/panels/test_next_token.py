"""The next token: its rows and numbers, what is drawn, and what a click asks for."""

from __future__ import annotations

import math
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QFocusEvent, QFontMetricsF, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from attn_desktop.gui.candidate_rows import SMALL
from attn_desktop.gui.intents import Force, Intent
from attn_desktop.gui.panels.next_token import QUIET, STRONG, NextTokenPanel
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.theme import Theme, theme
from tests.gui.painted import LIGHT, Painted
from tests.gui.pointer import settle
from tests.toy_records import FIXED, VOCABULARY
from tests.toy_scenes import hard, toy_scene

SIZE = (360, 240)
PRESENTER = theme(dark=False, presenter=True)
HAND = Qt.CursorShape.PointingHandCursor


def made(qtbot: QtBot, scene: Scene, size: tuple[int, int] = SIZE) -> Painted[NextTokenPanel]:
    return Painted(qtbot, NextTokenPanel, scene, size)


def place(shown: Painted[NextTokenPanel], index: int) -> tuple[float, float]:
    """The middle of a row."""
    centre = shown.panel.row_box(index).center()
    return centre.x(), centre.y()


def certain(scene: Scene, p_soft: float, p_hard: float) -> Scene:
    """The same scene, where both readings of each step list the chosen token alone."""

    def listed(p: float) -> dict[str, object]:
        return {"top_log_probs": np.log(np.array([p])), "log_prob": math.log(p)}

    steps = []
    for step in scene.steps:
        only = {"top_ids": np.array([step.token_id]), "top_tokens": (step.token,)}
        readings = {
            name: replace(step.readings[name], **only, **listed(p))  # type: ignore[arg-type]
            for name, p in (("soft", p_soft), ("hard", p_hard))
        }
        steps.append(replace(step, readings=readings))
    return replace(scene, steps=tuple(steps))


def test_the_table_holds_every_recorded_p_of_both_readings(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    table = made(qtbot, scene).panel.table()
    assert table.columns == ("token", "id", "p soft", "p hard", "chosen")
    rows = {int(row[1]): row for row in table.rows}
    step = scene.steps[2]
    assert set(rows) == {*step.active.top_ids, *step.readings["hard"].top_ids, step.token_id}
    for column, name in ((2, "soft"), (3, "hard")):
        reading = step.readings[name]
        for token_id, log_p in zip(reading.top_ids, reading.top_log_probs, strict=True):
            assert rows[int(token_id)][column] == pytest.approx(np.exp(log_p))
        unlisted = set(rows) - set(reading.top_ids.tolist()) - {step.token_id}
        assert all(math.isnan(float(rows[token_id][column])) for token_id in unlisted)
    assert [token_id for token_id, row in rows.items() if row[4]] == [step.token_id]
    assert rows[step.token_id][0] == scene.tokens[2]
    assert rows[step.token_id][2] == pytest.approx(np.exp(step.readings["soft"].log_prob))


def test_rows_follow_the_reading_in_use(qtbot: QtBot) -> None:
    for mode, column in ((toy_scene().steps[0].mode, 2), (hard(), 3)):
        table = made(qtbot, toy_scene(t=3, mode=mode)).panel.table()
        known = [float(row[column]) for row in table.rows if not math.isnan(float(row[column]))]
        assert known == sorted(known, reverse=True)


def test_heading_and_caption_tell_of_the_step_and_its_entropy(qtbot: QtBot) -> None:
    scene = toy_scene(t=4, mode=hard())
    panel = made(qtbot, scene).panel
    assert panel.heading() == "Next token at step 4"
    assert panel.caption() == f"H {scene.steps[3].readings['hard'].entropy:.2f} nats"
    assert made(qtbot, replace(scene, t=0)).panel.heading() == "Next token"


def test_it_waits_for_the_logits_and_marks_the_token_when_it_is_taken(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(t=3, phase=Phase.STATE))
    assert shown.panel.table().rows == ()
    assert shown.panel.caption() == ""
    assert not shown.seen(LIGHT.hue("soft", STRONG)).any()
    shown.show(toy_scene(t=3, phase=Phase.LOGITS))
    assert shown.seen(LIGHT.hue("soft", STRONG)).any()
    assert not any(row[4] for row in shown.panel.table().rows)
    assert not shown.seen(LIGHT.hue("target")).any()
    shown.show(toy_scene(t=3))
    chosen = [row.chosen for row in shown.panel.shown()].index(True)
    mark = np.argwhere(shown.seen(LIGHT.hue("target")))
    box = shown.panel.row_box(chosen)
    assert len(mark)
    assert box.top() <= mark[:, 0].min() <= mark[:, 0].max() <= box.bottom()


def test_bars_are_as_long_as_p(qtbot: QtBot) -> None:
    shown = made(qtbot, certain(toy_scene(t=2), 0.8, 0.4))
    left, right = shown.panel.columns().bars
    box = shown.panel.row_box(0)
    for hue, p in ((LIGHT.hue("soft", STRONG), 0.8), (LIGHT.hue("hard", QUIET), 0.4)):
        seen = shown.seen(hue)[int(box.top()) : int(box.bottom())]
        across = np.flatnonzero(seen[:, int(left) : int(right)].any(axis=0))
        assert len(across) == pytest.approx(p * (right - left), abs=4)


def test_the_reading_in_use_is_the_opaque_one(qtbot: QtBot) -> None:
    shown = made(qtbot, certain(toy_scene(t=2, mode=hard()), 0.8, 0.4))
    assert shown.seen(LIGHT.hue("hard", STRONG)).any()
    assert shown.seen(LIGHT.hue("soft", QUIET)).any()
    assert not shown.seen(LIGHT.hue("soft", STRONG)).any()


def test_what_is_not_shown_is_said_as_other(qtbot: QtBot) -> None:
    shown = made(qtbot, certain(toy_scene(t=2), 0.8, 0.4))
    shown.move(*place(shown, 1))
    assert shown.said[-1] == "all other tokens   p_soft = 0.2000   p_hard = 0.6000"


def test_a_low_panel_shows_the_chosen_token_and_other(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, scene, (260, 70))
    rows = shown.panel.shown()
    assert len(rows) < len(shown.panel.table().rows)
    assert any(row.chosen for row in rows)
    assert shown.panel.row_box(len(rows)).bottom() <= 70
    shown.move(*place(shown, len(rows)))
    rest = 1 - sum(row.p["soft"] for row in rows if not math.isnan(row.p["soft"]))
    assert f"p_soft = {rest:.4f}" in shown.said[-1]


def test_a_p_that_was_not_recorded_has_a_bound_and_no_bar(qtbot: QtBot) -> None:
    scene = certain(toy_scene(t=2), 0.8, 0.4)
    step = scene.steps[1]
    other = next(i for i in range(len(VOCABULARY)) if i != step.token_id)
    added = replace(
        step.readings["hard"],
        top_ids=np.array([step.token_id, other]),
        top_tokens=(step.token, VOCABULARY[other]),
        top_log_probs=np.log(np.array([0.4, 0.3])),
    )
    steps = (scene.steps[0], replace(step, readings={**step.readings, "hard": added}))
    shown = made(qtbot, replace(scene, steps=(*steps, *scene.steps[2:])))
    shown.move(*place(shown, 1))
    assert "p_soft <0.80   p_hard = 0.3000" in shown.said[-1]
    box = shown.panel.row_box(1)
    inside = slice(int(box.top()) + 1, int(box.bottom()) - 1)
    assert not shown.seen(LIGHT.hue("soft", STRONG))[inside].any()
    shown.move(5, 1)
    assert shown.seen(LIGHT.hue("hard", QUIET))[inside].any()


def test_a_click_takes_another_token_and_not_the_same_again(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, scene)
    taken = scene.steps[2].token_id
    for index, row in enumerate(shown.panel.shown()):
        shown.asked.clear()
        shown.move(*place(shown, index))
        assert shown.said[-1].startswith(f"“{row.label}”")
        shown.click(*place(shown, index))
        if row.token_id == taken:
            assert shown.asked == []
            assert shown.panel.cursor().shape() != HAND
            assert shown.said[-1].endswith("taken")
        else:
            assert shown.asked == [Force(row.token_id, row.label)]
            assert shown.panel.cursor().shape() == HAND
            assert shown.said[-1].endswith(f"click to take “{row.label}” instead (a branch)")
    shown.asked.clear()
    shown.click(*place(shown, len(shown.panel.shown())))
    shown.click(30, 2)
    assert shown.asked == []


def test_the_row_under_the_pointer_is_highlighted(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(t=3))
    faint = LIGHT.colour("faint")
    assert not shown.seen(faint, 1).any()
    shown.move(*place(shown, 1))
    rows = np.flatnonzero(shown.seen(faint, 1).any(axis=1))
    box = shown.panel.row_box(1)
    assert box.top() - 1 <= rows.min() <= rows.max() <= box.bottom() + 1


def test_the_cursor_follows_what_comes_under_a_pointer_that_rests(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, scene)
    free = [row.token_id != scene.steps[2].token_id for row in shown.panel.shown()].index(True)
    shown.move(*place(shown, free))
    assert shown.panel.cursor().shape() == HAND
    shown.show(replace(scene, phase=Phase.ALPHA))
    assert shown.panel.cursor().shape() != HAND


def test_without_attention_there_is_one_p_and_no_hue(qtbot: QtBot) -> None:
    scene = toy_scene(t=2, mode=FIXED)
    shown = made(qtbot, scene)
    assert all(math.isnan(float(row[3])) for row in shown.panel.table().rows)
    assert not shown.seen(LIGHT.hue("soft", STRONG)).any()
    assert not shown.seen(LIGHT.hue("hard", QUIET)).any()
    assert shown.seen(LIGHT.colour("dim", STRONG)).any()
    shown.move(*place(shown, 0))
    assert "p = " in shown.said[-1]


@pytest.mark.parametrize("size", [(120, 70), (200, 100), (260, 120), (360, 190), (900, 600)])
@pytest.mark.parametrize("look", [LIGHT, PRESENTER], ids=["normal", "presenter"])
def test_columns_and_rows_stay_apart_at_any_size(
    qtbot: QtBot, size: tuple[int, int], look: Theme
) -> None:
    scene = toy_scene(t=3)
    step = replace(scene.steps[2], token="▁" + "incomprehensible" * 3)
    scene = replace(scene, steps=(*scene.steps[:2], step, *scene.steps[3:]))
    least = NextTokenPanel(look).minimumSizeHint()
    size = max(size[0], least.width()), max(size[1], least.height())
    panel = Painted(qtbot, NextTokenPanel, scene, size, look).panel
    columns = panel.columns()
    edges = [*columns.labels, *columns.bars]
    widest = QFontMetricsF(look.font(SMALL)).horizontalAdvance("<0.001")
    for right in sorted(columns.numbers.values()):
        edges += [right - widest, right]
    assert edges == sorted(edges)
    assert edges[-1] <= size[0]
    assert panel.scene.steps[2].mode.weighting in columns.numbers
    assert columns.pitch >= QFontMetricsF(look.font(bold=True)).height()
    assert panel.row_box(len(columns.shown)).bottom() <= size[1]


def press(shown: Painted[NextTokenPanel], *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(shown.panel, key)
    settle()


def test_a_row_is_chosen_and_taken_by_key(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, scene)
    rows = shown.panel.shown()
    press(shown, Qt.Key.Key_Return)
    assert shown.asked == [], "no row is chosen yet"
    free = next(index for index, row in enumerate(rows) if not row.chosen)
    press(shown, *[Qt.Key.Key_Down] * (free + 1))
    assert f"“{rows[free].label}”" in shown.said[-1]
    assert "press Enter" in shown.said[-1]
    press(shown, Qt.Key.Key_Return)
    assert shown.asked == [Force(rows[free].token_id, rows[free].label)]
    press(shown, *[Qt.Key.Key_Down] * 20, Qt.Key.Key_Up, Qt.Key.Key_Enter)
    assert shown.asked[-1] == Force(rows[-2].token_id, rows[-2].label)
    press(shown, *[Qt.Key.Key_Up] * 20)
    assert f"“{rows[0].label}”" in shown.said[-1]


def test_the_token_taken_already_is_not_asked_for(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(t=3))
    chosen = [row.chosen for row in shown.panel.shown()].index(True)
    press(shown, *[Qt.Key.Key_Down] * (chosen + 1), Qt.Key.Key_Return)
    assert shown.asked == []


def test_escape_lets_go_of_a_chosen_row_and_stops_nothing_then(qtbot: QtBot) -> None:
    window, stop = QMainWindow(), Mock()
    qtbot.addWidget(window)
    panel = NextTokenPanel(LIGHT)
    window.setCentralWidget(panel)
    action = QAction(window, shortcut=QKeySequence("Esc"))
    action.triggered.connect(stop)
    window.addAction(action)
    window.show()
    window.activateWindow()
    panel.set_scene(toy_scene(t=3))
    panel.setFocus()
    settle()
    asked: list[Intent] = []
    panel.wanted.connect(asked.append)
    QTest.keyClick(panel, Qt.Key.Key_Down)
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    stop.assert_not_called()
    QTest.keyClick(panel, Qt.Key.Key_Return)
    assert asked == []
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    stop.assert_called_once()


def test_another_step_or_the_pointer_lets_go_of_a_chosen_row(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, scene)
    press(shown, Qt.Key.Key_Down, Qt.Key.Key_Down)
    shown.show(scene.at(2, Phase.TOKEN))
    press(shown, Qt.Key.Key_Return)
    assert shown.asked == []
    press(shown, Qt.Key.Key_Down)
    shown.move(*place(shown, 2))
    assert f"“{shown.panel.shown()[2].label}”" in shown.said[-1]
    press(shown, Qt.Key.Key_Return)
    assert shown.asked == []


def test_where_keys_go_is_seen_unless_the_mouse_brought_them(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(t=3))
    panel, hue = shown.panel, LIGHT.hue("source")
    assert panel.focusPolicy() & Qt.FocusPolicy.TabFocus
    panel.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not shown.seen(hue).any()
    panel.clearFocus()
    panel.setFocus(Qt.FocusReason.TabFocusReason)
    seen = shown.seen(hue)
    assert seen[panel.height() // 2, [0, -1]].all()
    assert seen[[0, -1], panel.width() // 2].all()
    press(shown, Qt.Key.Key_Down)
    box = panel.row_box(0)
    assert shown.seen(hue)[round(box.top()), panel.width() // 2]
    panel.clearFocus()
    assert not shown.seen(hue).any()


def test_another_window_takes_the_keys_only_for_a_while(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(t=3))
    shown.panel.clearFocus()
    shown.panel.setFocus(Qt.FocusReason.TabFocusReason)
    press(shown, Qt.Key.Key_Down)
    for kind in (QEvent.Type.FocusOut, QEvent.Type.FocusIn):
        event = QFocusEvent(kind, Qt.FocusReason.ActiveWindowFocusReason)
        QApplication.sendEvent(shown.panel, event)
    settle()
    hue, box = shown.seen(LIGHT.hue("source")), shown.panel.row_box(0).toRect()
    assert hue[0, shown.panel.width() // 2]
    assert hue[box.top(), shown.panel.width() // 2]
