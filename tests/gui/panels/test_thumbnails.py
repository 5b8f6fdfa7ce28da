"""Word by word: one picture a step, where it is, what it shows and what a click does."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from attn_desktop.gui.intents import GoTo, Hover, Intent
from attn_desktop.gui.panels.thumbnails import ThumbnailsPanel
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.thumbnail_view import SIDES, ThumbnailView, lay_out
from tests.gui.painted import LIGHT, Painted, pixels
from tests.gui.pointer import settle
from tests.toy_records import FIXED
from tests.toy_scenes import asked, hard, toy_scene, without_picture


class Shown(Painted[ThumbnailsPanel]):
    def __init__(self, qtbot: QtBot, scene: Scene, size: tuple[int, int] = (640, 240)) -> None:
        super().__init__(qtbot, ThumbnailsPanel, scene, size)

    def last(self) -> Intent:
        """What was asked last."""
        return self.asked[-1]

    @property
    def view(self) -> ThumbnailView:
        return self.panel.view

    def at(self, t: int) -> QPoint:
        return self.view.place(t).center().toPoint()


@pytest.mark.parametrize("count", [1, 2, 7, 40, 200])
@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.5])
def test_the_flow_fills_rows_from_the_left_and_overlaps_nothing(count: int, ratio: float) -> None:
    for width, height in ((640, 240), (200, 90), (1500, 900)):
        flow = lay_out(count, ratio, QSize(width, height), 17, LIGHT)
        boxes = [flow.box(index) for index in range(count)]
        for one, other in pairwise(boxes):
            after = other.left() >= one.right() and other.top() == one.top()
            assert after or (other.top() >= one.bottom() and other.left() == boxes[0].left())
        assert all(box.right() <= width for box in boxes) or flow.across == 1
        assert flow.height >= boxes[-1].bottom()
        for index, box in enumerate(boxes):
            assert flow.index(box.center()) == index
        assert flow.index(boxes[0].topLeft() * 0) is None
        seen = set(flow.between(100, 300))
        assert {i for i, box in enumerate(boxes) if box.bottom() > 100 and box.top() < 300} <= seen


def test_a_few_are_large_and_many_are_small() -> None:
    few = lay_out(2, 1.0, QSize(800, 400), 17, LIGHT)
    assert few.side > 200
    assert few.height <= 400
    many = lay_out(60, 1.0, QSize(800, 200), 17, LIGHT)
    assert many.side == SIDES[0]
    assert many.height > 200


def test_a_picture_of_the_panel_has_all_steps_and_no_scroll_bar(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_scene(grid=(4, 4), steps=40, t=35), (400, 200))
    view, bar = shown.view, shown.view.verticalScrollBar()
    before = bar.value()
    assert before > 0
    seen = set[int]()
    paint = view._paint_step

    def painted(painter: QPainter, box: QRectF, t: int) -> None:
        if view.viewport().rect().contains(box.toAlignedRect()):
            seen.add(t)
        assert not bar.isVisible()
        paint(painter, box, t)

    view._paint_step = painted  # type: ignore[method-assign]
    shown.panel.render(QPixmap(shown.panel.size()))
    assert seen == set(range(1, 41))
    assert (bar.value(), bar.maximum() > 0) == (before, True)


def test_a_click_goes_to_the_step_and_pointing_lights_it(qtbot: QtBot) -> None:
    scene = toy_scene(grid=(3, 4), steps=6, t=2)
    shown = Shown(qtbot, scene)
    QTest.mouseMove(shown.view.viewport(), shown.at(4))
    settle()
    assert shown.last() == Hover(target=frozenset({4}))
    best = int(scene.alpha[3].argmax())
    assert f"t 4 “{scene.tokens[3]}”" in shown.said[-1]
    assert f"← {scene.source.labels[best]} {scene.alpha[3, best]:.2f}" in shown.said[-1]
    QTest.mouseClick(shown.view.viewport(), Qt.MouseButton.LeftButton, pos=shown.at(5))
    assert shown.last() == GoTo(5)
    shown.panel.set_light(Light(target=frozenset({4})))
    QTest.mouseMove(shown.view.viewport(), QPoint(1, 1))
    assert shown.last() == Hover()


def test_the_current_one_is_framed_and_brought_into_view(qtbot: QtBot) -> None:
    scene = toy_scene(grid=(4, 4), steps=60, t=1)
    shown = Shown(qtbot, scene, (400, 200))
    bar = shown.view.verticalScrollBar()
    assert (bar.value(), bar.maximum() > 0) == (0, True)
    shown.show(replace(scene, t=50))
    place = shown.view.place(50)
    assert bar.value() > 0
    assert place.top() >= 0
    assert place.bottom() <= shown.view.viewport().height()
    seen = pixels(shown.view.viewport())
    hue = LIGHT.hue("target")
    wanted = [hue.red(), hue.green(), hue.blue()]
    left = seen[
        round(place.center().y() - 12), max(0, round(place.left()) - 4) : round(place.left()) + 2
    ]
    assert (np.abs(left - wanted) < 40).all(axis=1).any()


def test_only_what_is_seen_is_made(qtbot: QtBot) -> None:
    scene = toy_scene(grid=(4, 4), steps=200, t=1)
    shown = Shown(qtbot, scene, (300, 160))
    assert 0 < len(shown.view._overlays) < 30
    shown.show(replace(scene, t=200))
    assert 200 in shown.view._overlays
    assert len(shown.view._overlays) < 60


def test_each_has_its_full_colour_at_its_own_largest_alpha(qtbot: QtBot) -> None:
    scene = toy_scene(grid=(3, 4), steps=3, t=1)
    shown = Shown(qtbot, scene)
    for t in (1, 2, 3):
        overlay = shown.view._overlay(t)
        assert overlay is not None
        levels = [
            overlay.pixelColor(x, y).red()
            for x in range(overlay.width())
            for y in range(overlay.height())
        ]
        assert max(levels) >= 250
        shown.show(replace(scene, t=t))


def test_lit_regions_weight_the_words(qtbot: QtBot) -> None:
    scene = toy_scene(grid=(3, 4), steps=4, t=1)
    shown = Shown(qtbot, scene)
    before = pixels(shown.view.viewport())
    shown.panel.set_light(Light(brushed_source=frozenset({1, 2, 99})))
    settle()
    expected = scene.alpha[:, 1:3].sum(axis=1)
    np.testing.assert_allclose(shown.view._shares, expected)
    assert (pixels(shown.view.viewport()) != before).any()
    shown.panel.set_light(Light())
    settle()
    assert (pixels(shown.view.viewport()) == before).all()


def test_what_is_not_known_yet_is_not_shown(qtbot: QtBot) -> None:
    scene = toy_scene(grid=(3, 4), steps=3, t=2, mode=hard())
    shown = Shown(qtbot, replace(scene, phase=Phase.WINDOW))
    assert shown.view._overlay(2) is None
    assert shown.view._overlay(3) is not None
    assert [row[0] for row in shown.panel.table().rows] == [1, 3]
    QTest.mouseMove(shown.view.viewport(), shown.at(2))
    assert "“?”" in shown.said[-1]
    assert "not computed yet" in shown.said[-1]


def test_glimpses_carry_the_answer_so_far(qtbot: QtBot) -> None:
    scene = asked(toy_scene(grid=(4, 4), steps=2, t=2))
    shown = Shown(qtbot, scene)
    assert shown.panel.heading() == "Glimpse by glimpse"
    assert shown.panel.caption().startswith("2 glimpses")
    QTest.mouseMove(shown.view.viewport(), shown.at(1))
    assert shown.said[-1].startswith(f"glimpse 1, answer so far “{scene.tokens[0]}”")


def test_a_sentence_where_there_is_nothing_to_see(qtbot: QtBot) -> None:
    shown = Shown(qtbot, Scene())
    for scene in (Scene(), toy_scene(), toy_scene(grid=(2, 2), steps=0)):
        shown.show(scene)
        assert not shown.view.isVisible()
        assert shown.panel._blank.text()
        assert shown.panel.table().rows == ()
    for scene in (without_picture(toy_scene(grid=(2, 2))), toy_scene(grid=(2, 2), mode=FIXED)):
        shown.show(scene)
        assert shown.view.isVisible()
