"""What a window would show of a file, without a window: for exports from the command line."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QUndoStack

from attn_desktop.common.errors import InputError
from attn_desktop.gui.document import Document
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.scene_maker import SceneMaker
from attn_desktop.trace.trace import Trace


def still(
    trace: Trace, branch: int | None = None, step: int | None = None, words: bool = False
) -> Scene:
    """A scene of a trace.

    branch: from 1 on, in the order of `attn-desktop show`; None for the one that was shown when
    the file was saved. step: 0 before the first; None for where the playhead was, or the last.
    Raises InputError for a branch or a step that the file does not have.
    """
    document, view = Document.of_trace(trace)
    if branch is not None:
        leaves = document.tree.leaves()
        if not 1 <= branch <= len(leaves):
            held = f"branches 1 to {len(leaves)}" if leaves else "no steps"
            raise InputError(f"there is no branch {branch}; the file holds {held}")
        leaf = leaves[branch - 1]
        if leaf.id != view.leaf:
            view = replace(view, leaf=leaf.id, run=leaf.run, t=leaf.t)
    if step is not None:
        last = len(document.steps(view.leaf))
        if not 0 <= step <= last:
            raise InputError(f"there is no step {step}; the branch has steps 0 to {last}")
        view = replace(view, t=step)
    return SceneMaker(QUndoStack()).scene(document, view, words, busy=False, probing="")
