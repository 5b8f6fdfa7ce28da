"""Killing the window at any moment loses at most the last few seconds of work."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attn_desktop.trace.storage import load_trace

ROOT = Path(__file__).parents[2]
KILLS, AT_ONCE = 20, 2
#: After the first change: before, during and between saves, which come some two seconds after it.
SHORTEST_S, LONGEST_S = 3.0, 9.0
#: What may be lost, by the clock of the window: its delay, and a save on a busy machine.
LOST_S = 6.0


def work_and_die(folder: Path, seconds: float) -> tuple[list[tuple[float, int]], int]:
    """What a window said it had done until it was killed, and how it ended."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.end_to_end.busy_window", str(folder)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    rest, errors = process.communicate()
    assert errors == ""
    lines = [line.split() for line in (first + rest).splitlines()]
    said = [(float(line[0]), int(line[1])) for line in lines if len(line) == 2]
    return said, process.returncode


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_twenty_times_a_window_loses_a_few_seconds(tmp_path: Path) -> None:
    moments = random.Random(4)
    spans = [moments.uniform(SHORTEST_S, LONGEST_S) for _ in range(KILLS)]
    folders = [tmp_path / str(number) for number in range(KILLS)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ends = list(pool.map(work_and_die, folders, spans))
    losses = []
    for folder, (said, code) in zip(folders, ends, strict=True):
        assert code == -signal.SIGKILL
        (kept,) = folder.glob("*.attn")
        trace = load_trace(kept)  # whole, whatever was being written
        count = len(trace.tree)
        end, made = said[-1]
        since = next((clock for clock, nodes in said if nodes > count), end)
        losses.append(end - since)
        assert count <= made + 1, "a line may be cut off, no more"
        assert len(trace.steps) == count
        assert len(trace.annotations.notes) == sum(1 for node in trace.tree if node % 10 == 3)
    print(f"lost at most {max(losses):.1f} s of work, {sum(losses) / KILLS:.1f} s on average")
    assert max(losses) < LOST_S
