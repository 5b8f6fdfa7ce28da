"""Pictures that somebody drops, pastes or chooses: found in what Qt brings, and read as bytes.

They go to the engine as they are: what is inside an image file is not looked at here.
"""

from __future__ import annotations

import stat
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

from attn_desktop.common.errors import InputError
from attn_desktop.gui.intents import OpenPicture
from attn_desktop.gui.raster import png_bytes

#: As large a file as an engine takes.
MAX_FILE_BYTES = 64 << 20
WANTED = "a PNG, JPEG, WebP or GIF file is needed"
PICTURES_FILTER = "Pictures (*.png *.jpg *.jpeg *.webp *.gif);;All files (*)"
PASTED = "pasted picture"


def has_picture(data: QMimeData) -> bool:
    """Whether something brings a file of this machine, or an image itself."""
    return bool(_local_file(data)) or (data.hasImage() and not data.hasText())


def picture_in(data: QMimeData) -> OpenPicture | None:
    """What is dropped or pasted: the first file, or the image as a PNG; None for neither."""
    file = _local_file(data)
    if file:
        return OpenPicture(path=Path(file))
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


def _local_file(data: QMimeData) -> str:
    files = [url.toLocalFile() for url in data.urls()] if data.hasUrls() else []
    return next(filter(None, files), "")
