"""`step` on image files that are odd or no image, and on questions that cannot be asked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.bad_pictures import ODD, REFUSED, write_bad_pictures
from tests.cli.conftest import Invoke
from tests.toy_seers import toy_captioner_checkpoint, toy_vqa_checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models `captioner` and `vqa` among bad pictures, a folder and a pipe."""
    folder = tmp_path_factory.mktemp("bad")
    toy_captioner_checkpoint(folder / "captioner")
    toy_vqa_checkpoint(folder / "vqa")
    write_bad_pictures(folder)
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    return folder


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *REFUSED.items(),
        ("folder.png", "a folder"),
        ("pipe.png", "no regular file"),
        ("missing.png", "no such file"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(
    invoke: Invoke, folder: Path, name: str, said: str
) -> None:
    result = invoke("step", folder / "captioner", folder / name)
    assert result.exit_code == 2
    assert name in result.output
    assert said in result.output
    assert "Traceback" not in result.output
    assert not result.stdout


@pytest.mark.parametrize("name", ODD)
def test_odd_pictures_are_decoded(invoke: Invoke, folder: Path, name: str) -> None:
    result = invoke("step", folder / "captioner", folder / name, "--json", "--max-steps", 1)
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["source"]) == 16


@pytest.mark.parametrize("question", ["", "  \n "])
def test_an_empty_question_is_refused(invoke: Invoke, folder: Path, question: str) -> None:
    result = invoke("step", folder / "vqa", folder / "one.png", "--question", question)
    assert result.exit_code == 2
    assert "ask at least one word" in result.output


def test_a_question_of_unknown_words_is_answered(invoke: Invoke, folder: Path) -> None:
    given = (folder / "vqa", folder / "one.png", "--question", "zork \u202e flibber?")
    result = invoke("step", *given)
    assert result.exit_code == 0, result.output
    assert "\u202e" not in result.stdout
    output = result.stdout.splitlines()[-1]
    assert output.startswith("output  ")
    assert "cut off" not in output


def test_of_all_glimpses_the_last_answer_is_the_output(invoke: Invoke, folder: Path) -> None:
    given = (folder / "vqa", folder / "cmyk.jpg", "--question", "how many?")
    steps = [json.loads(line) for line in invoke("step", *given, "--json").stdout.splitlines()]
    assert len(steps) == 2
    answer = steps[-1]["token"].removeprefix("▁")
    assert invoke("step", *given).stdout.splitlines()[-1] == f"output  {answer}"
    traced = invoke("trace", *given, "-o", folder / "answer.attn")
    assert traced.stdout.rstrip().endswith(f"2 steps: {answer}")
