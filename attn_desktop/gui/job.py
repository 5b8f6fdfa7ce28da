"""What the session has asked of the engine and not yet got."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from attn_desktop.common.mode import Mode
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.undo import AddSteps
from attn_desktop.trace.edits import Edit, inherited
from attn_desktop.trace.run_tree import Choice, Node


@dataclass(frozen=True)
class Home:
    """What a document was encoded from, so that an engine can be given it again.

    model: a folder or shipped name. model_hash: None where any version of the model will do.
    """

    model: str
    device: str
    text: str
    model_hash: str | None = None


@dataclass(eq=False)
class EncodeJob:
    """A new input from `home`. undo_text: names it in the history.

    beside: whether it joins the document as a what-if instead of taking its place.
    """

    home: Home
    undo_text: str
    beside: bool = False
    request: int | None = None
    run: int = 0


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
