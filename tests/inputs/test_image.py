"""Image files to pictures: every kind of file, upright and bounded; and pictures to squares."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from attn_desktop.common.errors import InputError
from attn_desktop.inputs.image import (
    MAX_FILE_BYTES,
    MAX_SIDE,
    check_picture,
    load_picture,
    region_labels,
    squeeze,
)

ORIENTATION = 0x0112
RED, WHITE, GREY = (255, 0, 0), (255, 255, 255), (90, 90, 90)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def smooth(height: int, width: int) -> NDArray[np.uint8]:
    """Slopes, which a lossy format keeps nearly as they are."""
    y, x = np.mgrid[0:height, 0:width]
    planes = (y * 255 / height, x * 255 / width, (x + y) * 127 / max(height, width))
    return np.stack(planes, axis=2).astype(np.uint8)


def png_header(width: int, height: int) -> bytes:
    """The beginning of a PNG that claims a size, with a few bytes of image behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rest = chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rest


# -- formats --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG", "GIF"])
def test_a_picture_comes_back_as_it_was_saved(kind: str, tmp_path: Path) -> None:
    picture = smooth(40, 60)
    cases: dict[str, dict[str, int]] = {"WEBP": {"lossless": 1}, "JPEG": {"quality": 95}}
    data = encoded(Image.fromarray(picture), kind, **cases.get(kind, {}))
    loaded = load_picture(data)
    assert loaded.dtype == np.uint8
    apart = np.abs(loaded.astype(int) - picture).max()
    assert apart <= {"PNG": 0, "WEBP": 0, "JPEG": 12, "GIF": 60}[kind]
    path = tmp_path / "no suffix é"
    path.write_bytes(data)
    np.testing.assert_array_equal(load_picture(path), loaded)


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (5, 4), colour) for colour in ("red", "blue", "green")]
    for kind in ("GIF", "WEBP", "PNG"):
        options = {"lossless": True} if kind == "WEBP" else {}
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert (load_picture(data) == RED).all(), kind


def test_grey_in_8_and_16_bits_and_in_black_and_white() -> None:
    ramp = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    expected = np.repeat((ramp // 257).astype(np.uint8)[..., np.newaxis], 3, axis=2)
    np.testing.assert_array_equal(load_picture(encoded(Image.fromarray(ramp))), expected)
    grey = Image.fromarray(expected[..., 0])
    np.testing.assert_array_equal(load_picture(encoded(grey)), expected)
    bits = grey.point([0] * 128 + [255] * 128).convert("1")
    bounds = np.unique(load_picture(encoded(bits)))
    assert bounds.tolist() == [0, 255]


def test_cmyk_becomes_rgb() -> None:
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))  # magenta and yellow make red
    loaded = load_picture(encoded(ink, "JPEG", quality=95))
    assert np.abs(loaded.astype(int) - RED).max() <= 12


def test_what_is_transparent_is_white_and_half_of_it_is_half() -> None:
    image = Image.new("RGBA", (3, 1))
    for x, alpha in enumerate((0, 128, 255)):
        image.putpixel((x, 0), (200, 100, 0, alpha))
    cases: dict[str, dict[str, bool]] = {"PNG": {}, "WEBP": {"lossless": True, "exact": True}}
    for kind, options in cases.items():
        loaded = load_picture(encoded(image, kind, **options))[0]
        assert loaded[0].tolist() == list(WHITE)
        expected = [round(255 + (value - 255) * 128 / 255) for value in (200, 100, 0)]
        assert np.abs(loaded[1].astype(int) - expected).max() <= 1
        assert loaded[2].tolist() == [200, 100, 0]
    grey = Image.merge("LA", [Image.new("L", (1, 1), 0), Image.new("L", (1, 1), 0)])
    assert load_picture(encoded(grey)).tolist() == [[list(WHITE)]]


def test_a_palette_with_a_transparent_colour() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([*RED, *GREY])
    image.putpixel((1, 0), 1)
    for kind in ("PNG", "GIF"):
        loaded = load_picture(encoded(image, kind, transparency=0))
        assert loaded.tolist() == [[list(WHITE), list(GREY)]], kind
    assert load_picture(encoded(image)).tolist() == [[list(RED), list(GREY)]]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_upright(orientation: int, kind: str) -> None:
    """The corners of the upright picture, for each of the eight ways a camera can be held."""
    upright = np.zeros((60, 100, 3), dtype=np.uint8)
    upright[:30, :50] = RED  # top left
    upright[30:, 50:] = WHITE  # bottom right
    undo: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation](upright)))
    loaded = load_picture(encoded(stored, kind, exif=exif))
    assert loaded.shape == upright.shape
    inner = np.abs(loaded[5:-5, 5:-5].astype(int) - upright[5:-5, 5:-5])
    edge = np.ones((50, 90), dtype=bool)
    edge[15:35], edge[:, 35:55] = False, False  # where a lossy format smears
    assert inner[edge].max() <= 40


