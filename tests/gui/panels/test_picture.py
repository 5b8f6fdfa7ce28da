"""The picture panel: where α lies on the picture, what is marked, what it asks and says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attn_desktop.gui.edit_menu import EditMenu
from attn_desktop.gui.export import save_png, save_svg
from attn_desktop.gui.intents import Brush, GoTo, Hover, Intent, MakeEdit
from attn_desktop.gui.panels.picture import NO_PICTURE, NO_RUN, PicturePanel
from attn_desktop.gui.picture_grid import CellGrid
from attn_desktop.gui.picture_overlay import OverlayLook
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.trace.edits import Edit
from tests.gui.painted import LIGHT, Painted
from tests.gui.pointer import settle
from tests.toy_records import FIXED
from tests.toy_scenes import asked, hard, toy_scene

SIZE = (420, 460)
BARE = OverlayLook(opacity=0.0)
FULL = OverlayLook(opacity=1.0)


def marker(rows: int, columns: int, row: int, column: int, width: int, height: int) -> Any:
    """Black, and red in one cell of a grid over a picture of any shape."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    top, bottom = round(height * row / rows), round(height * (row + 1) / rows)
    left, right = round(width * column / columns), round(width * (column + 1) / columns)
    pixels[top:bottom, left:right, 0] = 255
    return pixels


def picture_scene(pixels: NDArray[np.uint8] | None = None, **more: Any) -> Scene:
    scene = toy_scene(grid=more.pop("grid", (3, 4)), **more)
    if pixels is None:
        return scene
    assert scene.run is not None
    return replace(scene, run=replace(scene.run, picture=pixels))


def looking_at(scene: Scene, position: int, alpha: float = 1.0) -> Scene:
    """The same scene, every step of which looks at one region, the rest evenly elsewhere."""
    size = scene.source.size
    weights = np.full((1, 1, size), (1 - alpha) / max(size - 1, 1), dtype=np.float32)
    weights[..., position] = alpha
    steps = []
    for step in scene.steps:
        assert step.cross is not None
        cross = replace(step.cross, alpha=weights.copy(), sampled=np.array([[position]]))
        steps.append(replace(step, attention={"cross": cross}))
    return replace(scene, steps=tuple(steps))


class Shown(Painted[PicturePanel]):
    def __init__(self, qtbot: QtBot, scene: Scene, look: OverlayLook = BARE) -> None:
        super().__init__(qtbot, PicturePanel, scene, SIZE)
        self.look(look)

    def look(self, look: OverlayLook) -> None:
        self.panel.controls.show_look(look)
        self.panel.controls.changed.emit(look)
        settle()

    def last(self) -> Intent:
        """What was asked last."""
        return self.asked[-1]

    @property
    def cells(self) -> CellGrid:
        cells = self.panel.cells()
        assert cells is not None
        return cells

    def marked(self, colour: QColor) -> NDArray[np.bool_]:
        """(height, width) where a colour is seen on the picture, whatever stands around it."""
        seen, area = self.seen(colour, tolerance=40), self.cells.area.toRect()
        seen[: area.top()] = seen[area.bottom() :] = False
        seen[:, : area.left()] = seen[:, area.right() :] = False
        return seen

    def centre(self, position: int) -> QPoint:
        return self.cells.cell(position).center().toPoint()

    def drag(self, first: int, last: int) -> None:
        start, end = self.centre(first), self.centre(last)
        QTest.mousePress(self.panel, Qt.MouseButton.LeftButton, pos=start)
        for share in (0.3, 1.0):
            QTest.mouseMove(self.panel, start + (end - start) * share)
        settle()
        QTest.mouseRelease(self.panel, Qt.MouseButton.LeftButton, pos=end)
        settle()


