"""What a panel may ask for. Panels emit these and never act themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from attn_desktop.common.mode import Mode
from attn_desktop.trace.annotations import Breakpoint
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.run_tree import Choice


@dataclass(frozen=True)
class GoTo:
    """Put the playhead on step t of the branch shown (0: before the first).

    phase: a value of `Phase`, None for the whole step.
    """

    t: int
    phase: int | None = None


@dataclass(frozen=True)
class GoToNode:
    """Show a branch that has this node, with the playhead on it."""

    node: int


@dataclass(frozen=True)
class Hover:
    """Light source positions and steps while the pointer is over them; empty to put out."""

    source: frozenset[int] = frozenset()
    target: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Brush:
    """Light source positions and steps until further notice; empty to put out."""

    source: frozenset[int] = frozenset()
    target: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Force:
    """Take this token at the step of the playhead instead of the one chosen: a branch."""

    token_id: int
    token: str


@dataclass(frozen=True)
class ForceText:
    """Go on after the playhead with the tokens of this text: a branch."""

    text: str


@dataclass(frozen=True)
class TakePath:
    """Follow a hypothesis of a beam search from where that began: a branch.

    node: after which it began, None for the start of the input shown. tokens: ids of the steps
    after it. mode, seed: of the search. name: for the history, such as `beam 2`.
    """

    node: int | None
    tokens: tuple[int, ...]
    mode: Mode
    seed: int
    name: str


@dataclass(frozen=True)
class GoOn:
    """Decode after a node in this way, no further than so many steps: a branch.

    node: None for the start of the input shown. name: for the history, such as `rollout 2`.
    """

    node: int | None
    steps: int
    mode: Mode
    choice: Choice
    name: str


@dataclass(frozen=True)
class MakeEdit:
    """Decode the step of the playhead again with these edits added to its own: a branch.

    lasting: whether to make them at every later step too. hard: whether the step then goes on
    from the drawn position; None as before. instead: in place of the step's own edits.
    """

    edits: tuple[Edit, ...]
    lasting: bool = False
    hard: bool | None = None
    instead: bool = False


@dataclass(frozen=True)
class SwitchMode:
    """Decode the step of the playhead again in this mode, as the model has it: a branch."""

    mode: Mode


@dataclass(frozen=True)
class OpenEditor:
    """Let the user edit the `context` or the `state` of the step at the playhead by hand."""

    target: Literal["context", "state"]


@dataclass(frozen=True)
class EncodeText:
    """Start over with this source text; beside: as a what-if beside the one that is there."""

    text: str
    beside: bool = False


@dataclass(frozen=True)
class OpenPicture:
    """Start over with a picture: the image file at `path`, or else its bytes, called `name`."""

    path: Path | None = None
    file: bytes = field(default=b"", repr=False)
    name: str = ""


@dataclass(frozen=True)
class ChoosePicture:
    """Let the user choose an image file, to start over with it."""


@dataclass(frozen=True)
class OpenDocument:
    """Show a recorded decoding, an .attn file, in place of what is there."""

    path: Path


@dataclass(frozen=True)
class NewScene:
    """Start over with the rendered scene of this seed."""

    seed: int


@dataclass(frozen=True)
class OpenGallery:
    """Caption the pictures of a folder, or several image files, one after the other."""

    paths: tuple[Path, ...]


@dataclass(frozen=True)
class ChooseGallery:
    """Let the user choose a folder for that; files: several image files."""

    files: bool = False


@dataclass(frozen=True)
class CaptionGallery:
    """Caption, in the mode of the bar, what has no caption yet; anew: all of the gallery."""

    anew: bool = False


@dataclass(frozen=True)
class StopGallery:
    """Caption nothing more; what has a caption keeps it."""


@dataclass(frozen=True)
class ShowBranch:
    """Show the branch that ends in this node; None: the start of `run`."""

    leaf: int | None
    run: int = 0


@dataclass(frozen=True)
class Compare:
    """Compare the branch shown with the one that ends in this node; None: with nothing."""

    leaf: int | None


@dataclass(frozen=True)
class SetBreakpoints:
    """Have these breakpoints and no others."""

    breakpoints: tuple[Breakpoint, ...]


@dataclass(frozen=True)
class SetWatches:
    """Watch these expressions and no others."""

    watches: tuple[str, ...]


@dataclass(frozen=True)
class SetNote:
    """Write about a node; no text and no bookmark: take the note away."""

    node: int
    text: str
    bookmarked: bool


@dataclass(frozen=True)
class ToHistory:
    """Undo or redo until so many changes are done."""

    done: int


@dataclass(frozen=True)
class AskProbe:
    """Have the engine try something after step t of the branch shown (0: at the start).

    kind and settings: of the probe. A probe that was made with the same settings is not made
    again.
    """

    kind: str
    t: int
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StopProbe:
    """Stop the probe that is under way."""


Intent: TypeAlias = (
    GoTo
    | GoToNode
    | Hover
    | Brush
    | Force
    | ForceText
    | TakePath
    | GoOn
    | MakeEdit
    | SwitchMode
    | OpenEditor
    | EncodeText
    | OpenPicture
    | ChoosePicture
    | OpenDocument
    | NewScene
    | OpenGallery
    | ChooseGallery
    | CaptionGallery
    | StopGallery
    | ShowBranch
    | Compare
    | SetBreakpoints
    | SetWatches
    | SetNote
    | ToHistory
    | AskProbe
    | StopProbe
)
