"""What a caption or a question says of a scene, read and decided by plain loops."""

from __future__ import annotations

from attn_desktop.inputs.scenes import Scene, SceneObject

COUNTS = ["zero", "one", "two", "three", "four", "five", "six"]
KINDS = {
    "size": ["small", "large"],
    "texture": ["plain", "striped", "spotted", "chequered"],
    "colour": ["red", "orange", "yellow", "green", "blue", "purple", "white", "black"],
    "shape": ["ball", "box", "cylinder", "cone", "pyramid", "ring", "star", "heart"],
}
RELATIONS = {
    "to the left of": "left",
    "left of": "left",
    "to the right of": "right",
    "right of": "right",
    "behind": "behind",
    "in front of": "front",
}


def fits(thing: SceneObject, phrase: str) -> bool:
    """Whether every word of a noun phrase without its article is true of an object."""
    for word in phrase.split():
        singular = word.removesuffix("es") if word == "boxes" else word.removesuffix("s")
        if singular == "object":
            continue
        known = False
        for kind, values in KINDS.items():
            for value in values:
                if word == value or (kind == "shape" and singular == value):
                    known = True
                    if getattr(thing, kind) != value:
                        return False
        assert known, word
    return True


def matching(scene: Scene, phrase: str) -> list[int]:
    found = []
    for number, thing in enumerate(scene.objects):
        if fits(thing, phrase):
            found.append(number)
    return found


def the_one(scene: Scene, phrase: str) -> int:
    """The one object that a definite phrase can mean."""
    article, _, rest = phrase.partition(" ")
    assert article == "the", phrase
    found = matching(scene, rest)
    assert len(found) == 1, (phrase, found)
    return found[0]


def split_relation(text: str) -> tuple[str, str, str] | None:
    """What stands before a relation, the relation, and what stands after it."""
    for wording, relation in RELATIONS.items():
        before, found, after = f" {text} ".partition(f" {wording} ")
        if found:
            return before.strip(), relation, after.strip()
    return None


def offsets(thing: SceneObject, other: SceneObject) -> tuple[float, float]:
    """How far `thing` is to the left of the other one, and how far behind it.

    Behind by its foot and by the middle of its box, whichever says less.
    """
    left = (other.box[0] + other.box[2]) / 2 - (thing.box[0] + thing.box[2]) / 2
    foot = other.y - thing.y
    middle = (other.box[1] + other.box[3]) / 2 - (thing.box[1] + thing.box[3]) / 2
    if (foot > 0) != (middle > 0):
        return left, 0.0
    return left, foot if abs(foot) < abs(middle) else middle


def clearly(thing: SceneObject, relation: str, other: SceneObject) -> bool:
    """True beyond doubt: by a tenth of the picture, and a quarter more than across."""
    left, behind = offsets(thing, other)
    along, across = {
        "left": (left, behind),
        "right": (-left, behind),
        "behind": (behind, left),
        "front": (-behind, left),
    }[relation]
    return along >= 0.1 and 0.8 * along > abs(across)


def hardly(thing: SceneObject, relation: str, other: SceneObject) -> bool:
    """False beyond doubt: not a tenth of the picture that way, or a quarter more across."""
    left, behind = offsets(thing, other)
    along, across = {
        "left": (left, behind),
        "right": (-left, behind),
        "behind": (behind, left),
        "front": (-behind, left),
    }[relation]
    return along < 0.1 or along < 0.8 * abs(across)
