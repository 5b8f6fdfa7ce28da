"""Toy scenes with breakpoints and watches, worked out as the window does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from attn_desktop.gui.marks import Marks
from attn_desktop.gui.scene import Scene
from attn_desktop.trace.annotations import Breakpoint


def with_annotations(
    scene: Scene,
    breakpoints: Sequence[str] = (),
    watches: Sequence[str] = (),
    off: Sequence[str] = (),
) -> Scene:
    """The same scene with these breakpoints, of which some are off, and watches."""
    marks, points = Marks(), [Breakpoint(text, text not in off) for text in breakpoints]
    assert scene.run is not None
    return replace(
        scene,
        breakpoints=marks.stops(scene.run, scene.steps, points),
        watches=marks.watches(scene.run, scene.steps, watches),
    )
