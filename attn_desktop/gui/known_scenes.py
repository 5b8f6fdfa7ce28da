"""What is known of rendered scenes: their questions and captions, found by their picture."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, Signal

from attn_desktop.gui.engine_link import EngineLink
from attn_desktop.gui.errand import Errand
from attn_desktop.gui.job import Picture
from attn_desktop.trace.protocol import AnyReply, RenderScene, SceneRendered
from attn_desktop.trace.records import RunRecord

#: Scenes that are remembered; others are rendered again when they are wanted.
MOST_SCENES = 16


class KnownScenes(QObject):
    """found: a scene that was not known when it was asked for."""

    found = Signal()

    def __init__(self, link: EngineLink, parent: QObject) -> None:
        super().__init__(parent)
        self._link = link
        self._known: OrderedDict[Picture, SceneRendered] = OrderedDict()
        self._asked: set[tuple[int, int]] = set()

    def remember(self, scene: SceneRendered) -> Picture:
        """Keep what is known of a scene; its picture, to be encoded."""
        picture = Picture(pixels=scene.picture, name=f"scene {scene.seed}", scene=scene.seed)
        self._known[picture] = scene
        while len(self._known) > MOST_SCENES:
            self._known.popitem(last=False)
        return picture

    def of(self, run: RunRecord) -> SceneRendered | None:
        """What is known of the picture of a run; one from a file is rendered again to know it."""
        if run.picture is None:
            return None
        known = self._known.get(Picture(pixels=run.picture))
        if known is None and run.scene is not None:
            self._ask(run.scene, len(run.picture))
        return known

    def _ask(self, seed: int, size: int) -> None:
        """Have a scene rendered again; a file may name one that there is not, which is no news."""
        if (seed, size) in self._asked:
            return
        self._asked.add((seed, size))

        def hear(reply: AnyReply) -> None:
            if isinstance(reply, SceneRendered):
                self.remember(reply)
                self.found.emit()

        def end(_how: str) -> None:
            self._asked.discard((seed, size))

        def make(request: int, _run: int) -> RenderScene:
            return RenderScene(request=request, seed=seed, size=size)

        self._link.send(Errand(None, make, hear, end))
