"""Pictures out of folders and zip files, and what of them is left out and how that is said."""

from __future__ import annotations

import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.inputs.picture_store import open_pictures
from tests.toy_photos import picture_folder, png, spoil, zip_of
from tests.toy_seers import toy_picture


def nothing(fault: str) -> None:
    raise AssertionError(fault)


def test_a_folder_a_zip_and_a_folder_of_zips_hold_the_same_pictures(tmp_path: Path) -> None:
    names = ("b.png", "a.PNG", "c.png")
    picture_folder(tmp_path / "plain", names)
    members = {f"deep/er/{name}": png(seed) for seed, name in enumerate(names)}
    zip_of(tmp_path / "all.zip", members | {"deep/notes.txt": b"x", "empty/": b""})
    for number, (name, data) in enumerate(members.items()):
        zip_of(tmp_path / "zips" / f"{number}.ZIP", {name: data}, zipfile.ZIP_DEFLATED)
    picture_folder(tmp_path / "mixed", names[:2])
    zip_of(tmp_path / "mixed" / "more.zip", {"x\\c.png": png(2)})
    (tmp_path / "mixed" / "captions.tsv").write_text("image\n")
    for place in ("plain", "all.zip", "zips", "mixed"):
        with open_pictures(tmp_path / place, nothing) as pictures:
            assert pictures.names == ("a.PNG", "b.png", "c.png")
            for seed, name in enumerate(names):
                assert np.array_equal(pictures.load(name), toy_picture(seed))


def test_hidden_files_are_no_pictures(tmp_path: Path) -> None:
    hidden = {"__MACOSX/._a.png": b"\x00\x05\x16\x07", "a.png": png()}
    with open_pictures(zip_of(tmp_path / "z.zip", hidden), nothing) as pictures:
        assert pictures.names == ("a.png",)


def test_of_two_pictures_of_one_name_the_first_counts_and_both_are_named(tmp_path: Path) -> None:
    picture_folder(tmp_path, ("a.png",))
    zip_of(tmp_path / "z.zip", {"x/a.png": png(1), "x/b.png": png(2), "y/b.png": png(3)})
    told: list[str] = []
    with open_pictures(tmp_path, told.append) as pictures:
        assert np.array_equal(pictures.load("a.png"), toy_picture(0))
        assert np.array_equal(pictures.load("b.png"), toy_picture(2))
    assert told == [
        f"{tmp_path / 'z.zip'}, member x/a.png: left out, {tmp_path / 'a.png'} has the same name",
        f"{tmp_path / 'z.zip'}, member y/b.png: left out, "
        f"{tmp_path / 'z.zip'}, member x/b.png has the same name",
    ]


def test_a_broken_zip_is_left_out_and_the_rest_goes_on(tmp_path: Path) -> None:
    zip_of(tmp_path / "whole.zip", {"a.png": png()})
    whole = (tmp_path / "whole.zip").read_bytes()
    (tmp_path / "short.zip").write_bytes(whole[:-30])
    (tmp_path / "text.zip").write_text("no zip")
    (tmp_path / "nothing.zip").write_bytes(b"")
    told: list[str] = []
    with open_pictures(tmp_path, told.append) as pictures:
        assert pictures.names == ("a.png",)
    assert len(told) == 3
    for line, name in zip(told, ("nothing.zip", "short.zip", "text.zip"), strict=True):
        assert line.startswith(f"{tmp_path / name}: left out, it cannot be read as a zip file")


