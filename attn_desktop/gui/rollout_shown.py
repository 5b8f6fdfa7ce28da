"""The rollouts that a scene has to show: those of the nearest step, with all their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from attn_desktop.analysis.rollout_numbers import (
    Floats,
    MeanContext,
    Sentence,
    StepTokens,
    draw_shares,
    mean_context,
    sentences,
    tokens_by_step,
)
from attn_desktop.analysis.rollouts import KIND, RolloutSettings, is_sound, settings_of
from attn_desktop.common.mode import Mode
from attn_desktop.gui.scene import Scene, start_key
from attn_desktop.trace.records import ProbeRecord, RunRecord
from attn_desktop.trace.run_tree import Choice


@dataclass(frozen=True, eq=False)
class Shown:
    """A record that is sound, and what is worked out from it once."""

    run: RunRecord
    record: ProbeRecord

    @property
    def t(self) -> int:
        """The step after which they go on, 0 at the start."""
        return int(self.record.settings["start"])

    @property
    def done(self) -> int:
        """How many rollouts there are so far."""
        return len(self.record.arrays["seeds"])

    @property
    def whole(self) -> bool:
        """Whether they are as many as were asked for."""
        return bool(self.record.settings["finished"])

    @cached_property
    def asked(self) -> RolloutSettings:
        """What was asked for."""
        return settings_of(self.record.settings)

    @cached_property
    def mode(self) -> Mode:
        """In which they were decoded, hard."""
        return Mode.parse(self.record.settings["mode"])

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """What they say, the most frequent first."""
        return sentences(self.record, self.run.model.answers)

    @cached_property
    def steps(self) -> tuple[StepTokens, ...]:
        """Their tokens, step by step."""
        return tokens_by_step(self.record)

    @cached_property
    def draws(self) -> Floats:
        """(T, S) where the draws fell, as shares of those under way."""
        return draw_shares(self.record)

    @cached_property
    def mean(self) -> MeanContext:
        """The mean of c_hard of the first step against c_soft."""
        arrays = self.record.arrays
        return mean_context(self.run.states, arrays["alpha"], arrays["sampled"][:, 0])

    def seed(self, row: int) -> int:
        """What one rollout drew with."""
        return int(self.record.arrays["seeds"][row])

    def choice(self, row: int) -> Choice:
        """How stepping on after the node is that rollout again."""
        return Choice(self.asked.how, self.asked.temperature, seed=self.seed(row))


class Finder:
    """Finds what to show; what was looked through or worked out once is kept.

    problem: why a record that is there cannot be shown; empty where it can.
    """

    def __init__(self) -> None:
        self.problem = ""
        self._held: dict[ProbeRecord, Shown | None] = {}

    def find(self, scene: Scene, wanted: RolloutSettings | None) -> Shown | None:
        """Of the playhead's step, or else of the nearest before it: those wanted, or the newest."""
        self.problem = ""
        run, held, self._held = scene.run, self._held, {}
        if run is None:
            return None
        keys = [start_key(scene.run_number), *(step.node for step in scene.steps[: scene.t])]
        for t in range(len(keys) - 1, -1, -1):
            own = [probe for probe in scene.probes.get(keys[t], ()) if probe.kind == KIND]
            for record in own:
                self._held[record] = held[record] if record in held else _read(run, record, t)
            sound = [shown for shown in map(self._held.__getitem__, own) if shown is not None]
            if sound:
                matching = [shown for shown in sound if shown.asked == wanted]
                return (matching or sound)[-1]
            if own:
                self.problem = (
                    f"The rollouts kept at step {t} cannot be shown: their numbers do not fit "
                    "together, or not this source."
                )
                break
        return None


def _read(run: RunRecord, record: ProbeRecord, t: int) -> Shown | None:
    """A record of step t; None for one that is not what it should be."""
    sound = is_sound(record, len(run.source)) and record.settings["start"] == t
    return Shown(run, record) if sound else None
