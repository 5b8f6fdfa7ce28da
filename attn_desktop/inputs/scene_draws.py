"""Random choices of a scene: from PCG64's raw words alone, whose stream numpy guarantees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

#: What a stream of choices is for; streams of one seed are unrelated to each other.
LAYOUT, GRAIN, CAPTIONS, QUESTIONS = range(4)
#: Words that are fetched at once.
BLOCK = 64

Thing = TypeVar("Thing")


class Draws:
    """A stream of choices that its numbers determine, in every version of numpy."""

    def __init__(self, purpose: int, *numbers: int) -> None:
        self._bits = np.random.PCG64([purpose, *numbers])
        self._waiting: list[int] = []

    def unit(self) -> float:
        """A number in [0, 1)."""
        if not self._waiting:
            # The upper 53 bits of each word, as `Generator.random` takes them.
            self._waiting = (self._bits.random_raw(BLOCK) >> 11).tolist()
        return self._waiting.pop() * 2.0**-53

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.unit()

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.unit() < probability

    def choose(self, things: Sequence[Thing], weights: Sequence[float] | None = None) -> Thing:
        """One of `things`, evenly or in proportion to the weights."""
        if weights is None:
            return things[int(self.unit() * len(things))]
        rest = self.unit() * sum(weights)
        for thing, weight in zip(things, weights, strict=True):
            rest -= weight
            if rest < 0:
                return thing
        return things[-1]

    def shuffled(self, things: Sequence[Thing]) -> list[Thing]:
        """All of `things` in an order of its own (Fisher and Yates)."""
        order = list(things)
        for last in range(len(order) - 1, 0, -1):
            other = int(self.unit() * (last + 1))
            order[last], order[other] = order[other], order[last]
        return order

    def bytes(self, height: int, width: int) -> NDArray[np.uint8]:
        """(height, width) numbers 0 to 255, for grain."""
        words = self._bits.random_raw(-(-height * width // 8)).astype("<u8")
        return words.view(np.uint8)[: height * width].reshape(height, width)
