"""A server in this process with a client at the other end of its pipes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attn_desktop.decoding.stepper import Stepper
from attn_desktop.engine.server import Server
from attn_desktop.engine.streams import Streams
from attn_desktop.families.checkpoint import save_checkpoint
from tests.decoding.helpers import never_ending_model
from tests.engine.client import Client

#: Only so that a broken test ends: nothing is expected to take long.
PATIENCE_S = 60.0
Start = Callable[[], Client]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a toy checkpoint that never ends a sentence by itself."""
    folder = tmp_path_factory.mktemp("engine") / "toy"
    made = never_ending_model()
    save_checkpoint(made, made.config, folder)
    return folder


class LocalServer:
    """A server in a thread. codes: those with which it wanted to end the process."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        requests, self._to_server = os.pipe()
        self._from_server, replies = os.pipe()
        self.client = Client(self._to_server, self._from_server)
        server = Server(Streams(requests, replies), "0.0", leave=self.codes.append)
        self._server_ends = [requests, replies]
        self._thread = threading.Thread(target=server.run, name="server")
        self._thread.start()

    def hang_up(self) -> None:
        """Close what the client writes to, and wait for the server to return."""
        os.close(self._to_server)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        for descriptor in self._server_ends:
            os.close(descriptor)

    def close(self) -> None:
        """End it, whatever state a test has left it in."""
        os.close(self._from_server)
        if self._thread.is_alive():
            self.hang_up()


@pytest.fixture
def local() -> Iterator[LocalServer]:
    """A server that has not been greeted."""
    server = LocalServer()
    yield server
    server.close()


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a server and greet it; as many as a test needs."""
    servers = []

    def start() -> Client:
        servers.append(LocalServer())
        servers[-1].client.greet()
        return servers[-1].client

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def client(start: Start) -> Client:
    return start()


class Gate:
    """Every step of every stepper waits here until it is let through."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)
        self._passes = threading.Semaphore(0)

    def wait(self) -> None:
        self.arrived.release()
        assert self._passes.acquire(timeout=PATIENCE_S)

    def await_arrival(self) -> None:
        assert self.arrived.acquire(timeout=PATIENCE_S)

    def let_through(self, count: int = 1) -> None:
        self._passes.release(count)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate, step = Gate(), Stepper.step

    def gated_step(*args: object, **kwargs: object) -> object:
        gate.wait()
        return step(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Stepper, "step", gated_step)
    return gate
