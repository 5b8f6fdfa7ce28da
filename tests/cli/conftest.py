"""One toy checkpoint for all tests of the command line, and a way to call it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from attn_desktop.cli.app import app
from tests.toy_models import toy_checkpoint

Invoke = Callable[..., Result]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a switchable toy checkpoint."""
    folder = tmp_path_factory.mktemp("models") / "toy"
    toy_checkpoint(folder)
    return folder


@pytest.fixture
def invoke() -> Invoke:
    """Call `attn-desktop` with the given arguments in this process."""

    def call(*args: object, input: str | bytes | None = None, **env: str) -> Result:
        runner = CliRunner(env={"NO_COLOR": "1", **env})
        return runner.invoke(app, list(map(str, args)), input, prog_name="attn-desktop")

    return call


@pytest.fixture
def needs_qt(pytestconfig: pytest.Config) -> None:
    """Skip where Qt is blocked."""
    if pytestconfig.getoption("--without-qt"):
        pytest.skip("needs Qt")
