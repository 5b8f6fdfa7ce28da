"""What is shipped, read from each model's config and card alone: nothing here needs torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from attn_desktop.common.paths import shipped_models

CONFIG = "config.json"
CARD = "README.md"
MAX_CARD_BYTES = 1 << 20


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One shipped model. problem: None, or why its config cannot be read. card: Markdown.

    takes: what it is given, as in `ModelInfo`; empty where its config cannot be read.
    """

    name: str
    path: str
    size_bytes: int
    family: str | None = None
    languages: tuple[str, ...] = ()
    trained_modes: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    card: str = ""
    problem: str | None = None


class _Config(msgspec.Struct):
    """What the list shows of a config.json; whether the rest holds together shows on opening.

    vision: of a model that looks at pictures. question_vocabulary: of one that is asked something.
    """

    family: str
    trained_modes: tuple[str, ...]
    source_language: str | None = None
    target_language: str | None = None
    language: str | None = None
    vision: dict[str, Any] | None = None
    question_vocabulary: int | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        """From which and into which, or the one that it speaks."""
        found = (self.source_language, self.target_language, self.language)
        return tuple(language for language in found if language is not None)

    @property
    def takes(self) -> tuple[str, ...]:
        """What a model with such a config is given."""
        if self.vision is None:
            return ("text",)
        return ("picture",) if self.question_vocabulary is None else ("picture", "question")


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
    return ModelEntry(
        name=folder.name,
        path=str(folder),
        size_bytes=sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        family=None if config is None else config.family,
        languages=() if config is None else config.languages,
        trained_modes=() if config is None else config.trained_modes,
        takes=() if config is None else config.takes,
        card=_read_card(folder / CARD),
        problem=problem,
    )


def _read_card(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_CARD_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""
