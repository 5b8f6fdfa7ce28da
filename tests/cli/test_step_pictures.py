"""`step`, `trace` and `verify` on image files, with and without a question."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attn_desktop import api
from attn_desktop.trace.storage import load_trace
from tests.cli.conftest import Invoke
from tests.toy_seers import toy_captioner_checkpoint, toy_picture, toy_vqa_checkpoint

QUESTION = "what colour is the square?"


@pytest.fixture(scope="module")
def seers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models `captioner` and `vqa` and the file `photo.png`."""
    folder = tmp_path_factory.mktemp("seers")
    toy_captioner_checkpoint(folder / "captioner")
    toy_vqa_checkpoint(folder / "vqa")
    Image.fromarray(toy_picture(0, 40, 70)).save(folder / "photo.png")
    return folder


def test_a_picture_is_described_as_json_lines(invoke: Invoke, seers: Path) -> None:
    result = invoke("step", seers / "captioner", seers / "photo.png", "--json", "--max-steps", 3)
    assert result.exit_code == 0, result.output
    steps = [json.loads(line) for line in result.stdout.splitlines()]
    trace = api.decode(
        api.open_model(seers / "captioner"), picture=seers / "photo.png", max_steps=3
    )
    assert len(steps) == len(trace.steps)
    for step, record in zip(steps, trace.steps, strict=True):
        assert record.cross is not None
        assert step["token"] == record.token
        assert step["source"][4] == "r2c1"
        np.testing.assert_array_equal(np.array(step["alpha"]), record.cross.alpha)
        assert np.array(step["alpha"]).shape == (1, 1, 16)


def test_a_question_is_answered_after_its_glimpses(invoke: Invoke, seers: Path) -> None:
    given = (seers / "vqa", seers / "photo.png", "--question", QUESTION)
    result = invoke("step", *given, "--json", "--weighting", "hard")
    assert result.exit_code == 0, result.output
    assert [json.loads(line)["t"] for line in result.stdout.splitlines()] == [1, 2]
    drawn = invoke("step", *given)
    assert drawn.exit_code == 0, drawn.output
    assert f"source  {QUESTION}" in drawn.stdout
    assert "cut off after" not in drawn.stdout


def test_words_of_a_question_that_were_never_learnt_are_named(invoke: Invoke, seers: Path) -> None:
    given = (seers / "vqa", seers / "photo.png", "--question")
    assert "never learnt" not in invoke("step", *given, QUESTION).stdout
    result = invoke("step", *given, f"{QUESTION} unicorns at zebras, unicorns")
    assert "        never learnt by the model: unicorns, at, zebras\n" in result.stdout


def test_a_trace_keeps_picture_and_question_and_can_be_verified(
    invoke: Invoke, seers: Path, tmp_path: Path
) -> None:
    for name, more in (("captioner", ()), ("vqa", ("--question", QUESTION))):
        path = tmp_path / f"{name}.attn"
        result = invoke("trace", seers / name, seers / "photo.png", *more, "-o", path)
        assert result.exit_code == 0, result.output
        run = load_trace(path).run
        assert run.grid == (4, 4)
        np.testing.assert_array_equal(run.picture, toy_picture(0, 40, 70))
        assert run.text == (QUESTION if more else "")
        checked = invoke("verify", path, "--model", seers / name, "--tolerance", 0)
        assert checked.exit_code == 0, checked.output
        assert invoke("show", path).exit_code == 0


def test_the_regions_are_drawn_as_the_grid_that_they_are(invoke: Invoke, seers: Path) -> None:
    """Rows of shades, of the step's largest α, with the drawn region marked."""
    result = invoke(
        "step", seers / "captioner", seers / "photo.png", "--weighting", "hard", "--max-steps", 2
    )
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "r1c1" not in result.stdout
    assert "source  a picture, 4 × 4 regions" in result.stdout
    trace = api.decode(
        api.open_model(seers / "captioner"),
        picture=seers / "photo.png",
        weighting="hard",
        max_steps=2,
    )
    for record in trace.steps:
        start = next(i for i, line in enumerate(lines) if line.startswith(f"t {record.t} "))
        assert record.cross is not None
        k = int(record.cross.sampled[0, 0])
        for row in range(4):
            line = lines[start + 1 + row]
            assert ("◆" in line) == (row == k // 4)
            if row == k // 4:
                assert line.index("◆") == 5 + 3 * (k % 4) + 2
            for column in range(4):
                share = record.cross.alpha[0, 0] / record.cross.alpha.max()
                alpha = float(share[4 * row + column])
                shades = (
                    "·" if alpha < 0.05 else "░" if alpha < 0.2 else "▒" if alpha < 0.5 else "▓█"
                )
                assert line[5 + 3 * column] in shades


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("captioner", "A dog."), "A dog.: there is no such file; a PNG, JPEG"),
        (
            ("captioner", "photo.png", "--question", "why?"),
            "--question: this model takes a picture",
        ),
        (
            ("vqa", "photo.png"),
            "--question: this model takes a picture and a question; ask at least one word",
        ),
        (("vqa", "captioner", "--question", "why?"), "this is a folder"),
        (("vqa", "vqa/config.json", "--question", "why?"), "not an image"),
        (("captioner", "photo.png", "--scope", "local-m"), "regions of a picture"),
    ],
)
@pytest.mark.parametrize("command", ["step", "trace"])
def test_what_cannot_be_used_is_said_in_one_line(
    command: str,
    arguments: tuple[str, ...],
    reason: str,
    invoke: Invoke,
    seers: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(seers)
    output = ("-o", tmp_path / "x.attn") if command == "trace" else ()
    result = invoke(command, *arguments, *output)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "x.attn").exists()


def test_a_sentence_takes_no_question(invoke: Invoke, model: Path) -> None:
    result = invoke("step", model, "A dog.", "--question", "why?")
    assert result.exit_code == 2
    assert "--question: this model takes a text and no question" in result.stderr
