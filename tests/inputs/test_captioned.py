"""Tables of captions, and the pictures that they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.inputs.captioned import (
    MAX_WORDS,
    Captions,
    matched,
    open_pictures,
    read_captions,
)
from tests.toy_photos import caption_table, picture_folder

WITH_SPLITS = ("split", "image", "number", "caption")
ROWS = (
    ("train", "a.png", "0", "a red square"),
    ("test", "b.png", "0", "a blue  circle ."),
    ("test", "shots/c.png", "0", "nothing"),
    ("test", "b.png", "1", "One circle"),
)


def nothing(fault: str) -> None:
    raise AssertionError(fault)


@pytest.fixture
def captions(tmp_path: Path) -> Captions:
    return read_captions(caption_table(tmp_path / "c.tsv.gz", ROWS, WITH_SPLITS), nothing)


def test_rows_keep_their_line_and_split(captions: Captions) -> None:
    assert captions.rows == (
        ("a.png", "a red square", "train", 2),
        ("b.png", "a blue circle .", "test", 3),
        ("c.png", "nothing", "test", 4),
        ("b.png", "One circle", "test", 5),
    )
    assert captions.splits == ("train", "test")


def test_captions_by_picture(captions: Captions) -> None:
    both = ["a blue circle .", "One circle"]
    assert captions.by_image("test") == {"b.png": both, "c.png": ["nothing"]}
    assert captions.by_image("train") == {"a.png": ["a red square"]}
    assert captions.by_image(None) == captions.by_image("train") | captions.by_image("test")


def test_a_table_without_splits(tmp_path: Path) -> None:
    found = read_captions(caption_table(tmp_path / "c.tsv", [("a.png", "a dog")]), nothing)
    assert found.rows == (("a.png", "a dog", "", 2),)
    assert found.splits == ()
    with pytest.raises(InputError, match=r"c\.tsv: there is no split 'test'; it has no splits"):
        found.by_image("test")


def test_an_unknown_split_is_refused_with_those_there_are(captions: Captions) -> None:
    with pytest.raises(InputError, match=r"no split 'val'; it has: train, test"):
        captions.by_image("val")


def test_rows_that_cannot_be_used_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = [
        ("a.png", "a dog"),
        ("a.png", "  "),
        ("", "a cat"),
        ("a.png",),
        ("a.png", "word " * 1000),
        ("a.png", "..."),
        ("b.png", "word " * MAX_WORDS),
        ("a.png", "word " * (MAX_WORDS + 1)),
    ]
    path = caption_table(tmp_path / "c.tsv", rows)
    told: list[str] = []
    found = read_captions(path, told.append)
    assert [row.line for row in found.rows] == [2, 8]
    for line, said in zip(
        told,
        (
            "line 3: left out, the caption has no word",
            "line 4: left out, it names no image",
            "line 5: 1 cell, the header has 2; left out",
            "line 6: left out, the caption has 1000 words; at most 100 are read",
            "line 7: left out, the caption has no word",
            "line 9: left out, the caption has 101 words; at most 100 are read",
        ),
        strict=True,
    ):
        assert line == f"{path}, {said}"


def test_many_faults_are_told_in_short(tmp_path: Path) -> None:
    path = caption_table(tmp_path / "c.tsv", [("a.png", "a dog"), *[("a.png", "")] * 5000])
    told: list[str] = []
    assert len(read_captions(path, told.append).rows) == 1
    assert len(told) == 21
    assert told[-1] == f"{path}: 4980 more like this, 5000 in all"


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        (("image", "text"), [("a.png", "a dog")], "no column 'caption'.* it has: image, text"),
        (("file", "caption"), [("a.png", "a dog")], "no column 'image'"),
        (("image", "caption"), [], "no caption that can be used"),
    ],
)
def test_tables_without_captions_are_refused(
    tmp_path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]], said: str
) -> None:
    with pytest.raises(InputError, match=rf"c\.tsv: .*{said}"):
        read_captions(caption_table(tmp_path / "c.tsv", rows, header), nothing)


def test_pictures_and_captions_are_matched_and_both_leftovers_told(
    tmp_path: Path, captions: Captions
) -> None:
    folder = picture_folder(tmp_path / "p", ("a.png", "b.png", "x.png"))
    told: list[str] = []
    with open_pictures(folder, nothing) as pictures:
        found = matched(pictures, captions, "test", told.append)
        assert found == [("b.png", ("a blue circle .", "One circle"))]
        assert told == [
            f"{folder}: pictures without a caption: 1 (x.png)",
            f"{captions.path}: captions without a picture: 1, on lines 4; there is no c.png",
        ]
        assert [name for name, _ in matched(pictures, captions, None, told.append)] == [
            "a.png",
            "b.png",
        ]


def test_nothing_in_common_is_refused(tmp_path: Path, captions: Captions) -> None:
    folder = picture_folder(tmp_path / "p", ("x.png",))
    with (
        open_pictures(folder, nothing) as pictures,
        pytest.raises(InputError, match=r"no picture of .*p has a caption in .*c\.tsv\.gz"),
    ):
        matched(pictures, captions, "test", lambda fault: None)
