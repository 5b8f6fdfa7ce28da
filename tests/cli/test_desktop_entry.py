"""`attn-desktop desktop-entry`."""

from __future__ import annotations

import configparser
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from attn_desktop.cli import desktop_entry
from attn_desktop.common.errors import InputError
from attn_desktop.common.paths import resources_folder

ENTRY = "applications/attn-desktop.desktop"
ICON = "icons/hicolor/scalable/apps/attn-desktop.svg"


def call(*args: str) -> Result:
    app = typer.Typer()
    app.command()(desktop_entry.command)
    return CliRunner().invoke(app, args)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a Linux desktop looks, with a program in a folder of a difficult name."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(shutil, "which", lambda name, path=None: "/opt/my $tools/100%/attn-desktop")
    return tmp_path / "data"


def read(path: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    parser.read(path, encoding="utf-8")
    assert parser.sections() == ["Desktop Entry"]
    return dict(parser["Desktop Entry"])


def test_the_shipped_entry_says_what_a_desktop_needs() -> None:
    entry = read(resources_folder() / "desktop" / "attn-desktop.desktop")
    assert entry["Type"] == "Application"
    assert entry["Exec"] == entry["TryExec"] == entry["Icon"] == "attn-desktop"
    assert entry["Terminal"] == "false"
    assert {"Education", "Science"} <= set(entry["Categories"].split(";"))


def test_entry_and_icon_are_put_where_a_desktop_looks(data: Path) -> None:
    result = call()
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [f"written  {data / ENTRY}", f"written  {data / ICON}"]
    entry = read(data / ENTRY)
    assert entry["Exec"] == '"/opt/my \\\\$tools/100%%/attn-desktop"'
    assert entry["TryExec"] == "/opt/my $tools/100%/attn-desktop"
    assert entry["Icon"] == "attn-desktop"
    assert ET.parse(data / ICON).getroot().tag.endswith("svg")
    assert call().exit_code == 0, "a second time is no error"


def test_without_the_program_on_the_path_its_name_stays(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    assert call().exit_code == 0
    assert read(data / ENTRY)["Exec"] == "attn-desktop"


def test_they_are_removed_again(data: Path) -> None:
    call()
    assert call("--remove").stdout.splitlines() == [
        f"removed  {data / ENTRY}",
        f"removed  {data / ICON}",
    ]
    assert not [path for path in data.rglob("*") if path.is_file()]
    assert call("--remove").stdout.count("not there") == 2


@pytest.mark.parametrize("value", ["", "some/where"])
def test_a_data_folder_that_is_no_whole_path_is_ignored(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert call().exit_code == 0
    assert (tmp_path / "home" / ".local" / "share" / ENTRY).is_file()


def test_elsewhere_it_says_that_there_is_no_such_thing(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(InputError, match="only desktops of Linux"):
        desktop_entry.command()
    assert not data.exists()
