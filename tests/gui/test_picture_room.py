"""Around the panels about pictures: which come forward, what is dropped, and what is the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from attn_desktop.common.errors import InputError
from attn_desktop.gui.intents import OpenGallery, OpenPicture
from attn_desktop.gui.job import Home, Picture, encode_job
from attn_desktop.gui.panel import PANELS
from attn_desktop.gui.panel_dock import PanelDock
from attn_desktop.gui.panels.alignment import AlignmentPanel
from attn_desktop.gui.panels.lanes import LanesPanel
from attn_desktop.gui.panels.picture import PicturePanel
from attn_desktop.gui.panels.thumbnails import ThumbnailsPanel
from attn_desktop.gui.picture_drops import PictureDrops
from attn_desktop.gui.picture_room import PictureRoom
from attn_desktop.gui.playhead import Playhead
from attn_desktop.gui.theme import theme
from tests.gui.pointer import settle
from tests.toy_scenes import toy_scene
from tests.toy_seers import toy_picture

KINDS = (AlignmentPanel, PicturePanel, LanesPanel, ThumbnailsPanel)
COPY, LEFT = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    made.resize(900, 500)
    return made


def test_what_is_about_the_input_comes_forward(window: QMainWindow, qtbot: QtBot) -> None:
    docks = {kind.name: PanelDock(PANELS[kind.name](theme(dark=False)), window) for kind in KINDS}
    for front, behind in (("alignment", "picture"), ("lanes", "thumbnails")):
        window.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, docks[front])
        window.tabifyDockWidget(docks[front], docks[behind])
    playhead = Playhead(window)
    PictureRoom(window, docks, playhead)
    window.show()
    for name in ("alignment", "lanes"):
        docks[name].raise_()
    settle()

    def seen() -> set[str]:
        settle()
        return {name for name, dock in docks.items() if not dock.visibleRegion().isEmpty()}

    playhead.show(toy_scene())
    assert seen() == {"alignment", "lanes"}
    playhead.show(toy_scene(grid=(3, 4)))
    assert seen() == {"picture", "thumbnails"}
    docks["alignment"].raise_()
    playhead.show(toy_scene(grid=(2, 2), t=1))
    assert seen() == {"alignment", "thumbnails"}, "another picture leaves what somebody chose"
    playhead.show(toy_scene())
    assert seen() == {"alignment", "lanes"}


def drop(window: QMainWindow, data: QMimeData) -> bool:
    """Drag something over the window and let it go; whether it was taken."""
    enter = QDragEnterEvent(QPoint(20, 20), COPY, data, LEFT, NO_KEY)
    enter.ignore()
    QApplication.sendEvent(window, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(20, 20), COPY, data, LEFT, NO_KEY)
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def test_a_picture_is_dropped_on_the_window_and_a_text_is_not(window: QMainWindow) -> None:
    dropped: list[object] = []
    drops = PictureDrops(window)
    drops.dropped.connect(dropped.append)
    data = QMimeData()
    data.setText("a dog")
    assert not drop(window, data)
    data.setUrls([QUrl("https://example.org/a.png")])
    assert not drop(window, data)
    data.setUrls([QUrl("https://example.org/a.png"), QUrl.fromLocalFile("/tmp/é.jpg")])
    assert drop(window, data)
    data.setUrls([QUrl.fromLocalFile(f"/tmp/{name}.jpg") for name in "ab"])
    assert drop(window, data)
    assert dropped == [
        OpenPicture(path=Path("/tmp/é.jpg")),
        OpenGallery((Path("/tmp/a.jpg"), Path("/tmp/b.jpg"))),
    ]


def test_pictures_are_equal_that_hold_the_same() -> None:
    pixels = toy_picture(1, 70, 90)
    other = pixels.copy()
    other[3, 5, 1] ^= 1
    one = Picture(pixels=pixels, name="cat")
    assert one == Picture(pixels=pixels.copy())
    assert hash(one) == hash(Picture(pixels=pixels.copy()))
    assert one != Picture(pixels=other)
    assert one != Picture(file=b"x")
    assert Picture(file=b"x", name="a") == Picture(file=b"x", name="b")
    assert one != "a picture"
    homes = {Home("m", "cpu", "", None, one): 1}
    assert homes[Home("m", "cpu", "", None, Picture(pixels=np.array(pixels)))] == 1
    assert Home("m", "cpu", "", None, Picture(pixels=other)) not in homes


@pytest.mark.parametrize(
    ("text", "picture", "beside", "expected"),
    [
        ("a  dog\n", None, False, "encode “a dog”"),
        ("w" * 50, None, True, f"source “{'w' * 39}…”"),
        ("", Picture(file=b"x", name="cat.png"), False, "open “cat.png”"),
        ("why", Picture(file=b"x"), False, "encode “why”"),
        ("", Picture(file=b"x"), False, "encode the picture"),
    ],
)
def test_an_encoding_has_a_name_in_the_history(
    text: str, picture: Picture | None, beside: bool, expected: str
) -> None:
    assert encode_job(Home("m", "cpu", text, None, picture), beside).undo_text == expected


def test_a_text_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(InputError, match="surrogate at character 2"):
        encode_job(Home("m", "cpu", "a \ud800", None))
