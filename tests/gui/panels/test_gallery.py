"""The gallery: tiles and their order, what a click and keys do, and what is said of them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from attn_desktop.gui.export import save_svg
from attn_desktop.gui.gallery import Entry, Gallery
from attn_desktop.gui.gallery_tiles import Thumbnails, wrapped
from attn_desktop.gui.intents import CaptionGallery, ChooseGallery, OpenPicture, StopGallery
from attn_desktop.gui.panels.gallery import GalleryPanel
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.theme import theme
from tests.gui.painted import LIGHT, Painted
from tests.gui.pointer import settle
from tests.toy_gallery import FOLDER, odd_gallery, toy_colour, toy_entry, toy_gallery
from tests.toy_scenes import toy_scene

KEY = Qt.Key
LEFT = Qt.MouseButton.LeftButton
TAB, MOUSE = Qt.FocusReason.TabFocusReason, Qt.FocusReason.MouseFocusReason


def seeing(gallery: Gallery | None) -> Scene:
    """A scene of a model that takes a picture, with this gallery."""
    scene = toy_scene(grid=(3, 4))
    assert scene.run is not None
    run = replace(scene.run, model=replace(scene.run.model, takes=("picture",)))
    return replace(scene, run=run, gallery=gallery)


class Shown(Painted[GalleryPanel]):
    def __init__(
        self, qtbot: QtBot, gallery: Gallery | None, size: tuple[int, int] = (420, 380)
    ) -> None:
        super().__init__(qtbot, GalleryPanel, seeing(gallery), size)

    @property
    def names(self) -> list[str]:
        return [entry.path.stem for entry in self.panel.tiles.entries]

    def place(self, number: int) -> QRectF:
        return self.panel.list.place(number)

    def colour_at(self, number: int) -> tuple[int, int, int]:
        """What is painted in the middle of the picture of a tile."""
        place = self.place(number)
        at = QPoint(round(place.center().x()), round(place.top() + 30))
        at = self.panel.list.viewport().mapTo(self.panel, at)
        red, green, blue = self.pixels()[at.y(), at.x()].tolist()
        return red, green, blue

    def click_tile(self, number: int) -> None:
        view = self.panel.list.viewport()
        QTest.mouseClick(view, LEFT, pos=self.place(number).center().toPoint())
        settle()

    def focus(self, reason: Qt.FocusReason) -> None:
        """Bring the keyboard to the panel, from elsewhere."""
        self.panel.clearFocus()
        self.panel.setFocus(reason)

    def framed(self) -> bool:
        """Whether it shows that keys go there."""
        return self.panel.tiles.framed

    def key(self, *keys: Qt.Key) -> None:
        for key in keys:
            QTest.keyClick(self.panel, key)
        settle()

    @property
    def current(self) -> str:
        chosen = self.panel.tiles.chosen
        return "" if chosen is None else chosen.stem


def order_by(shown: Shown, order: str, descending: bool = False) -> None:
    shown.panel.controls.set_order(order, descending)  # type: ignore[arg-type]
    settle()


# -- tiles --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(180, 300), (420, 380), (1300, 700)])
@pytest.mark.parametrize("count", [1, 3, 60])
def test_tiles_fill_rows_in_the_width_that_there_is(
    qtbot: QtBot, count: int, size: tuple[int, int]
) -> None:
    shown = Shown(qtbot, toy_gallery(count), size)
    places = [shown.place(number) for number in range(count)]
    across = shown.panel.list.across
    assert across == {180: 1, 420: 3, 1300: 7}[size[0]]
    for number, place in enumerate(places):
        row, column = divmod(number, across)
        assert place.topLeft() == QPointF(column * place.width(), row * place.height())
        assert place.right() <= shown.panel.list.viewport().width()
    assert shown.panel.list.horizontalScrollBar().maximum() == 0
    high = shown.panel.list.viewport().height()
    assert (shown.panel.list.verticalScrollBar().maximum() > 0) == (places[-1].bottom() > high)


def test_in_a_low_panel_a_tile_is_lower_so_that_its_words_are_seen(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(3), (230, 380))
    assert shown.panel.list.across == 2
    high = shown.place(0).height()
    shown.panel.resize(230, 200)
    settle()
    assert shown.place(0).height() <= shown.panel.list.height() < high
    assert np.abs(np.subtract(shown.colour_at(1), toy_colour(1))).max() <= 2
    shown.panel.resize(230, 380)
    settle()
    assert shown.place(0).height() == high


def test_each_tile_shows_its_own_picture_whatever_the_order(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(6))
    for order, descending in (("name", False), ("confidence", False), ("entropy", True)):
        order_by(shown, order, descending)
        for number, entry in enumerate(shown.panel.tiles.entries):
            expected = toy_colour(int(entry.path.stem.split()[1]))
            assert np.abs(np.subtract(shown.colour_at(number), expected)).max() <= 2


def test_orders_are_those_of_the_scores(qtbot: QtBot) -> None:
    gallery = toy_gallery(8)
    shown = Shown(qtbot, gallery)
    assert shown.names == [f"picture {number}" for number in range(8)]
    said = {entry.path.stem: entry.said for entry in gallery.entries}
    assert all(said.values())
    order_by(shown, "confidence", descending=True)
    assert shown.panel.controls.way.text() == "↓"
    sure = [one.confidence for name in shown.names if (one := said[name])]
    assert sure == sorted(sure, reverse=True)
    order_by(shown, "entropy")
    wide = [one.spread for name in shown.names if (one := said[name])]
    assert wide == sorted(wide)
    rows = shown.panel.table().rows
    assert [row[0] for row in rows] == [f"{name}.png" for name in shown.names]
    assert [row[3] for row in rows] == wide


def test_captions_come_to_tiles_that_are_there(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(6, done=1, busy=True))
    assert shown.panel.controls.progress.full_text == "1 of 6 captioned …"
    assert math.isnan(float(shown.panel.table().rows[3][2]))
    shown.show(seeing(toy_gallery(6, done=4, busy=True)))
    assert np.abs(np.subtract(shown.colour_at(3), toy_colour(3))).max() <= 2
    assert shown.panel.table().rows[3][2] < 0  # type: ignore[operator]
    assert shown.panel.controls.progress.full_text == "4 of 6 captioned …"


def test_the_place_is_kept_while_captions_come_and_left_for_other_files(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(60, done=10, busy=True), (300, 300))
    bar = shown.panel.list.verticalScrollBar()
    bar.setValue(700)
    shown.show(seeing(toy_gallery(60, done=30, busy=True)))
    assert bar.value() == 700
    shown.click_tile(24)
    assert shown.current == "picture 24"
    others = tuple(
        replace(entry, path=Path("/o") / entry.path.name) for entry in toy_gallery().entries
    )
    shown.show(seeing(Gallery("other", others * 10)))
    assert (bar.value(), shown.current) == (0, "")


def test_thumbnails_are_read_once_and_only_some_are_kept() -> None:
    held, room = Thumbnails(most=3), QSizeF(90, 60)
    entries = [toy_entry(number) for number in range(5)]
    first = held.of(entries[0], room, 1.0)
    assert (first.width(), first.height()) == (80, 60)
    assert held.of(entries[0], QSizeF(90, 60), 1.0).cacheKey() == first.cacheKey()
    assert held.of(entries[0], room, 2.0).width() == 160
    for entry in entries:
        held.of(entry, room, 1.0)
    assert len(held) == 3
    assert held.of(Entry(FOLDER / "x.png", thumbnail=b"no image"), room, 1.0).isNull()


def test_only_what_is_seen_is_read(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(300), (300, 300))
    shown.pixels()
    kept = shown.panel.tiles.thumbnails
    assert 0 < len(kept) < 20
    bar = shown.panel.list.verticalScrollBar()
    bar.setValue(bar.maximum())
    shown.pixels()
    assert 0 < len(kept) < 40


# -- opening ------------------------------------------------------------------------------


def test_a_click_opens_the_picture_and_a_problem_opens_nothing(qtbot: QtBot) -> None:
    shown = Shown(qtbot, odd_gallery(), (700, 700))
    shown.click_tile(3)
    assert shown.asked[-1] == OpenPicture(path=FOLDER / "cut.png")
    before = len(shown.asked)
    shown.click_tile(5)
    assert shown.names[5] == "notes"
    assert len(shown.asked) == before
    shown.click_tile(4)
    assert shown.asked[-1] == OpenPicture(path=FOLDER / "waits.png"), "captioned or not"


def test_a_click_is_about_what_was_seen(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(6))
    order_by(shown, "confidence")
    seen = shown.panel.tiles.entries[1].path
    changed = [
        replace(entry, said=replace(entry.said, confidence=-9.0) if entry.said else None)
        for entry in toy_gallery(6).entries[::-1]
    ]
    shown.panel.set_scene(seeing(replace(toy_gallery(6), entries=tuple(changed[::-1]))))
    shown.click_tile(1)
    assert shown.asked[-1] == OpenPicture(path=seen)


def test_arrows_move_and_enter_opens(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(8), (420, 600))
    assert shown.panel.list.across == 3
    shown.focus(TAB)
    assert shown.current == "picture 0", "it shows where the keyboard is"
    for key, expected in (
        (KEY.Key_Right, 1),
        (KEY.Key_Down, 4),
        (KEY.Key_Down, 7),
        (KEY.Key_Down, 7),
        (KEY.Key_Left, 6),
        (KEY.Key_Up, 3),
        (KEY.Key_Up, 0),
        (KEY.Key_Up, 0),
        (KEY.Key_Left, 0),
        (KEY.Key_End, 7),
        (KEY.Key_Right, 7),
        (KEY.Key_Home, 0),
        (KEY.Key_PageDown, 7),
        (KEY.Key_PageUp, 0),
        (KEY.Key_Right, 1),
        (KEY.Key_Right, 2),
        (KEY.Key_Down, 5),
        (KEY.Key_Down, 7),
    ):
        shown.key(key)
        assert shown.current == f"picture {expected}"
    assert shown.said[-1].startswith("picture 7.png: “")
    shown.key(KEY.Key_Return)
    assert shown.asked[-1] == OpenPicture(path=FOLDER / "picture 7.png")


def test_after_a_click_sideways_keys_still_scrub(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(8))
    shown.focus(MOUSE)
    shown.click_tile(1)
    assert not shown.framed()
    shown.key(KEY.Key_Down)
    assert shown.framed(), "from here on a frame shows where keys go"
    shown.panel.clearFocus()
    assert not shown.framed()


def test_keys_stay_with_the_entry_when_the_order_changes(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(60), (300, 300))
    shown.focus(TAB)
    shown.key(KEY.Key_Down, KEY.Key_Down)
    chosen = shown.current
    order_by(shown, "entropy", descending=True)
    assert shown.current == chosen
    place = shown.place(shown.panel.tiles.current() or 0)
    assert 0 <= place.top() < shown.panel.list.viewport().height()


def test_keys_with_a_modifier_and_without_a_gallery_do_nothing(qtbot: QtBot) -> None:
    shown = Shown(qtbot, None)
    shown.focus(TAB)
    shown.key(KEY.Key_Down, KEY.Key_Return)
    shown.show(seeing(toy_gallery(4)))
    QTest.keyClick(shown.panel, KEY.Key_Down, Qt.KeyboardModifier.ControlModifier)
    shown.key(KEY.Key_Return)
    assert (shown.current, shown.asked) == ("", [])


# -- controls -----------------------------------------------------------------------------


def test_controls_ask_for_what_they_say(qtbot: QtBot) -> None:
    shown = Shown(qtbot, None)
    controls = shown.panel.controls
    assert not controls.button.isVisible()
    for button in (controls.folder, controls.files):
        button.click()
    assert shown.asked == [ChooseGallery(), ChooseGallery(files=True)]
    for gallery, text, asked in (
        (toy_gallery(6, done=2, busy=True), "Stop", StopGallery()),
        (toy_gallery(6, done=2), "Go on", CaptionGallery()),
        (toy_gallery(6), "Again", CaptionGallery(anew=True)),
    ):
        shown.show(seeing(gallery))
        assert controls.button.text() == text
        controls.button.click()
        assert shown.asked[-1] == asked


def test_a_model_of_texts_cannot_begin_and_keeps_what_there_is(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(6))
    shown.show(replace(toy_scene(), gallery=toy_gallery(6)))
    assert not shown.panel.controls.button.isEnabled()
    assert "needs one that takes a picture" in shown.panel.controls.button.toolTip()
    assert shown.panel.list.isVisible()
    shown.show(replace(toy_scene(), gallery=replace(toy_gallery(6, done=0), ways=None)))
    assert not shown.panel.list.isVisible()


def test_a_low_or_narrow_panel_has_no_controls(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(6), (140, 300))
    assert not shown.panel.controls.isVisible()
    shown.panel.resize(300, 300)
    settle()
    assert shown.panel.controls.isVisible()


# -- words --------------------------------------------------------------------------------


def test_heading_and_caption_tell_folder_and_mode(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(3))
    assert shown.panel.heading() == "Gallery: toys"
    assert shown.panel.caption() == "toy · additive/global/soft"
    shown.show(seeing(None))
    assert (shown.panel.heading(), shown.panel.caption()) == ("Gallery", "")


def test_pointing_says_it_and_goes_on_saying_it_as_captions_come(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_gallery(6, done=1, busy=True))
    view = shown.panel.list.viewport()
    QTest.mouseMove(view, shown.place(2).center().toPoint())
    settle()
    assert shown.said[-1] == "picture 2.png: not captioned yet"
    shown.show(seeing(toy_gallery(6, done=4, busy=True)))
    assert shown.said[-1].startswith("picture 2.png: “a red square left of”   mean log p -")
    tips = [
        shown.panel.list.model().index(number, 0).data(Qt.ItemDataRole.ToolTipRole)
        for number in range(6)
    ]
    assert "a red square left of" in tips[2]
    assert tips[5] == "<p><b>picture 5.png</b></p>"


@pytest.mark.parametrize("size", [9.0, 14.0])
def test_long_texts_are_cut_in_the_last_line(size: float, qapp: object) -> None:
    font = QFont()
    font.setPointSizeF(size)
    metrics = QFontMetricsF(font)
    for text in (
        "a red square left of two blue circles " * 4,
        "😀x" * 90,
        "w" * 300,
        "שלום עולם " * 30,
    ):
        lines = wrapped(text, font, 120, 2)
        assert len(lines) == 2
        assert lines[-1].endswith("…")
        assert all(metrics.horizontalAdvance(line) <= 121 for line in lines)
        assert text.startswith(lines[0])
    assert wrapped("a dog", font, 120, 2) == ["a dog"]
    assert wrapped("", font, 120, 2) == [""]


def test_an_export_shows_what_the_panel_shows(qtbot: QtBot, tmp_path: Path) -> None:
    shown = Shown(qtbot, toy_gallery(60), (300, 300))
    order_by(shown, "entropy", descending=True)
    shown.panel.list.verticalScrollBar().setValue(shown.panel.tiles.row_height(0) * 4)
    settle()
    across = shown.panel.list.across
    copy = GalleryPanel(theme(dark=True))
    qtbot.addWidget(copy)
    copy.resize(300, 300)
    copy.set_scene(shown.panel.scene)
    copy.show()
    copy.take_view(shown.panel)
    settle()
    assert copy.tiles.entries == shown.panel.tiles.entries
    assert copy.list.row_at(QPointF(5, 5)) == 4 * across
    save_svg(shown.panel, tmp_path / "gallery.svg", None, LIGHT)
    text = (tmp_path / "gallery.svg").read_text()
    first = shown.panel.tiles.entries[4 * across]
    assert first.path.name in text
    assert "<image" in text
