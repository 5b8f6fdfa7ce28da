"""`train`: a whole recipe on a few made-up sentences, stopped and gone on with."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from attn_desktop import api
from attn_desktop.common.cores import usable_cores
from tests.cli.conftest import Invoke

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = [("one", "un"), ("two", "deux"), ("three", "trois"), ("four", "quatre"), ("five", "cinq")]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four data sets of the recipe, of some hundred short rows."""
    folder = tmp_path_factory.mktemp("data")
    rows = [
        (f"I see {a} dogs and {b} {c} cats.", f"Je vois {x} chiens et {y} {z} chats.")
        for a, x in NUMBERS
        for b, y in NUMBERS
        for c, z in NUMBERS
    ]
    for name, kind in (
        ("tatoeba_en_fr", ()),
        ("canada_laws_en_fr", ("text",)),
        ("europarl_sample_en_fr", ()),
        ("tico19_en_fr_hi", ()),
    ):
        header = ("en", "fr", *(("type",) if kind else ()))
        kept = rows if name == "tatoeba_en_fr" else rows[:5]
        lines = ["\t".join(cells) for cells in [header, *((*row, *kind) for row in kept)]]
        (folder / name).mkdir()
        packed = gzip.compress(("\n".join(lines) + "\n").encode())
        (folder / name / f"{name}.tsv.gz").write_bytes(packed)
    return folder


def test_a_recipe_is_trained_and_its_checkpoint_opens(
    invoke: Invoke, data: Path, tmp_path: Path
) -> None:
    args = ("train", "en-fr-dedicated", "--data", data, "--out", tmp_path / "new")
    result = invoke(*args, "--epochs", 1, "--workers", 1)
    assert result.exit_code == 0, result.output
    assert "epoch 1:" in result.stdout
    tried = f'attn-desktop step {tmp_path / "new"} "..."'
    assert result.stdout.splitlines()[-1] == f"finished: {tmp_path / 'new'}; try it with: {tried}"
    checkpoint = api.open_model(tmp_path / "new")
    assert [str(mode) for mode in checkpoint.info.trained_modes] == ["additive/global/soft"]
    assert len(api.decode(checkpoint, "I see two dogs.", max_steps=2).steps) >= 1


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(
    invoke: Invoke, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new"
    args = ["train", "en-fr-dedicated", "--data", str(data), "--out", str(out)]
    more = ["--epochs", "5000", "--workers", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "attn_desktop", *args, *more],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if line.startswith("epoch 1:"):
                break
        process.send_signal(signal.SIGINT)
        rest, errors = process.stdout.read(), process.stderr.read()
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert errors.startswith("attn-desktop: stopped; ")
    assert errors.count("\n") == 1
    assert "run again to go on" in rest
    assert (out / "weights.safetensors").is_file()
    again = invoke(*args, "--epochs", 1, "--workers", 1)
    assert again.exit_code == 0, again.output
    assert "going on from step" in again.stdout


def test_what_every_worker_runs_into_is_said_once(tmp_path: Path) -> None:
    args = ["--data", str(tmp_path), "--out", str(tmp_path / "new"), "--workers", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "attn_desktop", "train", "en-fr", *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("attn-desktop: ")
    assert "tatoeba_en_fr.tsv.gz: No such file" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_every_usable_core_works_on_a_cpu() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
