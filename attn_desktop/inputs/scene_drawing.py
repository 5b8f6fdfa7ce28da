"""A scene as a picture: background, soft shadows and shaded bodies, averaged from finer pixels."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from attn_desktop.common.errors import InputError
from attn_desktop.inputs.scene_bodies import BODIES, Section
from attn_desktop.inputs.scene_grounds import paint_ground, planes
from attn_desktop.inputs.scene_objects import Scene, SceneObject
from attn_desktop.inputs.scene_shapes import DOWN_SIN, Floats, Surface, to_view

# From the smallest size on, shadows and grain are only ever enlarged, which all versions of Pillow
# from 11 on do alike; below it small objects could not be told apart anyway.
SMALLEST, LARGEST = 56, 1024
#: Fine pixels along the side of one.
FINER = 2
#: Shadows are soft: they are drawn on a grid of this side and enlarged.
SHADOW_GRID = 112

Colour = tuple[int, int, int]
#: The colour of a body and that of the pattern on it.
PAINTS: dict[str, tuple[Colour, Colour]] = {
    "red": ((212, 34, 36), (248, 186, 180)),
    "orange": ((246, 124, 12), (255, 222, 176)),
    "yellow": ((250, 214, 20), (168, 124, 0)),
    "green": ((24, 158, 62), (178, 236, 180)),
    "blue": ((30, 88, 214), (172, 206, 255)),
    "purple": ((132, 46, 182), (222, 184, 246)),
    "white": ((242, 242, 240), (148, 154, 168)),
    "black": ((40, 40, 46), (152, 152, 160)),
}

# Light: what is everywhere, what falls from its source, how strong a reflection of it is.
AMBIENT, SKY, DIRECT, GLOSS = 0.5, 0.1, 0.58, 70.0
GLOSS_POWER = 5  # squarings: the 32nd power
#: Share of a ground's light that a shadow, and the narrow gap under a body, takes away.
SHADE, CONTACT = 0.5, 0.42


def render(scene: Scene, size: int = 448) -> Image.Image:
    """The picture, size × size pixels in RGB; raises InputError for a size out of range."""
    if not SMALLEST <= size <= LARGEST:
        raise InputError(
            f"a picture of {size} × {size} pixels; the side is {SMALLEST} to {LARGEST} pixels"
        )
    fine = size * FINER
    canvas = _ground(scene, fine)
    for thing in sorted(scene.objects, key=lambda thing: thing.y):
        _paint(canvas, thing, scene, fine)
    return Image.fromarray(canvas).reduce(FINER)


# -- the ground and its shadows -----------------------------------------------------------


def _ground(scene: Scene, pixels: int) -> NDArray[np.uint8]:
    canvas = paint_ground(scene, pixels)
    taken = Image.fromarray(_shadows(scene)).resize((pixels, pixels), Image.Resampling.BILINEAR)
    first = round(scene.horizon * pixels)
    part = np.asarray(taken)[first:].astype(np.float32) * np.float32(1 / 255)
    # What is left in a shadow comes from the sky, so it loses a little less blue.
    canvas[:, first:] *= 1 - part * planes((1, 0.98, 0.92))
    np.clip(canvas, 0, 255, out=canvas)
    return np.ascontiguousarray(canvas.astype(np.uint8).transpose(1, 2, 0))


def _shadows(scene: Scene) -> NDArray[np.uint8]:
    """Light that the objects take from the ground, 255 for all of it, on the shadows' grid."""
    kept = np.ones((SHADOW_GRID, SHADOW_GRID), dtype=np.float32)
    steps = ((np.arange(SHADOW_GRID) + 0.5) / SHADOW_GRID).astype(np.float32)
    slide = scene.light[0] / scene.light[2], scene.light[1] / scene.light[2]
    for thing in scene.objects:
        sections = BODIES[thing.shape].sections(thing)
        reach = 1.1 + max(section.height for section in sections) * max(map(abs, slide))
        columns = np.abs(steps - np.float32(thing.x)) < reach * thing.scale
        rows = np.abs(steps - np.float32(thing.y)) < reach * thing.scale * 0.6
        x = (steps[columns] - np.float32(thing.x))[None, :] / np.float32(thing.scale)
        y = (np.float32(thing.y) - steps[rows])[:, None] / np.float32(thing.scale * DOWN_SIN)
        cast = np.zeros((y.size, x.size), dtype=np.float32)
        for section in sections:
            away_x, away_y = -section.height * slide[0], -section.height * slide[1]
            softness = 0.1 + 0.22 * section.height
            np.maximum(cast, _slice(x - away_x, y - away_y, section, thing, softness), out=cast)
        under = _slice(x, y, _footprint(sections), thing, 0.34)
        here = np.ix_(rows, columns)
        kept[here] *= (1 - SHADE * cast) * (1 - CONTACT * under)
    return ((1 - kept) * 255 + 0.5).astype(np.uint8)


