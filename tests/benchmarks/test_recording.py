"""What recording costs: a step with its record against the bare forward of both readings.

Run with `pytest tests/benchmarks -s`. The two are interleaved, so that whatever else the machine
does meets both, and the figure is the ratio of their medians in processor time on one thread.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest
import torch

from attn_desktop.common.mode import Mode
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.trace.run_tree import Choice
from tests.benchmarks.shipped_size import checkpoint, sentence

STEPS = 300
TARGET = 1.3


@pytest.mark.parametrize("pieces", [12, 60])
@pytest.mark.parametrize("mode", ["additive", "general", "additive/local-p", "none"])
def test_recording_costs_at_most_a_third_more_than_the_bare_forward(mode: str, pieces: int) -> None:
    torch.set_num_threads(1)
    recorded, bare, records = [], [], []
    wanted, choice = Mode.parse(mode), Choice()
    stepper = Stepper(checkpoint(), sentence(pieces))
    position = stepper.start
    for index in range(STEPS):
        if index % 2:
            bare.append(_seconds(_bare, stepper, position, wanted))
        began = time.process_time()
        record, following = stepper.step(position, index, wanted, choice)
        recorded.append(time.process_time() - began)
        if not index % 2:
            bare.append(_seconds(_bare, stepper, position, wanted))
        records.append(record)  # as a run does; freeing them is not part of a step
        assert not record.is_end
        position = following
    ratio = statistics.median(recorded) / statistics.median(bare)
    print(
        f"\nrecording, {mode}, {pieces} pieces: {ratio:.2f} x the bare forward "
        f"({1e3 * statistics.median(recorded):.2f} and {1e3 * statistics.median(bare):.2f} ms, "
        f"target {TARGET})"
    )


def _seconds(function: Callable[..., None], *arguments: object) -> float:
    began = time.process_time()
    function(*arguments)
    return time.process_time() - began


@torch.inference_mode()
def _bare(stepper: Stepper, position: Position, mode: Mode) -> None:
    """Embed, step and readout of both readings, with nothing looked at and nothing kept."""
    model = stepper.model
    previous = model.embed(torch.tensor([position.token]))
    draw = torch.rand(1, dtype=torch.float64)
    stepped = model.step(stepper.memory, position.state, previous, mode, position.t + 1, draw)
    readings = list(stepped.readings.values())
    model.readout(
        torch.cat([reading.state.hidden for reading in readings]),
        torch.cat([reading.context for reading in readings]),
        previous.expand(len(readings), -1),
    )
