"""What somebody drops, pastes or chooses: found in what Qt brings, pictures read as bytes.

They go to the engine as they are: what is inside an image file is not looked at here.
"""

from __future__ import annotations

import stat
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

from attn_desktop.common.errors import InputError
from attn_desktop.gui.intents import OpenDocument, OpenGallery, OpenPicture
from attn_desktop.gui.raster import png_bytes

#: As large a file as an engine takes.
MAX_FILE_BYTES = 64 << 20
WANTED = "a PNG, JPEG, WebP or GIF file is needed"
#: How the names of such files end.
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
PICTURES_FILTER = f"Pictures ({' '.join(f'*{suffix}' for suffix in SUFFIXES)});;All files (*)"
PASTED = "pasted picture"
#: How the name of a recorded decoding ends.
RECORDED = ".attn"


def has_picture(data: QMimeData) -> bool:
    """Whether something brings a file of this machine, or an image itself."""
    return bool(_local_files(data)) or (data.hasImage() and not data.hasText())


def picture_in(data: QMimeData) -> OpenPicture | OpenGallery | OpenDocument | None:
    """What is dropped or pasted: a picture, several or a folder of them, or a recorded decoding.

    An image that is no file becomes a PNG. None where there is none of these.
    """
    files = _local_files(data)
    if len(files) == 1 and files[0].suffix.lower() == RECORDED:
        return OpenDocument(files[0])
    if len(files) > 1 or any(file.is_dir() for file in files):
        return OpenGallery(files)
    if files:
        return OpenPicture(path=files[0])
    image = data.imageData() if data.hasImage() else None
    if not isinstance(image, QImage) or image.isNull():
        return None
    return OpenPicture(file=png_bytes(image), name=PASTED)


def read_picture(path: Path) -> bytes:
    """The bytes of a file; InputError, naming it, where they are none or too many."""
    try:
        status = path.stat()
        # Opening a pipe would wait for a writer, and a device has no end.
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"“{path.name}” is no regular file; {WANTED}")
        if status.st_size > MAX_FILE_BYTES:
            raise InputError(
                f"“{path.name}” has {status.st_size:,} bytes; an image may have {MAX_FILE_BYTES:,}"
            )
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(f"“{path.name}” cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # a name with a NUL in it
        raise InputError(f"the file cannot be read: {error}") from None
    if not data:
        raise InputError(f"“{path.name}” is empty; {WANTED}")
    return data[:MAX_FILE_BYTES]


def _local_files(data: QMimeData) -> tuple[Path, ...]:
    files = [url.toLocalFile() for url in data.urls()] if data.hasUrls() else []
    return tuple(Path(file) for file in files if file)
