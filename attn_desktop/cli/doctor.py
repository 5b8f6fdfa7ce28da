"""`attn-desktop doctor`: what this machine can do, and what to install where something lacks."""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from typing import Any

from attn_desktop import __version__
from attn_desktop.analysis.pieces import printable
from attn_desktop.cli import options
from attn_desktop.cli.train import usable_cores
from attn_desktop.common.errors import UserError
from attn_desktop.common.paths import shipped_models

REQUIRED = (
    "torch",
    "numpy",
    "msgspec",
    "safetensors",
    "tokenizers",
    "sacrebleu",
    "typer",
)
QT_TRIAL = "import PySide6, PySide6.QtWidgets; print(PySide6.__version__)"
QT_INSTALL = 'pip install "PySide6-Essentials>=6.10,<6.12,!=6.11.0,!=6.11.1"'
QT_TIMEOUT_S = 60
QT_PACKAGES = "libegl1 libgl1 libxkbcommon-x11-0 libxcb-cursor0 libdbus-1-3 libfontconfig1"


def command(as_json: options.AsJson = False) -> None:
    """Say what this machine can do, and what lacks.

    Versions, processor, GPUs, shipped models, terminal and (optional) Qt. Ends with exit code 0
    whatever lacks; each lack says what to install.
    """
    sections = {
        "versions": _versions(),
        "processor": _processor(),
        "gpu": _gpu(),
        "models": _models(),
        "terminal": _terminal(),
        "qt (optional)": _qt(),
    }
    if as_json:
        print(json.dumps(sections))
        return
    for title, entries in sections.items():
        print(title)
        for name, value in entries.items():
            print(printable(f"  {name:<14}{value}"))


def _versions() -> dict[str, Any]:
    found: dict[str, Any] = {"python": platform.python_version(), "attn-desktop": __version__}
    for name in REQUIRED:
        try:
            importlib.import_module(name)
            found[name] = metadata.version(name)
        except ImportError as error:  # PackageNotFoundError is one too
            found[name] = f"missing ({error}): pip install {name}"
    return found


def _processor() -> dict[str, Any]:
    found: dict[str, Any] = {"system": platform.platform(), "usable cores": usable_cores()}
    try:
        import torch
    except ImportError:
        return found
    found["torch threads"] = torch.get_num_threads()
    found["features"] = torch.backends.cpu.get_cpu_capability()
    return found


def _gpu() -> dict[str, Any]:
    try:
        import torch
    except ImportError:
        return {"none": "torch is missing"}
    if not torch.cuda.is_available():
        if torch.version.cuda is None:
            return {"none": "this build of torch is for CPUs; for an NVIDIA GPU install a CUDA one"}
        return {"none": "no CUDA device; with an NVIDIA GPU install its driver (nvidia-driver)"}
    found = {"cuda": str(torch.version.cuda)}
    for index in range(torch.cuda.device_count()):
        device = torch.cuda.get_device_properties(index)
        found[f"cuda:{index}"] = f"{device.name}, {device.total_memory / 2**30:.1f} GiB"
    return found


def _models() -> dict[str, Any]:
    folders = shipped_models()
    if not folders:
        return {"none": "no shipped models; a model's folder can be given by its path"}
    found = {}
    for folder in folders:
        try:
            from attn_desktop import api

            info = api.open_model(folder).info
            found[folder.name] = f"loads ({info.family}, {len(info.trained_modes)} trained modes)"
        except (ImportError, UserError) as error:
            found[folder.name] = f"does not load: {error}"
    return found


def _terminal() -> dict[str, Any]:
    encoding = sys.stdout.encoding or "unknown"
    utf8 = encoding.lower().replace("-", "") == "utf8"
    advice = "" if utf8 else ": shades and accents print as escapes; set LANG=C.UTF-8"
    return {
        "encoding": f"{encoding}{advice}",
        "kind": os.environ.get("TERM", "none") if sys.stdout.isatty() else "a file or a pipe",
    }


def _qt() -> dict[str, Any]:
    """Whether Qt can be imported, tried in a process of its own: a bad build may abort."""
    try:
        tried = subprocess.run(
            [sys.executable, "-c", QT_TRIAL],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=QT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"PySide6": f"cannot be tried: {error}"}
    if tried.returncode == 0:
        return {"PySide6": tried.stdout.strip()}
    cause = (tried.stderr.strip().splitlines() or [f"exit code {tried.returncode}"])[-1]
    if "No module named" in cause:
        return {"PySide6": f"not installed, and the command line needs none: {QT_INSTALL}"}
    return {"PySide6": f"{cause}; on Debian: apt install {QT_PACKAGES}"}
