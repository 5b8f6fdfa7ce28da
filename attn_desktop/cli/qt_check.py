"""Whether a window can be opened here, and what to install where it cannot.

Qt ends the whole process when a library of its platform plugin or the screen lacks, so both are
looked for before it is asked to start. Nothing here imports Qt until it is called.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from attn_desktop.common.errors import WindowError

NO_SCREEN_NEEDED = "use QT_QPA_PLATFORM=offscreen with --screenshot"
QT_INSTALL = 'pip install "PySide6-Essentials>=6.10,<6.12,!=6.11.0,!=6.11.1"'
#: What every Qt program loads, and the Debian packages that hold it.
BASE_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libX11.so.6": "libx11-6",
    "libz.so.1": "zlib1g",
}
#: What the plugins for X11 and Wayland load besides, by platform.
PLUGIN_LIBRARIES = {
    "xcb": {
        "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
        "libX11-xcb.so.1": "libx11-xcb1",
        "libxcb.so.1": "libxcb1",
        "libxcb-cursor.so.0": "libxcb-cursor0",
        "libxcb-icccm.so.4": "libxcb-icccm4",
        "libxcb-image.so.0": "libxcb-image0",
        "libxcb-keysyms.so.1": "libxcb-keysyms1",
        "libxcb-randr.so.0": "libxcb-randr0",
        "libxcb-render-util.so.0": "libxcb-render-util0",
        "libxcb-render.so.0": "libxcb-render0",
        "libxcb-shape.so.0": "libxcb-shape0",
        "libxcb-shm.so.0": "libxcb-shm0",
        "libxcb-sync.so.1": "libxcb-sync1",
        "libxcb-util.so.1": "libxcb-util1",
        "libxcb-xfixes.so.0": "libxcb-xfixes0",
        "libxcb-xkb.so.1": "libxcb-xkb1",
    },
    "wayland": {
        "libwayland-client.so.0": "libwayland-client0",
        "libwayland-cursor.so.0": "libwayland-cursor0",
    },
}
DEBIAN_PACKAGES = {
    **BASE_LIBRARIES,
    **{name: package for found in PLUGIN_LIBRARIES.values() for name, package in found.items()},
}
PLUGIN_FILES = {"xcb": "libqxcb.so", "wayland": "libqwayland.so"}

_LACKING = re.compile(r"(\S+\.so[.\d]*): cannot open shared object file")


def check_qt() -> None:
    """WindowError, which says what to install or to set, where no window can be opened."""
    check_import()
    check_platforms()


def check_platforms() -> str:
    """The first platform that Qt can use, and its screen; WindowError where there is none."""
    refused = []
    for platform in qt_platforms():
        try:
            check_libraries(platform)
            return f"{platform} {check_screen(platform)}".strip()
        except WindowError as error:
            refused.append(error)
    raise refused[0]


def qt_platforms() -> list[str]:
    """The platforms that Qt will try, in order: `wayland`, `xcb`, or others by name."""
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    if chosen:
        # Options follow a colon; "wayland-egl" is wayland drawn by EGL.
        return [name.split(":")[0].partition("-")[0] for name in chosen.split(";")]
    if not sys.platform.startswith("linux"):
        return ["native"]
    found = ["wayland"] if os.environ.get("WAYLAND_DISPLAY") else []
    return [*found, "xcb"] if os.environ.get("DISPLAY") or not found else found


def report() -> Iterator[tuple[str, str]]:
    """What `attn-desktop doctor` tells of Qt, one finding after the other; the last starts it.

    Starting may end this process: to be called in one of its own.
    """
    try:
        yield "PySide6", check_import()
    except WindowError as error:
        yield "PySide6", str(error)
        return
    try:
        yield "screen", check_platforms()
    except WindowError as error:
        yield "screen", str(error)
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QGuiApplication

    name = QGuiApplication([]).platformName()
    pictures = "; only --screenshot works" if name == "offscreen" else ""
    yield "window", f"opens on {name}{pictures}"


def check_import() -> str:
    """The version of PySide6, once Qt is loaded; WindowError where that is not possible."""
    try:
        version = str(importlib.import_module("PySide6").__version__)
        importlib.import_module("PySide6.QtWidgets")
        importlib.import_module("PySide6.QtSvg")
    except ModuleNotFoundError as error:
        raise WindowError(
            f"the window needs PySide6, which is not installed ({error}): {QT_INSTALL}"
        ) from None
    except ImportError as error:
        raise _not_loaded(error) from None
    if importlib.util.find_spec("pyqtgraph") is None:
        raise WindowError(
            "the window needs pyqtgraph, which is not installed: pip install pyqtgraph"
        )
    return version


def check_libraries(platform: str) -> None:
    """WindowError that names every system library that Qt's plugin for `platform` lacks."""
    plugin = _plugin(platform)
    if plugin is None or not plugin.is_file():
        return
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        raise _not_loaded(error, platform) from None


