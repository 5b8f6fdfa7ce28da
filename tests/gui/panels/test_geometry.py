"""The geometry panel: what lies where, which labels fit, and what the pointer does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.geometry import convex_hull, principal_components
from attn_desktop.gui.cloud_layout import CloudLayout
from attn_desktop.gui.intents import Brush, GoTo, Hover
from attn_desktop.gui.label_places import clashes
from attn_desktop.gui.panels import geometry
from attn_desktop.gui.panels.geometry import GeometryPanel
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.theme import theme
from tests.gui.heard import Heard
from tests.gui.painted import opened
from tests.gui.pointer import LEFT, NO_KEY, turn_wheel
from tests.toy_records import FIXED
from tests.toy_scenes import spoiled, toy_scene

UNLIT = Light()


def shown(
    qtbot: QtBot, scene: Scene, light: Light = UNLIT, size: tuple[int, int] = (460, 320)
) -> GeometryPanel:
    panel = opened(qtbot, GeometryPanel, scene, size)
    panel.set_light(light)
    panel.flush()
    return panel


def layout(panel: GeometryPanel) -> CloudLayout:
    panel.flush()
    assert panel._layout is not None
    return panel._layout


def at(place: NDArray[np.float64]) -> QPoint:
    return QPoint(round(float(place[0])), round(float(place[1])))


def alpha(scene: Scene) -> NDArray[np.float64]:
    assert scene.step is not None
    assert scene.step.cross is not None
    found: NDArray[np.float64] = scene.step.cross.alpha.mean(axis=(0, 1)).astype(np.float64)
    return found


def test_the_table_has_components_and_alpha_of_every_position_and_both_contexts(
    qtbot: QtBot,
) -> None:
    scene = toy_scene(t=3)
    assert scene.run is not None
    assert scene.step is not None
    table = shown(qtbot, scene).table()
    assert table.columns == ("position", "label", "PC1", "PC2", "alpha")
    found = principal_components(scene.run.states)
    positions, contexts = table.rows[:6], table.rows[6:]
    assert [row[:2] for row in positions] == list(enumerate(scene.source.labels))
    assert np.array([row[2:4] for row in positions]) == pytest.approx(found.coordinates)
    assert [row[4] for row in positions] == pytest.approx(alpha(scene))
    assert [row[1] for row in contexts] == ["c_soft", "c_hard"]
    for row, name in zip(contexts, ("soft", "hard"), strict=True):
        projected = found.project(scene.step.readings[name].context)
        assert row[2:4] == pytest.approx(projected.tolist())


def test_the_caption_says_what_share_of_the_variance_is_seen(qtbot: QtBot) -> None:
    scene = toy_scene()
    assert scene.run is not None
    first, second = 100 * principal_components(scene.run.states).ratios
    assert shown(qtbot, scene).caption() == f"PC1 {first:.0f} % · PC2 {second:.0f} %"
    assert shown(qtbot, toy_scene(source=1)).caption() == "one place"


def test_c_hard_lies_on_a_point_and_c_soft_in_the_hull_on_screen(qtbot: QtBot) -> None:
    scene = toy_scene(source=9, t=4)
    assert scene.step is not None
    assert scene.step.cross is not None
    found = layout(shown(qtbot, scene))
    soft, hard = found.marks
    assert hard == pytest.approx(found.points[int(scene.step.cross.sampled[0, 0])], abs=0.01)
    corners = found.points[convex_hull(found.points)]
    along, to = np.roll(corners, -1, axis=0) - corners, soft - corners
    turns = along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0]
    assert turns.min() > -0.1


def test_one_unit_is_as_long_either_way_and_everything_is_inside(qtbot: QtBot) -> None:
    scene = toy_scene(source=20)
    assert scene.run is not None
    coordinates = principal_components(scene.run.states).coordinates
    for size in ((700, 200), (200, 500)):
        panel = shown(qtbot, scene, size=size)
        points = layout(panel).points
        scale = np.diff(points[:2], axis=0) / np.diff(coordinates[:2], axis=0)
        assert scale[0, 0] == pytest.approx(-scale[0, 1])
        assert points.min() >= 0
        assert (points <= size).all()
        panel.resize(300, 300)
        panel.grab().toImage()
        assert (layout(panel).points <= 300).all()


def test_areas_grow_with_alpha_once_it_is_known(qtbot: QtBot) -> None:
    scene = toy_scene(t=2)
    panel = shown(qtbot, scene)
    areas = layout(panel).radii ** 2
    spread = (areas - geometry.LEAST**2) / (geometry.MOST**2 - geometry.LEAST**2)
    assert spread == pytest.approx(alpha(scene))
    panel.set_scene(replace(scene, phase=Phase.WINDOW))
    assert layout(panel).radii == pytest.approx(np.full(6, geometry.LEAST))
    assert {row[4] for row in panel.table().rows} == {""}


def test_contexts_appear_with_their_phase_and_leave_a_path(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, phase=Phase.ALPHA)
    panel = shown(qtbot, scene)
    before = layout(panel)
    assert len(before.marks) == 0
    assert len(panel.table().rows) == 6
    assert np.isfinite(before.path[:, 0]).tolist() == [True, True, False, False, False]
    panel.set_scene(replace(scene, phase=Phase.CONTEXT))
    after = layout(panel)
    assert len(after.marks) == 2
    assert after.path[2] == pytest.approx(after.marks[0])
    assert np.isnan(after.path[3:]).all()
    assert panel.grab().toImage().pixelColor(at(after.marks[0])) == panel.theme.hue("soft")


def test_no_label_lies_on_another_or_on_a_point_and_those_left_out_are_counted(
    qtbot: QtBot,
) -> None:
    panel = shown(qtbot, toy_scene(source=80, t=3), Light(source=frozenset({7, 8})))
    found = layout(panel)
    drawn = np.concatenate([found.labels, found.mark_labels])
    drawn = drawn[np.isfinite(drawn[:, 0])]
    for i in range(len(drawn)):
        assert not clashes(drawn[i : i + 1], np.delete(drawn, i, axis=0)).any()
    centres = np.hstack([found.points, found.points])
    assert not clashes(drawn, centres).any()
    missing = int(np.isnan(found.labels[:, 0]).sum())
    assert missing > 0
    assert panel.caption().endswith(f" · {missing} without label")


def test_what_is_lit_and_the_largest_alpha_keep_their_labels(qtbot: QtBot) -> None:
    lit = frozenset({7, 31, 55})
    for t in (1, 3, 5):
        scene = toy_scene(source=80, t=t)
        found = layout(shown(qtbot, scene, Light(brushed_source=lit), (300, 220)))
        assert np.isfinite(found.labels[sorted(lit), 0]).all()
        assert np.isfinite(found.labels[int(alpha(scene).argmax()), 0])


def test_labels_of_small_alpha_rest_from_step_to_step(qtbot: QtBot) -> None:
    scene = toy_scene(source=30, steps=6, t=1)
    panel = shown(qtbot, scene, size=(700, 500))
    boxes = []
    for t in range(1, 7):
        panel.set_scene(replace(scene, t=t))
        moved = layout(panel).labels.copy()
        moved[alpha(panel.scene) >= geometry.LARGE_ALPHA] = np.nan
        boxes.append(moved)
    for column in np.stack(boxes, axis=1):
        places = column[np.isfinite(column[:, 0])]
        assert (places == places[:1]).all()


def test_in_words_the_first_piece_carries_the_label(qtbot: QtBot) -> None:
    scene = toy_scene(source=7, pieces=2, words=True)
    panel = shown(qtbot, scene)
    found = layout(panel)
    assert len(found.points) == 7
    assert len(found.labels) == len(scene.source) == 4
    heard = Heard(panel)
    wanted, said = heard.asked, heard.said
    left, top, right, bottom = found.labels[1]
    QTest.mouseMove(panel, QPoint(int((left + right) / 2), int((top + bottom) / 2)))
    assert wanted[-1] == Hover(source=frozenset(scene.source.positions(1)))
    assert f"“{scene.source.labels[1]}”" in said[-1]
    assert [row[1] for row in panel.table().rows[:4]] == [
        label for label in scene.source.labels[:2] for _ in range(2)
    ]


def test_hovering_a_point_lights_it_and_says_its_numbers(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, phase=Phase.ALPHA)
    panel = shown(qtbot, scene)
    heard = Heard(panel)
    wanted, said = heard.asked, heard.said
    QTest.mouseMove(panel, at(layout(panel).points[2]))
    assert wanted == [Hover(source=frozenset({2}))]
    assert said[-1].startswith(f"h_2 “word2”  α = {alpha(scene)[2]:.4f}  at (")
    QTest.mouseMove(panel, QPoint(1, 1))
    assert said[-1] == ""


def test_a_click_brushes_a_point_once_more_puts_it_out_and_beside_all(qtbot: QtBot) -> None:
    panel = shown(qtbot, toy_scene(phase=Phase.ALPHA))
    wanted = Heard(panel).asked
    place = at(layout(panel).points[4])
    QTest.mouseClick(panel, LEFT, NO_KEY, place)
    assert wanted.pop() == Brush(source=frozenset({4}))
    panel.set_light(Light(brushed_source=frozenset({1, 4}), brushed_target=frozenset({2})))
    QTest.mouseClick(panel, LEFT, NO_KEY, place)
    assert wanted.pop() == Brush(frozenset({1}), frozenset({2}))
    QTest.mouseClick(panel, LEFT, NO_KEY, QPoint(1, 1))
    assert wanted.pop() == Brush(target=frozenset({2}))


def test_an_earlier_context_lights_its_step_and_a_click_goes_there(qtbot: QtBot) -> None:
    scene = toy_scene(steps=6, t=6, seed=2)
    panel = shown(qtbot, scene, size=(900, 700))
    found = layout(panel)
    others = np.concatenate([found.points, found.marks])
    free = [
        t
        for t in range(1, 6)
        if np.linalg.norm(others - found.path[t - 1], axis=1).min() > 20
        and np.linalg.norm(np.delete(found.path, t - 1, axis=0) - found.path[t - 1], axis=1).min()
        > 3
    ]
    assert free
    heard = Heard(panel)
    wanted, said = heard.asked, heard.said
    QTest.mouseClick(panel, LEFT, NO_KEY, at(found.path[free[0] - 1]))
    assert GoTo(free[0]) in wanted
    QTest.mouseMove(panel, at(found.path[free[0] - 1]))
    assert Hover(target=frozenset({free[0]})) in wanted
    assert said[-1].startswith(f"c_soft of t {free[0]} “{scene.tokens[free[0] - 1]}”  at (")


def test_a_token_that_is_not_out_yet_is_not_said(qtbot: QtBot) -> None:
    scene = toy_scene(source=3, t=2, phase=Phase.CONTEXT)
    panel = shown(qtbot, scene)
    hover, said = panel._of_context("soft", 2)
    assert hover == Hover(target=frozenset({2}))
    assert said.startswith("c_soft of t 2 “?”  at (")


def test_the_way_of_c_leads_through_every_step_so_far_and_the_last_ones_stand_out(
    qtbot: QtBot,
) -> None:
    scene = toy_scene(steps=9, source=3, t=7, seed=2)
    assert scene.run is not None
    panel = shown(qtbot, scene, size=(900, 700))
    found = layout(panel)
    whole = principal_components(scene.run.states)
    for t, step in enumerate(scene.steps, start=1):
        place = whole.project(step.readings["soft"].context)
        expected = found.plane.pixels(place[None])[0] if t <= 7 else [np.nan, np.nan]
        assert found.path[t - 1] == pytest.approx(expected, nan_ok=True)

    def strength(t: int) -> float:
        """How far the middle between two steps is from the ground, anywhere near the line."""
        x, y = (found.path[t - 1] + found.path[t - 2]) / 2
        image, ground = panel.grab().toImage(), panel.theme.colour("card")
        seen = [
            image.pixelColor(round(x) + dx, round(y) + dy)
            for dx in range(-1, 2)
            for dy in range(-1, 2)
        ]
        return max(abs(one.red() - ground.red()) for one in seen)

    assert strength(7) > strength(2)


def test_without_attention_the_fixed_context_stands_alone(qtbot: QtBot) -> None:
    scene = toy_scene(t=2, mode=FIXED)
    assert scene.run is not None
    panel = shown(qtbot, scene)
    found = layout(panel)
    assert found.radii == pytest.approx(np.full(6, geometry.LEAST))
    assert np.isnan(found.path).all()
    (row,) = panel.table().rows[6:]
    projected = principal_components(scene.run.states).project(scene.run.fixed_context)
    assert row[1] == "fixed c"
    assert row[2:4] == pytest.approx(projected.tolist())
    assert panel.grab().toImage().pixelColor(at(found.marks[0])) == panel.theme.colour("dim")


def test_components_are_computed_once_a_run(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def counted(points: NDArray[np.float64]) -> object:
        seen.append(points)
        return principal_components(points)

    panel = shown(qtbot, Scene())
    monkeypatch.setattr(geometry, "principal_components", counted)
    scene = toy_scene(t=1)
    for changed in (scene, replace(scene, t=4), replace(scene, words=True)):
        panel.set_scene(changed)
        panel.flush()
    panel.set_theme(theme(dark=True))
    panel.flush()
    assert len(seen) == 1
    panel.set_scene(toy_scene(seed=1))
    panel.flush()
    assert len(seen) == 2


def test_the_wheel_looks_closer_and_says_what_is_out_of_view(qtbot: QtBot) -> None:
    panel = shown(qtbot, toy_scene(source=20))
    whole = layout(panel)
    place = at(whole.points[3])
    turn_wheel(panel, place, 8)
    closer = layout(panel)
    assert closer.points[3] == pytest.approx(whole.points[3], abs=8)
    assert closer.outside > 0
    assert f"{closer.outside} not in view" in panel.caption()
    QTest.mouseDClick(panel, LEFT, NO_KEY, QPoint(1, 1))
    assert layout(panel).points == pytest.approx(whole.points)


def test_lit_steps_have_a_ring_at_their_context(qtbot: QtBot) -> None:
    panel = shown(qtbot, toy_scene(t=1), Light(target=frozenset({3, 99})))
    places = panel._lit_contexts()
    assert len(places) == 1
    x, y = layout(panel).plane.pixels(places)[0]
    radius = geometry.MARK + panel.theme.px(2)
    ring = panel.theme.hue("target")
    colour = panel.grab().toImage().pixelColor(int(x + radius), int(y))
    assert abs(colour.red() - ring.red()) < 60
    assert colour.blue() < 140


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_contexts_that_are_not_finite_are_nowhere(qtbot: QtBot, value: float) -> None:
    panel = shown(qtbot, spoiled(toy_scene(t=3), value, ("context", "alpha")))
    found = layout(panel)
    assert len(found.marks) == 0
    assert np.isnan(found.path).all()
    assert np.isfinite(found.points).all()
    panel.grab().toImage()


def test_an_annotation_that_is_not_finite_is_counted(qtbot: QtBot) -> None:
    scene = toy_scene()
    assert scene.run is not None
    states = scene.run.states.copy()
    states[2, 1] = np.nan
    panel = shown(qtbot, replace(scene, run=replace(scene.run, states=states)))
    assert "1 not finite" in panel.caption()
    panel.grab().toImage()


def test_a_repaint_before_the_timer_shows_the_new_scene(qtbot: QtBot) -> None:
    panel = shown(qtbot, toy_scene(steps=9, source=12))
    for scene in (toy_scene(steps=2, t=1), toy_scene(source=2, t=0), Scene()):
        panel.set_scene(scene)
        panel.grab().toImage()
        contexts = [row for row in panel.table().rows if row[0] == ""]
        assert len(contexts) == (2 if scene.t else 0)


def test_an_empty_window_says_what_to_do(qtbot: QtBot) -> None:
    panel = shown(qtbot, Scene())
    heard = Heard(panel)
    wanted, said = heard.asked, heard.said
    QTest.mouseClick(panel, LEFT, NO_KEY, panel.rect().center())
    assert panel.caption() == ""
    assert panel.table().rows == ()
    assert wanted == []
    assert not any(said)
