"""The scopes over a picture: windows that are dragged and typed along rows and columns."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.weighing import Window
from attn_desktop.gui.export_pose import posed
from attn_desktop.gui.intents import Brush, Hover, MakeEdit, SwitchMode
from attn_desktop.gui.panels.scopes import ScopesPanel
from attn_desktop.gui.picture_grid import CellGrid
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.scope_maps import GridMarks, region_at
from attn_desktop.gui.scope_places import dragged
from attn_desktop.gui.theme import theme
from tests.attention import reference
from tests.bench_probes import HALF_WIDTH, with_benches
from tests.gui import pointer
from tests.gui.painted import LIGHT, Painted
from tests.gui.pointer import settle
from tests.toy_records import ADDITIVE
from tests.toy_scenes import toy_scene, without_picture

GRID, SIZE = (6, 8), (640, 460)
GLOBAL, PREDICTIVE = 0, 1
CELLS = CellGrid(QRectF(100, 50, 160, 120), 6, 8)


def made(qtbot: QtBot, scene: Scene, size: tuple[int, int] = SIZE) -> Painted[ScopesPanel]:
    return Painted(qtbot, ScopesPanel, scene, size)


def benched(t: int = 3) -> Scene:
    return without_picture(with_benches(toy_scene(t=t, grid=GRID)))


def alpha_of(shown: Painted[ScopesPanel], lane: str = "local-p") -> NDArray[np.float64]:
    """As the table has it."""
    table = shown.panel.table()
    at = table.columns.index("α")
    return np.array([row[at] for row in table.rows if row[0] == lane], dtype=np.float64)


def window_of(shown: Painted[ScopesPanel]) -> tuple[float, float, float]:
    """p_t, its row and column, and D, as the table has them."""
    table = shown.panel.table()
    row = next(row for row in table.rows if row[0] == "local-p")
    center, half_width = (row[table.columns.index(name)] for name in ("p_t", "D"))
    down, across = (float(place) for place in str(center).split(", "))
    return down, across, float(half_width)


def plain(scene: Scene, center: tuple[float, float], half_width: float) -> list[float]:
    assert scene.step is not None
    assert scene.step.cross is not None
    energies = scene.step.cross.energies[0, 0].tolist()
    return reference.grid_alpha(energies, center, GRID, half_width)


def marks(shown: Painted[ScopesPanel]) -> GridMarks:
    found = shown.panel.painter().grid_marks(PREDICTIVE)
    assert found is not None
    return found


def place(shown: Painted[ScopesPanel], row: float, column: float) -> QPointF:
    """Where a place in the grid is, 1-based."""
    cells = marks(shown).cells
    return QPointF(cells.x(column - 0.5), cells.y(row - 0.5))


def drag(shown: Painted[ScopesPanel], start: QPointF, end: QPointF) -> None:
    shown.press(start.x(), start.y())
    for share in (0.4, 1.0):
        at = start + (end - start) * share
        shown.move(at.x(), at.y())
    shown.release(end.x(), end.y())


def test_the_window_of_the_model_is_on_the_map(qtbot: QtBot) -> None:
    scene = benched()
    probe = scene.probe("scopes")
    assert probe is not None
    shown = made(qtbot, scene)
    assert window_of(shown)[:2] == pytest.approx(probe.arrays["centers"][1], abs=1e-4)
    assert alpha_of(shown) == pytest.approx(probe.arrays["alpha"][1], abs=1e-6)
    assert alpha_of(shown, "global") == pytest.approx(probe.arrays["alpha"][0], abs=1e-6)
    assert shown.panel.painter().grid_marks(GLOBAL) is None
    assert f"white {probe.arrays['alpha'].max():.2f}" in shown.panel.caption()
    lut, end = LIGHT.alpha_lut(), probe.arrays["alpha"].max()
    cells = shown.panel.painter().map(GLOBAL)
    assert cells is not None
    for position in range(48):
        at = cells.cells.cell(position).center().toPoint()
        wanted = lut[round(255 * float(probe.arrays["alpha"][0, position] / end))]
        assert np.abs(shown.pixels()[at.y(), at.x()] - wanted).max() <= 2


def test_a_dragged_centre_is_previewed_at_once(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene)
    drag(shown, marks(shown).middle, place(shown, 2.0, 6.5))
    row, column, half_width = window_of(shown)
    assert (row, column) == pytest.approx((2.0, 6.5), abs=0.05)
    assert half_width == HALF_WIDTH
    assert alpha_of(shown) == pytest.approx(plain(scene, (row, column), half_width), abs=1e-5)
    assert "moved" in shown.said[-1]


@pytest.mark.parametrize("end", [(4.5, 5.1), (3.2, 4.0), (3.0, 8.4), (1.0, 4.2)])
def test_a_side_of_the_square_widens_it(qtbot: QtBot, end: tuple[float, float]) -> None:
    scene = benched()
    shown = made(qtbot, scene)
    drag(shown, marks(shown).middle, place(shown, 3.0, 4.0))
    box = marks(shown).box
    drag(shown, QPointF(box.right(), box.center().y() + 12), place(shown, *end))
    row, column, half_width = window_of(shown)
    away = max(abs(end[0] - row), abs(end[1] - column))
    assert half_width == pytest.approx(away, abs=0.05)
    assert alpha_of(shown) == pytest.approx(plain(scene, (row, column), half_width), abs=1e-5)


def test_row_column_and_width_can_be_typed(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene)
    controls = shown.panel.controls
    assert controls.isVisible()
    assert controls.column.isVisible()
    controls.center.setValue(5.0)
    controls.column.setValue(2.25)
    controls.half_width.setValue(1.5)
    settle()
    assert window_of(shown) == (5.0, 2.25, 1.5)
    assert alpha_of(shown) == pytest.approx(plain(scene, (5.0, 2.25), 1.5), abs=1e-9)
    assert controls.center.maximum() == GRID[0] + 0.5
    assert controls.column.maximum() == GRID[1] + 0.5
    controls.as_model.click()
    settle()
    assert window_of(shown)[2] == HALF_WIDTH


def test_what_is_typed_of_one_axis_leaves_the_other_exact(qtbot: QtBot) -> None:
    scene = benched()
    probe = scene.probe("scopes")
    assert probe is not None
    shown = made(qtbot, scene)
    shown.panel.controls.center.setValue(1.0)
    settle()
    exact = probe.arrays["centers"][1, 1]
    assert alpha_of(shown) == pytest.approx(plain(scene, (1.0, exact), HALF_WIDTH), abs=1e-9)


def test_over_words_there_is_one_centre_to_type(qtbot: QtBot) -> None:
    shown = made(qtbot, with_benches(toy_scene(source=9, t=2)))
    assert shown.panel.controls.center.isVisible()
    assert not shown.panel.controls.column.isVisible()
    shown.show(benched())
    assert shown.panel.controls.column.isVisible()


def test_a_moved_window_becomes_an_edit_of_alpha(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    box = shown.panel.painter().button(PREDICTIVE)
    assert box is not None
    shown.click(box.center().x(), box.center().y())
    assert isinstance(shown.asked[-1], SwitchMode)
    drag(shown, marks(shown).middle, place(shown, 5.0, 3.0))
    preview = alpha_of(shown)
    box = shown.panel.painter().button(PREDICTIVE)
    assert box is not None
    shown.click(box.center().x(), box.center().y())
    (intent,) = (intent for intent in shown.asked if isinstance(intent, MakeEdit))
    (edit,) = intent.edits
    assert (edit.target, edit.how) == ("alpha", "set")
    assert list(edit.values) == preview.tolist()


def test_a_double_click_and_another_step_bring_the_window_of_the_model_back(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene)
    before = window_of(shown)
    drag(shown, marks(shown).middle, place(shown, 1.0, 1.0))
    words = shown.panel.places().words(PREDICTIVE)
    at = QPoint(round(words.left()) + 40, round(words.center().y()))
    pointer.click(shown.panel, at, double=True)
    assert window_of(shown) == before
    drag(shown, marks(shown).middle, place(shown, 1.0, 1.0))
    shown.show(scene.at(2, Phase.TOKEN))
    shown.show(scene)
    assert window_of(shown) == before


def test_without_the_model_the_window_can_only_be_placed(qtbot: QtBot) -> None:
    scene = without_picture(toy_scene(t=3, grid=GRID, mode=ADDITIVE))
    shown = made(qtbot, scene)
    assert not len(alpha_of(shown))
    assert not shown.panel.controls.isVisible()
    regions = shown.panel.painter().map(PREDICTIVE)
    assert regions is not None
    at = regions.cells.cell(2 * 8 + 5).center()
    shown.press(at.x(), at.y())
    shown.move(at.x() + 1, at.y())
    shown.release(at.x() + 1, at.y())
    row, column, half_width = window_of(shown)
    assert (row, column, half_width) == pytest.approx((3.0, 6.0, 3.0), abs=0.1)
    assert alpha_of(shown) == pytest.approx(plain(scene, (row, column), half_width), abs=1e-5)
    assert shown.panel.controls.isVisible()


@pytest.mark.parametrize("asked", [False, True])
def test_regions_below_each_other_are_drawn_as_a_sequence(qtbot: QtBot, asked: bool) -> None:
    scene = toy_scene(t=3, grid=(6, 1), mode=ADDITIVE)
    shown = made(qtbot, with_benches(scene) if asked else scene)
    plot = shown.panel.painter().plot(PREDICTIVE)
    found = shown.panel.painter().marks(PREDICTIVE)
    start = QPointF(plot.x(3.5), plot.area.center().y())
    if found is not None:
        start = QPointF(found.middle, plot.area.center().y())
    drag(shown, start, QPointF(plot.x(1.5), plot.area.center().y()))
    assert window_of(shown)[0] == pytest.approx(2.0, abs=0.05)
    assert alpha_of(shown).sum() == pytest.approx(1.0)


def test_pointing_lights_a_region_and_tells_what_can_be_dragged(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene)
    drag(shown, marks(shown).middle, place(shown, 3.0, 4.0))
    held, at = marks(shown), place(shown, 6.0, 8.0)
    shown.move(at.x(), at.y())
    assert Hover(frozenset({47})) in shown.asked
    assert shown.said[-1].startswith(f"local-p, “{scene.source.labels[47]}”, outside the window")
    assert shown.panel.cursor().shape() == Qt.CursorShape.ArrowCursor
    shown.click(at.x(), at.y())
    assert Brush(frozenset({47})) in shown.asked
    for place_, shape in (
        (held.middle, Qt.CursorShape.SizeAllCursor),
        (QPointF(held.box.left(), held.middle.y() + 14), Qt.CursorShape.SizeHorCursor),
        (QPointF(held.middle.x() + 14, held.box.bottom()), Qt.CursorShape.SizeVerCursor),
    ):
        shown.move(place_.x(), place_.y())
        assert shown.panel.cursor().shape() == shape


def test_a_lit_region_is_outlined_in_both_lanes(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    shown.show(shown.panel.scene, Light(brushed_source=frozenset({40})))
    line = shown.seen(LIGHT.hue("source"), 40)
    for lane in (GLOBAL, PREDICTIVE):
        regions = shown.panel.painter().map(lane)
        assert regions is not None
        for position in (40, 7):
            box = regions.cells.cell(position).toRect()
            edge = line[box.bottom() - 1 : box.bottom() + 3, box.left() + 4 : box.right() - 4]
            assert bool(edge.any()) is (position == 40)


def test_phases_reveal_the_window_and_then_alpha(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene.at(3, Phase.ENERGIES))
    assert shown.panel.painter().grid_marks(PREDICTIVE) is None
    assert not shown.panel.controls.isVisible()
    shown.show(scene.at(3, Phase.WINDOW))
    assert shown.panel.painter().grid_marks(PREDICTIVE) is not None
    assert not shown.panel.table().rows
    assert "white" not in shown.panel.caption()
    shown.show(scene.at(3, Phase.ALPHA))
    assert shown.panel.table().rows


def test_a_picture_shows_the_windows_that_were_moved(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    drag(shown, marks(shown).middle, place(shown, 5.5, 1.5))
    with posed(shown.panel, None, theme(dark=True)) as figure:
        assert figure.panel.table() == shown.panel.table()


@pytest.mark.parametrize("grid", [(14, 14), (2, 9), (9, 2), (1, 3)])
@pytest.mark.parametrize("size", [(300, 500), (900, 160), (380, 320), (1280, 800), (600, 90)])
def test_both_maps_are_whole_and_apart(
    qtbot: QtBot, size: tuple[int, int], grid: tuple[int, int]
) -> None:
    shown = made(qtbot, with_benches(toy_scene(t=2, grid=grid, steps=2)), size)
    first, second = (shown.panel.painter().map(lane) for lane in (GLOBAL, PREDICTIVE))
    assert first is not None
    assert second is not None
    for regions in (first, second):
        assert QRectF(shown.panel.rect()).contains(regions.cells.area)
    assert not first.cells.area.intersects(second.cells.area)
    if grid == (14, 14):
        beside = size != (300, 500)
        assert (first.cells.area.top() == second.cells.area.top()) is beside


def test_marks_are_where_the_formula_has_them() -> None:
    found = GridMarks.of(Window((3.0, 4.5), 1.5, True, (6, 8)), CELLS)
    # A cell is 20 pixels either way, and region (1, 1) has its middle at (110, 60).
    assert found.middle == QPointF(110 + 3.5 * 20, 60 + 2 * 20)
    assert found.box == QRectF(QPointF(150, 70), QPointF(210, 130))
    assert found.sigma == pytest.approx((15.0, 15.0))
    for window in (Window((3.0, 4.5), 1.5, False, (6, 8)), Window((3.0, 4.5), 0.0, True, (6, 8))):
        assert GridMarks.of(window, CELLS).sigma is None
    assert GridMarks.of(Window((1.0, 8.0), 99.0, True, (6, 8)), CELLS).box == CELLS.area


def test_a_place_in_the_grid_is_held_inside_it() -> None:
    assert region_at(CELLS, QPointF(110, 60)) == (1.0, 1.0)
    assert region_at(CELLS, QPointF(255, 100)) == (3.0, 8.25)
    assert region_at(CELLS, QPointF(-500, 900)) == (6.5, 0.5)


def test_dragging_keeps_what_is_not_dragged() -> None:
    window = Window((3.0, 4.5), 1.5, True, (6, 8))
    assert dragged(window, "center", (1.0, 2.0)) == Window((1.0, 2.0), 1.5, True, (6, 8))
    assert dragged(window, "edge", (5.0, 4.0)) == Window((3.0, 4.5), 2.0, True, (6, 8))
