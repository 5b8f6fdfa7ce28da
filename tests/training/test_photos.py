from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.families.vision import Shown
from attn_desktop.inputs.captioned import open_pictures
from attn_desktop.inputs.text import END_ID
from attn_desktop.inputs.words import UNKNOWN_ID
from attn_desktop.training.photo_views import Variety
from attn_desktop.training.photos import (
    LONGEST,
    Photos,
    plain,
    read_photos,
    shown_texts,
    words_of,
)
from tests.toy_photos import picture_folder


def photos(*captions: tuple[str, ...]) -> Photos:
    squares = np.arange(len(captions), dtype=np.uint8).repeat(48).reshape(-1, 4, 4, 3)
    return Photos(squares, captions)


def test_punctuation_is_dropped() -> None:
    assert plain("A man 's T-shirt , it is RED !") == "a man s t-shirt it is red"
    assert plain(" . ") == ""


def test_pictures_are_read_in_order_and_broken_ones_named(tmp_path: Path) -> None:
    folder = picture_folder(tmp_path / "pictures", ["a.png", "b.png", "c.png"])
    (folder / "b.png").write_bytes(b"nothing")
    said: list[str] = []
    with open_pictures(folder, said.append) as pictures:
        captioned = [("a.png", ("One .",)), ("b.png", ("Two",)), ("c.png", ("Three", "3"))]
        found = read_photos(pictures, captioned, 8, said.append)
        assert found.captions == (("one",), ("three", "3"))
        assert found.squares.shape == (2, 8, 8, 3)
        assert not np.array_equal(*found.squares)
        assert len(said) == 1
        assert "b.png" in said[0]
        assert said[0].endswith("left out")
        assert found.first(1).captions == (("one",),)
        with pytest.raises(InputError, match="none of the pictures"):
            read_photos(pictures, captioned[1:2], 8, said.append)


def test_rows_are_captions_of_known_length() -> None:
    said = photos(("a dog", ""), ("word " * LONGEST + "more", "a cat"), ("a dog runs",))
    codec = words_of(said, 2)
    assert set(codec.words[4:]) == {"a", "dog", "word"}
    texts = shown_texts(said, codec, "cpu", 2)
    assert texts.owners.tolist() == [0, 1, 2]
    a, dog = codec.find("a"), codec.find("dog")
    assert [ids.tolist() for ids in texts.targets] == [
        [a, dog, END_ID],
        [a, UNKNOWN_ID, END_ID],
        [a, dog, UNKNOWN_ID, END_ID],
    ]
    batch = texts.batch(np.array([2, 0]))
    assert isinstance(batch.sources, Shown)
    shown = batch.sources.squares[batch.sources.owners]
    assert shown[:, 0, 0, 0].tolist() == [2, 0]


def test_every_time_another_view() -> None:
    draw = np.random.default_rng(0)
    noise = Photos(draw.integers(0, 256, (1, 8, 8, 3)).astype(np.uint8), (("a dog", "a dog"),))
    codec = words_of(noise, 1)
    texts = shown_texts(noise, codec, "cpu", 1, Variety(zoom=(0.5, 1.0)))
    first, second = (texts.batch(texts.rows).sources for _ in range(2))
    assert first.squares.shape == (1, 8, 8, 3)  # one view for all captions of the picture
    assert first.owners.tolist() == [0, 0]
    assert not bool((first.squares == second.squares).all())


def test_nothing_to_learn_is_said() -> None:
    with pytest.raises(InputError, match="no word occurs 3 times"):
        words_of(photos(("a dog",)), 3)
    codec = words_of(photos(("a dog",)), 1)
    with pytest.raises(InputError, match=f"no caption of 1 to {LONGEST} words"):
        shown_texts(photos(("",)), codec, "cpu", 1)
