from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from attn_desktop.gui import autosave
from attn_desktop.gui.autosave import Autosave, orphans
from attn_desktop.trace.storage import load_trace
from tests.toy_records import toy_trace


def test_it_writes_soon_and_removes_in_the_end(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "DELAY_MS", 10)
    keeper = Autosave(tmp_path / "new", lambda: toy_trace(3))
    keeper.touch()
    qtbot.waitUntil(keeper.path.exists)
    keeper._pool.waitForDone()
    assert len(load_trace(keeper.path).steps) == 3
    keeper.remove()
    assert not keeper.path.exists()


def test_nothing_to_keep_writes_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    keeper = Autosave(tmp_path, lambda: None)
    keeper.save()
    keeper._pool.waitForDone()
    assert not list(tmp_path.iterdir())


def test_a_disk_that_takes_nothing_is_told_once(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    keeper = Autosave(tmp_path / "file", lambda: toy_trace(1))
    told: list[str] = []
    keeper.failed.connect(told.append)
    with qtbot.waitSignal(keeper.failed):
        keeper.save()
    keeper.save()
    keeper._pool.waitForDone()
    qtbot.wait(0)
    assert len(told) == 1
    assert "cannot be kept" in told[0]


def test_only_files_of_ended_processes_are_orphans(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (str(ended.pid), str(os.getpid()), str(os.getppid()), "notes"):
        (tmp_path / f"{name}.attn").touch()
    assert orphans(tmp_path) == [tmp_path / f"{ended.pid}.attn"]
    assert orphans(tmp_path / "none") == []
