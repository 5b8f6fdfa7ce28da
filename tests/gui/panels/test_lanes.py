"""The lanes: their numbers, what is drawn where, and what the pointer asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QFontMetricsF
from pytestqt.qtbot import QtBot

from attn_desktop.common.mode import Mode
from attn_desktop.gui.intents import Brush, GoTo, Hover
from attn_desktop.gui.panels.lanes import LEAST_ALPHA, LanesPanel
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.theme import theme
from attn_desktop.trace.records import StepRecord
from tests.gui.painted import Painted
from tests.toy_records import ADDITIVE, FIXED
from tests.toy_scenes import hard, spoiled, toy_scene

SIZE = (760, 180)


def made(qtbot: QtBot, scene: Scene, size: tuple[int, int] = SIZE) -> Painted[LanesPanel]:
    return Painted(qtbot, LanesPanel, scene, size)


def looking(scene: Scene, places: list[list[float]]) -> Scene:
    """The same scene with α of its steps as given."""

    def look(step: StepRecord, alpha: list[float]) -> StepRecord:
        assert step.cross is not None
        weights = np.array([[alpha]], dtype=np.float32)
        return replace(step, attention={"cross": replace(step.cross, alpha=weights)})

    steps = tuple(look(*both) for both in zip(scene.steps, places, strict=True))
    return replace(scene, steps=steps)


def source_place(shown: Painted[LanesPanel], column: int) -> tuple[float, float]:
    rows = shown.panel.rows()
    return float(rows.source.centres[column]), rows.top / 2


def target_place(shown: Painted[LanesPanel], t: int) -> tuple[float, float]:
    rows = shown.panel.rows()
    return float(rows.target.centres[t - 1]), (rows.bottom + shown.panel.height()) / 2


def test_the_table_holds_alpha_of_every_pair(qtbot: QtBot) -> None:
    scene = toy_scene(steps=3, source=4, layers=2, heads=2)
    table = made(qtbot, scene).panel.table()
    assert table.columns == ("t", "token", "source", "alpha")
    assert len(table.rows) == 12
    cross = scene.steps[1].cross
    assert cross is not None
    row = table.rows[4 + 2]
    assert row[:3] == (2, scene.tokens[1], scene.source.labels[2])
    assert row[3] == pytest.approx(cross.alpha.mean(axis=(0, 1))[2])


def test_words_are_summed(qtbot: QtBot) -> None:
    scene = toy_scene(steps=2, source=7, pieces=2, words=True)
    table = made(qtbot, scene).panel.table()
    assert [row[2] for row in table.rows[:4]] == list(scene.source.labels)
    assert sum(float(row[3]) for row in table.rows[:4]) == pytest.approx(1)


def test_steps_without_attention_have_no_pairs_and_no_ribbons(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(mode=FIXED))
    assert shown.panel.table().rows == []
    assert shown.panel.caption() == "no attention"
    assert shown.panel.ribbons(0, shown.panel.rows()) == []
    assert not shown.seen(shown.panel.theme.hue("soft", 0.85)).any()


def test_numbers_that_are_none_stay_visible_in_the_table(qtbot: QtBot) -> None:
    shown = made(qtbot, spoiled(toy_scene(t=2)))
    assert all(np.isnan(float(row[3])) for row in shown.panel.table().rows)
    assert shown.panel.ribbons(1, shown.panel.rows()) == []


def test_the_caption_tells_what_is_too_thin_to_draw(qtbot: QtBot) -> None:
    scene = looking(toy_scene(steps=2, source=5), [[0.2] * 5, [0.95, 0.019, 0.015, 0.016, 0.0]])
    shown = made(qtbot, scene)
    assert "other 0.05" in shown.panel.caption()
    assert len(shown.panel.ribbons(1, shown.panel.rows())) == 1
    shown.show(replace(scene, phase=Phase.WINDOW))
    assert "other" not in shown.panel.caption()
    shown.show(replace(scene, t=0))
    assert "other" not in shown.panel.caption()


def test_the_step_at_the_playhead_is_green_once_alpha_is_revealed(qtbot: QtBot) -> None:
    scene = looking(toy_scene(steps=3, source=3, t=2), [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    shown = made(qtbot, scene)
    green = shown.panel.theme.hue("soft", 0.85)
    # A grey ribbon lies below the green one.
    seen = shown.seen(green, 12)
    columns = np.flatnonzero(seen[90])
    assert len(columns) == pytest.approx(14, abs=2), "α = 1 is as thick as can be"
    assert columns.mean() == pytest.approx(target_place(shown, 2)[0], abs=60)
    shown.show(replace(scene, phase=Phase.WINDOW))
    assert not shown.seen(green, 12).any()
    shown.show(replace(scene, phase=Phase.ALPHA))
    assert shown.seen(green, 12).any()


def test_a_ribbon_is_as_thick_as_alpha(qtbot: QtBot) -> None:
    shown = made(qtbot, looking(toy_scene(steps=1, source=2), [[0.75, 0.25]]))
    green = shown.panel.theme.hue("soft", 0.85)
    rows = shown.panel.rows()
    line = np.flatnonzero(shown.seen(green, 14)[round(rows.top) + 3])
    left, right = line[line < rows.source.centres.mean()], line[line > rows.source.centres.mean()]
    assert len(left) == pytest.approx(0.75 * 14, abs=2)
    assert len(right) == pytest.approx(0.25 * 14, abs=2)
    assert left.mean() == pytest.approx(rows.source.centres[0], abs=2)


def test_other_steps_are_grey(qtbot: QtBot) -> None:
    scene = looking(toy_scene(steps=2, source=2, t=0), [[1, 0], [0, 1]])
    shown = made(qtbot, scene)
    grey = shown.seen(shown.panel.theme.colour("dim", 0.24), 4)[90]
    assert np.count_nonzero(grey) == pytest.approx(28, abs=4)


def test_a_hard_step_is_pink_and_marks_the_position_drawn(qtbot: QtBot) -> None:
    scene = toy_scene(steps=3, source=6, mode=hard(), t=3)
    shown = made(qtbot, scene)
    pink = shown.panel.theme.hue("hard")
    cross = scene.steps[2].cross
    assert cross is not None
    k = int(cross.sampled[0, 0])
    rows = shown.panel.rows()
    # Of the ribbons only where they meet, at the token, is as pink.
    above = shown.seen(pink, 2)[: round(rows.top + 2 * 6)]
    _, x = np.nonzero(above)
    assert len(x) == pytest.approx(2 * 6 * 6, rel=0.4)
    assert x.mean() == pytest.approx(rows.source.centres[k], abs=1.5)
    shown.show(replace(scene, phase=Phase.WINDOW))
    assert not shown.seen(pink, 2).any()


def test_a_token_is_a_question_mark_until_it_is_chosen(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, phase=Phase.LOGITS)
    shown = made(qtbot, scene)
    x, y = target_place(shown, 3)
    shown.move(x, y)
    assert "“?”" in shown.said[-1]
    hidden = shown.pixels()
    shown.show(replace(scene, phase=Phase.TOKEN))
    shown.move(x + 1, y)
    assert f"“{scene.tokens[2]}”" in shown.said[-1]
    assert (hidden != shown.pixels()).any()


def test_alpha_is_not_said_before_it_is_revealed(qtbot: QtBot) -> None:
    scene = toy_scene(t=2, phase=Phase.ENERGIES)
    shown = made(qtbot, scene)
    shown.move(*source_place(shown, 1))
    assert "α" not in shown.said[-1]
    shown.move(*target_place(shown, 2))
    assert "←" not in shown.said[-1]
    shown.move(*target_place(shown, 1))
    assert "←" in shown.said[-1]
    shown.show(replace(scene, phase=Phase.ALPHA))
    shown.move(*source_place(shown, 1))
    cross = scene.steps[1].cross
    assert cross is not None
    assert f"α = {cross.alpha[0, 0, 1]:.4f} at t 2" in shown.said[-1]


def test_hovering_lights_and_leaving_does_not(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(source=9, pieces=3, words=True))
    shown.move(*source_place(shown, 1))
    assert shown.asked[-1] == Hover(source=frozenset({3, 4, 5}))
    shown.move(*target_place(shown, 4))
    assert shown.asked[-1] == Hover(target=frozenset({4}))
    shown.show(shown.panel.scene, Light(target=frozenset({4})))
    shown.move(SIZE[0] / 2, SIZE[1] / 2)
    assert shown.asked[-1] == Hover()
    assert shown.said[-1] == ""


def test_a_click_on_a_token_goes_to_its_step(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(t=0))
    shown.click(*target_place(shown, 2))
    assert GoTo(2) in shown.asked
    assert not any(isinstance(intent, Brush) for intent in shown.asked)


def test_a_click_on_a_source_word_brushes_it_and_another_one_does_not(qtbot: QtBot) -> None:
    scene = toy_scene(source=9, pieces=3, words=True)
    shown = made(qtbot, scene)
    positions = frozenset({0, 1, 2})
    shown.click(*source_place(shown, 0))
    assert shown.asked[-1] == Brush(source=positions)
    shown.show(scene, Light(brushed_source=positions))
    shown.click(*source_place(shown, 0))
    assert shown.asked[-1] == Brush()


def test_what_is_lit_stands_on_a_pill_and_its_ribbons_stand_out(qtbot: QtBot) -> None:
    scene = looking(toy_scene(steps=2, source=3, t=0), [[1, 0, 0], [0.5, 0.5, 0]])
    shown = made(qtbot, scene)
    look, rows = shown.panel.theme, shown.panel.rows()
    pill, middle = look.hue("source", 0.25), round((rows.top + rows.bottom) / 2)
    assert shown.seen(pill).sum() < 60, "no more than edges of letters"
    before = shown.pixels()
    shown.show(scene, Light(source=frozenset({1})))
    _, x = np.nonzero(shown.seen(pill)[: round(rows.top)])
    assert len(x) > 300
    assert np.median(x) == pytest.approx(rows.source.centres[1], abs=3)
    changed = np.flatnonzero((shown.pixels()[middle] != before[middle]).any(axis=1))
    assert len(changed) == pytest.approx(8, abs=4), "the ribbon of α = 0.5"
    shown.show(scene, Light(brushed_target=frozenset({2})))
    _, x = np.nonzero(shown.seen(look.hue("target", 0.18))[round(rows.bottom) :])
    assert len(x) > 100
    assert np.median(x) == pytest.approx(rows.target.centres[1], abs=3)


def test_few_labels_share_slots_so_that_an_alignment_is_upright(qtbot: QtBot) -> None:
    rows = made(qtbot, toy_scene(steps=5, source=6)).panel.rows()
    assert rows.relative == 1
    assert rows.target.centres.tolist() == rows.source.centres[:5].tolist()


def test_the_first_tokens_of_a_long_source_begin_at_the_left(qtbot: QtBot) -> None:
    scene = toy_scene(steps=9, source=60, t=2)
    shown = made(qtbot, replace(scene, steps=scene.steps[:2]))
    assert shown.panel.rows().target.centres.max() < SIZE[0] / 4


@pytest.mark.parametrize(("source", "relative"), [(12, 1), (13, 0.85), (16, 0.75)])
def test_type_shrinks_before_anything_is_left_out(
    source: int, relative: float, qtbot: QtBot
) -> None:
    rows = made(qtbot, toy_scene(steps=5, source=source)).panel.rows()
    assert rows.relative == relative
    assert (rows.source.before, rows.source.after) == (0, 0)


def test_a_label_is_cut_only_where_type_of_a_smaller_size_has_no_room(qtbot: QtBot) -> None:
    scene = toy_scene(steps=3, source=8)
    assert scene.run is not None
    long = "▁electroencephalography"
    for count, relative, whole in ((1, 1.0, True), (3, 0.85, True), (7, 0.85, False)):
        run = replace(scene.run, source=(*(long,) * count, *scene.run.source[count:]))
        rows = made(qtbot, replace(scene, run=run)).panel.rows()
        assert rows.relative == relative
        assert (rows.source_texts[0] == long[1:]) == whole


@pytest.mark.parametrize("width", [260, 760])
def test_a_long_run_is_shown_around_the_playhead(width: int, qtbot: QtBot) -> None:
    scene = toy_scene(steps=60, source=60)
    shown = made(qtbot, scene, (width, 180))
    bold = theme(dark=False).font(0.75, bold=True)
    for t in (1, 2, 17, 30, 44, 59, 60):
        shown.show(scene.at(t, Phase.TOKEN))
        rows = shown.panel.rows()
        for row, texts in ((rows.source, rows.source_texts), (rows.target, rows.target_texts)):
            assert row.before + row.after + row.last - row.first == 60
            wide = [QFontMetricsF(bold).horizontalAdvance(text) for text in texts]
            assert (row.slots >= wide).all(), "a label has no room"
        assert rows.target.first <= t - 1 < rows.target.last


def test_ribbons_to_what_is_out_of_view_go_to_the_edge(qtbot: QtBot) -> None:
    scene = toy_scene(steps=40, source=60, t=20)
    shown = made(qtbot, scene)
    rows = shown.panel.rows()
    assert rows.source.before or rows.source.after
    for index in (0, 19, 39):
        cross = scene.steps[index].cross
        assert cross is not None
        alpha = cross.alpha[0, 0]
        found = shown.panel.ribbons(index, rows)
        total = alpha[alpha >= LEAST_ALPHA].sum()
        assert sum(weight for _, weight in found) == pytest.approx(total, abs=1e-5)
        assert all(0 <= x <= SIZE[0] for x, _ in found)


def test_an_edge_is_lit_when_what_is_lit_is_behind_it(qtbot: QtBot) -> None:
    scene = toy_scene(steps=60, source=60, t=1)
    shown = made(qtbot, scene)
    hue = shown.panel.theme.hue("target", 0.18)
    assert shown.seen(hue).sum() < 60, "no more than edges of letters"
    shown.show(scene, Light(target=frozenset({60})))
    _, x = np.nonzero(shown.seen(hue))
    assert len(x) > 300
    assert np.median(x) > 0.85 * SIZE[0]


def test_the_wheel_moves_a_row_until_the_playhead_moves(qtbot: QtBot) -> None:
    scene = toy_scene(steps=60, source=60, t=1)
    shown = made(qtbot, scene)
    source = shown.panel.rows().source.first
    shown.turn_wheel(300, 170, -240)
    rows = shown.panel.rows()
    assert rows.target.first > 0
    assert rows.source.first == source
    shown.show(scene.at(2, Phase.TOKEN))
    assert shown.panel.rows().target.first == 0


def test_the_source_follows_where_the_steps_look(qtbot: QtBot) -> None:
    scene = toy_scene(steps=60, source=60)
    one = np.eye(60).tolist()
    shown = made(qtbot, looking(scene, one))
    for t in (1, 10, 35, 60):
        shown.show(shown.panel.scene.at(t, Phase.TOKEN))
        row = shown.panel.rows().source
        assert row.first <= t - 1 < row.last


@pytest.mark.parametrize("width", [260, 760])
def test_what_the_step_looks_at_most_is_in_view_wherever_the_steps_around_it_look(
    width: int, qtbot: QtBot
) -> None:
    places = np.eye(60)[[0, 1, 2, 58, 3, 4, 30, 5, 6, 59, 7, 1, 8, 28, 9, 40]].tolist()
    shown = made(qtbot, looking(toy_scene(steps=16, source=60), places), (width, 180))
    for t in range(1, 17):
        shown.show(shown.panel.scene.at(t, Phase.TOKEN))
        rows = shown.panel.rows()
        column = int(np.argmax(places[t - 1]))
        assert rows.source.first <= column < rows.source.last
        assert shown.panel.ribbons(t - 1, rows) == [(float(rows.source.centres[column]), 1.0)]


@pytest.mark.parametrize("mode", [ADDITIVE, hard(), FIXED, Mode("additive", "local-m", "hard")])
def test_steps_after_the_playhead_are_dimmed(mode: Mode, qtbot: QtBot) -> None:
    scene = toy_scene(t=5, mode=mode)
    shown = made(qtbot, scene)
    ink = shown.panel.theme.ink("target")

    def inked() -> int:
        return int(shown.seen(ink)[round(shown.panel.rows().bottom) :].sum())

    at_the_end = inked()
    shown.show(replace(scene, t=0))
    assert inked() < at_the_end / 4


def test_without_steps_the_source_stands_alone(qtbot: QtBot) -> None:
    scene = toy_scene(steps=0)
    shown = made(qtbot, scene)
    assert shown.panel.rows().source.last == len(scene.source)
    assert shown.panel.table().rows == []
    shown.click(300, 170)
    assert not any(isinstance(intent, GoTo) for intent in shown.asked)


def test_without_a_run_there_is_a_hint_and_nothing_to_ask(qtbot: QtBot) -> None:
    shown = made(qtbot, Scene())
    assert shown.seen(shown.panel.theme.colour("dim"), 40).any()
    shown.click(300, 20)
    shown.turn_wheel(300, 20, 120)
    assert shown.asked == []
    assert shown.panel.table().columns == ()


def test_regions_that_nobody_looks_at_share_a_lane(qtbot: QtBot) -> None:
    scene = toy_scene(grid=(5, 8), steps=2, t=1)
    alpha = [0.01] * 40
    alpha[9] = 0.61
    shown = made(qtbot, looking(scene, [alpha, [1 / 40] * 40]))
    rows = shown.panel.rows()
    assert [rows.source_texts[lane] for lane in (0, 1)] == ["r2c2", "elsewhere"]
    places, shares = zip(*shown.panel.ribbons(0, rows), strict=True)
    assert places == pytest.approx(rows.source.centres[:2])
    assert shares == pytest.approx((0.61, 0.39))
    assert len(shown.panel.table().rows) == 80
    shown.move(*source_place(shown, 0))
    assert shown.asked[-1] == Hover(source=frozenset({9}))
    assert "r2c2" in shown.said[-1]
    shown.panel.set_light(Light(source=frozenset({9})))
    shown.move(*source_place(shown, 1))
    assert shown.asked[-1] == Hover()
    assert shown.said[-1] == "elsewhere   α = 0.3900 at t 1"
    shown.panel.set_light(Light(brushed_source=frozenset({30})))
    shown.panel.flush()
    assert shown.panel.rows().source_texts == ["r2c2", "r4c7", "elsewhere"]
