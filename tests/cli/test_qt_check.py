"""Whether a window can be opened: every lack is said with what to install or to set."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from attn_desktop.cli import doctor, qt_check
from attn_desktop.cli.qt_check import check_qt, qt_platforms, report
from attn_desktop.common.errors import WindowError

SCREENS = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
XCB = "libqxcb.so"


class Function:
    """A C function: it may be given types, and gives a number."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __call__(self, *args: object) -> int:
        return self.value


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A Linux machine with PySide6 in a wheel, all libraries and a screen at :7."""
    plugins = tmp_path / "PySide6" / "Qt" / "plugins" / "platforms"
    plugins.mkdir(parents=True)
    for name in qt_check.PLUGIN_FILES.values():
        (plugins / name).touch()
    spec = SimpleNamespace(origin=str(tmp_path / "PySide6" / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(
        importlib, "import_module", lambda name: SimpleNamespace(__version__="6.11.3")
    )
    monkeypatch.setattr(sys, "platform", "linux")
    for name in SCREENS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":7")
    load(monkeypatch)
    return monkeypatch


def load(monkeypatch: pytest.MonkeyPatch, *lacking: str, screen: bool = True) -> None:
    """Let every library load but those that are lacking, without which no plugin loads."""

    def load_library(name: str) -> Any:
        for lacks in lacking:
            if name == lacks or name.endswith(tuple(qt_check.PLUGIN_FILES.values())):
                raise OSError(f"{lacks}: cannot open shared object file: No such file")
        return SimpleNamespace(
            xcb_connect=Function(1),
            xcb_connection_has_error=Function(0 if screen else 1),
            xcb_disconnect=Function(0),
        )

    monkeypatch.setattr(ctypes, "CDLL", load_library)


def refuse(monkeypatch: pytest.MonkeyPatch, error: ImportError, module: str = "") -> None:
    def import_module(name: str) -> Any:
        if not module or name == module:
            raise error
        return SimpleNamespace(__version__="6.11.3")

    monkeypatch.setattr(importlib, "import_module", import_module)


def test_a_machine_that_has_all_is_not_complained_about(machine: pytest.MonkeyPatch) -> None:
    check_qt()


def test_without_pyside_it_says_how_to_install_it(machine: pytest.MonkeyPatch) -> None:
    refuse(machine, ModuleNotFoundError("No module named 'PySide6'", name="PySide6"))
    with pytest.raises(
        WindowError, match=r'PySide6, which is not installed .*pip install "PySide6'
    ):
        check_qt()


def test_without_pyqtgraph_it_says_so(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WindowError, match="pip install pyqtgraph"):
        check_qt()


def test_a_library_that_qt_itself_lacks_is_named_with_its_package(
    machine: pytest.MonkeyPatch,
) -> None:
    cause = ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
    refuse(machine, cause, "PySide6.QtWidgets")
    load(machine, "libEGL.so.1", "libxcb-cursor.so.0")
    with pytest.raises(WindowError) as caught:
        check_qt()
    assert str(caught.value) == (
        "the window needs system libraries that are not installed: libEGL.so.1, "
        "libxcb-cursor.so.0; on Debian: apt install libegl1 libxcb-cursor0"
    )


def test_an_import_that_fails_otherwise_says_why(machine: pytest.MonkeyPatch) -> None:
    refuse(machine, ImportError("version `GLIBC_2.99' not found"), "PySide6.QtWidgets")
    with pytest.raises(WindowError, match=r"Qt cannot be loaded: version `GLIBC_2\.99' not found"):
        check_qt()


@pytest.mark.parametrize(("library", "package"), qt_check.PLUGIN_LIBRARIES["xcb"].items())
def test_each_library_of_the_plugin_is_named_with_its_package(
    machine: pytest.MonkeyPatch, library: str, package: str
) -> None:
    load(machine, library)
    with pytest.raises(WindowError, match=f"{library}; on Debian: apt install {package}$"):
        check_qt()


def test_a_library_that_is_in_no_table_is_still_named(machine: pytest.MonkeyPatch) -> None:
    load(machine, "libnew.so.3")
    with pytest.raises(WindowError, match=r"not installed: libnew\.so\.3$"):
        check_qt()


def test_another_build_of_qt_keeps_its_plugins_elsewhere(
    machine: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "PySide6" / "Qt" / "plugins" / "platforms" / XCB).unlink()
    load(machine, "libxcb-cursor.so.0")
    check_qt()


def test_without_a_screen_it_says_what_to_set(machine: pytest.MonkeyPatch) -> None:
    machine.delenv("DISPLAY")
    with pytest.raises(WindowError, match="there is no screen: set DISPLAY, or use QT_QPA_PLATFO"):
        check_qt()


def test_a_screen_that_does_not_answer_is_named(machine: pytest.MonkeyPatch) -> None:
    load(machine, screen=False)
    with pytest.raises(WindowError, match="DISPLAY=:7 cannot be reached"):
        check_qt()


def test_offscreen_needs_neither_screen_nor_plugin_libraries(machine: pytest.MonkeyPatch) -> None:
    machine.delenv("DISPLAY")
    machine.setenv("QT_QPA_PLATFORM", "offscreen")
    load(machine, "libxcb-cursor.so.0")
    check_qt()


def test_other_systems_are_not_asked_for_x11(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(sys, "platform", "darwin")
    machine.delenv("DISPLAY")
    load(machine, "libxcb-cursor.so.0")
    check_qt()


@pytest.mark.parametrize(
    ("environment", "platforms"),
    [
        ({}, ["xcb"]),
        ({"DISPLAY": ":7"}, ["xcb"]),
        ({"WAYLAND_DISPLAY": "w"}, ["wayland"]),
        ({"WAYLAND_DISPLAY": "w", "DISPLAY": ":7"}, ["wayland", "xcb"]),
        ({"QT_QPA_PLATFORM": "wayland-egl;xcb"}, ["wayland", "xcb"]),
        ({"QT_QPA_PLATFORM": "offscreen:size=9x9"}, ["offscreen"]),
    ],
)
def test_platforms_are_tried_in_the_order_of_qt(
    machine: pytest.MonkeyPatch, environment: dict[str, str], platforms: list[str]
) -> None:
    machine.delenv("DISPLAY")
    for name, value in environment.items():
        machine.setenv(name, value)
    assert qt_platforms() == platforms


def test_wayland_needs_its_socket_and_x11_is_good_enough(
    machine: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine.setenv("WAYLAND_DISPLAY", "w-0")
    machine.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    check_qt()  # over X11
    machine.delenv("DISPLAY")
    with pytest.raises(WindowError, match=r"WAYLAND_DISPLAY=w-0 cannot be reached: \S+/w-0 is no"):
        check_qt()
    if len(os.fsencode(tmp_path)) < 90:  # the system's bound for the name of a socket
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "w-0"))
            check_qt()


def test_the_report_tells_the_screen_and_starts_qt_without_it(
    machine: pytest.MonkeyPatch,
) -> None:
    load(machine, screen=False)
    findings = report()
    assert next(findings) == ("PySide6", "6.11.3")
    name, found = next(findings)
    assert name == "screen"
    assert "DISPLAY=:7 cannot be reached" in found


# -- true processes -----------------------------------------------------------------------


def has_pyside() -> bool:
    try:
        return importlib.util.find_spec("PySide6") is not None
    except ModuleNotFoundError:  # blocked by --without-qt
        return False


@pytest.mark.skipif(
    not (sys.platform.startswith("linux") and has_pyside()), reason="Qt on Linux is needed"
)
def test_the_doctor_tells_a_lacking_screen_and_that_qt_works_without_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in SCREENS:
        monkeypatch.delenv(name, raising=False)
    found = doctor._qt()
    assert found["PySide6"].startswith("6.")
    assert "there is no screen" in found["screen"] or "not installed" in found["screen"]
    assert found["window"] == "opens on offscreen; only --screenshot works"


def test_the_doctor_survives_qt_that_ends_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    dying = "import json, os, sys; print(json.dumps(['PySide6', '6.0'])); sys.stdout.flush()\n"
    dying += "print('qt.qpa: why\\nmore', file=sys.stderr); sys.stderr.flush(); os.abort()"
    monkeypatch.setattr(doctor, "QT_TRIAL", dying)
    assert doctor._qt() == {"PySide6": "6.0", "window": "cannot be opened: qt.qpa: why"}
    monkeypatch.setattr(doctor, "QT_TRIAL", "raise SystemError('boom')")
    assert doctor._qt() == {"window": "cannot be opened: SystemError: boom"}


def test_the_doctor_says_when_qt_cannot_even_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*args: object, **settings: object) -> None:
        raise subprocess.TimeoutExpired("python", 60)

    monkeypatch.setattr(subprocess, "run", run)
    assert "cannot be tried" in doctor._qt()["window"]


def test_a_missing_distribution_is_named_as_pip_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    found = doctor._versions()
    assert found["PySide6-Essentials"].endswith(qt_check.QT_INSTALL)
    assert found["pyqtgraph"].endswith("pip install pyqtgraph")
    assert json.dumps(found)


def test_the_doctor_and_its_advice_agree_with_the_project_file() -> None:
    text = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    needed = tomllib.loads(text)["project"]["dependencies"]
    assert {re.split(r"[<>=!]", each)[0] for each in needed} == set(doctor.REQUIRED)
    assert qt_check.QT_INSTALL.split('"')[1] in needed
