"""Pictures that people have captioned, and what a model says about them: `evaluate --images`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attn_desktop.cli.loading import open_model
from attn_desktop.cli.messages import Progress, note

if TYPE_CHECKING:
    from attn_desktop.decoding.beam import BeamSettings
    from attn_desktop.inputs.captioned import Captions

#: The split that is scored unless another one is asked for.
HELD_BACK = "test"


def score_images(
    model: str,
    table: Path,
    images: Path,
    split: str | None,
    attention: tuple[str, str],
    beam: BeamSettings | None,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """Score the captions that a model writes for pictures against those of a table.

    attention: the score and the scope of the modes that attend. What is left out is said on
    stderr. Raises UserError where a model, a table, a folder or a split cannot be used.
    """
    from attn_desktop.inputs.captioned import matched, open_pictures, read_captions

    # What takes longest comes last, so that a wrong name is told at once.
    captions = read_captions(table, note)
    with open_pictures(images, note) as pictures:
        split = _chosen(captions, split)
        captioned = matched(pictures, captions, split, note)

        from attn_desktop.decoding.photo_scores import photo_modes, score_photos

        network = open_model(model, device, one_thread=False).model
        score, scope = attention
        modes = photo_modes(network, score, scope, note)
        began = time.monotonic()
        progress = Progress("captioned", len(captioned))
        result = score_photos(
            network, pictures, captioned, modes, beam, seed, note, on_batch=progress
        )
    result["seconds"] = time.monotonic() - began
    return {"split": split, "score": score, "scope": scope} | result


def _chosen(captions: Captions, asked: str | None) -> str | None:
    """The split that is asked for, or the one held back; None, for all, where there is none."""
    if asked is not None:
        return asked
    if HELD_BACK in captions.splits:
        note(f"{captions.path}: the split {HELD_BACK!r} is scored; --split chooses another one")
        return HELD_BACK
    note(f"{captions.path}: there is no split {HELD_BACK!r}, so all rows are scored")
    return None
