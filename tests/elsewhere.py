"""Code in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_in_two(module: str, work: str, folder: Path) -> None:
    """Run `work(folder)`, of a module of tests, in two processes that train together.

    The leader's must return True.
    """
    done = run_elsewhere(
        "from pathlib import Path\n"
        "from attn_desktop.training.replicas import run_replicas\n"
        f"from {module} import {work}\n"
        f"assert run_replicas({work}(Path({str(folder)!r})), 2) is True\n"
    )
    assert done.returncode == 0, done.stderr


def run_elsewhere(code: str) -> subprocess.CompletedProcess[str]:
    """Run code that starts processes in a process of its own.

    The library's resource tracker lives as long as whoever started it, here that process.
    """
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
