"""`models`, `doctor` and the help."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from attn_desktop.attention.scopes import SCOPES
from attn_desktop.attention.scores import SCORES
from attn_desktop.cli.doctor import REQUIRED
from attn_desktop.common import paths
from tests.cli.conftest import Invoke
from tests.toy_models import TOY_MODES

COMMANDS = {
    "step",
    "trace",
    "show",
    "decode",
    "evaluate",
    "export",
    "verify",
    "train",
    "models",
    "scene",
    "doctor",
    "desktop-entry",
    "engine",
}


@pytest.fixture
def shipped(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy model and a broken one where the shipped models are looked for."""
    folder = tmp_path / "_data" / "models"
    shutil.copytree(model, folder / "toy")
    (folder / "broken").mkdir()
    (folder / "broken" / "config.json").write_text("{")
    monkeypatch.setattr(paths, "_INSTALLED_DATA", folder.parent)
    return folder


def test_models_are_listed_with_what_they_are(invoke: Invoke, shipped: Path) -> None:
    result = invoke("models", "--json")
    assert result.exit_code == 0, result.output
    broken, toy = json.loads(result.stdout)
    size = sum(path.stat().st_size for path in (shipped / "toy").iterdir())
    assert toy == {
        "name": "toy",
        "family": "seq2seq",
        "languages": ["en", "fr"],
        "trained_modes": list(TOY_MODES),
        "takes": ["text"],
        "size_bytes": size,
        "path": str(shipped / "toy"),
        "problem": None,
    }
    assert broken["name"] == "broken"
    assert "config.json" in broken["problem"]
    plain = invoke("models")
    assert plain.exit_code == 0
    for part in ("toy", "en to fr", "additive/local-p/soft", str(shipped / "toy"), "problem"):
        assert part in plain.stdout


def test_a_shipped_model_is_found_by_name(invoke: Invoke, shipped: Path) -> None:
    assert invoke("step", "models/toy", "A dog.", "--max-steps", 1).exit_code == 0
    assert invoke("step", "toy", "A dog.", "--max-steps", 1).exit_code == 0


def test_no_models_is_said(invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_INSTALLED_DATA", tmp_path)
    assert invoke("models").stdout == f"no models in {tmp_path / 'models'}\n"
    assert invoke("models", "--json").stdout == "[]\n"


def test_the_doctor_reports_and_ends_well_whatever_lacks(invoke: Invoke, shipped: Path) -> None:
    result = invoke("doctor", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert set(report["versions"]) == {"python", "attn-desktop", *REQUIRED}
    assert report["models"]["toy"] == f"loads (seq2seq, {len(TOY_MODES)} trained modes)"
    assert report["models"]["broken"].startswith("does not load: ")
    assert report["processor"]["usable cores"] >= 1
    assert report["gpu"]
    assert report["qt"]["PySide6"]
    plain = invoke("doctor")
    assert plain.exit_code == 0
    for title, entries in report.items():
        assert f"{title}\n" in plain.stdout
        for name in entries:
            assert f"  {name} " in plain.stdout


def test_help_names_every_command_and_every_command_has_help(invoke: Invoke) -> None:
    asked = invoke("--help")
    assert asked.exit_code == 0
    listed = asked.stdout.partition("Commands:\n")[2]
    assert {line.split()[0] for line in listed.splitlines()} == COMMANDS
    for command in COMMANDS:
        result = invoke(command, "--help")
        assert result.exit_code == 0
        assert "--help" in result.stdout


def test_the_help_names_every_score_and_scope(invoke: Invoke) -> None:
    text = " ".join(invoke("step", "--help").stdout.split())
    for name in (*SCORES, *SCOPES, "none", "soft", "hard"):
        assert name in text
    assert "dimension of h" in text


def test_the_version_is_printed(invoke: Invoke) -> None:
    result = invoke("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("attn-desktop ")
