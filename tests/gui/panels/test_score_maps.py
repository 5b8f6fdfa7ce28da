"""The score bench over a picture: maps in place of bars."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.score_bench import Lens
from attn_desktop.common.mode import Mode
from attn_desktop.gui.intents import Brush, Hover, SwitchMode
from attn_desktop.gui.panels.scores import ScoresPanel
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.score_maps import MapPainter
from tests.bench_probes import SCORES, with_benches
from tests.gui.painted import LIGHT, Painted
from tests.gui.pointer import settle
from tests.toy_scenes import hard, toy_scene, without_picture

GRID, SIZE = (3, 4), (700, 480)
DOT = SCORES.index("dot")


def made(qtbot: QtBot, scene: Scene, size: tuple[int, int] = SIZE) -> Painted[ScoresPanel]:
    return Painted(qtbot, ScoresPanel, scene, size)


def benched(mode: Mode | None = None) -> Scene:
    """Of a picture that is not known, so that the colours of α are seen as they are."""
    return without_picture(with_benches(toy_scene(t=3, grid=GRID, mode=mode or Mode("additive"))))


def array(scene: Scene, name: str) -> NDArray[np.float64]:
    probe = scene.probe("scores")
    assert probe is not None
    return probe.arrays[name].astype(np.float64)


def painter(shown: Painted[ScoresPanel]) -> MapPainter:
    found = shown.panel.painter()
    assert isinstance(found, MapPainter)
    return found


def middle(shown: Painted[ScoresPanel], row: int, position: int) -> QPointF:
    """Of a region in the map of α."""
    return painter(shown).alpha_map(row).cells.cell(position).center()


def colour(shown: Painted[ScoresPanel], at: QPointF) -> list[int]:
    found: list[int] = shown.pixels()[int(at.y()), int(at.x())].tolist()
    return found


def near(seen: list[int], wanted: list[int]) -> bool:
    return bool(np.abs(np.subtract(seen, wanted)).max() <= 2)


def test_each_score_has_alpha_in_the_colours_of_all(qtbot: QtBot) -> None:
    scene = benched()
    alpha, lut = array(scene, "alpha"), LIGHT.alpha_lut()
    shown = made(qtbot, scene)
    for row in range(len(SCORES)):
        for position in range(12):
            wanted = lut[round(255 * alpha[row, position] / alpha.max())].tolist()
            assert near(colour(shown, middle(shown, row, position)), wanted)
    assert f"white {alpha.max():.2f}" in shown.panel.caption()


def test_energies_are_told_from_their_mean(qtbot: QtBot) -> None:
    scene = benched()
    energies, lut = array(scene, "energies"), LIGHT.diverging_lut()
    shown = made(qtbot, scene)
    for row in range(len(SCORES)):
        apart = energies[row] - energies[row].mean()
        regions = painter(shown).energy_map(row)
        assert regions is not None
        for position in range(12):
            share = (apart[position] / np.abs(apart).max() + 1) / 2
            seen = colour(shown, regions.cells.cell(position).center())
            assert near(seen, lut[round(255 * share)].tolist())


def test_alpha_dims_the_picture_that_it_lies_over(qtbot: QtBot) -> None:
    scene = with_benches(toy_scene(t=3, grid=GRID))
    bare = made(qtbot, benched())
    shown = made(qtbot, scene)
    where = painter(shown).alpha_map(0).cells.area.toRect()
    rows, columns = slice(where.top(), where.bottom()), slice(where.left(), where.right())
    seen, plain = shown.pixels()[rows, columns], bare.pixels()[rows, columns]
    apart = np.abs(seen - plain)
    assert 10 < apart.mean() < 0.3 * 255


def test_pointing_at_a_region_and_clicking_it(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene)
    energies = painter(shown).energy_map(DOT)
    assert energies is not None
    for at in (middle(shown, DOT, 6), energies.cells.cell(6).center()):
        shown.asked.clear()
        shown.move(1, 1)
        shown.move(at.x(), at.y())
        assert Hover(frozenset({6})) in shown.asked
        assert shown.said[-1].startswith(f"dot, “{scene.source.labels[6]}”: e = ")
        assert f"α = {array(scene, 'alpha')[DOT, 6]:.4f}" in shown.said[-1]
        shown.click(at.x(), at.y())
        assert Brush(frozenset({6})) in shown.asked


def test_a_lit_region_is_outlined_in_every_map(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    shown.show(shown.panel.scene, Light(source=frozenset({5})))
    line = shown.seen(LIGHT.hue("source"), 40)
    for row in range(len(SCORES)):
        for regions in (painter(shown).alpha_map(row), painter(shown).energy_map(row)):
            assert regions is not None
            for position in (5, 7):
                box = regions.cells.cell(position).toRect()
                edge = line[box.top() - 2 : box.top() + 2, box.left() + 3 : box.right() - 3]
                assert bool(edge.any()) is (position == 5)


def test_what_hard_attention_drew_is_framed_once_it_is_known(qtbot: QtBot) -> None:
    scene = benched(hard())
    drawn = array(scene, "sampled").astype(int)
    shown = made(qtbot, scene)
    for known in (True, False):
        shown.show(scene.at(3, Phase.TOKEN if known else Phase.ALPHA))
        line = shown.seen(LIGHT.hue("hard"), 40)
        for row in range(len(SCORES)):
            cells = painter(shown).alpha_map(row).cells
            box, inside = cells.cell(drawn[row]).toRect(), cells.area.toRect()
            assert line[box.top() - 1 : box.top() + 2, box.center().x()].any() is np.bool_(known)
            there = line[inside.top() : inside.bottom(), inside.left() : inside.right()]
            assert there.any() is np.bool_(known)


def test_phases_reveal_alpha_after_the_energies(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene.at(3, Phase.ENERGIES))
    at = middle(shown, 0, int(array(scene, "alpha")[0].argmax()))
    before = colour(shown, at)
    ground = LIGHT.colour("faint")
    assert before == [ground.red(), ground.green(), ground.blue()]
    assert "white" not in shown.panel.caption()
    shown.show(scene.at(3, Phase.ALPHA))
    assert colour(shown, middle(shown, 0, int(array(scene, "alpha")[0].argmax()))) != before


def test_a_slider_sharpens_the_maps(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene)
    shown.panel.controls.set_lens(Lens(0.0, 0.0))
    settle()
    lut = LIGHT.alpha_lut()
    for row, energies in enumerate(array(scene, "energies")):
        for position in range(12):
            wanted = lut[255 * int(position == energies.argmax())].tolist()
            assert near(colour(shown, middle(shown, row, position)), wanted)


def test_agreement_and_buttons_stay(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene)
    cell = shown.panel.places().cell(1, DOT).center()
    shown.move(cell.x(), cell.y())
    one, other = array(scene, "alpha")[[1, DOT]]
    assert f"agreement of additive with dot: {np.minimum(one, other).sum():.3f}" in shown.said[-1]
    context = shown.panel.places().context_box(DOT).center()
    shown.move(context.x(), context.y())
    assert shown.said[-1].startswith("dot: c[")
    button = shown.panel.places().button_box(DOT).center()
    shown.click(button.x(), button.y())
    assert SwitchMode(Mode("dot")) in shown.asked


def boxes(shown: Painted[ScoresPanel]) -> list[QRectF]:
    """All that is seen of the rows."""
    places, found = shown.panel.places(), []
    for row in range(places.first, places.first + places.count):
        maps = (painter(shown).alpha_map(row), painter(shown).energy_map(row))
        found += [regions.cells.area for regions in maps if regions is not None]
        found += [places.context_box(row), places.words(row)]
        found += [places.cell(row, other) for other in range(places.total)]
    return found


@pytest.mark.parametrize("grid", [(14, 14), (2, 9), (9, 2)])
@pytest.mark.parametrize(
    "size", [(300, 500), (900, 160), (380, 320), (1280, 800), (150, 420), (120, 70), (600, 90)]
)
def test_nothing_overlaps_or_leaves_the_panel(
    qtbot: QtBot, size: tuple[int, int], grid: tuple[int, int]
) -> None:
    shown = made(qtbot, with_benches(toy_scene(t=2, grid=grid, steps=2)), size)
    found = boxes(shown)
    whole = QRectF(shown.panel.rect())
    for index, box in enumerate(found):
        if size != (120, 70):
            assert whole.contains(box)
        for other in found[:index]:
            both = box.intersected(other)
            assert both.width() <= 1.01 or both.height() <= 1.01


def test_maps_are_side_by_side_where_it_is_low_and_below_each_other_where_it_is_narrow(
    qtbot: QtBot,
) -> None:
    scene = with_benches(toy_scene(t=2, grid=(14, 14), steps=2))
    for size, across in (((1700, 160), 6), ((300, 900), 1)):
        shown = made(qtbot, scene, size)
        places = shown.panel.places()
        assert (places.tiles.across, places.count) == (across, 6)
        assert min(painter(shown).alpha_map(row).cells.area.height() for row in range(6)) > 60


def test_rows_are_not_side_by_side_where_their_words_have_no_room(qtbot: QtBot) -> None:
    scene = with_benches(toy_scene(t=2, grid=(14, 14), steps=2))
    assert made(qtbot, scene, (450, 400)).panel.places().tiles.across == 1
    assert made(qtbot, scene, (700, 400)).panel.places().tiles.across == 2


def test_where_it_is_narrow_alpha_alone_has_maps(qtbot: QtBot) -> None:
    shown = made(qtbot, benched(), (140, 500))
    assert painter(shown).energy_map(0) is None
    assert painter(shown).alpha_map(0).cells.area.width() > 40
    assert shown.panel.places().at(QPointF(QPoint(70, 250))) is not None


def test_rows_that_do_not_fit_are_scrolled_to(qtbot: QtBot) -> None:
    shown = made(qtbot, benched(), (200, 110))
    assert shown.panel.places().count < len(SCORES)
    shown.turn_wheel(100, 60, -10 * 120)
    places = shown.panel.places()
    assert places.first + places.count == len(SCORES)
