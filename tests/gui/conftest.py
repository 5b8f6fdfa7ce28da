"""Of the window's tests: one toy model, settings of their own, and no word from Qt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
import torch
from PySide6.QtCore import QtMsgType
from pytestqt.qtbot import QtBot

from attn_desktop.families.checkpoint import save_checkpoint
from attn_desktop.gui.engine_client import EngineClient, Health, own_engine
from tests.gui.desk import TIMEOUT_MS, Desk, make_desk
from tests.toy_models import toy_checkpoint, toy_model

#: What Qt's offscreen platform says of windows.
HARMLESS = (
    "This plugin does not support propagateSizeHints()",
    "This plugin does not support raise()",
    "This plugin does not support grabbing the keyboard",
)


@pytest.fixture(autouse=True)
def _qt_says_nothing(qtlog: object) -> Iterator[None]:
    """A warning of Qt fails the test in which it came."""
    yield
    records = getattr(qtlog, "records")  # noqa: B009  # pytest-qt does not export its type
    said = [
        record.message
        for record in records
        if record.type != QtMsgType.QtDebugMsg and record.message not in HARMLESS
    ]
    assert not said, said


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes what the user has set."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a switchable toy checkpoint."""
    folder = tmp_path_factory.mktemp("models") / "toy"
    toy_checkpoint(folder)
    return folder


@pytest.fixture(scope="session")
def endless_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a toy checkpoint whose outputs never end by themselves."""
    folder = tmp_path_factory.mktemp("models") / "endless"
    model = toy_model()
    with torch.no_grad():
        model.output_bias[model.end_id] = -1000
    save_checkpoint(model, model.config, folder)
    return folder


@pytest.fixture(scope="module")
def shared_client(qapp: object) -> Iterator[EngineClient]:
    """One engine for all tests of a module; starting one takes seconds."""
    client = EngineClient(own_engine())
    client.start()
    yield client
    client.stop()


@pytest.fixture
def desk(shared_client: EngineClient, qtbot: QtBot, endless_folder: Path) -> Iterator[Desk]:
    """A fresh session on the module's engine, which is ready."""
    starting = (Health.OFF, Health.STARTING)
    qtbot.waitUntil(lambda: shared_client.condition.health not in starting, timeout=TIMEOUT_MS)
    assert shared_client.condition.health is Health.READY, list(shared_client.log)
    made = make_desk(shared_client, qtbot, endless_folder)
    yield made
    made.link.stop()
    shiboken6.delete(made.holder)
