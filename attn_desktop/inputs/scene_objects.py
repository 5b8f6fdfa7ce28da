"""What a rendered scene consists of, and which relations hold between its objects.

Coordinates are those of the picture: x from its left edge to its right one, y from its top to its
bottom, both 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

SHAPES = ("ball", "box", "cylinder", "cone", "pyramid", "ring", "star", "heart")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "white", "black")
SIZES = ("small", "large")
TEXTURES = ("plain", "striped", "spotted", "chequered")
BACKGROUNDS = ("room", "table", "grass", "sand", "tiles", "road")
RELATIONS = ("left", "right", "behind", "front")
#: From an object's point of view to that of the other one.
INVERSE = MappingProxyType({"left": "right", "right": "left", "behind": "front", "front": "behind"})
#: The attributes in the order in which an English noun phrase names them.
ATTRIBUTES = MappingProxyType(
    {"size": SIZES, "texture": TEXTURES, "colour": COLOURS, "shape": SHAPES}
)
MOST_OBJECTS = 6

#: Two objects this near along an axis have no order on it.
MARGIN = 0.1
#: A relation may be said while the displacement along it is at least this part of that aside of it.
#: Of a pair near the diagonal two may be said; then neither is the clear one.
SLANT = 0.8

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class SceneObject:
    """A body that stands on the ground.

    x, y: the picture of the point under its middle. scale: the unit of its outline, about its
    width. turn: cosine and sine of its angle about the vertical. grain: which way stripes run, 0
    to 2. box: x0, y0, x1, y1 of what is seen of it, without its shadow.
    """

    shape: str
    colour: str
    size: str
    texture: str
    x: float
    y: float
    scale: float
    turn: tuple[float, float]
    grain: int
    box: Box

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of its box."""
        x0, y0, x1, y1 = self.box
        return (x0 + x1) / 2, (y0 + y1) / 2

    def attribute(self, kind: str) -> str:
        """Its size, texture, colour or shape."""
        return str(getattr(self, kind))


@dataclass(frozen=True)
class Scene:
    """One to six objects on a background.

    horizon: y at which the ground ends. tint: which of a background's palettes, 0 to 2. light:
    unit vector towards the light (right, away from the viewer, up). objects: from left to right.
    """

    seed: int
    background: str
    horizon: float
    tint: int
    light: tuple[float, float, float]
    objects: tuple[SceneObject, ...]

    def matching(self, wanted: dict[str, str]) -> tuple[int, ...]:
        """The objects with all these attributes, such as {"colour": "red", "shape": "ball"}."""
        found = []
        for number, thing in enumerate(self.objects):  # a loop: questions ask this 250 times
            for kind, value in wanted.items():
                if getattr(thing, kind) != value:
                    break
            else:
                found.append(number)
        return tuple(found)


def may_be_said(thing: SceneObject, relation: str, other: SceneObject) -> bool:
    """Whether `thing` can be called left or right of, behind or in front of the other one."""
    along, aside = _displacement(thing, relation, other)
    return along >= MARGIN and along >= SLANT * aside


def clear_relation(thing: SceneObject, other: SceneObject) -> str | None:
    """The one relation of `thing` to the other one, where the displacement is mostly along it."""
    for relation in RELATIONS:
        along, aside = _displacement(thing, relation, other)
        if along >= MARGIN and SLANT * along > aside:
            return relation
    return None


def _displacement(thing: SceneObject, relation: str, other: SceneObject) -> tuple[float, float]:
    """How far `thing` lies in the direction of the relation, and how far aside of it."""
    left = other.middle[0] - thing.middle[0]
    behind = _smaller(other.y - thing.y, other.middle[1] - thing.middle[1])
    along = {"left": left, "right": -left, "behind": behind, "front": -behind}[relation]
    return along, abs(behind if relation in ("left", "right") else left)


def _smaller(first: float, second: float) -> float:
    """The one nearer to 0, or 0 where they disagree about the direction.

    A large object beside a small one reaches further up, but is not behind it.
    """
    if first * second <= 0:
        return 0.0
    return min(first, second, key=abs)
