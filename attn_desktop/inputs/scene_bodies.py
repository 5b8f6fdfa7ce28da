"""Each shape of a scene: its surface, its outline and the sections that cast its shadow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from attn_desktop.inputs import scene_facets as facets
from attn_desktop.inputs import scene_shapes as shapes
from attn_desktop.inputs.scene_objects import Box, SceneObject
from attn_desktop.inputs.scene_shapes import DOWN_COS, DOWN_SIN, Floats, Surface

#: Horizontal sections of a body from which its shadow is made.
LEVELS = 7


@dataclass(frozen=True)
class Section:
    """A horizontal slice: an ellipse, or a square that is turned, at a height above the ground.

    height, x (of its middle) and the half axes are in units of the object's scale.
    """

    height: float
    half_x: float
    half_y: float
    x: float = 0.0
    square: bool = False


@dataclass(frozen=True)
class Body:
    """What is to be known of a shape.

    surface: see `Surface`. outline: u0, v0, u1, v1 around what is seen of it. sections: from the
    ground up.
    """

    surface: Callable[[Floats, Floats, SceneObject], Surface]
    outline: Callable[[SceneObject], Box]
    sections: Callable[[SceneObject], list[Section]]


def _levels(top: float) -> list[float]:
    return [top * level / (LEVELS - 1) for level in range(LEVELS)]


def _chord(radius: float, height: float, middle: float) -> float:
    """Half the chord of a circle at this height, at least a sliver of it."""
    return sqrt(max(radius**2 - (height - middle) ** 2, 1e-4))


# -- outlines -----------------------------------------------------------------------------


def _ball_outline(thing: SceneObject) -> Box:
    return -shapes.BALL, shapes.RAISED - shapes.BALL, shapes.BALL, shapes.RAISED + shapes.BALL


def _ring_outline(thing: SceneObject) -> Box:
    outer = shapes.RING + shapes.TUBE
    return -outer, shapes.RAISED - outer, outer, shapes.RAISED + outer


def _cylinder_outline(thing: SceneObject) -> Box:
    radius, tilt = shapes.CYLINDER, shapes.CYLINDER * DOWN_SIN
    return -radius, -tilt, radius, shapes.CYLINDER_HEIGHT * DOWN_COS + tilt


def _cone_outline(thing: SceneObject) -> Box:
    return -shapes.CONE, -shapes.CONE * DOWN_SIN, shapes.CONE, shapes.CONE_HEIGHT * DOWN_COS


#: Squares on the ground are turned and scaled so that their corners reach this far all round.
CORNER = 0.5


def _box_outline(thing: SceneObject) -> Box:
    tilt = CORNER * DOWN_SIN
    return -CORNER, -tilt, CORNER, 2 * facets.half_side(thing) * DOWN_COS + tilt


def _pyramid_outline(thing: SceneObject) -> Box:
    return -CORNER, -CORNER * DOWN_SIN, CORNER, facets.PYRAMID_HEIGHT * DOWN_COS


def _star_outline(thing: SceneObject) -> Box:
    half = facets.TIP * max(x for x, _ in facets.TIPS)
    return -half, 0.0, half, facets.STAR_MIDDLE + facets.TIP


def _heart_outline(thing: SceneObject) -> Box:
    return -0.5, 0.0, 0.5, (1 + facets.HEART_TOP) / (2 * facets.HEART_HALF)


# -- shadows ------------------------------------------------------------------------------


def _ball_sections(thing: SceneObject) -> list[Section]:
    radii = [(height, _chord(0.5, height, 0.5)) for height in _levels(1.0)]
    return [Section(height, radius, radius) for height, radius in radii]


def _cylinder_sections(thing: SceneObject) -> list[Section]:
    radius = shapes.CYLINDER
    return [Section(height, radius, radius) for height in _levels(shapes.CYLINDER_HEIGHT)]


def _cone_sections(thing: SceneObject) -> list[Section]:
    top = shapes.CONE_HEIGHT
    radii = [(height, shapes.CONE * max(1 - height / top, 0.02)) for height in _levels(top)]
    return [Section(height, radius, radius) for height, radius in radii]


def _box_sections(thing: SceneObject) -> list[Section]:
    half = facets.half_side(thing)
    return [Section(height, half, half, square=True) for height in _levels(2 * half)]


def _pyramid_sections(thing: SceneObject) -> list[Section]:
    half, top = facets.half_side(thing), facets.PYRAMID_HEIGHT
    sides = [(height, half * max(1 - height / top, 0.02)) for height in _levels(top)]
    return [Section(height, side, side, square=True) for height, side in sides]


def _ring_sections(thing: SceneObject) -> list[Section]:
    outer, inner, thick = shapes.RING + shapes.TUBE, shapes.RING - shapes.TUBE, shapes.TUBE
    sections = []
    for height in _levels(1.0):
        wide = _chord(outer, height, 0.5)
        if abs(height - 0.5) >= inner:
            sections.append(Section(height, wide, thick))
            continue
        hole = _chord(inner, height, 0.5)
        for side in (-1, 1):
            sections.append(Section(height, (wide - hole) / 2, thick, side * (wide + hole) / 2))
    return sections


#: Half the width of a star and of a heart at equally spaced heights, from the ground up.
STAR_WIDTHS = (0.3, 0.26, 0.24, 0.27, 0.48, 0.12, 0.03)
HEART_WIDTHS = (0.03, 0.18, 0.32, 0.43, 0.49, 0.47, 0.3)
FLAT_DEPTH = 0.08


def _star_sections(thing: SceneObject) -> list[Section]:
    return _flat_sections(STAR_WIDTHS, _star_outline(thing)[3])


def _heart_sections(thing: SceneObject) -> list[Section]:
    return _flat_sections(HEART_WIDTHS, _heart_outline(thing)[3])


def _flat_sections(widths: tuple[float, ...], top: float) -> list[Section]:
    levels = _levels(top / DOWN_COS)
    return [Section(height, wide, FLAT_DEPTH) for height, wide in zip(levels, widths, strict=True)]


BODIES = {
    "ball": Body(shapes.ball, _ball_outline, _ball_sections),
    "box": Body(facets.box, _box_outline, _box_sections),
    "cylinder": Body(shapes.cylinder, _cylinder_outline, _cylinder_sections),
    "cone": Body(shapes.cone, _cone_outline, _cone_sections),
    "pyramid": Body(facets.pyramid, _pyramid_outline, _pyramid_sections),
    "ring": Body(shapes.ring, _ring_outline, _ring_sections),
    "star": Body(facets.star, _star_outline, _star_sections),
    "heart": Body(facets.heart, _heart_outline, _heart_sections),
}
