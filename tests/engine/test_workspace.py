from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from attn_desktop.common.errors import CheckpointError, InputError
from attn_desktop.engine.workspace import Workspace
from attn_desktop.families.base import Given
from tests.toy_models import toy_checkpoint

TEXT = "A dog."


def make(folder: Path, seed: int = 0) -> str:
    toy_checkpoint(folder, seed)
    return str(folder)


def test_a_model_is_read_once_however_it_is_called(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace()
    assert not workspace.holds(str(model), "cpu")
    opened = workspace.open(str(model), "cpu")
    assert workspace.holds(str(model), "cpu")
    monkeypatch.chdir(model.parent)
    assert workspace.open("toy", "cpu") is opened
    assert workspace.open("./toy/../toy", "cpu") is opened


def test_any_changed_file_makes_it_read_again(tmp_path: Path) -> None:
    workspace, name = Workspace(), make(tmp_path / "toy")
    opened = workspace.open(name, "cpu")
    (tmp_path / "toy" / "README.md").write_text("A card.")
    assert not workspace.holds(name, "cpu")
    reopened = workspace.open(name, "cpu")
    assert (opened.info.card, reopened.info.card) == ("", "A card.")
    assert workspace.open(name, "cpu") is reopened
    (tmp_path / "toy" / "README.md").unlink()
    assert workspace.open(name, "cpu").info.card == ""


def test_a_broken_change_is_a_clean_error_and_can_be_put_right(tmp_path: Path) -> None:
    workspace, name = Workspace(), make(tmp_path / "toy")
    workspace.open(name, "cpu")
    config = tmp_path / "toy" / "config.json"
    text = config.read_text()
    config.write_text("{")
    for _ in range(2):
        with pytest.raises(CheckpointError, match="not JSON"):
            workspace.open(name, "cpu")
    config.write_text(text)
    workspace.open(name, "cpu")


def test_only_the_models_and_runs_in_use_are_kept(tmp_path: Path) -> None:
    names = [make(tmp_path / f"toy{seed}", seed) for seed in range(3)]
    workspace = Workspace(most_models=2, most_runs=2)
    first = workspace.encode(0, names[0], "cpu", Given(TEXT))
    workspace.encode(1, names[1], "cpu", Given(TEXT))
    assert workspace.run(0) is first
    workspace.encode(2, names[2], "cpu", Given(TEXT))
    assert [workspace.holds(name, "cpu") for name in names] == [False, True, True]
    assert workspace.run(0) is first
    second = workspace.run(1)
    assert second.stepper.run.model.name == "toy1"
    assert workspace.run(1) is second
    assert workspace.run(2) is not None


def test_a_number_used_again_is_the_new_run(model: Path) -> None:
    workspace = Workspace()
    workspace.encode(1, str(model), "cpu", Given(TEXT))
    second = workspace.encode(1, str(model), "cpu", Given("A house."))
    assert workspace.run(1) is second


def test_a_text_that_fails_leaves_the_run_that_was_there(model: Path) -> None:
    workspace = Workspace()
    first = workspace.encode(1, str(model), "cpu", Given(TEXT))
    with pytest.raises(InputError, match="empty"):
        workspace.encode(1, str(model), "cpu", Given(""))
    assert workspace.run(1) is first


def test_a_dropped_run_is_not_taken_up_with_another_model(tmp_path: Path) -> None:
    workspace, name = Workspace(most_runs=1), make(tmp_path / "toy")
    workspace.encode(1, name, "cpu", Given(TEXT))
    workspace.encode(2, name, "cpu", Given(TEXT))
    make(tmp_path / "toy", seed=3)
    with pytest.raises(InputError, match="no longer the one of run 1; encode it again"):
        workspace.run(1)
    shutil.rmtree(tmp_path / "toy")
    with pytest.raises(CheckpointError, match="no folder"):
        workspace.run(1)
    assert workspace.run(2).stepper.run.text == TEXT