def _footprint(sections: list[Section]) -> Section:
    """What is near the ground: the widest of the lowest sections, at height 0."""
    low = [section for section in sections if section.height < 0.2]
    return replace(max(low, key=lambda section: section.half_x), height=0.0)


def _slice(x: Floats, y: Floats, section: Section, thing: SceneObject, softness: float) -> Floats:
    """Shadow of a section at points of the ground relative to it, 0 to 1 across its soft edge."""
    x = x - np.float32(section.x)
    if section.square:
        cos, sin = map(np.float32, thing.turn)
        x, y = x * cos + y * sin, y * cos - x * sin
        far = np.maximum(np.abs(x), np.abs(y)) / np.float32(section.half_x)
    else:
        across, along = x / np.float32(section.half_x), y / np.float32(section.half_y)
        far = np.sqrt(across * across + along * along)
    inside = (1 - far) * np.float32(min(section.half_x, section.half_y))
    part: Floats = np.clip(inside / np.float32(softness) + 0.5, 0, 1)
    return part * part * (3 - 2 * part)


# -- bodies -------------------------------------------------------------------------------


def _paint(canvas: NDArray[np.uint8], thing: SceneObject, scene: Scene, pixels: int) -> None:
    """Draw one body over what is there."""
    x0, y0, x1, y1 = (side * pixels for side in thing.box)
    columns = slice(max(0, int(x0) - 1), min(pixels, int(x1) + 2))
    rows = slice(max(0, int(y0) - 1), min(pixels, int(y1) + 2))
    steps = ((np.arange(pixels) + 0.5) / pixels).astype(np.float32)
    u = ((steps[columns] - np.float32(thing.x)) / np.float32(thing.scale))[None, :]
    v = ((np.float32(thing.y) - steps[rows]) / np.float32(thing.scale))[:, None]
    surface = BODIES[thing.shape].surface(u, v, thing)
    bright, gloss = _light(surface, v, scene)
    second = _pattern(surface, thing)
    base, other = PAINTS[thing.colour]
    patch = canvas[rows, columns]
    for channel in range(3):
        paint: Floats | np.float32 = np.float32(base[channel])
        if second is not None:
            paint = np.where(second, np.float32(other[channel]), paint)
        value = np.minimum(paint * bright + gloss, 255).astype(np.uint8)
        np.copyto(patch[..., channel], value, where=surface.mask)


def _light(surface: Surface, v: Floats, scene: Scene) -> tuple[Floats, Floats]:
    """What a paint's value is multiplied by, and what a reflection adds to it."""
    right, up, toward = surface.normal
    to_light = to_view(scene.light)
    facing = (
        right * np.float32(to_light[0])
        + up * np.float32(to_light[1])
        + toward * np.float32(to_light[2])
    )
    # Light that comes round the edge keeps the side away from it round.
    direct = np.maximum((facing + np.float32(0.2)) / np.float32(1.2), 0)
    gap = np.clip((v + np.float32(0.2)) / np.float32(0.4), 0, 1)
    bright = (AMBIENT + SKY * up + DIRECT * direct) * (np.float32(0.8) + np.float32(0.2) * gap)
    # Blinn's half-way vector; both directions are the same for all points.
    x, y, z = to_light[0], to_light[1], to_light[2] + 1
    length = np.float32(sqrt(x * x + y * y + z * z))
    along = right * np.float32(x) + up * np.float32(y) + toward * np.float32(z)
    gloss = np.maximum(along / length, 0)
    for _ in range(GLOSS_POWER):
        gloss = gloss * gloss
    return bright, gloss * np.float32(GLOSS)


def _pattern(surface: Surface, thing: SceneObject) -> NDArray[np.bool_] | None:
    """Where the second paint is, or None for a plain body."""
    across, along = surface.across, surface.along
    if thing.texture == "plain":
        return None
    if thing.texture == "striped":
        # Around a ring; on other bodies level, upright or slanted.
        ways = (along, across, (across + along) * np.float32(0.7071))
        ramp = across if thing.shape == "ring" else ways[thing.grain]
        return ramp - np.floor(ramp) < np.float32(0.46)
    if thing.texture == "chequered":
        return np.asarray((np.floor(across) + np.floor(along)) % 2 == 0)
    row = np.floor(along)
    shifted = across + np.float32(0.5) * (row % 2)
    x, y = shifted - np.floor(shifted) - np.float32(0.5), along - row - np.float32(0.5)
    spots: NDArray[np.bool_] = x * x + y * y < np.float32(0.1)
    return spots
