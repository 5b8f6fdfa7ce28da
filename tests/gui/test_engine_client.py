from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui import engine_client
from attn_desktop.gui.engine_client import EngineClient, Health, own_engine
from tests.conftest import child_processes
from tests.gui import fake_engines
from tests.gui.desk import TEXT, TIMEOUT_MS, Desk, make_desk, start_client

KILLS = 50


@pytest.fixture
def clients() -> Iterator[list[EngineClient]]:
    """Clients that are stopped at the end of the test."""
    made: list[EngineClient] = []
    yield made
    for client in made:
        client.stop()


def until(qtbot: QtBot, client: EngineClient, health: Health) -> None:
    qtbot.waitUntil(lambda: client.condition.health is health, timeout=TIMEOUT_MS)


def final_failure(qtbot: QtBot, client: EngineClient) -> str:
    """Wait until it is not started again by itself any more."""
    client.start()
    qtbot.waitUntil(
        lambda: client.condition.health is Health.FAILED and not client.restarting,
        timeout=TIMEOUT_MS,
    )
    return client.condition.text


def test_an_engine_is_greeted_and_ends_with_its_client(
    qtbot: QtBot, clients: list[EngineClient]
) -> None:
    before = child_processes().keys()
    client = start_client(qtbot)
    clients.append(client)
    assert client.welcome is not None
    assert client.welcome.process == client.process_id
    assert len(child_processes().keys() - before) == 1
    client.stop()
    assert client.condition.health is Health.OFF
    assert child_processes().keys() <= before


def test_closing_while_it_starts_leaves_no_process(clients: list[EngineClient]) -> None:
    before = child_processes().keys()
    client = EngineClient(own_engine())
    client.start()
    client.stop()
    assert child_processes().keys() <= before


def test_banners_before_the_greeting_are_passed_over(
    qtbot: QtBot, clients: list[EngineClient]
) -> None:
    clients.append(start_client(qtbot, fake_engines.behind_a_banner()))
    assert "Welcome to gpubox" in clients[0].log
    qtbot.waitUntil(lambda: "a warning" in clients[0].log)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["/no/such/engine"], "'/no/such/engine' cannot be started"),
        ([], "cannot be started"),
        (fake_engines.python(fake_engines.SILENT_END), "no such model server"),
        (fake_engines.python(fake_engines.ENDLESS_CHATTER), "without its greeting"),
        (fake_engines.python(fake_engines.NONSENSE, fake_engines.ROOT), "talked nonsense"),
        (fake_engines.python(fake_engines.OTHER_VERSION, fake_engines.ROOT), "protocol 99"),
    ],
    ids=["missing", "empty", "ends", "chatter", "nonsense", "version"],
)
def test_a_command_that_is_no_engine_is_told_apart(
    qtbot: QtBot,
    clients: list[EngineClient],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    expected: str,
) -> None:
    monkeypatch.setattr(engine_client, "RESTART_DELAYS_MS", (0,))
    before = child_processes().keys()
    clients.append(EngineClient(command))
    assert expected in final_failure(qtbot, clients[0])
    assert child_processes().keys() <= before


def test_an_engine_that_never_answers_is_given_up(
    qtbot: QtBot, clients: list[EngineClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_client, "GREETING_MS", 50)
    monkeypatch.setattr(engine_client, "RESTART_DELAYS_MS", (0,))
    clients.append(EngineClient(fake_engines.python("import sys; sys.stdin.read()")))
    assert "did not answer" in final_failure(qtbot, clients[0])


def test_another_command_replaces_a_failed_one(qtbot: QtBot, clients: list[EngineClient]) -> None:
    clients.append(EngineClient(["/no/such/engine"]))
    final_failure(qtbot, clients[0])
    clients[0].restart(own_engine())
    until(qtbot, clients[0], Health.READY)


def killed(desk: Desk) -> None:
    os.kill(desk.client.process_id, signal.SIGKILL)


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_killing_the_engine_at_random_moments_loses_nothing(
    qtbot: QtBot, clients: list[EngineClient], endless_folder: Path
) -> None:
    """Each time: what was decoded, the place and the mode are as before, and stepping goes on."""
    chance = random.Random(5)
    client = start_client(qtbot)
    clients.append(client)
    desk = make_desk(client, qtbot, endless_folder)
    died: list[str] = []
    client.died.connect(died.append)

    def has_died(number: int) -> bool:
        return len(died) > number

    desk.stepping.run_after_encoding = False
    desk.encode(TEXT)
    assert desk.session.document is not None
    desk.session.document.limits[0] = 10_000
    desk.stepping.set_mode(Mode("additive", "global", HARD))
    for number in range(KILLS):
        steps, view = desk.scene.steps, desk.session.view
        wanted = len(steps) + chance.randrange(1, 4)
        desk.stepping.run()
        moment = chance.randrange(4)
        if moment == 1:
            desk.wait_for_steps(len(steps) + 1)
        elif moment == 2:
            desk.wait_for_steps(wanted)
        elif moment == 3 and number:
            # While it is starting, or again just after that.
            killed(desk)
            desk.wait(lambda: client.process_id > 0)
        killed(desk)
        desk.wait(partial(has_died, number))
        until(qtbot, client, Health.READY)
        desk.wait_for_steps(wanted)
        desk.stepping.stop()
        assert "SIGKILL" in died[-1]
        assert desk.scene.steps[: len(steps)] == steps
        assert desk.session.mode == view.mode
        assert {step.mode for step in desk.scene.steps} == {view.mode}
        died[:] = died[:1] * (number + 1)
        assert not desk.failures
    # What was decoded across all those engines is what one engine would have decoded.
    whole = desk.scene.steps
    desk.encode(TEXT)
    desk.session.document.limits[0] = len(whole)
    desk.stepping.run()
    again = desk.settle().steps
    assert [step.token_id for step in again] == [step.token_id for step in whole]
    assert [float(step.active.context.sum()) for step in again] == [
        float(step.active.context.sum()) for step in whole
    ]
