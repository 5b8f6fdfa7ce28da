"""`step`, `trace` and `show`: one decoding as a picture, as JSON and as a file."""

from __future__ import annotations

import json
import math
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attn_desktop import api
from attn_desktop.analysis.pieces import display_width, group_words
from attn_desktop.common.errors import InputError
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.trace.run_tree import Choice
from attn_desktop.trace.storage import load_trace
from tests.cli.conftest import Invoke

TEXT = "The red car stands in front of the house."
KEYS = [
    *("t", "source", "token_in", "token", "log_prob", "token_entropy", "alpha_entropy"),
    *("energies", "mask", "window", "alpha", "sampled", "context"),
]
ODD_TEXTS = [
    "I am 😀 👨‍👩‍👧 happy",
    "שלום עולם مرحبا",
    "我看见一只狗",
    "a\x1b[31mred\x07\x00b\u202egnitset",
    "two\nlines\tand\u2028more",
    "<s> </s> <pad> <0x41> ▁",
]


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def steps_of(output: str) -> list[dict[str, Any]]:
    return [json.loads(line, parse_constant=_refuse) for line in output.splitlines()]


def test_json_is_one_object_a_step_and_holds_what_the_records_hold(
    invoke: Invoke, model: Path
) -> None:
    result = invoke("step", model, TEXT, "--json", "--scope", "local-p")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    trace = api.decode(api.open_model(model), TEXT, scope="local-p")
    steps = steps_of(result.stdout)
    assert len(steps) == len(trace.steps)
    for step, record in zip(steps, trace.steps, strict=True):
        assert list(step) == KEYS
        cross = record.cross
        assert cross is not None
        assert (step["t"], step["token_in"]) == (record.t, record.token_in)
        assert (step["token"], step["log_prob"]) == (record.token, record.log_prob)
        assert step["source"] == list(trace.run.source)
        assert step["token_entropy"] == record.active.entropy
        alpha = cross.alpha[0, 0].astype(np.float64)
        expected = -sum(a * math.log(a) for a in alpha if a > 0)
        assert step["alpha_entropy"] == pytest.approx(expected)
        for name in ("energies", "mask", "window", "alpha", "sampled"):
            np.testing.assert_array_equal(np.array(step[name]), getattr(cross, name))
        assert np.array(step["alpha"]).shape == (1, 1, len(step["source"]))
        assert np.array(step["sampled"]).shape == (1, 1)
        assert math.fsum(step["alpha"][0][0]) == pytest.approx(1, abs=1e-6)
        np.testing.assert_array_equal(np.array(step["context"]), record.active.context)
    assert not all(all(step["window"][0][0]) for step in steps), "a local scope cuts off"


def test_the_context_is_that_of_the_active_reading(invoke: Invoke, model: Path) -> None:
    states = api.decode(api.open_model(model), TEXT, max_steps=1).run.states
    result = invoke("step", model, TEXT, "--json", "--weighting", "hard", "--max-steps", 4)
    for step in steps_of(result.stdout):
        np.testing.assert_array_equal(np.array(step["context"]), states[step["sampled"][0][0]])


def test_without_attention_there_is_a_mask_and_nothing_else_to_look_at(
    invoke: Invoke, model: Path
) -> None:
    result = invoke("step", model, TEXT, "--score", "none", "--json", "--max-steps", 3)
    run = api.decode(api.open_model(model), TEXT, max_steps=1).run
    steps = steps_of(result.stdout)
    assert [step["t"] for step in steps] == [1, 2, 3]
    for step in steps:
        assert list(step) == KEYS
        for name in ("energies", "window", "alpha", "sampled", "alpha_entropy"):
            assert step[name] is None
        assert step["mask"] == [[[True] * len(run.source)]]
        np.testing.assert_array_equal(np.array(step["context"]), run.fixed_context)
    picture = invoke("step", model, TEXT, "--score", "none", "--max-steps", 3).stdout
    assert "mode    none, greedy\n" in picture
    assert "◆" not in picture
    assert "hard" not in picture


def test_the_picture_shows_every_step_and_the_output(invoke: Invoke, model: Path) -> None:
    result = invoke("step", model, TEXT)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    checkpoint = api.open_model(model)
    trace = api.decode(checkpoint, TEXT)
    lines = result.stdout.splitlines()
    assert lines[0] == "model   toy (seq2seq) on cpu"
    assert lines[1] == "mode    additive/global/soft, greedy"
    assert lines[2] == f"source  {TEXT}"
    for step in trace.steps:
        head = f"t {step.t:<3}{step.token}   p {math.exp(step.log_prob):.3f}   H(y) "
        assert [line for line in lines if line.startswith(head)]
    assert sum(line.startswith("   ▸ soft  ") for line in lines) == len(trace.steps)
    assert sum(line.startswith("     hard  ") for line in lines) == len(trace.steps)
    for token in trace.steps[0].readings["hard"].top_tokens[:3]:
        assert token in result.stdout
    assert lines[6].split() == [word.label for word in group_words(trace.run)]
    output = checkpoint.model.detokenize([step.token_id for step in trace.steps])
    cut = "" if trace.steps[-1].is_end else f"  (cut off after {len(trace.steps)} steps)"
    assert lines[-1] == f"output  {output}{cut}"


