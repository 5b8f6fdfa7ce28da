"""What the session has asked of the engine and not yet got."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.undo import AddSteps
from attn_desktop.trace.edits import Edit, inherited
from attn_desktop.trace.run_tree import Choice, Node

#: Characters of a text in the history.
SHORT = 40


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture to encode: the bytes of an image file, or the pixels of a `RunRecord`.

    Two are equal that hold the same. name: what to call it; empty for that of a run. scene: as in
    a `RunRecord`.
    """

    file: bytes = b""
    pixels: NDArray[np.uint8] | None = None
    name: str = ""
    scene: int | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Picture) or self.file != other.file:
            return False
        mine, its = self.pixels, other.pixels
        if mine is None or its is None:
            return mine is its
        return mine is its or np.array_equal(mine, its)

    def __hash__(self) -> int:
        if self.pixels is None:
            return hash(self.file)
        # Some of the pixels tell most pictures apart.
        return hash((self.pixels.shape, self.pixels[::64, ::64].tobytes()))


@dataclass(frozen=True)
class Home:
    """What a document was encoded from, so that an engine can be given it again.

    model: a folder or shipped name. model_hash: None where any version of the model will do.
    picture: for a model that looks at one.
    """

    model: str
    device: str
    text: str
    model_hash: str | None = None
    picture: Picture | None = None


@dataclass(eq=False)
class EncodeJob:
    """A new input from `home`. undo_text: names it in the history.

    beside: whether it joins the document as a what-if instead of taking its place.
    fit: where it is not known what the model takes: makes, of that, what is to be encoded; None
    for nothing now. Of `home` model and device count then.
    """

    home: Home
    undo_text: str
    beside: bool = False
    fit: Callable[[tuple[str, ...]], EncodeJob | None] | None = None
    request: int | None = None
    run: int = 0


def encode_job(home: Home, beside: bool = False) -> EncodeJob:
    """To encode this; InputError for a text that cannot be sent."""
    try:
        home.text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"the text holds a lone surrogate at character {error.start}") from None
    text = " ".join(home.text.split())
    shortened = text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
    if home.picture is not None and home.picture.name:
        return EncodeJob(home, f"open “{home.picture.name}”", beside)
    what = "source" if beside else "encode"
    return EncodeJob(home, f"{what} “{shortened}”" if shortened else f"{what} the picture", beside)


@dataclass(eq=False)
class DecodeJob:
    """Steps after the last node of `path`, which grows with each step that arrives.

    steps: how many are still wanted. new_id: gives the id of the first new node. forced: the
    tokens of the next steps. edits: of the next step. run: `Node.run` of the new ones. breaks:
    whether breakpoints stop it. follow: whether the playhead goes along; if not it stays at step
    `stay`. phase: where the playhead lands. baseline: what the branch is compared with once it
    is there.
    """

    path: list[Node]
    steps: int
    mode: Mode
    choice: Choice
    command: AddSteps
    new_id: Callable[[], int]
    forced: tuple[int, ...] = ()
    edits: tuple[Edit, ...] = ()
    run: int = 0
    breaks: bool = False
    follow: bool = True
    stay: int = 0
    phase: Phase = field(default=Phase.TOKEN)
    baseline: int | None = None
    request: int | None = None

    def arrived(self, node: Node) -> None:
        """Count a step that came."""
        self.path.append(node)
        self.steps -= 1
        self.forced = self.forced[1:]
        self.edits = inherited(node.edits, node.mode.attends)
