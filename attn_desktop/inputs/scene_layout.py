"""Where the objects of a scene stand and what they are, from a seed."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from attn_desktop.common.errors import InputError
from attn_desktop.inputs.scene_bodies import BODIES
from attn_desktop.inputs.scene_draws import LAYOUT, Draws
from attn_desktop.inputs.scene_objects import (
    ATTRIBUTES,
    BACKGROUNDS,
    COLOURS,
    SHAPES,
    SIZES,
    TEXTURES,
    Box,
    Scene,
    SceneObject,
)

#: One to six objects.
NUMBERS, NUMBER_WEIGHTS = (1, 2, 3, 4, 5, 6), (7, 20, 27, 23, 15, 8)
TEXTURE_WEIGHTS = (3, 2, 2, 2)
#: How often an object takes after an earlier one, so that a name alone tells no object.
ALIKE = 0.3
MOST_LARGE = 3
SCALES = {"small": 0.163, "large": 0.285}
#: Nearer objects are drawn larger by up to this part, farther ones smaller.
PERSPECTIVE = 0.07
EDGE = 0.02
#: Boxes keep this distance, or share a corner of at most this part of the smaller one's sides.
GAP, CORNER = 0.012, 0.1
#: Places that are tried for an object before all of them start anew.
TRIES = 30
NOWHERE = (0.0, 0.0, 0.0, 0.0)


def make_scene(seed: int) -> Scene:
    """The scene of a seed; raises InputError for one below 0 or of more than 63 bits."""
    if not 0 <= seed < 1 << 63:
        raise InputError(f"the seed of a scene is {seed}; it is 0 or more and below 2^63")
    draws = Draws(LAYOUT, seed)
    background = draws.choose(BACKGROUNDS)
    horizon = round(draws.between(0.24, 0.36), 4)
    light = _light(draws)
    tint = draws.choose((0, 1, 2))
    things = _things(draws, draws.choose(NUMBERS, NUMBER_WEIGHTS))
    placed = None
    while placed is None:  # most often once; of 30,000 seeds none took more than ten
        placed = _placed(draws, things, horizon)
    return Scene(seed, background, horizon, tint, light, tuple(sorted(placed, key=lambda t: t.x)))


def _light(draws: Draws) -> tuple[float, float, float]:
    """From the left or the right, from the viewer's side, from above."""
    x = draws.between(0.35, 0.85) * draws.choose((-1, 1))
    y = -draws.between(0.25, 0.7)
    length = sqrt(x * x + y * y + 1)
    return x / length, y / length, 1 / length


def _things(draws: Draws, number: int) -> list[SceneObject]:
    """Objects that stand nowhere yet, some alike in shape or in colour, no two in everything."""
    things: list[SceneObject] = []
    while len(things) < number:
        shape, colour = draws.choose(SHAPES), draws.choose(COLOURS)
        if things and draws.chance(ALIKE):
            shape = draws.choose(things).shape
        if things and draws.chance(ALIKE):
            colour = draws.choose(things).colour
        texture = draws.choose(TEXTURES, TEXTURE_WEIGHTS)
        full = sum(thing.size == "large" for thing in things) == MOST_LARGE
        size = "large" if draws.chance(0.5) and not full else "small"
        turn, grain = _turn(draws), draws.choose((0, 1, 2))
        thing = SceneObject(shape, colour, size, texture, 0, 0, 0, turn, grain, NOWHERE)
        if not any(_twins(thing, other) for other in things):
            things.append(thing)
    return things


def _twins(thing: SceneObject, other: SceneObject) -> bool:
    return all(thing.attribute(kind) == other.attribute(kind) for kind in ATTRIBUTES)


def _turn(draws: Draws) -> tuple[float, float]:
    """An angle of 20 to 40 degrees one way or the other, by its half's tangent."""
    half = draws.between(0.18, 0.36) * draws.choose((-1, 1))
    return (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)


def _placed(draws: Draws, things: list[SceneObject], horizon: float) -> list[SceneObject] | None:
    """The same objects on the ground, largest first; None where one found no room."""
    placed: list[SceneObject] = []
    for thing in sorted(things, key=lambda thing: SIZES.index(thing.size), reverse=True):
        for _ in range(TRIES):
            here = _put(thing, draws.unit(), draws.unit(), horizon)
            if not any(_crowd(here.box, other.box) for other in placed):
                placed.append(here)
                break
        else:
            return None
    return placed


def _put(thing: SceneObject, across: float, nearness: float, horizon: float) -> SceneObject:
    """The object where its whole box is inside the picture and its foot on the ground."""
    scale = SCALES[thing.size] * (1 + PERSPECTIVE * (2 * nearness - 1))
    left, bottom, right, top = (scale * side for side in BODIES[thing.shape].outline(thing))
    x = -left + EDGE + across * (1 - 2 * EDGE - (right - left))
    farthest = max(horizon + EDGE - bottom, top + EDGE)
    y = farthest + nearness * (1 - EDGE + bottom - farthest)
    return replace(thing, x=x, y=y, scale=scale, box=(x + left, y - top, x + right, y - bottom))


def _crowd(one: Box, other: Box) -> bool:
    """Whether one of two boxes would hide more than a corner of the other."""
    shared = [min(one[axis + 2], other[axis + 2]) - max(one[axis], other[axis]) for axis in (0, 1)]
    if min(shared) < -GAP:
        return False
    return any(
        shared[axis] > CORNER * min(one[axis + 2] - one[axis], other[axis + 2] - other[axis])
        for axis in (0, 1)
    )