# -- where things are ---------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(400, 100), (90, 300), (64, 64), (31, 17)])
@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 2), (2, 3)])
def test_the_grid_lies_over_the_whole_picture(
    width: int, height: int, row: int, column: int, qtbot: QtBot
) -> None:
    shown = Shown(qtbot, picture_scene(marker(3, 4, row, column, width, height), t=0))
    area, box = shown.cells.area, shown.cells.cell(4 * row + column)
    assert area.width() / area.height() == pytest.approx(width / height, rel=0.03)
    red = shown.pixels()[..., 0] - shown.pixels()[..., 1] > 100
    down, across = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    # A pixel of the picture at most, where an edge runs through it.
    pixel = max(area.width() / width, area.height() / height, 1) + 1
    assert abs(across[0] - box.left()) <= pixel
    assert abs(across[-1] + 1 - box.right()) <= pixel
    assert abs(down[0] - box.top()) <= pixel
    assert abs(down[-1] + 1 - box.bottom()) <= pixel


@pytest.mark.parametrize("position", [0, 3, 6, 11])
def test_alpha_lies_on_its_region_in_cells(position: int, qtbot: QtBot) -> None:
    scene = looking_at(picture_scene(marker(3, 4, 0, 0, 300, 90)), position)
    shown = Shown(qtbot, scene, FULL)
    seen, cells = shown.pixels(), shown.cells
    for other in range(12):
        at = cells.cell(other).center().toPoint() + QPoint(9, 9)
        expected = 255 if other == position else 0
        assert seen[at.y(), at.x()].tolist() == [expected] * 3


def test_smooth_alpha_is_strongest_in_the_middle_of_its_region(qtbot: QtBot) -> None:
    scene = looking_at(picture_scene(np.zeros((90, 120, 3), dtype=np.uint8)), 5)
    shown = Shown(qtbot, scene, replace(FULL, smooth=True))
    grey, area = shown.pixels()[..., 1], shown.cells.area.toRect()
    inside = grey[area.top() : area.bottom(), area.left() : area.right()]
    y, x = np.unravel_index(np.argmax(inside), inside.shape)
    centre = shown.cells.cell(5).center()
    # The frame around what was drawn is not at its middle.
    assert abs(area.left() + x - centre.x()) < shown.cells.cell(5).width() / 3
    assert abs(area.top() + y - centre.y()) < shown.cells.cell(5).height() / 3
    far = shown.centre(8)
    assert grey[far.y(), far.x()] == 0


def test_opacity_mixes_alpha_and_picture(qtbot: QtBot) -> None:
    pixels = np.full((90, 120, 3), 200, dtype=np.uint8)
    shown = Shown(qtbot, looking_at(picture_scene(pixels), 5), replace(FULL, opacity=0.6))
    at = shown.centre(0)
    assert shown.pixels()[at.y(), at.x()].tolist() == pytest.approx([80] * 3, abs=2)
    at = shown.centre(5)
    assert shown.pixels()[at.y(), at.x()].tolist() == pytest.approx([233] * 3, abs=2)


def test_the_scale_is_told(qtbot: QtBot) -> None:
    shown = Shown(qtbot, looking_at(picture_scene(), 5, 0.4), FULL)
    assert shown.panel.caption() == "α  black 0 · white 0.40"
    for expected in ("0.40", "1", "0.40"):
        QTest.mouseClick(shown.panel.controls.scale, Qt.MouseButton.LeftButton)
        assert shown.panel.caption() == f"α  black 0 · white {expected}"


def test_patches_are_drawn_on_demand(qtbot: QtBot) -> None:
    scene = picture_scene(np.full((90, 120, 3), 120, dtype=np.uint8), t=0)
    shown = Shown(qtbot, scene)
    area = shown.cells.area.toRect().adjusted(2, 2, -2, -2)

    def kinds() -> int:
        seen = shown.pixels()[area.top() : area.bottom(), area.left() : area.right()]
        return len(np.unique(seen.reshape(-1, 3), axis=0))

    assert kinds() == 1
    QTest.mouseClick(shown.panel.controls.grid, Qt.MouseButton.LeftButton)
    settle()
    assert kinds() > 1


# -- what is marked -----------------------------------------------------------------------


def framed(shown: Shown, position: int, colour: QColor) -> bool:
    """Whether a colour runs along all four sides of a region, off their middles."""
    seen, box = shown.marked(colour), shown.cells.cell(position).toRect()
    band = 4
    sides = (
        seen[box.top() - band : box.top() + band, box.left() : box.right()],
        seen[box.bottom() - band : box.bottom() + band, box.left() : box.right()],
        seen[box.top() : box.bottom(), box.left() - band : box.left() + band],
        seen[box.top() : box.bottom(), box.right() - band : box.right() + band],
    )
    return all(bool(side.any()) for side in sides)


