"""Galleries of a session with a real engine: captioned, stopped, gone on with, through a crash."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui import gallery_desk
from attn_desktop.gui.engine_client import EngineClient, Health
from attn_desktop.gui.gallery import Entry, Gallery
from attn_desktop.gui.gallery_desk import FATAL, SIDE, GalleryDesk
from attn_desktop.gui.intents import (
    CaptionGallery,
    ChooseGallery,
    Intent,
    OpenGallery,
    OpenPicture,
    StopGallery,
    StopProbe,
)
from attn_desktop.gui.job import Picture
from attn_desktop.gui.raster import image, png_bytes
from tests.gui.desk import TIMEOUT_MS, Desk, make_desk, start_client
from tests.toy_seers import (
    TOY_QUESTIONS,
    toy_captioner_checkpoint,
    toy_picture,
    toy_vqa_checkpoint,
)

PNG = png_bytes(image(toy_picture(3, 30, 44)))
HARD_MODE = Mode(weighting=HARD)


class Galleries:
    """A session on an engine, with what captions its galleries."""

    def __init__(self, client: EngineClient, qtbot: QtBot, model: Path) -> None:
        qtbot.waitUntil(lambda: client.condition.health is Health.READY, timeout=TIMEOUT_MS)
        self.desk: Desk = make_desk(client, qtbot, model)
        self.desk.stepping.run_after_encoding = False
        self.window = QWidget()
        self.galleries = GalleryDesk(self.window, self.desk.session)
        self.wanted: list[Intent] = []
        self.shown = 0
        self.galleries.wanted.connect(self.wanted.append)
        self.galleries.shown.connect(self._count)

    def _count(self) -> None:
        self.shown += 1

    def close(self) -> None:
        self.galleries.stop()
        self.desk.link.stop()
        for widget in (self.window, self.desk.holder):
            shiboken6.delete(widget)

    @property
    def gallery(self) -> Gallery:
        found = self.desk.scene.gallery
        assert found is not None
        return found

    def encode(self, text: str = "", file: bytes = PNG) -> None:
        """Have a document of the model that looks at a picture."""
        before = self.desk.scene.run
        self.desk.session.encode(text, picture=Picture(file=file, name="cat.png"))
        self.desk.wait(lambda: self.desk.scene.run is not before or bool(self.desk.failures))
        self.desk.settle()

    def open(self, *paths: Path) -> None:
        assert self.galleries.take(OpenGallery(paths))

    def finished(self) -> Gallery:
        """Wait until nothing is left to do."""
        self.desk.wait(lambda: not self.gallery.busy and not self.gallery.left)
        return self.gallery

    def entry(self, name: str) -> Entry:
        (found,) = [one for one in self.gallery.entries if one.path.name == name]
        return found

    def check(self, entry: Entry, text: str = "") -> None:
        """Open the picture and step through it: the same words and scores."""
        desk = self.desk
        self.encode(text, entry.path.read_bytes())
        desk.stepping.run()
        desk.settle()
        steps = desk.scene.steps
        assert entry.said is not None
        last = steps[-1:] if text else steps
        words = [step.token for step in last if not step.is_end or text]
        assert entry.said.text == "".join(words).replace("▁", " ").strip()
        logs = [step.log_prob for step in last]
        assert entry.said.confidence == pytest.approx(sum(logs) / len(logs), abs=1e-12)
        wide = []
        for step in steps:
            if step.cross is not None:
                alpha = step.cross.alpha[0, 0].astype(np.float64)
                wide.append(-(alpha * np.log(alpha)).sum() / np.log(len(alpha)))
        if wide:
            assert entry.said.spread == pytest.approx(np.mean(wide))
        else:
            assert np.isnan(entry.said.spread)
        assert entry.said.ended == steps[-1].is_end


@pytest.fixture(scope="module")
def captioner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "captioner"
    toy_captioner_checkpoint(folder)
    return folder


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "answerer"
    toy_vqa_checkpoint(folder)
    return folder


@pytest.fixture
def own(shared_client: EngineClient, qtbot: QtBot, captioner: Path) -> Iterator[Galleries]:
    made = Galleries(shared_client, qtbot, captioner)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five pictures, and three files that are none."""
    made = tmp_path / "pictures"
    made.mkdir()
    for number in range(5):
        pixels = toy_picture(number, 40 + number, 300)
        (made / f"{number}.png").write_bytes(png_bytes(image(pixels)))
    (made / "broken.png").write_bytes(PNG[:200])
    (made / "empty.jpg").write_bytes(b"")
    (made / "notes.txt").write_bytes(b"a dog")
    return made