def test_the_picture_marks_an_untrained_mode_and_json_notes_it(invoke: Invoke, model: Path) -> None:
    untrained = ("step", model, TEXT, "--score", "general", "--max-steps", 1)
    assert "(untrained mode" in invoke(*untrained).stdout
    assert "untrained" in invoke(*untrained, "--json").stderr
    trained = invoke("step", model, TEXT, "--max-steps", 1)
    assert "untrained" not in trained.output


@pytest.mark.parametrize("columns", [40, 70])
def test_rows_of_words_keep_to_the_width(invoke: Invoke, model: Path, columns: int) -> None:
    text = " ".join([TEXT] * 5) + " " + "x" * 120
    result = invoke("step", model, text, "--max-steps", 2, COLUMNS=str(columns))
    lines = result.stdout.splitlines()
    rows = [line for line in lines if line.startswith("   ")]
    assert len(rows) > 2 * 2 * (len(text) // columns)
    assert max(map(display_width, rows)) <= columns
    # Every word of the text is somewhere in the rows of a step, the endless one cut.
    assert " ".join(rows).count("house") == 2 * 5
    assert " ".join(rows).count("xxxx…") == 2


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_text_is_decoded_and_printed_safely(
    invoke: Invoke, model: Path, tmp_path: Path, text: str
) -> None:
    for args in (
        ("step", model, text, "--max-steps", 2),
        ("trace", model, text, "--max-steps", 2, "-o", tmp_path / "odd.attn"),
        ("show", tmp_path / "odd.attn"),
    ):
        result = invoke(*args)
        assert result.exit_code == 0, result.output
        for char in result.stdout.replace("\n", ""):
            assert not unicodedata.category(char).startswith("C"), result.stdout
            assert unicodedata.bidirectional(char) not in ("R", "AL"), result.stdout
    shown = invoke("show", tmp_path / "odd.attn", "--json").stdout
    assert shown.isascii()
    assert steps_of(shown)[0]["source"] == list(load_trace(tmp_path / "odd.attn").run.source)


def test_a_seed_repeats_a_draw_and_another_one_changes_it(invoke: Invoke, model: Path) -> None:
    def decode(seed: int, *more: object) -> str:
        sampled = ("--sample", "--temperature", 3, "--json", "--seed", seed)
        return invoke("step", model, TEXT, *sampled, *more).stdout

    assert decode(1) == decode(1) != decode(2)
    greedy = invoke("step", model, TEXT, "--json").stdout
    assert [s["token"] for s in steps_of(decode(5, "--top-k", 1))] == [
        s["token"] for s in steps_of(greedy)
    ]
    trace = api.decode(
        api.open_model(model), TEXT, choice=Choice("sampled", 3.0, None, 0.4, seed=7)
    )
    assert [s["token"] for s in steps_of(decode(7, "--top-p", 0.4))] == [
        step.token for step in trace.steps
    ]


def test_an_option_without_use_is_noted(invoke: Invoke, model: Path) -> None:
    result = invoke("step", model, TEXT, "--temperature", 0.5, "--max-steps", 1)
    assert result.exit_code == 0
    assert "--temperature has no effect" in result.stderr


def test_steps_are_written_as_they_are_computed(
    invoke: Invoke, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Stepper.step

    def breaks_at_3(self: Stepper, position: Any, *args: Any) -> Any:
        if position.t == 2:
            raise InputError("enough")
        return step(self, position, *args)

    monkeypatch.setattr(Stepper, "step", breaks_at_3)
    result = invoke("step", model, TEXT, "--json")
    assert [step["t"] for step in steps_of(result.stdout)] == [1, 2]
    assert (result.exit_code, result.stderr) == (2, "attn-desktop: enough\n")


def test_a_trace_file_shows_what_step_showed(invoke: Invoke, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.attn"
    options = ("--weighting", "hard", "--score", "dot", "--seed", 3, "--max-steps", 6)
    result = invoke("trace", model, TEXT, "-o", file, *options)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{file}: 6 steps: ")
    assert "untrained" in result.stderr
    for form in ((), ("--json",)):
        stepped = invoke("step", model, TEXT, *options, *form)
        shown = invoke("show", file, *form)
        assert shown.exit_code == 0, shown.output
        assert shown.stdout == stepped.stdout
