"""`evaluate --scenes`: the keys that it gives, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from tests.toy_seers import toy_captioner_checkpoint, toy_vqa_checkpoint


def test_captions_are_scored_in_every_mode(invoke: Invoke, tmp_path: Path) -> None:
    toy_captioner_checkpoint(tmp_path)
    args = ("evaluate", tmp_path, "--scenes", 3, "--seed", 123)
    result = invoke(*args, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["scenes"], figures["seed"]) == (3, 123)
    assert set(figures["modes"]) == {"none", "soft", "hard"}
    for mode in figures["modes"].values():
        assert {"attribute_accuracy", "pointing", "mass_in_box"} <= mode.keys()
    assert "modes soft attribute_accuracy" in invoke(*args).stdout


def test_answers_are_scored_by_kind(invoke: Invoke, tmp_path: Path) -> None:
    toy_vqa_checkpoint(tmp_path)
    result = invoke("evaluate", tmp_path, "--scenes", 3, "--seed", 123, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert {"accuracy", "by_kind", "pointing"} <= figures.keys()
    assert "counting" in figures["by_kind"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--scenes", 0), "at least 1"),
        (("--scenes", 5, "--seed", -1), "seed of 0 or more"),
        (("--scenes", 5, "--source", "en"), "rendered"),
        (("--scenes", 5), "takes a text"),
        ((), "--scenes N"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    invoke: Invoke, model: Path, options: tuple[object, ...], said: str
) -> None:
    result = invoke("evaluate", model, *options)
    assert result.exit_code == 2
    assert said in result.stderr
