"""Many pictures from a folder of image files, a zip file, or a folder of zip files.

Untrusted files: a zip's members are read one at a time, within bounds, and never unpacked to disk.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from attn_desktop.common.errors import InputError
from attn_desktop.inputs.first_few import FirstFew
from attn_desktop.inputs.image import MAX_FILE_BYTES, Pixels, load_picture

#: Endings of names that are taken for image files.
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif")
ZIP_ENDING = ".zip"
#: Ways of compression whose output stays within bounds while it is read.
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1


@dataclass(frozen=True)
class _Member:
    """A picture in a zip file."""

    file: zipfile.ZipFile
    info: zipfile.ZipInfo

    def __str__(self) -> str:
        return f"{self.file.filename}, member {self.info.filename}"

    def fault(self) -> str | None:
        """Why it cannot be read, as far as the zip file's own list tells."""
        if self.info.file_size > MAX_FILE_BYTES:
            return f"it has {self.info.file_size} bytes; an image may have {MAX_FILE_BYTES}"
        if self.info.flag_bits & _ENCRYPTED:
            return "it is encrypted"
        if self.info.compress_type not in _READABLE:
            return "its kind of compression is not read; store or deflate it"
        return None

    def load(self) -> Pixels:
        try:
            with self.file.open(self.info) as stream:
                # Its size was checked; without one the library unpacks whatever there is.
                data = stream.read(self.info.file_size)
        except MemoryError:
            raise
        # The library tells of damage in many ways: BadZipFile, zlib.error, struct.error, EOFError,
        # NotImplementedError, …
        except Exception as error:
            raise InputError(f"{self}: the zip file is damaged here ({error})") from None
        try:
            return load_picture(data)
        except InputError as error:
            raise InputError(f"{self}: {error}") from None


class Pictures:
    """Pictures by file name; made by `open_pictures`. To be closed, or used as a context."""

    def __init__(
        self, path: Path, places: dict[str, Path | _Member], files: list[zipfile.ZipFile]
    ) -> None:
        self.path = path
        #: File names in alphabetical order, of a zip's members without their folders.
        self.names = tuple(sorted(places))
        self._places = places
        self._files = files

    def load(self, name: str) -> Pixels:
        """The picture (height, width, 3) uint8 with this name.

        Raises InputError naming the file, or the zip file and its member, where there is no such
        picture or it cannot be read.
        """
        place = self._places.get(name)
        if place is None:
            raise InputError(f"{self.path}: there is no picture {name!r}")
        return place.load() if isinstance(place, _Member) else load_picture(place)

    def close(self) -> None:
        """Close the zip files."""
        for file in self._files:
            file.close()

    def __enter__(self) -> Pictures:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_pictures(path: Path, report: Callable[[str], None]) -> Pictures:
    """Find the pictures in a folder, with zip files among them or not, or in one zip file.

    The name of each is that of its file, without folders; of two the first counts, files before
    zip files. Folders inside the folder are not searched, those inside a zip file are.
    report: told what is left out, and why: a broken zip file, a member that cannot be read, a
    name that is there twice. A picture that turns out broken is an error of `load`.
    Raises InputError where there is no such file or folder, or no picture in it.
    """
    files: list[zipfile.ZipFile] = []
    places: dict[str, Path | _Member] = {}
    faults = FirstFew(report)
    try:
        for place in _found(path, files, faults):
            name = base_name(place.info.filename) if isinstance(place, _Member) else place.name
            if name in places:
                faults(f"{place}: left out, {places[name]} has the same name")
            else:
                places[name] = place
        faults.end(str(path))
        if not places:
            raise InputError(
                f"{path}: there are no pictures in it; {', '.join(ENDINGS)} files are looked for, "
                "beside and inside zip files"
            )
    except BaseException:
        for file in files:
            file.close()
        raise
    return Pictures(path, places, files)


def base_name(name: str) -> str:
    """A file's name without folders, however they are divided."""
    return name.replace("\\", "/").rpartition("/")[2]


def _found(path: Path, files: list[zipfile.ZipFile], faults: FirstFew) -> Iterator[Path | _Member]:
    """The pictures in order; zip files that were opened are added to `files`."""
    entries = _entries(path)
    yield from (entry for entry in entries if _is_picture(entry.name))
    for entry in entries:
        if entry.suffix.lower() == ZIP_ENDING:
            file = _open(entry, faults)
            if file is not None:
                files.append(file)
                yield from _members(file, faults)


def _entries(path: Path) -> list[Path]:
    """The files in a folder in alphabetical order, or the one file; pipes and devices are none."""
    try:
        if path.is_dir():
            return sorted(entry for entry in path.iterdir() if entry.is_file())
        if path.is_file() and path.suffix.lower() == ZIP_ENDING:
            return [path]
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        raise InputError(f"{path}: cannot be read: {error}") from None
    raise InputError(f"{path}: a folder of pictures, or a zip file of them, is needed")


def _open(path: Path, faults: FirstFew) -> zipfile.ZipFile | None:
    """A zip file, which stays open for as long as its pictures are wanted."""
    try:
        return zipfile.ZipFile(path)
    except MemoryError:
        raise
    except Exception as error:  # as in `_Member.load`
        faults(f"{path}: left out, it cannot be read as a zip file ({error})")
        return None


def _members(file: zipfile.ZipFile, faults: FirstFew) -> Iterator[_Member]:
    for info in file.infolist():
        if not info.is_dir() and _is_picture(base_name(info.filename)):
            member = _Member(file, info)
            fault = member.fault()
            if fault is None:
                yield member
            else:
                faults(f"{member}: left out, {fault}")


def _is_picture(name: str) -> bool:
    """Whether a name is that of an image file.

    With a full stop in front it is a hidden one, or what some systems keep beside a picture.
    """
    return name.lower().endswith(ENDINGS) and not name.startswith(".")