def test_what_was_drawn_is_framed_once_that_is_known(qtbot: QtBot) -> None:
    grey = np.full((90, 120, 3), 120, dtype=np.uint8)
    scene = looking_at(picture_scene(grey, mode=hard(), t=3), 6)
    shown, pink = Shown(qtbot, scene), LIGHT.hue("hard")
    assert framed(shown, 6, pink)
    solid = shown.marked(pink).sum()
    assert not framed(shown, 3, pink)
    shown.show(replace(scene, phase=Phase.ALPHA))
    assert not shown.marked(pink).any()
    shown.show(looking_at(picture_scene(grey, t=3), 6))
    assert 0 < shown.marked(pink).sum() < 0.9 * solid, "dashed where the context is soft"


def test_the_region_lit_elsewhere_is_framed_and_named(qtbot: QtBot) -> None:
    grey = np.full((90, 120, 3), 120, dtype=np.uint8)
    scene = picture_scene(grey, t=0)
    shown, blue = Shown(qtbot, scene), LIGHT.hue("source")
    assert not shown.marked(blue).any()
    shown.show(scene, Light(frozenset({6})))
    assert framed(shown, 6, blue)
    alone = shown.marked(blue).sum()
    assert scene.run is not None
    far = replace(scene, run=replace(scene.run, receptive_field=0.7))
    shown.show(far, Light(frozenset({6})))
    box = shown.cells.field(6, 0.7).toRect()
    assert shown.marked(blue).sum() > alone + box.width() / 2
    shown.show(scene, Light(brushed_source=frozenset({6, 7, 400})))
    at = shown.centre(7)
    tinted = shown.pixels()[at.y(), at.x()]
    assert tinted[2] > 120 > tinted[0]


def test_a_local_window_is_outlined_and_its_centre_crossed(qtbot: QtBot) -> None:
    grey = np.full((90, 120, 3), 120, dtype=np.uint8)
    scene = picture_scene(grey, t=2)
    step = scene.steps[1]
    assert step.cross is not None
    window = np.zeros((1, 1, 12), dtype=np.bool_)
    window[..., [5, 6, 9, 10]] = True
    local = replace(step.cross, window=window, center=np.array([[[2.0, 3.0]]]), half_width=1.0)
    steps = (scene.steps[0], replace(step, attention={"cross": local}), *scene.steps[2:])
    shown, dark = Shown(qtbot, replace(scene, steps=steps)), LIGHT.colour("text")
    edge = shown.cells.outline([5, 6, 9, 10]).boundingRect().toRect()
    seen = shown.marked(dark)
    assert seen[edge.top() - 3 : edge.top() + 3, edge.left() : edge.right()].any()
    at = QPoint(round(shown.cells.x(2.5)), round(shown.cells.y(1.5)))
    assert seen[at.y() - 2 : at.y() + 2, at.x() - 2 : at.x() + 2].any()
    shown.show(replace(scene, steps=steps, phase=Phase.ENERGIES))
    assert not shown.marked(dark).any()


# -- pointer ------------------------------------------------------------------------------


def test_pointing_lights_and_names_a_region(qtbot: QtBot) -> None:
    scene = picture_scene(t=3)
    shown = Shown(qtbot, scene)
    at = shown.centre(6)
    shown.move(at.x(), at.y())
    assert shown.last() == Hover(source=frozenset({6}))
    assert shown.said[-1] == f"r2 c3  α {scene.alpha[2, 6]:.4f}"
    shown.panel.set_light(Light(frozenset({6})))
    shown.move(2, shown.panel.height() - 2)
    assert shown.last() == Hover()
    assert shown.said[-1] == ""


