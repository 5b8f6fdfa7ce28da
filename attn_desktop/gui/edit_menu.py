"""Context menus: what if this step had looked there, or had had another context or state?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu, QWidget

from attn_desktop.analysis.edit_words import describe_all
from attn_desktop.analysis.labels import source_axis
from attn_desktop.analysis.region_names import short_names
from attn_desktop.gui.alpha_edit_actions import edit_specs
from attn_desktop.gui.intents import Intent, OpenEditor
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.vector_edit import VECTORS, why_not_vector

#: What begins a new group of a menu, and how many words its title names.
FIRST_OF_GROUP = ("sharpen", "draw-here", "as-model")
NAMED = 3


class EditMenu(QMenu):
    """What can be done to the step at the playhead, at some source positions.

    wanted: told the intent that is chosen.
    """

    def __init__(
        self,
        scene: Scene,
        positions: Iterable[int],
        wanted: Callable[[Intent], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setToolTipsVisible(True)
        chosen = frozenset(positions)
        self.addAction(_title(scene, chosen)).setEnabled(False)
        self.addSeparator()
        for spec in edit_specs(scene, chosen):
            if spec.name in FIRST_OF_GROUP:
                self.addSeparator()
            action = self.addAction(spec.kind.text)
            action.setObjectName(spec.name)
            action.setToolTip(spec.tip)
            action.setEnabled(spec.intent is not None)
            action.triggered.connect(lambda _=False, intent=spec.intent: wanted(intent))


class VectorMenu(QMenu):
    """To open an editor for c_t or s_t of the step at the playhead. wanted: told so."""

    def __init__(
        self, scene: Scene, wanted: Callable[[Intent], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setToolTipsVisible(True)
        targets: tuple[Literal["context", "state"], ...] = ("context", "state")
        for target in targets:
            symbol = VECTORS[target]
            why_not = why_not_vector(scene, target)
            action = self.addAction(f"Edit {symbol}_{scene.t or 't'}…")
            action.setObjectName(f"edit-{target}")
            action.setEnabled(not why_not)
            action.setToolTip(why_not or f"Add to, zero or replace {symbol}_{scene.t}: a branch")
            action.triggered.connect(lambda _=False, target=target: wanted(OpenEditor(target)))


def opens_menu(event: QContextMenuEvent) -> bool:
    """Whether what asks for a context menu means it: Shift+F10 asks too, but steps back here."""
    by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
    return not (by_key and event.modifiers() & Qt.KeyboardModifier.ShiftModifier)


def _title(scene: Scene, positions: frozenset[int]) -> str:
    """Which step and positions it is about, and what was done to the step already."""
    if scene.run is None:
        return "Nothing encoded yet"
    title = f"Step {scene.t}" if scene.t else "Before the first step"
    labels = [scene.source.labels[column] for column in scene.source.columns(positions)]
    names, regions = [f"“{label}”" for label in labels], short_names(labels, NAMED)
    if regions:
        title += f" ← {regions}"
    elif names:
        title += " ← " + ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
    if scene.step is not None and scene.step.edits:
        title += " · " + describe_all(scene.step.edits, source_axis(scene.run).labels)
    return title.replace("&", "&&")
