"""Galleries for tests of the window: made-up captions and scores, thumbnails of plain colours."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from attn_desktop.gui.gallery import Entry, Gallery, Said, Ways
from attn_desktop.gui.raster import image, png_bytes
from tests.toy_records import ADDITIVE

WORDS = ("a", "red", "square", "left", "of", "two", "blue", "circles", "and", "a", "star")
WAYS = Ways("models/toy", "cpu", ADDITIVE)
FOLDER = Path("/pictures")


def toy_said(number: int) -> Said:
    """Scores in no order, all of them different."""
    rng = np.random.default_rng([number, 8])
    text = " ".join(WORDS[: 3 + number % 8])
    return Said(text, -float(rng.random()) - 0.1, float(rng.random()))


def toy_colour(number: int) -> tuple[int, int, int]:
    """That of a thumbnail: none of the theme's, another for each number."""
    return (200, (number * 37) % 256, (number * 91 + 40) % 256)


def toy_thumbnail(number: int, high: int = 30, wide: int = 40) -> bytes:
    """An image file of one colour."""
    return png_bytes(image(np.full((high, wide, 3), toy_colour(number), dtype=np.uint8)))


def toy_entry(number: int, said: bool = True) -> Entry:
    """A file with its caption, or without."""
    path = FOLDER / f"picture {number}.png"
    return Entry(path, toy_said(number), toy_thumbnail(number)) if said else Entry(path)


def toy_gallery(count: int = 6, done: int | None = None, busy: bool = False) -> Gallery:
    """done: how many of them have a caption, all unless given."""
    done = count if done is None else done
    entries = tuple(toy_entry(number, number < done) for number in range(count))
    return Gallery("toys", entries, ways=WAYS, busy=busy)


def odd_gallery() -> Gallery:
    """One of everything: long, empty and untrustworthy texts, no scores, no picture, a problem."""
    entries = (
        Entry(
            FOLDER / ("n" * 90 + ".png"), Said("word " * 60, -0.5, 0.4), toy_thumbnail(1, 200, 3)
        ),
        Entry(FOLDER / "a\nb\udcff<b>.png", Said("<b>&amp; " + "x" * 80, -9e9, 1.0), b"no image"),
        Entry(FOLDER / "שלום 😀.png", Said("", math.nan, math.nan), toy_thumbnail(2, 1, 200)),
        Entry(FOLDER / "cut.png", Said("a red", -0.2, 0.0, ended=False), toy_thumbnail(3)),
        Entry(FOLDER / "waits.png"),
        Entry(FOLDER / "notes.txt", problem="no picture: " + "why not, " * 30),
    )
    return Gallery("<i>odd\u202e</i>", entries, note="only the first 2 of 3 files", ways=WAYS)
