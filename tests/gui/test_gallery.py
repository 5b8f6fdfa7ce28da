"""The gallery without a window: which files it has, their order, and what is said of them."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl

from attn_desktop.common.errors import InputError
from attn_desktop.gui import gallery_files
from attn_desktop.gui.gallery import Entry, Gallery, Said, Ways, ordered
from attn_desktop.gui.gallery_files import gallery_of
from attn_desktop.gui.gallery_words import about, blank, progress, tip
from attn_desktop.gui.intents import OpenGallery, OpenPicture
from attn_desktop.gui.picture_files import picture_in
from attn_desktop.gui.scene import Scene
from tests.toy_gallery import WAYS, odd_gallery, toy_gallery
from tests.toy_scenes import toy_scene


def names(gallery: Gallery) -> list[str]:
    return [entry.path.name for entry in gallery.entries]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "my pictures"
    (made / "inside").mkdir(parents=True)
    for name in ("b2.png", "b10.PNG", "B1.jpeg", "a.webp", "notes.txt", ".hidden.png", "IMG"):
        (made / name).write_bytes(b"x")
    return made


# -- files --------------------------------------------------------------------------------


def test_a_folder_gives_its_files_as_people_count(folder: Path) -> None:
    found = gallery_of((folder,))
    assert names(found) == ["a.webp", "B1.jpeg", "b2.png", "b10.PNG", "IMG", "notes.txt"]
    assert found.name == "my pictures"
    problems = {entry.path.name for entry in found.entries if entry.problem}
    assert problems == {"IMG", "notes.txt"}, "nobody named them a picture"
    assert "does not end in .png, .jpg, .jpeg, .webp or .gif" in found.entries[-1].problem
    assert found.note == "not the folder inside"
    assert (found.captioned, found.refused, found.left) == (0, 2, 4)


def test_files_that_somebody_chose_are_tried_whatever_their_names(folder: Path) -> None:
    found = gallery_of((folder / "notes.txt", folder / "b2.png", folder / "b2.png"))
    assert names(found) == ["b2.png", "notes.txt"]
    assert found.name == "2 files"
    assert not found.refused


def test_files_and_folders_together(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "c.gif").write_bytes(b"x")
    found = gallery_of((tmp_path / "c.gif", folder))
    assert len(found.entries) == 7
    assert found.name == "7 files"


def test_a_folder_without_files_and_one_that_is_gone(tmp_path: Path) -> None:
    found = gallery_of((tmp_path,))
    assert (found.entries, found.note) == ((), "")
    missing = gallery_of((tmp_path / "gone.png",))
    assert names(missing) == ["gone.png"], "it is said when its turn comes"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(folder: Path) -> None:
    folder.chmod(0)
    try:
        with pytest.raises(InputError, match="“my pictures” cannot be read: Permission denied"):
            gallery_of((folder,))
    finally:
        folder.chmod(0o700)


def test_a_folder_whose_reading_fails_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "iterdir", fails)
    with pytest.raises(InputError, match="“my pictures” cannot be read: Input/output error"):
        gallery_of((folder,))


def test_too_many_are_cut_and_that_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_files, "MOST_FILES", 2)
    found = gallery_of((folder,))
    assert names(found) == ["a.webp", "B1.jpeg"]
    assert found.note == "only the first 2 of 6 files, not the folder inside"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["10", "9", "1"], ["1", "9", "10"]),
        (["a01", "a1", "a2"], ["a01", "a1", "a2"]),
        (["x-2b", "x-10a", "x-2a"], ["x-2a", "x-2b", "x-10a"]),
        (["z", "5", "Z2", "é"], ["5", "z", "Z2", "é"]),
        ([f"i{9**30}", f"i{9**29}"], [f"i{9**29}", f"i{9**30}"]),
    ],
)
def test_names_are_in_the_order_of_people(given: list[str], expected: list[str]) -> None:
    paths = [Path(name) for name in given]
    assert [entry.path.name for entry in gallery_of(paths).entries] == expected


# -- dropped ------------------------------------------------------------------------------


def test_one_file_is_a_picture_and_several_or_a_folder_are_a_gallery(folder: Path) -> None:
    def dropped(*paths: Path) -> object:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        return picture_in(data)

    one, other = folder / "a.webp", folder / "b2.png"
    assert dropped(one) == OpenPicture(path=one)
    assert dropped(one, other) == OpenGallery((one, other))
    assert dropped(folder) == OpenGallery((folder,))


# -- order --------------------------------------------------------------------------------


def entry(name: str, sure: float = math.nan, wide: float = math.nan, problem: str = "") -> Entry:
    said = None if problem or name.startswith("?") else Said(name, sure, wide)
    return Entry(Path(name), said, problem=problem)


ENTRIES = (
    entry("a", -1.0, 0.5),
    entry("b", -3.0, 0.1),
    entry("bad", problem="broken"),
    entry("c", -2.0),
    entry("d", -2.0, 0.9),
    entry("?e"),
)


@pytest.mark.parametrize(
    ("order", "descending", "expected"),
    [
        ("name", False, ["a", "b", "c", "d", "?e", "bad"]),
        ("name", True, ["?e", "d", "c", "b", "a", "bad"]),
        ("confidence", False, ["b", "c", "d", "a", "?e", "bad"]),
        ("confidence", True, ["a", "c", "d", "b", "?e", "bad"]),
        ("entropy", False, ["b", "a", "d", "c", "?e", "bad"]),
        ("entropy", True, ["d", "a", "b", "c", "?e", "bad"]),
    ],
)
def test_what_has_no_score_comes_after_the_others_and_problems_last(
    order: str, descending: bool, expected: list[str]
) -> None:
    found = ordered(ENTRIES, order, descending)  # type: ignore[arg-type]
    assert [one.path.name for one in found] == expected


# -- words --------------------------------------------------------------------------------


def test_how_far_it_is() -> None:
    assert progress(toy_gallery(6, done=2, busy=True)) == "2 of 6 captioned …"
    assert progress(toy_gallery(6, done=2)) == "2 of 6 captioned"
    assert progress(toy_gallery(3)) == "3 captioned"
    assert progress(odd_gallery()) == (
        "4 of 5 captioned · 1 no picture or unreadable, at the end · only the first 2 of 3 files"
    )


def test_what_is_said_of_a_file_is_one_line_and_its_tip_holds_all_of_it() -> None:
    for one in odd_gallery().entries:
        assert "\n" not in about(one)
        assert "\udcff" not in about(one)
        assert "<b>&amp; " not in tip(one), "what a model says is no markup"
    first = odd_gallery().entries[0]
    assert ("word " * 60).strip() in tip(first)
    assert "mean log p -0.50, mean H(α) / log S 0.40" in about(first)


def test_ways_have_a_name_with_all_that_counts() -> None:
    assert WAYS.name == "toy · additive/global/soft"
    asked = replace(WAYS, text="how many", trained=False)
    assert asked.name == "“how many” · toy · additive/global/soft, untrained"
    assert isinstance(asked, Ways)


def test_why_there_is_nothing_to_see() -> None:
    text, picture = toy_scene(), toy_scene(grid=(3, 4))
    assert picture.run is not None
    sees = replace(picture.run, model=replace(picture.run.model, takes=("picture",)))
    picture = replace(picture, run=sees)
    fresh = replace(toy_gallery(6, done=0), ways=None)
    assert blank(Scene()).startswith("Open a folder")
    assert blank(picture) == blank(Scene())
    assert "needs one that takes a picture" in blank(text)
    assert blank(replace(text, gallery=fresh)).startswith("“toys”, 6 files. The model at hand")
    assert blank(Scene(gallery=fresh)).endswith(
        "as soon as a model that takes a picture has opened one."
    )
    assert blank(replace(picture, gallery=fresh)) == ""
    assert blank(replace(text, gallery=toy_gallery())) == "", "what there is stays"
    empty = Gallery("mine", note="not the 2 folders inside")
    assert (
        blank(replace(text, gallery=empty)) == "“mine” holds no files (not the 2 folders inside)."
    )


# -- the scene ----------------------------------------------------------------------------


def test_another_gallery_leaves_the_rest_of_a_scene() -> None:
    scene = toy_scene(steps=300, t=290)
    axis = scene.source
    other = scene.beside(toy_gallery())
    assert other.gallery is not None
    assert other.source is axis
    assert other.is_beside(scene)
    assert not replace(other, t=289).is_beside(scene)
    assert not toy_scene(steps=300, t=290).is_beside(scene)
