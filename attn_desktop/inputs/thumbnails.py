"""Small copies of pictures, as image files: what a list of many pictures shows of each."""

from __future__ import annotations

import io

from PIL import Image

from attn_desktop.common.errors import InputError
from attn_desktop.inputs.image import Pixels

LEAST_SIDE, MOST_SIDE = 16, 512
#: Of JPEG, as its encoder counts: no difference to the picture is seen at this size.
QUALITY = 88


def thumbnail(picture: Pixels, side: int) -> bytes:
    """A JPEG file of a picture (height, width, 3) whose longer side has at most `side` pixels.

    Never enlarged. Raises InputError for a side that is no size of a thumbnail.
    """
    if not LEAST_SIDE <= side <= MOST_SIDE:
        raise InputError(
            f"the side of a thumbnail is {LEAST_SIDE} to {MOST_SIDE} pixels, not {side}"
        )
    image = Image.fromarray(picture)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