def test_damaged_exif_is_no_reason_to_refuse() -> None:
    data = encoded(
        Image.fromarray(smooth(8, 8)), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f"
    )
    assert load_picture(data).shape == (8, 8, 3)


# -- sizes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [
        (1, 1, (1, 1)),
        (MAX_SIDE, 3, (3, MAX_SIDE)),
        (2 * MAX_SIDE, MAX_SIDE, (MAX_SIDE // 2, MAX_SIDE)),
        (20_000, 10, (1, MAX_SIDE)),
        (10, 20_000, (MAX_SIDE, 1)),
        (3000, 2000, (683, MAX_SIDE)),
    ],
)
def test_the_longer_side_is_limited_and_nothing_enlarged(
    width: int, height: int, shape: tuple[int, int]
) -> None:
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    loaded = load_picture(encoded(image))
    assert loaded.shape == (*shape, 3)
    # Whatever the size, light stays where it was: dark above, light below.
    if height >= 100:
        column = loaded.mean(axis=(1, 2))
        expected = np.linspace(0, 255, len(column))
        assert np.abs(column - expected).max() <= 6


def test_a_large_photo_is_decoded_small() -> None:
    big = encoded(Image.fromarray(smooth(3000, 4000)), "JPEG", quality=90)
    loaded = load_picture(big)
    assert loaded.shape == (768, 1024, 3)
    expected = smooth(768, 1024)
    assert np.abs(loaded.astype(int) - expected).max() <= 12


def test_loading_twice_gives_the_same_bytes() -> None:
    data = encoded(Image.fromarray(noise(1500, 1100)), "JPEG")
    assert load_picture(data).tobytes() == load_picture(data).tobytes()


# -- what is refused ------------------------------------------------------------------------

