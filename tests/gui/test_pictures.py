"""Pictures from the window to the engine and back: opened, decoded, edited, saved and found."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.common.mode import HARD, Mode
from attn_desktop.common.model_list import ModelEntry
from attn_desktop.gui.engine_client import EngineClient, Health
from attn_desktop.gui.intents import (
    ChoosePicture,
    EncodeText,
    MakeEdit,
    NewScene,
    OpenDocument,
    OpenPicture,
)
from attn_desktop.gui.panels.source import SourcePanel
from attn_desktop.gui.picture_files import PASTED, has_picture, picture_in
from attn_desktop.gui.raster import image, png_bytes
from attn_desktop.gui.samples import Sample
from attn_desktop.gui.source_desk import ANY_QUESTION, NO_PICTURE, SourceDesk
from attn_desktop.gui.theme import theme
from attn_desktop.gui.what_if import WhatIf
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.protocol import Models
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice
from attn_desktop.trace.storage import load_trace, save_trace
from tests.bad_pictures import ODD, REFUSED, write_bad_pictures
from tests.decoding.helpers import differences
from tests.gui.desk import TIMEOUT_MS, Desk, make_desk, start_client
from tests.toy_seers import (
    TOY_QUESTIONS,
    toy_captioner_checkpoint,
    toy_picture,
    toy_vqa_checkpoint,
)

LIMIT = 6
SENTENCE = "A red car."
PNG = png_bytes(image(toy_picture(3, 30, 44)))


@dataclass
class Sources:
    """A session on an engine, with what chooses its inputs."""

    desk: Desk
    sources: SourceDesk
    panel: SourcePanel
    window: QWidget
    noted: list[str]
    offered: list[tuple[str, Any]]

    def encoded(self) -> None:
        """Wait for another input, and decode it."""
        desk, before = self.desk, self.desk.scene.run
        desk.wait(lambda: desk.scene.run is not before or bool(desk.failures))
        desk.settle()
        assert desk.session.document is not None
        desk.session.document.limits[desk.session.run] = LIMIT
        desk.stepping.run()
        desk.settle()

    def open(self, file: bytes = PNG, name: str = "cat.png") -> None:
        self.sources.take(OpenPicture(file=file, name=name))
        self.encoded()


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


@contextmanager
def opened(client: EngineClient, qtbot: QtBot, model: Path) -> Iterator[Sources]:
    """A fresh session on a client, stopped and taken apart at the end."""
    qtbot.waitUntil(lambda: client.condition.health is Health.READY, timeout=TIMEOUT_MS)
    desk = make_desk(client, qtbot, model)
    desk.stepping.run_after_encoding = False
    window, panel = QWidget(), SourcePanel(theme(dark=False))
    sources = SourceDesk(window, desk.session, panel, (Sample("one", SENTENCE),))
    noted: list[str] = []
    offered: list[tuple[str, Any]] = []
    sources.noted.connect(noted.append)
    sources.offered.connect(lambda *said: offered.append(said))
    try:
        yield Sources(desk, sources, panel, window, noted, offered)
    finally:
        desk.link.stop()
        for widget in (window, panel, desk.holder):
            shiboken6.delete(widget)


@pytest.fixture
def own(shared_client: EngineClient, qtbot: QtBot, endless_folder: Path) -> Iterator[Sources]:
    with opened(shared_client, qtbot, endless_folder) as made:
        yield made


@pytest.fixture
def captioned(own: Sources, captioner: Path) -> Sources:
    """A picture with a caption."""
    own.sources.open_model(str(captioner))
    own.encoded()
    own.open()
    return own


@pytest.fixture
def answered(own: Sources, answerer: Path) -> Sources:
    """A scene with a question and its answer."""
    own.sources.open_model(str(answerer))
    own.encoded()
    return own


def records(desk: Desk) -> tuple[StepRecord, ...]:
    return desk.scene.steps


def same(one: tuple[StepRecord, ...], other: tuple[StepRecord, ...]) -> bool:
    """Equal in every number, whatever their nodes are called."""
    return len(one) == len(other) and all(
        differences(a.readings, b.readings) == differences(a.attention, b.attention) == []
        and a.token_id == b.token_id
        for a, b in zip(one, other, strict=True)
    )


# -- opening ------------------------------------------------------------------------------


def test_a_picture_is_opened_by_its_bytes_and_decoded(captioned: Sources) -> None:
    scene = captioned.desk.scene
    assert scene.run is not None
    np.testing.assert_array_equal(scene.run.picture, toy_picture(3, 30, 44))
    assert scene.run.grid == (4, 4)
    assert scene.run.receptive_field == pytest.approx(16 / 16)
    assert len(scene.steps) >= 1
    assert captioned.desk.session.undo_stack.undoText() != ""
    texts = [captioned.desk.session.undo_stack.text(i) for i in range(2)]
    assert "open “cat.png”" in texts


def test_opening_a_picture_is_undone_and_done_again(captioned: Sources) -> None:
    desk = captioned.desk
    first, steps = desk.scene.run, records(desk)
    captioned.open(png_bytes(image(toy_picture(9, 8, 8))), "dog.png")
    second = desk.scene.run
    assert second is not first
    while desk.scene.run is second:
        desk.session.undo()
    assert desk.scene.run is first
    assert records(desk) == steps
    desk.session.redo()
    assert desk.scene.run is second


def test_a_model_without_a_picture_begins_with_a_scene(own: Sources, captioner: Path) -> None:
    own.sources.open_model(str(captioner))
    own.encoded()
    run = own.desk.scene.run
    assert run is not None
    assert run.picture is not None
    assert run.picture.shape == (448, 448, 3)
    assert own.panel.picture.seed.value() == 1
    own.sources.take(NewScene(7))
    own.encoded()
    assert own.desk.session.undo_stack.text(1) == "open “scene 7”"
    own.sources.next_sample()
    own.encoded()
    assert own.desk.scene.run is not None
    assert own.desk.scene.run.picture is not None
    assert not np.array_equal(own.desk.scene.run.picture, run.picture)
    assert own.panel.picture.seed.value() == 9


def test_another_model_looks_at_the_same_picture(captioned: Sources, answerer: Path) -> None:
    before = captioned.desk.scene.run
    captioned.sources.open_model(str(answerer))
    captioned.encoded()
    run = captioned.desk.scene.run
    assert run is not None
    assert before is not None
    np.testing.assert_array_equal(run.picture, before.picture)
    assert run.text == ANY_QUESTION
    assert len(captioned.desk.scene.steps) == 2


def test_a_model_of_texts_after_one_of_pictures_begins_with_a_sample(
    captioned: Sources, endless_folder: Path
) -> None:
    captioned.sources.open_model(str(endless_folder))
    captioned.encoded()
    run = captioned.desk.scene.run
    assert run is not None
    assert (run.text, run.picture) == (SENTENCE, None)


def test_a_recording_that_is_dropped_or_pasted_is_no_picture(tmp_path: Path) -> None:
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(tmp_path / "kept.ATTN"))])
    assert has_picture(dropped)
    assert picture_in(dropped) == OpenDocument(tmp_path / "kept.ATTN")


@pytest.mark.parametrize(("name", "said"), REFUSED.items())
def test_what_is_no_picture_leaves_the_document_as_it_is(
    captioned: Sources, tmp_path: Path, name: str, said: str
) -> None:
    write_bad_pictures(tmp_path)
    before, steps = captioned.desk.scene.run, records(captioned.desk)
    captioned.sources.take(OpenPicture(path=tmp_path / name))
    text, cause = captioned.desk.failure()
    assert said in text
    assert cause == "source"
    assert captioned.desk.scene.run is before
    assert records(captioned.desk) == steps


@pytest.mark.parametrize(("name", "shape"), ODD.items())
def test_odd_pictures_are_shown(
    captioned: Sources, tmp_path: Path, name: str, shape: tuple[int, int]
) -> None:
    write_bad_pictures(tmp_path)
    captioned.sources.take(OpenPicture(path=tmp_path / name))
    captioned.encoded()
    run = captioned.desk.scene.run
    assert run is not None
    assert run.picture is not None
    assert run.picture.shape == (*shape, 3)


# -- questions ----------------------------------------------------------------------------


def offered_questions(own: Sources) -> list[str]:
    own.panel.set_scene(own.desk.scene)
    own.panel.flush()
    return [action.text() for action in own.panel.samples.menu().actions()]


def test_a_saved_scene_brings_its_questions_again(
    answered: Sources, shared_client: EngineClient, qtbot: QtBot, answerer: Path, tmp_path: Path
) -> None:
    questions, path = offered_questions(answered), tmp_path / "scene.attn"
    assert len(questions) >= 3
    answered.desk.session.save(path)
    assert load_trace(path).run.scene == 0
    answered.desk.link.stop()
    with opened(shared_client, qtbot, answerer) as later:
        later.desk.session.open(path)
        later.desk.wait(lambda: offered_questions(later) == questions)


def test_a_picture_that_is_not_the_scene_it_says_has_no_questions_of_its_own(
    answered: Sources, tmp_path: Path
) -> None:
    path = tmp_path / "scene.attn"
    answered.desk.session.save(path)
    trace = load_trace(path)
    assert trace.run.picture is not None
    other = replace(trace.run, picture=255 - trace.run.picture, scene=3)
    save_trace(replace(trace, run=other), path)
    answered.desk.session.open(path)
    answered.desk.wait(lambda: offered_questions(answered) == [ANY_QUESTION])
    answered.desk.settle()


def test_an_unknown_question_is_answered_and_an_empty_one_refused(answered: Sources) -> None:
    answered.sources.take(EncodeText("zork flibber?"))
    answered.encoded()
    assert len(answered.desk.scene.steps) == 2
    answered.sources.take(EncodeText("  "))
    text, cause = answered.desk.failure()
    assert "ask at least one word" in text
    assert cause == "source"


def test_a_scene_brings_questions_with_their_answers(answered: Sources) -> None:
    panel = answered.panel
    panel.set_scene(answered.desk.scene)
    panel.flush()
    actions = panel.samples.menu().actions()
    assert len(actions) >= 3
    assert all(action.toolTip().startswith("The true answer: ") for action in actions)
    assert answered.desk.scene.run is not None
    assert answered.desk.scene.run.text == actions[0].text()
    assert panel.field.text() == actions[0].text()


def test_another_question_is_about_the_same_picture(answered: Sources) -> None:
    desk, before = answered.desk, answered.desk.scene.run
    answered.sources.take(EncodeText(TOY_QUESTIONS[1]))
    answered.encoded()
    run = desk.scene.run
    assert run is not None
    assert before is not None
    assert run.text == TOY_QUESTIONS[1]
    np.testing.assert_array_equal(run.picture, before.picture)
    answered.sources.take(EncodeText(TOY_QUESTIONS[0], beside=True))
    answered.encoded()
    assert desk.scene.sources == (TOY_QUESTIONS[1], TOY_QUESTIONS[0])
    assert desk.session.document is not None
    assert len(desk.session.document.runs) == 2


def test_another_picture_keeps_the_question(answered: Sources) -> None:
    answered.sources.take(EncodeText(TOY_QUESTIONS[1]))
    answered.encoded()
    answered.open()
    run = answered.desk.scene.run
    assert run is not None
    assert run.text == TOY_QUESTIONS[1]
    np.testing.assert_array_equal(run.picture, toy_picture(3, 30, 44))


# -- what-ifs, files, engines ---------------------------------------------------------------


def test_a_mask_of_regions_is_named_and_undone(captioned: Sources) -> None:
    desk = captioned.desk
    what_if = WhatIf(desk.stepping, desk.holder)
    desk.session.go(1)
    before = records(desk)
    what_if.edit(MakeEdit((Edit("alpha", "mask", (0, 1, 4, 5)),)))
    desk.settle()
    assert "do not look at r1c1–r2c2" in desk.session.undo_stack.undoText()
    shown = next(branch for branch in desk.scene.branches if branch.shown)
    assert "do not look at r1c1–r2c2" in shown.about
    assert len(desk.scene.branches) == 2
    assert records(desk) != before
    while records(desk) != before:
        desk.session.undo()
    assert len(desk.scene.branches) == 1


def test_regions_that_are_masked_are_not_looked_at(captioned: Sources) -> None:
    desk = captioned.desk
    what_if, steps = WhatIf(desk.stepping, desk.holder), records(desk)
    desk.session.go(1)
    masked = (0, 1, 4, 5)
    what_if.edit(MakeEdit((Edit("alpha", "mask", masked),)))
    desk.settle()
    first = records(desk)[0]
    assert first.cross is not None
    assert steps[0].cross is not None
    assert first.cross.alpha[0, 0, list(masked)].tolist() == [0, 0, 0, 0]
    kept = np.delete(steps[0].cross.alpha[0, 0].astype(np.float64), masked)
    np.testing.assert_allclose(
        np.delete(first.cross.alpha[0, 0], masked), kept / kept.sum(), rtol=1e-5
    )
    desk.session.undo()
    assert records(desk) == steps


def test_a_saved_picture_is_decoded_again_with_the_same_numbers(
    captioned: Sources, captioner: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk, steps, path = captioned.desk, records(captioned.desk), tmp_path / "cat.attn"
    desk.session.save(path)
    other = make_desk(desk.client, qtbot, captioner)
    try:
        other.session.open(path)
        assert same(other.scene.steps, steps)
        run = other.scene.run
        assert run is not None
        np.testing.assert_array_equal(run.picture, toy_picture(3, 30, 44))
        assert run.receptive_field == 1.0
        other.session.go(0)
        other.stepping.set_mode(Mode("dot", "global", HARD))
        assert not same(other.settle().steps, steps), "decoded from what is in the file"
        home = other.session.home()
        assert home is not None
        assert home == desk.session.home()
        other.session.undo()
        other.session.set_ways(Mode(), Choice())
        other.stepping.run_after_encoding = True
        other.session.encode("", picture=home.picture)
        other.wait(lambda: other.scene.run is not run and len(other.scene.steps) > 0)
        again = other.settle().steps
        assert same(again[: len(steps)], steps), "encoded from what is in the file"
    finally:
        other.link.stop()
        shiboken6.delete(other.holder)


@pytest.fixture
def lost(qtbot: QtBot, captioner: Path) -> Iterator[Sources]:
    """A session on an engine of its own, which may be killed."""
    client = start_client(qtbot)
    try:
        with opened(client, qtbot, captioner) as made:
            yield made
    finally:
        client.stop()


@pytest.mark.parametrize("kind", ["captioner", "answerer"])
def test_an_engine_that_was_killed_goes_on_with_the_same_picture(
    kind: str, lost: Sources, request: pytest.FixtureRequest
) -> None:
    desk = lost.desk
    lost.sources.open_model(str(request.getfixturevalue(kind)))
    lost.encoded()
    lost.open()
    steps, process = desk.scene.steps, desk.client.process_id
    os.kill(process, signal.SIGKILL)
    desk.wait(
        lambda: desk.client.process_id != process and desk.client.condition.health is Health.READY
    )
    desk.session.go(1)
    WhatIf(desk.stepping, desk.holder).edit(MakeEdit((Edit("alpha", "pin", (3,)),)))
    edited = desk.settle().steps[0]
    assert edited.cross is not None
    assert edited.cross.unedited is not None
    assert steps[0].cross is not None
    assert edited.cross.alpha[0, 0, 3] == 1
    assert edited.cross.unedited.tobytes() == steps[0].cross.alpha.tobytes()
    desk.session.undo()
    assert desk.scene.steps == steps


# -- files of no use ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"GIF89a but not really", "image"),
        (b"a letter", "not an image that can be read"),
        (PNG[: len(PNG) // 2], "damaged or cut short"),
    ],
    ids=["broken", "text", "cut"],
)
def test_a_file_of_no_use_is_told_and_the_document_stays(
    captioned: Sources, file: bytes, reason: str, tmp_path: Path
) -> None:
    desk, before = captioned.desk, captioned.desk.scene
    path = tmp_path / "bad.png"
    path.write_bytes(file)
    captioned.sources.take(OpenPicture(path=path))
    text, cause = desk.failure()
    assert cause == "source"
    assert text.startswith("“bad.png”: ")
    assert reason in text
    assert desk.scene.run is before.run
    captioned.open()


def test_what_is_no_file_of_a_picture_is_never_sent(captioned: Sources, tmp_path: Path) -> None:
    empty, pipe = tmp_path / "empty.png", tmp_path / "pipe"
    empty.write_bytes(b"")
    os.mkfifo(pipe)
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate((64 << 20) + 1)
    for path, reason in (
        (empty, "“empty.png” is empty"),
        (pipe, "no regular file"),
        (tmp_path, "no regular file"),
        (large, "67,108,865 bytes"),
        (tmp_path / "none.png", "No such file"),
        (tmp_path / "nul\0.png", "cannot be read"),
    ):
        captioned.sources.take(OpenPicture(path=path))
        text, cause = captioned.desk.failure()
        assert cause == "source"
        assert reason in text
        assert not captioned.desk.link.busy


def test_a_seed_of_no_scene_is_told(captioned: Sources) -> None:
    captioned.sources.take(NewScene(-1))
    text, cause = captioned.desk.failure()
    assert cause == "source"
    assert "0 or more" in text


# -- where pictures come from ---------------------------------------------------------------


def test_a_picture_for_a_model_of_texts_is_offered_to_one_of_pictures(
    own: Sources, captioner: Path
) -> None:
    own.desk.encode(SENTENCE)
    own.sources.take(OpenPicture(file=PNG, name="cat.png"))
    (said, actions) = own.offered.pop()
    assert "takes no picture" in said
    assert actions == ()
    entry = ModelEntry(name=str(captioner), path=str(captioner), size_bytes=1, takes=("picture",))
    asking = ModelEntry(name="vqa", path="/x", size_bytes=1, takes=("picture", "question"))
    broken = ModelEntry(name="b", path="/x", size_bytes=1, takes=("picture",), problem="no")
    text = ModelEntry(name="en-fr", path="/x", size_bytes=1, takes=("text",))
    own.desk.link.models.emit(Models(request=0, models=(text, broken, asking, entry)))
    own.sources.take(OpenPicture(file=PNG, name="cat.png"))
    (_, ((button, act),)) = own.offered.pop()
    assert button == f"Open it with {captioner}"
    assert callable(act)
    act()
    own.encoded()
    run = own.desk.scene.run
    assert run is not None
    np.testing.assert_array_equal(run.picture, toy_picture(3, 30, 44))


def test_a_picture_is_pasted(captioned: Sources) -> None:
    clipboard = QApplication.clipboard()
    clipboard.setText("no picture")
    captioned.sources.paste_picture()
    assert captioned.noted == [NO_PICTURE]
    clipboard.setImage(image(toy_picture(5, 20, 10)))
    captioned.sources.paste_picture()
    captioned.encoded()
    run = captioned.desk.scene.run
    assert run is not None
    np.testing.assert_array_equal(run.picture, toy_picture(5, 20, 10))
    texts = [captioned.desk.session.undo_stack.text(i) for i in range(10)]
    assert f"open “{PASTED}”" in texts
    clipboard.clear()


def test_a_picture_is_chosen_from_a_dialog(
    captioned: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "chosen.png"
    path.write_bytes(png_bytes(image(toy_picture(6, 5, 9))))
    answers = iter([("", ""), (str(path), "")])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: next(answers))
    before = captioned.desk.scene.run
    captioned.sources.take(ChoosePicture())
    assert captioned.desk.scene.run is before
    assert not captioned.desk.link.busy
    captioned.sources.take(ChoosePicture())
    captioned.encoded()
    run = captioned.desk.scene.run
    assert run is not None
    assert run.picture is not None
    assert run.picture.shape == (5, 9, 3)


def test_the_field_hands_on_pictures_and_keeps_texts(captioned: Sources) -> None:
    asked: list[object] = []
    captioned.panel.wanted.connect(asked.append)
    field = captioned.panel.field
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/a.png")])
    field.insertFromMimeData(data)
    assert field.text() == "https://example.org/a.png"
    assert asked == []
    data.setUrls([QUrl.fromLocalFile("/tmp/a cat.png")])
    assert field.canInsertFromMimeData(data)
    field.insertFromMimeData(data)
    assert asked == [OpenPicture(path=Path("/tmp/a cat.png"))]
    pasted = QMimeData()
    pasted.setImageData(QImage(4, 3, QImage.Format.Format_RGB32))
    pasted.setText("a table, which brings its image too")
    field.insertFromMimeData(pasted)
    assert len(asked) == 1
