"""Figures of single steps that are worked out once, while a branch grows by a step at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from attn_desktop.trace.records import StepRecord

T = TypeVar("T")


class StepFigures(Generic[T]):
    """What `figure` says of each step. It may depend on nothing else that changes."""

    def __init__(self, figure: Callable[[StepRecord], T]) -> None:
        self._figure = figure
        self._held: dict[StepRecord, T] = {}

    def of(self, steps: Sequence[StepRecord]) -> list[T]:
        """One figure a step; those of steps that are not among them are forgotten."""
        held = self._held
        self._held = {step: held[step] if step in held else self._figure(step) for step in steps}
        return [self._held[step] for step in steps]
