"""The alignment matrix: its numbers and colours, what is marked, and what stays when stepping."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from attn_desktop.gui.intents import Brush, GoTo, Hover
from attn_desktop.gui.panels.alignment import AlignmentPanel
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.trace.records import StepRecord
from tests.gui.painted import opened
from tests.gui.plot_pointer import PlotPointer, show
from tests.gui.pointer import settle
from tests.toy_records import FIXED
from tests.toy_scenes import hard, toy_scene


@pytest.fixture
def panel(qtbot: QtBot) -> AlignmentPanel:
    return opened(qtbot, AlignmentPanel, Scene(), (420, 320))


def colour_at(panel: AlignmentPanel, x: float, y: float) -> QColor:
    pointer = PlotPointer(panel)
    return panel.grab().toImage().pixelColor(pointer.at(x, y))


def test_rows_are_steps_and_columns_are_the_source(panel: AlignmentPanel) -> None:
    scene = toy_scene(layers=2, heads=3)
    show(panel, scene)
    table = panel.table()
    assert table.columns == ("t", "token", *scene.source.labels)
    for row, step, token in zip(table.rows, scene.steps, scene.tokens, strict=True):
        assert step.cross is not None
        assert row[:2] == (step.t, token)
        np.testing.assert_allclose(
            np.array(row[2:], dtype=np.float64), step.cross.alpha.mean(axis=(0, 1)), rtol=1e-6
        )


def test_white_is_strong(panel: AlignmentPanel) -> None:
    show(panel, toy_scene(t=5))
    for row, column in ((0, 0), (1, 3), (3, 5)):
        level = round(panel._alpha[row, column] * 255)
        # Off the middle of the cell, where no mark is.
        assert colour_at(panel, column + 0.3, row + 0.3) == QColor(level, level, level)


def test_a_phase_before_alpha_hides_the_row(panel: AlignmentPanel) -> None:
    scene = toy_scene(t=3)
    show(panel, replace(scene, phase=Phase.WINDOW))
    assert colour_at(panel, 2.3, 2.3) == panel.theme.colour("faint")
    assert colour_at(panel, 2.3, 1.3) != panel.theme.colour("faint")
    pointer = PlotPointer(panel)
    pointer.move(2.5, 2.5)
    assert "not computed yet" in pointer.said[-1]
    assert "“?”" in pointer.said[-1]
    show(panel, replace(scene, phase=Phase.ALPHA))
    assert colour_at(panel, 2.3, 2.3) != panel.theme.colour("faint")
    pointer.move(2.5, 2.4)
    assert f"α = {panel._alpha[2, 2]:.4f}" in pointer.said[-1]


def test_hard_steps_mark_what_was_drawn(panel: AlignmentPanel) -> None:
    scene = toy_scene(t=3, mode=hard())
    show(panel, scene)
    drawn = [int(step.cross.sampled[0, 0]) for step in scene.steps if step.cross]
    marks = panel._draws.path().toSubpathPolygons()
    assert [polygon.boundingRect().center().x() for polygon in marks] == pytest.approx(
        [k + 0.5 for k in drawn]
    )
    assert colour_at(panel, drawn[0] + 0.5, 0.5) == panel.theme.hue("hard")
    show(panel, replace(scene, phase=Phase.ALPHA))
    assert len(panel._draws.path().toSubpathPolygons()) == 4
    show(panel, toy_scene())
    assert panel._draws.path().isEmpty()


def test_the_playhead_frames_its_row(panel: AlignmentPanel) -> None:
    scene = toy_scene(t=2)
    show(panel, scene)
    assert panel._here.isVisible()
    assert panel._here.rect() == QRectF(0, 1, 6, 1)
    assert panel._rows._known == 2
    assert panel._rows._lit == {1}
    show(panel, replace(scene, t=0))
    assert not panel._here.isVisible()
    assert panel._rows._known == 0


def test_what_comes_later_has_the_colours_of_its_alpha(panel: AlignmentPanel) -> None:
    scene = toy_scene(t=5)
    show(panel, scene)
    at_the_end = colour_at(panel, 2.5, 4.5)
    show(panel, replace(scene, t=1))
    assert colour_at(panel, 2.5, 4.5) == at_the_end


def test_what_is_lit_is_framed(panel: AlignmentPanel) -> None:
    show(panel, toy_scene(t=2))
    panel.set_light(Light(frozenset({1, 2, 5}), frozenset({4, 2}), frozenset({99})))
    settle()
    columns = [polygon.boundingRect() for polygon in panel._lit_columns.path().toSubpathPolygons()]
    assert columns == [QRectF(1, 0, 2, 5), QRectF(5, 0, 1, 5)]
    rows = [polygon.boundingRect() for polygon in panel._lit_rows.path().toSubpathPolygons()]
    assert rows == [QRectF(0, 3, 6, 1)], "the row of the playhead has its own frame"
    assert panel._rows._lit == {1, 3}
    assert panel._columns._lit == {1, 2, 5}


def test_large_cells_are_set_apart(panel: AlignmentPanel) -> None:
    show(panel, toy_scene())
    assert not panel._lines.path().isEmpty()
    show(panel, toy_scene(source=100, steps=60))
    assert panel._lines.path().isEmpty()


def test_small_cells_of_a_picture_are_set_apart_by_its_rows(panel: AlignmentPanel) -> None:
    panel.resize(500, 300)
    show(panel, toy_scene(grid=(6, 14), steps=30))
    path = panel._lines.path()
    places = {path.elementAt(index).x for index in range(path.elementCount())}
    assert places == {14.0 * row for row in range(1, 6)}


def test_of_a_picture_white_is_the_largest_of_all_steps(panel: AlignmentPanel) -> None:
    scene = toy_scene(grid=(3, 4), steps=5, t=2)
    show(panel, scene)
    row, column = np.unravel_index(int(np.nanargmax(scene.alpha)), scene.alpha.shape)
    shades = panel._image.image[..., 0]
    assert shades.shape == scene.alpha.shape
    assert shades[row, column] == shades.max() == 255
    assert panel.caption() == f"α  black 0 · white {scene.alpha[row, column]:.2f}"
    assert scene.alpha[row, column] < 0.99


@pytest.mark.parametrize(("source", "steps"), [(1, 1), (1, 30), (30, 1)])
def test_a_single_cell_does_not_fill_the_panel(
    panel: AlignmentPanel, source: int, steps: int
) -> None:
    panel.resize(900, 600)
    show(panel, toy_scene(source=source, steps=steps))
    across, down = panel.source_view.pixels()
    assert across <= 97
    assert down <= 57
    assert panel.source_view.viewRange() == [[0, source], [0, steps]]


def test_pointing_at_cells_and_labels(panel: AlignmentPanel) -> None:
    scene = toy_scene(t=5)
    show(panel, scene)
    pointer = PlotPointer(panel)
    pointer.move(2.5, 1.5)
    assert pointer.asked[-1] == Hover(frozenset({2}), frozenset({2}))
    alpha = panel._alpha[1, 2]
    assert pointer.said[-1] == f"t 2 “{scene.tokens[1]}” ← “word2”  α = {alpha:.4f}"
    pointer.move(-0.1, 3.5)
    assert pointer.asked[-1] == Hover(target=frozenset({4}))
    pointer.move(3.5, -0.1)
    assert pointer.asked[-1] == Hover(frozenset({3}))


def test_clicks_go_to_steps_and_labels_of_columns_brush(panel: AlignmentPanel) -> None:
    show(panel, toy_scene(t=5))
    pointer = PlotPointer(panel)
    pointer.click(2.5, 1.5)
    assert GoTo(2) in pointer.asked
    pointer.click(-0.1, 3.5)
    assert GoTo(4) in pointer.asked
    pointer.click(3.5, -0.1)
    assert pointer.brushes == [Brush(frozenset({3}))]


def test_a_drag_brushes_an_area(panel: AlignmentPanel) -> None:
    show(panel, toy_scene())
    pointer = PlotPointer(panel)
    pointer.drag((1.2, 1.5), (3.4, 2.5))
    assert pointer.brushes[-1] == Brush(frozenset({1, 2, 3}), frozenset({2, 3}))


def test_zoom_stays_and_follows_the_playhead(panel: AlignmentPanel) -> None:
    scene = toy_scene(source=200, steps=200, t=5)
    show(panel, scene)
    view = panel.source_view
    PlotPointer(panel).turn_wheel(20.5, 4.5, 20)
    assert view.is_zoomed(0)
    assert view.is_zoomed(1)
    columns = view.viewRange()[0]
    for t in (6, 120, 200, 119, 1):
        show(panel, replace(scene, t=t))
        low, high = view.viewRange()[1]
        assert low - 1e-6 <= t - 1
        assert t <= high + 1e-6
        assert view.viewRange()[0] == columns, "a step moved the columns"
    rows = view.viewRange()[1]
    show(panel, replace(scene, t=2))
    assert view.viewRange()[1] == rows, "a row in view is no reason to move"


def test_new_steps_are_shown_unless_the_user_has_zoomed(panel: AlignmentPanel) -> None:
    scene = toy_scene(steps=30, source=30)
    show(panel, replace(scene, steps=scene.steps[:10], t=10))
    view = panel.source_view
    assert view.viewRange()[1] == [0, 10]
    show(panel, replace(scene, steps=scene.steps[:20], t=20))
    assert view.viewRange()[1] == [0, 20]
    pointer = PlotPointer(panel)
    pointer.turn_wheel(15.5, 15.5, 10)
    zoomed = view.viewRange()[0]
    show(panel, replace(scene, t=20))
    assert view.viewRange()[0] == zoomed
    pointer.double_click(*(sum(ends) / 2 for ends in view.viewRange()))
    assert view.viewRange() == [[0, 30], [0, 30]]
    pointer.turn_wheel(15.5, 15.5, 10)
    show(panel, toy_scene(steps=4, source=30, seed=3))
    assert view.viewRange() == [[0, 30], [0, 4]], "another run begins with all of it"


def test_mass_out_of_view_is_said(panel: AlignmentPanel) -> None:
    show(panel, toy_scene(source=30, t=3))
    view = panel.source_view
    assert panel.caption() == "α  black 0 · white 1"
    PlotPointer(panel).turn_wheel(2.5, 2.5, 10)
    shown = view.columns_in_view(30)
    other = panel._alpha[2].sum() - panel._alpha[2][shown.start : shown.stop].sum()
    assert panel.caption() == f"α  black 0 · white 1 · other {other:.2f} outside view"


def test_without_attention_it_says_so(panel: AlignmentPanel) -> None:
    show(panel, toy_scene(mode=FIXED))
    assert panel.caption() == "no attention"
    assert colour_at(panel, 2.3, 2.3) == panel.theme.colour("faint")
    pointer = PlotPointer(panel)
    pointer.move(2.5, 1.5)
    assert pointer.said[-1].endswith("no attention")


@pytest.mark.parametrize(("source", "steps"), [(449, 4), (4, 449)])
def test_the_strongest_of_cells_smaller_than_a_pixel_is_seen(
    source: int, steps: int, panel: AlignmentPanel
) -> None:
    panel.resize(240, 200)
    scene = toy_scene(source=source, steps=steps, t=0)
    places = [row % 2 if steps > source else 100 + row for row in range(steps)]
    show(panel, replace(scene, steps=tuple(map(looking_at, scene.steps, places))))
    assert min(panel.source_view.pixels()) < 1
    assert panel.source_view.width() > 0.6 * panel.width()
    image = panel.grab().toImage()
    pointer = PlotPointer(panel)
    for row, column in list(enumerate(places))[:30:7]:
        at = pointer.at(column + 0.5, row + 0.5)
        near = [
            image.pixelColor(at.x() + dx, at.y() + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)
        ]
        assert max(colour.lightness() for colour in near) == 255
    assert colour_at(panel, 300.5 if source > 300 else 3.5, 2.5).lightness() == 0


def looking_at(step: StepRecord, position: int) -> StepRecord:
    """The same step with all of α at one position."""
    assert step.cross is not None
    alpha = np.zeros_like(step.cross.alpha)
    alpha[..., position] = 1
    return replace(step, attention={"cross": replace(step.cross, alpha=alpha)})
