"""Phrases that fit one object of a scene alone: what questions call it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from attn_desktop.inputs.scene_draws import Draws
from attn_desktop.inputs.scene_objects import ATTRIBUTES, Scene, SceneObject
from attn_desktop.inputs.scene_words import noun_phrase


def _subsets(thing: SceneObject, hidden: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Every way to name an object by one to three attributes, none of them hidden."""
    kinds = [kind for kind in ATTRIBUTES if kind not in hidden]
    for size in (1, 2, 3):
        for chosen in combinations(kinds, size):
            yield {kind: thing.attribute(kind) for kind in chosen}


def _phrase(scene: Scene, number: int, draws: Draws, hidden: Sequence[str] = ()) -> str | None:
    """A phrase that fits this object alone, without the hidden attributes; None without any.

    A way with the shape, and one without a needless attribute, is three times as likely.
    """
    ways = [
        named
        for named in _subsets(scene.objects[number], hidden)
        if scene.matching(named) == (number,)
    ]
    if not ways:
        return None
    fewest = min(map(len, ways))
    ways = [named for named in ways if len(named) <= fewest + 1]
    weights = [
        (3.0 if "shape" in named else 1.0) * (3.0 if len(named) == fewest else 1.0)
        for named in ways
    ]
    return " ".join(["the", *noun_phrase(draws.choose(ways, weights))])


def referable(scene: Scene, draws: Draws, hidden: Sequence[str] = ()) -> list[tuple[int, str]]:
    """All objects that a phrase fits alone, with such a phrase, in a random order."""
    phrases = [
        (number, _phrase(scene, number, draws, hidden)) for number in range(len(scene.objects))
    ]
    return draws.shuffled([(number, phrase) for number, phrase in phrases if phrase is not None])
