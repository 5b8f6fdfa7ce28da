"""A session on a real engine process with a toy model, and ways to wait for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from attn_desktop.gui.engine_client import EngineClient, Health, own_engine
from attn_desktop.gui.engine_link import EngineLink
from attn_desktop.gui.playhead import Playhead
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.session import Session
from attn_desktop.gui.stepping import Stepping

TIMEOUT_MS = 60_000
TEXT = "The red car stands in front of the house."


@dataclass
class Desk:
    """All that stands behind a window."""

    client: EngineClient
    link: EngineLink
    playhead: Playhead
    session: Session
    stepping: Stepping
    qtbot: QtBot
    failures: list[tuple[str, str]]
    holder: QObject

    @property
    def scene(self) -> Scene:
        return self.playhead.scene

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def wait_for_steps(self, count: int) -> None:
        """Wait until the branch shown has so many steps."""
        self.wait(lambda: len(self.scene.steps) >= count)

    def settle(self) -> Scene:
        """Wait until nothing is under way; the scene then."""
        self.wait(lambda: not self.link.busy or bool(self.failures))
        assert not self.failures
        return self.scene

    def encode(self, text: str = TEXT) -> Scene:
        """Encode, and decode if the stepping runs after encoding."""
        before = self.scene.run
        self.session.encode(text)
        self.wait(lambda: self.scene.run is not before or bool(self.failures))
        return self.settle()

    def failure(self) -> tuple[str, str]:
        """Wait for a failure: its text and cause."""
        self.wait(lambda: bool(self.failures))
        return self.failures.pop(0)


def make_desk(client: EngineClient, qtbot: QtBot, model: Path) -> Desk:
    """A fresh session on a client."""
    holder = QObject()
    link = EngineLink(client, holder)
    playhead = Playhead(holder)
    session = Session(link, playhead, holder)
    session.model = str(model)
    stepping = Stepping(session, holder)
    failures: list[tuple[str, str]] = []
    session.failed.connect(lambda text, cause: failures.append((text, cause)))
    return Desk(client, link, playhead, session, stepping, qtbot, failures, holder)


def start_client(qtbot: QtBot, command: list[str] | None = None) -> EngineClient:
    """A client whose engine is ready."""
    client = EngineClient(command or own_engine())
    client.start()
    qtbot.waitUntil(lambda: client.condition.health is Health.READY, timeout=TIMEOUT_MS)
    return client
