"""`attn-desktop doctor`: what this machine can do, and what to install where something lacks."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import attn_desktop
from attn_desktop.analysis.pieces import printable
from attn_desktop.cli import options
from attn_desktop.cli.qt_check import QT_INSTALL
from attn_desktop.common.cores import usable_cores
from attn_desktop.common.errors import UserError
from attn_desktop.common.paths import shipped_models
from attn_desktop.common.version import VERSION

#: Distributions and what each is imported as.
REQUIRED = {
    "torch": "torch",
    "numpy": "numpy",
    "msgspec": "msgspec",
    "safetensors": "safetensors",
    "tokenizers": "tokenizers",
    "sacrebleu": "sacrebleu",
    "typer": "typer",
    "pillow": "PIL",
    "platformdirs": "platformdirs",
    "PySide6-Essentials": "PySide6",
    "pyqtgraph": "pyqtgraph",
}
#: Those that load Qt, which may end the process that does so: they are only looked for.
OF_THE_WINDOW = ("PySide6-Essentials", "pyqtgraph")
QT_TRIAL = """
import json, sys
sys.path.insert(0, sys.argv[1])
from attn_desktop.cli.qt_check import report
for finding in report():
    print(json.dumps(finding), flush=True)
"""
QT_TIMEOUT_S = 60


def command(as_json: options.AsJson = False) -> None:
    """Say what this machine can do, and what lacks.

    Versions, processor, GPUs, shipped models, terminal and Qt. Ends with exit code 0 whatever
    lacks; each lack says what to install.
    """
    sections = {
        "versions": _versions(),
        "processor": _processor(),
        "gpu": _gpu(),
        "models": _models(),
        "terminal": _terminal(),
        "qt": _qt(),
    }
    if as_json:
        print(json.dumps(sections))
        return
    width = 2 + max(len(name) for entries in sections.values() for name in entries)
    for title, entries in sections.items():
        print(title)
        for name, value in entries.items():
            print(printable(f"  {name:<{width}}{value}"))


def _versions() -> dict[str, Any]:
    found: dict[str, Any] = {"python": platform.python_version(), "attn-desktop": VERSION}
    for name, module in REQUIRED.items():
        try:
            if name not in OF_THE_WINDOW:
                importlib.import_module(module)
            elif importlib.util.find_spec(module) is None:
                raise ModuleNotFoundError(f"No module named {module!r}")
            found[name] = metadata.version(name)
        except ImportError as error:  # PackageNotFoundError is one too
            install = QT_INSTALL if module == "PySide6" else f"pip install {name}"
            found[name] = f"missing ({error}): {install}"
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
    """What `qt_check` finds, in a process of its own: where something lacks, Qt may end it."""
    try:
        tried = subprocess.run(
            [sys.executable, "-c", QT_TRIAL, str(Path(attn_desktop.__file__).parents[1])],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=QT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"window": f"cannot be tried: {error}"}
    found = dict(map(json.loads, tried.stdout.splitlines()))
    if tried.returncode != 0:
        said = tried.stderr.strip().splitlines() or [f"exit code {tried.returncode}"]
        # Qt begins with the cause, a traceback ends with it.
        cause = said[-1 if said[0].startswith("Traceback") else 0]
        found["window"] = f"cannot be opened: {cause}"
    return found
