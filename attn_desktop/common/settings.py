"""What the program remembers between two runs: one JSON file of the user's own."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import platformdirs

PROGRAM = "attn-desktop"
MAX_RECENT = 10
MAX_BYTES = 4 << 20

ThemeChoice = Literal["system", "light", "dark"]
AlphaMap = Literal["grey", "viridis", "cividis"]


class Settings(msgspec.Struct, kw_only=True):
    """engine_command: the engine's program and arguments; None for this installation's own.

    play_steps_per_s: speed of playing. recent: paths of .attn files, newest first.
    geometry, layout: Qt's own descriptions of window and docks, in base64.
    """

    theme: ThemeChoice = "system"
    presenter: bool = False
    alpha_map: AlphaMap = "grey"
    words: bool = False
    run_after_encoding: bool = True
    play_steps_per_s: Annotated[float, msgspec.Meta(ge=0.25, le=20)] = 2.0
    engine_command: list[str] | None = None
    model: str = "en-fr"
    device: str = "cpu"
    recent: list[str] = msgspec.field(default_factory=list)
    geometry: str = ""
    layout: str = ""

    def remember(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        name = str(path.absolute())
        self.recent = [name, *(other for other in self.recent if other != name)][:MAX_RECENT]


def settings_path() -> Path:
    """Where the settings are; the folder need not exist."""
    return platformdirs.user_config_path(PROGRAM, appauthor=False) / "settings.json"


def autosave_folder() -> Path:
    """Where unsaved documents are kept while the window is open; it need not exist."""
    return platformdirs.user_state_path(PROGRAM, appauthor=False) / "autosave"


def load_settings(path: Path) -> Settings:
    """The settings of a file; the defaults where there is none that can be read.

    A value that does not fit must not keep the program from starting: it is dropped, and the
    other values stay.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            return Settings()
        raw = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
    except (OSError, ValueError, RecursionError):  # DecodeError is a ValueError
        return Settings()
    kept = Settings()
    for field in msgspec.structs.fields(Settings):
        if field.name in raw:
            with suppress(ValueError, RecursionError):
                setattr(kept, field.name, msgspec.json.decode(raw[field.name], type=field.type))
    return kept


def save_settings(settings: Settings, path: Path) -> None:
    """Write the settings, all or nothing; raises OSError where that is not possible."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(settings)))
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
