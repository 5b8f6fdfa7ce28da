"""What batching gains: 1,000 rollouts of a sentence against stepping along each of their seeds.

Run with `pytest tests/benchmarks -s`. Every round draws all rollouts and steps along some of them;
the two alternate, so that whatever else the machine does meets both, and time is processor time on
one thread. What was stepped along must be the rollout, draw by draw and token by token.
"""

from __future__ import annotations

import statistics
import time

import pytest
import torch

from attn_desktop import api
from attn_desktop.analysis.rollouts import NOTHING, RolloutSettings, join
from attn_desktop.common.mode import Mode
from attn_desktop.common.paths import shipped_models
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.rollouts import probe_rollouts
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.decoding.tree_stepper import TreeStepper
from attn_desktop.families.base import Given

TEXT = "The old man who lives next door walks his small dog along the river every morning."
MODE = Mode.parse("additive/global/hard")
COUNT, TARGET = 1000, 20
#: Of each way of choosing tokens: rounds, and rollouts that are stepped along in each.
ROUNDS, SHARE = 4, 10

FOLDERS = [folder for folder in shipped_models() if folder.name == "en-fr"]


@pytest.mark.skipif(not FOLDERS, reason="the model is not there")
@pytest.mark.parametrize("how", ["greedy", "sampled"])
def test_a_thousand_rollouts_against_one_by_one(how: str) -> None:
    torch.set_num_threads(1)
    asked = RolloutSettings(COUNT, how=how, temperature=0.5 if how == "sampled" else 1.0)  # type: ignore[arg-type]
    settings = {"count": COUNT, "how": how, "temperature": asked.temperature, "mode": str(MODE)}
    stepper = Stepper(api.open_model(FOLDERS[0]), Given(TEXT))
    together, first, single = [], [], []
    for start in range(0, ROUNDS * SHARE, SHARE):
        began = time.process_time()
        parts = []
        for part in probe_rollouts(Positions(stepper), (), settings):
            parts.append(part)
            if len(parts) == 1:
                first.append(time.process_time() - began)
        together.append(time.process_time() - began)
        arrays = join(parts).arrays
        for number in range(start, start + SHARE):
            began = time.process_time()
            steps = list(TreeStepper(stepper).decode(MODE, asked.choice(number)))
            single.append(time.process_time() - began)
            own = arrays["tokens"][number] != NOTHING
            drawn = [int(step.cross.sampled[0, 0]) for step in steps if step.cross is not None]
            assert arrays["tokens"][number][own].tolist() == [step.token_id for step in steps]
            assert arrays["sampled"][number][own].tolist() == drawn
    one_by_one = COUNT * statistics.mean(single)
    whole = statistics.median(together)
    print(
        f"\n{COUNT} rollouts, {how}, {len(stepper.run.source)} source positions: "
        f"{one_by_one / whole:.1f} x as fast as one by one ({whole:.2f} s and {one_by_one:.0f} s, "
        f"target {TARGET} for greedy); the first part after {statistics.median(first):.2f} s"
    )
