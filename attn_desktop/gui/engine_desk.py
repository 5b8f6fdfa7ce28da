"""What the window says and asks about the engine: its deaths, its models and devices."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from attn_desktop.common.settings import Settings
from attn_desktop.gui.engine_client import EngineClient, own_engine
from attn_desktop.gui.engine_dialog import EngineDialog
from attn_desktop.gui.engine_link import EngineLink
from attn_desktop.gui.message_bar import MessageBar
from attn_desktop.gui.model_picker import ModelPicker
from attn_desktop.gui.session import Session
from attn_desktop.gui.transport import Transport
from attn_desktop.trace.protocol import Devices, ModelOpened, Models


class EngineDesk(QObject):
    """open_model: encodes what there is with a model that the user picks."""

    def __init__(
        self,
        window: QWidget,
        session: Session,
        transport: Transport,
        messages: MessageBar,
        settings: Settings,
        open_model: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._transport, self._messages = transport, messages
        self._settings, self._open_model = settings, open_model
        self.link: EngineLink = session.link
        self.client: EngineClient = session.link.client
        self._models: Models | None = None
        self._devices: Devices | None = None
        self._died = False
        self.client.ready.connect(self._ready)
        self.client.died.connect(self._engine_died)
        self.link.opened.connect(self._opened)
        self.link.devices.connect(self._devices_listed)
        self.link.models.connect(self._models_listed)
        self.link.finished.connect(self.link.refresh_devices)
        session.ways_changed.connect(self._show_device)
        transport.model_wanted.connect(self.pick_model)
        transport.device_wanted.connect(session.set_device)

    def pick_model(self) -> None:
        """Let the user choose a model; the input at hand is encoded with it, if it takes that."""
        models = () if self._models is None else self._models.models
        picker = ModelPicker(models, self._session.model, self._window)
        picker.picked.connect(self._open_model)
        picker.exec()

    def open_dialog(self) -> None:
        """Show the engine's state, command and log."""
        dialog = EngineDialog(self.client, self._window)
        dialog.command_chosen.connect(self.use_command)
        dialog.exec()

    def use_command(self, command: list[str]) -> None:
        """Start the engine with another command from now on; empty for this installation's own."""
        self._settings.engine_command = command or None
        self.client.restart(command or own_engine())

    # -- what happens to it ---------------------------------------------------------------

    def _engine_died(self, text: str) -> None:
        self._died = True
        said = text[:1].upper() + text[1:]
        if self.client.restarting:
            self._messages.warn(
                f"{said}. It is being started again; nothing that was decoded is lost.",
                ("Show its log", self.open_dialog),
            )
        else:
            self._messages.warn(
                f"{said}. What is recorded can still be stepped through.",
                ("Start again…", self.open_dialog),
            )

    def _ready(self) -> None:
        if self._died:
            self._died = False
            self._messages.clear()
            self._messages.note("The engine is back; run, place and mode are as they were.")

    def _opened(self, reply: ModelOpened) -> None:
        self._transport.show_model(
            reply.info.name, reply.scores, reply.scopes, reply.info.trained_modes
        )

    def _models_listed(self, reply: Models) -> None:
        self._models = reply

    def _devices_listed(self, reply: Devices) -> None:
        self._devices = reply
        self._show_device()

    def _show_device(self) -> None:
        if self._devices is not None:
            self._transport.show_devices(self._devices.devices, self._session.device)
