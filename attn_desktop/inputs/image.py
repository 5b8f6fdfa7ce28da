"""Image files to pictures, and pictures to what a model with eyes looks at.

A picture is (height, width, 3) uint8, upright, at most `MAX_SIDE` pixels on its longer side: what
a run keeps and what every overlay is drawn on. The model's own input is computed from it alone, so
encoding it again gives the same numbers. Untrusted files: the header is checked before anything is
decoded, and only the formats named here are tried.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from attn_desktop.common.errors import InputError

MAX_SIDE = 1024
MAX_FILE_BYTES = 64 << 20
MAX_PIXELS = 100_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
WANTED = "a PNG, JPEG, WebP or GIF file is needed"

Pixels = NDArray[np.uint8]


def load_picture(source: Path | bytes) -> Pixels:
    """The picture in an image file, or in the bytes of one: (height, width, 3) uint8.

    Of an animation the first frame; transparency over white; turned as its EXIF says; shrunk to
    `MAX_SIDE` on the longer side, never enlarged. Raises InputError, naming the file if there is
    one, for anything that is no whole image of at most `MAX_PIXELS`.
    """
    if isinstance(source, bytes):
        return _decode(source)
    try:
        return _decode(_read(source))
    except InputError as error:
        raise InputError(f"{source}: {error}") from None


def check_picture(picture: NDArray[Any]) -> Pixels:
    """The same array, if it is a picture; InputError saying what a picture is otherwise."""
    shape = picture.shape
    if picture.dtype != np.uint8 or len(shape) != 3 or shape[2] != 3:
        raise InputError(
            f"a picture is uint8 of shape (height, width, 3), not {picture.dtype} of shape {shape}"
        )
    if not 1 <= min(shape[:2]) <= max(shape[:2]) <= MAX_SIDE:
        raise InputError(
            f"a picture has sides of 1 to {MAX_SIDE} pixels; this one is {shape[1]} × {shape[0]}"
        )
    return picture


def squeeze(picture: Pixels, side: int) -> Pixels:
    """The whole picture as a square (side, side, 3), its aspect not kept.

    Row r and column c of any m × n grid over the square thus cover the rectangle
    [c/n, (c+1)/n] × [r/m, (r+1)/m] of the picture: each pixel of the square is the average of the
    picture's pixels below it.
    """
    square = Image.fromarray(picture).resize((side, side), Image.Resampling.BOX)
    return np.array(square, dtype=np.uint8)


def region_labels(rows: int, columns: int) -> tuple[str, ...]:
    """Names of the regions of a grid, row by row, counted from 1: r1c1, r1c2, …"""
    return tuple(f"r{r}c{c}" for r in range(1, rows + 1) for c in range(1, columns + 1))


def _read(path: Path) -> bytes:
    try:
        # Opening a pipe would wait for a writer, and a device has no end.
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "no regular file"
            raise InputError(f"this is {kind}; {WANTED}")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise InputError(f"the file has {size} bytes; an image may have {MAX_FILE_BYTES}")
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no such file; {WANTED}") from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # a name with a NUL in it
        raise InputError(f"cannot be read: {error}") from None


def _decode(data: bytes) -> Pixels:
    if not data:
        raise InputError(f"the file is empty; {WANTED}")
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"the file has {len(data)} bytes; an image may have {MAX_FILE_BYTES}")
    with _open(data) as image:
        width, height = image.size
        if width < 1 or height < 1:
            raise InputError(f"the image is {width} × {height} pixels; it needs at least one")
        if width * height > MAX_PIXELS:
            raise InputError(
                f"the image is {width} × {height} pixels; at most {MAX_PIXELS:,} are read"
            )
        try:
            # A JPEG can be decoded at a half, a quarter or an eighth of its size.
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
            image.load()
            upright = _upright(_over_white(_shrunk(_eight_bit(image))))
        except MemoryError:
            raise
        # Whatever is wrong inside a file, each of the library's decoders says so in its own way:
        # OSError, SyntaxError, ValueError, struct.error, zlib.error, IndexError, …
        except Exception as error:
            raise InputError(
                f"the image is damaged or cut short ({_one_line(error)}); {WANTED}"
            ) from None
    return np.array(upright, dtype=np.uint8)


def _open(data: bytes) -> Image.Image:
    """The image with its header read and nothing decoded yet."""
    try:
        with warnings.catch_warnings():
            # The library warns and refuses by pixels of its own choice; ours are checked next.
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise InputError(f"this is not an image that can be read; {WANTED}") from None
    except Image.DecompressionBombError:
        raise InputError(
            f"the image is too large; at most {MAX_PIXELS:,} pixels are read"
        ) from None
    except MemoryError:
        raise
    except Exception as error:  # as above
        raise InputError(f"the image is damaged ({_one_line(error)}); {WANTED}") from None


def _eight_bit(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where anything may be transparent."""
    if image.mode.startswith("I"):  # 16 bits of grey, which the library would clip at 255
        wide = np.asarray(image).astype(np.int64)
        grey = Image.fromarray(((wide * 255 + 32767) // 65535).clip(0, 255).astype(np.uint8))
        grey.info = image.info
        return grey.convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _shrunk(image: Image.Image) -> Image.Image:
    longest = max(image.size)
    if longest <= MAX_SIDE:
        return image
    size = [max(1, round(side * MAX_SIDE / longest)) for side in image.size]
    return image.resize((size[0], size[1]), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image)
    flat = ground.convert("RGB")
    flat.info = image.info
    return flat


def _upright(image: Image.Image) -> Image.Image:
    """Turned and mirrored as EXIF says; as it is where that cannot be read."""
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:  # damaged EXIF is no reason to refuse a whole picture
        return image


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