WHOLE = encoded(Image.fromarray(noise(64, 64)))
JPEG = encoded(Image.fromarray(noise(64, 64)), "JPEG")
BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "the file is empty; a PNG, JPEG"),
    "text": (b"A man walks on the beach.", "not an image"),
    "zeros": (bytes(5000), "not an image"),
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
    "another format": (encoded(Image.new("RGB", (4, 4)), "BMP"), "not an image"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
    "only a signature": (WHOLE[:8], "not an image|damaged|cut short"),
    "cut within the header": (WHOLE[:20], "not an image|damaged|cut short"),
    "a PNG cut short": (WHOLE[: len(WHOLE) // 2], "damaged or cut short"),
    "a JPEG cut short": (JPEG[: len(JPEG) // 2], "damaged or cut short"),
    "a damaged chunk": (WHOLE.replace(b"IDAT", b"IDAX"), "damaged|not an image"),
    "no pixels": (png_header(0, 5), "pixels|not an image|damaged"),
    "101 megapixels": (png_header(10_100, 10_000), "10100 × 10000 pixels; at most 100,000,000"),
    "a bomb": (png_header(60_000, 60_000), "at most 100,000,000"),
    "as large as can be written": (png_header(2**31 - 1, 2**31 - 1), "at most 100,000,000"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_whole_image_says_why(name: str, tmp_path: Path) -> None:
    data, reason = BAD[name]
    with pytest.raises(InputError, match=reason):
        load_picture(data)
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    with pytest.raises(InputError, match=reason) as error:
        load_picture(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


@settings(max_examples=60, deadline=None)
@given(
    data=st.sampled_from([WHOLE, JPEG, encoded(Image.fromarray(noise(9, 9)), "WEBP")]),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    kept=st.floats(0, 1),
)
def test_damage_anywhere_gives_a_picture_or_a_message(
    data: bytes, changes: list[tuple[float, int]], kept: float
) -> None:
    broken = bytearray(data[: int(kept * len(data))])
    for place, value in changes:
        if broken:
            broken[int(place * (len(broken) - 1))] = value
    with contextlib.suppress(InputError):
        loaded = load_picture(bytes(broken))
        assert check_picture(loaded) is loaded


def test_a_path_that_is_no_file_says_what_it_is(tmp_path: Path) -> None:
    cases = {
        tmp_path / "none.png": "no such file",
        tmp_path: "this is a folder",
        tmp_path / ("x" * 300): "cannot be read",
        tmp_path / "a\0b": "cannot be read",
    }
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    cases[fifo] = "no regular file"
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # a hole: it takes no room
    cases[large] = f"an image may have {MAX_FILE_BYTES}"
    for path, reason in cases.items():
        with pytest.raises(InputError, match=reason):
            load_picture(path)


def test_a_file_without_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(WHOLE)

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    # As root every file can be read, whatever its mode.
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=r"secret\.png: cannot be read: Permission denied"):
        load_picture(path)


def test_memory_that_runs_out_is_not_the_files_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(self: Image.Image, *_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image.Image, "convert", too_much)
    with pytest.raises(MemoryError):
        load_picture(WHOLE)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((2, MAX_SIDE + 1, 3), np.uint8),
    ],
    ids=["grey", "four channels", "floats", "empty", "too wide"],
)
def test_what_is_no_picture_is_refused(array: NDArray[Any]) -> None:
    with pytest.raises(InputError, match="a picture"):
        check_picture(array)
    assert check_picture(np.zeros((1, MAX_SIDE, 3), np.uint8)).shape == (1, MAX_SIDE, 3)


# -- squeezing ------------------------------------------------------------------------------


def test_a_square_of_the_right_size_is_left_alone() -> None:
    picture = noise(112, 112)
    squeezed = squeeze(picture, 112)
    np.testing.assert_array_equal(squeezed, picture)
    assert squeezed is not picture


@settings(max_examples=25, deadline=None)
@given(high=st.integers(1, 12), wide=st.integers(1, 12), seed=st.integers(0, 99))
def test_each_pixel_of_the_square_is_the_mean_of_what_it_covers(
    high: int, wide: int, seed: int
) -> None:
    side, picture = 8, noise(8 * high, 8 * wide, seed)
    squeezed = squeeze(picture, side)
    for row in range(side):
        for column in range(side):
            part = picture[row * high : (row + 1) * high, column * wide : (column + 1) * wide]
            expected = part.reshape(-1, 3).mean(axis=0, dtype=np.float64)
            assert np.abs(squeezed[row, column] - expected).max() <= 1  # rounded twice


def test_a_picture_smaller_than_the_square_is_repeated() -> None:
    picture = noise(2, 4)
    expected = picture.repeat(4, axis=0).repeat(2, axis=1)
    np.testing.assert_array_equal(squeeze(picture, 8), expected)


def test_a_marked_region_of_a_turned_photo_falls_into_its_cell(tmp_path: Path) -> None:
    """Not square, larger than the limit and stored turned: the overlay and the model must agree."""
    rows, columns, side = 14, 14, 112
    height, width = 1400, 2100
    for row, column in ((0, 0), (3, 9), (13, 0), (13, 13), (6, 7)):
        photo = np.full((height, width, 3), 40, dtype=np.uint8)
        top, bottom = row * height // rows, (row + 1) * height // rows
        left, right = column * width // columns, (column + 1) * width // columns
        photo[top:bottom, left:right] = WHITE
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        path = tmp_path / "photo.jpg"
        stored = Image.fromarray(np.ascontiguousarray(np.rot90(photo)))
        stored.save(path, "JPEG", quality=95, exif=exif)
        picture = load_picture(path)
        assert picture.shape == (683, 1024, 3)
        # The rectangle of the picture that the overlay of the cell covers …
        high, wide = picture.shape[:2]
        y0, y1 = row * high / rows, (row + 1) * high / rows
        x0, x1 = column * wide / columns, (column + 1) * wide / columns
        marked = np.argwhere(picture.mean(axis=2) > 147)
        assert np.abs(marked.min(axis=0) - (y0, x0)).max() <= 1
        assert np.abs(marked.max(axis=0) + 1 - (y1, x1)).max() <= 1
        # … and what the model sees of the same cell.
        square = squeeze(picture, side).mean(axis=2)
        cells = square.reshape(rows, side // rows, columns, side // columns).mean(axis=(1, 3))
        assert np.unravel_index(cells.argmax(), cells.shape) == (row, column)
        assert cells[row, column] > 230
        assert np.delete(cells.ravel(), cells.argmax()).max() < 70


def test_regions_are_named_by_row_and_column_from_1() -> None:
    labels = region_labels(2, 3)
    assert labels == ("r1c1", "r1c2", "r1c3", "r2c1", "r2c2", "r2c3")
    assert region_labels(14, 14)[2 * 14 + 4] == "r3c5"
