"""The picture drawn from records: shades, sampled positions, branches, colours."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from attn_desktop.cli.picture import Picture, Screen
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.trace.records import CROSS, AttentionRecord, StepRecord
from attn_desktop.trace.storage import save_trace
from attn_desktop.trace.trace import Trace
from tests.cli.conftest import Invoke
from tests.toy_records import ADDITIVE, FIXED, Sizes, toy_trace

WORDS = ("▁The", "▁be", "ach", "▁is", "</s>")


def _trace(alpha: list[float], sampled: int = 0, window: list[bool] | None = None) -> Trace:
    """One step over `The beach is </s>`, of five pieces, with the given α."""
    trace = toy_trace(steps=1, sizes=Sizes(source=5))
    run = dataclasses.replace(trace.run, source=WORDS, words=np.array([0, 1, 1, 2, -1]))
    cross = trace.steps[0].cross
    assert cross is not None
    cross = dataclasses.replace(
        cross,
        alpha=np.array([[alpha]], dtype=np.float32),
        window=np.array([[window or [True] * 5]]),
        sampled=np.array([[sampled]]),
    )
    return Trace(run, trace.tree, (dataclasses.replace(trace.steps[0], attention={CROSS: cross}),))


def _rows(trace: Trace, colour: bool = False) -> list[str]:
    screen = Screen(colour=colour)
    lines = Picture(trace.run, screen).step(trace.steps[0])
    return [line for line in lines if line.startswith("     ") and "hard" not in line]


def test_a_word_is_shaded_by_the_sum_over_its_pieces() -> None:
    above, below = _rows(_trace([0.1, 0.5, 0.35, 0.03, 0.02], sampled=2))
    assert above == "     The  beach  is  </s>"
    assert below == "     ░░░  █████◆ ··  ····"


@pytest.mark.parametrize(
    ("alpha", "shade"),
    [(0.04, "·"), (0.06, "░"), (0.21, "▒"), (0.51, "▓"), (0.81, "█"), (1.0, "█")],
)
def test_shades_rise_with_alpha(alpha: float, shade: str) -> None:
    rest = (1 - alpha) / 2
    _, below = _rows(_trace([alpha, rest, rest, 0, 0], sampled=3))
    assert below.strip().startswith(shade * 3 + "  ")


def test_what_the_window_cuts_off_is_blank() -> None:
    rows = _rows(_trace([0.5, 0.5, 0, 0, 0], 0, [True, True, False, False, False]))
    assert rows[1] == "     ▓▓▓◆ ▓▓▓▓▓"


def test_colours_take_the_place_of_the_row_of_shades() -> None:
    (row,) = _rows(_trace([0.1, 0.9, 0, 0, 0], 1, [True] * 3 + [False] * 2), colour=True)
    assert "\x1b[38;5;16;48;5;189mThe\x1b[0m  " in row
    assert "\x1b[38;5;231;48;5;55mbeach\x1b[0m◆ " in row
    assert "\x1b[2mis\x1b[0m" in row


def test_several_layers_and_heads_are_averaged() -> None:
    trace = _trace([0.2] * 5)
    cross = trace.steps[0].cross
    assert cross is not None
    alpha = np.zeros((2, 1, 5), dtype=np.float32)
    alpha[0, 0, 0] = alpha[1, 0, 4] = 1
    both = AttentionRecord(
        energies=alpha,
        mask=np.ones(alpha.shape, dtype=np.bool_),
        window=np.ones(alpha.shape, dtype=np.bool_),
        alpha=alpha,
        draw=np.zeros((2, 1)),
        sampled=np.array([[0], [4]]),
    )
    step = dataclasses.replace(trace.steps[0], attention={CROSS: both})
    lines = Picture(trace.run, Screen()).step(step)
    assert "     ▓▓▓◆ ·····  ··  ▓▓▓▓◆" in lines
    assert "H(α) 0.00 nats" in lines[0]


def test_the_active_reading_is_marked() -> None:
    def marked(step: StepRecord, trace: Trace) -> list[str]:
        return [line[:10] for line in Picture(trace.run, Screen()).step(step) if "▸" in line]

    soft = toy_trace(steps=1, mode=ADDITIVE)
    hard = toy_trace(steps=1, mode=Mode("additive", "global", HARD))
    fixed = toy_trace(steps=1, mode=FIXED)
    assert marked(soft.steps[0], soft) == ["   ▸ soft "]
    assert marked(hard.steps[0], hard) == ["   ▸ hard "]
    assert marked(fixed.steps[0], fixed) == ["   ▸ soft "]


def test_branches_are_shown_from_where_they_part(invoke: Invoke, tmp_path: Path) -> None:
    trace = toy_trace(steps=4, branches=2)
    save_trace(trace, tmp_path / "branches.attn")
    result = invoke("show", tmp_path / "branches.attn")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line for line in lines if line.startswith("branch")] == [
        "branch  1 of 2, from step 1 on",
        "branch  2 of 2, from step 3 on",
    ]
    assert [int(line.split()[1]) for line in lines if line.startswith("t ")] == [1, 2, 3, 4, 3, 4]
    assert sum(line.startswith("output  ") for line in lines) == 2
    shown = invoke("show", tmp_path / "branches.attn", "--json").stdout
    assert len(shown.splitlines()) == len(trace.steps) == 6


def test_a_picture_model_without_words_and_a_file_without_steps_can_be_shown(
    invoke: Invoke, tmp_path: Path
) -> None:
    save_trace(toy_trace(steps=2, grid=(2, 3)), tmp_path / "grid.attn")
    shown = invoke("show", tmp_path / "grid.attn").stdout.splitlines()
    assert "source  a picture, 2 × 3 regions" in shown
    first = next(index for index, line in enumerate(shown) if line.startswith("t 1 "))
    assert all(shown[first + row][5] in "·░▒▓█" for row in (1, 2))
    assert "soft" in shown[first + 3]
    save_trace(toy_trace(steps=0), tmp_path / "empty.attn")
    result = invoke("show", tmp_path / "empty.attn")
    assert (result.exit_code, result.stdout) == (0, "no steps are recorded in this file\n")


def test_numbers_that_are_not_finite_are_null_in_json(invoke: Invoke, tmp_path: Path) -> None:
    trace = toy_trace(steps=1)
    cross = trace.steps[0].cross
    assert cross is not None
    energies = cross.energies.copy()
    energies[0, 0, 0] = np.nan
    broken = dataclasses.replace(
        trace.steps[0], attention={CROSS: dataclasses.replace(cross, energies=energies)}
    )
    save_trace(Trace(trace.run, trace.tree, (broken,)), tmp_path / "nan.attn")
    shown = invoke("show", tmp_path / "nan.attn", "--json").stdout
    assert '"energies": [[[null, ' in shown
    assert "NaN" not in shown
