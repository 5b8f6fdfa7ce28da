"""The shapes of a scene that have edges: box, pyramid, star and heart."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from attn_desktop.inputs.scene_objects import SceneObject
from attn_desktop.inputs.scene_shapes import RAISED, Floats, Surface, Vector, cells, to_view

#: Height of a pyramid, and the half side of its base before it is turned.
PYRAMID_HEIGHT = 1.0
#: How far from an edge its rounding reaches.
EDGE = 0.05


@dataclass(frozen=True)
class Face:
    """The side of a convex body where normal · point = offset, in the world.

    across, along: unit vectors in it. start: what is added to both so that a pattern begins at an
    edge. cells: in one unit.
    """

    normal: Vector
    offset: float
    across: Vector
    along: Vector
    start: tuple[float, float] = (0.0, 0.0)
    cells: float = 0.0


def half_side(thing: SceneObject) -> float:
    """Half the side of a square that is 1 wide when seen at the angle at which it is turned."""
    cos, sin = thing.turn
    return 0.5 / (abs(cos) + abs(sin))


def box(u: Floats, v: Floats, thing: SceneObject) -> Surface:
    """A cube."""
    half = half_side(thing)
    cos, sin = thing.turn
    first, second, up = (cos, sin, 0.0), (-sin, cos, 0.0), (0.0, 0.0, 1.0)
    per_unit = max(2, round(2 * half * cells(thing))) / (2 * half)
    faces = [Face(up, 2 * half, first, second, (half, half), per_unit)]
    for normal, across in ((first, second), (second, first)):
        for sign in (1, -1):
            outwards = (sign * normal[0], sign * normal[1], 0.0)
            faces.append(Face(outwards, half, across, up, (half, 0.0), per_unit))
    return _convex(u, v, [*faces, Face((0.0, 0.0, -1.0), 0.0, first, second)])


def pyramid(u: Floats, v: Floats, thing: SceneObject) -> Surface:
    """A pyramid on a square."""
    half = half_side(thing)
    cos, sin = thing.turn
    length = sqrt(PYRAMID_HEIGHT**2 + half**2)
    rise, lean = half / length, PYRAMID_HEIGHT / length
    faces = [Face((0.0, 0.0, -1.0), 0.0, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))]
    for x, y in ((cos, sin), (-sin, cos), (-cos, -sin), (sin, -cos)):
        normal = (x * lean, y * lean, rise)
        across, along = (-y, x, 0.0), (0.0, 0.0, 1.0)
        faces.append(Face(normal, half * lean, across, along, (half, 0.0), cells(thing)))
    return _convex(u, v, faces)


def _convex(u: Floats, v: Floats, faces: list[Face]) -> Surface:
    """What is seen of a convex body: the nearest of the faces that look towards the viewer.

    A line of sight meets it where it leaves no hidden face before the last visible one.
    """
    normals = [to_view(face.normal) for face in faces]
    visible = [number for number, (_, _, z) in enumerate(normals) if z > 0]
    depths = []
    hidden: Floats | None = None
    for face, (x, y, z) in zip(faces, normals, strict=True):
        depth = (face.offset - x * u - y * v) / np.float32(z)
        if z > 0:
            depths.append(depth)
        else:
            hidden = depth if hidden is None else np.maximum(hidden, depth)
    assert hidden is not None  # every convex body has a far side
    nearest = depths[0]
    for depth in depths[1:]:
        nearest = np.minimum(nearest, depth)
    normal: list[Floats] = [np.zeros_like(nearest) for _ in range(3)]
    across, along = np.zeros_like(nearest), np.zeros_like(nearest)
    for number, depth in zip(visible, depths, strict=True):
        weight = np.maximum(1 - (depth - nearest) / np.float32(EDGE), 0)
        for part, axis in zip(normal, normals[number], strict=True):
            part += weight * np.float32(axis)
        face, here = faces[number], depth <= nearest
        across = np.where(here, _place(u, v, depth, face.across, face.start[0], face.cells), across)
        along = np.where(here, _place(u, v, depth, face.along, face.start[1], face.cells), along)
    right, up, toward = normal
    scale = 1 / np.sqrt(right * right + up * up + toward * toward)
    return Surface(nearest >= hidden, (right * scale, up * scale, toward * scale), across, along)


def _place(
    u: Floats, v: Floats, depth: Floats, axis: Vector, start: float, per_unit: float
) -> Floats:
    """Coordinate of a point along a unit vector of the world, in cells."""
    x, y, z = to_view(axis)
    place: Floats = u * (x * per_unit) + v * (y * per_unit) + depth * (z * per_unit)
    return place + start * per_unit


# -- flat bodies that face the viewer -----------------------------------------------------

#: Radius of a star's tips and of the corners between them, and the height of its middle.
TIP, NOTCH, RIDGE = 0.5257, 0.295, 0.15
#: The directions of the five tips, the first one up, and of the corners that follow them to the
#: left; rounded, for the last place of a cosine differs between machines.
_RIGHT_TIPS = ((0.951057, 0.309017), (0.587785, -0.809017))
TIPS = ((0.0, 1.0), *((-x, y) for x, y in _RIGHT_TIPS), *reversed(_RIGHT_TIPS))
_RIGHT_NOTCHES = ((0.587785, 0.809017), (0.951057, -0.309017))
NOTCHES = (*((-x, y) for x, y in _RIGHT_NOTCHES), (0.0, -1.0), *reversed(_RIGHT_NOTCHES))
#: v of the middle of a star whose lower tips touch the ground.
STAR_MIDDLE = TIP * 0.809017


def _star_facets() -> list[tuple[float, float, float, float]]:
    """For each tip its right and its left edge: x · a + y · b = 1 on it, and the facet's normal."""
    facets = []
    for tip, (tip_x, tip_y) in enumerate(TIPS):
        for x, y in (NOTCHES[tip - 1], NOTCHES[tip]):
            area = TIP * NOTCH * (tip_x * y - tip_y * x)
            a, b = (NOTCH * y - TIP * tip_y) / area, (TIP * tip_x - NOTCH * x) / area
            facets.append((a, b, *_unit(RIDGE * a, RIDGE * b)))
    return facets


