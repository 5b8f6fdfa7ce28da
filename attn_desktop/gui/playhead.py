"""The playhead: the one owner of which step, which phase, and what is lit.

Panels read its scene and light; nothing else moves it but the session and the window's actions.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from attn_desktop.gui.scene import Light, Phase, Scene


class Playhead(QObject):
    """A place in a scene. scene_changed: the new `Scene`; light_changed: the new `Light`."""

    scene_changed = Signal(object)
    light_changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scene = Scene()
        self.light = Light()

    def show(self, scene: Scene) -> None:
        """Show another scene; what was lit in another run is put out."""
        other_run = scene.run is not self.scene.run
        self.scene = scene
        if other_run and self.light != Light():
            self.light = Light()
            self.light_changed.emit(self.light)
        self.scene_changed.emit(scene)

    def go(self, t: int, phase: Phase = Phase.TOKEN) -> None:
        """Go to step t of the branch shown, as near as there is one."""
        t = max(0, min(t, len(self.scene.steps)))
        phase = phase if t else Phase.TOKEN
        if (t, phase) != (self.scene.t, self.scene.phase):
            self.show(self.scene.at(t, phase))

    def next_phase(self) -> bool:
        """Go one phase on; False where the next step is not decoded yet."""
        scene = self.scene
        if scene.t and scene.phase < Phase.TOKEN:
            self.go(scene.t, Phase(scene.phase + 1))
        elif scene.t < len(scene.steps):
            self.go(scene.t + 1, Phase.ENERGIES)
        else:
            return False
        return True

    def previous_phase(self) -> None:
        """Go one phase back: the exact inverse of `next_phase`."""
        scene = self.scene
        if scene.t and scene.phase > Phase.ENERGIES:
            self.go(scene.t, Phase(scene.phase - 1))
        elif scene.t:
            self.go(scene.t - 1)

    def set_words(self, words: bool) -> None:
        """Show source pieces joined to words, or each for itself."""
        if words != self.scene.words:
            self.show(replace(self.scene, words=words))

    def hover(self, source: frozenset[int], target: frozenset[int]) -> None:
        """Light what the pointer is over."""
        self._shine(replace(self.light, source=source, target=target))

    def brush(self, source: frozenset[int], target: frozenset[int]) -> None:
        """Light until further notice."""
        self._shine(replace(self.light, brushed_source=source, brushed_target=target))

    def _shine(self, light: Light) -> None:
        if light != self.light:
            self.light = light
            self.light_changed.emit(light)
