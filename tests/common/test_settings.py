from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from attn_desktop.common.settings import (
    MAX_RECENT,
    Settings,
    autosave_folder,
    load_settings,
    save_settings,
    settings_path,
)


def test_settings_come_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.json"
    settings = Settings(theme="dark", engine_command=["ssh", "gpubox"], play_steps_per_s=4)
    settings.remember(tmp_path / "a.attn")
    save_settings(settings, path)
    assert load_settings(path) == settings
    assert [file.name for file in path.parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_a_broken_file_gives_the_defaults(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    assert load_settings(path) == Settings()
    assert load_settings(tmp_path / "none.json") == Settings()


def test_a_value_that_does_not_fit_is_dropped_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    values = {
        "theme": "pink",
        "presenter": True,
        "play_steps_per_s": 1e9,
        "recent": "no list",
        "model": "mine",
        "from a later version": 1,
    }
    path.write_bytes(msgspec.json.encode(values))
    assert load_settings(path) == Settings(presenter=True, model="mine")


def test_the_newest_file_comes_first_and_once(tmp_path: Path) -> None:
    settings = Settings()
    for number in range(MAX_RECENT + 3):
        settings.remember(tmp_path / f"{number}.attn")
    settings.remember(tmp_path / "5.attn")
    assert settings.recent[0] == str(tmp_path / "5.attn")
    assert len(settings.recent) == len(set(settings.recent)) == MAX_RECENT


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.json"
    save_settings(Settings(model="old"), path)

    def fail(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no"):
        save_settings(Settings(model="new"), path)
    assert load_settings(path).model == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["settings.json"]


def test_they_are_the_users_own() -> None:
    assert settings_path().name == "settings.json"
    assert settings_path().parent != autosave_folder().parent.parent
