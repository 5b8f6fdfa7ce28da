"""What is shipped, read from each model's config and card alone: nothing here needs torch."""

from __future__ import annotations

from pathlib import Path

import msgspec

from attn_desktop.common.paths import shipped_models

CONFIG = "config.json"
CARD = "README.md"
MAX_CARD_BYTES = 1 << 20


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One shipped model. problem: None, or why its config cannot be read. card: Markdown."""

    name: str
    path: str
    size_bytes: int
    family: str | None = None
    languages: tuple[str, ...] = ()
    trained_modes: tuple[str, ...] = ()
    card: str = ""
    problem: str | None = None


class _Config(msgspec.Struct):
    """What the list shows of a config.json; whether the rest holds together shows on opening."""

    family: str
    trained_modes: tuple[str, ...]
    source_language: str | None = None
    target_language: str | None = None


def list_models() -> list[ModelEntry]:
    """The shipped models, by name."""
    return [describe_model(folder) for folder in shipped_models()]


def describe_model(folder: Path) -> ModelEntry:
    """A model folder as far as it can be read."""
    config, problem = None, None
    try:
        config = msgspec.json.decode((folder / CONFIG).read_bytes(), type=_Config)
    except (OSError, ValueError, RecursionError) as error:  # DecodeError is a ValueError
        problem = f"{CONFIG}: {error}"
    languages = () if config is None else (config.source_language, config.target_language)
    return ModelEntry(
        name=folder.name,
        path=str(folder),
        size_bytes=sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        family=None if config is None else config.family,
        languages=tuple(language for language in languages if language is not None),
        trained_modes=() if config is None else config.trained_modes,
        card=_read_card(folder / CARD),
        problem=problem,
    )


def _read_card(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_CARD_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""