@pytest.mark.parametrize("mode", [Mode(), HARD_MODE, Mode("none")], ids=str)
def test_a_folder_is_captioned_as_stepping_through_each_picture_would(
    own: Galleries, folder: Path, mode: Mode
) -> None:
    own.encode()
    own.desk.stepping.set_mode(mode)
    own.desk.settle()
    own.open(folder)
    assert own.gallery.busy
    found = own.finished()
    assert (found.captioned, found.refused, own.shown) == (5, 3, 1)
    assert found.ways is not None
    assert (found.ways.mode, found.ways.trained) == (mode, True)
    for number in range(5):
        entry = own.entry(f"{number}.png")
        assert entry.thumbnail[:2] == b"\xff\xd8", "a JPEG file"
        own.check(entry)
    assert not own.desk.failures
    assert own.desk.scene.gallery is found, "what is opened leaves it"


def test_files_that_are_no_pictures_are_listed_with_the_reason(
    own: Galleries, folder: Path
) -> None:
    own.encode()
    own.open(folder)
    own.finished()
    assert "damaged or cut short" in own.entry("broken.png").problem
    assert own.entry("empty.jpg").problem == "is empty; a PNG, JPEG, WebP or GIF file is needed"
    assert own.entry("notes.txt").problem.startswith("no picture: its name does not end in")
    assert not own.desk.failures


def test_it_arrives_bit_by_bit(
    own: Galleries, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_desk, "SHOWN_MS", 0)
    own.encode()
    seen: list[int] = []
    own.desk.playhead.scene_changed.connect(lambda scene: seen.append(scene.gallery.captioned))
    own.open(folder)
    own.finished()
    assert seen == sorted(seen)
    assert len(set(seen)) > 2
    sizes = {len(entry.thumbnail) < 60_000 for entry in own.gallery.entries}
    assert sizes == {True}
    assert SIDE <= 200


def test_what_was_stopped_is_gone_on_with(own: Galleries, folder: Path) -> None:
    own.encode()
    own.open(folder)
    own.galleries.take(StopGallery())
    assert not own.gallery.busy
    left = own.gallery.left
    assert left
    own.desk.settle()
    assert own.gallery.left == left, "what still arrives is dropped"
    own.galleries.take(CaptionGallery())
    assert own.finished().captioned == 5


def test_another_mode_captions_all_of_them_anew(own: Galleries, folder: Path) -> None:
    own.encode()
    own.open(folder)
    first = own.finished()
    own.galleries.take(CaptionGallery())
    assert own.gallery.captioned == 5, "there is nothing to do"
    own.desk.stepping.set_mode(Mode("dot"))
    own.desk.settle()
    own.galleries.take(CaptionGallery())
    assert own.gallery.captioned == 0
    assert own.gallery.entries[0].thumbnail == first.entries[0].thumbnail
    second = own.finished()
    assert second.ways is not None
    assert second.ways.mode == Mode("dot")
    pairs = zip(first.entries, second.entries, strict=True)
    assert [one.said != other.said for one, other in pairs][:5] == [True] * 5
    own.galleries.take(CaptionGallery(anew=True))
    assert own.gallery.captioned == 0
    again = own.finished()
    assert [one.said for one in again.entries] == [one.said for one in second.entries]


def test_another_folder_takes_the_place_of_one_that_is_under_way(
    own: Galleries, folder: Path, tmp_path: Path
) -> None:
    own.encode()
    own.open(folder)
    other = tmp_path / "other.png"
    other.write_bytes(PNG)
    own.open(other)
    found = own.finished()
    assert [entry.path for entry in found.entries] == [other]
    own.check(own.entry("other.png"))


