"""The context panel: its numbers, its colours and lines, and what the pointer does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from attn_desktop.common.mode import Mode
from attn_desktop.gui.intents import GoTo, Hover
from attn_desktop.gui.panels.context import ContextPanel
from attn_desktop.gui.scene import Light, Phase, Scene
from tests.gui.heard import Heard
from tests.gui.painted import opened
from tests.gui.pointer import LEFT, NO_KEY, turn_wheel
from tests.toy_records import ADDITIVE, FIXED, Sizes, toy_trace
from tests.toy_scenes import hard, spoiled, toy_scene

UNLIT = Light()


def wide_scene(steps: int = 4, hidden: int = 512, mode: Mode = ADDITIVE) -> Scene:
    trace = toy_trace(steps, Sizes(hidden=hidden), mode)
    return Scene(run=trace.run, steps=trace.steps, t=steps)


def shown(
    qtbot: QtBot, scene: Scene, light: Light = UNLIT, size: tuple[int, int] = (420, 300)
) -> ContextPanel:
    panel = opened(qtbot, ContextPanel, scene, size)
    panel.set_light(light)
    panel.flush()
    return panel


def cell(panel: ContextPanel, t: int, dimension: int) -> QPoint:
    """The middle of a cell of the raster."""
    assert panel.scene.run is not None
    area = panel._places().raster
    x = area.left() + (dimension + 0.5) * area.width() / len(panel.scene.run.fixed_context)
    y = area.top() + (t - 0.5) * area.height() / len(panel.scene.steps)
    return QPoint(int(x), int(y))


def context(scene: Scene, name: str) -> NDArray[np.float64]:
    assert scene.step is not None
    return scene.step.readings[name].context.astype(np.float64)


def test_the_table_has_both_readings_of_this_step(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    table = shown(qtbot, scene).table()
    assert table.columns == ("dimension", "c_soft", "c_hard")
    rows = np.array(table.rows)
    assert rows[:, 0].tolist() == list(range(8))
    assert rows[:, 1] == pytest.approx(context(scene, "soft"))
    assert rows[:, 2] == pytest.approx(context(scene, "hard"))


def test_the_caption_says_how_far_apart_the_readings_are_and_where_colours_end(
    qtbot: QtBot,
) -> None:
    scene = toy_scene(t=2)
    distance = np.linalg.norm(context(scene, "soft") - context(scene, "hard"))
    history = np.abs([step.active.context for step in scene.steps])
    assert shown(qtbot, scene).caption() == (
        f"‖c_soft − c_hard‖ {distance:.2f} · colours ±{np.quantile(history, 0.99):.2g}"
    )


def test_a_lit_position_adds_its_share_of_the_soft_context(qtbot: QtBot) -> None:
    scene = toy_scene(t=4)
    assert scene.run is not None
    assert scene.step is not None
    assert scene.step.cross is not None
    alpha = scene.step.cross.alpha[0, 0]
    panel = shown(qtbot, scene, Light(source=frozenset({1})))
    share = alpha[1] * scene.run.states[1]
    norm = np.linalg.norm(share)
    assert panel.caption().startswith(f"“word1”: α {alpha[1]:.2f}, ‖α h‖ {norm:.2f} · ")
    assert panel.table().columns[-1] == "α h of “word1”"
    assert np.array(panel.table().rows)[:, -1] == pytest.approx(share)
    panel.set_light(Light(brushed_source=frozenset(range(6))))
    panel.flush()
    assert panel.caption().startswith("6 positions: α 1.00, ")
    assert np.array(panel.table().rows)[:, -1] == pytest.approx(context(scene, "soft"), abs=1e-6)


@pytest.mark.parametrize("lit", [{99}, set()])
def test_nothing_lit_in_this_source_adds_nothing(qtbot: QtBot, lit: set[int]) -> None:
    panel = shown(qtbot, toy_scene(), Light(source=frozenset(lit)))
    assert panel.table().columns == ("dimension", "c_soft", "c_hard")
    assert "α h" not in panel.caption()


def test_this_step_appears_with_the_phase_of_its_context(qtbot: QtBot) -> None:
    light = Light(source=frozenset({1}))
    before = shown(qtbot, toy_scene(t=3, phase=Phase.ALPHA), light)
    assert before.table().rows == ()
    assert "‖" not in before.caption()
    said = Heard(before).said
    QTest.mouseMove(before, cell(before, 3, 2))
    assert said[-1] == "c_3 is computed after α"
    QTest.mouseMove(before, cell(before, 2, 2))
    assert said[-1].startswith("c_2[2] = ")
    faint = QColor(before.theme.faint)
    assert before.grab().toImage().pixelColor(cell(before, 3, 2)) == faint
    after = shown(qtbot, toy_scene(t=3, phase=Phase.CONTEXT), light)
    assert len(after.table().rows) == 8
    assert after.grab().toImage().pixelColor(cell(after, 3, 2)) != faint


def test_cells_have_the_colour_of_their_number_and_later_ones_are_faded(qtbot: QtBot) -> None:
    scene = toy_scene(steps=3, t=2, mode=hard())
    panel = shown(qtbot, scene)
    image, lut = panel.grab().toImage(), panel.theme.diverging_lut()
    history = np.array([step.readings["hard"].context for step in scene.steps])
    end = np.quantile(np.abs(history), 0.99)
    for t in (1, 2):
        for dimension in range(8):
            place = np.clip(history[t - 1, dimension] / end, -1, 1)
            expected = QColor(*lut[int(np.rint((place + 1) * 127.5))].tolist())
            assert image.pixelColor(cell(panel, t, dimension)) == expected
    strongest = int(np.abs(history[2]).argmax())
    place = np.clip(history[2, strongest] / end, -1, 1)
    full = QColor(*lut[int(np.rint((place + 1) * 127.5))].tolist())
    seen = image.pixelColor(cell(panel, 3, strongest))
    assert full.lightness() < seen.lightness(), "nearer to the card, which is white"


def test_the_row_of_this_step_is_framed(qtbot: QtBot) -> None:
    panel = shown(qtbot, toy_scene(t=2))
    target = panel.theme.hue("target")
    edge = int(panel._places().raster.left())

    def framed(t: int) -> bool:
        image, y = panel.grab().toImage(), cell(panel, t, 0).y()
        return any(image.pixelColor(x, y) == target for x in range(edge - 1, edge + 2))

    assert [t for t in range(1, 6) if framed(t)] == [2]
    panel.set_scene(replace(panel.scene, t=4))
    assert [t for t in range(1, 6) if framed(t)] == [4]
    panel.set_scene(replace(panel.scene, t=0))
    assert not [t for t in range(1, 6) if framed(t)]


def test_lines_go_through_their_numbers(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    panel = shown(qtbot, scene)
    area, image = panel._places().lines, panel.grab().toImage()
    reach = max(
        np.abs(reading.context).max() for step in scene.steps for reading in step.readings.values()
    )
    soft = panel.theme.hue("soft")
    for dimension, value in enumerate(context(scene, "soft")):
        x = area.left() + (dimension + 0.5) * area.width() / 8
        y = area.center().y() - value / reach * area.height() / 2
        near = QRectF(x - 2, y - 2, 4, 4).toAlignedRect()
        colours = [
            image.pixelColor(column, row)
            for column in range(near.left(), near.right() + 1)
            for row in range(near.top(), near.bottom() + 1)
        ]
        assert any(
            abs(c.red() - soft.red()) + abs(c.green() - soft.green()) + abs(c.blue() - soft.blue())
            < 90
            for c in colours
        )


def test_hovering_a_row_lights_its_step_and_says_both_readings(qtbot: QtBot) -> None:
    scene = toy_scene(t=5)
    panel = shown(qtbot, scene)
    heard = Heard(panel)
    wanted, said = heard.asked, heard.said
    QTest.mouseMove(panel, cell(panel, 2, 6))
    assert wanted[-1] == Hover(target=frozenset({2}))
    soft, hard_ = (scene.steps[1].readings[name].context[6] for name in ("soft", "hard"))
    assert said[-1] == f"c_2[6] = {soft:.3f} (soft) {hard_:.3f} (hard)"


def test_hovering_the_lines_says_the_numbers_of_this_step(qtbot: QtBot) -> None:
    scene = toy_scene(t=4)
    panel = shown(qtbot, scene, Light(brushed_source=frozenset({0})))
    heard = Heard(panel)
    wanted, said = heard.asked, heard.said
    area = panel._places().lines
    QTest.mouseMove(panel, QPoint(int(area.left() + 3.5 * area.width() / 8), int(area.top() + 9)))
    soft, hard_ = (context(scene, name)[3] for name in ("soft", "hard"))
    assert said[-1].startswith(f"c_4[3] = {soft:.3f} (soft) {hard_:.3f} (hard)")
    assert said[-1].endswith("(α h of “word0”)")
    assert wanted == [], "no step but this one is meant"


def test_a_click_on_a_row_goes_to_its_step(qtbot: QtBot) -> None:
    panel = shown(qtbot, toy_scene())
    wanted = Heard(panel).asked
    QTest.mouseClick(panel, LEFT, NO_KEY, cell(panel, 3, 1))
    assert [intent for intent in wanted if isinstance(intent, GoTo)] == [GoTo(3)]
    QTest.mouseClick(panel, LEFT, NO_KEY, panel._places().lines.center().toPoint())
    assert sum(isinstance(intent, GoTo) for intent in wanted) == 1


def test_merged_dimensions_show_and_say_their_peak(qtbot: QtBot) -> None:
    scene = wide_scene()
    panel = shown(qtbot, scene, size=(200, 260))
    area = panel._places().raster
    merged = -(-512 // int(area.width() * panel.devicePixelRatioF()))
    assert merged >= 2
    said = Heard(panel).said
    at = cell(panel, 1, 300)
    QTest.mouseMove(panel, at)
    first = int((at.x() - area.left()) / area.width() * 512) // merged * merged
    values = scene.steps[0].active.context[first : first + merged]
    peak = int(np.abs(values).argmax())
    assert said[-1].startswith(f"c_1[{first + peak}] = {values[peak]:.3f} (soft)")
    assert said[-1].endswith(f"largest of dimensions {first}–{first + merged - 1}")


def test_the_wheel_looks_closer_until_each_dimension_is_seen(qtbot: QtBot) -> None:
    scene = wide_scene()
    panel = shown(qtbot, scene, size=(200, 260))
    said = Heard(panel).said
    at = cell(panel, 2, 256)
    turn_wheel(panel, at, 30)
    QTest.mouseMove(panel, at)
    assert "largest" not in said[-1]
    dimension = int(said[-1].split("[")[1].split("]")[0])
    assert abs(dimension - 256) <= 4, "what is under the pointer stays there"
    assert f"= {scene.steps[1].active.context[dimension]:.3f} (soft)" in said[-1]
    QTest.mouseDClick(panel, LEFT, NO_KEY, at)
    QTest.mouseMove(panel, at + QPoint(1, 0))
    assert "largest" in said[-1]


def test_the_fixed_context_has_one_reading(qtbot: QtBot) -> None:
    scene = toy_scene(t=2, mode=FIXED)
    panel = shown(qtbot, scene, Light(source=frozenset({1})))
    assert scene.run is not None
    assert panel.heading() == "Context vector c_t"
    assert panel.caption().startswith("fixed context [→h_S; ←h_1] · ")
    assert panel.table().columns == ("dimension", "c_fixed")
    assert np.array(panel.table().rows)[:, 1] == pytest.approx(scene.run.fixed_context)
    said = Heard(panel).said
    QTest.mouseMove(panel, cell(panel, 1, 3))
    assert said[-1] == f"c_1[3] = {scene.run.fixed_context[3]:.3f} (fixed)"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_leave_gaps(qtbot: QtBot, value: float) -> None:
    scene = spoiled(toy_scene(t=2), value, ("context",))
    panel = shown(qtbot, scene, Light(source=frozenset({1})))
    soft, lines = panel.theme.hue("soft"), panel._places().lines.toAlignedRect()
    image = panel.grab().toImage()
    assert not any(
        image.pixelColor(x, y) == soft
        for x in range(lines.left(), lines.right())
        for y in range(lines.top(), lines.bottom())
    )
    assert "colours ±1" in panel.caption()


def test_a_repaint_before_the_timer_shows_the_new_scene(qtbot: QtBot) -> None:
    panel = shown(qtbot, toy_scene(steps=9, t=9))
    for scene in (toy_scene(steps=2, t=1), toy_scene(steps=3, t=0, mode=FIXED), Scene()):
        panel.set_scene(scene)
        panel.grab().toImage()
        assert len(panel.table().rows) == (8 if scene.t else 0)


def test_an_empty_window_says_what_to_do(qtbot: QtBot) -> None:
    panel = shown(qtbot, Scene())
    assert panel.caption() == ""
    assert panel.table().rows == ()
    heard = Heard(panel)
    wanted, said = heard.asked, heard.said
    QTest.mouseClick(panel, LEFT, NO_KEY, panel.rect().center())
    assert wanted == []
    assert not any(said)
    panel.set_scene(replace(toy_scene(), steps=(), t=0))
    panel.flush()
    assert panel.caption() == ""
