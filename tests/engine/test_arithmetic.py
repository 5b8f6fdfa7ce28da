"""The probe `arithmetic` through the engine: whole, and for the node that was asked about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attn_desktop.common.mode import HARD, Mode
from attn_desktop.trace.protocol import Done, Probe, Probed
from attn_desktop.trace.run_tree import Choice
from tests.engine.client import Client, checked

TEXT = "The red car stands in front of the house."


def test_the_engine_answers_with_the_numbers_of_the_step(client: Client, model: Path) -> None:
    client.encode(model, TEXT)
    mode, choice = Mode("additive", "local-p", HARD), Choice("sampled", temperature=1.2, seed=8)
    steps = client.decode(steps=3, mode=mode, choice=choice)
    path = tuple(stepped.node for stepped in steps)
    request = Probe(
        request=900, run=1, path=path[:2], kind="arithmetic", settings={"position": 3}, node_run=1
    )
    reply, end = client.ask(request)
    assert end == Done(request=900)
    probe, record = checked(reply, Probed).probe, steps[1].record
    assert (probe.node, probe.run, probe.settings["position"]) == (record.node, 1, 3)
    assert record.cross is not None
    products = probe.arrays["left"].astype(np.float64) * probe.arrays["right"]
    assert products.sum() == pytest.approx(record.cross.energies[0, 0, 3], abs=1e-4)
    log_p = probe.arrays["logit"] - probe.arrays["log_sum_exp"]
    assert log_p[0] == pytest.approx(record.log_prob, abs=1e-5)
    low, high = probe.arrays["chosen_range"]
    assert low <= probe.arrays["draw"][0] < high


def test_a_position_that_there_is_not_fails_and_the_run_stays(client: Client, model: Path) -> None:
    client.encode(model, TEXT)
    path = tuple(stepped.node for stepped in client.decode(steps=1))
    failed = client.failure(
        Probe(request=900, run=1, path=path, kind="arithmetic", settings={"position": 99})
    )
    assert failed.cause == "input"
    assert failed.message.startswith("position must be a whole number from 0 to")
    assert len(client.decode(steps=2)) == 2
