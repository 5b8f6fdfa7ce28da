"""What the gallery says: of a file, of all of them, and why there is nothing to see."""

from __future__ import annotations

import html
import math

from attn_desktop.analysis.pieces import escape_unsafe
from attn_desktop.gui.gallery import Entry, Gallery, Said
from attn_desktop.gui.numbers import UNKNOWN
from attn_desktop.gui.scene import Scene

CUT = " …"
INVITATION = (
    "Open a folder of pictures, or drop one on the window: the model captions them one after the "
    "other. Sort them by confidence or entropy; click one to step through it."
)
NO_MODEL = "They are captioned as soon as a model that takes a picture has opened one."
NO_EYES = (
    "The model at hand reads text. The gallery needs one that takes a picture, such as a captioner "
    "or one that answers questions: File ▸ Model…"
)


def file_name(entry: Entry) -> str:
    """The name of a file as it can be shown."""
    return escape_unsafe(entry.path.name)


def caption_text(said: Said) -> str:
    """A caption; with an ellipsis where it was cut off."""
    return said.text if said.ended else f"{said.text}{CUT}"


def scores_texts(said: Said) -> tuple[str, ...]:
    """Both scores in short, the longest way first."""
    sure, wide = _number(said.confidence), _number(said.spread)
    return f"log p {sure} · H {wide}", f"{sure} · H {wide}", sure


def about(entry: Entry) -> str:
    """All that there is to say of a file, in one line."""
    if entry.problem:
        return f"{file_name(entry)}: {entry.problem}"
    if entry.said is None:
        return f"{file_name(entry)}: not captioned yet"
    said = entry.said
    return (
        f"{file_name(entry)}: “{caption_text(said)}”   mean log p {_number(said.confidence)}, "
        f"mean H(α) / log S {_number(said.spread)}"
    )


def tip(entry: Entry) -> str:
    """The same as rich text."""
    lines = [f"<b>{html.escape(file_name(entry))}</b>"]
    if entry.problem:
        lines.append(html.escape(entry.problem))
    elif entry.said is not None:
        said = entry.said
        lines.append(html.escape(caption_text(said)))
        lines.append(
            f"mean log p {_number(said.confidence)} · mean H(α) / log S {_number(said.spread)}"
        )
    return f"<p>{'<br>'.join(lines)}</p>"


def progress(gallery: Gallery) -> str:
    """How far it is, and what was left out."""
    total = len(gallery.entries) - gallery.refused
    done = f"{gallery.captioned:,} of {total:,} captioned"
    parts = [f"{total:,} captioned" if not gallery.left else f"{done}{' …' * gallery.busy}"]
    if gallery.refused:
        parts.append(f"{gallery.refused:,} no picture or unreadable, at the end")
    if gallery.note:
        parts.append(gallery.note)
    return " · ".join(parts)


def why_not(scene: Scene) -> str:
    """Why nothing can be captioned with the model at hand; empty where it can."""
    if scene.run is None:
        return NO_MODEL
    return "" if "picture" in scene.run.model.takes else NO_EYES


def blank(scene: Scene) -> str:
    """Why there is nothing to see; empty where there is."""
    gallery = scene.gallery
    if gallery is None:
        return INVITATION if scene.run is None else why_not(scene) or INVITATION
    if not gallery.entries:
        return f"“{escape_unsafe(gallery.name)}” holds no files{_but(gallery.note)}."
    why = why_not(scene)
    if gallery.ways is None and why:
        count = len(gallery.entries)
        files = "1 file" if count == 1 else f"{count:,} files"
        return f"“{escape_unsafe(gallery.name)}”, {files}. {why}"
    return ""


def _but(note: str) -> str:
    return f" ({note})" if note else ""


def _number(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.2f}"
