"""Pictures with what people say about them: a table of captions, and the pictures it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from attn_desktop.common.errors import InputError
from attn_desktop.inputs.first_few import FirstFew, first_of
from attn_desktop.inputs.picture_store import Pictures, base_name, open_pictures
from attn_desktop.inputs.tables import numbered_rows

__all__ = ["Captions", "Pictures", "matched", "open_pictures", "read_captions"]

#: Of one caption; a longer text is something else.
MAX_WORDS = 100


class CaptionRow(NamedTuple):
    """A caption of a picture, its split ("" where the table has none) and its line in the file."""

    image: str
    caption: str
    split: str
    line: int


@dataclass(frozen=True)
class Captions:
    """A table of captions. rows: those that can be used, in the order of the file."""

    path: Path
    rows: tuple[CaptionRow, ...]

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of its splits, in the order in which they come; none without such a column."""
        return tuple(dict.fromkeys(row.split for row in self.rows if row.split))

    def of_split(self, split: str | None) -> list[CaptionRow]:
        """The rows of a split, or all of them; InputError for one that the table does not have."""
        if split is not None and split not in self.splits:
            has = f"it has: {', '.join(self.splits)}" if self.splits else "it has no splits"
            raise InputError(f"{self.path}: there is no split {split!r}; {has}")
        return [row for row in self.rows if split is None or row.split == split]

    def by_image(self, split: str | None) -> dict[str, list[str]]:
        """The captions of each picture of a split, or of all, in the order of the file."""
        captions: dict[str, list[str]] = {}
        for row in self.of_split(split):
            captions.setdefault(row.image, []).append(row.caption)
        return captions


def read_captions(path: Path, report: Callable[[str], None]) -> Captions:
    """Read a tab-separated table with the columns image and caption, and maybe split.

    image: a file's name; folders before it do not count. report: told, by file and line, of every
    row that is left out: too few or too many cells, no image, no word, or more than `MAX_WORDS`.
    Raises InputError, naming the file, where no row is left or it is no table.
    """
    rows = []
    faults = FirstFew(report)
    table = numbered_rows(
        path, ("image", "caption"), ("split",), lambda fault: faults(f"{fault}; left out")
    )
    for line, (image, caption, split) in table:
        row = CaptionRow(base_name(image.strip()), " ".join(caption.split()), split.strip(), line)
        fault = _fault(row)
        if fault is None:
            rows.append(row)
        else:
            faults(f"{path}, line {line}: left out, {fault}")
    faults.end(str(path))
    if not rows:
        raise InputError(f"{path}: there is no caption that can be used below the header line")
    return Captions(path, tuple(rows))


def matched(
    pictures: Pictures, captions: Captions, split: str | None, report: Callable[[str], None]
) -> list[tuple[str, tuple[str, ...]]]:
    """The pictures that have captions of a split (None: of any), with these, ordered by name.

    report: told of pictures without any caption, and of captions of the split without a picture.
    Raises InputError where no picture is left.
    """
    by_image = captions.by_image(split)
    captioned = {row.image for row in captions.rows}
    bare = [name for name in pictures.names if name not in captioned]
    if bare:
        report(f"{pictures.path}: pictures without a caption: {len(bare)} ({first_of(bare)})")
    there = set(pictures.names)
    lost = [row for row in captions.of_split(split) if row.image not in there]
    if lost:
        images = list(dict.fromkeys(row.image for row in lost))
        report(
            f"{captions.path}: captions without a picture: {len(lost)}, on lines "
            f"{first_of([row.line for row in lost])}; there is no {first_of(images)}"
        )
    if by_image.keys().isdisjoint(there):
        raise InputError(f"no picture of {pictures.path} has a caption in {captions.path}")
    return [(name, tuple(by_image[name])) for name in pictures.names if name in by_image]


def _fault(row: CaptionRow) -> str | None:
    """Why a caption cannot be used."""
    if not row.image:
        return "it names no image"
    if not any(letter.isalnum() for letter in row.caption):
        return "the caption has no word"
    words = row.caption.count(" ") + 1
    if words > MAX_WORDS:
        return f"the caption has {words} words; at most {MAX_WORDS} are read"
    return None
