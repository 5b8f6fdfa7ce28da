"""The round shapes of a scene: which pixels a body covers, how its surface is turned and painted.

A shape is seen in parallel projection by a viewer who looks down at it. Its own coordinates are in
units of its scale: u to the right and v up, from the picture of the point under its middle; (u, v)
and the direction towards the viewer are the axes of its normals. In the world, X runs to the
right, Y away from the viewer and Z up, so that v = Z·DOWN_COS + Y·DOWN_SIN.

Only +, −, ×, ÷ and square roots are taken, which every machine rounds alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.inputs.scene_objects import SceneObject

#: Cosine and sine of the angle by which the viewer looks down, about 23 degrees.
DOWN_COS, DOWN_SIN = 12 / 13, 5 / 13

#: Single precision throughout; numpy's annotations lose sight of it.
Floats = NDArray[np.floating[Any]]
Vector = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Surface:
    """A body on a grid of pixels.

    mask: (height, width) which pixels it covers; nothing else here counts outside it. normal:
    three arrays that broadcast to (height, width), right, up and towards the viewer, of length 1.
    across, along: the same, where a point lies on the pattern, in cells of it.
    """

    mask: NDArray[np.bool_]
    normal: tuple[Floats, Floats, Floats]
    across: Floats
    along: Floats


def to_view(vector: Vector) -> Vector:
    """A direction of the world (X, Y, Z) as right, up and towards the viewer."""
    x, y, z = vector
    return x, y * DOWN_SIN + z * DOWN_COS, z * DOWN_SIN - y * DOWN_COS


def cells(thing: SceneObject) -> int:
    """Cells of the pattern in one unit: few on small objects, whose cells need pixels."""
    return 3 if thing.size == "small" else 4


# -- round bodies -------------------------------------------------------------------------

BALL = 0.5
CYLINDER, CYLINDER_HEIGHT = 0.46, 0.84
CONE, CONE_HEIGHT = 0.5, 1.05
RING, TUBE = 0.355, 0.145
#: v of the middle of what stands 1 high.
RAISED = 0.5 * DOWN_COS
#: From the tangent of half an angle to the length of its arc, good to 14 % up to a right angle.
ARC = 1.57
RIM = 0.07


def ball(u: Floats, v: Floats, thing: SceneObject) -> Surface:
    """A sphere."""
    x, y = u / BALL, (v - RAISED) / BALL
    left = 1 - x * x - y * y
    z = np.sqrt(np.maximum(left, 0))
    # The stereographic projection keeps the cells square wherever they lie.
    spread = BALL * ARC * cells(thing) / (1 + z)
    cos, sin = thing.turn
    return Surface(
        left > 0, (x, y, z), (x * cos + y * sin) * spread, (y * cos - x * sin) * spread + 0.25
    )


def cylinder(u: Floats, v: Floats, thing: SceneObject) -> Surface:
    """An upright cylinder with a rounded rim."""
    depth = -np.sqrt(np.maximum(CYLINDER**2 - u * u, 0))
    height = (v - depth * DOWN_SIN) / DOWN_COS
    side = (np.abs(u) < CYLINDER) & (height >= 0) & (height <= CYLINDER_HEIGHT)
    lid = (v - CYLINDER_HEIGHT * DOWN_COS) / DOWN_SIN
    reach = np.sqrt(u * u + lid * lid)
    top = (reach < CYLINDER) & ~side
    # World normals: outwards on the side, up on the lid, and half of each at the rim.
    out = np.where(top, np.clip((reach - CYLINDER + RIM) / RIM, 0, 1), 1)
    up = np.where(top, 1, np.clip((height - CYLINDER_HEIGHT + RIM) / RIM, 0, 1))
    whole = np.maximum(np.where(top, reach, CYLINDER), 1e-6)
    x = out * u / whole
    y = out * np.where(top, lid, depth) / whole
    half = (u / CYLINDER) / (1 - depth / CYLINDER)
    across = np.where(top, u, half * (CYLINDER * ARC)) * cells(thing)
    along = np.where(top, lid + CYLINDER_HEIGHT + CYLINDER, height) * cells(thing)
    return Surface(side | top, _unit_view(x, y, up), across, along)


def cone(u: Floats, v: Floats, thing: SceneObject) -> Surface:
    """An upright cone: the nearer root of u² + Y² = k²(CONE_HEIGHT − Z)²."""
    k, slope = CONE / CONE_HEIGHT, DOWN_SIN / DOWN_COS
    below = CONE_HEIGHT - v / DOWN_COS
    a = 1 - (k * slope) ** 2
    half = k * k * slope * below
    inside = half * half - a * (u * u - k * k * below * below)
    depth = (half - np.sqrt(np.maximum(inside, 0))) / a
    drop = below + depth * slope
    height = CONE_HEIGHT - drop
    mask = (inside >= 0) & (height >= 0) & (drop > 0)
    radius = np.maximum(k * drop, 1e-6)
    x, y = u / radius, depth / radius
    across = x / np.maximum(1 - y, 1e-6) * (CONE * ARC * cells(thing))
    return Surface(mask, _unit_view(x, y, np.float32(k)), across, height * cells(thing))


def ring(u: Floats, v: Floats, thing: SceneObject) -> Surface:
    """A torus that faces the viewer."""
    w = v - RAISED
    reach = np.maximum(np.sqrt(u * u + w * w), 1e-6)
    out = (reach - RING) / TUBE
    z = np.sqrt(np.maximum(1 - out * out, 0))
    # Monotone in the angle without a trigonometric function; one turn is 4.
    diamond = w / (np.abs(u) + np.abs(w) + 1e-6)
    turn = np.where(u >= 0, diamond, 2 - diamond)
    across = turn * np.float32((2 * cells(thing)) / 4)
    along = out if thing.texture == "chequered" else out / 2 + 0.5
    return Surface(np.abs(out) < 1, (u / reach * out, w / reach * out, z), across, along)


def _unit_view(x: Floats, y: Floats, z: Floats | np.float32) -> tuple[Floats, Floats, Floats]:
    """Directions of the world as unit vectors right, up and towards the viewer."""
    scale = 1 / np.sqrt(x * x + y * y + z * z)
    return x * scale, (y * DOWN_SIN + z * DOWN_COS) * scale, (z * DOWN_SIN - y * DOWN_COS) * scale