def check_screen(platform: str) -> str:
    """The name of the screen; WindowError where there is none or it does not answer."""
    if platform == "wayland":
        return _wayland_screen()
    if platform != "xcb":
        return ""
    display = os.environ.get("DISPLAY")
    if not display:
        raise WindowError(f"there is no screen: set DISPLAY, or {NO_SCREEN_NEEDED}")
    if not _answers():
        raise WindowError(
            f"the screen DISPLAY={display} cannot be reached: set DISPLAY to one that runs and "
            f"that you may use (over ssh: ssh -X), or {NO_SCREEN_NEEDED}"
        )
    return display


def _wayland_screen() -> str:
    name = os.environ.get("WAYLAND_DISPLAY") or "wayland-0"
    socket = Path(os.environ.get("XDG_RUNTIME_DIR", ""), name)  # a whole path stays one
    if not socket.is_socket():
        raise WindowError(
            f"the screen WAYLAND_DISPLAY={name} cannot be reached: {socket} is no socket; set "
            f"WAYLAND_DISPLAY and XDG_RUNTIME_DIR, or {NO_SCREEN_NEEDED}"
        )
    return name


def missing_libraries(platform: str) -> list[str]:
    """The libraries of the tables above that cannot be loaded; empty but on Linux."""
    if not sys.platform.startswith("linux"):
        return []
    return [
        name for name in (*BASE_LIBRARIES, *PLUGIN_LIBRARIES.get(platform, ())) if not _loads(name)
    ]


def _not_loaded(error: Exception, platform: str | None = None) -> WindowError:
    """What to install, all at once: the loader itself only ever names one library."""
    found = _LACKING.search(str(error))
    if found is None:
        return WindowError(f"Qt cannot be loaded: {error}")
    missing = missing_libraries(platform or qt_platforms()[0])
    names = [found[1], *(name for name in missing if name != found[1])]
    packages = dict.fromkeys(DEBIAN_PACKAGES[name] for name in names if name in DEBIAN_PACKAGES)
    advice = f"; on Debian: apt install {' '.join(packages)}" if packages else ""
    return WindowError(
        f"the window needs system libraries that are not installed: {', '.join(names)}{advice}"
    )


def _plugin(platform: str) -> Path | None:
    """The file of a platform plugin in PySide6's wheel; another build of Qt keeps it elsewhere."""
    spec = importlib.util.find_spec("PySide6")
    if platform not in PLUGIN_FILES or spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "Qt" / "plugins" / "platforms" / PLUGIN_FILES[platform]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _answers() -> bool:
    """Whether the X server that DISPLAY names lets this process connect."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # no way to know; the libraries have been checked before
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
    xcb.xcb_connection_has_error.argtypes = (ctypes.c_void_p,)
    xcb.xcb_disconnect.argtypes = (ctypes.c_void_p,)
    connection = xcb.xcb_connect(None, None)
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not failed
