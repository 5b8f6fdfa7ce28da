"""What makes the window a debugger: breakpoints, what-ifs, comparing, probes, notes.

It turns the intents of panels, and actions, into calls of the session's helpers, and brings the
panels concerned to the fore.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QInputDialog, QWidget

from attn_desktop.gui.alpha_edit_actions import EDITS, edit_specs
from attn_desktop.gui.intents import (
    AskProbe,
    Compare,
    ForceText,
    GoOn,
    GoTo,
    GoToNode,
    Intent,
    MakeEdit,
    OpenEditor,
    SetBreakpoints,
    SetNote,
    SetWatches,
    ShowBranch,
    StopProbe,
    SwitchMode,
    TakePath,
    ToHistory,
)
from attn_desktop.gui.marks import toggled
from attn_desktop.gui.panel_dock import PanelDock
from attn_desktop.gui.panels.alpha import AlphaPanel
from attn_desktop.gui.panels.beam import BeamPanel
from attn_desktop.gui.panels.rollouts import RolloutsPanel
from attn_desktop.gui.probing import Probing
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.session import Session
from attn_desktop.gui.stepping import Stepping
from attn_desktop.gui.vector_dialog import VectorDialog
from attn_desktop.gui.verifying import Verifying
from attn_desktop.gui.what_if import WhatIf

#: Which panels tell of a phase, besides the one with its formula.
TELLING = {
    Phase.ENERGIES: "alpha",
    Phase.WINDOW: "alpha",
    Phase.ALPHA: "alpha",
    Phase.CONTEXT: "context",
    Phase.LOGITS: "next-token",
    Phase.TOKEN: "next-token",
}


class DebugDesk(QObject):
    """noted: something to tell the user."""

    noted = Signal(str)

    def __init__(
        self, window: QWidget, session: Session, stepping: Stepping, docks: Mapping[str, PanelDock]
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._stepping = window, session, stepping
        self._playhead, self._docks = session.playhead, docks
        self.what_if = WhatIf(stepping, self)
        self.probing = Probing(session, self)
        self.verifying = Verifying(window, session)
        self.alpha = cast(AlphaPanel, docks["alpha"].panel)
        self._beam = cast(BeamPanel, docks["beam"].panel)
        self._rollouts = cast(RolloutsPanel, docks["rollouts"].panel)
        stepping.broke.connect(self._broke)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What the actions of a debugger do, by name."""
        return {
            "run-back": self._stepping.run_back,
            "breakpoint": self.toggle_breakpoint,
            "condition": self.write_condition,
            "next-phase": self._next_phase,
            "previous-phase": self._previous_phase,
            "edit-alpha": self.toggle_editing,
            "force-text": self.ask_text,
            "edit-context": partial(self.open_editor, "context"),
            "edit-state": partial(self.open_editor, "state"),
            "compare": lambda: self.raise_panel("compare"),
            "compare-none": lambda: self._session.compare(None),
            "swap": self.swap,
            "note": self.write_note,
            "bookmark": self.toggle_bookmark,
            "next-bookmark": self.next_bookmark,
            "verify": self.verifying.start,
            "search": self.search,
            "rollouts": self.roll_out,
            "stop-probe": self.probing.stop,
            **{kind.name: partial(self.edit, kind.name) for kind in EDITS},
        }

    def take(self, intent: Intent) -> bool:
        """Do what a panel asks for; whether it is the debugger's business."""
        session = self._session
        match intent:
            case MakeEdit():
                self.what_if.edit(intent)
            case SwitchMode(mode):
                self.what_if.switch(mode)
            case ForceText(text):
                self.what_if.force_text(text)
            case GoOn():
                self.what_if.go_on(intent)
            case TakePath():
                self.what_if.take_path(intent)
            case OpenEditor(target):
                self.open_editor(target)
            case ShowBranch(leaf, run):
                session.show_branch(leaf, run)
            case Compare(leaf):
                self.compare(leaf)
            case SetBreakpoints(breakpoints):
                session.set_breakpoints(breakpoints)
            case SetWatches(watches):
                session.set_watches(watches)
            case SetNote(node, text, bookmarked):
                session.set_note(node, text, bookmarked)
            case GoTo(t, phase) if phase is not None:
                self.go_to_phase(t, Phase(phase))
            case GoToNode(node):
                session.go_to_node(node)
            case ToHistory(done):
                session.to_history(done)
            case AskProbe():
                self.probing.ask(intent)
            case StopProbe():
                self.probing.stop()
            case _:
                return False
        return True

    # -- panels ---------------------------------------------------------------------------

    def raise_panel(self, name: str) -> None:
        """Bring a panel to the fore, opening it if it was closed."""
        dock = self._docks[name]
        dock.show()
        dock.raise_()

    def _tell(self) -> None:
        """Bring the open panels that tell of the phase at the playhead to the fore."""
        scene = self._playhead.scene
        if scene.t:
            for name in ("formula", TELLING.get(scene.phase, "")):
                if name in self._docks and not self._docks[name].isHidden():
                    self._docks[name].raise_()

    def _next_phase(self) -> None:
        self._stepping.next_phase()
        self._tell()

    def _previous_phase(self) -> None:
        self._session.previous_phase()
        if self._playhead.scene.phase < Phase.TOKEN:
            self._tell()

    def go_to_phase(self, t: int, phase: Phase) -> None:
        """Go to a phase of a step that is recorded."""
        self._session.go(t, phase)
        self._tell()

    # -- breakpoints ----------------------------------------------------------------------

    def toggle_breakpoint(self) -> None:
        """Stop at the step shown from now on, or no longer."""
        scene = self._playhead.scene
        if not scene.t:
            self.noted.emit("Go to a step first: a breakpoint stops a run there.")
            return
        self._session.set_breakpoints(toggled(scene.breakpoints, scene.t))

    def write_condition(self) -> None:
        """Write where runs shall stop, or what to watch."""
        self.raise_panel("conditions")
        self._docks["conditions"].panel.edit()  # type: ignore[attr-defined]

    def _broke(self, t: int, conditions: str) -> None:
        self.noted.emit(f"Stopped at step {t}: {conditions}")

    # -- what-ifs -------------------------------------------------------------------------

    def toggle_editing(self) -> None:
        """Let the bars of α be dragged, or no longer."""
        self.raise_panel("alpha")
        self.alpha.set_editing(not self.alpha.editing)

    def ask_text(self) -> None:
        """Ask how the output shall go on after the step shown."""
        t = self._playhead.scene.t
        where = f"After step {t}, go on with:" if t else "Begin the output with:"
        text, taken = QInputDialog.getText(self._window, "Go on with a text", where)
        if taken and text.strip():
            self.what_if.force_text(text)

    def open_editor(self, target: str) -> None:
        """Open the editor of the context or the state of the step shown."""
        scene = self._playhead.scene
        if scene.step is None:
            self.noted.emit("Go to a step first: what happens inside it can be edited there.")
            return
        dialog = VectorDialog(target, scene, self._docks["alpha"].panel.theme, self._window)
        if dialog.exec():
            self.what_if.edit(MakeEdit(dialog.edits(), lasting=dialog.lasting()))

    def edit(self, name: str) -> None:
        """Make one of the edits of the menu, on the brushed source positions."""
        for spec in edit_specs(self._playhead.scene, self._playhead.light.brushed_source):
            if spec.name == name and spec.intent is not None:
                self.what_if.edit(spec.intent)

    # -- probes ---------------------------------------------------------------------------

    def search(self) -> None:
        """Search from the step shown on, with the settings of the panel."""
        self.raise_panel("beam")
        reason = self._beam.why_not()
        if reason:
            self.noted.emit(reason)
        self._beam.search()

    def roll_out(self) -> None:
        """Draw rollouts after the step shown, with the settings of the panel."""
        self.raise_panel("rollouts")
        reason = self._rollouts.why_not()
        if reason:
            self.noted.emit(reason)
        self._rollouts.run()

    # -- comparing ------------------------------------------------------------------------

    def compare(self, leaf: int | None) -> None:
        """Compare the branch shown with another one and show how they differ."""
        self._session.compare(leaf)
        if leaf is not None:
            self.raise_panel("compare")

    def swap(self) -> None:
        """Show the baseline and compare it with what was shown."""
        baseline, shown = self._playhead.scene.baseline, self._session.leaf
        if baseline is None:
            self.noted.emit("Nothing is compared yet: choose “compare” at another branch.")
            return
        self._session.show_branch(baseline.leaf)
        self._session.compare(shown)

    # -- notes ----------------------------------------------------------------------------

    def write_note(self) -> None:
        """Write about the step shown."""
        self.raise_panel("notes")
        self._docks["notes"].panel.edit()  # type: ignore[attr-defined]

    def toggle_bookmark(self) -> None:
        """List the step shown to go back to, or no longer."""
        scene = self._playhead.scene
        if scene.step is None:
            self.noted.emit("Go to a step first, to bookmark it.")
            return
        mark = scene.note(scene.t)
        text, bookmarked = ("", False) if mark is None else (mark.text, mark.bookmarked)
        self._session.set_note(scene.step.node, text, not bookmarked)

    def next_bookmark(self) -> None:
        """Go to the next bookmark, of whatever branch."""
        scene = self._playhead.scene
        marks = [mark for mark in scene.notes if mark.note.bookmarked]
        if not marks:
            self.noted.emit("There is no bookmark yet: Ctrl+F2 sets one at the step shown.")
            return
        nodes = [mark.note.node for mark in marks]
        at = nodes.index(scene.step.node) if scene.step and scene.step.node in nodes else -1
        self._session.go_to_node(nodes[(at + 1) % len(nodes)])
