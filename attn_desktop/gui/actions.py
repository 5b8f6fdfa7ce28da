"""Every action of the window in one table: its words, keys, icon and place in the menus.

What an action does is given by whoever owns it. Menus, toolbar and command palette all show the
same QActions, so that a key or a tooltip is written once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from attn_desktop.gui.alpha_edit_actions import EDITS


@dataclass(frozen=True)
class Spec:
    """text: as in the menu. tip: one sentence more. keys: first the one that is shown."""

    name: str
    menu: str
    text: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False


#: In the order of the menus; None is a line between two.
SPECS: tuple[Spec | None, ...] = (
    Spec("open", "File", "&Open…", "Open an .attn file", ("Ctrl+O",), "open"),
    Spec("save", "File", "&Save", "Save everything decoded as an .attn file", ("Ctrl+S",), "save"),
    Spec("save-as", "File", "Save &as…", "Save under another name", ("Ctrl+Shift+S",)),
    None,
    Spec(
        "open-picture",
        "File",
        "Open a &picture…",
        "Start over with a PNG, JPEG, WebP or GIF file, where the model takes a picture",
        ("Ctrl+Shift+O",),
    ),
    Spec(
        "open-gallery",
        "File",
        "Open a &folder of pictures…",
        "Caption all pictures of a folder, and choose from them which to step through",
        ("Ctrl+Alt+O",),
    ),
    Spec(
        "stop-gallery",
        "File",
        "Stop cap&tioning",
        "Caption no more of the folder; what has a caption keeps it",
    ),
    Spec(
        "new-scene",
        "File",
        "New s&cene",
        "Start over with the next rendered scene, where the model takes a picture",
        ("Ctrl+Shift+N",),
    ),
    Spec("model", "File", "&Model…", "Choose a model and read its card", ("Ctrl+M",)),
    Spec("samples", "File", "Next sam&ple", "Decode the next sample", ("Ctrl+N",), "samples"),
    None,
    Spec(
        "png",
        "File",
        "Export panel as P&NG…",
        "Save the panel under the pointer as a picture",
        ("Ctrl+Shift+E",),
        "export",
    ),
    Spec(
        "svg",
        "File",
        "Export panel as S&VG…",
        "Save the panel under the pointer as a drawing",
        ("Ctrl+Alt+E",),
    ),
    Spec(
        "csv",
        "File",
        "Export panel's n&umbers…",
        "Save the numbers of the panel under the pointer as CSV",
        ("Ctrl+Alt+C",),
    ),
    Spec("all-numbers", "File", "Export all nu&mbers…", "Save every recorded number as NPZ"),
    Spec(
        "report",
        "File",
        "Save a repo&rt…",
        "Save all branches, numbers and pictures as one page that opens without a network",
    ),
    Spec(
        "verify",
        "File",
        "&Verify",
        "Decode every branch again and tell how far the numbers are from those recorded",
    ),
    None,
    Spec("picture", "File", "Save picture of the &window…", "Save the whole window as PNG"),
    None,
    Spec("quit", "File", "&Quit", "Close the window and end the engine", ("Ctrl+Q",)),
    Spec("undo", "Edit", "&Undo", "Take back the last change", ("Ctrl+Z",), "undo"),
    Spec("redo", "Edit", "&Redo", "Do again what was undone", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo"),
    None,
    Spec("edit-source", "Edit", "Edit the &source", "Write another sentence", ("Ctrl+L",)),
    Spec(
        "paste-picture",
        "Edit",
        "&Paste a picture",
        "Start over with the picture on the clipboard, where the model takes one",
        ("Ctrl+V",),
    ),
    Spec(
        "clear-brush", "Edit", "&Clear brushing", "Put out what was brushed in a panel", ("Ctrl+B",)
    ),
    None,
    Spec("note", "Edit", "Write a &note", "Write about the step shown", ("F2",)),
    Spec("bookmark", "Edit", "Book&mark", "List the step shown to go back to", ("Ctrl+F2",)),
    Spec("next-bookmark", "Edit", "Ne&xt bookmark", "Go to the next bookmark", ("Shift+F2",)),
    Spec("step", "Run", "&Step", "Decode the next token, or go to it", ("F10",), "step"),
    Spec("back", "Run", "Step &back", "Go back one token", ("Shift+F10",), "back"),
    Spec("next-phase", "Run", "Next &phase", "One phase on inside a step", ("F11",)),
    Spec("previous-phase", "Run", "Pre&vious phase", "One phase back", ("Shift+F11",)),
    None,
    Spec(
        "run",
        "Run",
        "&Run",
        "Go on to the next breakpoint, or decode to the end of the output",
        ("F5",),
        "run",
    ),
    Spec(
        "run-back",
        "Run",
        "Run &back",
        "Go back to the last breakpoint, or before the first token",
        ("Shift+F5",),
    ),
    Spec(
        "breakpoint",
        "Run",
        "Brea&kpoint here",
        "Stop runs at the step shown, or no longer",
        ("F9",),
    ),
    Spec(
        "condition",
        "Run",
        "New breakpoint on a con&dition…",
        "Write where runs shall stop, or what to watch",
        ("Ctrl+F9",),
    ),
    None,
    Spec("play", "Run", "P&lay", "Step by itself", ("Space",), "play", checkable=True),
    Spec("slower", "Run", "Slo&wer", "Play more slowly", ("[",)),
    Spec("faster", "Run", "&Faster", "Play faster", ("]",)),
    Spec("stop", "Run", "St&op", "Stop decoding or playing", ("Esc",), "stop"),
    None,
    Spec("first", "Run", "F&irst", "Go before the first token", ("Home",), "first"),
    Spec("left", "Run", "O&ne back", "Scrub to the step before", ("Left",)),
    Spec("right", "Run", "One o&n", "Scrub to the next recorded step", ("Right",)),
    Spec("last", "Run", "L&ast", "Go to the last recorded step", ("End",), "last"),
    None,
    Spec(
        "redraw",
        "Run",
        "Re&draw this step",
        "Draw the step shown again with a new seed, as the bar says; a branch",
        ("Ctrl+R",),
        "redraw",
    ),
    Spec(
        "toggle-hard",
        "Run",
        "Switch soft / &hard",
        "Use the other weighting from the next step on",
        ("Ctrl+H",),
    ),
    Spec(
        "auto-run",
        "Run",
        "Run after &encoding",
        "Decode a new sentence to its end at once",
        checkable=True,
    ),
    Spec(
        "edit-alpha",
        "What if",
        "E&dit α",
        "Drag the bars of α at the step shown",
        ("Ctrl+E",),
        checkable=True,
    ),
    *(Spec(e.name, "What if", e.text, e.tip) for e in EDITS),
    None,
    Spec(
        "edit-context",
        "What if",
        "Edit the conte&xt c…",
        "Add to, zero or replace the context vector of the step shown",
    ),
    Spec(
        "edit-state",
        "What if",
        "Edit the s&tate s…",
        "Add to, zero or replace the decoder state of the step shown",
    ),
    Spec(
        "force-text",
        "What if",
        "&Go on with a text…",
        "Have the output go on with words of yours after the step shown",
        ("Ctrl+G",),
    ),
    Spec(
        "beside",
        "What if",
        "Encode the source &beside",
        "Decode the text of the source field beside what is there, and compare",
    ),
    None,
    Spec(
        "search",
        "What if",
        "Beam searc&h",
        "Search for likely outputs from the step shown on, with the settings of the panel",
        ("Ctrl+Shift+B",),
    ),
    Spec(
        "rollouts",
        "What if",
        "Draw ro&llouts",
        "Draw many hard continuations of the step shown, with the settings of the panel",
        ("Ctrl+Shift+R",),
    ),
    Spec(
        "stop-probe",
        "What if",
        "Sto&p searching",
        "Stop what the engine tries beside the decoding; what was found stays",
    ),
    None,
    Spec("compare", "What if", "&Compare", "Show how two branches differ", ("Ctrl+D",)),
    Spec("swap", "What if", "Swap with the base&line", "Show the other of two compared branches"),
    Spec("compare-none", "What if", "Compare with n&othing", "Show one branch on its own"),
    Spec("palette", "View", "&Commands…", "Find any command", ("Ctrl+Shift+P",), "palette"),
    None,
    Spec(
        "words",
        "View",
        "Source pieces as &words",
        "Join the pieces of a source word; their α is summed",
        ("Ctrl+J",),
        "words",
        checkable=True,
    ),
    Spec(
        "presenter",
        "View",
        "&Presenter mode",
        "Large type, for a wall or a lecture",
        ("Ctrl+Shift+L",),
        "presenter",
        checkable=True,
    ),
    Spec("full-screen", "View", "&Full screen", "Use the whole screen", ("Ctrl+F11",)),
    Spec("reset-layout", "View", "&Reset layout", "Put all panels back where they were"),
    None,
    Spec("help", "Help", "&What the panels show", "Panels, keys and symbols", ("F1",)),
    Spec("engine", "Help", "&Engine…", "How the engine is, its command and its log"),
    Spec("about", "Help", "&About attn_desktop", "Versions and licence"),
)

Handlers = dict[str, Callable[[], object]]


class Actions:
    """The QActions by name. handlers: what each does, for every name of `SPECS`."""

    def __init__(self, window: QWidget, handlers: Handlers) -> None:
        self._by_name: dict[str, QAction] = {}
        self.icon_names: dict[str, str] = {}
        for spec in SPECS:
            if spec is not None:
                self._by_name[spec.name] = _make(window, spec, handlers[spec.name])
                self.icon_names[spec.name] = spec.icon

    def __getitem__(self, name: str) -> QAction:
        return self._by_name[name]

    def all(self) -> list[QAction]:
        """Every action, in the order of the menus."""
        return list(self._by_name.values())

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """The menus by title, `&` left out."""
        menus: dict[str, QMenu] = {}
        last = ""
        for spec in SPECS:
            if spec is None:
                menus[last].addSeparator()
                continue
            last = spec.menu
            if last not in menus:
                menus[last] = bar.addMenu(f"&{last}")
                menus[last].setToolTipsVisible(True)
            menus[last].addAction(self._by_name[spec.name])
        return menus


def _make(window: QWidget, spec: Spec, handler: Callable[[], object]) -> QAction:
    action = QAction(spec.text, window)
    action.setObjectName(spec.name)
    action.setCheckable(spec.checkable)
    action.setShortcuts([QKeySequence(key) for key in spec.keys])
    shown = f" ({spec.keys[0]})" if spec.keys else ""
    action.setToolTip(f"{spec.tip}{shown}")
    action.setStatusTip("")
    # `triggered` says whether it is checked; a handler asks the action if it wants to know.
    action.triggered.connect(lambda _checked=False: handler())
    window.addAction(action)
    return action
