"""What a panel under test asks for and says."""

from __future__ import annotations

from typing import Generic, TypeVar

from attn_desktop.gui.intents import Intent
from attn_desktop.gui.panel import Panel

P = TypeVar("P", bound=Panel)


class Heard(Generic[P]):
    """Keeps all that a panel has asked and said from now on."""

    def __init__(self, panel: P) -> None:
        self.panel = panel
        self.asked: list[Intent] = []
        self.said: list[str] = []
        panel.wanted.connect(self.asked.append)
        panel.said.connect(self.said.append)