def test_a_question_is_asked_of_every_picture(
    shared_client: EngineClient, qtbot: QtBot, answerer: Path, folder: Path
) -> None:
    own = Galleries(shared_client, qtbot, answerer)
    try:
        own.encode(TOY_QUESTIONS[1])
        own.open(folder)
        found = own.finished()
        assert found.ways is not None
        assert found.ways.text == TOY_QUESTIONS[1]
        for number in (0, 3):
            own.check(own.entry(f"{number}.png"), TOY_QUESTIONS[1])
    finally:
        own.close()


def test_a_model_of_texts_captions_nothing_until_one_that_sees_is_there(
    shared_client: EngineClient, qtbot: QtBot, endless_folder: Path, captioner: Path, folder: Path
) -> None:
    own = Galleries(shared_client, qtbot, endless_folder)
    try:
        own.open(folder)  # before there is any document
        assert own.wanted == []
        own.desk.encode()
        assert own.wanted == [OpenPicture(path=folder / "0.png")], "which offers a model"
        own.desk.encode("A dog.")
        assert len(own.wanted) == 1
        assert (own.gallery.ways, own.gallery.left) == (None, 7)
        own.galleries.take(CaptionGallery())
        assert own.gallery.left == 7
        own.desk.session.model = str(captioner)
        own.encode()
        assert own.finished().captioned == 5
    finally:
        own.close()


def test_what_is_wrong_with_all_of_them_is_said_once_and_ends_it(
    own: Galleries, folder: Path
) -> None:
    own.encode()
    own.desk.session.set_ways(Mode("psychic"), own.desk.session.choice)
    own.open(folder)
    text, cause = own.desk.failure()
    assert ("psychic" in text, cause) == (True, "note")
    own.desk.wait(lambda: not own.gallery.busy)
    assert own.gallery.captioned == 0
    assert own.gallery.left >= 3, "the rest was not tried"
    assert not own.desk.failures
    own.desk.session.set_ways(Mode(), own.desk.session.choice)
    own.galleries.take(CaptionGallery())
    assert own.finished().captioned == 5


def test_a_folder_that_cannot_be_read_leaves_the_gallery(
    own: Galleries, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.encode()
    own.open(folder)
    own.finished()

    def fails(_: Path) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", fails)
    own.open(folder)
    text, cause = own.desk.failure()
    assert (text, cause) == ("“pictures” cannot be read: Permission denied", "note")
    assert own.gallery.captioned == 5


def test_folder_and_files_are_chosen_and_nothing_is_no_choice(
    own: Galleries, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.encode()
    chosen = ""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: chosen)
    own.galleries.take(ChooseGallery())
    assert own.desk.scene.gallery is None
    chosen = str(folder)
    own.galleries.handlers()["open-gallery"]()
    assert len(own.gallery.entries) == 8
    names = [str(folder / "1.png"), str(folder / "notes.txt")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (names, ""))
    own.galleries.take(ChooseGallery(files=True))
    own.finished()
    assert own.entry("1.png").said is not None
    assert "not an image that can be read" in own.entry("notes.txt").problem
    assert not own.galleries.take(StopProbe())


def test_an_engine_that_dies_goes_on_where_it_was_and_leaves_what_it_died_over(
    qtbot: QtBot, captioner: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start_client(qtbot)
    own = Galleries(client, qtbot, captioner)
    try:
        own.encode()
        with qtbot.waitSignal(client.died, timeout=TIMEOUT_MS):
            os.kill(client.process_id, signal.SIGKILL)  # without a gallery nothing is to be done
        own.desk.wait(lambda: client.condition.health is Health.READY)
        assert own.desk.scene.gallery is None
        own.open(folder)
        os.kill(client.process_id, signal.SIGKILL)
        found = own.finished()
        assert found.captioned == 5, "one death is nobody's fault"
        monkeypatch.setattr(gallery_desk, "MOST_DEATHS", 1)
        own.galleries.take(CaptionGallery(anew=True))
        place = own.galleries._under_way[0].place
        os.kill(client.process_id, signal.SIGKILL)
        found = own.finished()
        assert found.entries[place].problem == FATAL
        assert (found.captioned, found.refused) == (4, 4)
    finally:
        own.close()
        client.stop()
