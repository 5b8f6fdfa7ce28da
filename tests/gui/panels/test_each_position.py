"""Each position alone: rows and their order, what is clicked, what is asked of the model."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from attn_desktop.gui.each_layout import ALPHA, CHOSEN, JS, SOURCE, TOKEN, lay_out
from attn_desktop.gui.each_rows import EachRows
from attn_desktop.gui.intents import AskProbe, Brush, Force, Hover, MakeEdit
from attn_desktop.gui.panels.each_position import EachPositionPanel
from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.theme import Theme, theme
from attn_desktop.trace.edits import Edit
from tests.gui.painted import LEFT, LIGHT, NO_KEY, Painted
from tests.gui.pointer import settle
from tests.toy_each import with_each_position
from tests.toy_records import FIXED
from tests.toy_scenes import toy_scene

SIZE = (520, 320)
PRESENTER = theme(dark=False, presenter=True)


def scene_of(**changes: object) -> Scene:
    return with_each_position(toy_scene(t=3, probes=True, **changes))  # type: ignore[arg-type]


class Rows(Painted[EachPositionPanel]):
    """The panel with a pointer over its list."""

    def __init__(self, qtbot: QtBot, scene: Scene, size: tuple[int, int] = SIZE) -> None:
        super().__init__(qtbot, EachPositionPanel, scene, size)

    @property
    def look(self) -> EachRows:
        assert self.panel._look is not None
        return self.panel._look

    def row(self, number: int) -> QRectF:
        return self.panel.list.place(number)

    def point(self, at: QPointF) -> None:
        QTest.mouseMove(self.panel.list.viewport(), at.toPoint())
        settle()

    def press(self, at: QPointF) -> None:  # type: ignore[override]
        QTest.mouseClick(self.panel.list.viewport(), LEFT, NO_KEY, at.toPoint())
        settle()

    def column(self, number: int, name: str) -> QPointF:
        return self.look.columns.area(name, self.row(number)).center()


def test_the_table_has_every_position_with_its_numbers(qtbot: QtBot) -> None:
    scene = scene_of(source=7)
    probe = scene.probe("each-position")
    assert probe is not None
    table = Rows(qtbot, scene).panel.table()
    assert [row[0] for row in table.rows] == list(range(1, 8))
    assert [row[1] for row in table.rows] == list(scene.source.labels)
    numbers = np.array([row[4:] for row in table.rows], dtype=np.float64)
    assert numbers[:, 0] == pytest.approx(probe.arrays["top_log_probs"][:, 0])
    assert numbers[:, 1] == pytest.approx(probe.arrays["log_prob"])
    assert numbers[:, 2] == pytest.approx(probe.arrays["js"])
    assert numbers[:, 3] == pytest.approx(probe.arrays["entropy"])


@pytest.mark.parametrize(
    ("order", "column"), [(ALPHA, 2), (TOKEN, 4), (CHOSEN, 5), (JS, 6)], ids=lambda x: str(x)
)
def test_a_click_on_a_name_puts_the_rows_in_that_order(
    qtbot: QtBot, order: str, column: int
) -> None:
    shown = Rows(qtbot, scene_of(source=9))
    header, columns = shown.panel.header, shown.look.columns
    left, right = columns.spans[order]
    QTest.mouseMove(header, QPoint(int((left + right) / 2), 5))
    assert shown.said[-1].startswith("click to put rows in this order: ")
    QTest.mouseClick(header, LEFT, NO_KEY, QPoint(int((left + right) / 2), 5))
    numbers = [float(row[column]) for row in shown.panel.table().rows]
    assert numbers == sorted(numbers, reverse=True)
    left, right = columns.spans[SOURCE]
    QTest.mouseClick(header, LEFT, NO_KEY, QPoint(int((left + right) / 2), 5))
    assert [row[0] for row in shown.panel.table().rows] == list(range(1, 10))


def test_a_click_on_a_token_takes_it_but_not_the_one_taken(qtbot: QtBot) -> None:
    scene = scene_of()
    assert scene.step is not None
    shown = Rows(qtbot, scene)
    for number in range(3):
        for chip in shown.look.chips(number, shown.row(number)):
            del shown.asked[:]
            shown.press(chip.box.center())
            token = int(shown.look.each.top_ids[number, chip.rank])
            label = shown.look.each.top_labels[number][chip.rank]
            forced = [asked for asked in shown.asked if isinstance(asked, Force)]
            own = token == scene.step.token_id
            assert forced == ([] if own else [Force(token, label)])
            shown.point(chip.box.center())
            assert shown.said[-1].startswith(f"click to take “{label}” instead") != own


def test_a_click_on_alpha_looks_only_there(qtbot: QtBot) -> None:
    shown = Rows(qtbot, scene_of())
    shown.panel.put_in_order(ALPHA)
    j = shown.panel._positions[1]
    shown.point(shown.column(1, ALPHA))
    assert shown.said[-1].startswith(f"click to look only at “word{j}” (a branch)")
    shown.press(shown.column(1, ALPHA))
    assert shown.asked[-1] == MakeEdit((Edit("alpha", "pin", (j,)),))


def test_a_masked_position_cannot_be_looked_at_alone(qtbot: QtBot) -> None:
    scene = scene_of()
    assert scene.run is not None
    mask = np.array([True, False, True, True, True, True])
    steps = tuple(
        replace(
            step,
            attention={"cross": replace(step.cross, mask=np.broadcast_to(mask, (1, 1, 6)).copy())},
        )
        for step in scene.steps
        if step.cross is not None
    )
    shown = Rows(qtbot, replace(scene, run=replace(scene.run, mask=mask), steps=steps))
    assert shown.look.weight(1) == "masked"
    shown.press(shown.column(1, ALPHA))
    assert not [asked for asked in shown.asked if isinstance(asked, MakeEdit)]
    assert shown.said[-1] == "Position 2 is masked; α cannot be put there."


def test_pointing_lights_the_position_and_a_click_beside_brushes_it(qtbot: QtBot) -> None:
    shown = Rows(qtbot, scene_of())
    shown.point(shown.column(2, SOURCE))
    assert shown.asked[-1] == Hover(source=frozenset({2}))
    assert shown.said[-1].startswith("h_3 “word2” alone   log p(y) ")
    shown.press(shown.column(2, SOURCE))
    assert Brush(source=frozenset({2})) in shown.asked


def test_a_piece_of_a_word_has_a_row_of_its_own(qtbot: QtBot) -> None:
    shown = Rows(qtbot, scene_of(source=9, pieces=3, words=True))
    assert len(shown.panel.table().rows) == 9
    assert [row[1] for row in shown.panel.table().rows[:4]] == ["word0", "·1", "·2", "word3"]


def test_keys_choose_a_row_and_take_its_likeliest_token(qtbot: QtBot) -> None:
    scene = scene_of()
    assert scene.step is not None
    shown = Rows(qtbot, scene)
    QTest.keyClick(shown.panel, Qt.Key.Key_Down)
    QTest.keyClick(shown.panel, Qt.Key.Key_Down)
    assert shown.asked[-1] == Brush(source=frozenset({1}))
    assert shown.panel.current() == 1
    del shown.asked[:]
    QTest.keyClick(shown.panel, Qt.Key.Key_Return)
    token = int(shown.look.each.top_ids[1, 0])
    wanted = (
        [] if token == scene.step.token_id else [Force(token, shown.look.each.top_labels[1][0])]
    )
    assert shown.asked == wanted
    shown.panel.set_light(Light(brushed_source=frozenset({1})))
    QTest.keyClick(shown.panel, Qt.Key.Key_Escape)
    assert shown.panel.current() is None
    assert shown.asked[-1] == Brush()


def test_the_menu_has_every_token_pinning_and_orders(qtbot: QtBot) -> None:
    scene = scene_of()
    assert scene.step is not None
    shown = Rows(qtbot, scene)
    menu = QMenu()
    qtbot.addWidget(menu)
    shown.panel.fill_menu(menu, 2)
    actions = [action for action in menu.actions() if not action.isSeparator()]
    for rank in range(4):
        own = shown.look.each.top_ids[2, rank] == scene.step.token_id
        assert actions[rank].isEnabled() != own
    actions[4].trigger()
    assert shown.asked[-1] == MakeEdit((Edit("alpha", "pin", (2,)),))
    assert [action.isChecked() for action in actions[5:]] == [True, False, False, False, False]
    actions[-1].trigger()
    js = [float(row[6]) for row in shown.panel.table().rows]
    assert js == sorted(js, reverse=True)


def test_the_sum_stands_beside_the_expected_reading(qtbot: QtBot) -> None:
    scene = scene_of()
    probe, readings = scene.probe("each-position"), scene.probe("readings")
    assert probe is not None
    assert readings is not None
    assert scene.step is not None
    assert scene.step.cross is not None
    alpha = scene.step.cross.alpha[0, 0].astype(np.float64)
    total = float(alpha @ np.exp(probe.arrays["log_prob"]))
    expected = float(np.exp(readings.arrays["log_prob"][3]))
    shown = Rows(qtbot, scene)
    note = shown.panel.note.full_text
    assert note.startswith(f"Σ_j α_j p(y|h_j) = {total:.3f}, expected {expected:.3f} ≠")
    right = readings.arrays["log_prob"].copy()
    right[3] = np.log(total)
    held = replace(readings, arrays={**readings.arrays, "log_prob": right})
    shown.show(replace(scene, probes={scene.step.node: (held, probe)}))
    assert f"expected {total:.3f} ✓, soft " in shown.panel.note.full_text
    shown.show(replace(scene, probes={scene.step.node: (probe,)}))
    assert shown.panel.note.full_text.startswith(
        f"Σ_j α_j p(y|h_j) = {total:.3f}, the expected reading, soft "
    )


@pytest.mark.parametrize("width", range(180, 420, 20))
def test_the_sum_is_cut_where_it_can_be_seen(qtbot: QtBot, width: int) -> None:
    note = Rows(qtbot, scene_of(), (width, 320)).panel.note
    assert note.isVisible()
    written = note.fontMetrics().horizontalAdvance(note.text())
    assert written <= note.contentsRect().width()
    assert note.text() == note.full_text or note.text().endswith("…")


def test_what_is_not_computed_yet_is_not_said(qtbot: QtBot) -> None:
    scene = scene_of()
    shown = Rows(qtbot, replace(scene, phase=Phase.LOGITS))
    assert all(np.isnan(float(row[5])) for row in shown.panel.table().rows)
    assert shown.panel.note.full_text == ""
    assert "log p(y)" not in shown.look.about(0)
    shown.show(replace(scene, phase=Phase.STATE))
    assert shown.panel.table().rows == ()
    assert shown.panel.blank() == "p(y_3 | h_j) is computed after s_3. F11: next phase."


def test_it_asks_the_model_once_for_each_step_while_it_is_seen(qtbot: QtBot) -> None:
    scene = toy_scene(t=2)
    shown = Rows(qtbot, Scene())
    shown.show(scene)
    shown.show(replace(scene, words=True))
    shown.show(replace(scene, t=3))
    asked = [intent for intent in shown.asked if isinstance(intent, AskProbe)]
    assert asked == [AskProbe("each-position", 2), AskProbe("each-position", 3)]
    assert "not recorded at this step" in shown.panel.blank()
    shown.show(with_each_position(replace(scene, t=3)))
    assert shown.panel.blank() == ""
    shown.show(toy_scene(t=2, mode=FIXED))
    shown.panel.hide()
    shown.show(replace(scene, t=4))
    asked = [intent for intent in shown.asked if isinstance(intent, AskProbe)]
    assert len(asked) == 2


def test_without_attention_a_sentence_says_why(qtbot: QtBot) -> None:
    shown = Rows(qtbot, toy_scene(t=2, mode=FIXED))
    assert shown.panel.blank().startswith("Without attention there is no position to look at")
    assert not shown.panel.header.isVisible()


def test_only_rows_in_view_are_painted(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Rows(qtbot, with_each_position(toy_scene(source=512, steps=2)))
    painted: list[int] = []
    paint = EachRows.paint

    def counted(self: EachRows, *args: object) -> None:
        painted.append(int(str(args[2])))
        paint(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(EachRows, "paint", counted)
    shown.panel.list.viewport().repaint()
    rows = shown.panel.height() // shown.panel.row_height(0)
    assert 0 < len(set(painted)) <= rows + 1


@pytest.mark.parametrize("width", [140, 240, 318, 420, 900])
@pytest.mark.parametrize("look", [LIGHT, PRESENTER], ids=["normal", "presenter"])
def test_columns_stay_apart_and_tokens_have_room(width: int, look: Theme, qtbot: QtBot) -> None:
    columns = lay_out(["incomprehensible", "a"], width, look)
    spans = sorted(columns.spans.values())
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    if look is LIGHT and width >= 300:
        assert set(columns.spans) == {SOURCE, ALPHA, TOKEN, CHOSEN, JS}
        small = QFontMetricsF(look.font(SMALL)).horizontalAdvance("−12.34")
        assert columns.spans[CHOSEN][1] - columns.spans[CHOSEN][0] >= small
        assert columns.spans[TOKEN][1] - columns.spans[TOKEN][0] >= 60


def test_of_a_picture_the_largest_alpha_comes_first_unless_told_otherwise(qtbot: QtBot) -> None:
    shown = Rows(qtbot, scene_of(grid=(3, 4)))
    alpha = shown.look.each.alpha
    assert shown.panel._positions == sorted(range(12), key=lambda j: (-alpha[j], j))
    shown.panel.put_in_order(SOURCE)
    assert shown.panel._positions == list(range(12))
    assert Rows(qtbot, scene_of()).panel._positions == list(range(6))
