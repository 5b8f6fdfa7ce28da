"""Which modes a batch is trained in: drawn by weight, hard ones from a share of the training on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from attn_desktop.common.mode import HARD, Mode


@dataclass(frozen=True)
class ModeDraws:
    """soft, hard: chance by mode; those of hard ones are of all batches once they have joined.

    hard_from: share of the training after which they join. switch_share: of batches that change
    mode at a step that is drawn too.
    """

    soft: Mapping[str, float]
    hard: Mapping[str, float] = field(default_factory=dict)
    hard_from: float = 0.6
    switch_share: float = 0.2

    @property
    def names(self) -> tuple[str, ...]:
        """All modes, as a config lists them."""
        return (*self.soft, *self.hard)

    def __call__(self, share: float, generator: np.random.Generator, length: int) -> list[Mode]:
        """One mode for a batch, or two with the step at which it switches drawn too.

        share: of the training that is done. length: of the longest target.
        """
        weights = dict(self.soft)
        if share >= self.hard_from and self.hard:
            rest = 1 - sum(self.hard.values())
            weights = {name: rest * weight for name, weight in weights.items()} | dict(self.hard)
        names = list(weights)
        chances = np.array(list(weights.values())) / sum(weights.values())
        first, second = (Mode.parse(names[i]) for i in generator.choice(len(names), 2, p=chances))
        both_hard = first.weighting == second.weighting == HARD
        if generator.random() >= self.switch_share or length < 2 or both_hard:
            return [first]
        return [first] * int(generator.integers(1, length)) + [second]
