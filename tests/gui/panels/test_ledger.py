"""The context ledger: its bars, its running sum, its check, and how a dimension is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from attn_desktop.gui.intents import Brush, Hover
from attn_desktop.gui.ledger_painting import PLOTS
from attn_desktop.gui.panels.ledger import LedgerPanel
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.theme import Theme, theme
from tests.gui.edit_scenes import with_context_added
from tests.gui.painted import LIGHT, Painted
from tests.toy_records import FIXED
from tests.toy_scenes import hard, toy_scene

SIZE = (500, 420)
PRESENTER = theme(dark=False, presenter=True)


def made(
    qtbot: QtBot, scene: Scene, size: tuple[int, int] = SIZE, look: Theme = LIGHT
) -> Painted[LedgerPanel]:
    return Painted(qtbot, LedgerPanel, scene, size, look)


def context(scene: Scene) -> list[float]:
    assert scene.step is not None
    return [float(number) for number in scene.step.active.context]


def entries(scene: Scene, d: int) -> list[float]:
    """α_j h_j[d], by the definition."""
    assert scene.run is not None
    assert scene.step is not None
    assert scene.step.cross is not None
    alpha = scene.step.cross.alpha[0, 0].astype(np.float64)
    return [float(a * h) for a, h in zip(alpha, scene.run.states[:, d], strict=True)]


def test_the_table_has_entries_running_sum_norms_and_shares(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, scene)
    shown.panel.choose(2)
    table = shown.panel.table()
    assert table.columns == ("source", "α", "α h[3]", "running sum", "‖α h‖", "share of ‖c‖²")
    assert [row[0] for row in table.rows] == list(scene.source.labels)
    own = entries(scene, 2)
    assert [row[2] for row in table.rows] == pytest.approx(own)
    assert [row[3] for row in table.rows] == pytest.approx(np.cumsum(own))
    assert table.rows[-1][3] == pytest.approx(context(scene)[2], abs=1e-5)
    assert sum(float(row[5]) for row in table.rows) == pytest.approx(1, abs=1e-6)


def test_bars_stand_up_or_hang_down_in_the_colours_of_their_signs(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, scene)
    for d in range(3):
        shown.panel.choose(d)
        view = shown.panel.view()
        plot = view.plot("entries")
        seen = {
            sign: shown.seen(QColor(LIGHT.diverging[sign > 0]))[
                int(plot.area.top()) : int(plot.area.bottom()) + 1
            ]
            for sign in (-1, 1)
        }
        for j, value in enumerate(entries(scene, d)):
            across = slice(int(plot.x(j)) + 1, int(plot.x(j + 1)))
            high = abs(plot.y(value) - plot.y(0))
            if high < 6:
                continue
            sign = int(np.sign(value))
            rows = np.flatnonzero(seen[sign][:, across].any(axis=1)) + int(plot.area.top())
            # The running sum crosses bars.
            assert rows.max() - rows.min() == pytest.approx(high, abs=4)
            assert not seen[-sign][:, across].any()


def test_the_sum_is_checked_against_the_record(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, scene)
    shown.panel.choose(4)
    texts, holds = shown.panel.view().check()
    number = f"{context(scene)[4]:+.3f}".replace("-", "−")
    assert holds
    assert all(f"c_3[5] = {number} ✓" in text for text in texts)
    assert "within 1e−5 of Σ_j |α_j h_j[5]|" in texts[0]
    assert scene.step is not None
    reading = scene.step.readings["soft"]
    wrong = reading.context.copy()
    wrong[4] += 0.25
    step = replace(scene.step, readings={"soft": replace(reading, context=wrong)})
    shown.show(replace(scene, steps=(*scene.steps[:2], step, *scene.steps[3:])))
    texts, holds = shown.panel.view().check()
    assert not holds
    assert all("≠, +0.250 apart" in text for text in texts)
    assert shown.seen(LIGHT.colour("warning"), 40).any()


def test_an_edit_is_a_bar_of_its_own_and_said_by_how_much(qtbot: QtBot) -> None:
    scene = with_context_added(toy_scene(t=2), 3, -2.5)
    shown = made(qtbot, scene)
    shown.panel.choose(3)
    view = shown.panel.view()
    assert view.count == 7
    name, weight, entry, running, size, _ = shown.panel.table().rows[-1]
    assert name == "edit"
    assert np.isnan(float(weight))
    assert float(entry) == pytest.approx(-2.5, abs=1e-5)
    assert float(running) == pytest.approx(context(scene)[3], abs=1e-6)
    assert float(size) == pytest.approx(2.5, abs=1e-5)
    texts, _ = view.check()
    assert "the edit adds −2.500" in texts[0]
    assert "‖c − Σ‖ = 2.500" in texts[0]
    assert "edit 2.500" in shown.panel.caption()
    plot = view.plot("entries")
    shown.move(plot.x(6.5), plot.area.center().y())
    assert shown.said[-1].startswith("the edit of c_t adds −2.500 to c[4]")
    assert not [asked for asked in shown.asked if isinstance(asked, Hover) and asked.source]
    shown.click(plot.x(6.5), plot.area.center().y())
    assert not [asked for asked in shown.asked if isinstance(asked, Brush)]


def test_with_hard_weighting_there_is_one_bar(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, mode=hard())
    assert scene.step is not None
    assert scene.step.cross is not None
    k = int(scene.step.cross.sampled[0, 0])
    shown = made(qtbot, scene)
    view = shown.panel.view()
    assert np.flatnonzero(view.entries()).tolist() == [k]
    assert view.shares()[k] == pytest.approx(1)
    assert shown.panel.caption().startswith("hard · ‖c‖ ")
    assert shown.seen(LIGHT.hue("hard")).any()


def test_wheel_keys_and_field_choose_the_dimension(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, scene)
    panel = shown.panel
    largest = int(np.abs(context(scene)).argmax())
    assert panel.dimension() == largest
    assert panel.controls.largest.isChecked()
    shown.turn_wheel(250, 200, 120)
    assert panel.dimension() == (largest + 1) % 8
    assert not panel.controls.largest.isChecked()
    shown.turn_wheel(250, 200, -60)
    assert panel.dimension() == (largest + 1) % 8
    QTest.keyClick(panel, Qt.Key.Key_Down)
    assert panel.dimension() == largest
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert panel.controls.largest.isChecked()
    other = (largest + 3) % 8
    panel.controls.dimension.setValue(other + 1)
    assert panel.dimension() == other
    assert panel.controls.dimension.text() == f"d {other + 1}", "counted from 1"
    assert f"c_3[{other + 1}]" in panel.view().check()[0][-1]
    shown.show(replace(scene, t=1))
    assert panel.dimension() == other, "a chosen one stays from step to step"
    panel.controls.largest.click()
    assert panel.dimension() == int(np.abs(context(replace(scene, t=1))).argmax())


def test_pointing_lights_a_position_and_tells_its_numbers(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, scene)
    shown.panel.choose(1)
    for name in PLOTS:
        plot = shown.panel.view().plot(name)
        shown.move(plot.x(2.5), plot.area.center().y())
        said = shown.said[-1]
        assert said.startswith("“word2”   α · h[2] = ")
        assert "running sum" in said
        assert said.endswith("% of ‖c‖²")
    assert Hover(source=frozenset({2})) in shown.asked
    shown.click(plot.x(2.5), plot.area.center().y())
    assert shown.asked[-1] == Brush(source=frozenset({2}))


def test_words_light_all_their_pieces(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, source=9, pieces=3, words=True)
    shown = made(qtbot, scene)
    plot = shown.panel.view().plot("norms")
    shown.move(plot.x(1.5), plot.area.center().y())
    assert shown.asked[-1] == Hover(source=frozenset({3, 4, 5}))


@pytest.mark.parametrize("size", [(310, 120), (345, 130), (330, 190)])
def test_low_ones_have_labels_that_are_whole(qtbot: QtBot, size: tuple[int, int]) -> None:
    panel = made(qtbot, toy_scene(t=3, source=11), size).panel
    places = panel.view().places
    assert places.labels >= panel._labels.height(1000) - 4
    assert places.plots["entries"].height() >= 20


def test_low_ones_show_a_part_and_offer_the_other(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(t=3), (333, 165))
    panel = shown.panel
    assert list(panel.view().places.plots) == ["entries"]
    other = panel.controls.findChild(type(panel.controls.largest), "overview")
    assert other is not None
    assert other.isVisible()
    other.click()
    assert list(panel.view().places.plots) == ["norms", "shares"]
    panel.resize(500, 420)
    panel.flush()
    assert list(panel.view().places.plots) == list(PLOTS)
    assert not other.isVisible()


@pytest.mark.parametrize("size", [(120, 70), (240, 110), (333, 165), (800, 160), (900, 600)])
@pytest.mark.parametrize("look", [LIGHT, PRESENTER], ids=["normal", "presenter"])
def test_plots_titles_and_check_stay_apart_and_inside(
    qtbot: QtBot, size: tuple[int, int], look: Theme
) -> None:
    panel = made(qtbot, toy_scene(t=3), size, look).panel
    places = panel.view().places
    areas = [*places.plots.values(), *places.titles.values(), places.check]
    if panel.controls.isVisible():
        assert all(area.top() >= panel.controls.geometry().bottom() - 1 for area in areas)
    for index, area in enumerate(areas):
        assert area.left() >= 0
        assert area.right() <= size[0]
        assert not any(area.intersects(other) for other in areas[index + 1 :])


def test_it_comes_with_the_context_and_says_so_before(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, replace(scene, phase=Phase.ALPHA))
    assert shown.panel.table().rows == ()
    assert shown.panel.caption() == ""
    assert not shown.panel.controls.isVisible()
    shown.turn_wheel(100, 100, 120)
    shown.show(replace(scene, phase=Phase.CONTEXT))
    assert len(shown.panel.table().rows) == 6
    shown.show(toy_scene(mode=FIXED))
    assert shown.panel.table().rows == ()
    shown.move(100, 100)
    assert shown.said[-1] == ""
