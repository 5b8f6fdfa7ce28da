"""The line below the panels: what it says of the pace of steps."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from pytestqt.qtbot import QtBot

from attn_desktop.gui import status_line
from attn_desktop.gui.status_line import StatusLine


@pytest.fixture
def line(qtbot: QtBot) -> StatusLine:
    made = StatusLine()
    qtbot.addWidget(made)
    return made


def after(line: StatusLine, elapsed_ms: list[int], monkeypatch: pytest.MonkeyPatch) -> str:
    """What it says of a run of steps that came at these times after the first one."""
    clock = Mock()
    clock.isValid.side_effect = [False, *[True] * len(elapsed_ms)]
    clock.elapsed.side_effect = elapsed_ms
    monkeypatch.setattr(line, "_clock", clock)
    for _ in range(len(elapsed_ms) + 1):
        line.count_step()
    return line.engine_text


def test_the_pace_is_the_mean_of_a_run(line: StatusLine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "20.5 ms a step" in after(line, [18, 41], monkeypatch)


def test_steps_that_come_together_have_no_pace(
    line: StatusLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "ms a step" not in after(line, [0, status_line.LEAST_MS - 1], monkeypatch)