def _unit(x: float, y: float) -> tuple[float, float]:
    """The first two parts of (x, y, 1) scaled to length 1."""
    scale = 1 / sqrt(x * x + y * y + 1)
    return x * scale, y * scale


FACETS = np.array(_star_facets(), dtype=np.float32)


def star(u: Floats, v: Floats, thing: SceneObject) -> Surface:
    """A five-pointed star whose facets rise to its middle."""
    y = v - STAR_MIDDLE
    towards = [u * np.float32(tip_x) + y * np.float32(tip_y) for tip_x, tip_y in TIPS]
    tip = np.argmax(np.stack(towards), axis=0)
    tip_x, tip_y = np.array(TIPS, dtype=np.float32).T
    left = u * -tip_y[tip] + y * tip_x[tip] > 0
    facet = FACETS[2 * tip + left]
    mask = u * facet[..., 0] + y * facet[..., 1] <= 1
    x, up = facet[..., 2], facet[..., 3]
    toward = np.sqrt(1 - x * x - up * up)
    return Surface(mask, (x, up, toward), *_flat(u, v, thing))


#: The curve (x² + y² − 1)³ = x² y³ is 2 · 1.139 wide and reaches from −1 to 1.236.
HEART_HALF, HEART_TOP = 1.139, 1.236
PUFF = 0.3


def heart(u: Floats, v: Floats, thing: SceneObject) -> Surface:
    """A puffed heart: its thickness is the root of what the curve's equation leaves inside."""
    x, y = u * (2 * HEART_HALF), v * (2 * HEART_HALF) - 1
    x2, y2 = x * x, y * y
    disc = x2 + y2 - 1
    left = x2 * y2 * y - disc * disc * disc
    square = disc * disc
    right = (6 * square - 2 * y2 * y) * x * PUFF
    up = (6 * square - 3 * x2 * y) * y * PUFF
    toward = np.sqrt(np.maximum(left, 0)) + 0.15
    scale = 1 / np.sqrt(right * right + up * up + toward * toward)
    return Surface(left > 0, (right * scale, up * scale, toward * scale), *_flat(u, v, thing))


def _flat(u: Floats, v: Floats, thing: SceneObject) -> tuple[Floats, Floats]:
    """A pattern that lies flat on the body, a cell's edge in its middle."""
    return u * cells(thing), (v - RAISED) * cells(thing)
