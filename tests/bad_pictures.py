"""Image files that are odd or no image at all, and what is said of those that are none."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from tests.toy_seers import toy_picture

#: What a message says of each file that is no picture.
REFUSED = {
    "text.png": "not an image",
    "empty.png": "is empty",
    "short.png": "cut short",
    "bomb.png": "100,000,000 pixels",
}
#: Height and width of the picture that is made of each of the others.
ODD = {
    "one.png": (1, 1),
    "wide.png": (1, 1024),
    "moving.gif": (12, 20),
    "sixteen.png": (12, 20),
    "cmyk.jpg": (12, 20),
    "palette.png": (12, 20),
}


def write_bad_pictures(folder: Path) -> None:
    """All files of `REFUSED` and `ODD` into a folder."""
    for name, data in _files().items():
        (folder / name).write_bytes(data)


def _files() -> dict[str, bytes]:
    pixels = toy_picture()
    picture = Image.fromarray(pixels)
    palette = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=8)
    still = _saved(picture, "PNG")
    grey = (pixels[..., 0].astype(np.uint16)) * 257
    return {
        "text.png": b"not an image\n",
        "empty.png": b"",
        "short.png": still[: len(still) // 2],
        "bomb.png": _bomb(60_000),
        "one.png": _saved(picture.crop((0, 0, 1, 1)), "PNG"),
        "wide.png": _saved(picture.resize((20_000, 10)), "PNG"),
        "moving.gif": _saved(
            picture, "GIF", save_all=True, append_images=[picture.transpose(Image.Transpose(0))]
        ),
        "sixteen.png": _saved(Image.fromarray(grey), "PNG"),
        "cmyk.jpg": _saved(picture.convert("CMYK"), "JPEG"),
        "palette.png": _saved(palette, "PNG", transparency=0),
    }


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _bomb(side: int) -> bytes:
    """A PNG whose header promises side² pixels; decoded they would take gigabytes."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