def test_a_click_brushes_and_a_drag_brushes_a_rectangle(qtbot: QtBot) -> None:
    shown = Shown(qtbot, picture_scene(t=3))
    at = shown.centre(6)
    shown.click(at.x(), at.y())
    assert shown.last() == Brush(frozenset({6}))
    shown.panel.set_light(Light(brushed_source=frozenset({6})))
    shown.click(at.x(), at.y())
    assert shown.last() == Brush()
    shown.drag(1, 6)
    assert shown.last() == Brush(frozenset({1, 2, 5, 6}))
    shown.drag(11, 8)
    assert shown.last() == Brush(frozenset({8, 9, 10, 11}))


def test_brushed_regions_tell_which_words_looked_there(qtbot: QtBot) -> None:
    scene = toy_scene(grid=(3, 4), steps=5, t=5)
    shown = Shown(qtbot, scene)
    shown.panel.set_light(Light(brushed_source=frozenset({1, 2})))
    settle()
    shares = {t: float(scene.alpha[t - 1, 1:3].sum()) for t in range(1, 6)}
    boxes = shown.panel._words._boxes
    assert [word.t for _, word in boxes] == sorted(shares, key=lambda t: -shares[t])[: len(boxes)]
    assert [word.share for _, word in boxes] == pytest.approx([shares[w.t] for _, w in boxes])
    box, word = boxes[1]
    shown.move(box.center().x(), box.center().y())
    assert shown.last() == Hover(target=frozenset({word.t}))
    assert f"{word.share:.4f}" in shown.said[-1]
    shown.click(box.center().x(), box.center().y())
    assert shown.last() == GoTo(word.t)


def test_do_not_look_here_is_in_the_menu(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_scene(grid=(3, 4), t=3))
    shown.panel.set_light(Light(brushed_source=frozenset({1, 2})))
    for place, positions in ((2, (1, 2)), (9, (9,))):
        at = shown.centre(place)
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, at, shown.panel.mapToGlobal(at), Qt.KeyboardModifier(0)
        )
        QApplication.sendEvent(shown.panel, event)
        menu = shown.panel.findChildren(EditMenu)[-1]
        next(a for a in menu.actions() if a.objectName() == "look-away").trigger()
        assert shown.last() == MakeEdit((Edit("alpha", "mask", positions),))
        menu.close()
        settle()


# -- words --------------------------------------------------------------------------------


def test_it_says_what_to_do_without_a_picture(qtbot: QtBot) -> None:
    shown = Shown(qtbot, Scene())
    assert shown.panel.cells() is None
    assert "Open a picture" in NO_RUN
    assert "a model that takes one" in NO_PICTURE
    assert not shown.panel.controls.isVisible()
    shown.show(toy_scene())
    assert (shown.panel.caption(), shown.panel.table().rows) == ("", ())
    assert shown.panel.heading() == "Picture"


def test_the_table_is_the_map(qtbot: QtBot) -> None:
    scene = toy_scene(grid=(3, 4), t=2)
    shown = Shown(qtbot, scene)
    table = shown.panel.table()
    assert table.columns == ("row", "column", "region", "alpha")
    assert len(table.rows) == 12
    assert table.rows[6][:2] == (2, 3)
    np.testing.assert_array_equal([row[3] for row in table.rows], scene.alpha[1])
    shown.show(toy_scene(grid=(3, 4), mode=FIXED))
    assert shown.panel.table().rows == ()


@pytest.mark.parametrize("smooth", [False, True])
def test_it_is_exported_as_it_is_seen_and_without_buttons(
    smooth: bool, qtbot: QtBot, tmp_path: Path
) -> None:
    scene = looking_at(asked(picture_scene(marker(3, 4, 0, 0, 300, 90), t=2)), 5)
    shown = Shown(qtbot, scene, replace(FULL, smooth=smooth))
    save_png(shown.panel, tmp_path / "a.png", scale=1.0)
    image = QImage(str(tmp_path / "a.png"))
    assert image.pixelColor(image.width() // 2, image.height() // 2) != LIGHT.colour("card")
    save_svg(shown.panel, tmp_path / "a.svg")
    drawn = (tmp_path / "a.svg").read_text()
    assert "<image" in drawn, "the picture itself"
    assert "smooth" not in drawn
    assert shown.panel.controls.isVisible(), "they come back"
