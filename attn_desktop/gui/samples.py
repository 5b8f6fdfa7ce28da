"""Sample sentences to try, from resources/samples.json."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from attn_desktop.common.paths import resources_folder

MAX_BYTES = 1 << 20
NotEmpty = Annotated[str, msgspec.Meta(min_length=1)]


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """label: what can be seen in it, in a few words. text: the sentence."""

    label: NotEmpty
    text: NotEmpty


def load_samples(path: Path | None = None) -> tuple[Sample, ...]:
    """The samples of a file, the default first; none where it cannot be read.

    path: None for the shipped file.
    """
    path = resources_folder() / "samples.json" if path is None else path
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MAX_BYTES), type=tuple[Sample, ...])
    # ValueError: bytes that are no UTF-8.
    except (OSError, msgspec.DecodeError, ValueError, RecursionError):
        return ()