def test_members_that_cannot_be_read_are_told_when_the_zip_is_opened(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "z.zip", {"good.png": png(), "huge.png": b"huge", "lock.png": b"lock"})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_BZIP2) as file:
        file.writestr("packed.png", png())
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)  # huge.png
    struct.pack_into("<I", data, entry + 24, 1 << 31)
    entry = data.index(b"PK\x01\x02", entry + 1)  # lock.png
    struct.pack_into("<H", data, entry + 8, 1)
    path.write_bytes(data)
    told: list[str] = []
    with open_pictures(path, told.append) as pictures:
        assert pictures.names == ("good.png",)
        pictures.load("good.png")
    assert len(told) == 3
    for line, name, cause in zip(
        told,
        ("huge.png", "lock.png", "packed.png"),
        ("2147483648 bytes", "encrypted", "compression"),
        strict=True,
    ):
        assert line.startswith(f"{path}, member {name}: left out, ")
        assert cause in line


def test_a_member_that_turns_out_broken_is_named(tmp_path: Path) -> None:
    path = zip_of(
        tmp_path / "z.zip",
        {"damaged.png": png(1), "good.png": png(2), "text.png": b"just words", "none.png": b""},
    )
    spoil(path, png(1), png(1)[:-40] + b"?" * 40)
    with open_pictures(path, nothing) as pictures:
        assert np.array_equal(pictures.load("good.png"), toy_picture(2))
        for name, cause in (
            ("damaged.png", "damaged here .*CRC"),
            ("text.png", "not an image"),
            ("none.png", "empty"),
        ):
            with pytest.raises(InputError, match=rf"z\.zip, member {name}: .*{cause}"):
                pictures.load(name)
        with pytest.raises(InputError, match=r"z\.zip: there is no picture 'other\.png'"):
            pictures.load("other.png")


def test_a_zip_whose_local_headers_are_gone_is_named(tmp_path: Path) -> None:
    path = spoil(zip_of(tmp_path / "z.zip", {"a.png": png()}), b"PK\x03\x04", b"XXXX")
    with (
        open_pictures(path, nothing) as pictures,
        pytest.raises(InputError, match=r"member a\.png: the zip file is damaged here"),
    ):
        pictures.load("a.png")


def test_a_member_is_unpacked_no_further_than_it_says(tmp_path: Path) -> None:
    """A zip bomb claims to be small."""
    bomb = 32 << 20
    path = zip_of(tmp_path / "z.zip", {"a.png": bytes(bomb)}, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 90)
    path.write_bytes(data)
    with open_pictures(path, nothing) as pictures:
        tracemalloc.start()
        try:
            with pytest.raises(InputError, match=r"member a\.png: the zip file is damaged here"):
                pictures.load("a.png")
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < bomb / 20


def test_a_broken_file_in_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with (
        open_pictures(tmp_path, nothing) as pictures,
        pytest.raises(InputError, match=r"a\.jpg: this is not an image"),
    ):
        pictures.load("a.jpg")


def test_places_without_pictures_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    picture_folder(tmp_path / "deep" / "er", ("a.png",))
    (tmp_path / "a.png").write_bytes(png())
    zip_of(tmp_path / "none.zip", {"a.txt": b"x"})
    os.mkfifo(tmp_path / "pipe.zip")
    for name in ("empty", "deep", "none.zip"):
        with pytest.raises(InputError, match=f"{name}: there are no pictures"):
            open_pictures(tmp_path / name, nothing)
    for name in ("a.png", "missing", "pipe.zip"):
        with pytest.raises(InputError, match=f"{name}: a folder of pictures, or a zip file"):
            open_pictures(tmp_path / name, nothing)


def test_many_faults_are_told_in_short(tmp_path: Path) -> None:
    twice = {f"{folder}/{number}.png": b"" for folder in "xy" for number in range(100)}
    told: list[str] = []
    open_pictures(zip_of(tmp_path / "z.zip", twice), told.append).close()
    assert len(told) == 21
    assert "80 more like this, 100 in all" in told[-1]


def test_a_zip_can_be_closed(tmp_path: Path) -> None:
    pictures = open_pictures(zip_of(tmp_path / "z.zip", {"a.png": png()}), nothing)
    pictures.close()
    with pytest.raises(InputError, match=r"a\.png"):
        pictures.load("a.png")
