"""Which of two panels that share a place is in front: those about a picture, or about a text."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow

from attn_desktop.gui.panel_dock import PanelDock
from attn_desktop.gui.playhead import Playhead
from attn_desktop.gui.scene import Scene

#: What shows a picture, and in whose place.
PAIRS = (("picture", "alignment"), ("thumbnails", "lanes"))


class PictureRoom(QObject):
    """Follows the input: where a picture comes after a text, the panels about it come forward."""

    def __init__(
        self, window: QMainWindow, docks: Mapping[str, PanelDock], playhead: Playhead
    ) -> None:
        super().__init__(window)
        self._window, self._docks = window, docks
        self._is_picture = False
        playhead.scene_changed.connect(self._scene_changed)

    def _scene_changed(self, scene: Scene) -> None:
        is_picture = scene.run is not None and scene.run.grid is not None
        if scene.run is not None and is_picture != self._is_picture:
            self._is_picture = is_picture
            self.bring()

    def bring(self) -> None:
        """Bring those forward that fit the input; panels that somebody moved apart stay."""
        for own, other in PAIRS:
            picture, text = self._docks[own], self._docks[other]
            if picture in self._window.tabifiedDockWidgets(text):
                (picture if self._is_picture else text).raise_()
